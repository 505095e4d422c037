"""
An experiment of Sacred's as a sweep knows one: a trial is a run of ours, inside which a run of Sacred's kind is done.

Words are read, and the config is decided, by Sacred's rules; the script's observers are told of that run as of any.
What it logs and keeps goes into the trial's run as well, by which the sweep knows of it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from expframe.cli.argv import first_word
from expframe.cli.script.command_line import FORCED_SWEEP, run_script
from expframe.cli.sweeps.arguments import FLAGS_OF_SWEEP, WORD
from expframe.compat.sacred._own.dotted import set_by_dotted_path
from expframe.compat.sacred._own.exceptions import SacredError, SacredInterrupt
from expframe.compat.sacred.arg_parser import get_config_updates
from expframe.compat.sacred.config.utils import normalize_numpy
from expframe.compat.sacred.metrics_logger import MetricsLogger
from expframe.config import dotted
from expframe.config.decided import Config
from expframe.config.dotted import MISSING
from expframe.config.layers import Part, Recipe
from expframe.config.options import FLAGS, Flag
from expframe.config.request import Origin, Override, Request
from expframe.config.standing import Standing
from expframe.errors import ConfigError, MetricError, RunInterrupt
from expframe.experiment.experiment import Experiment
from expframe.process import context
from expframe.recipe.registry import Captured, CliOption, Command
from expframe.recipe.snapshot import Snapshot

_FLAGS = {
    "beat_interval": "--beat-interval",
    "capture": "--capture",
    "comment": "--comment",
    "debug": "--debug",
    "force": "--force",
    "loglevel": "--loglevel",
    "name": "--name",
}
"""The flags that Sacred has too, by their fields in `Options`."""

_PACKAGE = __name__.partition("._own")[0]


class SweptExperiment(Experiment):
    """
    What a sweep and its workers are given for an experiment of Sacred's.

    Args:
        sacred: That experiment.
    """

    def __init__(self, sacred: Any) -> None:
        super().__init__(sacred.path)
        self.main_file: str | None = None if sacred.mainfile is None else sacred.mainfile.filename
        self.sacred = sacred
        self.registry.cli_options += _own_options(sacred)
        if getattr(sys.modules.get("sacred"), "__name__", "") == _PACKAGE:
            self.runner: tuple[str, ...] = ("-m", "expframe", "sacred")

    def snapshot(self) -> Snapshot:
        """Return the experiment as it stands now, for one run."""
        once = _Once(self.sacred)
        captured = Captured.of(once.do, ())
        commands = {
            name: Command(name, once.do, captured, getattr(function, "unobserved", False))
            for name, function in self.sacred.gather_commands()
        }
        recipe = Recipe((Part(()),), self.registry.names)
        found = SacredSnapshot(recipe, commands, (), (), self._source_files, self.sacred.default_command)
        found.once = once
        return found

    def _source_files(self) -> tuple[str, ...]:
        return tuple(source.filename for source in sorted(self.sacred.sources))


class SacredSnapshot(Snapshot):
    """
    The recipes of an experiment of Sacred's, which are Sacred's own to decide by.

    Attributes:
        once: The run whose config is decided.
    """

    once: _Once

    def decide(self, request: Request, logger: logging.Logger | None = None) -> Config:
        """
        Return the config that Sacred decides for a request.

        Raises:
            ConfigError: Sacred refuses what was asked.
        """
        with _warnings_of(self.once.sacred) as warnings:
            values = self.once.decide(self._command(request), request, force=request.options.force)
        origins = {dotted.join(path): Origin("config", self.once.sacred.path) for path, _ in dotted.walk(values)}
        if values["seed"] == request.seed:
            origins["seed"] = Origin("drawn")
        given = ((path, override.origin) for override in request.overrides for path, _ in override.leaves())
        origins |= {dotted.join(path): origin for path, origin in given}
        return Config(values, origins, warnings=tuple(warnings), names=self.recipe.names)

    def look_up(self, request: Request, logger: logging.Logger | None = None) -> Standing:
        """Return what stands in that config, also where entries are new."""
        with _warnings_of(self.once.sacred):
            values = self.once.decide(self._command(request), request, force=True)
        return Standing(values, {}, lambda _path: MISSING)

    def _command(self, request: Request) -> str:
        """Return the command that a config is decided for: for a sweep's own run that of its trials will do."""
        asked = request.command or ""
        return asked if asked in self.commands else self.main or next(iter(self.commands))


