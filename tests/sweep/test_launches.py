"""Trials of several processes each, which a launcher starts."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import pytest
from steps import wait_until

from expframe import runs
from expframe.process import identity
from expframe.sweep import launches
from expframe.sweep.launches import launched
from expframe.sweep.settings import WorkAsked
from expframe.sweep.sweep_run import SweepRun
from expframe.sweep.worker import Worker

once = pytest.mark.once  # they are many processes, and the same on all Pythons

LAUNCHER = Path(__file__).with_name("launcher.py")
SCRIPT = textwrap.dedent("""
    import os
    import time
    from pathlib import Path

    from expframe import Experiment

    ex = Experiment("toy")
    ex.add_config(lr=1, does="ends", steps=1)


    @ex.config
    def before_the_run_of_the_first_rank(lr, does):
        if lr == 2 and os.environ.get("RANK") == "0":
            if does == "raises early":
                time.sleep(60)
            if does == "dies early":
                os.kill(os.getpid(), 9)


    @ex.automain
    def main(lr, does, steps, seed, _run):
        rank = int(os.environ.get("RANK", 0))
        Path(f"rank-{lr}-{_run.record.sweep.get('attempt')}-{rank}").write_text(f"{seed} {os.getpid()}")
        print("printed by", rank)
        _run.log_scalar("rank", rank)
        if does.startswith("raises") and rank == 1 and lr == 2:
            raise ValueError("rank 1 cannot")
        if does == "dies" and rank == 0 and lr == 2:
            os.kill(os.getpid(), 9)
        if does == "leaves" and rank:
            time.sleep(300)
        done = _run.last_checkpoint().step if _run.last_checkpoint() else 0
        for step in range(done + 1, steps + 1):
            while does == "dawdles" and lr < 3 and step > 3:  # until it is told to end
                time.sleep(0.02)
            if (does == "waits" and step > 1) or (does in ("raises", "dies") and lr == 2):
                while not Path("go").exists():
                    if does == "waits" and _run.should_stop:
                        return None
                    time.sleep(0.02)
            _run.log_scalar("loss", step / lr, step)
            if does == "waits":
                _run.checkpoint(step, at=step)
        other = Path(f"rank-{lr}-{_run.record.sweep.get('attempt')}-{1 - rank}")
        is_of_two = does == "waits" or (does == "leaves" and "RANK" in os.environ)
        while is_of_two and not (other.exists() and other.read_text()):  # as ranks do that talk to each other
            time.sleep(0.02)
        return lr * 10
