"""Deciding a config of 100 entries, without a run."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measuring import Bench, Row, Sample, Target, answer

_ENTRIES = 100


def measure(bench: Bench) -> list[Row]:
    environment = bench.environments.of_expframe()[0]
    found = bench.compare({"expframe": bench.side(environment, by_expframe)})
    rows = []
    for key, what in (("function", "a config function"), ("dict", "a dict")):
        text = f'resolve("lr=0.1"), {_ENTRIES} entries of {what}'
        rows.append(Row(text, "s", found("expframe", key), targets=(Target(1e-3),)))
    return rows


def by_expframe() -> Sample:
    from expframe import Experiment

    found = {}
    for kind in ("function", "dict"):
        ex = Experiment(kind, ghost=True)
        if kind == "function":
            ex.config(_config_function())
        else:
            ex.add_config(_entries())
        found[kind] = _time(lambda ex=ex: ex.resolve("lr=0.1"))
    return found


def _entries() -> dict[str, Any]:
    return {"lr": 0.01, **{f"entry{number}": number for number in range(_ENTRIES - 1)}}


def _config_function() -> Callable[[], None]:
    """Return a config function that stands in a file, as its source is read."""
    lines = [f"    {name} = {value}\n" for name, value in _entries().items()]
    source = Path("config_of_100.py").absolute()
    source.write_text("def config():\n" + "".join(lines), encoding="ascii")
    names: dict[str, Any] = {}
    exec(compile(source.read_text(encoding="ascii"), str(source), "exec"), names)
    return names["config"]


def _time(function: Callable[[], Any]) -> float:
    times = []
    for _ in range(200):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return median(times)


if __name__ == "__main__":
    answer(by_expframe)
