"""Sweeps whose plan is damaged, or was never stored since they were killed before that."""

from pathlib import Path

import pytest

from expframe.cli.sweeps.start import start_sweep
from expframe.errors import WorkError
from expframe.page.board import Board
from expframe.page.question import Question
from expframe.page.sweep import sweeps
from expframe.store.sweeps.plan import Plan
from expframe.sweep.settings import SweepAsked


@pytest.fixture
def three(ex):
    """Return the ids of three sweeps: one is sound, one has a damaged plan, and one has none."""
    ex.add_config(lr=0.1)
    ex.main(lambda lr: lr)
    for _ in range(3):
        swept = ex.sweep("lr=1,2")
        while (trial := swept.ask()) is not None:
            swept.tell(trial, 1.0)
    ids = sorted((path.parent.name for path in Path("runs").glob("*/sweep.json")), key=int)
    Path("runs", ids[1], "sweep.json").write_text('{"a')
    Path("runs", ids[2], "sweep.json").unlink()
    record = Path("runs", ids[2], "run.json")
    record.write_text(record.read_text().replace('"COMPLETED"', '"FAILED"'))
    return ids


def test_a_damaged_plan_hides_no_other_sweep(three, cli, tmp_path):
    """The sweep is listed with what is wrong, and the file where it is; the page lists the others."""
    listed = cli.json("sweep", "ls")["sweeps"]
    shown = sweeps(Board(tmp_path / "runs", "runs"), Question([]))["sweeps"]

    assert [three[1], three[0]] == [one["id"] for one in listed]
    assert f"{tmp_path / 'runs' / three[1] / 'sweep.json'}: is damaged" in listed[0]["problem"]
    assert "2 trials: 2 completed" in cli("sweep", "ls")
    assert [three[0]] == [one["id"] for one in shown]


def test_a_sweep_without_a_plan_is_to_be_started_again(three, ex):
    """It was killed before its plan was stored: it does not go on, and says why."""
    with pytest.raises(WorkError, match=r"has no plan, since it ended before that was stored\. Start it again"):
        start_sweep(ex, Plan(), SweepAsked(resume=three[2]))
