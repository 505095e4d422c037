"""`expframe sweep ls|show|watch|why|best|stop|retry`: the sweeps of a store."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from expframe.cli.runs import select
from expframe.cli.runs.command import Answer, Asked, Main, command
from expframe.cli.runs.ls import run_cell
from expframe.cli.script.launch import sweep_script
from expframe.cli.sweeps import seml
from expframe.cli.sweeps.tables import configuration_lines, counts_text, failures_of
from expframe.cli.table import Cell, Style, clean, table_lines
from expframe.config.json_values import to_json
from expframe.errors import UsageError, WorkError
from expframe.record.record import Status
from expframe.store.reader import StoredRun
from expframe.store.sweeps.configurations import Configuration, configurations, goal_of, own_words, ranked, words_of
from expframe.store.sweeps.plan_file import is_sweep
from expframe.store.sweeps.reasons import reasons
from expframe.store.sweeps.trials import KEPT, Trials, TrialState, ask_again, ask_stop
from expframe.sweep.trial import SweepRun

_MOST = 30
"""More configurations are shown only where they are asked for."""

_LS = """\
List the sweeps of a store, newest first.

Usage:
  expframe sweep ls [options]
"""
_SHOW = f"""\
Show what came of a sweep: its configurations, the best first, with the mean of their replicates, and what failed.

Usage:
  expframe sweep show [options] ID

{select.HELP}
Options:
  --trials               Each trial, too.
  --all                  All configurations, not only the best {_MOST}.
"""
_WATCH = f"""\
Show how a sweep goes on, again and again, until no trial is running. Ctrl-C ends it, and not the sweep.

Usage:
  expframe sweep watch [options] ID

{select.HELP}
Options:
  -i SECONDS --interval=SECONDS   How long to wait between two looks [default: 1].
  --once                          Look once.
"""
_WHY = f"""\
Say of each trial that is not running, and not done, why.

Usage:
  expframe sweep why [options] ID

{select.HELP}"""
_BEST = f"""\
Show the best configuration of a sweep, and how it is run again.

Usage:
  expframe sweep best [options] ID

{select.HELP}"""
_STOP = f"""\
Stop a sweep, or some of its trials: those that run are interrupted, with their grace, and no other is begun until the
sweep goes on with --resume.

Usage:
  expframe sweep stop [options] ID [TRIAL...]

{select.HELP}"""
_RETRY = f"""\
Let workers do trials again that failed, or the given ones, whatever they ended as.

Usage:
  expframe sweep retry [options] ID [TRIAL...]

{select.HELP}"""
_FROM_SEML = """\
Show the sweeps that a file of seml's describes: a command line for each of its configurations.

Usage:
  expframe sweep from-seml [options] FILE
