"""A sweep: how far it is, what came of its configurations, what mattered, and what failed."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from expframe.errors import ValueFormatError
from expframe.page.board import Board
from expframe.page.cells import cell_of
from expframe.page.configurations import configuration_cells, looked_at, trial_cells
from expframe.page.live_sweeps import LiveSweep
from expframe.page.question import Question
from expframe.record.record import Record, Status
from expframe.record.significance import welch
from expframe.store.search.goals import seekable
from expframe.store.sweeps.command_lines import begin_line, best_line, include_line, sweep_line
from expframe.store.sweeps.configurations import goals_of
from expframe.store.sweeps.facts import facts_of, failures_of
from expframe.store.sweeps.history import Moment, history, seconds_left, workers_of
from expframe.store.sweeps.plan_file import is_sweep
from expframe.store.sweeps.reasons import ranges_text, reasons
from expframe.store.sweeps.trials import TrialState

_SHOWN = 50
"""More trials, workers and errors are counted, and not listed."""
_MOMENTS = 1000
_RUNS = 20
_SOUGHT = ("last", "min", "max", "mean")
"""What of a metric is sought, the likeliest first."""


def answer(board: Board, question: Question) -> dict[str, Any]:
    """
    Return how a sweep is, but for its configurations.

    Words are `run`, the id of the sweep's run, and `metric`, again and again: what it is ranked by.

    Raises:
        RunNotFoundError: There is no such run.
        QuestionError: It is no sweep.
        QueryError: What it is to be ranked by is no field.
        OptionError: It is not said whether the least or the greatest is sought.
    """
    run = board.run(question.text("run"))
    record = run.record
    with looked_at(board, question) as sweep:
        plan, trials = sweep.plan, sweep.trials
        workers = workers_of(trials)
        running = [state for state in trials if state.status == Status.RUNNING]
        return {
            **_facts(sweep, record),
            "search": plan.search,
            "prune": plan.prune,
            "replicates": plan.replicate_count,
            "left": seconds_left(plan, trials),
            "best": _best(sweep),
            "running": [{**trial_cells(sweep.plan, state), **_claimed(state)} for state in running[:_SHOWN]],
            "failures": _failures(sweep),
            "pruned": _pruned(sweep),
            "workers": [
                {
                    "name": worker.name,
                    "host": worker.host,
                    "pid": worker.pid,
                    "done": worker.done,
                    "trial": worker.running.number if worker.running is not None else None,
                    "run": (worker.running.run or None) if worker.running is not None else None,
                    "seen": worker.seen,
                }
                for worker in workers[:_SHOWN]
            ],
            "stopped": sorted(trials.stopped()),
            "reasons": [{"trials": one.text, "why": one.why} for one in islice(reasons(plan, trials), _SHOWN)],
            "history": _history(history(plan, trials)),
            "work": begin_line(plan, trials),
            "include": include_line(run.folder, trials.excluded[:1]),
            "ranked": _ranked(run.folder, question.texts("metric")),
        }


def goals(board: Board, question: Question) -> dict[str, Any]:
    """
    Return what a sweep may be ranked by: what it was started with, and which numbers runs of its trials have.

    Its word is `run`, the id of the sweep's run.

    Raises:
        RunNotFoundError: There is no such run.
        QuestionError: It is no sweep.
    """
    with board.sweeps.looked_at(board.run(question.text("run")).id) as sweep:
        own = [goal._asdict() for goal in goals_of(sweep.plan)]
        return {"own": own, **seekable(sweep.trials)._asdict(), "statistics": list(_SOUGHT)}


def sweeps(board: Board, question: Question) -> dict[str, Any]:
    """
    Return the sweeps of the store, newest first, as `expframe sweep ls` has them, with the best of each.

    Words are `offset` and `limit`.
    """
    offset, limit = question.whole("offset", 0), question.whole("limit", _SHOWN, least=1, most=200)
    rows = [row for row in board.rows.whole() if (row.record or {}).get("command") == "sweep"]
    found = [row.id for row in rows if is_sweep(board.store / row.id)]
    listed = []
    for id in found[offset : offset + limit]:
        run = board.run(id)
        with suppress(ValueFormatError), board.sweeps.looked_at(id) as sweep:  # that of a damaged one says so
            best = next(iter(sweep.best()), None)
            mean = None if best is None else cell_of(best.value.mean)
            words = cell_of(best.words) if best is not None and mean is not None else None
            listed.append(
                {**_facts(sweep, run.record), "best": None if mean is None else {"words": words, "mean": mean}}
            )
    return {"total": len(found), "offset": offset, "sweeps": listed}


def _facts(sweep: LiveSweep, record: Record) -> dict[str, Any]:
    moments = {"started": cell_of(record.started), "ended": cell_of(record.ended)}
    facts = facts_of(sweep.plan, sweep.trials, record.name)
    return {
        **facts,
        "without_number": {field: _ranges(numbers) for field, numbers in facts["without_number"].items()},
        "status": record.status,
        **moments,
        "moment": sweep.moment,
    }


def _best(sweep: LiveSweep) -> dict[str, Any] | None:
    """
    Return the best configuration, how it is run again, and how sure it is that the next one is worse.

    Where several goals are sought, there are those of which none is better than another in all, in place of the next.
    """
    best = sweep.best()
    if not best:
        return None
    first = best[0]
    line = best_line(sweep.plan, first, sweep.plan.start.script or "SCRIPT")
    found = {**configuration_cells(first), "command": line, "next": None, "front": [], "in_front": 0}
    if len(sweep.plan.goals) > 1:
        return {**found, "front": [configuration_cells(one) for one in best[:_SHOWN]], "in_front": len(best)}
    second = next((one for one in sweep.ranked() if one is not first), None)
    if second is not None and second.value.mean is not None:
        test = welch(second.value, first.value)
        numbers = {} if test is None else {name: cell_of(number) for name, number in test._asdict().items()}
        found["next"] = {**configuration_cells(second), "test": numbers or None}
    return found


def _ranked(sweep: Path, metrics: list[str]) -> str | None:
    """Return the command that ranks by the same; None where that is what the sweep was started with."""
    return sweep_line(sweep, "best", "--metric", ",".join(metrics)) if metrics else None


def _claimed(state: TrialState) -> dict[str, Any]:
    return {"since": state.newest.started if state.newest is not None else None}


def _failures(sweep: LiveSweep) -> dict[str, Any]:
    """Return by what trials did not come to a good end: each distinct error once, the most frequent first."""
    found = sorted(failures_of(sweep.trials).items(), key=lambda pair: -len(pair[1]))
    listed = [
        {
            "error": cell_of(error, 500),
            "trials": numbers[:_RUNS],
            "count": len(numbers),
            "text": _ranges(numbers),
            "runs": [run for number in numbers[:_RUNS] if (run := sweep.trials[number].run)],
        }
        for error, numbers in found[:_SHOWN]
    ]
    return {"total": len(found), "listed": listed}


def _pruned(sweep: LiveSweep) -> dict[str, Any]:
    """Return which trials were ended early, and at which steps."""
    found = [state for state in sweep.trials if state.status == Status.PRUNED]
    steps: dict[Any, int] = {}
    listed: list[dict[str, Any]] = []
    for state in found:
        facts = state.newest.facts if state.newest is not None else {}
        step, value = facts.get("rung") or (None, None)
        steps[step] = steps.get(step, 0) + 1
        if len(listed) < _SHOWN:
            listed.append({**trial_cells(sweep.plan, state), "step": cell_of(step), "value": cell_of(value)})
    by_step = sorted(steps.items(), key=lambda pair: (pair[0] is None, pair[0]))
    return {"total": len(found), "steps": [{"step": step, "count": n} for step, n in by_step], "listed": listed}


def _history(moments: list[Moment]) -> dict[str, Any]:
    """Return the values of trials in the order of their ends; of very many each improvement, and some of the others."""
    stride = max(1, len(moments) // _MOMENTS)
    shown = [
        moment
        for number, moment in enumerate(moments)
        if number % stride == 0 or number == len(moments) - 1 or moment.best != moments[number - 1].best
    ]
    points = [[moment.time, moment.trial, moment.run, moment.value, moment.best] for moment in shown]
    return {"total": len(moments), "points": points}


def _ranges(numbers: list[int]) -> str:
    return ranges_text([(number, number + 1) for number in sorted(numbers)])[:200]
