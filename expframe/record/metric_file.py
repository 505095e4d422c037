"""
Metrics: points in, an append-only file out.

The file has one physical line for each point, `metric,step,time,value`. A line counts only if it ends in a newline and
has four fields; others are skipped wherever they are, so that a file torn at any byte can be read and appended to.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from expframe.disk.files import Span, mend_last_line, write_all
from expframe.record.curves import HEADER, summarize
from expframe.record.events import Points, Series
from expframe.record.summaries import Summary

_LINES = 1 << 16


class MetricFile:
    """
    The file that points are appended to; one writer for each file.

    Attributes:
        path: The file.
        summaries: What the points that are in the file come to, by metric.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.summaries: dict[str, Summary] = {}
        self._fd = -1
        self._torn = False

    @property
    def size(self) -> int:
        """How many bytes are in the file."""
        return os.fstat(self._fd).st_size if self._fd >= 0 else 0

    def write(self, event: Points | Series) -> None:
        """
        Append a batch.

        Raises:
            OSError: The file system refused; what was written of the batch is skipped by readers or whole lines.
        """
        if self._fd < 0:
            self._open()
        for block in _points(event) if isinstance(event, Points) else _series(event):
            try:
                write_all(self._fd, b"\n" + block.text if self._torn else block.text)
                self._torn = False
            except OSError:
                self._torn = True
                raise
            for name, (steps, values) in block.curves.items():
                summary = self.summaries.get(name) or self.summaries.setdefault(name, Summary())
                summary.add(steps, values)

    def go_on(self, without: Sequence[Span]) -> None:
        """Go on after what is in the file, of which some bytes do not count."""
        if self.path.exists():
            self._open()
            summarize(self.path, 0, self.summaries, without)

    def close(self) -> None:
        """Close the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _open(self) -> None:
        self._fd = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        if os.fstat(self._fd).st_size == 0:
            write_all(self._fd, HEADER)
        elif mend_last_line(self._fd):
            self._torn = True


class _Block(NamedTuple):
    """Lines that are written at once, and the steps and values in them by metric."""

    text: bytes
    curves: dict[str, tuple[Sequence[int | float], Sequence[int | float]]]


def _points(event: Points) -> Iterator[_Block]:
    points = event.points
    names, steps, _, values = zip(*points, strict=True)
    distinct = set(names)
    curves: dict[str, tuple[Any, Any]]
    if len(distinct) == 1:
        curves = {names[0]: (steps, values)}
    else:
        curves = {name: ([], []) for name in dict.fromkeys(names)}
        for name, step, value in zip(names, steps, values, strict=True):
            of_steps, of_values = curves[name]
            of_steps.append(step)
            of_values.append(value)
    if any("," in name or '"' in name for name in distinct):
        points = [(_quoted(name), step, when, value) for name, step, when, value in points]
    text = ("%s,%s,%.6f,%r\n" * len(points)) % tuple(chain.from_iterable(points))  # faster than a line at a time
    yield _Block(text.encode(), curves)


def _series(event: Series) -> Iterator[_Block]:
    line = f"{_quoted(event.name)},".replace("%", "%%") + f"%s,{event.time:.6f},%r\n"
    for start in range(0, len(event.values), _LINES):
        steps, values = event.steps[start : start + _LINES], event.values[start : start + _LINES]
        text = (line * len(values)) % tuple(chain.from_iterable(zip(steps, values, strict=True)))
        yield _Block(text.encode(), {event.name: (steps, values)})


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if "," in name or '"' in name else name
