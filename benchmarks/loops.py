"""Loops that show their progress and time their parts: what an iteration costs beyond the bare loop."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import Any

from benchmarks.measuring import Bench, Row, Sample, Target, answer

_STEPS = 1_000_000


def measure(bench: Bench) -> list[Row]:
    environment = bench.environments.of_expframe()[0]
    found = bench.compare(
        {
            "lines": bench.side(environment, tracked, False),
            "live": bench.side(environment, tracked, True),
            "timer": bench.side(environment, timed),
        }
    )
    micro = (Target(1e-6),)
    return [
        Row("run.track, plain lines, one iteration", "s", found("lines", "step"), targets=micro),
        Row("run.track, live line (tqdm), one iteration", "s", found("live", "step"), targets=micro),
        Row("with run.timer, metric included", "s", found("timer", "step")),
    ]


def tracked(is_live: bool) -> Sample:
    if is_live:
        sys.stderr.isatty = lambda: True  # type: ignore[method-assign]

    def loop(run: Any) -> float:
        return _seconds(run.track(range(_STEPS))) - _seconds(iter(range(_STEPS)))

    return {"step": _in_run(loop) / _STEPS}


def timed() -> Sample:
    def loop(run: Any) -> float:
        timer = run.timer("step")
        start = time.perf_counter()
        for _ in range(_STEPS // 10):
            with timer:
                pass
        return time.perf_counter() - start

    return {"step": _in_run(loop) / (_STEPS // 10)}


def _seconds(steps: Iterable[int]) -> float:
    start = time.perf_counter()
    for _ in steps:
        pass
    return time.perf_counter() - start


def _in_run(loop: Any) -> float:
    from expframe import Experiment

    ex = Experiment("loops")
    ex.main(lambda _run: loop(_run))  # noqa: PLW0108  a captured parameter is called _run
    return float(ex.run().result)


if __name__ == "__main__":
    answer(tracked, timed)
