"""How often a run was asked for just the same child: by that, and by nothing else, children that are alike differ."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from expframe.config import dotted
from expframe.config.json_values import to_json
from expframe.config.request import Request
from expframe.disk import layout
from expframe.disk.files import claim_name
from expframe.process import locks
from expframe.run.files import RunFiles
from expframe.store.ids import NO_RUN, writing


def digest_of(command: str, asked: Request) -> str:
    """
    Return what a child is asked for, as a short text: its command, overrides, named configs and plain arguments.

    What the child takes over from its parent is no part of it, nor is the order of overrides that do not meet.

    Example:
        >>> from expframe.config.request import Override
        >>> one, two = (Override.parse(text) for text in ("lr=0.1", "epochs=3"))
        >>> digest_of("fit", Request(overrides=(one, two))) == digest_of("fit", Request(overrides=(two, one)))
        True
    """
    overrides = [(dotted.join(each.path), each.operator, to_json(each.value)) for each in asked.overrides]
    arguments = [to_json(value) for value in (*asked.args, *asked.kwargs.items())]
    plain = [data for data in arguments if not _holds_objects(data)]
    text = json.dumps([command, sorted(overrides, key=str), list(asked.named), plain], sort_keys=True)
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _holds_objects(data: Any) -> bool:
    """Return whether data stands for what has no form of its own, such as `<object at 0x7f>`."""
    if isinstance(data, dict):
        return "repr" in data or any(map(_holds_objects, data.values()))
    return isinstance(data, list) and any(map(_holds_objects, data))


class ChildCounts:
    """
    Counts what children are asked for, in all threads and processes of a run: each number is claimed by making a file.

    Args:
        files: The run's files; where nothing is kept its temporary folder, which has its name before anything forks.
        attempt: The run's attempt, which counts from the beginning, or from its checkpoint.
    """

    def __init__(self, files: RunFiles, attempt: int) -> None:
        self._files = files
        self._attempt = attempt
        self._next: dict[str, int] = {}
        self._lock = locks.lock()

    def take(self, digest: str) -> int:
        """
        Return how often just this was asked for before, and count it.

        Raises:
            StoreUnusableError: Nothing can be written here.
        """
        folder = self._files.base() / layout.CHILDREN_FOLDER
        with writing(folder.parent.parent, NO_RUN), self._lock:
            folder.mkdir(exist_ok=True)
            number = self._next.get(digest, 0)
            while not claim_name(f"{folder}/{self._attempt}-{digest}-{number}"):
                number += 1
            self._next[digest] = number + 1
            return number

    def look(self, digest: str) -> int:
        """Return what `take` would, and count nothing."""
        number = self._next.get(digest, 0)
        while os.path.exists(self._files.base() / layout.CHILDREN_FOLDER / f"{self._attempt}-{digest}-{number}"):
            number += 1
        return number

    def counts(self) -> dict[str, int]:
        """Return how often each was asked for, by all processes."""
        found = dict(self._next)
        try:
            names = os.listdir(self._files.base() / layout.CHILDREN_FOLDER)  # names are all we need
        except FileNotFoundError:
            names = []
        for name in names:
            attempt, digest, number = name.split("-")
            if int(attempt) == self._attempt:
                found[digest] = max(found.get(digest, 0), int(number) + 1)
        return found

    def go_on(self, counts: Mapping[str, int]) -> None:
        """Go on from how often each had been asked for at a checkpoint."""
        with self._lock:
            for digest, count in counts.items():
                self._next[digest] = max(count, self._next.get(digest, 0))
