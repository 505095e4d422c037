"""What is told where standard output takes no more."""

import os
import subprocess
from pathlib import Path

import pytest
from interpreter import start_python

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full"),
]

TRAIN = """
from expframe import Experiment
ex = Experiment("train")

@ex.config
def config():
    lr = 0.1

@ex.automain
def main(lr):
    print("training")
"""

PROGRAMS = {
    "version": ["-m", "expframe", "--version"],
    "ls": ["-m", "expframe", "ls"],
    "json": ["-m", "expframe", "ls", "--json"],
    "logs": ["-m", "expframe", "logs", "1"],
    "completion": ["-m", "expframe", "completion", "bash"],
    "sweeps": ["-m", "expframe", "sweep", "--help"],
    "script": ["train.py", "--help"],
    "config": ["train.py", "print_config"],
    "preview": ["train.py", "--dry-run"],
    "sweep": ["train.py", "sweep", "--dry-run", "with", "lr=1,2"],
}


@pytest.fixture
def do(script, environment):
    """Return what does a program, with or without a buffer, whose standard output leads to a file."""
    script(TRAIN, name="train.py")

    def do(words, stdout, *, unbuffered):
        variables = {**environment, **({"PYTHONUNBUFFERED": "1"} if unbuffered else {})}
        process = start_python(words, env=variables, stdin=subprocess.DEVNULL, stdout=stdout)
        _, said = process.communicate()
        return process.returncode, said

    return do


@pytest.mark.parametrize("unbuffered", [False, True])
@pytest.mark.parametrize("program", PROGRAMS)
def test_output_that_cannot_be_written_is_one_line_of_complaint(do, program, unbuffered):
    """As of any tool: exit code 1, no traceback and nothing of Python's; silence and 0 where nobody reads on."""
    do(["train.py"], subprocess.DEVNULL, unbuffered=False)
    with open("/dev/full", "w") as full:
        refused = do(PROGRAMS[program], full, unbuffered=unbuffered)
    read, written = os.pipe()
    os.close(read)
    unread = do(PROGRAMS[program], written, unbuffered=unbuffered)
    os.close(written)

    assert (1, "expframe: cannot write to standard output: No space left on device\n") == refused
    assert (0, "") == unread


@pytest.mark.parametrize("unbuffered", [False, True])
def test_a_config_that_cannot_be_shown_is_no_reason_not_to_begin(do, unbuffered):
    """A run with -p is done all the same where nobody reads its config."""
    read, written = os.pipe()
    os.close(read)
    said = do(["train.py", "-p", "-C", "fd"], written, unbuffered=unbuffered)[1]
    os.close(written)

    assert "Started 'main' in runs/1" in said


@pytest.mark.parametrize("mode", ["no", "sys"])
def test_a_print_that_is_refused_is_told_by_the_line_that_prints(do, mode):
    """Whatever stands between, the traceback ends where the user printed, as without it."""
    with open("/dev/full", "w") as full:
        code, said = do(["train.py", "-C", mode], full, unbuffered=True)
    frames = [line for line in said.splitlines() if line.startswith("  File ")]

    assert (1, 1) == (code, len(frames))
    assert "train.py" in frames[0]
    assert "OSError: [Errno 28] No space left on device" == said.splitlines()[-1]
