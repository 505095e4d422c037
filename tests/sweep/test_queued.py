"""Runs that wait are done by `expframe work` without an id."""

import json

import pytest
from interpreter import run_python

from expframe import runs
from expframe.record.record import Status

SCRIPT = """
from expframe import Experiment

ex = Experiment("waiting")
ex.add_config(x=1)

@ex.main
def main(x):
    if x == 3:
        raise ValueError("three")
    return x

@ex.command
def other(x):
    return -x

if __name__ == "__main__":
    ex.run_commandline()
"""


@pytest.fixture
def do(tmp_path, environment, script):
    """Do a command line in the test's folder, and return its exit code, what was printed and what was complained of."""
    script(SCRIPT, "waiting.py")

    def call(*words):
        done = run_python(words, env=environment)
        return done.returncode, done.stdout, done.stderr

    return call


def queue(do, *words):
    """Queue a run."""
    code, _, said = do("waiting.py", *words)
    assert 0 == code, said


@pytest.mark.once
def test_they_are_done_by_priority(do, tmp_path):
    """Those of the highest priority come first, then the oldest; each is the run that it was, with its command."""
    queue(do, "-q", "with", "x=1")
    queue(do, "other", "-q", "-P", "2", "with", "x=2")
    queue(do, "-q", "with", "x=4", "seed=5")
    code, text, said = do("-m", "expframe", "work", "--json")
    events = [json.loads(line) for line in text.splitlines()]

    assert 0 == code, said
    assert ["2", "1", "3"] == [event["run"] for event in events if event.get("event") == "ended"]
    assert {"version": 1, "command": "work", "done": 3, "failed": 0} == events[-1]
    assert [("1", 1), ("2", -2), ("3", 4)] == sorted((run.id, run.result) for run in runs(tmp_path / "runs"))
    assert {(Status.COMPLETED, 1)} == {(run.status, run.attempt) for run in runs(tmp_path / "runs")}
    assert 5 == runs(tmp_path / "runs")[3].seed


@pytest.mark.once
def test_a_failure_stops_no_other(do):
    """A run that fails is said, costs no other, and makes the exit code 1; where none waits that is said."""
    queue(do, "-q", "with", "x=3")
    queue(do, "-q", "with", "x=4")
    code, text, _ = do("-m", "expframe", "work")
    again, nothing, _ = do("-m", "expframe", "work")

    assert 1 == code
    assert "run 1: FAILED" in text
    assert "ValueError: three" in text
    assert "run 2: COMPLETED" in text
    assert "2 runs done, 1 failed" in text
    assert (0, "No run waits.\n") == (again, nothing)


def test_what_cannot_be_begun_waits_on(do, tmp_path):
    """A run whose script is gone is said and stays QUEUED."""
    queue(do, "-q")
    (tmp_path / "waiting.py").unlink()
    code, text, _ = do("-m", "expframe", "work")

    assert 1 == code
    assert "cannot be begun here: its script" in text
    assert Status.QUEUED == runs(tmp_path / "runs")[1].status
