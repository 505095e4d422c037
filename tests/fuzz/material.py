"""A store that a real experiment has filled with all that a run can have: what readers are given to read."""

from __future__ import annotations

import datetime
import decimal
import fractions
import platform
import socket
import sys
import uuid
import zipfile
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from expframe import Experiment
from expframe.store.lease import own_lease
from expframe.store.sweeps import plan_file
from expframe.store.sweeps.axes import Choices, Interval
from expframe.store.sweeps.claims import Claims
from expframe.store.sweeps.journal import Journal
from expframe.store.sweeps.plan import Goal, Plan, Start

RICH = "1"
"""The id of the run that has everything; `sound` is one beside it that nobody damages, `sweep` one that has trials."""


def fill(store: Path) -> None:
    """Make a store with a run that has everything, its child, one that failed, a sweep, and a sound one."""
    work = store.parent
    (work / "data.txt").write_text("data")
    ex = Experiment("fuzz", store=store, project_dir=work)
    ex.add_config(_entries())

    @ex.command
    def inner(_run: Any) -> float:
        _run.log_scalar("inner", 1.0)
        return 0.5

    @ex.command
    def fails() -> None:
        raise ValueError("on purpose")

    @ex.main
    def main(_run: Any) -> Any:
        _log(_run)
        _save(_run, work / "data.txt")
        ex.run("inner")
        print("printed \x1b[31mred\x1b[0m\r100%")
        return {"best": 0.125, "table": [{"row": number, "text": "x" * 20} for number in range(2500)]}

    quiet = {"capture": "sys"}
    ex.run(options=quiet, config_updates={"lr": 0.2}, tags=["a tag", "of two"])
    with suppress(ValueError):
        ex.run("fails", options=quiet)
    ex.run("inner", options={**quiet, "id": "sound"})
    ex.run("inner", options={**quiet, "id": "sweep"})
    _sweep(store / "sweep")
    _more(store / RICH)


def keep(store: Path, target: Path) -> None:
    """Write a store into a zip file, without what tells of the machine that has filled it."""
    root = Path(__file__).parent.parent.parent
    machine = own_lease(1.0).machine
    names = {str(store.parent): "/project", str(root): "/project", socket.gethostname(): "host", machine: "machine"}
    names |= {platform.release(): "6.1", sys.argv[0]: "material.py"}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(store.rglob("*")):
            if path.is_file():
                data = path.read_bytes()
                for name in sorted(names, key=len, reverse=True):
                    data = data.replace(name.encode(), names[name].encode())
                member = zipfile.ZipInfo(path.relative_to(store).as_posix(), (2026, 1, 2, 3, 4, 6))
                archive.writestr(member, data, zipfile.ZIP_DEFLATED)


def _entries() -> dict[str, Any]:
    import numpy as np

    zone = datetime.timezone(datetime.timedelta(hours=2))
    return {
        "lr": 0.1,
        "net": {"depth": 3, "layers": [1, 2, {"name": "conv"}], "size": (1, 2)},
        "words": {"a", "b"},
        "raw": b"\0\xff",
        "z": 1 + 2j,
        "when": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=zone),
        "day": datetime.date(2026, 1, 2),
        "took": datetime.timedelta(seconds=3),
        "exact": decimal.Decimal("1.10"),
        "third": fractions.Fraction(1, 3),
        "mark": uuid.UUID(int=5),
        "numbers": range(0, 10, 2),
        "where": PurePosixPath("/a/b"),
        "schedule": {30: 0.02, 60: 0.01},
        "endless": float("inf"),
        "scalar": np.float32(0.5),
        "array": np.arange(6, dtype="int16").reshape(2, 3),
        "long": np.arange(2000, dtype="float64"),
        "odd": np.array([{"a": 1}, None], dtype=object),
        "api_key": "hunter2-hunter2",
        "large": 1 << 5000,
    }


def _log(run: Any) -> None:
    run.info["sizes"] = {"a": (1, 2), "b": {3}}
    for step in range(20):
        run.log_scalars({"loss": 1 / (step + 1), "acc, of all": float("nan"), "big": 1 << 60}, step)
    run.log_scalars({"loss": [0.5, float("-inf")]}, [20.5, 1e9])
    run.log_table("rows", [{"a": 1, "b": "x"}, {"a": float("inf"), "b": None}], step=1)
    run.log_histogram("weights", [0.5, 1.5, float("nan")], step=1)
    run.log_text("said", "words", step=2)


def _save(run: Any, data: Path) -> None:
    import numpy as np

    run.save({"a": (1, 2)}, "deep/list.json")
    run.save(np.arange(4), "array.npy")
    run.save("text", "notes.txt")
    run.add_artifact(data, metadata={"of": "today"})
    run.add_resource(data)
    run.checkpoint(3, weights=np.arange(3), state={"step": 3})


def _sweep(folder: Path) -> None:
    """Turn a run into a sweep of four trials, of which some have ended."""
    axes = (Choices(("lr",), (("0.1",), ("0.2",))), Interval("net.depth", 1, 9, is_whole=True))
    seeds = Choices(("seed",), (("1",), ("2",)))
    goals, start = (Goal("result", "max"),), Start("x.py")
    plan = Plan(axes=axes, replicates=seeds, search="tpe", samples=4, goals=goals, start=start)
    plan_file.write(folder, plan)
    journal, claims = Journal(folder, "writer"), Claims(folder)
    for number in range(3):
        claims.take(number, 1, "writer")
        journal.note("proposed", number, point=[number % 2, 3], search={"generation": 1})
        journal.note("started", number, 1, run="sound")
    journal.note("ended", 0, 1, status="COMPLETED", run="sound", values={"result": 0.5}, seconds=1.5)
    journal.note("ended", 1, 1, status="FAILED", error="ValueError: x", run="sound", values={})
    claims.note_end(2, 1, {"status": "COMPLETED", "values": {"result": float("inf")}})
    claims.tidy()


def _more(run: Path) -> None:
    """Add what only long, called and resumed runs have."""
    (run / "system.csv").write_bytes((run / "metrics.csv").read_bytes())
    call = '{"number": 1, "started": "2026-01-02T03:04:05+00:00", "ended": "2026-01-02T03:04:06+00:00", '
    (run / "calls.jsonl").write_text(call + '"duration": 1.0, "result": {"acc": 0.5}, "failure": null}\n')
    (run / "attempts").mkdir()
    spans = '{"metrics.csv": [30, 60], "media.jsonl": [0, 10]}'
    lease = '"lease": {"machine": "x", "pid": 1, "started": "1", "interval": 10}'
    before = f'"before": {{"status": "FAILED", "problems": []}}, {lease}'
    start = '{"number": 2, "started": "2026-01-02T03:04:05+00:00", "checkpoint": 1, "step": 3, '
    (run / "attempts" / "2.json").write_text(f'{start}"superseded": {spans}, {before}}}')
    (run / "run.json.retry").write_bytes((run / "run.json").read_bytes())
