"""Curves for the page: a chart of 20 runs x 1,000,000 points, read for the first time, again, zoomed and smoothed."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.big_stores import many_metrics, many_points
from benchmarks.measuring import Bench, Row, Sample, Target, answer

_RUNS = 20
_ZOOMS = 20


def measure(bench: Bench) -> list[Row]:
    environment = bench.environments.of_expframe()[0]
    store = bench.new_folder("points")
    many_points(store / "runs", _RUNS)
    cache = bench.new_folder("cache")
    first = bench.side(environment, read_first, str(store / "runs"), str(cache))()
    found = bench.compare(
        {
            "chart": bench.side(environment, drawn, str(store / "runs"), str(cache)),
            "metrics": bench.side(environment, listed),
        }
    )
    what = f"{_RUNS} runs x 1,000,000 points"
    return [
        Row(f"{what}: a run for the first time", "s", first["run"], targets=(Target(3.0),)),
        Row("... memory of its own meanwhile", "B", first["memory"], targets=(Target(200e6),)),
        Row(f"{what}: the chart, in a new process", "s", found("chart", "chart"), targets=(Target(0.3),)),
        Row("... zoomed", "s", found("chart", "zoom"), targets=(Target(0.05),)),
        Row("... smoothed for the first time", "s", found("chart", "smooth")),
        Row("... smoothed, zoomed", "s", found("chart", "smooth_zoom"), targets=(Target(0.05),)),
        Row("... a group's mean and interval", "s", found("chart", "group")),
        Row("... memory of its own", "B", found("chart", "memory"), targets=(Target(200e6),)),
        Row("1,000 metrics: names", "s", found("metrics", "names"), targets=(Target(0.1),)),
        Row("... 24 charts", "s", found("metrics", "charts"), targets=(Target(0.1),)),
    ]


def read_first(store: str, cache: str) -> Sample:
    """Measure how long the runs of a store take to be read into the cache."""
    board = _board(store, cache)
    took, memory = [], 0.0
    for run in range(1, _RUNS + 1):
        took.append(_seconds(board, run=run))
        memory = max(memory, _own_memory())
    return {"run": median(took), "memory": memory}


def drawn(store: str, cache: str) -> Sample:
    """Measure charts of all runs that are in the cache."""
    board = _board(store, cache)
    runs = range(1, _RUNS + 1)
    found = {"chart": _seconds(board, run=runs)}
    windows = [{"from": 1000 * number, "to": 1_000_000 - 20_000 * number} for number in range(_ZOOMS)]
    found["zoom"] = median(_seconds(board, run=runs, **window) for window in windows)
    found["smooth"] = _seconds(board, run=runs, smooth=0.9)
    found["smooth_zoom"] = median(_seconds(board, run=runs, smooth=0.9, **window) for window in windows)
    found["memory"] = _own_memory()
    found["group"] = _seconds(board, run=runs[:5], group="configuration")
    return found


def listed() -> Sample:
    """Measure what is asked of a run of many metrics."""
    with tempfile.TemporaryDirectory() as folder:
        many_metrics(Path(folder) / "runs")
        board = _board(f"{folder}/runs", f"{folder}/cache")
        from expframe.page import charts
        from expframe.page.question import Question

        start = time.perf_counter()
        found = charts.metrics(board, Question([("run", "1"), ("run", "2")]))
        took = time.perf_counter() - start
        names = [metric["name"] for metric in found["metrics"][:24]]
        return {"names": took, "charts": _seconds(board, run=range(1, 3), metric=names)}


def _board(store: str, cache: str) -> Any:
    os.environ["EXPFRAME_CACHE"] = cache
    from expframe.page.board import Board

    return Board(Path(store), "runs")


def _seconds(board: Any, **words: Any) -> float:
    from expframe.page import charts
    from expframe.page.question import Question

    pairs = [("pixels", "1000")]
    for name, value in {"metric": "loss", **words}.items():
        pairs += [(name, str(own)) for own in (value if isinstance(value, list | range) else [value])]
    start = time.perf_counter()
    charts.curves(board, Question(pairs))
    return time.perf_counter() - start


def _own_memory() -> float:
    """Return how many bytes of memory are this process's own; what is mapped from files is not."""
    try:
        lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(1024.0 * int(line.split()[1]) for line in lines if line.startswith("Private_Dirty:"))


if __name__ == "__main__":
    answer(read_first, drawn, listed)
