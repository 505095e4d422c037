"""
Columns of numbers in one file, mapped into memory: what was read of a file of points, in binary.

It begins with a mark and ends with a table of contents; each metric's columns lie side by side, with a checksum that is
looked at when they are asked for. It is written aside and renamed, so that all who have it open go on with what they
have.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy

from expframe.disk.files import replacing
from expframe.store.cache import make_room
from expframe.store.search.columns import BLOCK, Array, Column, Reach, Stretch

_MARK = b"expframe columns"
_VERSION = 1
_HEAD = struct.Struct("<16sIIQQ")
"""The mark, the version, and of the table its checksum, first byte and size."""
_START = 64
_PARTS = 5


class ColumnFile:
    """
    Columns that are mapped into memory.

    Args:
        path: The file.

    Attributes:
        facts: What was noted of the points' own file.
        counts: How many points each metric has.

    Raises:
        OSError, ValueError: There is none, or it is none of this version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._size = len(self._map)
        mark, version, checksum, start, length = _HEAD.unpack(self._map[: _HEAD.size].ljust(_HEAD.size, b"\0"))
        if (mark, version, start + length) != (_MARK, _VERSION, self._size):
            raise ValueError(f"{path} holds no columns of version {_VERSION}")
        table = self._map[start:]
        if zlib.crc32(table) != checksum:
            raise ValueError(f"{path} is damaged")
        content = json.loads(table)
        self.facts: Mapping[str, Any] = content["facts"]
        self._places: dict[str, list[Any]] = content["metrics"]
        self._stretches: dict[str, Stretch] = {}
        self.counts: dict[str, int] = {name: place[1] for name, place in self._places.items()}

    @property
    def is_whole(self) -> bool:
        """Whether all of what is mapped is still there: what is not kills who looks at it."""
        return self._map.size() >= self._size

    def stretch(self, name: str) -> Stretch | None:
        """
        Return the points of a metric; None where there are none.

        Raises:
            ValueError: They are damaged.
        """
        if name in self._stretches:
            return self._stretches[name]
        if name not in self._places:
            return None
        place, count, checksum, odd, of_steps, of_times = self._places[name]
        blocks = count // BLOCK
        numbers = numpy.frombuffer(self._map, "<f8", 3 * count + 2 * blocks, place)
        if _sum_of(numbers) != checksum:
            raise ValueError(f"metric {name} in {self._path} is damaged")
        steps, times, values, lows, highs = numpy.split(numbers, (count, 2 * count, 3 * count, 3 * count + blocks))
        stretch = Stretch(steps, times, values, lows, highs, _extent(of_steps), _extent(of_times), odd)
        self._stretches[name] = stretch
        return stretch


def write(path: Path, facts: Mapping[str, Any], metrics: Mapping[str, Sequence[Stretch]]) -> None:
    """
    Write columns; those who have the file open go on with what was there.

    Args:
        path: The file.
        facts: What is noted of the points' own file.
        metrics: The points of each metric; stretches become one.

    Raises:
        OSError: The folder cannot be written, or there are too many points.
    """
    make_room(path.parent, 25 * sum(len(stretch.values) for found in metrics.values() for stretch in found))
    places: dict[str, list[Any]] = {}
    with replacing(path) as file:
        file.write(bytes(_START))
        for name, stretches in metrics.items():
            place = file.tell()
            stretch = stretches[0] if len(stretches) == 1 else _one(stretches)
            total = 0
            for part in stretch[:_PARTS]:
                numbers = numpy.ascontiguousarray(part, "<f8")
                total += _sum_of(numbers)
                file.write(numbers.data)
            extents = [_plain(stretch.of_steps), _plain(stretch.of_times)]
            places[name] = [place, len(stretch.values), total % (1 << 64), stretch.odd, *extents]
        table = json.dumps({"facts": facts, "metrics": places}).encode()
        start = file.tell()
        file.write(table)
        file.seek(0)
        file.write(_HEAD.pack(_MARK, _VERSION, zlib.crc32(table), start, len(table)))
        file.flush()
        os.fsync(file.fileno())  # a power cut leaves all of it or nothing


def _one(stretches: Sequence[Stretch]) -> Stretch:
    column = Column(stretches)
    return Stretch.of(column.steps, column.times, column.values)


def _sum_of(numbers: Array) -> int:
    """Return a checksum that is as fast as memory is."""
    return int(numpy.add.reduce(numbers.view("<u8")))


def _plain(extent: Reach) -> list[Any] | None:
    """Return an extent as plain JSON; None for that of no finite number."""
    return list(extent) if extent.low <= extent.high else None


def _extent(plain: list[Any] | None) -> Reach:
    return Reach(math.inf, -math.inf, False) if plain is None else Reach(*plain)
