"""Claims of trials by many processes at once, and what becomes of them when their owners are gone."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter

import pytest
from steps import wait_until

from expframe import Experiment, runs
from expframe.record.record import Status
from expframe.store.sweeps.claims import Claims
from expframe.store.sweeps.journal import JournalReader
from expframe.store.sweeps.trials import Trials

WORKER = textwrap.dedent("""
    import pathlib, sys, time

    from expframe.store.sweeps.journal import Journal, new_writer
    from expframe.store.sweeps.trials import Trials

    sweep, size, seconds = pathlib.Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    while not (sweep / "go").exists():
        time.sleep(0.001)
    journal, trials, since = Journal(sweep, new_writer()), Trials(sweep), time.time()
    trials.refresh()
    while True:
        found = next(((n, a) for n, a in trials.open(size, since, 0) if trials.claims.take(n, a, journal.writer)), None)
        if found is None:
            break
        journal.note("started", *found)
        time.sleep(seconds)
        journal.note("ended", *found, status="COMPLETED")
        trials.refresh(judge=False)
    trials.claims.tidy()
""")


@pytest.fixture
def sweep(tmp_path):
    """The folder of a sweep's run."""
    folder = tmp_path / "runs" / "1"
    folder.mkdir(parents=True)
    return folder


def start(sweep, environment, size, seconds=0.0):
    """Start a process that claims and does trials until none is left."""
    return subprocess.Popen([sys.executable, "-c", WORKER, sweep, str(size), str(seconds)], env=environment)


def ended(sweep):
    """Return how often each trial was done."""
    return Counter(entry.trial for entry in JournalReader(sweep).news() if entry.event == "ended")


class TestManyProcesses:
    """Of those that try at once just one has a claim."""

    def test_each_trial_is_done_once(self, sweep, environment):
        """Processes that begin at one moment share all trials: none is left, and none is done twice."""
        workers = [start(sweep, environment, 40) for _ in range(6)]
        (sweep / "go").touch()
        codes = [worker.wait(60) for worker in workers]

        assert [0] * 6 == codes
        assert dict.fromkeys(range(40), 1) == dict(ended(sweep))
        assert {number: 1 for number in range(40)} == Claims(sweep).newest()
        assert [] == [name for name in os.listdir(sweep / "claims") if name.startswith(".")]

    def test_those_of_the_killed_are_taken_up(self, sweep, environment):
        """What a process had claimed that was killed is another attempt for those that come after it."""
        killed = start(sweep, environment, 4, 3000.0)
        (sweep / "go").touch()
        wait_until((sweep / "claims" / "000000.1").exists)
        before = Trials(sweep)
        before.refresh()
        killed.send_signal(signal.SIGKILL)
        killed.wait(10)
        after = start(sweep, environment, 4)

        assert Status.RUNNING == before[0].status
        assert 0 == after.wait(60)
        assert {0: 2, 1: 1, 2: 1, 3: 1} == Claims(sweep).newest()
        assert dict.fromkeys(range(4), 1) == dict(ended(sweep))


