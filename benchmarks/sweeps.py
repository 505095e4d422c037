"""What a sweep adds to its trials beside Hydra and submitit, how soon their ends are seen, how soon it goes on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks.commands import new_project
from benchmarks.environments import clean_environment
from benchmarks.measuring import Bench, Row, Sample, Target, answer

_FEW, _MANY = 5, 45
"""Trials of two sweeps, which differ in the cost of trials alone."""

_KNOWN = 10_000
"""Trials of a sweep that goes on."""

_JOBLIB = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
"""What lets Hydra do two jobs at a time."""


def measure(bench: Bench) -> list[Row]:
    rows = []
    folder = str(new_project(bench))
    for environment in bench.environments.of_expframe()[:1]:
        for jobs, flags, how, launcher in (
            (1, [], "forked", []),
            (2, [], "forked", _JOBLIB),
            (1, ["--fresh"], "new interpreter", None),
        ):
            hydra = None if launcher is None else bench.side("hydra", trials_of_hydra, folder, launcher, jobs)
            sides = {"expframe": bench.side(environment, trials, folder, flags, jobs), "hydra": hydra}
            if how == "new interpreter":
                sides["submitit"] = bench.side("submitit", jobs_of_submitit)
            found = bench.compare(sides)
            name, peer = ("Hydra", "hydra") if hydra else ("submitit", "submitit")
            what = f"trivial stored trial, {how}, {jobs} at a time (peer: {name})"
            targets = (Target(0.03),) if how == "forked" else ()
            rows.append(Row(what, "s", found("expframe", "trial"), found(peer, "trial"), targets=targets))
            if flags or jobs > 1:
                continue
            seen = found("expframe", "seen")
            rows.append(Row("end of a trial until it is told", "s", seen, targets=(Target(0.05),)))
        found = bench.compare({"expframe": bench.side(environment, going_on)})
        what = f"{_KNOWN:,} trials, until the next is claimed"
        rows.append(Row(what, "s", found("expframe", "time"), targets=(Target(1.0),)))
        found = bench.compare({"expframe": bench.side(environment, first_of_a_million)})
        rows.append(Row("grid of 1,000,000, until the first is claimed", "s", found("expframe", "time")))
    return rows


def trials(project: str, flags: list[str], jobs: int) -> Sample:
    """Return what a trial takes a worker, and how long after its end that is told."""
    few, _ = _sweep(project, _FEW, [*flags, "-j", str(jobs)])
    many, seen = _sweep(project, _MANY, [*flags, "-j", str(jobs)])
    return {"trial": jobs * (many - few) / (_MANY - _FEW), "seen": median(seen)}


def trials_of_hydra(project: str, launcher: list[str], jobs: int) -> Sample:
    """Return what a job of Hydra's multirun takes a worker."""
    times = []
    for count in (_FEW, _MANY):
        words = [sys.executable, "train_hydra.py", "-m", f"+epochs=range(1,{count + 1})", *launcher]
        begin = time.perf_counter()
        subprocess.run(words, cwd=project, env=clean_environment(), check=True, capture_output=True)
        times.append(time.perf_counter() - begin)
    return {"trial": jobs * (times[1] - times[0]) / (_MANY - _FEW)}


def jobs_of_submitit() -> Sample:
    """Return what a job of submitit's takes, one after the other on this machine."""
    import submitit

    executor = submitit.LocalExecutor(folder="jobs")
    times = []
    for number in range(5):
        begin = time.perf_counter()
        executor.submit(abs, number).result()
        times.append(time.perf_counter() - begin)
    return {"trial": median(times)}


def _sweep(project: str, count: int, flags: list[str]) -> tuple[float, list[float]]:
    """Do a sweep; return its seconds, and for each trial those from its end until it was told."""
    store = Path(f"runs-{count}{''.join(flags)}")
    words = [
        sys.executable,
        "train_expframe.py",
        "sweep",
        "with",
        f"epochs=1..{count}",
        "--json",
        "-F",
        str(store.absolute()),
    ]
    begin = time.perf_counter()
    told = {}
    with subprocess.Popen([*words, *flags], cwd=project, env=clean_environment(), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(b"{") and (event := json.loads(line))["event"] == "ended":
                told[event["trial"]] = time.time()
    took = time.perf_counter() - begin
    lines = [json.loads(line) for path in store.glob("1/trials/*.jsonl") for line in path.open()]
    return took, [told[line["trial"]] - line["time"] for line in lines if line["event"] == "ended"]


def going_on() -> Sample:
    """Return how long it takes to find what is left of a sweep whose other trials are done."""
    from expframe.store.sweeps.journal import Journal
    from expframe.store.sweeps.trials import Trials

    sweep = Path("runs/1")
    (sweep / "claims").mkdir(parents=True)
    journals = [Journal(sweep, f"writer{number}") for number in range(16)]
    for number in range(_KNOWN - 1):
        (sweep / "claims" / f"{number:06d}.1").mkdir()
        journals[number % 16].note("started", number, 1, run=str(number + 2))
        journals[number % 16].note("ended", number, 1, run=str(number + 2), status="COMPLETED", values={"result": 1.0})
    begin = time.perf_counter()
    trials = Trials(sweep)
    trials.refresh()
    trials.claims.take(*next(trials.open(_KNOWN, time.time(), 0)), "me")
    return {"time": time.perf_counter() - begin}


def first_of_a_million() -> Sample:
    """Return how long it takes to claim the first trial of a large grid."""
    from expframe.store.sweeps.axes import Range
    from expframe.store.sweeps.plan import Plan
    from expframe.store.sweeps.trials import Trials

    sweep = Path("runs/1")
    sweep.mkdir(parents=True)
    begin = time.perf_counter()
    plan = Plan(axes=(Range("a", 0, 999), Range("b", 0, 999)))
    trials = Trials(sweep)
    trials.refresh()
    number, attempt = next(trials.open(plan.size, time.time(), 0))
    trials.claims.take(number, attempt, "me")
    plan.trial(number)
    return {"time": time.perf_counter() - begin}


if __name__ == "__main__":
    answer(trials, trials_of_hydra, jobs_of_submitit, going_on, first_of_a_million)
