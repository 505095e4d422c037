"""What overrides choose, and which of them speak of something else than what is chosen in the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from expframe.config.dotted import CHOICE, Path
from expframe.config.request import Override


class GroupChoices:
    """
    What overrides choose by name, the lower ones first. The last choice counts, whatever the order of fields.

    A field counts if it was said of what is chosen in the end: after that choice, or before any where this stood there.

    Args:
        overrides: The overrides.
        standing: For each group in which something else was chosen than stood there the name of what stood there.
    """

    def __init__(self, overrides: Sequence[Override], standing: Mapping[Path, str]) -> None:
        self._said: dict[Path, list[tuple[int, str]]] = {}
        for number, override in enumerate(overrides):
            for choice in override.choices():
                self._said.setdefault(choice.path, []).append((number, choice.word or ""))
        self._standing = standing
        self._names: dict[Path, Mapping[str, Any]] = {}

    def paths(self) -> Iterator[Path]:
        """Yield where something may be chosen, outer groups first."""
        yield from sorted(self._said, key=len)

    def know(self, path: Path, names: Mapping[str, Any]) -> None:
        """Take note of the names that can be chosen at a path; outer ones are to be known before inner ones."""
        self._names[path] = names

    def last(self, path: Path) -> str | None:
        """Return what is chosen in the end at a path that is known; None where nothing is."""
        said = self._valid(path)
        return said[-1][1] if said else None

    def is_dropped(self, number: int, path: Path) -> bool:
        """Return whether what an override says of a group, by its number, is said of something else than is chosen."""
        said = self._valid(path)
        if not said:
            return False
        before = [word for other, word in said if other <= number]
        name = before[-1] if before else self._standing.get(path, said[-1][1])
        return name != said[-1][1]

    def _valid(self, path: Path) -> list[tuple[int, str]]:
        """Return what is chosen at a path, by names that are there and by overrides that speak of what is around it."""
        said = [(number, word) for number, word in self._said.get(path, ()) if word in self._names.get(path, ())]
        outer = [path[:end] for end in range(1, len(path)) if path[:end] in self._names]
        return [one for one in said if not any(self.is_dropped(one[0], place) for place in outer)]


def words_first(overrides: Sequence[Override]) -> list[Override]:
    """
    Return overrides that were said at once with what may choose before what is said of fields of the chosen.

    Fields are said one by one, `model.depth=3`, or as a dict, `model={"depth": 3}`.
    """
    found: list[Override] = []
    for override in overrides:
        place = len(found)
        for number in range(len(found) - 1, -1, -1):
            if found[number].path == override.path and CHOICE in (found[number].entries or {CHOICE: ""}):
                break
            if found[number].path[: len(override.path)] == override.path:
                place = number
        may_choose = place < len(found) and override.word is not None and override.operator != "+="
        found.insert(place if may_choose else len(found), override)
    return found
