"""`--resume-or-start`: one command that starts a run, or goes on with it where there is something to go on with."""

import json
import os
import subprocess
import time
import types

import pytest
from interpreter import run_python, start_python
from test_examples import needs_posix

import expframe
from expframe.__main__ import main as expframe_main
from expframe.errors import OptionError, ResumeError
from expframe.store import attempts

COMMAND = ("--resume-or-start", "job1")


def stored(number):
    """Return a run of the test's folder."""
    return expframe.runs("runs")[number]


@pytest.fixture
def path(script):
    """A script that dies after each of its three steps; it logs who does it."""
    return script(
        """
        import os, sys
        from expframe import Experiment
        ex = Experiment("job")
        @ex.config
        def config():
            lr = 0.1
        @ex.automain
        def main(lr, seed, _run):
            last = _run.last_checkpoint()
            step = last.step if last else 0
            if _run.id is None:
                print("seen", seed, step)
                return
            if "WAITS" in os.environ:
                sys.stdin.read()
                print("seen", seed, step)
                return
            if step < 3:
                _run.checkpoint(step + 1, total=(last["total"] if last else 0) + seed)
                os.kill(os.getpid(), 9)
            return last["total"] / seed
        """,
        "job.py",
    )


@pytest.fixture
def job(path, environment):
    """Run the script; return its exit code and what it said."""

    def run(*words):
        done = run_python([path, *words], env=environment)
        return done.returncode, done.stdout + done.stderr

    return run


@needs_posix
class TestJob:
    """A job that is killed and started again, by one and the same line."""

    def test_it_is_started_and_gone_on_with_until_it_is_done(self, job, tmp_path):
        """The same line starts the run, makes its next attempts, and does nothing once it is COMPLETED."""
        codes = [job(*COMMAND, "with", "lr=0.5")[0] for _ in range(4)]
        code, said = job(*COMMAND, "with", "lr=0.5")
        run = stored("job1")

        assert ([-9, -9, -9, 0], 0) == (codes, code)
        assert f"Run job1 is COMPLETED: {tmp_path / 'runs' / 'job1'}" in said
        assert (4, 3.0, 0.5) == (run.record.attempt, run.result, run.config.values["lr"])
        assert ["job1"] == [found.id for found in expframe.runs("runs")]

    def test_another_config_is_refused_also_when_it_is_done(self, job):
        """Values that are not the run's are no reason to return it, whoever insists."""
        for _ in range(4):
            job(*COMMAND)
        code, said = job(*COMMAND, "-f", "with", "lr=0.5")

        assert 2 == code
        assert "lr: 0.1 -> 0.5" in said

    def test_what_attempts_took_is_added_up(self, job, capsys):
        """`duration`, and `took` of `expframe show`, are of all attempts; the words of each are shown."""
        job(*COMMAND, "with", "lr=0.1")
        job(*COMMAND)
        first = stored("job1").record.worked
        for _ in range(2):
            job(*COMMAND)
        record = stored("job1").record
        expframe_main(["show", "job1"])
        shown = capsys.readouterr().out

        assert 0 < first < record.worked
        assert record.duration == pytest.approx(record.worked + (record.ended - record.resumed).total_seconds())
        assert [(record.duration,)] == list(expframe.runs("runs").rows("duration"))
        assert "  words     --resume-or-start job1 with lr=0.1\n" in shown
        assert "  attempt 4 --resume-or-start job1\n" in shown

    @pytest.mark.parametrize("steps", [0, 1])
    def test_other_ranks_take_part_although_rank_0_is_at_work(self, path, job, environment, steps):
        """A rank above 0 has the run's seed and checkpoint, whether it comes before rank 0 or after it."""
        for _ in range(steps):
            job(*COMMAND)
        marks = {"SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "3", "WAITS": "1"}

        def start(rank):
            variables = {**environment, **marks, "SLURM_PROCID": str(rank)}
            return start_python([path, *COMMAND], env=variables, stdin=subprocess.PIPE, stderr=None)

        ranks = [start(0), start(1)]
        while not any("job1" == run.id and run.status == "RUNNING" for run in expframe.runs("runs")):
            assert ranks[0].poll() is None
            time.sleep(0.05)
        ranks.append(start(2))
        said = [rank.communicate(timeout=120)[0] for rank in reversed(ranks)]  # rank 0 waits for the end of its input

        assert [0, 0, 0] == [rank.returncode for rank in ranks]
        assert {f"seen {stored('job1').record.seed} {steps}\n"} == set(said)


class TestRefusals:
    """What it does not do."""

    def test_a_run_that_goes_on_is_refused(self, ex):
        """Of two at once, one does it."""
        found = []

        @ex.main
        def main(_run):
            with pytest.raises(ResumeError, match="run job1: is running"):
                ex.run(options={"resume_or_start": "job1"})
            found.append(_run.id)

        ex.run(options={"resume_or_start": "job1"})

        assert ["job1"] == found

    @pytest.mark.parametrize("is_alive", [False, True])
    def test_a_run_that_may_have_died_elsewhere_is_waited_for(self, ex, is_alive, monkeypatch):
        """Where only the age of a lease can tell, it is waited until it does, or the lease is touched."""

        @ex.main
        def main(_run):
            if _run.attempt == 1:
                raise RuntimeError("first")
            return _run.attempt

        with pytest.raises(RuntimeError):
            ex.run(options={"resume_or_start": "job1"})
        folder = stored("job1").folder
        record = json.loads((folder / "run.json").read_text())
        (folder / "run.json").write_text(json.dumps({**record, "status": "RUNNING", "ended": None}))
        lease = folder / "lease"
        lease.write_text(json.dumps({"machine": "another", "pid": 1, "started": "1", "interval": 10.0}))
        ago = time.time() - (30 if is_alive else 58)
        for path in folder.iterdir():
            os.utime(path, (ago, ago))
        if is_alive:
            monkeypatch.setattr(attempts, "time", types.SimpleNamespace(sleep=lambda _: os.utime(lease)))
            with pytest.raises(ResumeError, match="is running"):
                ex.run(options={"resume_or_start": "job1"})
        else:
            assert 2 == ex.run(options={"resume_or_start": "job1"}).result

    @pytest.mark.parametrize("other", ["id", "again", "queue", "resume"])
    def test_what_contradicts_it_is_refused(self, ex, other):
        """It names the run, and does it now."""
        ex.main(lambda: None)
        with pytest.raises(OptionError, match=r"goes with none of|does not go with"):
            ex.run(options={"resume_or_start": "job1", other: True if other == "queue" else "1"})

    def test_a_word_that_means_something_else_is_no_id(self, ex):
        """`last` names no run that could be started."""
        ex.main(lambda: None)
        with pytest.raises(OptionError, match="id 'last'"):
            ex.run(options={"resume_or_start": "last"})
