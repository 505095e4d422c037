"""How trials are, by the journal, claims, records and leases."""

import gc
import json
import math
import sys
import time
from pathlib import Path

import pytest

import expframe
from expframe.record.record import Status
from expframe.store.sweeps import trials as of_trials
from expframe.store.sweeps.claims import Claims
from expframe.store.sweeps.journal import Journal, JournalReader, new_writer
from expframe.store.sweeps.trials import WAITING, Trials

PACKAGE = str(Path(expframe.__file__).parent)


@pytest.fixture
def sweep(tmp_path):
    """The folder of a sweep's run."""
    folder = tmp_path / "runs" / "1"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def journal(sweep):
    """A writer of its journal."""
    return Journal(sweep, new_writer())


def folded(sweep):
    """Return its trials as they are now."""
    trials = Trials(sweep)
    trials.refresh()
    return trials


def begin(sweep, number, attempt=1):
    """Claim an attempt for a process that is gone."""
    claims = Trials(sweep).claims
    claims.take(number, attempt, "gone")
    owner = claims.path(number, attempt) / "owner"
    data = json.loads(owner.read_text())
    owner.write_text(json.dumps({**data, "lease": {**data["lease"], "started": "1"}}))
    return claims


class TestJournal:
    """What is written is read back, once, whoever wrote it."""

    def test_reading_goes_on_where_it_was(self, sweep, journal):
        """Each entry is read once, also of writers that come later."""
        reader = JournalReader(sweep)
        journal.note("started", 1, 1, run="7")
        first = list(reader.news())
        Journal(sweep, new_writer()).note("ended", 1, 1, status="COMPLETED", values={"result": math.inf})
        second = list(reader.news())

        assert [("started", {"run": "7"})] == [(entry.event, entry.facts) for entry in first]
        assert ["ended"] == [entry.event for entry in second]
        assert math.inf == folded(sweep)[1].newest.values["result"]

    def test_damage_costs_a_line(self, sweep, journal):
        """A line that is torn or no entry is left out, and those around it are read."""
        journal.note("started", 1, 1)
        path = next((sweep / "trials").iterdir())
        path.write_bytes(path.read_bytes() + b'{"event": "en\n[1]\n{"event": "x", "trial": "1"}\n')
        journal.note("started", 2, 1)
        path.write_bytes(path.read_bytes() + b'{"event": "started", "tri')

        assert [1, 2] == [entry.trial for entry in JournalReader(sweep).news()]


class TestStatus:
    """The newest attempt says how a trial is."""

    def test_order_of_writers_does_not_matter(self, sweep):
        """What an earlier attempt's writer says late changes nothing of a later attempt."""
        first, second = Journal(sweep, "b"), Journal(sweep, "a")
        first.note("started", 5, 1, run="7")
        first.note("ended", 5, 1, status="FAILED", error="ValueError: no")
        second.note("started", 5, 2, run="8")
        second.note("ended", 5, 2, status="COMPLETED", values={"result": 2.0})
        state = folded(sweep)[5]

        assert (2, "COMPLETED", "8", 1) == (state.attempt, state.status, state.run, state.fails)

    def test_a_claim_of_the_dead_without_a_run_died(self, sweep):
        """A claim whose owner is gone is taken up at once by whoever looks."""
        begin(sweep, 0)
        trials = folded(sweep)

        assert Status.DIED == trials[0].status
        assert [(0, 2), (1, 1)] == list(trials.open(2, since=0.0, retry=0))

    def test_what_takes_its_workers_along_is_bounded(self, sweep):
        """A trial that takes three workers with it is begun no more, until workers are started again."""
        begin(sweep, 0, 1)
        begin(sweep, 0, 2)
        twice = list(folded(sweep).open(1, since=0.0, retry=0))
        begin(sweep, 0, 3)
        trials = folded(sweep)

        assert [(0, 3)] == twice
        assert [] == list(trials.open(1, since=0.0, retry=5))
        assert [(0, 4)] == list(trials.open(1, since=time.time() + 60, retry=0))

    def test_an_attempt_of_the_dead_died_also_before_another(self, sweep):
        """An attempt whose owner is gone DIED, and its run is known, also when another attempt has followed it."""
        begin(sweep, 0, 1).note_run(0, 1, "7")
        begin(sweep, 0, 2)
        attempts = folded(sweep)[0].attempts

        assert [(Status.DIED, "7"), (Status.DIED, "")] == [(attempts[n].status, attempts[n].run) for n in (1, 2)]

    def test_a_run_that_ended_overrules_silence(self, sweep):
        """A run that was COMPLETED before its owner could say so is not done again."""
        claims = begin(sweep, 0)
        run = sweep.parent / "2"
        run.mkdir()
        (run / "run.json").write_text(json.dumps({"format": 1, "uid": "u", "status": "COMPLETED"}))
        claims.note_run(0, 1, "2")
        trials = folded(sweep)

        assert ("COMPLETED", "2") == (trials[0].status, trials[0].run)
        assert [] == list(trials.open(1, since=0.0, retry=3))

    def test_what_an_owner_writes_just_before_it_is_gone_is_read(self, sweep, journal, monkeypatch):
        """Whoever sees that an owner is gone has read all that it wrote, also between the reading and the look."""
        begin(sweep, 0).note_run(0, 1, "2")
        look = Claims.newest

        def newest(claims):
            journal.note("ended", 0, 1, status="COMPLETED", run="2", seconds=3.0)
            return look(claims)

        monkeypatch.setattr(Claims, "newest", newest)
        trials = Trials(sweep)
        news = trials.refresh()

        assert ["ended"] == [entry.event for entry in news]
        assert trials[0].newest.is_over
        assert 3.0 == trials.longest()
        assert [(1, 1)] == list(trials.open(2, since=0.0, retry=3))

    def test_counts_say_what_waits(self, sweep, journal):
        """Trials that nobody has claimed are counted, not listed."""
        journal.note("ended", 3, 1, status="COMPLETED")

        assert {"COMPLETED": 1, WAITING: 999_999} == folded(sweep).counts(1_000_000)
        assert 1 == len(folded(sweep))


