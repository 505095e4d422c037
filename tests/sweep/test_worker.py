"""A worker of a sweep, by itself."""

import os
import signal
import subprocess
import sys

import pytest

from expframe.errors import QueryError
from expframe.store.search.goals import goal, numbers_of
from expframe.store.sweeps.axes import Choices
from expframe.store.sweeps.plan import Plan
from expframe.sweep.settings import WorkAsked
from expframe.sweep.sweep_run import SweepRun
from expframe.sweep.worker import Worker


def test_a_signal_before_the_child_is_known_reaches_it(tmp_path, monkeypatch):
    """SIGTERM that comes while an interpreter is being started for a trial ends that trial too."""
    children = []

    class Started(subprocess.Popen):
        def __init__(self, words, **how):
            super().__init__([sys.executable, "-c", "import time; time.sleep(20)"], **how)
            children.append(self)
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(subprocess, "Popen", Started)
    sweep = SweepRun(tmp_path, Plan(axes=(Choices(("lr",), (("1",), ("2",))),)), None)
    code = Worker(sweep, WorkAsked(fresh=True), [].append).work()

    assert (143, [-signal.SIGTERM]) == (code, [child.returncode for child in children])


@pytest.mark.parametrize(
    ("metric", "field"),
    [
        ("info.score:max", "info.score"),
        ("size:min", "size"),
        ("val/loss:min", "metrics.val/loss.last"),
        ("val acc.max", 'metrics["val acc"].max'),
        ("result.score:max", "result.score"),
    ],
)
def test_a_trial_has_a_value_of_whatever_lists_know(ex, metric, field):
    """What trials are ranked by may be any field that lists of runs have, and a metric whatever it is called."""

    @ex.main
    def main(_run):
        _run.info["score"] = 2
        _run.log_scalar("val/loss", 0.5)
        _run.log_scalar("val acc", 0.25)
        return {"score": 2}

    folder = ex.run().folder
    found = goal(metric)

    assert field == found.field
    assert [field] == [*numbers_of(folder, (found.field,))]


@pytest.mark.parametrize(
    "metric", ["metrics['loss", "metrics['loss]", "loss[", "result.my score", "config.a b", "info.a b", ""]
)
def test_a_field_that_is_not_well_written_is_refused(metric):
    """What is written as a field, and is none, is refused before a sweep starts, and not taken for a metric."""
    with pytest.raises(QueryError, match=r"is no name. Write status, config.net.depth or metrics\['a b'\].max."):
        goal(f"{metric}:min")