""")


class Launched:
    """A script in a folder, whose trials are started by a launcher."""

    def __init__(self, folder, environment):
        self.folder = folder
        self.environment = {**environment, "COLUMNS": "200"}
        (folder / "toy.py").write_text(SCRIPT)

    def start(self, *words):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
        return subprocess.Popen([sys.executable, *words], cwd=self.folder, env=self.environment, text=True, **pipes)

    def do(self, *words):
        process = self.start(*words)
        text, _ = process.communicate(timeout=120)
        return process.returncode, text

    def sweep(self, *words, ranks=2):
        return self.do("toy.py", "sweep", "with", *words, "--launch", f"{sys.executable} {LAUNCHER} {ranks}")

    @property
    def trials(self):
        """Each trial as status, attempt, result of its run and error, in the order of their numbers."""
        found = runs(self.folder / "runs")
        states = found[1].sweep.trials
        result = {state.run: found[state.run].result for state in states if state.run}
        return [(s.status, s.attempt, result.get(s.run), s.newest.error) for s in states]

    def said(self, name):
        """Return what a rank has written down of itself: its seed, its process."""
        return [int(word) for word in (self.folder / name).read_text().split()]

    def wait_for(self, name):
        deadline = time.monotonic() + 60
        path = self.folder / name
        while not path.exists() or not (path.is_dir() or path.read_text()):
            assert time.monotonic() < deadline, f"{name} has never come"
            time.sleep(0.02)


@pytest.fixture
def toy(tmp_path, environment):
    """A script whose trials a launcher starts; none of their processes outlives the test."""
    yield Launched(tmp_path, environment)
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with suppress(OSError):
            if str(tmp_path).encode() in Path("/proc", name, "cmdline").read_bytes():
                os.kill(int(name), signal.SIGKILL)


@pytest.mark.once
def test_a_trial_is_one_run_of_several_processes(toy):
    """Each trial is begun by the launcher once: its ranks share config and seed, and the first keeps the run."""
    code, text = toy.sweep("lr=1,2,3", "-j", "2", ranks=3)
    seeds = [[toy.said(f"rank-{lr}-1-{rank}")[0] for rank in range(3)] for lr in (1, 2, 3)]
    found = runs(toy.folder / "runs")

    assert 0 == code, text
    assert [("COMPLETED", 1, lr * 10, "") for lr in (1, 2, 3)] == toy.trials
    assert 4 == len(found)
    assert [1, 1, 1] == [len(set(of_ranks)) for of_ranks in seeds]
    assert {seeds[0][0], seeds[1][0], seeds[2][0]} == {run.seed for run in found[1].children}
    assert [[0.0]] * 3 == [run.metrics("rank").values for run in found[1].children]
    assert [True] * 3 == ["printed by 0\n" in run.output() for run in found[1].children]
    assert "COMPLETED 10 in" in text
    assert [] == list((toy.folder / "runs/1/workers").glob("00*"))


@once
@pytest.mark.parametrize("does", ["raises", "raises early"], ids=["while the first works", "before the first begins"])
def test_what_another_rank_fails_with_is_the_trials_failure(toy, does):
    """Where a rank other than the first fails, the trial FAILED, says which one and with what, and others go on."""
    code, text = toy.sweep("lr=1,2,3", f"does={does}")

    assert 1 == code
    assert ["COMPLETED", "FAILED", "COMPLETED"] == [status for status, *_ in toy.trials]
    assert "rank 1: ValueError: rank 1 cannot" == toy.trials[1][3]
    assert "FAILED" in text and "ValueError: rank 1 cannot" in text
    assert "ValueError: rank 1 cannot" in (toy.folder / "runs/1/workers/000001.1.txt").read_text()


@once
def test_a_first_rank_that_is_killed_died(toy):
    """Where the first rank is killed its run DIED, and a new attempt takes its place with --retry."""
    _, text = toy.sweep("lr=1,2", "does=dies", "--retry", "1")

    assert [("COMPLETED", 1, 10), ("DIED", 2, None)] == [found[:3] for found in toy.trials], text
    assert "launcher.py" not in toy.trials[1][3] and "ended with 1" in toy.trials[1][3]


@once
def test_a_first_rank_that_is_killed_before_its_run_died(toy):
    """Where the first rank is killed before it begins the run, that trial DIED, and others go on."""
    code, text = toy.sweep("lr=1,2,3", "does=dies early")

    assert 1 == code
    assert [("COMPLETED", 1, 10), ("DIED", 1, None), ("COMPLETED", 1, 30)] == [found[:3] for found in toy.trials], text
    assert "launcher.py" not in toy.trials[1][3] and "ended with 1" in toy.trials[1][3]


def start_one(toy):
    """Start a sweep of one trial that waits behind its first checkpoint, and return its process and its ranks."""
    launcher = f"{sys.executable} {LAUNCHER} 2"
    process = toy.start("toy.py", "sweep", "with", "lr=1", "does=waits", "steps=2", "--launch", launcher)
    toy.wait_for("runs/2/checkpoints/1")
    toy.wait_for("rank-1-1-1")
    return process, [toy.said(f"rank-1-1-{rank}")[1] for rank in (0, 1)]


@once
def test_a_stop_reaches_every_rank(toy):
    """A sweep that is stopped ends all processes of its trials; resumed, the same run goes on from its checkpoint."""
    process, ranks = start_one(toy)
    toy.do("-m", "expframe", "sweep", "stop", "1")
    text, _ = process.communicate(timeout=120)
    stopped = toy.trials
    (toy.folder / "go").touch()
    code, more = toy.do("toy.py", "sweep", "--resume", "1")

    assert [("INTERRUPTED", 1, None)] == [found[:3] for found in stopped], text
    assert ["", ""] == [identity.start_of(pid) for pid in ranks]
    assert 0 == code, more
    assert [("COMPLETED", 2, 10, "")] == toy.trials, more
    assert [1, 2] == list(runs(toy.folder / "runs")[2].metrics("loss").steps)
    assert toy.said("rank-1-2-0")[0] == toy.said("rank-1-2-1")[0] == toy.said("rank-1-1-0")[0]


@once
def test_a_killed_trial_goes_on_from_its_checkpoint(toy):
    """Where everything is killed, the sweep goes on in the same run, with all ranks."""
    process, _ = start_one(toy)
    for pid in [process.pid, *identity.below(process.pid)]:
        with suppress(ProcessLookupError):  # it has just ended by itself
            os.kill(pid, signal.SIGKILL)
    process.communicate(timeout=120)
    (toy.folder / "go").touch()
    code, text = toy.do("toy.py", "sweep", "--resume", "1")

    assert 0 == code, text
    assert [("COMPLETED", 2, 10, "")] == toy.trials
    assert [1, 2] == list(runs(toy.folder / "runs")[2].metrics("loss").steps)
    assert (toy.folder / "rank-1-2-1").exists()


@once
def test_the_first_rank_is_pruned(toy):
    """Rank 0 is told that its trial is to end early; the job ends with it, and the trial is PRUNED, at a rung."""
    launcher = f"{sys.executable} {LAUNCHER} 2"
    words = [
        "lr=3,2,1",
        "steps=9",
        "does=dawdles",
        "--metric",
        "loss.min",
        "--prune",
        "asha:steps",
        "--launch",
        launcher,
    ]
    code, text = toy.do("toy.py", "sweep", "with", *words)
    newest = [state.newest for state in runs(toy.folder / "runs")[1].sweep.trials]

    assert 0 == code, text
    assert ["COMPLETED", "PRUNED", "PRUNED"] == [attempt.status for attempt in newest]
    assert [[1, 0.5], [1, 1.0]] == [attempt.facts["rung"] for attempt in newest[1:]]


@once
def test_what_is_left_of_a_job_is_ended(toy, monkeypatch):
    """Ranks that go on when the run is over are ended after a while, whatever they wait for."""
    toy.do("toy.py", "sweep", "with", "lr=1", "does=leaves", "--launch", "nice")
    toy.do("-m", "expframe", "sweep", "retry", "1", "0")
    plan = toy.folder / "runs/1/sweep.json"
    plan.write_text(plan.read_text().replace('"nice"', f'"{sys.executable}", "{LAUNCHER}", "2"'))
    monkeypatch.setattr(launches, "_LEFT", 0.5)
    Worker(SweepRun.read(runs(toy.folder / "runs")[1]), WorkAsked(), lambda _event: None).work()

    assert [("COMPLETED", 2, 10, "")] == toy.trials
    wait_until(lambda: "" == identity.start_of(toy.said("rank-1-2-1")[1]))  # its launcher may be killed before it


@pytest.mark.once
def test_a_launcher_that_begins_nothing_is_said(toy):
    """Where a launcher ends before a run has begun, the sweep ends with what it has said."""
    code, text = toy.do("toy.py", "sweep", "with", "lr=1,2", "--launch", "ls --no-such-option")

    assert 1 == code
    assert "ls ended with 2: " in text
    assert "has a launcher that begins no run" in text
    assert ["DIED"] == [status for status, *_ in toy.trials]


def test_a_launcher_that_is_not_there_is_refused(toy):
    """A launcher that is not found is refused before anything is started."""
    code, text = toy.do("toy.py", "sweep", "with", "lr=1,2", "--launch", "torchrum --nproc-per-node 4")

    assert 2 == code
    assert "UsageError: --launch 'torchrum': is no program that is found here. Install it, or give its path." in text
    assert not (toy.folder / "runs").exists()


@once
def test_ranks_that_cannot_be_told_apart_are_refused(toy):
    """A launcher that starts several processes and tells nobody which is which makes no second run of a trial."""
    twice = toy.folder / "twice.sh"
    twice.write_text('#!/bin/sh\n"$@" &\n"$@" &\nwait\n')
    twice.chmod(0o755)
    toy.do("toy.py", "sweep", "with", "lr=1", "--launch", str(twice))

    assert 2 == len(runs(toy.folder / "runs"))


@once
def test_any_words_may_stand_before_the_interpreter(toy):
    """A launcher that makes no ranks, as `nice`, does each trial in one process."""
    code, text = toy.do("toy.py", "sweep", "with", "lr=1,2", "--launch", "nice -n 1", "--search", "random")

    assert 0 == code, text
    assert [10, 20] == sorted(result for _, _, result, _ in toy.trials)


def test_needed_is_refused(toy):
    """Ranks cannot each ask whether their trial is needed."""
    code, text = toy.do("toy.py", "sweep", "with", "lr=1,2", "--launch", "nice", "--needed")

    assert 2 == code
    assert "OptionError: --needed: cannot be with --launch" in text


@once
def test_the_plan_keeps_the_launcher(toy):
    """Workers elsewhere find the launcher in the plan; Python says it as a text or in words."""
    script = SCRIPT.replace("@ex.automain", "@ex.main")
    run = "ex.sweep('lr=1,2', launch=['nice', '-n', '1']).run()"
    (toy.folder / "toy.py").write_text(f"{script}\nif __name__ == '__main__':\n    {run}\n")
    _, text = toy.do("toy.py")

    assert ["nice", "-n", "1"] == json.loads((toy.folder / "runs/1/sweep.json").read_text())["launch"], text
    assert [10, 20] == [result for _, _, result, _ in toy.trials]


@pytest.mark.parametrize(
    ("launcher", "said"),
    [
        ("torchrun --nproc-per-node 4", "torchrun --nproc-per-node 4 -m expframe work 1"),
        ("/opt/bin/torchrun", "/opt/bin/torchrun -m expframe work 1"),
        (
            "python -m torch.distributed.run --standalone",
            "python -m torch.distributed.run --standalone -m expframe work 1",
        ),
        ("accelerate launch", "accelerate launch -m expframe work 1"),
        ("ours --module", "ours --module expframe work 1"),
        ("mpirun -n 4", "mpirun -n 4 py -m expframe work 1"),
        ("srun", "srun py -m expframe work 1"),
    ],
)
def test_a_launcher_of_python_is_given_the_module(launcher, said):
    """What starts Python by itself is given the module, any other launcher the interpreter."""
    assert said.split() == launched(launcher.split(), ["py", "-m", "expframe", "work", "1"])
