"""What would be done, before it is."""

import re
from pathlib import Path

import pytest
from interpreter import run_python

import expframe
from expframe import Experiment
from expframe.run.run import Run
from expframe.testing import run_cli

SCRIPT = """
from expframe import Experiment, Ingredient
data = Ingredient("data")
ex = Experiment("dry", ingredients=[data])

@data.config
def choose():
    size = 10

@ex.config
def config():
    lr = 0.1
    epochs = 3
    layers = [1, 2]
    token = "hunter2hunter2"

@ex.named_config
def long():
    epochs = 9

@ex.command
def needs(unknown):
    print("started")

@ex.automain
def main(lr, _run):
    print("started")
    raise SystemExit
"""


@pytest.fixture
def call(script, environment):
    """Run the script and return its exit code and what it printed."""
    path = script(SCRIPT, "dry.py")

    def run(*words):
        done = run_python([path, *words], env=environment)
        return done.returncode, done.stdout + done.stderr

    return run


def test_it_shows_each_value_and_whence_it_comes(call):
    """Every entry, one a line, with who set it; secrets are masked."""
    code, said = call("--dry-run", "with", "long", "lr=0.5", "layers.0=7", "seed=1")

    assert 0 == code
    for line in (
        " lr = 0.5 # command line\n",
        " epochs = 9 # named config long (dry.py:19)\n",
        " layers = [7, 2] # command line\n",
        " data.size = 10 # config function choose (dry.py:8)\n",
        " seed = 1 # command line\n",
        " token = ******** # config function config (dry.py:15)\n",
    ):
        assert line in re.sub(r" +", " ", said)
    assert "hunter2" not in said


def test_nothing_is_started(call):
    """No command is called, no folder made and none changed."""
    _, said = call("--dry-run")

    assert "started\n" not in said
    assert not Path("runs").exists()
    call("with", "seed=1")

    def look():
        return {path: path.is_file() and path.read_bytes() for path in Path("runs").rglob("*")}

    before = look()
    call("--dry-run", "--against", "1")

    assert before == look()


def test_it_is_compared_with_the_last_run_and_with_one_that_is_named(call):
    """What differs is listed, the older value first; a seed that nobody chose does not count."""
    call("with", "seed=1", "lr=0.2")
    call("with", "seed=1", "lr=0.3")
    _, said = call("--dry-run", "--against", "1", "with", "lr=0.2")

    assert "Differences from the last run, 2 (COMPLETED):\n  lr: 0.3 -> 0.2\n" in said
    assert "No differences from the run named, 1 (COMPLETED)." in said
    assert "seed: 1 -> 7" in call("--dry-run", "with", "lr=0.2", "seed=7")[1]


def test_entries_that_come_and_go_are_told(call):
    """A new entry was none before."""
    call("with", "seed=1")

    assert "  new: none -> 5\n" in call("--dry-run", "with", "+new=5")[1]


def test_runs_of_other_commands_are_not_compared(call):
    """The last run is one of the same experiment and command."""
    call("-n", "other")

    assert "ifferences from" not in call("--dry-run")[1]


def test_what_would_be_refused_is_refused(call):
    """A parameter without a value, an unknown entry or an unknown run is an error as without it."""
    assert (2, True) == ((found := call("needs", "--dry-run"))[0], "needs 'unknown'" in found[1])
    assert (2, True) == ((found := call("--dry-run", "with", "lrr=1"))[0], "Did you mean 'lr'" in found[1])
    assert (2, True) == ((found := call("--dry-run", "--against", "5"))[0], "No run '5'" in found[1])


def test_a_call_returns_the_run_that_is_not_started(tmp_path):
    """`ex.run` with the option decides and returns a Run, and does nothing."""
    ex = Experiment("dry", store=tmp_path / "runs")

    @ex.main
    def main():
        raise AssertionError

    run = ex.run(config_updates={"+x": 3}, options={"dry_run": True})

    assert (Run, False, 3) == (type(run), run.has_started, run.config["x"])
    assert not (tmp_path / "runs").exists()
    assert "x = 3" in run_cli(ex, "--dry-run with +x=3").stdout
    assert 0 == len(expframe.runs(tmp_path / "runs"))


def test_it_says_where_nobody_knows_whether_a_secret_is_another(call):
    """A stored secret whose salt is lost is neither the same nor another one: that is said, no more."""
    call("with", "seed=1")
    Path("runs/_salt").unlink()
    _, out = call("--dry-run", "with", "seed=1")

    assert ["  token: unknown whether another secret"] == out.partition("Differences from")[2].splitlines()[1:]
