"""Sweeps that are asked for in Python, and read back."""

import os
import re
import textwrap
import time
from dataclasses import replace

import numpy
import pytest
from interpreter import run_python
from steps import wait_until

from expframe import runs
from expframe.config.options import Options
from expframe.config.request import Override
from expframe.errors import ConfigError, OptionError, UsageError, WorkError
from expframe.experiment.sweep import Sweep
from expframe.store.reader import StoredRun
from expframe.store.sweeps import plan_file
from expframe.store.sweeps.axes import Choices
from expframe.store.sweeps.claims import Claims
from expframe.store.sweeps.journal import Journal, new_writer
from expframe.store.sweeps.plan import Goal, Plan, Start

PLAN = Plan(axes=(Choices(("lr",), (("0.1",), ("0.2",))),), replicates=Choices(("seed",), (("1",), ("2",))))


@pytest.fixture
def sweep(ex):
    """A sweep of two configurations with two seeds each, which nobody has begun."""
    ex.add_config(lr=1.0)
    ex.main(lambda lr: lr * 10)
    return Sweep(ex, PLAN, Options(file_storage=str(ex.store)))


class TestAskAndTell:
    """Whoever asks for a trial does it by himself."""

    def test_each_is_asked_once(self, sweep):
        """Trials are asked for one after the other, with their decided configs, until none is left."""
        asked = []
        while (trial := sweep.ask()) is not None:
            asked.append((trial.number, trial.config["lr"], trial.config["seed"]))
            sweep.tell(trial, trial.config["lr"] * trial.config["seed"])

        assert [(0, 0.1, 1), (1, 0.1, 2), (2, 0.2, 1), (3, 0.2, 2)] == asked
        assert {"COMPLETED": 4} == dict(sweep.counts)
        assert "lr=0.2" == sweep.best().words
        assert pytest.approx(0.3) == sweep.best().value.mean
        assert [1, 0] == [group.number for group in sweep.groups()]

    def test_what_is_asked_is_nobody_elses(self, sweep):
        """While somebody has a trial no other is given it; a value may be told by its field, or that it failed."""
        first, second = sweep.ask(), sweep.ask()
        sweep.tell(first, {"result": 1.0, "loss": 3.0})
        sweep.tell(second, {}, "FAILED")

        assert (0, 1) == (first.number, second.number)
        assert {"COMPLETED": 1, "FAILED": 1, "WAITING": 2} == dict(sweep.counts)
        assert {"result": 1.0, "loss": 3.0} == dict(sweep.trials[0].newest.values)

    @pytest.mark.parametrize("value", ["0.5", None, True, [1.0], {"result": "high"}])
    def test_what_is_no_number_is_not_told(self, sweep, value):
        """A value that is no number is refused at the call, with the way to tell that there is none."""
        trial = sweep.ask()
        with pytest.raises(UsageError, match=re.escape("tell(trial, {}, 'FAILED')")):
            sweep.tell(trial, value)
        sweep.tell(trial, numpy.float32(0.5))

        assert {"result": 0.5} == dict(sweep.trials[0].newest.values)

    def test_a_trial_is_told_of_once(self, sweep):
        """What was told is not told anew, nor what nobody asked for here."""
        trial = sweep.ask()
        sweep.tell(trial, 1.0)
        for other in (trial, trial._replace(number=3)):
            with pytest.raises(WorkError, match="was not asked for here, or has been told of already"):
                sweep.tell(other, 2.0)

        assert {"result": 1.0} == dict(sweep.trials[0].newest.values)

    def test_what_is_asked_is_held_until_it_is_told(self, sweep, monkeypatch):
        """However long a trial takes, others elsewhere see that somebody has it; once it is told nobody says so."""
        monkeypatch.setattr("expframe.store.sweeps.claims._BEAT", 0.02)
        first, second = sweep.ask(), sweep.ask()
        sweep.tell(first, 1.0)
        claims = Claims(StoredRun(sweep.runs.store / sweep.id).folder)
        for _ in range(3):  # a round that had begun before it was told may be under way
            for trial in (first, second):
                os.utime(claims.path(trial.number, 1), (1, 1))
            wait_until(lambda: claims.of(second.number, 1).touched > 1)
        sweep.tell(second, 1.0)

        assert time.time() - claims.of(second.number, 1).touched < 600
        assert 1 == claims.of(first.number, 1).touched

    def test_the_least_is_best_where_that_is_sought(self, ex):
        """With a goal of `min` the best configuration has the least mean."""
        ex.add_config(lr=1.0)
        ex.main(lambda lr: lr)
        plan = Plan(axes=PLAN.axes, goals=(Goal("metrics.loss.min", "min"),))
        sweep = Sweep(ex, plan, Options(file_storage=str(ex.store)))
        for value in (2.0, 1.0):
            sweep.tell(sweep.ask(), value)

        assert ("lr=0.2", 1.0) == (sweep.best().words, sweep.best().value.mean)

    def test_before_it_has_begun_there_is_nothing(self, sweep):
        """A sweep that nobody has begun has no trials to show."""
        assert sweep.id is None
        with pytest.raises(WorkError, match="has not begun"):
            _ = sweep.runs


