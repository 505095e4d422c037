"""The search by Gaussian processes: Optuna's, which needs torch."""

import subprocess
import sys
import warnings

import optuna
import pytest

from expframe.record.record import Status
from expframe.store.search.collection import runs
from expframe.store.sweeps.axes import Choices, Interval, Range
from expframe.store.sweeps.plan import Goal, Plan
from expframe.sweep.search.optuna_search import OptunaSearch
from expframe.sweep.search.samples import Proposal, SearchSample, seed_of

SPACE = (
    Interval("x", -5.0, 10.0),
    Interval("lr", 1e-5, 1e-1, is_log=True),
    Range("depth", 1, 9, 2),
    Choices(("opt",), (("sgd",), ("adam",), ("lion",))),
)
PLAN = Plan(axes=SPACE, search="gp", samples=100, search_seed=7, goals=(Goal("result", "min"),))
COUNT = 14  # of which the first ten are drawn


def loss(point):
    """Return a loss that each axis has a part in."""
    x, lr, depth, opt = point
    return (x - 2) ** 2 + 100 * lr + depth % 3 + opt


def native():
    """Return the points of a study that Optuna keeps itself, with the same seed for each trial."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study()
    distributions = OptunaSearch(PLAN)._distributions
    points = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(COUNT):
            study.sampler = optuna.samplers.GPSampler(seed=seed_of(PLAN.search_seed, number))
            trial = study.ask(distributions)
            points.append(tuple(trial.params[name] for name in distributions))
            study.tell(trial, loss(points[-1]))
    return points


def replayed():
    """Return the points of a search that is made anew for each sample, and given JSON of the others."""
    history = []
    for number in range(COUNT):
        proposal = Proposal.from_json(OptunaSearch(PLAN).ask(number, history).to_json())
        history.append(SearchSample(number, proposal, Status.COMPLETED, (loss(proposal.point),)))
    return [sample.proposal.point for sample in history]


def test_a_search_that_is_replayed_is_the_one_that_runs_natively():
    """A sampler made anew for each sample, and told the history, proposes what it does in a study of its own."""
    expected = native()

    assert [pytest.approx(point) for point in expected] == replayed()
    assert COUNT == len(set(expected))


BRANIN = """
from math import cos, pi

from expframe import Experiment

ex = Experiment("branin")
ex.add_config(x=0.0, y=0.0)


@ex.automain
def main(x, y):
    return (y - 5.1 / (4 * pi**2) * x**2 + 5 / pi * x - 6) ** 2 + 10 * (1 - 1 / (8 * pi)) * cos(x) + 10
"""


def test_a_sweep_comes_near_the_best_of_branins_function(tmp_path):
    """Twenty trials, done by workers and taken up once, come nearer to 0.398 than the ten that are drawn."""
    (tmp_path / "branin.py").write_text(BRANIN)

    def sweep(*words):
        line = [sys.executable, "branin.py", "sweep", *words]
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=500, check=False)
        assert 0 == done.returncode, done.stderr

    space = ["x=-5..10", "y=0..15", "--search", "gp", "--search-seed", "1", "--metric", "result:min"]
    sweep("with", *space, "--trials", "14")
    sweep("--resume", "1", "--more", "6", "-j", "2")
    results = [
        row[0]
        for row in sorted(
            runs(tmp_path / "runs").where("parent == '1'").rows("result", "sweep.trial"), key=lambda row: row[1]
        )
    ]

    assert 20 == len(results)
    assert min(results[10:]) < min(2.5, *results[:10])