class TestOpen:
    """What may be begun."""

    def test_kept_and_running_are_left_alone(self, sweep, journal):
        """What is COMPLETED or PRUNED is kept, and what somebody does is left alone."""
        journal.note("ended", 0, 1, status="COMPLETED")
        journal.note("ended", 1, 1, status="PRUNED")
        Trials(sweep).claims.take(2, 1, journal.writer)
        (sweep / "stop").mkdir()

        assert [(3, 1), (4, 1)] == list(folded(sweep).open(5, since=math.inf, retry=9))

    @pytest.mark.parametrize(("retry", "expected"), [(0, []), (1, []), (2, [(0, 3)])])
    def test_failures_are_tried_again_so_often(self, sweep, journal, retry, expected):
        """A trial that failed is tried again up to the given number, by exceptions as by deaths that were seen."""
        journal.note("ended", 0, 1, status="FAILED")
        journal.note("ended", 0, 2, status="DIED")

        assert expected == list(folded(sweep).open(1, since=0.0, retry=retry))

    @pytest.mark.parametrize("status", ["DIED", "INTERRUPTED"])
    def test_what_did_not_come_to_its_end_waits_for_the_next_start(self, sweep, journal, status):
        """A trial that was interrupted or died is taken up by workers that are started after that, not before."""
        journal.note("ended", 0, 1, status=status)
        trials = folded(sweep)

        assert [] == list(trials.open(1, since=trials[0].newest.ended - 1, retry=0))
        assert [(0, 2)] == list(trials.open(1, since=trials[0].newest.ended + 1, retry=0))

    def test_stop_and_again(self, sweep, journal):
        """What is to stop is not begun; what somebody asks for again is, once."""
        journal.note("ended", 0, 1, status="FAILED")
        of_trials.ask_again(sweep, folded(sweep)[0])
        of_trials.ask_stop(sweep, 1)

        assert [(0, 2), (2, 1)] == list(folded(sweep).open(3, since=0.0, retry=0))
        assert of_trials.is_to_stop(sweep, 1)
        assert not of_trials.is_to_stop(sweep, 2)

        journal.note("ended", 0, 2, status="FAILED")
        of_trials.ask_stop(sweep)
        assert [] == list(folded(sweep).open(3, since=0.0, retry=0))

        of_trials.take_back_stop(sweep)
        assert [(1, 1), (2, 1)] == list(folded(sweep).open(3, since=0.0, retry=0))

    def test_a_million_cost_nothing(self, sweep):
        """Trials that wait are not listed before they are asked for."""
        trials = folded(sweep)

        assert (0, 1) == next(trials.open(10**12, since=0.0, retry=0))
        assert (0, 1) == next(trials.open(None, since=0.0, retry=0))


def test_what_is_done_is_not_walked_again(sweep, journal, request):
    """What a worker may begin is found without a look at each trial that has ended: with 500 as soon as with 5."""
    steps, before = [], sys.gettrace()

    def count(frame, event, _argument):
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        steps[-1] += event == "line"
        return count

    gc.disable()  # what ends with garbage takes steps, too
    request.addfinalizer(gc.enable)
    for first, last in ((0, 5), (5, 500)):
        for number in range(first, last):
            journal.note("ended", number, 1, status=Status.COMPLETED)
        trials = folded(sweep)
        steps.append(0)
        sys.settrace(count)
        found = next(trials.open(None, 0.0, 0))
        sys.settrace(before)

        assert (last, 1) == found

    assert 0 < steps[0] == steps[1]