class TestOneClaim:
    """A claim says whose it is from its first moment on."""

    def test_the_owner_is_this_process(self, sweep):
        """Whoever takes a claim has it, and nobody takes it again."""
        claims, others = Claims(sweep), Claims(sweep)

        assert claims.take(17, 1, "me")
        assert not others.take(17, 1, "other")
        assert "me" == claims.of(17, 1).writer
        assert os.getpid() == claims.of(17, 1).lease.pid
        assert (Status.RUNNING, "", "") == claims.status_of(17, 1)

    def test_a_lost_reply_is_no_lost_claim(self, sweep, monkeypatch):
        """Where the file system has done it and says that it failed, the claim is ours all the same."""
        claims = Claims(sweep)
        original = type(sweep).rename

        def rename(self, target):
            original(self, target)
            raise FileNotFoundError(self)

        monkeypatch.setattr(type(sweep), "rename", rename)

        assert claims.take(3, 1, "me")
        assert {3: 1} == claims.newest()

    def test_what_cannot_be_written_is_said(self, sweep):
        """A folder that refuses raises: it is no claim of somebody else."""
        (sweep / "claims").write_text("in the way")

        with pytest.raises(OSError, match="claims"):
            Claims(sweep).take(1, 1, "me")

    def test_an_attempt_runs_while_its_owner_is_there(self, sweep):
        """The end of a run is not that of its attempt before the owner has said so: a launcher's others may go on."""
        ex = Experiment("toy", store=sweep.parent)
        ex.main(lambda: 1)
        run = ex.run()
        claims = Claims(sweep)
        claims.take(1, 1, "me")
        claims.note_run(1, 1, run.id)
        owned = claims.status_of(1, 1)
        owner = claims.path(1, 1) / "owner"
        data = json.loads(owner.read_text())
        owner.write_text(json.dumps({**data, "lease": {**data["lease"], "started": "another one"}}))

        assert (Status.RUNNING, run.id, "") == owned
        assert (Status.COMPLETED, run.id, "") == claims.status_of(1, 1)

    def test_what_a_run_failed_with_is_said_before_somebody_writes_it_down(self, sweep):
        """Where whoever did an attempt is gone before he noted its end, readers have what its run failed with."""
        ex = Experiment("toy", store=sweep.parent)
        ex.main(lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ex.run()
        claims = Claims(sweep)
        claims.take(1, 1, "me")
        (run,) = runs(sweep.parent)
        claims.note_run(1, 1, run.id)
        owner = claims.path(1, 1) / "owner"
        data = json.loads(owner.read_text())
        owner.write_text(json.dumps({**data, "lease": {**data["lease"], "started": "another one"}}))
        trials = Trials(sweep)
        trials.refresh()
        (found,) = trials

        assert ("FAILED", "ZeroDivisionError: division by zero") == (found.status, found.newest.error)

    def test_a_damaged_owner_is_gone(self, sweep):
        """A claim whose owner cannot be read died, so that the trial goes on."""
        claims = Claims(sweep)
        claims.take(1, 1, "me")
        (claims.path(1, 1) / "owner").write_text("{")

        assert (Status.DIED, "", "") == claims.status_of(1, 1)

    def test_a_claim_from_elsewhere_is_judged_by_its_age(self, sweep):
        """Of an owner on another machine only the age of the claim tells, until it has a run."""
        claims = Claims(sweep)
        claims.take(1, 1, "me")
        owner = claims.path(1, 1) / "owner"
        data = json.loads(owner.read_text())
        owner.write_text(json.dumps({**data, "lease": {**data["lease"], "machine": "elsewhere"}}))
        young = claims.status_of(1, 1)
        old = time.time() - 3600
        os.utime(claims.path(1, 1), (old, old))

        assert (Status.RUNNING, "", "") == young
        assert (Status.DIED, "", "") == claims.status_of(1, 1)

    def test_a_claim_is_touched_until_it_has_a_run(self, sweep, monkeypatch):
        """However long a trial takes to begin, others elsewhere see that its owner is there; then its run says so."""
        monkeypatch.setattr("expframe.store.sweeps.claims._BEAT", 0.02)
        claims = Claims(sweep)
        for number in (1, 2):
            claims.take(number, 1, "me")
            claims.hold(number, 1)
        claims.note_run(1, 1, "7")
        for _ in range(3):  # a round that had begun before it was noted may be under way
            for number in (1, 2):
                os.utime(claims.path(number, 1), (1, 1))
            wait_until(lambda: claims.of(2, 1).touched > 1)
        claims.let_go(2, 1)

        assert time.time() - claims.of(2, 1).touched < 600
        assert 1 == claims.of(1, 1).touched

    def test_a_folder_made_ready_long_ago_is_young_when_it_claims(self, sweep):
        """A claim is as old as itself, not as what was made ready for it."""
        claims = Claims(sweep)
        others = Claims(sweep)
        others.take(1, 1, "other")
        assert not claims.take(1, 1, "me")
        aside = next(path for path in claims.folder.iterdir() if path.name.startswith("."))
        os.utime(aside, (1, 1))
        claims.take(2, 1, "me")

        assert time.time() - claims.of(2, 1).touched < 600
