"""Points of metrics: taken one by one or as whole arrays, handed on in batches."""

from __future__ import annotations

import math
import threading
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import count
from typing import Any

from expframe.config import arrays
from expframe.errors import MetricError, one_of_type
from expframe.record.events import Event, Media, Point, Points, Series

TIMES = "time/"
"""What the names of metrics begin with that are timers."""

DELAY = 0.05
"""Seconds that a point may wait in memory."""

_FULL = 1 << 13
_LARGE = 1 << 62
_FULL_SERIES = 1 << 21


def number(value: Any, what: str = "value") -> int | float:
    """
    Return a numeric scalar of Python, numpy, torch or jax as a Python number.

    Raises:
        MetricError: It is none.
    """
    kind = type(value)
    if kind is float:
        return value  # type: ignore[no-any-return]
    if kind is int:
        if value.bit_length() > 1024:
            raise MetricError(f"metric {what}", "is a whole number beyond what a float can be.")
        return value  # type: ignore[no-any-return]
    if kind is bool:
        return int(value)
    if not isinstance(value, str | bytes | complex) and value is not None:
        try:
            item = arrays.item_of(value) if hasattr(value, "item") else value
            if isinstance(item, bool | int):
                return int(item)
            return float(item)
        except (TypeError, ValueError, RuntimeError):
            pass
    raise MetricError(f"metric {what} {value!r:.80}", f"is {one_of_type(value)}. Log a single real number.")


def as_array(values: Any) -> Any:
    """Return an array or tensor as one of numpy; bfloat16, which numpy does not know, as float32."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    try:
        array = values.__array__()
    except TypeError:
        array = values.float().__array__()
    return array.astype("float32") if array.dtype.name == "bfloat16" else array


def check_name(name: Any) -> str:
    """
    Return the name of a metric.

    Raises:
        MetricError: It is no text, empty, or holds control characters.
    """
    if not isinstance(name, str) or not name:
        raise MetricError(f"metric name {name!r:.80}", "is no name. Give a text.")
    if not name.isprintable() and any(ord(c) < 32 or ord(c) == 127 or c in "\x85\u2028\u2029" for c in name):
        raise MetricError(f"metric name {name!r:.80}", "holds control characters. Leave them out.")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise MetricError(f"metric name {name!r:.80}", "cannot be written as UTF-8.") from None
    return name


class MetricLog:
    """
    Takes points and hands them on in batches. Safe to use from many threads.

    Taking a point needs no lock: a counter's `next`, a list's `append` and the removal of its first items are atomic.

    Args:
        emit: Takes a batch; it must not raise.
        shield: What nobody interrupts: there points are on their way from memory to where they are kept.
        unbuffered: Hand on each point at once.
    """

    def __init__(
        self,
        emit: Callable[[Event], None],
        shield: Callable[[], AbstractContextManager[object]],
        *,
        unbuffered: bool = False,
    ) -> None:
        self._emit = emit
        self._shield = shield
        self._counters: dict[str, Iterator[int | float]] = {}
        self._points: list[Point] = []
        self._series: list[Series] = []
        self._series_lock = threading.Lock()
        self._emitting = threading.Lock()
        self._written = 0.0
        self._delay = -math.inf if unbuffered else DELAY
        self._latest: dict[str, int | float] = {}

    def latest(self) -> dict[str, int | float]:
        """Return the last value of each metric, of what waits in memory too."""
        points, series = self._points[:], self._series[:]
        return self._latest | {block.name: block.values[-1] for block in series} | _last_of(points)

    def log(self, name: str, value: Any, step: Any = None, _now: Callable[[], float] = time.time) -> None:
        """Take one point; without a step it is the metric's last step + 1."""
        if type(value) is not float:
            value = number(value)
        if step is None:
            try:
                step = next(self._counters[name])
            except (KeyError, TypeError):
                step = next(self._counters.setdefault(check_name(name), count()))
        else:
            if type(step) is not int or not -_LARGE < step < _LARGE:
                step = number(step, "step")
            if name not in self._counters:
                check_name(name)
            self._counters[name] = count(step + 1)
        if self._series:  # what was logged first is to be written first
            self.flush()
        now = _now()
        points = self._points
        points.append((name, step, now, value))
        if len(points) >= _FULL:  # asked first: a slow disk must not let points pile up
            self.flush()
        elif now - self._written > self._delay:
            self.flush(wait=self._delay < 0)

    def log_many(self, values: Mapping[str, Any], step: Any = None) -> None:
        """
        Take single values, or whole arrays, of several metrics; without steps they follow each metric's last one.

        Raises:
            MetricError: A name, value or step is none, or steps and values are not equally many. Nothing is taken.
        """
        series = {check_name(name): _numbers(value, "values") for name, value in values.items() if _is_many(value)}
        single = {check_name(name): number(value) for name, value in values.items() if name not in series}
        if step is not None and (_is_many(step) or series):
            step = _numbers(step, "steps") if _is_many(step) else [number(step, "step")]
            for name in values:
                if name in single or len(series[name]) != len(step):
                    count = "a single value" if name in single else f"{len(series[name])} values"
                    raise MetricError(f"metric {name!r}", f"has {count} and {len(step)} steps.")
        elif step is not None:
            step = number(step, "step")
        for name, value in single.items():
            self.log(name, value, step)
        for name, numbers in series.items():
            if len(numbers):
                self._add_series(name, numbers, step)

    def _add_series(self, name: str, values: Sequence[int | float], steps: Sequence[int | float] | None) -> None:
        if self._points:  # what was logged first is to be written first
            self.flush()
        with self._series_lock:
            if steps is None:
                first = next(self._counters.get(name, count()))
                steps = [first + number for number in range(len(values))]
                if isinstance(first, int):  # which takes no room
                    steps = range(first, first + len(values))
            self._counters[name] = count(steps[-1] + 1)
            self._series.append(Series(name, steps, time.time(), values))
            is_full = sum(len(block.values) for block in self._series) >= _FULL_SERIES
        if is_full or self._delay < 0:
            self.flush()

    def go_on(self, last_steps: Mapping[str, int | float]) -> None:
        """Let steps follow those that are there already."""
        self._counters.update((name, count(step + 1)) for name, step in last_steps.items())

    def flush_waiting(self) -> None:
        """Hand on what has been taken, if anything has."""
        if self._points or self._series:
            self.flush(wait=False)

    def flush(self, *, wait: bool = True) -> None:
        """Hand on what has been taken. Without `wait`, leave it to another thread that is doing it already."""
        if not (self._points or self._series or self._emitting.locked()):
            return
        with self._shield():
            if self._emitting.acquire(blocking=wait):
                try:
                    self._hand_on()
                finally:
                    self._emitting.release()

    def _hand_on(self) -> None:
        self._written = time.time()
        points = self._points[:]
        del self._points[: len(points)]
        with self._series_lock:
            series, self._series = self._series, []
        if points:
            self._latest.update(_last_of(points))
            self._emit(Points(points))
        for block in series:
            self._latest[block.name] = block.values[-1]
            self._emit(block)


