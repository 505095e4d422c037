"""Programs that are killed, on storage that fails, or both: what was promised holds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import expframe
from tests.torture.faults import KINDS, Faults, compile_library

ROOT = Path(__file__).parent.parent.parent


def under_fire(kind, numbers, folder, environment):
    """Return what does not hold of programs, and what they did."""
    words = [sys.executable, "-m", "tests.torture", kind, *map(str, numbers), "--folder", folder]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    *wrong, last = map(json.loads, done.stdout.splitlines())
    return wrong, last["counts"]


@pytest.mark.once
@pytest.mark.parametrize("kind", ["kill", "fault", "both"])
def test_what_was_promised_holds_under_fire(tmp_path, environment, kind):
    """What `save`, `checkpoint` and `add_artifact` have said is there, and no run reads as what it was not."""
    wrong, counts = under_fire(kind, (0, 40), tmp_path, environment)

    assert [] == wrong
    assert 40 == counts["programs"]


ONE = """
from expframe import Experiment

ex = Experiment("one")
ex.add_config(n=1)


@ex.automain
def main(n):
    return n
"""


@pytest.mark.once
@pytest.mark.parametrize("kind", ["open", "write"])
def test_a_journal_that_takes_no_line_ends_a_sweep(tmp_path, environment, kind):
    """No trial is begun without end since none can be written down; where that is mended the sweep goes on."""
    (tmp_path / "one.py").write_text(ONE)
    failing = Faults(lasting=0, kinds=KINDS[kind]).told(tmp_path / "runs/1/trials", tmp_path / "faults")
    library = {"LD_PRELOAD": str(compile_library(tmp_path)), "FAULTS": failing}

    def sweep(*words, **variables):
        done = subprocess.run(
            [sys.executable, "one.py", "sweep", *words, "-j", "1"],
            cwd=tmp_path,
            env={**environment, **variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stderr

    code, said = sweep("with", "n=1,2,3", **library)
    assert code not in (0, None)
    assert "SaveError: journal of sweep 1: takes no line" in said
    assert "Traceback" not in said
    assert len(expframe.runs(tmp_path / "runs")) < 5

    assert 0 == sweep("--resume", "1", "--retry", "failed")[0]
    assert {"completed": 3} == expframe.runs(tmp_path / "runs")["1"].result


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sweep", "sweep-fault"])
def test_what_trials_were_promised_holds_in_20_sweeps(tmp_path, environment, kind):
    """Whoever does a sweep is killed: in the end each trial is done once, and each attempt reads as what it was."""
    wrong, counts = under_fire(kind, (0, 20), tmp_path, environment)

    assert [] == wrong
    assert 20 == counts["sweeps"]


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 1500, 300))
@pytest.mark.parametrize("kind", ["kill", "fault", "both"])
def test_what_was_promised_holds_in_1500_programs_of_each_kind(tmp_path, environment, kind, start):
    """The same, more often."""
    wrong, counts = under_fire(kind, (start, start + 300), tmp_path, environment)

    assert [] == wrong
    assert 300 == counts["programs"]
