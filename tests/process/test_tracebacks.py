"""Stored tracebacks as a terminal shows them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import expframe
from expframe.process.tracebacks import without_own_frames

HERE = Path(expframe.__file__).parent

SCRIPT = """
    from expframe import Experiment
    ex = Experiment("failing")

    @ex.capture
    def inner(lr):
        try:
            {}["lr"]
        except KeyError as problem:
            raise ValueError(f"too large: {lr}") from problem

    @ex.config
    def config():
        lr = 0.1

    @ex.automain
    def main(_run):
        print("learning")
        %s
"""


@pytest.mark.parametrize("raising", ["inner()", "raise ExceptionGroup('both', [ValueError('a'), KeyError('b')])"])
def test_logs_say_why_a_run_failed_as_the_terminal_did(script, environment, cli, tmp_path, raising):
    """`logs` ends with the traceback that the terminal showed, without expframe's frames; the record has all of it."""
    path = script(SCRIPT % raising)
    done = subprocess.run([sys.executable, path], env=environment, cwd=tmp_path, capture_output=True, text=True)
    out = cli("logs", "1")

    def of_user(text):
        lines = text.splitlines()
        first = next(number for number, line in enumerate(lines) if "Traceback" in line)
        return [re.sub(r" \(frames of expframe.*\)", "", line) for line in lines[first:]]

    assert of_user(done.stderr) == of_user(out)
    assert "learning\n" in out
    assert str(HERE) not in out
    assert str(HERE) in expframe.runs("runs")["1"].record.failure.traceback
    found = cli.json("logs", "1")
    assert ("learning" in found["text"], "Traceback" in found["text"]) == (True, False)
    assert found["failure"] in out
    assert out.splitlines()[-1] == cli("logs", "1", "-n", "1").rstrip("\n")
    assert out.splitlines()[-1] == cli("logs", "1", "--follow").splitlines()[-1]


def test_logs_of_a_completed_run_are_its_output(ex, cli):
    """Where nothing failed nothing is added."""
    ex.main(lambda: print("done"))
    ex.run(options={"capture": "sys"})

    assert "Traceback" not in cli("logs", "1")
    assert cli.json("logs", "1")["failure"] is None


FRAME = '  File "{}", line 3, in f\n    f()\n    ^^^'


@pytest.mark.parametrize(
    ("file", "is_own"),
    [
        (HERE / "run" / "run.py", True),
        ("/usr/lib/python3.12/site-packages/expframe/calling.py", True),
        ("/usr/lib/python3.12/site-packages/wrapt/wrappers.py", True),
        ("/other/checkout/expframe/run/run.py", True),
        ("<frozen runpy>", True),
        ("/home/me/expframe/train.py", False),
        ("/home/me/project/expframe/run/run.py", False),
        ("/usr/lib/python3.12/site-packages/torch/nn.py", False),
    ],
)
def test_whose_a_frame_is(file, is_own):
    """Frames of any expframe, and of Python's insides, are no user's; what lies where the run was started is."""
    text = f"Traceback (most recent call last):\n{FRAME.format('/home/me/x.py')}\n{FRAME.format(file)}\nValueError: x\n"
    shown = without_own_frames(text, "/home/me/project")

    assert is_own == (str(file) not in shown)
    assert "/home/me/x.py" in shown and shown.endswith("ValueError: x")


def test_a_traceback_of_expframe_alone_is_whole():
    """Where no frame is a user's, all are shown."""
    text = f"Traceback (most recent call last):\n{FRAME.format(HERE / 'run' / 'run.py')}\nOSError: x"

    assert text == without_own_frames(text)
