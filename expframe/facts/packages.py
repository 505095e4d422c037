"""The installed packages that the code of this process uses."""

import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from expframe._version import VERSION

STDLIB = str(Path(os.__file__).absolute().parent)
PACKAGE_FOLDERS = ("site-packages", "dist-packages")

_SUFFIXES = (".dist-info", ".egg-info")
_SCANNED_ENTRIES = 50_000  # a script's own folder may hold a data set
_UNOWNED = ("_virtualenv", "__editable__")  # put beside the packages by installers
_SEPARATORS = re.compile(r"[-_.]+")


class _Distribution:
    """One installed distribution, of which nothing is read before it is asked for."""

    __slots__ = ("folder", "key", "name", "version")

    def __init__(self, folder: str) -> None:
        parts = os.path.basename(folder).rpartition(".")[0].split("-")
        self.folder = folder
        self.name, self.version = parts[0], parts[1] if len(parts) > 1 else ""
        self.key = _normalise(self.name)

    def tops(self) -> set[str]:
        """Return the top-level names that it says to install."""
        return set(self._read("top_level.txt").decode("utf-8", "replace").split())

    def record(self) -> bytes:
        """Return the list of its files, each at the start of a line."""
        return b"\n" + (self._read("RECORD") or self._read("installed-files.txt").replace(b"../", b""))

    def describe(self) -> tuple[str, str]:
        """Return the name and version in its metadata; folder names have them in a simplified spelling."""
        name, version = self.name.replace("_", "-"), self.version
        head = self._read("METADATA") or self._read("PKG-INFO") or self._read("")
        for line in head[:4096].decode("utf-8", "replace").splitlines():
            field, _, value = line.partition(":")
            if not field:
                break
            if field == "Name":
                name = value.strip() or name
            elif field == "Version":
                version = value.strip() or version
        return name, version

    def source_folder(self) -> str | None:
        """Return the folder of sources that an editable install points to."""
        told = self._read("direct_url.json")
        if b"editable" not in told:
            return None
        import json

        with suppress(ValueError, TypeError, KeyError, AttributeError):
            origin = json.loads(told)
            if origin["dir_info"].get("editable"):
                return _path_of(origin["url"]).rstrip(os.sep)
        return None

    def _read(self, file: str) -> bytes:
        """Return the content of one of its files, empty if it has none; no name is the file that it may be itself."""
        path = f"{self.folder}{os.sep}{file}" if file else self.folder
        with suppress(OSError), open(path, "rb") as opened:  # hundreds of them
            return opened.read()
        return b""


def _path_of(url: str) -> str:
    """Return the path of a file URL; the library's own function for it costs the import of an HTTP client on Linux."""
    from urllib.parse import unquote, urlsplit

    if os.name == "nt":
        from urllib.request import url2pathname

        return url2pathname(urlsplit(url).path)
    return unquote(urlsplit(url).path)


class _Import(NamedTuple):
    """An imported module that is in no package but a namespace, and the entry of sys.path that it was found in."""

    name: str
    file: str
    entry: str

    def is_recorded_in(self, record: bytes) -> bool:
        """Return whether a list of installed files names it, with any suffix."""
        inside = self.file[len(self.entry) :].lstrip(os.sep).replace(os.sep, "/")
        folder, separator, file = inside.rpartition("/")
        path = f"{folder}{separator}{file.partition('.')[0]}."
        return b"\n" + path.encode("utf-8", "surrogateescape") in record


def gather(modules: Mapping[str, ModuleType] | None = None) -> dict[str, str]:
    """
    Return name and version of the installed distributions that own imported modules, sorted without regard to case.

    Modules of the standard library and of the project itself are in no distribution. expframe is always there.

    Args:
        modules: What is imported; all of this process by default.
    """
    found: dict[str, str] = {}
    with suppress(Exception):  # a fact that cannot be found out is missing
        # A copy is made at once; listing the items may stop in the middle for another thread.
        everything = sys.modules.copy() if modules is None else modules
        for distribution in _find_owners(list(everything.items())):
            name, version = distribution.describe()
            found[name] = version
    found["expframe"] = VERSION
    return dict(sorted(found.items(), key=lambda item: item[0].casefold()))


def find_file(module: object) -> str | None:
    """Return the file that a module says it comes from, without waking a lazy module."""
    try:
        file = object.__getattribute__(module, "__dict__").get("__file__")
    except Exception:
        return None
    return file if isinstance(file, str) else None


