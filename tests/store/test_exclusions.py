"""Trials that are left out of statistics."""

import json
from dataclasses import replace

import pytest

from expframe import runs
from expframe.config.options import Options
from expframe.config.request import Request
from expframe.experiment.sweep import Sweep
from expframe.store import exclusions
from expframe.store.sweeps.axes import Choices
from expframe.store.sweeps.plan import Goal, Plan
from expframe.store.sweeps.trials import Trials
from expframe.sweep.search.samples import history_of

PLAN = Plan(
    axes=(Choices(("lr",), (("0.1",), ("0.2",))),),
    replicates=Choices(("seed",), (("1",), ("2",), ("3",))),
    goals=(Goal("result", "max"),),
)


@pytest.fixture
def swept(ex):
    """A sweep of two configurations with three seeds, whose trials are runs; the fifth went wrong unseen."""
    ex.add_config(lr=1.0)
    ex.main(lambda lr, seed: 1000.0 if (lr, seed) == (0.2, 2) else seed - lr)
    sweep = Sweep(ex, PLAN, Options(file_storage=str(ex.store)))
    while (trial := sweep.ask()) is not None:
        work = sweep._asking[3]
        asked = work.trial(trial.number)
        place = work.place_of(asked, trial.attempt)
        options = Options(file_storage=str(ex.store))
        run = ex.prepare(Request(overrides=asked.overrides, options=options, trial_of=place))
        run.do()
        sweep.tell(trial, run.result)
    return sweep


def test_an_excluded_trial_counts_in_no_group(swept):
    """Mean, interval and number of a configuration, the best one, and the order of all are without it."""
    before = [(group.words, group.value.n) for group in swept.groups()]
    exclusions.exclude(swept._run.folder, 4)
    now = [(group.words, group.value.n, group.excluded) for group in swept.groups()]

    assert [("lr=0.2", 3), ("lr=0.1", 3)] == before
    assert [("lr=0.1", 3, []), ("lr=0.2", 2, [4])] == now
    assert "lr=0.1" == swept.best().words
    assert [4] == [state.number for state in swept.trials if state.is_excluded]

    exclusions.include(swept._run.folder, 4)

    assert before == [(group.words, group.value.n) for group in swept.groups()]


def test_whoever_lists_it_says_so(swept, cli):
    """The command, tables of the sweep, comparisons of its runs, and their JSON say which trials do not count."""
    store = swept.runs.store
    said = cli("sweep", "exclude", "1", "4", "-F", store)
    shown = cli("sweep", "show", "1", "--trials", "-F", store)
    best = cli("sweep", "best", "1", "--json", "-F", store)
    compared = cli("compare", "--groups", "--where=sweep.trial >= 0", "-F", store)
    groups = json.loads(cli("compare", "--groups", "--where=sweep.trial >= 0", "--json", "-F", store))["groups"]

    assert "Excluded now: trial 4.\n" == said
    assert "Excluded, and counted nowhere: trial 4. They count again by: expframe sweep exclude 1 --include 4" in shown
    assert "6 trials: 6 completed; 1 excluded" in shown
    assert "COMPLETED, excluded" in shown
    assert "3 of 3, 1 excluded" in shown
    assert "lr=0.1" == json.loads(best)["best"]["words"]
    assert [4] == json.loads(best)["excluded"]
    assert "6 is excluded from the sweep, and counted in no group." in compared
    assert [(3, []), (2, ["6"])] == [(len(group["runs"]), group["excluded"]) for group in groups]
    assert "All trials count.\n" == cli("sweep", "exclude", "1", "4", "--include", "-F", store)


def test_runs_know_that_they_are_excluded(swept):
    """Filters, rows and frames of runs have it, whether or not the index has the run."""
    store = swept.runs.store
    exclusions.exclude(store / swept.id, 4)

    assert ["6"] == runs(store).where("sweep.excluded").ids()
    assert 5 == len(runs(store).where("sweep.trial >= 0 and not sweep.excluded"))
    assert [True] == [flag for flag in runs(store).frame("pandas")["sweep.excluded"] if flag is True or flag == 1]
    assert [False, True, False] == list(swept.frame("pandas")["excluded"])[3:]


def test_a_search_is_told_nothing_of_it(swept):
    """What an excluded trial came to is no part of its sample's mean, and a sample without another one is not told."""
    plan = replace(PLAN, search="tpe", samples=2)
    folder = swept._run.folder
    journal = swept._asking[2]
    for number in range(6):
        journal.note("proposed", number, point=[number // 3])
    exclusions.exclude(folder, 4)
    trials = Trials(folder)
    trials.refresh()
    told = [sample.values for sample in history_of(plan, trials)]
    for number in (3, 5):
        exclusions.exclude(folder, number)
    trials.refresh()

    assert [(pytest.approx(1.9),), (pytest.approx(1.8),)] == told
    assert 1 == len(history_of(plan, trials))


def test_a_trial_that_is_none_cannot_be_excluded(swept, cli):
    """A number beyond the sweep's trials is refused."""
    cli("sweep", "exclude", "1", "99", "-F", swept.runs.store)

    assert (2, "UsageError: trial '99': is none: trials are numbered from 0 to 5.\n") == (cli.code, cli.err)
