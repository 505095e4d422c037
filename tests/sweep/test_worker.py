"""A worker of a sweep, by itself."""

import os
import signal
import subprocess
import sys

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