@pytest.mark.parametrize(("jobs", "problem"), [(0, "--jobs=0: takes a whole number from 1 on."), ("two", "--jobs=two")])
def test_jobs_that_cannot_be_change_nothing(sweep, jobs, problem):
    """How many workers there are is judged at the call: a sweep that is done stays as it is."""
    while (trial := sweep.ask()) is not None:
        sweep.tell(trial, 1.0)

    with pytest.raises(OptionError, match=problem):
        sweep.run(jobs=jobs)
    assert "COMPLETED" == StoredRun(sweep.runs.store / sweep.id).status


class TestReading:
    """A sweep is read back from its run."""

    def test_a_run_knows_its_sweep(self, sweep):
        """A run that is a sweep says so; a run that is none does not."""
        sweep.tell(sweep.ask(), 1.0)
        other = sweep._experiment.run()
        found = runs(sweep.runs.store)

        assert {"COMPLETED": 1, "WAITING": 3} == dict(found[sweep.id].sweep.counts)
        assert "<sweep 1: 1 COMPLETED, 3 WAITING, by result>" == repr(found[sweep.id].sweep)
        assert found[other.id].sweep is None

    def test_a_frame_has_a_row_for_each_trial(self, sweep):
        """Trial, configuration, replicate, status, what the sweep changes and what it is about are columns."""
        import pandas

        for value in (1.0, 2.0):
            sweep.tell(sweep.ask(), value)
        frame = sweep.frame("pandas")

        assert isinstance(frame, pandas.DataFrame)
        facts = ["trial", "configuration", "replicate", "attempt", "status", "run", "excluded"]

        assert [*facts, "lr", "seed", "result"] == [*frame]
        assert [(0, 0, 0, 1.0), (1, 0, 1, 2.0)] == [
            tuple(row) for row in frame[["trial", "configuration", "replicate", "result"]].itertuples(index=False)
        ]
        assert [("float64", 0.1), ("int64", 1)] == [(str(frame[name].dtype), frame[name][0]) for name in ("lr", "seed")]

    def test_a_frame_has_values_as_runs_have_them(self, ex):
        """What was typed for a trial stands in a frame as its run has it, and a named config has a column."""
        ex.add_config(lr=1.0, code="7")
        ex.add_named_config("small", lr=2.0)
        ex.add_named_config("large", lr=3.0)
        ex.main(lambda lr: lr)
        sweep = ex.sweep("small,large", "code=8,9", "lr=4,5")
        sweep.tell(sweep.ask(), 1.0)
        run = ex.run(named_configs=["small"], config_updates={"code": "8", "lr": 4})
        Journal(sweep.runs.store / sweep.id, new_writer()).note("started", 0, 1, run=run.id)
        (row,) = sweep.frame("pandas")[["with", "code", "lr"]].to_dict("records")

        assert {"with": "small", "code": "8", "lr": 4.0} == row


SCRIPT = textwrap.dedent("""
    import sys
    from concurrent.futures import ThreadPoolExecutor

    from expframe import Experiment
    from expframe.experiment.sweep import Sweep
    from expframe.store.sweeps.axes import Choices
    from expframe.store.sweeps.plan import Plan

    ex = Experiment("pool")
    ex.add_config(lr=1.0)

    @ex.main
    def main(lr):
        return lr * 10

    if __name__ == "__main__":
        if sys.argv[1:] == ["pool"]:
            plan = Plan(axes=(Choices(("lr",), (("0.1",), ("0.2",), ("0.3",))),))
            with ThreadPoolExecutor(2) as pool:
                sweep = Sweep(ex, plan).run(pool, jobs=2)
            print("runs:", len(sweep.runs), dict(sweep.counts), sweep.best().words)
        else:
            ex.run_commandline()
""")


