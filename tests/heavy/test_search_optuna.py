"""Searches by Optuna, cmaes and SciPy, each beside itself as its library runs it."""

import math
import random
import subprocess
import sys
import warnings

import optuna
import pytest

from expframe.record.record import Status
from expframe.store.search.collection import runs
from expframe.store.sweeps.axes import Choices, Interval, Range
from expframe.store.sweeps.plan import Goal, Plan
from expframe.sweep.search.cma import CmaSearch
from expframe.sweep.search.optuna_search import OptunaSearch
from expframe.sweep.search.samples import Proposal, SearchSample, seed_of
from expframe.sweep.search.sobol import SobolSearch

SPACE = (
    Interval("x", -5.0, 10.0),
    Interval("lr", 1e-5, 1e-1, is_log=True),
    Interval("width", 16, 1024, is_log=True, is_whole=True),
    Range("depth", 1, 9, 2),
    Choices(("opt",), (("sgd",), ("adam",), ("lion",))),
)
NUMBERS = SPACE[:2]


def loss(point):
    """Return a loss that each axis has a part in."""
    x, lr, *rest = point
    return (x - 2) ** 2 + math.log10(lr / 1e-3) ** 2 + sum(0.1 * value % 3 for value in rest)


def plan_of(search, axes=SPACE, goals=1, seed=7):
    """Return the plan of a search for the least loss."""
    sought = tuple(Goal(f"result.{number}", "min") for number in range(goals))
    return Plan(axes=axes, search=search, samples=100, search_seed=seed, goals=sought)


def replayed(make, count, outcome):
    """Return the points that a search proposes which is made anew for each sample, and given JSON of the others."""
    history = []
    for number in range(count):
        proposal = Proposal.from_json(make().ask(number, history).to_json())
        history.append(outcome(SearchSample(number, proposal)))
    return [sample.proposal.point for sample in history]


def completed(sample):
    """Return a sample that came to its end."""
    return sample._replace(status=Status.COMPLETED, values=(loss(sample.proposal.point),))


def two_goals(sample):
    """Return a sample with a value for each of two goals."""
    point = sample.proposal.point
    return sample._replace(status=Status.COMPLETED, values=(loss(point), -point[0]))


def native(plan, sampler_of, count, values_of):
    """Return the points of a study that Optuna keeps itself, with the same seed for each trial."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(directions=["minimize"] * len(plan.goals))
    distributions = OptunaSearch(plan)._distributions
    points = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(count):
            study.sampler = sampler_of(seed_of(plan.search_seed, number))
            trial = study.ask(distributions)
            point = tuple(trial.params[name] for name in distributions)
            study.tell(trial, values_of(point))
            points.append(point)
    return points


@pytest.mark.parametrize("search", ["tpe", "nsga"])
def test_a_search_that_is_replayed_is_the_one_that_runs_natively(search):
    """A sampler made anew for each sample, and told the history, proposes what it does in a study of its own."""
    plan = plan_of(search)
    make = {"tpe": optuna.samplers.TPESampler, "nsga": optuna.samplers.NSGAIISampler}[search]
    count = 40 if search == "tpe" else 130

    expected = native(plan, lambda seed: make(seed=seed), count, loss)

    assert expected == replayed(lambda: OptunaSearch(plan), count, completed)
    assert count * 0.8 < len(set(expected))


def test_nsga_seeks_several_goals_as_natively():
    """Several goals are told in their order, and generations go on as natively."""
    plan = plan_of("nsga", goals=2)

    expected = native(
        plan, lambda seed: optuna.samplers.NSGAIISampler(seed=seed), 120, lambda point: (loss(point), -point[0])
    )

    assert expected == replayed(lambda: OptunaSearch(plan), 120, two_goals)


def test_cma_is_rebuilt_as_it_runs_natively():
    """CMA-ES rebuilt from numbers proposes what Optuna's sampler does, which pickles its optimizer."""
    plan = plan_of("cma", NUMBERS)
    first = CmaSearch(plan).ask(0, ()).point

    def sampler_of(seed):
        return optuna.samplers.CmaEsSampler(seed=seed)

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study()
    distributions = OptunaSearch(plan)._distributions
    study.enqueue_trial(dict(zip(distributions, first, strict=True)))
    expected = []
    for number in range(60):
        study.sampler = sampler_of(seed_of(plan.search_seed, number))
        trial = study.ask(distributions)
        expected.append(tuple(trial.params[name] for name in distributions))
        study.tell(trial, loss(expected[-1]))
    found = replayed(lambda: CmaSearch(plan), 60, completed)

    assert [pytest.approx(point, rel=1e-9) for point in expected] == found
    assert 60 == len(set(found))


