# Metrics and their file.
# $ python metrics.py -C sys -F stored with seed=1
# $ python metrics.py -C sys -F stored none with seed=1
# $ python metrics.py -C sys -F stored -b 0.2 slow with seed=1
"""Curves that a run logs."""

import datetime
import time

import numpy as np

from sacred import Experiment
from sacred.metrics_logger import MetricsLogger, ScalarMetricLogEntry, linearize_metrics

ex = Experiment("metrics")


@ex.command
def none():
    print("nothing")


@ex.command
def slow(_run):
    for step in range(4):
        _run.log_scalar("slow.loss", 1 / (step + 1))
        time.sleep(0.3)


@ex.automain
def main(_run):
    for step in range(5):
        _run.log_scalar("loss", np.float64(1 / (step + 1)))
    _run.log_scalar("loss", 7, 100)
    _run.log_scalar("loss", 8)
    _run.log_scalar("odd name/with slash", "text")
    _run.log_scalar("step", 1, np.int64(3))
    _run.log_scalar("step", 2, 3)
    _run.log_scalar("float step", 2, 0.5)
    logger = MetricsLogger()
    logger.log_scalar_metric("a", 1)
    logger.log_scalar_metric("b", 2, 7)
    logger.log_scalar_metric("a", 3)
    entries = logger.get_last_metrics()
    print([(entry.name, entry.step, entry.value) for entry in entries], logger.get_last_metrics())
    linear = linearize_metrics(entries)
    print({name: (m["steps"], m["values"], len(m["timestamps"])) for name, m in linear.items()}, sorted(linear["a"]))
    entry = ScalarMetricLogEntry("c", 0, datetime.datetime(2020, 1, 1), 5)
    print(entry.name, entry.step, entry.value, isinstance(entries[0].timestamp, datetime.datetime))
