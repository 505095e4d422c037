"""The scripts that both sides execute, and what their first lines say of them."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "scripts"
EXPECTED = Path(__file__).parent / "expected"
_BESIDE = FOLDER / "beside"

_COMMAND = re.compile(r"^# \$ (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Script:
    """
    A script for Sacred: its comment at the top says what it is about and names the commands to execute.

    Attributes:
        path: Where it is.
    """

    path: Path

    @property
    def name(self) -> str:
        """The name of its file, without the suffix."""
        return self.path.stem

    @property
    def about(self) -> str:
        """What it is about, in a sentence."""
        return self._head.partition("\n")[0].removeprefix("# ")

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands, in the order in which they are executed in one folder."""
        return tuple(_COMMAND.findall(self._head))

    @property
    def expected(self) -> Path:
        """The file with what Sacred answered."""
        return EXPECTED / f"{self.name}.json"

    def copy_to(self, folder: Path) -> None:
        """Put the script, and what all scripts find beside them, into a folder."""
        shutil.copy(self.path, folder)
        for path in _BESIDE.iterdir():
            shutil.copy(path, folder)

    @property
    def _head(self) -> str:
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return "\n".join(lines[: next(n for n, line in enumerate(lines) if not line.startswith("#"))])


def all_scripts() -> list[Script]:
    """Return the scripts in the order of their names."""
    return [Script(path) for path in sorted(FOLDER.glob("*.py"))]


def scripts_called(names: list[str]) -> list[Script]:
    """Return the scripts with these names, or whose names begin so where none has the name; all if no name is given."""
    found = []
    for script in all_scripts():
        is_meant = [script.name == name or (script.name.startswith(name) and not _exists(name)) for name in names]
        if any(is_meant) or not names:
            found.append(script)
    return found


def _exists(name: str) -> bool:
    return (FOLDER / f"{name}.py").is_file()


def words_of(command: str, python: list[str]) -> Iterator[str]:
    """Yield the words of a command; `python` at its beginning stands for an interpreter with its arguments."""
    first, *rest = shlex.split(command)
    yield from python if first == "python" else [first]
    yield from rest
