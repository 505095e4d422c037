"""The judge of what is asked of a sweep: it decides trials as runs would, and refuses before any of them starts."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

from expframe.config import dotted
from expframe.config.decided import Config
from expframe.config.dotted import MISSING
from expframe.config.options import Options
from expframe.config.request import Override, Request
from expframe.config.secrets import Names
from expframe.config.standing import Standing
from expframe.errors import OptionError, SweepWordError, UsageError, listed
from expframe.store.search.fields import Field
from expframe.store.search.goals import goal
from expframe.store.sweeps.axes import Axis, Choices, Interval
from expframe.store.sweeps.plan import GRID, Plan, Trial
from expframe.sweep import pruning, skips, words
from expframe.sweep import space as python_space
from expframe.sweep.branches import in_order
from expframe.sweep.crossed_axes import LARGEST_SEED, conditions_beside, take_each, take_replicates
from expframe.sweep.entries import Unswept
from expframe.sweep.request import SweepRequest
from expframe.sweep.search.proposals import BY_HISTORY, SEARCHES, search_of
from expframe.sweep.typical_trials import ALL_CELLS, corner, typical_trials
from expframe.sweep.warm import told_by


class Judge:
    """
    What knows a script: its recipe, and what makes runs of it.

    Args:
        experiment: The script's.
        prepare: Makes a run, which is not started, of what is asked for.
        command: The command that trials do; None for the main function.
        options: The options that trials have.

    Attributes:
        names: Which entries are secret.
        first: The first trial that was judged, as a run that is not started.
    """

    def __init__(
        self, experiment: Any, prepare: Callable[[Request], Any], command: str | None, options: Options
    ) -> None:
        self._snapshot = snapshot = experiment.snapshot()
        self.names: Names = snapshot.recipe.names
        self.first: Any = None
        self._command = command or snapshot.main
        self._options = options
        self._logger = logging.getLogger(experiment.name)
        self._prepare = prepare

    def known(self, named: tuple[str, ...], overrides: tuple[Override, ...]) -> Unswept:
        """Return what stands in the config beside named configs and overrides."""
        request = self._request(named, overrides)
        snapshot = self._snapshot.choosing(request)
        standing = snapshot.look_up(request, self._logger)

        @cache
        def standing_of(slot: dotted.Path, name: str) -> Standing:
            more = (*overrides, Override(slot, name))
            found: Standing = self._snapshot.look_up(self._request(named, more), self._logger)
            return found

        return Unswept(standing.value, standing.type_of, snapshot.recipe.slots, standing_of)

    def decide(self, trial: Trial) -> Config:
        """Return the config of a trial; the first one is refused where its run would be."""
        request = self._request(trial.named, trial.overrides)
        if self.first is not None:
            decided: Config = self._snapshot.decide(request, self._logger)
            return decided
        run = self._prepare(request)
        self._refuse_unobserved(request)
        run.check_arguments()
        self.first = run
        config: Config = run.config
        return config

    def _refuse_unobserved(self, request: Request) -> None:
        commands = self._snapshot.choosing(request).commands
        command = commands[self._command or ""]
        if command.unobserved:
            observed = [name for name, other in commands.items() if not other.unobserved]
            problem = f"keeps nothing of its runs, and trials are runs. Commands that can be swept: {listed(observed)}."
            raise UsageError(f"command {command.name!r}", problem)

    def _request(self, named: tuple[str, ...], overrides: tuple[Override, ...]) -> Request:
        return Request(self._command, overrides, named, self._options, seed=1)


class Judged(NamedTuple):
    """
    A plan that can be carried out.

    Attributes:
        plan: The plan.
        warnings: What was taken but looks like a mistake.
    """

    plan: Plan
    warnings: tuple[str, ...] = ()


def judge(request: SweepRequest, by: Judge) -> Judged:
    """
    Return the plan of what is asked for.

    Args:
        request: What is asked for.
        by: What knows the script.

    Raises:
        UsageError: A word or an option cannot be what it says.
        ConfigError: A value cannot be decided.
    """
    known = _standing(request.words, by)
    plan = _plan(request, known, by.names)
    _check_search(plan)
    if plan.launch and plan.needed:
        problem = "cannot be with --launch, whose processes would ask for themselves whether a trial is needed."
        raise OptionError("--needed", problem)
    fields = skips.check(plan.skip) if plan.skip else ()
    warnings = tuple(dict.fromkeys(judge_trials(plan, by, fields)))
    if plan.warm:
        if plan.search not in BY_HISTORY:
            problem = f"is for a search that learns: {', '.join(BY_HISTORY)}."
            raise OptionError(f"--warm {plan.warm!r}", problem)
        plan = replace(plan, told=told_by(plan.warm, by.first.store, plan, known))
    return Judged(plan, warnings)


# ------------------------------------------------------------------------------------------------------ the parts


def _plan(request: SweepRequest, known: Unswept, names: Names) -> Plan:
    """Return what is asked for as a plan, beside what stands without it."""
    space = words.read(request.words, known)
    written = python_space.read(request.space, known)
    axes, fixed = [*space.axes, *written.axes], (*space.overrides, *written.fixed)
    if written.seeds is not None:
        if request.seeds is not None:
            raise OptionError(f"--seeds={request.seeds}", "says the seeds, and Seeds(...) does too. Leave one out.")
        request = request._replace(seeds=written.seeds)
    words.refuse_twice(axes, fixed, known)
    refuse_secrets(fixed, axes, names)
    seed = random.SystemRandom().randrange(1, LARGEST_SEED) if request.search_seed is None else request.search_seed
    replicates = take_replicates(request, axes, fixed, seed)
    each = tuple(take_each(name, axes) for name in request.each)
    axes = in_order(axes)
    return Plan(
        axes=tuple(axes),
        conditions=conditions_beside(axes, [*each, *([replicates] if replicates else ())], known),
        each=each,
        replicates=replicates,
        named=space.named,
        overrides=fixed,
        command=request.command,
        search=request.search,
        search_seed=seed,
        samples=request.trials,
        goals=tuple(map(goal, request.metric)),
        prune=request.prune,
        skip=request.skip,
        warm=request.warm,
        retry=request.retry,
        max_fails=request.max_fails,
        max_time=request.max_time,
        needed=request.needed,
        stash=request.stash,
        launch=request.launch,
        gpus=request.gpus,
        options=request.options.given(),
    )


def _standing(said: Sequence[str], by: Judge) -> Unswept:
    """Return what stands without a sweep's words; where that cannot be decided, with the first value of each."""
    named = tuple(word for word in said if "=" not in word and "," not in word and not word.startswith("@"))
    try:
        return by.known(named, ())
    except Exception:
        written = [word for word in said if "=" in word and not word.endswith("=?")]
        bare = words.read(written, Unswept(lambda path: MISSING))
        first = Plan(axes=bare.axes, overrides=bare.overrides).trial(0, corner(bare.axes, 0))
        return by.known(named, first.overrides)