def test_any_executor_starts_workers(tmp_path, environment):
    """Workers that an executor starts do the same: it is given a command line, a folder and variables, nothing else."""
    script = tmp_path / "pool.py"
    script.write_text(SCRIPT)
    done = run_python([script, "pool"], env=environment)

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "runs: 3 {'COMPLETED': 3} lr=0.3" in done.stdout
    assert "lr=0.1 COMPLETED 1" in done.stdout


OWN = textwrap.dedent("""
    import os
    import sys
    from expframe import Experiment

    ex = Experiment("own")
    ex.add_config(lr=1.0)

    @ex.main
    def main(lr):
        return lr * 10

    if sys.argv[1:2] == ["sweep"]:
        ex.run_commandline()
    elif "ASKS" in os.environ:
        sweep = ex.sweep("lr=0.3,0.4", options={"id": "asked"})
        while (trial := sweep.ask()) is not None:
            sweep.tell(trial, 1.0)
    else:
        ex.sweep("lr=0.1,0.2", options={"id": "grid"}).run(jobs=2)
""")


@pytest.mark.once
@pytest.mark.parametrize(
    ("words", "asks"), [([], {}), (["sweep", "--id=grid", "-j2", "with", "lr=0.1,0.2"], {"ASKS": "1"})]
)
def test_a_worker_starts_no_sweep_of_its_own(tmp_path, environment, words, asks):
    """A script that runs a sweep in Python, or asks for trials, gives its experiment to the worker that imports it."""
    script = tmp_path / "own.py"
    script.write_text(OWN)
    done = run_python([script, *words], env=environment | asks)

    assert 0 == done.returncode, done.stdout + done.stderr
    assert {"grid", "1", "2"} == {run.id for run in runs(tmp_path / "runs")}
    assert {"COMPLETED": 2} == dict(runs(tmp_path / "runs")["grid"].sweep.counts)


@pytest.mark.once
def test_a_sweep_inside_a_trial_is_refused(tmp_path, environment):
    """A trial that starts a sweep fails as a run inside which one is started does: it is no worker's."""
    script = tmp_path / "own.py"
    script.write_text(OWN.replace("return lr * 10", 'ex.sweep("lr=1,2").run()'))
    done = run_python([script, "sweep", "with", "lr=0.1,0.2"], env=environment)

    assert 1 == done.returncode, done.stdout + done.stderr
    assert "a sweep: cannot be started inside run 2" in done.stdout
    assert {"FAILED": 2} == dict(runs(tmp_path / "runs")[1].sweep.counts)


UNDECIDED = """
    from expframe import Experiment

    ex = Experiment("undecided")


    @ex.config
    def config():
        lr = 1
        width = None
        double = 2 * width


    @ex.automain
    def main(lr, double):
        return lr * double
    """


@pytest.mark.once
@pytest.mark.parametrize(
    ("words", "results"),
    [(["width=1,2"], [2, 4]), (["width=2", "lr=1,2"], [4, 8])],
    ids=["an entry that changes", "a fixed word"],
)
def test_a_config_that_only_trials_decide_is_swept(script, tmp_path, environment, words, results):
    """A sweep needs no config that the script can decide by itself: its words, fixed or not, may be what is missing."""
    done = run_python([script(UNDECIDED), "sweep", "with", *words], env=environment)

    assert 0 == done.returncode, done.stdout + done.stderr
    assert results == sorted(run.result for run in runs(tmp_path / "runs").where("command == 'main'"))


def test_a_trial_is_asked_for_where_only_its_words_decide(ex):
    """Asked for one by one, trials may be what decides the config, too."""

    @ex.config
    def config():
        lr = None
        double = 2 * lr

    ex.main(lambda double: double)
    sweep = Sweep(ex, PLAN, Options(file_storage=str(ex.store)))
    trial = sweep.ask()
    sweep.tell(trial, trial.config["double"])

    assert 0.2 == trial.config["double"]


