"""The temporary folders of runs that nothing is kept of."""

import errno
import os
import pickle
import signal
import sys
import tempfile
from subprocess import PIPE

import pytest
from interpreter import ROOT, run_python, start_python
from steps import wait_until

from expframe import Experiment

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
    """While that goes on; a run that still goes on keeps its folder, and one that ends removes its own."""
    alive, killed = (start(kind, "with", "waits=True") for _ in range(2))
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    left = {path.name for path in (tmp_path / "temporary").iterdir()}
    another = start(kind, "with", "waits=True")
    wait_until(lambda: len(list((tmp_path / "temporary").iterdir())) == 2)
    kept = {path.name for path in (tmp_path / "temporary").iterdir()}
    for process in (another, alive):
        process.communicate("\n")

    assert [2, 1] == [len(left), len(kept & left)]
    assert [] == list((tmp_path / "temporary").iterdir())
    assert 0 == alive.returncode


@pytest.mark.parametrize("travels", [False, True])
def test_a_run_that_keeps_nothing_needs_no_temporary_folder(monkeypatch, caplog, travels):
    """Where nothing can be temporary, one that asks for no folder ends as any other, also when it went elsewhere."""
    asked = []

    def there_is_none():
        asked.append(1)
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    ex = Experiment("ghost", ghost=True)

    @ex.main
    def main(_run):
        if travels:
            pickle.dumps(_run)
        asked.clear()

    monkeypatch.setattr(tempfile, "gettempdir", there_is_none)
    run = ex.run()

    assert ("COMPLETED", [1] * travels) == (run.status, asked)
    assert "not wholly recorded" not in caplog.text


FORKING = """
import multiprocessing
from expframe import Experiment, current_run

ex = Experiment("forking", ghost=True)

@ex.command
def inner():
    return 1

def work(number):
    current_run().log_scalar("number", number)
    return ex.run("inner").result

@ex.automain
def main(how, _run):
    with multiprocessing.get_context(how).Pool(2) as pool:
        return sum(pool.map(_run.bind(work), range(4)))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_a_folder_that_a_worker_was_the_first_to_ask_for_is_removed(tmp_path, how):
    """The run removes its folder, though only its workers have logged, or asked for runs of their own."""
    (tmp_path / "temporary").mkdir()
    (tmp_path / "forking.py").write_text(FORKING)
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / "temporary")}
    done = run_python(["forking.py", "with", f"how={how}"], cwd=tmp_path, env=variables)

    assert 0 == done.returncode and "Result: 4" in done.stderr, done.stderr
    assert [] == [path.name for path in (tmp_path / "temporary").glob("expframe-*")]