def _find_owners(modules: list[tuple[str, ModuleType]]) -> list[_Distribution]:
    """Return the distributions that own the modules, each once."""
    entries = _list_entries()
    by_entry: dict[str, list[_Import]] = {}
    for item in _list_imports(modules, entries):
        by_entry.setdefault(item.entry, []).append(item)
    installed = {entry: _scan(entry) for entry in by_entry if entry}
    owners: dict[str, _Distribution] = {}
    strays = by_entry.pop("", [])
    for entry, imports in by_entry.items():
        left = _match(imports, installed[entry], owners)
        if not entry.endswith(PACKAGE_FOLDERS):
            strays += left
    if strays:
        for entry in entries:
            if entry.endswith(PACKAGE_FOLDERS):
                _match_editable(strays, installed.get(entry) or _scan(entry), owners)
    return list(owners.values())


def _list_entries() -> list[str]:
    """Return the folders of sys.path and the standard library, the deepest first."""
    entries = {os.path.abspath(entry) for entry in list(sys.path) if isinstance(entry, str)}
    return sorted(entries | {STDLIB}, key=len, reverse=True)


def _list_imports(modules: list[tuple[str, ModuleType]], entries: list[str]) -> list[_Import]:
    """Return what was imported from outside the standard library; the entry is empty for what sys.path lacks."""
    files = {name: file for name, module in modules if (file := find_file(module)) is not None}
    starts = [(entry, entry.rstrip(os.sep) + os.sep) for entry in entries]
    imports = []
    for name, file in files.items():
        if name != "__main__" and not name.startswith(_UNOWNED) and not _is_in_package(name, files):
            entry = next((entry for entry, start in starts if file.startswith(start)), "")
            if entry not in (STDLIB, f"{STDLIB}{os.sep}lib-dynload"):
                imports.append(_Import(name, file, entry))
    return imports


def _is_in_package(name: str, files: Mapping[str, str]) -> bool:
    """Return whether a package above this module has a file, and so is no mere namespace."""
    end = name.find(".")
    while end > 0:
        if name[:end] in files:
            return True
        end = name.find(".", end + 1)
    return False


def _scan(entry: str) -> list[_Distribution]:
    """Return the distributions whose metadata lie in a folder."""
    with suppress(OSError), os.scandir(entry) as found:
        paths = [item.path for item in islice(found, _SCANNED_ENTRIES) if item.name.endswith(_SUFFIXES)]
        return [_Distribution(path) for path in sorted(paths)]
    return []


def _match(
    imports: list[_Import], distributions: list[_Distribution], owners: dict[str, _Distribution]
) -> list[_Import]:
    """Add the owners of imports from one folder to `owners`; return the imports that have none."""
    by_name = {item.key: item for item in distributions}
    left = []
    for item in imports:
        owner = by_name.get(_normalise(item.name))
        if owner is None:
            left.append(item)
        else:
            owners[owner.key] = owner
    # What has its name found may own more, so it is asked first; what is named alike comes next.
    first = sorted(distributions, key=lambda one: (one.key not in owners, not any(_is_alike(one, it) for it in left)))
    left = _match_lists(left, first, owners, recorded=False)
    # A private module mostly comes with a public one of the same owner; the long lists are not read for its sake.
    private = [item for item in left if item.name.startswith("_") or item.name[:1].isdigit()]
    public = [item for item in left if item not in private]
    return private + _match_lists(public, first, owners, recorded=True)


def _match_lists(
    imports: list[_Import], distributions: list[_Distribution], owners: dict[str, _Distribution], *, recorded: bool
) -> list[_Import]:
    """As _match, by the files that distributions list, or else by the top-level names; stop when all have an owner."""
    left = imports
    for distribution in distributions:
        if not any(recorded or "." not in item.name for item in left):
            break
        if recorded:
            record = distribution.record()
            kept = [item for item in left if not item.is_recorded_in(record)]
        else:
            tops = distribution.tops()
            kept = [item for item in left if item.name not in tops]
        if len(kept) < len(left):
            owners[distribution.key] = distribution
        left = kept
    return left


def _is_alike(distribution: _Distribution, item: _Import) -> bool:
    """Return whether a distribution is named after a part of a module's name."""
    return any(part and part in distribution.key for part in _normalise(item.name).split("-"))


def _match_editable(
    strays: list[_Import], distributions: list[_Distribution], owners: dict[str, _Distribution]
) -> None:
    """Add the distributions to `owners` whose folder of sources holds one of the modules."""
    for distribution in distributions:
        folder = distribution.source_folder()
        if folder and any(item.file.startswith(folder + os.sep) for item in strays):
            owners.setdefault(distribution.key, distribution)


def _normalise(name: str) -> str:
    return _SEPARATORS.sub("-", name).lower()