"""


@command(_LS)
def ls(asked: Asked) -> Answer:
    """List sweeps."""
    found = []
    for run in asked.runs.where("command == 'sweep'") if len(asked.runs) else ():
        if is_sweep(run.folder):
            found.append((*_read(run), run.status))
    data = {"sweeps": [{**_facts(sweep, trials), "status": status} for sweep, trials, status in found]}

    def lines(style: Style) -> Iterable[str]:
        rows = [
            (sweep.folder.name, sweep.record.name, run_cell("status", status), sweep.record.started, said)
            for sweep, trials, status in found
            for said in [counts_text(sweep.plan, trials)]
        ]
        return table_lines(("id", "name", "status", "started", "trials"), rows, style) if rows else ["No sweeps."]

    return Answer(data, lines)


@command(_SHOW)
def show(asked: Asked) -> Answer:
    """Show a sweep."""
    sweep, trials = _find(asked)
    found = ranked(sweep.plan, configurations(sweep.plan, trials))
    failures = failures_of(trials)
    data = {
        **_facts(sweep, trials),
        "configurations": [_configuration(one) for one in found],
        "failures": [{"error": error, "trials": numbers} for error, numbers in failures.items()],
        "trials": [_trial(sweep, state) for state in trials],
    }

    def lines(style: Style) -> Iterator[str]:
        yield from configuration_lines(sweep.plan, trials, style, None if asked["--all"] else _MOST)
        if asked["--trials"]:
            yield ""
            yield from _trial_lines(sweep, trials, style)
        if failures:
            yield ""
            yield from (f"trials {_ranges(numbers)}: {clean(error)}" for error, numbers in failures.items())
        yield counts_text(sweep.plan, trials)

    return Answer(data, lines)


@command(_WATCH)
def watch(asked: Asked) -> Answer:
    """Watch a sweep."""
    sweep, trials = _find(asked)
    try:
        interval = float(asked["--interval"])
    except ValueError:
        interval = 0.0
    if not 0 < interval < 86_400:
        raise UsageError(f"--interval={asked['--interval']}", "takes seconds, such as 0.5.")

    def looks() -> Iterator[Trials]:
        while True:
            yield trials
            if asked["--once"] or not any(state.status == Status.RUNNING for state in trials):
                return
            time.sleep(interval)
            trials.refresh()

    def pages(style: Style) -> Iterator[str]:
        height = 0
        is_redrawn = style.width is not None and os.environ.get("TERM") != "dumb"
        for found in looks():
            page = [*_running_lines(sweep, found, style), counts_text(sweep.plan, found)]
            yield (f"\x1b[{height}A\x1b[J" if height and is_redrawn else "") + "".join(f"{line}\n" for line in page)
            height = len(page)

    data = ({**_facts(sweep, found), "running": _running(sweep, found)} for found in looks())
    return Answer(data, pages, is_live=True)


@command(_WHY)
def why(asked: Asked) -> Answer:
    """Say why trials are not running."""
    sweep, trials = _find(asked)
    found = list(reasons(sweep.plan, trials))
    data = {"id": sweep.folder.name, "reasons": [{"trials": one.text, "why": one.why} for one in found]}

    def lines(_style: Style) -> Iterator[str]:
        yield from (f"{one.text}: {clean(one.why)}" for one in found)
        yield counts_text(sweep.plan, trials)

    return Answer(data, lines)


@command(_BEST)
def best(asked: Asked) -> Answer:
    """Show the best configuration."""
    sweep, trials = _find(asked)
    plan = sweep.plan
    found = next(iter(ranked(plan, configurations(plan, trials))), None)
    if found is None or found.value.mean is None:
        raise WorkError(f"sweep {sweep.folder.name}", f"has no trial with a value of {goal_of(plan).field!r} yet.")
    words = [*plan.named, *(override.written for override in plan.overrides), *own_words(plan, found.trials[0])]
    path = (
        os.path.relpath(plan.start.script) if plan.start.script else "SCRIPT"
    )  # of trials that are asked for one by one
    script = ["-m", plan.start.module] if plan.start.module else [path]
    command = [plan.command] if plan.command else []
    line = shlex.join(["python", *plan.start.runner, *script, *command, *(["with", *words] if words else [])])
    data = {**_facts(sweep, trials), "best": {**_configuration(found), "command": line}}

    def lines(_style: Style) -> Iterator[str]:
        sample = found.value
        spread = "" if sample.low is None else f" ({sample.low:.6g} .. {sample.high:.6g})"
        yield f"{goal_of(plan).field} {sample.mean:.6g}{spread}, n = {sample.n}"
        yield f"runs: {', '.join(state.run for state in found.trials if state.run)}"
        yield clean(line)

    return Answer(data, lines)


@command(_STOP)
def stop(asked: Asked) -> Answer:
    """Stop a sweep or trials."""
    sweep, trials = _find(asked)
    numbers = _numbers(asked, sweep)
    for number in numbers:
        ask_stop(sweep.folder, number)
    if not numbers:
        ask_stop(sweep.folder)
    running = sum(state.status == Status.RUNNING for state in trials if not numbers or state.number in numbers)
    data = {"id": sweep.folder.name, "stopped": numbers or "all", "running": running}
    what = f"Trials {_ranges(numbers)} are to stop" if numbers else f"Sweep {sweep.folder.name} is to stop"
    told = f"{running} that {'runs is' if running == 1 else 'run are'} told within a second"
    return Answer(data, lambda _style: [f"{what}; {told}."])


@command(_RETRY)
def retry(asked: Asked) -> Answer:
    """Let trials be done again."""
    sweep, trials = _find(asked)
    numbers = _numbers(asked, sweep)
    over = [state for state in trials if state.attempts and state.status != Status.RUNNING]
    chosen = [
        state
        for state in over
        if (state.number in numbers if numbers else state.status not in (*KEPT, Status.INTERRUPTED))
    ]
    for state in chosen:
        ask_again(sweep.folder, state)
    found = [state.number for state in chosen]
    data = {"id": sweep.folder.name, "retried": found}
    next_step = f"Workers do them: expframe work {sweep.folder.name}"
    said = f"Trials {_ranges(found)} are done again. {next_step}" if found else "There is nothing to be done again."
    return Answer(data, lambda _style: [said])


@command(_FROM_SEML)
def from_seml(asked: Asked) -> Answer:
    """Show seml's configurations as sweeps."""
    found = seml.read(asked["FILE"])
    data = {"sweeps": [{**sweep._asdict(), "line": sweep.line} for sweep in found]}
    return Answer(data, lambda _style: seml.sweep_lines(found))