def refuse_secrets(fixed: Sequence[Override], axes: Sequence[Axis], names: Names) -> None:
    """
    Refuse words whose values are secret, since a sweep's words are stored.

    Raises:
        SweepWordError: One is.
    """
    said = [*fixed]
    for axis in axes:
        positions = range(axis.size if isinstance(axis, Choices) else 0)
        said += [word for at in positions for word in axis.words(at) if isinstance(word, Override)]
    for path, value in (leaf for override in said for leaf in override.leaves()):
        if names.covers(path, value):
            problem = (
                "is a secret, and a sweep's words are stored. Read it from the environment in the config function."
            )
            raise SweepWordError(repr(dotted.join(path)), problem)


def _check_search(plan: Plan) -> None:
    if plan.search not in SEARCHES:
        near = dotted.nearest(plan.search, SEARCHES)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise OptionError(f"--search={plan.search}", f"is no search.{hint} There are: {', '.join(SEARCHES)}.")
    interval = next((axis for axis in plan.axes if axis.size is None), None)
    if plan.search == GRID and isinstance(interval, Interval):
        low, high = (f"{end:g}" for end in (interval.low, interval.high))
        written = f"{interval.name}={'log:' if interval.is_log else ''}{low}..{high}"
        problem = f"is an interval, and a grid has single values. Write {written}:5 for five of them"
        raise SweepWordError(repr(written), f"{problem}, or draw some: --search random --trials 50.")
    if plan.search == GRID and plan.samples is not None:
        problem = f"is for a search; a grid has all its {plan.cells} cells. Write --search random beside it."
        raise OptionError(f"--trials={plan.samples}", problem)
    if plan.size is None:
        reason = "over an interval" if plan.is_function else "by itself"
        raise OptionError(f"--search={plan.search}", f"has no end {reason}. Say how many samples: --trials 50.")
    if plan.search in BY_HISTORY and not plan.goals:
        problem = "learns from what trials come to. Say what is sought: --metric val.acc.max:max, or result:min."
        raise OptionError(f"--search={plan.search}", problem)
    if not plan.is_function:
        search_of(plan)  # refuses what is not installed


# ----------------------------------------------------------------------------------------------------- the trials


def judge_trials(plan: Plan, by: Judge, fields: Sequence[Field]) -> Iterator[str]:
    """Decide trials in which each value occurs, and yield their warnings; the first is checked to its end."""
    is_all_skipped, found = bool(plan.skip), set()
    configs = []
    for trial in typical_trials(plan):
        config = by.decide(trial)
        if plan.prune:
            pruning.check(plan, config.values)
        yield from config.warnings
        configs += [config] if plan.skip else []
        found |= {field for field in fields if dotted.get(config.values, field.path) is not MISSING}
        is_all_skipped = is_all_skipped and skips.is_skipped(plan, config)
    for field in fields:
        if field not in found:
            near = dotted.nearest(
                dotted.join(field.path), [dotted.join(path) for path, _ in dotted.walk(config.values)]
            )
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise OptionError(f"--skip {plan.skip!r}", f"asks for {field.name!r}, which no config has.{hint}")
    if plan.skip:
        skips.refuse_misfits(plan.skip, configs)
    if is_all_skipped and plan.cells is not None and plan.cells <= ALL_CELLS:
        raise OptionError(f"--skip {plan.skip!r}", "leaves no trial over.")
