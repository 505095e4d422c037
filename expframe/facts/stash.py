"""A copy of a project's sources as they were when a sweep was started, from which its trials run."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from expframe.disk import layout
from expframe.disk.files import replace_file

_OUTSIDE = "_outside"
"""The folder of the copy in which files lie that were not below its original."""


class Stash(NamedTuple):
    """
    A copy of sources.

    Attributes:
        folder: Where it lies.
        root: The folder that it is a copy of.
        project: The folder, of the original, whose files counted as source.
        main: The script of the original.
        git: What was said of the original's repository when the copy was made; None where it was in none.
    """

    folder: Path
    root: Path
    project: Path
    main: Path
    git: Mapping[str, Any] | None

    @property
    def script(self) -> Path:
        """Where the script is in the copy."""
        return self.at(self.main)

    def at(self, path: str | os.PathLike[str]) -> Path:
        """Return where a file or folder of the original is in the copy, be it there or not."""
        real = Path(os.path.realpath(path))
        if real.is_relative_to(self.root):
            return self.folder / real.relative_to(self.root)
        return self.folder.joinpath(_OUTSIDE, *real.parts[1:])

    def placed(self, path: str | os.PathLike[str]) -> Path:
        """Return where a file or folder of the original is in the copy; the path itself where the copy has none."""
        copy = self.at(path)
        return copy if copy.exists() else Path(path)

    def write(self) -> None:
        """Write down what it is a copy of: now it is whole."""
        import json

        said = {"root": str(self.root), "project": str(self.project), "main": str(self.main), "git": self.git}
        replace_file(self.folder.parent / layout.STASH, json.dumps(said))


def stash_of(sweep: Path) -> Stash | None:
    """Return the copy that a sweep's run has; None where it has none, or none that is whole."""
    import json

    try:
        said = json.loads((sweep / layout.STASH).read_bytes())
        root, project, main = Path(said["root"]), Path(said["project"]), Path(said["main"])
        found = Stash(sweep / layout.STASH_FOLDER, root, project, main, said["git"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if found.folder.is_dir() else None


def stash_around(path: str | os.PathLike[str]) -> Stash | None:
    """Return the copy that a file or folder lies in; None where it is in none."""
    if f"{os.sep}{layout.STASH_FOLDER}" not in os.fspath(path):  # on the way of each run
        return None
    real = os.path.realpath(path)
    for folder in (Path(real), *Path(real).parents):
        if folder.name == layout.STASH_FOLDER and (found := stash_of(folder.parent)) is not None:
            return found
    return None
