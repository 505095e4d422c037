"""Sweeps in which trials end early, and configurations are not given all their replicates."""

import subprocess
import sys

import pytest

from expframe.store.search.collection import runs
from expframe.store.sweeps.rungs import Rungs

pytestmark = pytest.mark.once  # what is proposed and pruned is the same on all

SCRIPT = """
import time
from expframe import Experiment
ex = Experiment("pruned")
@ex.config
def config():
    level = 1.0
    epochs = 27
    asks = False
@ex.automain
def main(level, epochs, asks, seed, _run):
    for epoch in range(1, epochs + 1):
        while level > 1 and epoch > 5:  # until it is told to end
            if asks and _run.should_stop:
                return -1
            time.sleep(0.02)
        _run.log_scalar("loss", level + seed % 7 / 100 + 1 / epoch, epoch)
    return level
"""


RESUMED = """
import os
import signal
from expframe import Experiment
ex = Experiment("resumed")
@ex.config
def config():
    level = 1.0
@ex.automain
def main(level, _run):
    state = _run.last_checkpoint()
    for epoch in range(state.step + 1 if state else 1, 28):
        _run.log_scalar("loss", level + epoch, epoch)
        if epoch == 11:
            _run.checkpoint(epoch, state={})
        if epoch == 14 and state is None:
            _run.stop() if level == 1 else os.kill(os.getpid(), signal.SIGKILL)
        if _run.should_stop:
            return None
    return level
"""


def sweep(folder, *words):
    """Do a sweep, and return what each trial ended as, by what it was."""
    (folder / "train.py").write_text(SCRIPT)
    line = [sys.executable, "train.py", "sweep", *words, "--metric", "loss.min"]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=500, check=False)
    assert 0 == done.returncode, done.stderr
    return done.stdout


def test_a_trial_that_is_not_among_the_best_ends_as_pruned(tmp_path):
    """What is worse at a rung ends there, at once or by itself where it asks, and counts as kept, not as failed."""
    for asks in (False, True):
        shown = sweep(tmp_path, "with", "level=1,3,2", f"asks={asks}", "--prune", "asha:epochs", "-F", str(asks))
        rows = (
            runs(tmp_path / str(asks)).where("command == 'main'").rows("config.level", "status", "metrics.loss.count")
        )
        found = {level: (status, count) for level, status, count in rows}

        assert ("COMPLETED", 27) == found[1.0]
        assert "PRUNED" == found[2.0][0] == found[3.0][0]
        assert 3 <= found[2.0][1] <= 5
        assert "3 trials: 1 completed, 2 pruned" in shown


def test_clearly_worse_configurations_are_not_given_all_seeds(tmp_path):
    """After five seeds that were all worse, the others are not tried, and the sweep is done."""
    shown = sweep(tmp_path, "with", "level=1,2", "epochs=1", "--seeds", "8", "--prune", "asha:1")

    assert "16 trials: 13 completed, 3 pruned" in shown
    assert 14 == len(runs(tmp_path / "runs"))


def test_what_counts_at_a_rung_is_what_was_logged_by_then_after_a_resume_too(tmp_path):
    """A trial that goes on from a checkpoint keeps its values at the rungs before, and its least value so far."""
    (tmp_path / "train.py").write_text(RESUMED)
    words = [sys.executable, "train.py", "sweep"]
    once = [*words, "with", "level=1,0.5", "--metric", "loss.min", "--prune", "asha"]
    subprocess.run(once, cwd=tmp_path, capture_output=True, timeout=500, check=False)
    done = subprocess.run([*words, "--resume", "1"], cwd=tmp_path, capture_output=True, timeout=500, check=False)
    found = Rungs(tmp_path / "runs" / "1", "reader")

    assert 0 == done.returncode, done.stderr
    assert [{0: 2.0, 1: 1.5}] * 4 == [found.at(step) for step in (1, 3, 9, 27)]
    assert [2, 2] == [trial.attempt for trial in runs(tmp_path / "runs")[1].sweep.trials]


def test_a_worker_writes_all_its_rungs_into_one_file(tmp_path):
    """There are as many files of rungs as workers, however many trials there are."""
    sweep(tmp_path, "with", "level=1,2,3,4", "epochs=9", "--prune", "asha:9", "-j1")
    (path,) = (tmp_path / "runs" / "1" / "rungs").iterdir()

    assert {"0", "1", "2", "3"} == {line.split(",")[0] for line in path.read_text().splitlines()}
