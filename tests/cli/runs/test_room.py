"""The commands that say and make room: du, gc."""

from pathlib import Path

import numpy as np
import pytest

import expframe


@pytest.fixture
def some(ex, tmp_path):
    """A completed run and a failed one, each with checkpoints and a file; a resource that both use."""
    (tmp_path / "data.bin").write_bytes(bytes(5000))

    @ex.config
    def config():
        fails = False

    @ex.main
    def main(fails, _run):
        _run.add_resource("data.bin")
        _run.save(np.zeros(3000 if fails else 2000), "x.npy")
        for step in range(3):
            _run.checkpoint(step, weights=np.zeros(1000))
        _run.log_scalar("loss", 1)
        if fails:
            raise ValueError

    ex.run()
    with pytest.raises(ValueError):
        ex.run(config_updates={"fails": True})
    return expframe.runs("runs")


def test_du_says_what_takes_room(some, cli):
    """Each run has its bytes, the largest first, by what they are; what is shared and the total are told too."""
    found = cli.json("du")

    assert ["2", "1"] == [run["id"] for run in found["runs"]]
    for run in found["runs"]:
        folder = Path("runs", run["id"])
        assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) == run["size"]
        assert run["size"] == sum(run["parts"].values())
        assert run["parts"]["checkpoints"] > 3 * 8000
        assert run["parts"]["files"] > 16_000
    assert 5000 == found["shared"]["_resources"]
    assert found["size"] == sum(run["size"] for run in found["runs"]) + sum(found["shared"].values())
    lines = cli("du", "-n", "1").splitlines()
    assert ["id", "size", "checkpoints", "files", "metrics", "other"] == lines[0].split()
    assert ["2", "_sources", "_resources", "total"] == [line.split()[0] for line in lines[1:]]
    assert ["1"] == [run["id"] for run in cli.json("du", "-w", "status == 'COMPLETED'")["runs"]]


def test_gc_deletes_checkpoints_of_completed_runs(some, cli):
    """`gc --checkpoints` leaves those of runs that may go on, and everything else of a run."""
    found = cli.json("gc", "--checkpoints", "--dry-run")
    assert ([("1", 3)], False) == ([(run["id"], run["count"]) for run in found["checkpoints"]], found["deleted"])
    assert 3 == len(some["1"].checkpoints)
    assert "3 checkpoints of 1 completed run, " in cli("gc", "--checkpoints")

    assert ([], 3) == (some["1"].checkpoints, len(some["2"].checkpoints))
    assert not Path("runs/1/checkpoints").exists()
    assert 2000 == len(some["1"].load("x.npy"))
    assert "Nothing.\n" == cli("gc", "--checkpoints")


def test_gc_deletes_checkpoints_of_chosen_runs(some, cli):
    """A filter narrows the completed runs; without --checkpoints it has no meaning, which is said."""
    assert "Nothing.\n" == cli("gc", "--checkpoints", "-w", "fails == True")
    cli("gc", "-w", "fails == False")

    assert (2, 3) == (cli.code, len(some["1"].checkpoints))
    assert "goes with --checkpoints" in cli.err
