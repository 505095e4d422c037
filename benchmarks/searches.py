"""What a search costs and finds, beside Optuna alone, and what pruning spares on curves of real trainings."""

from __future__ import annotations

import math
import statistics
import time
from pathlib import Path
from typing import Any

from benchmarks.measuring import Bench, Row, Sample, Target, answer

_KNOWN = 1000
_ASKED = 20
_SEEDS, _TRIALS = 20, 60
_CONFIGURATIONS, _EPOCHS = 60, 81


def measure(bench: Bench) -> list[Row]:
    rows = []
    found = bench.compare({"expframe": bench.side("search", asking)})
    rows.append(Row("ask: random", "s", found("expframe", "random"), targets=(Target(1e-4),)))
    for search in ("tpe", "nsga", "cma"):
        ours, native = found("expframe", search), found("expframe", f"{search} native")
        target = () if native is None else (Target(native + 1e-3),)
        rows.append(Row(f"ask: {search}, {_KNOWN:,} trials", "s", ours, native, targets=target))
    quality = bench.compare({"expframe": bench.side("search", best_values)})
    for problem in ("branin", "hartmann6"):
        ours, native = quality("expframe", problem), quality("expframe", f"{problem} native")
        rows.append(Row(f"best of {_TRIALS} by tpe, {problem}", "", ours, native))
    spared = bench.compare({"expframe": bench.side("search", pruned)})
    rows.append(Row("asha: share of all steps", "", spared("expframe", "share"), targets=(Target(0.4),)))
    rows.append(Row("asha: the best is kept", "", spared("expframe", "kept")))
    return rows


def _plan(search: str, axes: Any, samples: int = _KNOWN, seed: int = 1, direction: str = "min") -> Any:
    from expframe.store.sweeps.plan import Goal, Plan

    return Plan(axes=axes, search=search, samples=samples, search_seed=seed, goals=(Goal("result", direction),))


def asking() -> Sample:
    """Return what it takes to ask for a point when a thousand others are known."""
    import optuna

    from expframe.store.sweeps.axes import Interval
    from expframe.sweep.search.proposals import search_of
    from expframe.sweep.search.samples import SearchSample, seed_of

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    axes = tuple(Interval(f"x{number}", 0.0, 1.0) for number in range(4))
    plan = _plan("random", axes)
    begin = time.perf_counter()
    for number in range(1000):
        plan.trial(number)
    found = {"random": (time.perf_counter() - begin) / 1000}
    samplers = {
        "tpe": lambda seed: optuna.samplers.TPESampler(seed=seed),
        "nsga": lambda seed: optuna.samplers.NSGAIISampler(seed=seed),
        "cma": lambda seed: optuna.samplers.CmaEsSampler(seed=seed),
    }
    for name, sampler_of in samplers.items():
        plan = _plan(name, axes)
        study, history = optuna.create_study(), []
        search = search_of(plan)
        distributions = {f"x{n}": optuna.distributions.FloatDistribution(0.0, 1.0) for n in range(4)}
        for number in range(_KNOWN):
            study.sampler = optuna.samplers.RandomSampler(seed=number) if name == "tpe" else sampler_of(number)
            trial = study.ask(distributions)
            value = sum((x - 0.5) ** 2 for x in trial.params.values())
            study.tell(trial, value)
            proposal = search.ask(number, history) if name != "tpe" else _random(plan, number)
            value = sum((x - 0.5) ** 2 for x in proposal.point)
            history.append(SearchSample(number, proposal, "COMPLETED", (value,)))
        search.ask(_KNOWN, history)
        ours, native = [], []
        for number in range(_ASKED):
            begin = time.perf_counter()
            search.ask(_KNOWN + number, history)
            ours.append(time.perf_counter() - begin)
            study.sampler = sampler_of(seed_of(1, number))
            begin = time.perf_counter()
            study.tell(study.ask(distributions), state=optuna.trial.TrialState.FAIL)
            native.append(time.perf_counter() - begin)
        found |= {name: statistics.median(ours), f"{name} native": statistics.median(native)}
    return found


def _random(plan: Any, number: int) -> Any:
    from expframe.sweep.search.samples import Proposal

    return Proposal(plan.point(number))


