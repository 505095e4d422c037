"""The state of the git repository that the code lies in."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from expframe.config import secrets
from expframe.facts import host
from expframe.facts.stash import stash_around

_SECONDS = 5.0
_DIFF_SECONDS = 10.0
_DIFF_BYTES = 10_000_000
_UNTRACKED_NAMES = 100
_NAMES_AT_ONCE = 500
_WORDS = 500
_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

# An empty core.fsmonitor is off for every git; "false" would name a hook for those before 2.36.
_QUIET = ("--no-pager", "-c", "core.fsmonitor=", "-c", f"core.hooksPath={os.devnull}")
_STATUS = ("status", "--porcelain=v2", "-z", "--branch", "--no-ahead-behind", "--no-renames")
# The plumbing command: `git diff` takes the index lock to refresh it, whatever GIT_OPTIONAL_LOCKS says.
_DIFF = ("diff-index", "--patch", "--binary", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")
_DIFF_FORMAT = ("--src-prefix=a/", "--dst-prefix=b/", "--submodule=short")
_SUBMODULES = "--ignore-submodules=untracked"

_SETTINGS = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # a partial clone would fetch what it lacks; older git knows only this
    "LC_ALL": "C",
}
_FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE")
_FOREIGN_OBJECTS = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES")


class Repository(NamedTuple):
    """
    What can be said of a repository.

    Attributes:
        facts: `root`, `commit`, `branch`, `remote`, `dirty`, `untracked` (absent if it takes too long to find out),
            `diff` and `diff_truncated`; None where there is no repository, or git does not read it.
        problem: What git said of that which it does not read, in one line.
    """

    facts: dict[str, Any] | None = None
    problem: str | None = None


class _Status(NamedTuple):
    commit: str | None
    branch: str | None
    dirty: bool
    untracked: list[str] | None


def gather(folder: Path) -> Repository:
    """
    Return the state of the repository around a folder; of a copy of sources that of its original when it was made.

    Nothing is written, not even the index; no hook, pager, external diff or prompt runs; at most three processes, and
    one more to learn what git does not like. Texts hold undecodable bytes as surrogates:
    `diff.encode("utf-8", "surrogateescape")` is the exact patch.

    Args:
        folder: Any folder inside the repository.
    """
    if (stash := stash_around(folder)) is not None:
        return Repository(None if stash.git is None else dict(stash.git))
    root = None
    try:
        root = find_root(folder)
        return _describe(root) if root is not None else Repository()
    except FileNotFoundError:
        return Repository(
            problem=f"{root} is a git repository, and there is no program git to read it" if root else None
        )
    except Exception as problem:
        return Repository(problem=f"git does not read {root} ({type(problem).__name__}: {problem})")


def untracked_of(root: Path, files: Sequence[str]) -> list[str]:
    """
    Return those of some files of a repository that it neither tracks nor ignores, relative to it.

    Raises:
        OSError: Git does not say.
    """
    command = ("--literal-pathspecs", "ls-files", "--others", "--exclude-standard", "-z", "--")
    found: list[str] = []
    names = [os.path.relpath(file, root) for file in files]
    for start in range(0, len(names), _NAMES_AT_ONCE):
        whole = (*command, *names[start : start + _NAMES_AT_ONCE])
        answer = _ask(root, whole, _SECONDS)
        if answer.code != 0:
            raise OSError(f"git does not read {root}: {_words(root, whole)}")
        found += [name for name in _decode(answer.data).split("\0") if name]
    return sorted(found)


def tracked_of(root: Path) -> list[str]:
    """
    Return the files that a repository tracks, and those that are tracked by repositories inside it, relative to it.

    Raises:
        OSError: Git does not say.
    """
    command = ("ls-files", "--cached", "--recurse-submodules", "-z")
    answer = _ask(root, command, _DIFF_SECONDS)
    if answer.code != 0:
        raise OSError(f"git does not read {root}: {_words(root, command)}")
    return sorted({name for name in _decode(answer.data).split("\0") if name})


def find_root(folder: Path) -> Path | None:
    """
    Return the nearest folder at or above `folder` that holds a git repository, without asking git.

    As git does, it does not go up into the folders that `GIT_CEILING_DIRECTORIES` names.
    """
    start = Path(os.path.realpath(folder))
    named = os.environ.get("GIT_CEILING_DIRECTORIES", "").split(os.pathsep)
    ceilings = {Path(os.path.realpath(name)) for name in named if os.path.isabs(name)}
    for candidate in (start, *start.parents):
        if candidate in ceilings and candidate != start:
            return None
        if _is_root(candidate):
            return candidate
    return None


def _is_root(folder: Path) -> bool:
    """Return whether a folder holds `.git`: a folder of git's, even a damaged one, or the file of a worktree."""
    marker = folder / ".git"
    try:
        if marker.is_dir():
            return any(os.path.lexists(marker / name) for name in ("HEAD", "objects", "refs"))
        with marker.open("rb") as file:
            return file.read(7) == b"gitdir:"
    except OSError:
        return False