def test_fixed_words_that_are_wrong_are_said(ex):
    """Where the first trial's words are no better it is said what is wrong with those that all trials have."""
    ex.add_config(lr=1.0)
    ex.main(lambda lr: lr)
    plan = replace(PLAN, overrides=(Override.parse("wdith=1"),))

    with pytest.raises(ConfigError, match="wdith"):
        Sweep(ex, plan, Options(file_storage=str(ex.store))).ask()


def test_trials_are_found_by_their_place(ex):
    """Filters, sorting and frames know the trial, configuration and replicate of a run."""
    from expframe.config.request import Request, TrialOf

    ex.main(lambda: 1)
    for number in (0, 1):
        place = TrialOf("u", "9", "u", 0, {"trial": number, "configuration": 0, "replicate": number, "attempt": 1})
        ex.prepare(Request(trial_of=place)).do()
    found = runs(ex.store)

    assert ["2"] == found.where("sweep.trial == 1").ids()
    assert [("1", 0, 0), ("2", 0, 1)] == sorted(found.rows("id", "sweep.configuration", "sweep.replicate"))
    assert ["9", "9"] == [run.record.parent_id for run in found]


MIXED = textwrap.dedent("""
    import sys

    from expframe import Experiment

    ex = Experiment("mixed")
    ex.add_config(lr=1.0)

    @ex.main
    def main(lr):
        return lr * 10

    if sys.argv[1:2] == ["sweep"]:
        ex.run_commandline()
    else:
        sweep = ex.sweep("lr=0.1,0.2,0.3,0.4", options={"id": "mixed"})
        trial = sweep.ask()
        if sys.argv[1:] == ["untold"]:
            sweep.run()
        sweep.tell(trial, 7.0)
        if sys.argv[1:] == ["run"]:
            sweep.run(jobs=2)
            print({state.number: dict(state.newest.values) for state in sweep.trials}, dict(sweep.counts))
""")


@pytest.fixture
def mixed(tmp_path, environment):
    """A function that does a command line beside a script that asks for a trial; its exit code and what it says."""
    (tmp_path / "mixed.py").write_text(MIXED)

    def do(*words):
        done = run_python(words, cwd=tmp_path, env=environment)
        return done.returncode, done.stdout + done.stderr

    return do


@pytest.mark.once
def test_what_was_asked_for_is_kept_when_workers_do_the_rest(mixed):
    """A sweep of which trials were asked for and told is run to its end: what was told stays."""
    code, text = mixed("mixed.py", "run")

    assert 0 == code, text
    assert "{0: {'result': 7.0}, 1: {'result': 2.0}, 2: {'result': 3.0}, 3: {'result': 4.0}} {'COMPLETED': 4}" in text


@pytest.mark.once
@pytest.mark.parametrize(
    "words",
    [["-m", "expframe", "work", "mixed"], ["mixed.py", "sweep", "--resume=mixed"]],
    ids=["expframe work", "--resume"],
)
def test_workers_go_on_with_a_sweep_that_was_asked_for(mixed, tmp_path, words):
    """A sweep whose trials were asked for in a script knows it, and workers do what is left."""
    assert 0 == mixed("mixed.py")[0]
    code, text = mixed(*words)
    sweep = runs(tmp_path / "runs")["mixed"].sweep

    assert 0 == code, text
    assert [7.0, 2.0, 3.0, 4.0] == [state.newest.values["result"] for state in sweep.trials]


def test_a_trial_that_nobody_has_told_of_is_in_the_way(mixed):
    """Run while a trial is asked for and not told of, a sweep says which one, in place of waiting for it for ever."""
    code, text = mixed("mixed.py", "untold")

    assert 1 == code
    assert "the sweep: has been asked for trials that nobody has told of: 0. Tell what came of them" in text


def test_a_sweep_without_a_script_says_so_to_workers(sweep, cli):
    """Asked for where no script is known, a sweep cannot be worked on, and says what goes on with it."""
    sweep.tell(sweep.ask(), 1.0)
    found = replace(sweep.plan, start=Start())
    plan_file.write(sweep._run.folder, found)
    cli("work", "1", "-F", sweep.runs.store)

    assert 1 == cli.code
    assert "the sweep: names no script that a worker could run: its trials were asked for" in cli.err
