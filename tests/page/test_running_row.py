"""The row of a run that goes on."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expframe import Experiment
from expframe.disk import layout
from expframe.page import running_row
from expframe.page.running_row import RunningRow
from expframe.store.lease import own_lease
from expframe.store.rows import GROUPS, read


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a run that this process does, with three points."""
    ex = Experiment(store=tmp_path)
    ex.add_config(lr=0.1)

    @ex.main
    def train(_run: Any) -> None:
        for step in range(3):
            _run.log_scalar("loss", 1.5 - step, step)

    ex.run()
    _change(tmp_path / "1" / layout.RECORD, status="RUNNING", ended=None)
    own_lease(10.0).write(tmp_path / "1" / layout.LEASE)
    return tmp_path / "1"


def _change(path: Path, **facts: Any) -> None:
    aside = path.with_name("aside")
    aside.write_text(json.dumps({**json.loads(path.read_bytes()), **facts}))
    aside.replace(path)


def _append(folder: Path, name: str, text: str) -> None:
    with (folder / name).open("a") as file:
        file.write(text)


def _nothing(folder: Path) -> None:
    pass


def _more_points(folder: Path) -> None:
    _append(folder, layout.METRICS, "loss,3,1.0,7.5\nacc,3,1.0,0.5\n")


def _half_a_line(folder: Path) -> None:
    _append(folder, layout.METRICS, "loss,3,1.0,7")


def _points_of_a_worker(folder: Path) -> None:
    _append(folder, layout.of_process(layout.METRICS, "7"), "metric,step,time,value\nloss,9,1.0,9.5\n")


def _points_taken_away(folder: Path) -> None:
    path = folder / layout.METRICS
    path.write_bytes(path.read_bytes()[: len(layout.METRICS_HEADER)] + b"loss,0,1.0,3.5\n")
    (folder / layout.SUMMARY).unlink()


def _a_tag(folder: Path) -> None:
    _change(folder / layout.RECORD, tags=["a"])


def _another_config(folder: Path) -> None:
    _change(folder / layout.CONFIG, values={"lr": 0.5})


def _the_end(folder: Path) -> None:
    _change(folder / layout.RECORD, status="COMPLETED", ended="2026-01-01T00:00:00+00:00", result=1.0)


def _its_process_is_gone(folder: Path) -> None:
    _change(folder / layout.LEASE, started=1)


def _all_is_gone(folder: Path) -> None:
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    "change",
    [
        _nothing,
        _more_points,
        _half_a_line,
        _points_of_a_worker,
        _points_taken_away,
        _a_tag,
        _another_config,
        _the_end,
        _its_process_is_gone,
        _all_is_gone,
    ],
)
def test_it_is_what_its_files_say(folder: Path, change: Callable[[Path], None]) -> None:
    """Whatever becomes of a run that goes on, its row is that of one that is read for the first time."""
    row = RunningRow(folder)
    row.row()
    for step in (change, _nothing, _nothing):
        step(folder)

        found, expected = row.row(), read(folder, GROUPS)

        assert (expected and expected._replace(metrics=None)) == (found and found._replace(metrics=None))
        assert (expected and dict(expected.metrics or {})) == (found and dict(found.metrics or {}))


@pytest.mark.parametrize(
    ("name", "facts"),
    [(layout.RECORD, {"seed": 5}), (layout.CONFIG, {"values": {"lr": 0.5}}), (layout.LEASE, {"started": "1"})],
)
def test_what_takes_the_place_of_a_file_within_one_tick_of_a_clock_is_seen(
    folder: Path, name: str, facts: dict[str, Any]
) -> None:
    """A record, config or lease that looks as old as the one before it is another one all the same."""
    row = RunningRow(folder)
    row.row()
    before = {path: path.stat() for path in (folder, folder / name)}
    _change(folder / name, **facts)
    for path, look in before.items():
        os.utime(path, ns=(look.st_atime_ns, look.st_mtime_ns))
    found, expected = row.row(), read(folder, GROUPS)

    assert (expected and expected._replace(metrics=None)) == (found and found._replace(metrics=None))


def test_only_what_is_new_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While points are logged and the lease is touched, neither record nor config nor points of before are read."""
    row = RunningRow(folder)
    row.row()
    for name in ("read", "judged"):
        monkeypatch.setattr(running_row, name, None)
    text = (folder / layout.METRICS).read_bytes()
    (folder / layout.METRICS).write_bytes(text.replace(b"1.5", b"9.9"))
    found = []
    for step in range(3, 6):
        _append(folder, layout.METRICS, f"loss,{step},1.0,{step}.5\n")
        os.utime(folder / layout.LEASE, (step, step))
        line = row.row()
        found.append(((line and line.metrics) or {})["loss"])

    assert [(4, 1.5, 3.5), (5, 1.5, 4.5), (6, 1.5, 5.5)] == [statistics[:3] for statistics in found]
