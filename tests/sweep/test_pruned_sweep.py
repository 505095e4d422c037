"""Sweeps in which trials end early, and configurations are not given all their replicates."""

import subprocess
import sys

from expframe.store.search.collection import runs

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
        if asks and _run.should_stop:
            return -1
        _run.log_scalar("loss", level + seed % 7 / 100 + 1 / epoch, epoch)
        time.sleep(0.12)
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
        assert 3 <= found[2.0][1] < 20
        assert "3 trials: 1 completed, 2 pruned" in shown


def test_clearly_worse_configurations_are_not_given_all_seeds(tmp_path):
    """After five seeds that were all worse, the others are not tried, and the sweep is done."""
    shown = sweep(tmp_path, "with", "level=1,2", "epochs=1", "--seeds", "8", "--prune", "asha:1")

    assert "16 trials: 13 completed, 3 pruned" in shown
    assert 14 == len(runs(tmp_path / "runs"))
