"""Stores of many runs, written by the writer that real runs use."""

from __future__ import annotations

import datetime
import random
from pathlib import Path

from expframe.config.decided import Config
from expframe.config.request import Origin
from expframe.record.events import Points
from expframe.record.record import Record, Status
from expframe.store.writer import LocalStore

_FIRST = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
_STATUSES = (Status.COMPLETED, Status.COMPLETED, Status.COMPLETED, Status.FAILED, Status.INTERRUPTED)
_PACKAGES = {f"package{number}": f"{number}.0.1" for number in range(40)}
_HOST = {
    "hostname": "node7",
    "os": ["Linux", "6.1"],
    "python": {"version": "3.11.7", "implementation": "cpython", "executable": "/usr/bin/python3"},
    "cpu": {"model": "some", "count": 32, "usable": 32},
    "memory": 2**36,
    "gpus": [],
    "environment": {},
}


def make_store(store: Path, runs: int, metrics: int, points: int = 3) -> None:
    """
    Write a store.

    Args:
        store: The folder.
        runs: How many runs.
        metrics: How many metrics each has: `loss`, `acc`, `metric2`, ...
        points: How many points each metric has.
    """
    writer = LocalStore(store)
    names = ["loss", "acc", *(f"metric{number}" for number in range(2, metrics))][:metrics]
    for number in range(runs):
        chance = random.Random(number)
        started = _FIRST + datetime.timedelta(minutes=number)
        record = Record(
            uid=f"{chance.getrandbits(128):032x}",
            name=("digits", "words")[number % 2],
            command="train",
            started=started,
            seed=number,
            tags=("sweep",) if number % 3 else (),
            argv=("train.py", "with", "fast"),
            host=_HOST,
            packages=_PACKAGES,
            sources=(("train.py", f"{chance.getrandbits(128):064x}.py"),),
            counts={"points": metrics * points},
        )
        sink = writer.open(record, _config(chance))
        batch = [(name, step, 1.7e9 + step, chance.random()) for step in range(points) for name in names]
        sink.write(Points(batch))
        ended = started + datetime.timedelta(seconds=chance.randrange(10_000))
        sink.close(record._replace(id=sink.id, status=_STATUSES[number % 5], ended=ended, result=chance.random()))


def _config(chance: random.Random) -> Config:
    tree = {
        "seed": chance.getrandbits(31),
        "lr": 10 ** chance.uniform(-5, 0),
        "epochs": chance.choice([10, 20, 50]),
        "optimizer": {"name": chance.choice(["sgd", "adam"]), "momentum": 0.9, "betas": (0.9, 0.999)},
        "net": {"depth": chance.randrange(1, 9), "width": 64, "activation": "relu"},
        "data": {"path": "/data/digits", "augment": ["flip", "crop"], "batch_size": 32},
    }
    origin = Origin("config function", "config", "/home/user/project/train.py", 12)
    return Config(tree, {name: origin for name in ("seed", "lr", "epochs", "optimizer.name", "net.depth")})
