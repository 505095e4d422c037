"""
Each way of logging, as the caller sees it and down to the disk, beside every peer that has it.

The first figure is the time of a call, a median of bursts; the second the time from the first call to the end of the
run, when all is on disk, over the number of calls.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measuring import Bench, Row, Sample, answer
from benchmarks.stored import in_expframe, in_sacred

_BLOCK = 5_000
_KINDS = {
    "log_scalar": 10_000,
    "log_scalars, 10 values": 1_000,
    f"log_scalars, array of {_BLOCK:,}": 3,
    "log_histogram, 10,000 values": 100,
    "log_text, 1 kB": 500,
    "log_image, 64 x 64": 100,
}
_SCALAR, _DICT, _ARRAY, _HISTOGRAM, _TEXT, _IMAGE = _KINDS
_BURSTS = 10
_PEERS = {"sacred": "Sacred", "tensorboardX": "tensorboardX", "trackio": "Trackio"}

Ways = dict[str, Callable[[int], Any]]
"""For each kind that a library has, what logs one at a step."""


def measure(bench: Bench) -> list[Row]:
    environment = bench.environments.of_expframe()[0]
    found = bench.compare(
        {
            "expframe": bench.side(environment, by_expframe),
            "tensorboard": bench.side("tensorboard", by_tensorboard),
            "sacred": bench.side("sacred", by_sacred),
            "tensorboardX": bench.side("tensorboardX", by_tensorboardx),
            "trackio": bench.side("trackio", by_trackio),
        }
    )
    rows = []
    for kind in _KINDS:
        for key, where in (("call", "the call"), ("disk", "to disk")):
            for peer, shown in _PEERS.items():
                figures = found("expframe", f"{kind} {key}"), found(peer, f"{kind} {key}")
                if None not in figures:
                    rows.append(Row(f"{kind}, {where} (peer: {shown})", "s", *figures))
    for kind in _KINDS:
        figures = found("tensorboard", f"{kind} disk"), found("tensorboardX", f"{kind} disk")
        if None not in figures:
            rows.append(Row(f"{kind}, and for TensorBoard (peer: tensorboardX)", "s", *figures))
    return rows


# ------------------------------------------------------------------------------------------------------- the sides


def by_expframe() -> Sample:
    return _in_runs_of_expframe(())


def by_tensorboard() -> Sample:
    """Measure expframe with its observer for TensorBoard beside the store."""
    from expframe import TensorBoard

    return _in_runs_of_expframe((TensorBoard(),))


def _in_runs_of_expframe(observers: Any) -> Sample:
    import numpy

    found: dict[str, float] = {}
    array, values, image = 1 / (1 + numpy.arange(_BLOCK)), _numbers(), _picture()

    def ways(run: Any) -> Ways:
        return {
            _SCALAR: lambda step: run.log_scalar("loss", 1 / (1 + step), step),
            _DICT: lambda step: run.log_scalars(_ten(step), step),
            _ARRAY: lambda step: run.log_scalars({"loss": array}),
            _HISTOGRAM: lambda step: run.log_histogram("weights", values, step=step),
            _TEXT: lambda step: run.log_text("sample", _text(), step),
            _IMAGE: lambda step: run.log_image("sample", image, step),
        }

    in_expframe(_rest, observers)
    for kind in _KINDS:
        start = in_expframe(lambda run, kind=kind: _time(kind, ways(run), found), observers)
        _note_end(kind, start, found)
    return found


def by_sacred() -> Sample:
    found: dict[str, float] = {}

    def ways(run: Any) -> Ways:
        def log_all(values: dict[str, float], step: int) -> None:
            for name, value in values.items():
                run.log_scalar(name, value, step)

        def log_block(step: int) -> None:
            for number in range(_BLOCK):
                run.log_scalar("loss", 1 / (1 + number), step * _BLOCK + number)

        return {
            _SCALAR: lambda step: run.log_scalar("loss", 1 / (1 + step), step),
            _DICT: lambda step: log_all(_ten(step), step),
            _ARRAY: log_block,
        }

    in_sacred(_rest)
    for kind in (_SCALAR, _DICT, _ARRAY):
        start = in_sacred(lambda run, kind=kind: _time(kind, ways(run), found))
        _note_end(kind, start, found)
    return found


def by_tensorboardx() -> Sample:
    from tensorboardX import SummaryWriter

    found: dict[str, float] = {}
    values, image = _numbers(), _picture()
    for number, kind in enumerate(_KINDS):
        start = time.perf_counter()
        with SummaryWriter(logdir=f"board/{number}") as writer:

            def log_all(values: dict[str, float], step: int, writer: Any = writer) -> None:
                for name, value in values.items():
                    writer.add_scalar(name, value, step)

            def log_block(step: int, writer: Any = writer) -> None:
                for number in range(_BLOCK):
                    writer.add_scalar("loss", 1 / (1 + number), step * _BLOCK + number)

            ways: Ways = {
                _SCALAR: lambda step, writer=writer: writer.add_scalar("loss", 1 / (1 + step), step),
                _DICT: lambda step, log_all=log_all: log_all(_ten(step), step),
                _ARRAY: log_block,
                _HISTOGRAM: lambda step, writer=writer: writer.add_histogram("weights", values, step),
                _TEXT: lambda step, writer=writer: writer.add_text("sample", _text(), step),
                _IMAGE: lambda step, writer=writer: writer.add_image("sample", image, step, dataformats="HWC"),
            }
            _time(kind, ways, found)
        _note_end(kind, start, found)
    return found


def by_trackio() -> Sample:
    """Measure Trackio with its files in the working directory, no server and no network."""
    os.environ.update(
        HOME=os.getcwd(),
        TRACKIO_DIR=str(Path.cwd() / "trackio"),
        HF_HUB_OFFLINE="1",
        HF_HUB_DISABLE_TELEMETRY="1",
    )
    import trackio

    found: dict[str, float] = {}
    values, image = _numbers(), _picture()

    def log_block(step: int) -> None:
        for number in range(_BLOCK):
            trackio.log({"loss": 1 / (1 + number)}, step * _BLOCK + number)

    ways: Ways = {
        _SCALAR: lambda step: trackio.log({"loss": 1 / (1 + step)}, step),
        _DICT: lambda step: trackio.log(_ten(step), step),
        _ARRAY: log_block,
        _HISTOGRAM: lambda step: trackio.log({"weights": trackio.Histogram(values)}, step),
        _TEXT: lambda step: trackio.log({"sample": trackio.Markdown(_text())}, step),
        _IMAGE: lambda step: trackio.log({"sample": trackio.Image(image)}, step),
    }
    for number, kind in enumerate(_KINDS):
        trackio.init(project=f"logging{number}", embed=False, auto_log_gpu=False, auto_log_cpu=False)
        start = time.perf_counter()
        _time(kind, ways, found)
        trackio.finish()
        _note_end(kind, start, found)
    return found


# ------------------------------------------------------------------------------------------------- what is logged


def _rest(_run: Any) -> None:
    """Do nothing in a run: a process's first one finds out about the machine, which is measured elsewhere."""


def _ten(step: int) -> dict[str, float]:
    return {f"metric{number}": number / (1 + step) for number in range(10)}


def _text() -> str:
    return "a sample of a generated text. " * 34


def _numbers() -> Any:
    import numpy

    return numpy.random.default_rng(1).normal(size=10_000)


def _picture() -> Any:
    import numpy

    return numpy.random.default_rng(1).integers(0, 256, (64, 64, 3), "uint8")


def _time(kind: str, ways: Ways, found: dict[str, float]) -> None:
    log, burst = ways[kind], max(1, _KINDS[kind] // _BURSTS)
    times = []
    for first in range(0, _KINDS[kind], burst):
        start = time.perf_counter()
        for step in range(first, first + burst):
            log(step)
        times.append((time.perf_counter() - start) / burst)
    found[f"{kind} call"] = median(times)


def _note_end(kind: str, start: float, found: dict[str, float]) -> None:
    found[f"{kind} disk"] = (time.perf_counter() - start) / _KINDS[kind]


if __name__ == "__main__":
    answer(by_expframe, by_tensorboard, by_sacred, by_tensorboardx, by_trackio)
