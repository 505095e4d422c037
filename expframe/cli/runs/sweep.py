"""`expframe sweep ls|show|watch|why|best|stop|retry|exclude`: the sweeps of a store."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from expframe.cli.runs import select
from expframe.cli.runs.command import LONGEST, Answer, Asked, Main, command
from expframe.cli.runs.commands import OF_SWEEPS
from expframe.cli.runs.ls import run_cell
from expframe.cli.runs.sweep_facts import running_data, running_lines, trial_lines
from expframe.cli.script.launch import sweep_script
from expframe.cli.standard_streams import put
from expframe.cli.sweeps import seml
from expframe.cli.sweeps.tables import (
    configuration_lines,
    counts_text,
    excluded_lines,
    importance_text,
    is_or_are,
    others_text,
    trials_text,
    value_lines,
    without_number_lines,
)
from expframe.cli.table import Style, clean, one_line, seconds_text, table_lines, wrapped
from expframe.config import dotted
from expframe.errors import UnknownCommandError, UsageError, ValueFormatError, WorkError, listed
from expframe.record.record import Status
from expframe.store import exclusions
from expframe.store.reader import StoredRun
from expframe.store.search.goals import Seeking, goal
from expframe.store.sweeps.asked import retry_trials, stop_trials
from expframe.store.sweeps.command_lines import begin_line, best_line, script_text
from expframe.store.sweeps.configurations import best_of, configurations, goal_of, ranked
from expframe.store.sweeps.facts import configuration_data, facts_of, failures_of, trial_data
from expframe.store.sweeps.history import seconds_left
from expframe.store.sweeps.importance import importance_of
from expframe.store.sweeps.plan_file import is_sweep
from expframe.store.sweeps.reasons import reasons
from expframe.store.sweeps.trials import Trials
from expframe.sweep.sweep_run import SweepRun

_MOST = 30
"""More configurations are shown only where they are asked for."""

_METRIC = """\
  --metric=GOALS         Seek something else than the sweep was started with: result.acc:max; several with commas.
"""

_LS = """\
List the sweeps of a store, newest first.

Usage:
  expframe sweep ls [options]
"""
_SHOW = f"""\
Show what came of a sweep: its configurations, the best first, with the mean of their replicates, what mattered, and
what failed.

Usage:
  expframe sweep show [options] ID

{select.HELP}
Options:
  --trials               Each trial, too.
  --all                  All configurations, not only the best {_MOST}.
{_METRIC}"""
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

{select.HELP}
Options:
{_METRIC}"""
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
_EXCLUDE = f"""\
Leave trials out of all statistics: they stay as they are, and count in no mean, interval or test, and for no search.

Usage:
  expframe sweep exclude [options] ID TRIAL...

{select.HELP}
Options:
  --include              Let them count again.
"""
FLAGS = {"show": _SHOW, "watch": _WATCH, "exclude": _EXCLUDE}
"""The usage of those that have options of their own."""

_FROM_SEML = """\
Show the sweeps that a file of seml's describes: a command line for each of its configurations.

Usage:
  expframe sweep from-seml [options] FILE
"""


@command(_LS)
def ls(asked: Asked) -> Answer:
    """List sweeps."""
    data, rows = [], []
    for run in asked.runs.where("command == 'sweep'") if len(asked.runs) else ():
        if not is_sweep(run.folder):
            continue
        try:
            sweep, trials = _read(run)
            facts, said = _facts(sweep, trials), counts_text(sweep.plan, trials)
        except ValueFormatError as problem:
            facts, said = {"id": run.id, "name": run.record.name, "problem": str(problem)}, str(problem)
        data.append({**facts, "status": run.status})
        rows.append((run.id, run.record.name, run_cell("status", run.status), run.record.started, said))

    def lines(style: Style) -> Iterable[str]:
        return table_lines(("id", "name", "status", "started", "trials"), rows, style) if rows else ["No sweeps."]

    return Answer({"sweeps": data}, lines)