class _Once:
    """One run of Sacred's, made when its config is decided, and done in the run of a trial."""

    def __init__(self, sacred: Any) -> None:
        self.sacred = sacred
        self._run: Any = None

    def decide(self, command: str, request: Request, *, force: bool) -> dict[str, Any]:
        """Make the run, and return its config."""
        given = request.options._asdict()
        options = {flag: given[field] for field, flag in _FLAGS.items() if given[field]}
        updates = _updates((*request.base, *request.overrides))
        options["--force"] = force
        try:
            self._run = self.sacred._create_run(
                command, updates, request.named, info={}, meta_info={}, options=options, seed=request.seed
            )
        except SacredError as problem:
            raise ConfigError(str(problem)) from problem
        config: dict[str, Any] = self._run.config
        return config

    def do(self) -> Any:
        """Do the run inside the current one, which is told what it logs and keeps, and return its result."""
        run, trial = self._run, context.current()
        if trial.folder is None:  # of a rank, whose first process keeps the trial
            run.observers.clear()
        run.trial = trial
        run._metrics = _TrialMetrics(trial)
        try:
            return run()
        except SacredInterrupt as problem:
            ending = RunInterrupt(str(problem))
            ending.status = problem.STATUS
            raise ending from problem


class _TrialMetrics(MetricsLogger):
    """The values of metrics on their way to Sacred's observers; a trial is told of each at once."""

    def __init__(self, trial: Any) -> None:
        super().__init__()
        self._trial = trial

    def log_scalar_metric(self, metric_name: str, value: Any, step: Any = None) -> None:
        """Take a value; what is no number is for Sacred's observers only."""
        super().log_scalar_metric(metric_name, value, step)
        with suppress(MetricError):
            self._trial.log_scalar(metric_name, normalize_numpy(value), self._metric_step_counter[metric_name])


def is_given_away(sacred: Any, line: Sequence[str]) -> bool:
    """
    Give an experiment to the worker that runs its script, or do the sweep that a command line asks for.

    Args:
        sacred: The experiment.
        line: The command line, the program's name first.

    Returns:
        Whether it was given away, or swept: where it has a command called `sweep`, that word asks for no sweep.
    """
    if (take := context.taker()) is not None:
        take(*sacred.to_worker())
        return True
    flags = [*map(flag_of, sacred.all_cli_options), *FLAGS_OF_SWEEP]
    place = first_word(line[1:], flags)
    if place is None or line[1 + place] != WORD or WORD in dict(sacred.gather_commands()):
        return False
    experiment, prepare = sacred.to_worker()
    run_script(experiment, prepare, [line[0], FORCED_SWEEP, *line[1 : 1 + place], *line[2 + place :]])
    return True


def _own_options(sacred: Any) -> Iterator[CliOption]:
    """Yield the flags that runs of Sacred's have and ours have not: those of observers, and the user's own."""
    known = {flag.long for flag in FLAGS}
    for option in sacred.all_cli_options:
        if option.get_flag() not in known:
            yield CliOption(flag_of(option), option.apply)


def flag_of(option: Any) -> Flag:
    """Return one of Sacred's flags as ours are."""
    short, long = option.get_flags()
    return Flag(short, long, long, "", bool(option.arg))


def _updates(overrides: Iterable[Override]) -> dict[str, Any]:
    """Return what overrides say as Sacred's updates; texts are read as on Sacred's command line."""
    found: dict[str, Any] = {}
    for override in overrides:
        before, after = ("+", "") if override.operator == "+" else ("", override.operator.removesuffix("="))
        name = f"{before}{dotted.join(override.path)}{after}"
        value = override.value
        if override.is_text:
            (value,) = get_config_updates([f"value={value}"])[0].values()
        set_by_dotted_path(found, name, value)
    return found


@contextmanager
def _warnings_of(sacred: Any) -> Iterator[list[str]]:
    """Take what loggers of an experiment warn of while the block runs, each once."""
    root = sacred.logger or logging.getLogger()
    loggers = [root, *(root.getChild(ingredient.path) for ingredient, _ in sacred.traverse_ingredients())]
    found: list[str] = []

    def take(record: logging.LogRecord) -> bool:
        if record.levelno != logging.WARNING:
            return True
        if (text := record.getMessage()) not in found:
            found.append(text)
        return False

    for logger in loggers:
        logger.addFilter(take)
    try:
        yield found
    finally:
        for logger in loggers:
            logger.removeFilter(take)
