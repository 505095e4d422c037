"""Much printed output, with standard output going to a file."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from benchmarks.measuring import Bench, Row, Sample, Target, answer, peak_memory

MEGABYTES = 100
_LINE = "x" * 99


def measure(bench: Bench) -> list[Row]:
    environment = bench.environments.of_expframe()[0]
    found = bench.compare(
        {
            "fd": bench.side(environment, by_expframe, "fd", MEGABYTES, to_file=True),
            "sys": bench.side(environment, by_expframe, "sys", MEGABYTES, to_file=True),
            "floor": bench.side(environment, by_hand, MEGABYTES, to_file=True),
            "fd, tenth": bench.side(environment, by_expframe, "fd", MEGABYTES // 10, to_file=True),
            "sys, tenth": bench.side(environment, by_expframe, "sys", MEGABYTES // 10, to_file=True),
            "peer": bench.side("sacred", by_sacred, MEGABYTES, to_file=True),
        }
    )
    rows = []
    for mode, bound in (("fd", 1.3), ("sys", 1.6)):
        peer = found("peer", "time") if mode == "fd" else None
        targets = (Target(bound, "floor"),)
        rows.append(Row(f"100 MB printed, {mode}", "s", found(mode, "time"), peer, found("floor", "time"), targets))
        memory = found(mode, "memory"), found(f"{mode}, tenth", "memory")
        rows.append(Row("... peak memory (peer: expframe, 10 MB)", "B", *memory, None, (Target(1.1, "peer"),)))
    return rows


def by_expframe(mode: str, megabytes: int) -> Sample:
    from expframe import Experiment

    folder = Path.cwd()
    ex = Experiment("output", store=folder / "runs", project_dir=folder)
    began = []

    @ex.main
    def main() -> None:
        began.append(time.perf_counter())
        _print(megabytes)

    ex.run(options={"capture": mode})
    found = {"time": time.perf_counter() - began[0], "memory": peak_memory()}
    written = folder / "runs" / "1" / "output.txt"
    assert written.stat().st_size >= megabytes * 1_000_000
    written.unlink()
    return found


def by_sacred(megabytes: int) -> Sample:
    from sacred import Experiment
    from sacred.observers import FileStorageObserver

    ex = Experiment("output", save_git_info=False)
    ex.observers.append(FileStorageObserver(Path.cwd() / "runs"))
    began = []

    @ex.main
    def main() -> None:
        began.append(time.perf_counter())
        _print(megabytes)

    ex.run()
    return {"time": time.perf_counter() - began[0], "memory": peak_memory()}


def by_hand(megabytes: int) -> Sample:
    start = time.perf_counter()
    _print(megabytes)
    sys.stdout.flush()
    return {"time": time.perf_counter() - start}


def _print(megabytes: int) -> None:
    for _ in range(megabytes * 1_000_000 // (len(_LINE) + len(os.linesep))):
        print(_LINE)


if __name__ == "__main__":
    answer(by_expframe, by_sacred, by_hand)
