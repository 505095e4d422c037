"""What is fuzzed: each target reads bytes as the thing that they are to be, and checks the laws of reading."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import material
from laws import kept

CORPUS = Path(__file__).with_name("corpus")


class Target:
    """
    One thing that is read.

    Args:
        store: The store of `material`, of which a target takes a copy.
        work: An empty folder of its own.

    Attributes:
        kind: How it is damaged, see `mutation.damaged`.
        runs: What it needs of the store.
    """

    kind: ClassVar[str] = "bytes"
    runs: ClassVar[Sequence[str]] = ("1", "2", "sound")

    def __init__(self, store: Path, work: Path) -> None:
        self.original = store
        self.work = work

    @property
    def name(self) -> str:
        """What it is called on the command line, and its folder in the corpus."""
        return NAMES[type(self)]

    def seeds(self) -> Sequence[bytes]:
        """Return real ones."""
        return [b""]

    def read(self, data: bytes) -> None:
        """Read them, and check what comes."""
        raise NotImplementedError

    @property
    def corpus(self) -> list[bytes]:
        """What was found once, or leads far."""
        folder = CORPUS / self.name
        return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.is_dir() else []

    def __call__(self, data: bytes) -> None:
        """
        Read bytes.

        Raises:
            Broken: A law is broken.
            Exception: What no reader may raise.
        """
        with kept(self.work):
            self.read(data)

    @cached_property
    def store(self) -> Path:
        """A copy of the store, or of a part of it."""
        target = self.work / "runs"
        for name in self.runs:
            shutil.copytree(self.original / name, target / name)
        return target


NAMES: dict[type[Target], str] = {}
"""All of them."""


def target(name: str) -> Callable[[type[Target]], type[Target]]:
    """Give a target its name."""

    def named(cls: type[Target]) -> type[Target]:
        NAMES[cls] = name
        return cls

    return named


def names() -> list[str]:
    """Return the names of all of them."""
    import of_archives  # noqa: F401  each names its targets
    import of_files  # noqa: F401
    import of_page  # noqa: F401
    import of_texts  # noqa: F401

    if all(map(find_spec, ("bson", "mongomock", "sqlalchemy"))):
        import of_databases  # noqa: F401
    return [*NAMES.values()]


def all_of(store: Path, work: Path, asked: Sequence[str] = ()) -> list[Target]:
    """Return the targets of some names; all of them where none is named."""
    known = names()
    found = []
    for cls, name in NAMES.items():
        if name in (asked or known):
            own = work / name
            own.mkdir(parents=True)
            found.append(cls(store, own))
    return found


def kept_store(folder: Path) -> Path:
    """Return a store as it was filled once, which is the same each time."""
    store = folder / "kept" / "runs"
    with zipfile.ZipFile(CORPUS.with_name("material.zip")) as archive:
        archive.extractall(store)
    return store


def filled(folder: Path) -> Path:
    """Return a store that has been filled."""
    store = folder / "made" / "runs"
    store.parent.mkdir(parents=True)
    material.fill(store)
    return store
