"""What the page is shown: stores of many runs, of many metrics, of long curves, and of runs that go on."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from benchmarks.big_stores import go_on, many_metrics, many_points, many_runs, running
from benchmarks.measuring import Sample, answer
from benchmarks.stores import make_store

CHARTS = 24


class Sizes(NamedTuple):
    """How much is shown, and for how many seconds the runs that go on are looked at."""

    runs: int = 10_000
    columns: int = 30
    metrics: int = 1000
    lines: int = 20
    points: int = 1_000_000
    running: int = 100
    seconds: int = 15

    @classmethod
    def of(cls, rounds: int) -> Sizes:
        """Return the sizes for so many rounds: one round is for trying, and shows less."""
        return cls() if rounds > 1 else cls(runs=500, metrics=200, lines=4, points=20_000, running=20, seconds=3)


def make_shapes(folder: str, sizes: list[int]) -> Sample:
    """Write the stores of the table of targets, each into a folder of its own."""
    wanted = Sizes(*sizes)
    many_runs(Path(folder, "table"), wanted.runs)
    many_metrics(Path(folder, "metrics"), wanted.metrics)
    many_points(Path(folder, "curves"), wanted.lines, wanted.points)
    make_store(Path(folder, "charts"), 4, metrics=CHARTS, points=2000)
    return {}


def run_for_long(store: str, runs: int) -> Sample:
    """Have runs log a point a second, until the process is ended."""
    log = running(Path(store), runs)
    Path(store, "..", "begun").touch()
    go_on(log)


if __name__ == "__main__":
    answer(make_shapes, run_for_long)
