"""
Big stores, written as files within seconds: `python -m benchmarks.big_stores KIND FOLDER`.

Kinds: `runs` (10,000 runs x 30 entries), `metrics` (1,000 metrics in a run), `points` (20 runs x 1,000,000 points) and
`running` (100 runs that log a point a second until Ctrl-C). A run is what the writer has made once, with other values.
"""

from __future__ import annotations

import datetime
import json
import math
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from benchmarks.stores import make_store
from expframe.disk import layout
from expframe.record.summaries import Summary, dump
from expframe.store.lease import own_lease

_FIRST = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
_BLOCK = 50_000


class BigStore:
    """
    A folder of runs that is written without running anything.

    Args:
        store: The folder; it is made.
        entries: How many entries the config of a run has.
    """

    def __init__(self, store: Path, entries: int = 30) -> None:
        store.mkdir(parents=True, exist_ok=True)
        self.store = store
        with tempfile.TemporaryDirectory() as folder:
            make_store(Path(folder) / "runs", 1, 1)
            run = Path(folder) / "runs" / "1"
            self._record: dict[str, Any] = json.loads((run / layout.RECORD).read_bytes())
            self._config: dict[str, Any] = json.loads((run / layout.CONFIG).read_bytes())
        values = self._config["values"]
        for number in range(entries - 14):  # beside those of the writer's own
            values.setdefault("more", {})[f"entry{number}"] = number

    def add(self, number: int, curves: Mapping[str, tuple[list[int], list[float]]], **facts: Any) -> Path:
        """
        Write a run, and return its folder.

        Args:
            number: Its id.
            curves: Steps and values of its metrics.
            facts: What its record says in place of what a completed run's does.
        """
        folder = self._write(number, facts)
        start = _FIRST.timestamp() + 60 * number
        text = "".join(
            f"{name},{step},{start + step:.6f},{value!r}\n"
            for name, (steps, values) in curves.items()
            for step, value in zip(steps, values, strict=True)
        )
        content = layout.METRICS_HEADER + text.encode()
        (folder / layout.METRICS).write_bytes(content)
        summaries = {}
        for name, curve in curves.items():
            summaries[name] = Summary()
            summaries[name].add(*curve)
        (folder / layout.SUMMARY).write_bytes(dump(summaries, {layout.METRICS: len(content)}))
        return folder

    def add_long(self, number: int, text: bytes, name: str, noted: Summary, points: int) -> Path:
        """Write a run of one metric whose points are ready, with what some of them come to and how many they are."""
        folder = self._write(number, {})
        content = layout.METRICS_HEADER + text
        (folder / layout.METRICS).write_bytes(content)
        summary = json.loads(dump({name: noted}, {layout.METRICS: len(content)}))
        summary["metrics"][name] |= {"count": points}
        (folder / layout.SUMMARY).write_text(json.dumps(summary))
        return folder

    def _write(self, number: int, facts: Mapping[str, Any]) -> Path:
        chance = random.Random(number)
        folder = self.store / str(number)
        folder.mkdir()
        started = _FIRST + datetime.timedelta(minutes=number)
        record = {**self._record, "id": str(number), "uid": f"{chance.getrandbits(128):032x}", "seed": number}
        record |= {"name": ("digits", "words")[number % 2], "result": chance.random(), "started": started.isoformat()}
        record["ended"] = (started + datetime.timedelta(seconds=chance.randrange(1, 10_000))).isoformat()
        record["status"] = ("COMPLETED", "COMPLETED", "COMPLETED", "FAILED", "INTERRUPTED")[number % 5]
        values = {**self._config["values"], "seed": number % 5, "lr": 10.0 ** -(number // 5 % 5)}
        values["more"] = {name: chance.randrange(10) for name in values.get("more", ())}
        (folder / layout.CONFIG).write_text(json.dumps({**self._config, "values": values}))
        (folder / layout.RECORD).write_text(json.dumps({**record, **facts}))
        return folder


def many_runs(store: Path, runs: int = 10_000, entries: int = 30, metrics: int = 5) -> None:
    """Write a store of many runs, each with few points."""
    big = BigStore(store, entries)
    steps = list(range(3))
    for number in range(1, runs + 1):
        chance = random.Random(number)
        big.add(number, {f"metric{k}": (steps, [chance.random() for _ in steps]) for k in range(metrics)})


def many_metrics(store: Path, metrics: int = 1000, points: int = 100, runs: int = 2) -> None:
    """Write a store of few runs with many metrics."""
    big = BigStore(store)
    steps = list(range(points))
    for number in range(1, runs + 1):
        chance = random.Random(number)
        curves = {f"layer{k // 10}/part{k % 10}": (steps, [chance.gauss(k) for _ in steps]) for k in range(metrics)}
        big.add(number, curves)


def many_points(store: Path, runs: int = 20, points: int = 1_000_000) -> None:
    """Write a store of runs with one long curve each: a falling one with noise, and one spike in a million points."""
    big = BigStore(store)
    chance = random.Random(0)
    noise = [chance.random() for _ in range(_BLOCK)]
    start = _FIRST.timestamp()
    digits = [int(1e9 * noise[step % _BLOCK] * math.exp(-3 * step / points)) for step in range(points)]
    lines = (f"loss,{step},{start + step / 10:.6f},0.{own:09d}\n" for step, own in enumerate(digits))
    text = "".join(lines).encode()
    for number in range(1, runs + 1):
        own = text.replace(b",0.", b",%d." % number)
        spike = own.find(b"\nloss,%d," % (points // 3 + number)) + 1
        line = own[spike : own.find(b"\n", spike)]
        values = [number + 1e-9 * digits[0], number + 1e-9 * min(digits), 99.5, number + 1e-9 * digits[-1]]
        steps = [0, digits.index(min(digits)), points // 3 + number, points - 1]
        noted = Summary()
        noted.add(steps, values)
        big.add_long(number, own.replace(line, line.rpartition(b",")[0] + b",99.5", 1), "loss", noted, points)


def running(store: Path, runs: int = 100, points: int = 1000) -> Callable[[int], None]:
    """Write a store of runs that this process does, and return what logs the point of a step in each of them."""
    big = BigStore(store)
    steps = list(range(points))
    folders = []
    for number in range(1, runs + 1):
        chance = random.Random(number)
        curves = {name: (steps, [chance.random() for _ in steps]) for name in ("loss", "acc")}
        folders.append(big.add(number, curves, status="RUNNING", ended=None, result=None))
        own_lease(10.0).write(folders[-1] / layout.LEASE)

    def log(step: int) -> None:
        for folder in folders:
            with (folder / layout.METRICS).open("ab", buffering=0) as file:
                file.write(
                    b"".join(
                        b"%s,%d,%.6f,%.9f\n" % (name, step, time.time(), random.random()) for name in (b"loss", b"acc")
                    )
                )
            os.utime(folder / layout.LEASE)

    return log


def go_on(log: Callable[[int], None]) -> NoReturn:
    """Log a point a second, until the process is ended."""
    step = 1000
    while True:
        log(step)
        step += 1
        time.sleep(1.0)


def main() -> None:
    """Write the store that the command line names."""
    kind, folder = sys.argv[1], Path(sys.argv[2])
    if kind != "running":
        {"runs": many_runs, "metrics": many_metrics, "points": many_points}[kind](folder)
        return
    go_on(running(folder))


if __name__ == "__main__":
    main()
