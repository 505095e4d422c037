"""Metrics of a run on their way to its observers."""

from __future__ import annotations

import datetime
from collections import UserDict, deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import count
from queue import Empty
from time import time as now
from typing import Any, NamedTuple

from expframe.compat.sacred import optional as opt  # noqa: F401  programs import it from here
from expframe.compat.sacred.config.utils import normalize_numpy
from expframe.errors import MetricError
from expframe.record.events import Point
from expframe.record.metrics import check_name, number


class ScalarMetricLogEntry(NamedTuple):
    """One value of a metric."""

    name: str
    step: Any
    timestamp: datetime.datetime
    value: Any


class _Entries(deque[Any]):
    """Values of metrics that wait, as a queue has them; those that were just logged have their time in seconds."""

    put = deque.append
    qsize = deque.__len__

    def empty(self) -> bool:
        """Return whether none waits."""
        return not self

    def get_nowait(self) -> ScalarMetricLogEntry:
        """
        Return the first one.

        Raises:
            Empty: None waits.
        """
        try:
            name, step, when, value = self.popleft()
        except IndexError:
            raise Empty from None
        if type(when) is float:
            when = datetime.datetime.fromtimestamp(when, datetime.UTC).replace(tzinfo=None)
        return ScalarMetricLogEntry(name, step, when, value)

    get = get_nowait


class _LastSteps(UserDict[str, Any]):
    """The last step of each metric. Metrics go on from what is set here."""

    def __init__(self, counters: dict[str, Iterator[Any]]) -> None:
        super().__init__()
        self._counters = counters

    def __setitem__(self, name: str, step: Any) -> None:
        self.data[name] = step
        if isinstance(step, int | float):
            self._counters[name] = count(step + 1)
        else:  # which nothing follows
            self._counters.pop(name, None)


class MetricsLogger:
    """
    Takes values of metrics and holds them until somebody gets them. Safe to use from several threads.

    Programs put entries of their own into `_logged_metrics`, and read and set `_metric_step_counter`.

    Attributes:
        metrics: A dict for whoever wants one.
    """

    def __init__(self) -> None:
        self.metrics: dict[str, Any] = {}
        self._logged_metrics = _Entries()
        self._counters: dict[str, Iterator[Any]] = {}
        self._metric_step_counter = _LastSteps(self._counters)
        self._last = self._metric_step_counter.data

    def log_scalar_metric(self, metric_name: str, value: Any, step: Any = None) -> None:
        """Take a value; without a step it is the metric's last one + 1, from 0."""
        if type(value) is not float:
            value = normalize_numpy(value)
        if step is not None:
            step = normalize_numpy(step)
            self._metric_step_counter[metric_name] = step
        else:
            try:  # without a lock: `next` and `setdefault` are atomic
                step = next(self._counters[metric_name])
            except KeyError:
                step = next(self._counters.setdefault(metric_name, count()))
            self._last[metric_name] = step
        self._logged_metrics.append((metric_name, step, now(), value))

    def get_last_metrics(self) -> list[ScalarMetricLogEntry]:
        """Return what was taken since the last call."""
        found = []
        with suppress(Empty):
            for _ in range(self._logged_metrics.qsize()):
                found.append(self._logged_metrics.get_nowait())
        return found


def linearize_metrics(logged_metrics: Iterable[ScalarMetricLogEntry]) -> dict[str, dict[str, Any]]:
    """Return values by metric: `steps`, `values`, `timestamps` and its `name`."""
    by_name: dict[str, dict[str, Any]] = {}
    for entry in logged_metrics:
        metric = by_name.setdefault(entry.name, {"steps": [], "values": [], "timestamps": [], "name": entry.name})
        metric["steps"].append(entry.step)
        metric["values"].append(entry.value)
        metric["timestamps"].append(entry.timestamp)
    return by_name


def numbers_in(entries: Iterable[ScalarMetricLogEntry]) -> list[Point]:
    """Return the values that are numbers at numbers, as points of ours."""
    points = []
    for name, step, when, value in entries:
        with suppress(MetricError):
            seconds = when.replace(tzinfo=datetime.UTC).timestamp() if when else now()  # programs may leave it out
            points.append((check_name(name), number(step), seconds, number(value)))
    return points
