"""Programs that are killed, on storage that fails, or both: what was promised holds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

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