def test_a_search_that_is_kept_proposes_what_one_made_anew_does():
    """What a search remembers from one sample to the next changes no point, whatever is still running."""
    rng = random.Random(3)
    for make, plan in ((OptunaSearch, plan_of("tpe")), (CmaSearch, plan_of("cma", NUMBERS))):
        kept, history = make(plan), []
        for number in range(40):
            proposal = kept.ask(number, history)
            assert proposal == make(plan).ask(number, history)
            history.append(SearchSample(number, proposal))
            for place in range(len(history)):
                if history[place].status == Status.RUNNING and rng.random() < 0.4:
                    history[place] = completed(history[place])


def test_sobol_is_a_function_of_the_number():
    """A point of a Sobol sequence is there without the others, and all of them fill the space evenly."""
    plan = plan_of("sobol")
    points = [SobolSearch(plan).ask(number).point for number in range(64)]

    assert points == [SobolSearch(plan).ask(number, []).point for number in range(64)]
    assert 64 == len(set(points))
    assert [32, 32] == [sum(x < 2.5 for x, *_ in points), sum(lr < 1e-3 for _, lr, *_ in points)]
    assert {20, 21, 22, 23, 24} >= {sum(opt == which for *_, opt in points) for which in range(3)}


def test_what_earlier_runs_say_is_told_first():
    """A search that is told of earlier runs begins where they were good."""
    told = [
        SearchSample(
            number - 20, Proposal((2 + 0.1 * number, 1e-3 * 1.1**number)), Status.COMPLETED, (0.01 * number**2,)
        )
        for number in range(20)
    ]
    warm = CmaSearch(plan_of("cma", NUMBERS), told)
    points = [warm.ask(number, ()).point for number in range(20)]
    tpe = OptunaSearch(plan_of("tpe", NUMBERS), told)
    by_tpe = [tpe.ask(number, ()).point for number in range(20)]

    assert 5 > max(abs(x - 2) for x, _ in points)
    assert 3 > sorted(abs(x - 2) for x, _ in by_tpe)[10]


SCRIPT = """
from expframe import Experiment
ex = Experiment("tuned")
@ex.config
def config():
    x = 0.0
    lr = 0.1
    opt = "sgd"
@ex.automain
def main(x, lr, opt, seed, _run):
    _run.log_scalar("loss", (x - 2) ** 2 + (opt == "sgd"))
"""


def test_a_sweep_learns_goes_on_and_is_told_of_earlier_runs(tmp_path):
    """With a search that learns a sweep comes near the best, and a later one that is told of it begins there."""
    (tmp_path / "train.py").write_text(SCRIPT)
    space = ["with", "x=-5..10", "opt=sgd,adam", "--metric", "loss:min", "--search-seed", "1"]

    def sweep(*words):
        line = [sys.executable, "train.py", "sweep", *space, *words]
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=500, check=False)
        assert 0 == done.returncode, done.stderr
        newest = max(
            (run for run in runs(tmp_path / "runs") if run.record.command == "sweep"), key=lambda run: int(run.id)
        )
        return [row[0] for row in runs(tmp_path / "runs").where(f"parent == {newest.id}").rows("metrics.loss.last")]

    first = sweep("--search", "tpe", "--trials", "25", "-j", "1")
    warm = sweep("--search", "tpe", "--trials", "5", "--warm", "metrics.loss.last < 1000")

    assert (25, 5) == (len(first), len(warm))
    assert 1.0 > min(first)
    assert 1.5 > min(warm)
