"""Workers and trials are killed at random moments: nothing is lost, and nothing is done twice."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


def under_fire(folder, environment, schedules, workers):
    """Return what came of random schedules of twelve trials."""
    words = [sys.executable, Path(__file__).with_name("torture.py"), folder, *map(str, (schedules, 12, workers, 1))]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.once
def test_nothing_is_lost_or_done_twice_under_fire(tmp_path, environment):
    """Whoever is killed, and whenever: in the end each trial is COMPLETED once."""
    found = under_fire(tmp_path, environment, 2, 4)

    assert [[], []] == [one["lost"] for one in found]
    assert [[], []] == [one["twice"] for one in found]
    assert [8, 8] == [one["killed"] for one in found]


@pytest.mark.slow
def test_nothing_is_lost_or_done_twice_in_200_schedules(tmp_path, environment):
    """The same with sixteen workers and 200 schedules."""
    found = under_fire(tmp_path, environment, 200, 16)

    assert 200 == len(found)
    assert [] == [one for one in found if one["lost"] or one["twice"]]