@command(_SHOW)
def show(asked: Asked) -> Answer:
    """Show a sweep."""
    sweep, trials = _find(asked)
    found = ranked(sweep.plan, configurations(sweep.plan, trials))
    failures = failures_of(trials)
    mattered = importance_of(sweep.plan, found)
    data = {
        **_facts(sweep, trials),
        "configurations": [configuration_data(one) for one in found],
        "importance": None if mattered is None else {**mattered._asdict(), "shares": dict(mattered.shares)},
        "failures": [{"error": error, "trials": numbers} for error, numbers in failures.items()],
        "trials": [trial_data(sweep.plan, state) for state in trials],
    }

    def lines(style: Style) -> Iterator[str]:
        yield from configuration_lines(sweep.plan, trials, style, None if asked["--all"] else _MOST)
        if mattered is not None:
            yield from wrapped(importance_text(sweep.plan, mattered), style)
        if asked["--trials"]:
            yield ""
            yield from trial_lines(sweep, trials, style)
        if failures:
            yield ""
            yield from (f"{trials_text(numbers)}: {one_line(error)}" for error, numbers in failures.items())
        yield from without_number_lines(sweep.plan, trials)
        yield from excluded_lines(trials)
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
            left = seconds_left(sweep.plan, found)
            said = counts_text(sweep.plan, found) + ("" if left is None else f"; about {seconds_text(left)} left")
            page = [*running_lines(sweep, found, style), said]
            yield (f"\x1b[{height}A\x1b[J" if height and is_redrawn else "") + "".join(f"{line}\n" for line in page)
            height = len(page)

    data = ({**_facts(sweep, found), "running": running_data(sweep, found)} for found in looks())
    return Answer(data, pages, is_live=True)


@command(_WHY)
def why(asked: Asked) -> Answer:
    """Say why trials are not running."""
    sweep, trials = _find(asked)
    found = list(reasons(sweep.plan, trials))
    data = {"id": sweep.folder.name, "reasons": [{"trials": one.text, "why": one.why} for one in found]}

    def lines(_style: Style) -> Iterator[str]:
        yield from (f"{one.text}: {one_line(one.why)}" for one in found)
        yield counts_text(sweep.plan, trials)

    return Answer(data, lines)


@command(_BEST)
def best(asked: Asked) -> Answer:
    """Show the best configuration."""
    sweep, trials = _find(asked)
    plan = sweep.plan
    found = ranked(plan, configurations(plan, trials))
    best = best_of(plan, found)
    if not best:
        problem = f"has no trial with a number as {goal_of(plan).field!r} yet."
        raise WorkError(f"sweep {sweep.folder.name}", f"{problem}{others_text(trials)}")
    front = best if len(plan.goals) > 1 else []
    equal = [one for one in found[1:] if one.value.mean == found[0].value.mean] if not front else []
    told = [{**configuration_data(one), "command": best_line(plan, one, script_text(plan))} for one in best]
    data = {**_facts(sweep, trials), "best": told[0], "equal": [configuration_data(one) for one in equal]}
    data |= {"front": told} if front else {}

    def lines(_style: Style) -> Iterator[str]:
        if len(front) > 1:
            yield f"{len(front)} configurations of which none is better than another in all goals:"
        for one, facts in zip(best[:_MOST], told, strict=False):
            yield from [""] if len(front) > 1 else []
            yield from value_lines(plan, one)
            if equal:
                others = "Another configuration" if len(equal) == 1 else f"{len(equal)} other configurations"
                yield f"{others} came to the same: {one_line(listed([other.words for other in equal]))}"
            yield f"runs: {', '.join(state.run for state in one.trials if state.run)}"
            if one.excluded:
                yield f"not counted, since they are excluded: {trials_text(one.excluded)}"
            yield clean(facts["command"])
        if len(best) > _MOST:
            yield f"... and {len(best) - _MOST} more"

    return Answer(data, lines)


@command(_STOP)
def stop(asked: Asked) -> Answer:
    """Stop a sweep or trials."""
    sweep, _ = _find(asked)
    numbers = _numbers(asked, sweep)
    running = stop_trials(sweep.folder, numbers)
    data = {"id": sweep.folder.name, "stopped": numbers or "all", "running": running}
    what = f"{trials_text(numbers)} {is_or_are(numbers)}" if numbers else f"sweep {sweep.folder.name} is"
    told = f"{running} that {'runs is' if running == 1 else 'run are'} told within a second" if running else "none runs"
    return Answer(data, lambda _style: [f"{what[0].upper()}{what[1:]} to stop; {told}."])