_COMMANDS: Mapping[str, tuple[Main, str]] = {
    "ls": (ls, "list the sweeps of a store"),
    "show": (show, "show what came of a sweep"),
    "watch": (watch, "show how it goes on"),
    "why": (why, "say why trials are not running"),
    "best": (best, "show the best configuration, and how it is run again"),
    "stop": (stop, "stop it, or some of its trials"),
    "retry": (retry, "do trials again that failed"),
    "from-seml": (from_seml, "show the sweeps that a file of seml's describes, as command lines"),
}


def main(words: Sequence[str]) -> int:
    """Do one of the commands about sweeps."""
    name = next((word for word in words if not word.startswith("-")), "")
    if not name and {"-h", "--help"} & set(words):
        print(_overview())
        return 0
    if name in _COMMANDS:
        rest = list(words)
        rest.remove(name)
        return _COMMANDS[name][0]([name, *rest])
    if name.endswith(".py") or words[:1] == ["-m"]:
        return sweep_script(words)
    return _COMMANDS["ls"][0](["ls", *words])


def _overview() -> str:
    """Return what the commands about sweeps are."""
    rows = [f"  {name:<7} {about}" for name, (_, about) in _COMMANDS.items()]
    usage = ["Usage:", "  expframe sweep COMMAND ...", "  expframe sweep SCRIPT.py with ..."]
    end = ["ls is done where no command is named. expframe sweep COMMAND --help says more."]
    return "\n".join([*usage, "", "Commands:", *rows, "", *end])


def _find(asked: Asked) -> tuple[SweepRun, Trials]:
    return _read(select.select_sweep(asked.runs, asked["ID"]))


def _read(run: StoredRun) -> tuple[SweepRun, Trials]:
    """Return a sweep and its trials; the trials are read first, so that the plan, which may grow, has all of them."""
    trials = Trials(run.folder)
    trials.refresh()
    return SweepRun.read(run), trials


def _numbers(asked: Asked, sweep: SweepRun) -> list[int]:
    found = []
    for word in asked["TRIAL"] or []:
        if not word.isdecimal() or (sweep.plan.size is not None and int(word) >= sweep.plan.size):
            last = "" if sweep.plan.size is None else f" to {sweep.plan.size - 1}"
            raise UsageError(f"trial {word!r}", f"is none: trials are numbered from 0{last}.")
        found.append(int(word))
    return found


def _facts(sweep: SweepRun, trials: Trials) -> dict[str, Any]:
    goal = goal_of(sweep.plan)
    return {
        "id": sweep.folder.name,
        "name": sweep.record.name,
        "size": sweep.plan.size,
        "counts": {status.lower(): count for status, count in trials.counts(sweep.plan.size).items()},
        "goal": {"field": goal.field, "direction": goal.direction},
    }


def _configuration(one: Configuration) -> dict[str, Any]:
    runs = [state.run for state in one.trials if state.run]
    return {"configuration": one.number, "words": one.words, **to_json(one.value._asdict()), "runs": runs}


def _trial(sweep: SweepRun, state: TrialState) -> dict[str, Any]:
    newest = state.newest
    return {
        "trial": state.number,
        "attempt": state.attempt,
        "status": state.status,
        "run": state.run or None,
        "words": words_of(sweep.plan, state, replicate=True),
        "values": to_json(dict(newest.values)) if newest is not None else {},
        "error": (newest.error or None) if newest is not None else None,
    }


def _trial_lines(sweep: SweepRun, trials: Trials, style: Style) -> list[str]:
    field = goal_of(sweep.plan).field
    rows = []
    for state in trials:
        value = state.newest.values.get(field) if state.newest is not None else None
        words = Cell(clean(words_of(sweep.plan, state, replicate=True)))
        rows.append((state.number, state.run, state.attempt, run_cell("status", state.status), words, value))
    return table_lines(("trial", "run", "attempt", "status", "with", field), rows, style)


def _running(sweep: SweepRun, trials: Trials) -> list[dict[str, Any]]:
    return [_trial(sweep, state) for state in trials if state.status == Status.RUNNING]


def _running_lines(sweep: SweepRun, trials: Trials, style: Style) -> list[str]:
    rows = [(one["trial"], one["run"], clean(one["words"])) for one in _running(sweep, trials)]
    return table_lines(("trial", "run", "with"), rows, style) if rows else []


def _ranges(numbers: Sequence[int]) -> str:
    from expframe.store.sweeps.reasons import ranges_text

    return ranges_text([(number, number + 1) for number in sorted(numbers)])