def _describe(root: Path) -> Repository:
    asked = 1
    status = _ask_status(root, untracked=True)
    if isinstance(status, host.ProgramOutput):
        if status.code is not None:
            return Repository(problem=f"git does not read {root}: {_words(root, _STATUS)}")
        # Finding untracked files may mean reading huge folders; without them git looks at tracked files only.
        asked += 1
        status = _ask_status(root, untracked=False)
        if isinstance(status, host.ProgramOutput):
            return Repository(problem=f"git does not read {root}: it took longer than {_SECONDS:g} s")
    described: dict[str, Any] = {
        "root": str(root),
        "commit": status.commit,
        "branch": status.branch,
        "remote": None,
        "dirty": status.dirty,
        "diff": None,
        "diff_truncated": False,
    }
    if status.untracked is not None:
        described["untracked"] = status.untracked[:_UNTRACKED_NAMES]
    if status.dirty:
        asked += 1
        described["diff"], described["diff_truncated"] = _ask_diff(root, status)
    if asked < 3:
        described["remote"] = _ask_remote(root)
    if status.dirty and described["diff"] is None:
        words = _words(root, _diff_command(status))
        return Repository(described, f"git does not tell what has changed in {root}: {words}")
    return Repository(described)


def _words(root: Path, command: Sequence[str]) -> str:
    """Return what git says when it refuses a command, in one line."""
    answer = _ask(root, command, _SECONDS, errors=True)
    said = " ".join(_decode(answer.data).split()) if answer.code else ""
    return secrets.mask_urls(said[:_WORDS]) or f"exit code {answer.code}"


def _ask_status(root: Path, *, untracked: bool) -> _Status | host.ProgramOutput:
    """Return the status, or git's answer if it is not one."""
    names = "--untracked-files=normal" if untracked else "--untracked-files=no"
    answer = _ask(root, (*_STATUS, names, _SUBMODULES), _SECONDS)
    if answer.code != 0:
        return answer
    heads: dict[str, str] = {}
    dirty = False
    found: list[str] = []
    for entry in _decode(answer.data).split("\0"):
        kind, _, rest = entry.partition(" ")
        if kind == "#":
            name, _, value = rest.partition(" ")
            heads[name] = value
        elif kind in ("1", "u"):  # changed, or in conflict
            dirty = True
        elif kind == "?":
            found.append(rest)
    commit, branch = heads["branch.oid"], heads["branch.head"]
    return _Status(
        commit=None if commit == "(initial)" else commit,
        branch=None if branch == "(detached)" else branch,
        dirty=dirty,
        untracked=found if untracked else None,
    )


def _ask_remote(root: Path) -> str | None:
    """Return where the repository comes from: `origin`, else the first remote, without credentials."""
    answer = _ask(root, ("config", "-z", "--get-regexp", r"^remote\..*\.url$"), _SECONDS)
    urls: dict[str, str] = {}
    for entry in _decode(answer.data).split("\0") if answer.code == 0 else ():
        key, _, url = entry.partition("\n")
        if url:
            urls.setdefault(key, url)
    if not urls:
        return None
    return _mask_url(urls.get("remote.origin.url") or next(iter(urls.values())))


def _mask_url(url: str) -> str:
    """Return a URL without credentials; a password may hold an `@` of its own."""
    scheme, separator, rest = url.partition("://")
    if separator:
        authority, slash, path = rest.partition("/")
        _, at, server = authority.rpartition("@")
        url = f"{scheme}://{secrets.MASK}@{server}{slash}{path}" if at else url
    return secrets.mask_urls(url)


def _ask_diff(root: Path, status: _Status) -> tuple[str | None, bool]:
    """Return the patch from the last commit to the files as they are, and whether its end is missing."""
    answer = _ask(root, _diff_command(status), _DIFF_SECONDS, limit=_DIFF_BYTES)
    if answer.code is None:
        return _decode(answer.data[: answer.data.rfind(b"\n") + 1]), True
    return (_decode(answer.data), False) if answer.code == 0 else (None, False)


def _diff_command(status: _Status) -> Sequence[str]:
    return (*_DIFF, *_DIFF_FORMAT, _SUBMODULES, status.commit or _EMPTY_TREE, "--")


def _ask(
    root: Path, command: Sequence[str], seconds: float, limit: int = 1 << 26, *, errors: bool = False
) -> host.ProgramOutput:
    """Run one git command that only reads."""
    git = ("git", *_QUIET, "-C", str(root), *command)
    return host.ask(git, timeout=seconds, environment=_make_environment(root), limit=limit, errors=errors)


def _make_environment(root: Path) -> dict[str, str]:
    """Return an environment in which git looks at nothing but the folder it is given, and at none above it."""
    foreign = {*_FOREIGN, *_FOREIGN_OBJECTS}
    # Name by name, since another thread may remove one meanwhile.
    values = ((name, os.environ.get(name)) for name in os.environ if name not in foreign)
    own = {name: value for name, value in values if value is not None}
    return own | _SETTINGS | {"GIT_CEILING_DIRECTORIES": str(root.parent)}


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