def _last_of(points: Sequence[Point]) -> dict[str, int | float]:
    return {point[0]: point[3] for point in points}


def _is_many(value: Any) -> bool:
    if isinstance(value, list | tuple | range):
        return True
    return bool(getattr(value, "ndim", 0)) and hasattr(value, "__len__")


def _numbers(values: Any, what: str) -> Sequence[int | float]:
    """Return numbers as a sequence of their own: an array of the standard library, or a list."""
    if hasattr(values, "__array__") and hasattr(values, "shape"):
        values = as_array(arrays.unmasked(values))
        if values.ndim != 1 or values.dtype.kind not in "biuf":
            raise MetricError(
                f"metric {what}", f"have shape {values.shape} and type {values.dtype}. Log one row of reals."
            )
        copied = array("d" if values.dtype.kind == "f" else "Q" if values.dtype.kind == "u" else "q")
        copied.frombytes(values.astype(copied.typecode).tobytes())
        return copied
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise MetricError(f"metric {what} {values!r:.80}", f"are {one_of_type(values)}. Give a list or an array.")
    return [number(value, what) for value in values]


class Steps:
    """
    The steps of what is logged, by name: given ones, or one after the last.

    Args:
        lock: Held while a step is taken.
    """

    def __init__(self, lock: AbstractContextManager[Any]) -> None:
        self._next: dict[str, Iterator[int | float]] = {}
        self._lock = lock

    def go_on(self, logged: Iterable[Media]) -> None:
        """Let steps follow those of what has been logged already."""
        for item in logged:
            self.take(item.name, item.step)

    def take(self, name: str, step: int | float | None) -> int | float:
        """Return the given step, or the next one of a name."""
        with self._lock:
            if step is not None:
                self._next[name] = count(step + 1)
                return step
            return next(self._next.setdefault(name, count()))
