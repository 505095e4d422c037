"""The temporary folders of runs that nothing is kept of."""

import os
import signal
from subprocess import PIPE

import pytest
from interpreter import ROOT, start_python

SCRIPTS = {
    "ghost": """
from expframe import Experiment
ex = Experiment("ghost", ghost=True)

@ex.automain
def main(_run, waits=False):
    print(_run.path(), flush=True)
    if waits:
        input()
""",
    "sacred": """
import expframe
from expframe.compat.sacred import Experiment
from expframe.compat.sacred.observers import FileStorageObserver
ex = Experiment("sacred", save_git_info=False)
ex.observers.append(FileStorageObserver("stored"))

@ex.automain
def main(_run, waits=False):
    _run.log_scalar("loss", 1)
    print(expframe.current_run().path(), flush=True)
    if waits:
        input()
""",
}


@pytest.fixture
def start(tmp_path):
    """Return what starts a script in a temporary folder of its own."""
    (tmp_path / "temporary").mkdir()
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / "temporary")}

    def start(kind, *words):
        (tmp_path / f"{kind}.py").write_text(SCRIPTS[kind])
        process = start_python([f"{kind}.py", *words], cwd=tmp_path, env=variables, stdin=PIPE, stderr=None)
        assert "expframe-" in process.stdout.readline()
        return process

    return start


@pytest.mark.parametrize("kind", SCRIPTS)
def test_what_a_killed_run_has_left_is_removed_by_the_next_one(start, tmp_path, kind):
    """A run that still goes on keeps its folder, and one that ends removes its own."""
    alive, killed = (start(kind, "with", "waits=True") for _ in range(2))
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    left = {path.name for path in (tmp_path / "temporary").iterdir()}
    start(kind).communicate()
    kept = {path.name for path in (tmp_path / "temporary").iterdir()}
    alive.communicate("\n")

    assert [2, 1, True] == [len(left), len(kept), kept < left]
    assert [] == list((tmp_path / "temporary").iterdir())
    assert 0 == alive.returncode
