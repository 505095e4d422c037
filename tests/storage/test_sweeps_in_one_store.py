"""Sweeps side by side in one store, and one whose store is moved while it goes on."""

import pytest
from interpreter import run_python, start_python

import expframe


@pytest.fixture
def path(script):
    """A script whose sweeps have six trials."""
    return script("""
        import time
        from pathlib import Path
        from expframe import Experiment

        ex = Experiment("swept")

        @ex.config
        def config():
            lr, n = 0, 0

        @ex.automain
        def main(lr, n):
            while n > 1 and not Path(__file__).with_name("go").exists():
                time.sleep(0.01)
            return lr * n
    """)


WORDS = ("sweep", "with", "lr=1,2", "n=1,2,3")
RESULTS = [1, 2, 2, 3, 4, 6]


def results_of(store, sweep):
    """Return what the trials of a sweep came to, each that is done, in order."""
    trials = [run for run in expframe.runs(store).where("status == 'COMPLETED'") if run.record.sweep]
    return sorted(run.result for run in trials if run.record.parent_id == sweep)


@pytest.mark.slow
def test_two_sweeps_in_one_store_do_their_own(tmp_path, path, environment):
    """Of two sweeps of one script that go on at once in one store each has its own trials, and each trial once."""
    (tmp_path / "go").touch()
    sweeps = [start_python([path, *WORDS], env=environment) for _ in range(2)]
    for sweep in sweeps:
        said, _ = sweep.communicate(timeout=120)
        assert 0 == sweep.returncode and "6 trials: 6 completed" in said

    one, other = expframe.runs(tmp_path / "runs").where("command == 'sweep'").ids()
    assert RESULTS == results_of(tmp_path / "runs", one) == results_of(tmp_path / "runs", other)
    assert 14 == len(expframe.runs(tmp_path / "runs"))


@pytest.mark.once
def test_a_sweep_whose_store_is_moved_says_how_to_go_on(tmp_path, path, environment):
    """It ends with what was done, says where its store is now, and goes on from there without doing anything twice."""
    with start_python([path, *WORDS], env=environment) as sweep:
        said = ""
        while "[1/6]" not in said:
            said += (line := sweep.stdout.readline())
            assert line, said
        (tmp_path / "runs").rename(tmp_path / "moved")
        (tmp_path / "go").touch()
        rest, problems = sweep.communicate(timeout=120)
    lines = (said + rest).splitlines()

    assert 1 == sweep.returncode, problems
    assert f"Its store was moved to {tmp_path / 'moved'} while it went on." in lines
    assert f"Go on with: expframe sweep {path.name} --resume 1 -F {tmp_path / 'moved'}" in lines
    done = run_python([path, "sweep", "--resume", "1", "-F", tmp_path / "moved"], env=environment)
    assert 0 == done.returncode and "6 trials: 6 completed" in done.stdout
    assert RESULTS == results_of(tmp_path / "moved", "1")


@pytest.mark.once
def test_what_is_gone_while_a_sweep_is_read_is_passed_over(tmp_path, path, environment, cli):
    """A part of the journal that was listed, and is not there when it is opened, keeps nobody from the rest."""
    (tmp_path / "go").touch()
    assert 0 == run_python([path, *WORDS], env=environment).returncode
    (tmp_path / "runs" / "1" / "trials" / "gone-1-0.jsonl").symlink_to("nowhere")
    cli("sweep", "show", "1")

    assert 0 == cli.code, cli.err
    assert "6 completed" in cli.out