def best_values() -> Sample:
    """Return the mean over seeds of the best value that TPE finds, here and by Optuna alone."""
    import optuna

    from expframe.store.sweeps.axes import Interval
    from expframe.sweep.search.proposals import search_of
    from expframe.sweep.search.samples import SearchSample

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    found: dict[str, float] = {}
    problems = {"branin": (_branin, [(-5.0, 10.0), (0.0, 15.0)]), "hartmann6": (_hartmann6, [(0.0, 1.0)] * 6)}
    for name, (function, bounds) in problems.items():
        axes = tuple(Interval(f"x{number}", low, high) for number, (low, high) in enumerate(bounds))
        ours, native = [], []
        for seed in range(_SEEDS):
            plan, history = _plan("tpe", axes, _TRIALS, seed), []
            search = search_of(plan)
            for number in range(_TRIALS):
                proposal = search.ask(number, history)
                history.append(SearchSample(number, proposal, "COMPLETED", (function(proposal.point),)))
            ours.append(min(sample.values[0] for sample in history))
            study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
            for _ in range(_TRIALS):
                trial = study.ask()
                point = [trial.suggest_float(f"x{n}", low, high) for n, (low, high) in enumerate(bounds)]
                study.tell(trial, function(point))
            native.append(study.best_value)
        for side, values in ((name, ours), (f"{name} native", native)):
            found |= {side: statistics.mean(values), f"{side} sd": statistics.stdev(values)}
    return found


def _branin(point: Any) -> float:
    x, y = point
    term = y - 5.1 * x**2 / (4 * math.pi**2) + 5 * x / math.pi - 6
    return term**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def _hartmann6(point: Any) -> float:
    rows = [
        (1.0, (10, 3, 17, 3.5, 1.7, 8), (1312, 1696, 5569, 124, 8283, 5886)),
        (1.2, (0.05, 10, 17, 0.1, 8, 14), (2329, 4135, 8307, 3736, 1004, 9991)),
        (3.0, (3, 3.5, 1.7, 10, 17, 8), (2348, 1451, 3522, 2883, 3047, 6650)),
        (3.2, (17, 8, 0.05, 10, 0.1, 14), (4047, 8828, 8732, 5743, 1091, 381)),
    ]
    sums = (
        (weight, sum(a * (x - p / 1e4) ** 2 for a, x, p in zip(scales, point, places, strict=True)))
        for weight, scales, places in rows
    )
    return -sum(weight * math.exp(-total) for weight, total in sums)


def pruned() -> Sample:
    """Return what share of the steps ASHA does on curves of real trainings, and how often the best of all is kept."""
    from expframe.record.events import Points
    from expframe.store.sweeps.axes import Range
    from expframe.store.sweeps.plan import Goal, Plan
    from expframe.sweep.pruning import Pruner

    shares, kept = [], 0
    goal = Goal("metrics.loss.min", "min")
    plan = Plan(axes=(Range("x", 1, _CONFIGURATIONS),), prune=f"asha:{_EPOCHS}", goals=(goal,))
    for seed in range(_SEEDS):
        curves = [_curve(seed, number) for number in range(_CONFIGURATIONS)]
        folder = Path(f"sweep-{seed}")
        folder.mkdir()
        done = []
        for number, curve in enumerate(curves):
            pruner = Pruner(folder, plan, plan.trial(number), 1, f"writer{number}", {})
            reports = (pruner.report(Points([("loss", step, 0.0, value)])) for step, value in enumerate(curve, 1))
            done.append(next((step for step, ends in enumerate(reports, 1) if ends), _EPOCHS))
        shares.append(sum(done) / (_CONFIGURATIONS * _EPOCHS))
        best = min(range(_CONFIGURATIONS), key=lambda number: min(curves[number]))
        kept += done[best] == _EPOCHS
    return {"share": statistics.mean(shares), "kept": kept / _SEEDS}


def _curve(seed: int, number: int) -> list[float]:
    """Return the losses on held-out data of a small network's training, whose settings are drawn."""
    import numpy

    data, draw = numpy.random.default_rng(seed), numpy.random.default_rng((seed, number))
    x = data.normal(size=(400, 16))
    y = (numpy.abs(x[:, :4]).sum(1) + 0.3 * data.normal(size=400) > 3.2).astype(float)
    rate, width, decay = 10 ** draw.uniform(-2.5, 0.3), int(2 ** draw.uniform(2, 6)), 10 ** draw.uniform(-5, -1)
    first = draw.normal(size=(16, width)) / 4
    second = draw.normal(size=width) / math.sqrt(width)
    losses = []
    for _ in range(_EPOCHS):
        for batch in numpy.split(draw.permutation(300), 10):
            hidden = numpy.tanh(x[batch] @ first)
            error = 1 / (1 + numpy.exp(-(hidden @ second))) - y[batch]
            back = numpy.outer(error, second) * (1 - hidden**2)
            second -= rate * (hidden.T @ error / 30 + decay * second)
            first -= rate * (x[batch].T @ back / 30 + decay * first)
        likely = numpy.clip(1 / (1 + numpy.exp(-(numpy.tanh(x[300:] @ first) @ second))), 1e-6, 1 - 1e-6)
        losses.append(float(-numpy.mean(y[300:] * numpy.log(likely) + (1 - y[300:]) * numpy.log(1 - likely))))
    return losses


if __name__ == "__main__":
    answer(asking, best_values, pruned)