@command(_RETRY)
def retry(asked: Asked) -> Answer:
    """Let trials be done again."""
    sweep, trials = _find(asked)
    found = retry_trials(sweep.folder, _numbers(asked, sweep))
    data = {"id": sweep.folder.name, "retried": found}
    next_step = f"Workers do them: {begin_line(sweep.plan, trials)}"
    again = f"{trials_text(found).capitalize()} {is_or_are(found)} done again. {next_step}"
    return Answer(data, lambda _style: [again if found else "There is nothing to be done again."])


@command(_EXCLUDE)
def exclude(asked: Asked) -> Answer:
    """Leave trials out of statistics."""
    sweep, trials = _find(asked)
    for number in _numbers(asked, sweep):
        (exclusions.include if asked["--include"] else exclusions.exclude)(sweep.folder, number)
    trials.refresh(judge=False)
    found = sorted(exclusions.of(sweep.folder))
    data = {"id": sweep.folder.name, "excluded": found}
    said = f"Excluded now: {trials_text(found)}." if found else "All trials count."
    return Answer(data, lambda _style: [said])


@command(_FROM_SEML)
def from_seml(asked: Asked) -> Answer:
    """Show seml's configurations as sweeps."""
    found = seml.read(asked["FILE"])
    data = {"sweeps": [{**sweep._asdict(), "line": sweep.line} for sweep in found]}
    return Answer(data, lambda _style: seml.sweep_lines(found))


_COMMANDS: Mapping[str, Main] = {
    "ls": ls,
    "show": show,
    "watch": watch,
    "why": why,
    "best": best,
    "stop": stop,
    "retry": retry,
    "exclude": exclude,
    "from-seml": from_seml,
}


def main(words: Sequence[str]) -> int:
    """Do one of the commands about sweeps."""
    name = next((word for word in words if not word.startswith("-")), "")
    if not name and {"-h", "--help"} & set(words):
        put(f"{_overview()}\n")
        return 0
    if name in _COMMANDS:
        rest = list(words)
        rest.remove(name)
        return _COMMANDS[name]([name, *rest])
    if name.endswith(".py") or words[:1] == ["-m"] or os.path.isfile(name):
        return sweep_script(words)
    if words[:1] == [name]:
        print(UnknownCommandError(name, dotted.nearest(name, _COMMANDS), tuple(_COMMANDS)), file=sys.stderr)
        return 2
    return _COMMANDS["ls"](["ls", *words])


def _overview() -> str:
    """Return what the commands about sweeps are."""
    rows = [f"  {name:<9} {about}" for name, about in OF_SWEEPS.items()]
    usage = ["Usage:", "  expframe sweep COMMAND ...", "  expframe sweep SCRIPT.py with ..."]
    end = ["ls is done where no command is named. expframe sweep COMMAND --help says more."]
    return "\n".join([*usage, "", "Commands:", *rows, "", *end])


def _find(asked: Asked) -> tuple[SweepRun, Trials]:
    sweep, trials = _read(select.select_sweep(asked.runs, asked["ID"]))
    goals = asked.names("--metric") if "--metric" in asked.words else []
    if goals:
        seeking = Seeking(tuple(map(goal, goals)))
        seeking.read(trials)
        sweep = sweep._replace(plan=seeking.plan(sweep.plan))
    return sweep, trials


def _read(run: StoredRun) -> tuple[SweepRun, Trials]:
    """Return a sweep and its trials; the trials are read first, so that the plan, which may grow, has all of them."""
    trials = Trials(run.folder)
    trials.refresh()
    return SweepRun.read(run), trials


def _facts(sweep: SweepRun, trials: Trials) -> dict[str, Any]:
    return facts_of(sweep.plan, trials, sweep.record.name)


def _numbers(asked: Asked, sweep: SweepRun) -> list[int]:
    found = []
    for word in asked["TRIAL"] or []:
        if (
            not word.isdecimal()
            or len(word) > LONGEST
            or (sweep.plan.size is not None and int(word) >= sweep.plan.size)
        ):
            last = "" if sweep.plan.size is None else f" to {sweep.plan.size - 1}"
            raise UsageError(f"trial {word!r}", f"is none: trials are numbered from 0{last}.")
        found.append(int(word))
    return found
