"""Metrics of a run on their way to its observers."""

from __future__ import annotations

import datetime
from collections import deque
from collections.abc import Iterable
from threading import Lock
from typing import Any, NamedTuple

from expframe.compat.sacred.clock import utcnow
from expframe.compat.sacred.config.utils import normalize_numpy

__all__ = ["MetricsLogger", "ScalarMetricLogEntry", "linearize_metrics"]


class ScalarMetricLogEntry(NamedTuple):
    """One value of a metric."""

    name: str
    step: Any
    timestamp: datetime.datetime
    value: Any


class MetricsLogger:
    """Takes values of metrics and holds them until somebody gets them. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: deque[ScalarMetricLogEntry] = deque()
        self._last_steps: dict[str, Any] = {}

    def log_scalar_metric(self, metric_name: str, value: Any, step: Any = None) -> None:
        """Take a value; without a step it is the metric's last one + 1, from 0."""
        value = normalize_numpy(value)
        with self._lock:
            step = self._last_steps.get(metric_name, -1) + 1 if step is None else normalize_numpy(step)
            self._last_steps[metric_name] = step
            self._waiting.append(ScalarMetricLogEntry(metric_name, step, utcnow(), value))

    def get_last_metrics(self) -> list[ScalarMetricLogEntry]:
        """Return what was taken since the last call."""
        return [self._waiting.popleft() for _ in range(len(self._waiting))]


def linearize_metrics(logged_metrics: Iterable[ScalarMetricLogEntry]) -> dict[str, dict[str, Any]]:
    """Return values by metric: `steps`, `values`, `timestamps` and its `name`."""
    by_name: dict[str, dict[str, Any]] = {}
    for entry in logged_metrics:
        metric = by_name.setdefault(entry.name, {"steps": [], "values": [], "timestamps": [], "name": entry.name})
        metric["steps"].append(entry.step)
        metric["values"].append(entry.value)
        metric["timestamps"].append(entry.timestamp)
    return by_name
