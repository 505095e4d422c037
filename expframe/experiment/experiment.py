"""Experiment: where decorators write, and where runs are asked for."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from expframe.config import dotted
from expframe.config.decided import Config
from expframe.config.layers import Entries
from expframe.config.request import FLAGS, Flag, Options, Origin, Override, Request
from expframe.errors import (
    DefinitionError,
    HookSignatureError,
    MissingMainError,
    NameTakenError,
    OptionError,
    UnknownCommandError,
)
from expframe.process import context, notebook
from expframe.process.seeds import child_seed, drawn_seed, rank
from expframe.recipe.ingredient import DecoratorMethod, F, Ingredient, called_from, caller_of
from expframe.recipe.registry import Captured, CliOption, Command, Snapshot, origin_of

if TYPE_CHECKING:
    from pathlib import Path

    from expframe.experiment.queue import TaskQueue, TaskResult
    from expframe.observers.base import Observer
    from expframe.run.open_runs import CalledRun, StartedRun
    from expframe.run.resume import Resumed
    from expframe.run.run import Run, Setup
    from expframe.store.reader import StoredRun

R = TypeVar("R", bound="Run")
E = TypeVar("E", bound="Experiment")

GHOST_VARIABLE = "EXPFRAME_GHOST"
_START = "start()"
"""What a run without a command asks for: no function has this name."""
_STARTED = "start"
"""What its record says instead."""


class Experiment(Ingredient):
    """
    A script that can be run: configuration, commands, and a record of each run.

    Args:
        name: What its runs are called; by default the script's or notebook's name.
        ingredients: The ingredients it uses.
        store: The folder that runs are kept in; by default that of EXPFRAME_STORE, else `./runs`. `-F DIR` prevails.
        observers: Where else the facts of its runs go.
        project_dir: The folder whose files count as source; by default the git root, else the next pyproject.toml.
        load_dir: The folder that `load_path` looks in.
        ghost: Run everything and keep nothing.
        max_depth: How many levels are searched for a parameter's name where a function does not say.
        read_only: False to hand out plain copies of dicts and lists where a function does not say.
        include: Patterns of files below the project that count as sources though they are not loaded: `**/*.yaml`.
        exclude: Patterns of sources that are not kept, as they are named below the project: `generated/*`.
        environment: Environment variables to keep, by name or pattern (`SLURM_*`).
        ranks: "all" to keep the runs of all processes of a distributed job, not only of rank 0.
        devices: The GPUs that its runs may see, by number or UUID: `[0, 3]`; empty for none. `--devices 0,3` prevails.
        memory_growth: Let tensorflow and jax take GPU memory as they need it, as torch does.
        sample: Seconds between two samples of CPU, memory, disk, network and GPUs, taken where psutil is installed (the
            extra `system`) and runs are kept; 0 or False for none.
        grace: Seconds that code which reads `run.should_stop` or makes checkpoints has to end by itself after SIGTERM.

    Raises:
        DefinitionError: `ranks` or `sample` is something else.
        OptionError: A device is neither a number nor a UUID.
    """

    def __init__(  # noqa: PLR0913  one keyword for each thing that can be chosen once for all runs
        self,
        name: str | None = None,
        ingredients: Iterable[Ingredient] = (),
        *,
        store: str | os.PathLike[str] | None = None,
        observers: Iterable[Observer] = (),
        project_dir: str | os.PathLike[str] | None = None,
        load_dir: str | os.PathLike[str] | None = None,
        ghost: bool = False,
        max_depth: int = 1,
        read_only: bool = True,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        environment: Sequence[str] = (),
        ranks: str = "first",
        grace: float = 30.0,
        devices: Iterable[int | str] | int | str | None = None,
        memory_growth: bool = False,
        sample: float = 10.0,
    ) -> None:
        caller = caller_of(self)
        file = caller.f_globals.get("__file__")
        found = os.path.splitext(os.path.basename(file))[0] if file else notebook.find_name(caller.f_globals)
        self.name = name or found or "interactive"
        if ranks not in ("first", "all"):
            raise DefinitionError(f"ranks={ranks!r}", "must be 'first' or 'all'.")
        if not isinstance(sample, int | float) or not 0 <= sample < float("inf"):
            raise DefinitionError(f"sample={sample!r}", "must be seconds between two samples, or False for none.")
        self._set_up((), self.name, ingredients, caller)
        self.default_command: str | None = None
        self.observers = list(observers)
        self.store = store
        self.ghost = ghost
        self.main_file = os.path.abspath(file) if file else None
        self.project_dir = os.path.abspath(project_dir) if project_dir else None
        self.load_dir = os.path.abspath(load_dir) if load_dir else None
        for pattern in include:
            if os.path.isabs(pattern) or ".." in pattern.split("/"):
                raise DefinitionError(
                    f"include {pattern!r}", "leads out of the project. Give a pattern of paths below it."
                )
        self.environment = tuple(environment)
        self._include, self._exclude = tuple(include), tuple(exclude)
        self.grace = grace
        self._max_depth = max_depth
        self._read_only = read_only
        self._ranks = ranks
        self.devices = self._parse_devices(devices)
        self._memory_growth = memory_growth
        self._sample = 10.0 if sample is True else float(sample)
        self._known: Any = None
        self._has_built_in = False
        self._tasks: TaskQueue | None = None

    @classmethod
    def from_file(cls: type[E], path: str | os.PathLike[str]) -> E:
        """
        Return the experiment that a .json, .yaml, .yml or .toml file describes; nothing in the file executes code.

        Its entries, all of which may be left out: `name`, `store`, `project_dir`, `load_dir`, `ghost`, `observers` (by
        name: `[{tensorboard: {dir: logs}}]`) and `devices` as for Experiment, `config` as for `add_config`, and
        `queue`, a list of commands or of what `queue` takes. Folders are relative to the file's own. Tasks are checked
        by `run_queue`, as commands are not there yet.

        Raises:
            ConfigFileError: The file is missing, malformed or of an unknown kind.
            ExperimentFileError: An entry is unknown, or is not what it may be.
        """
        from expframe.experiment.from_file import read

        found = read(path)
        ex = cls(**found.arguments)
        if found.config:
            ex.registry.layers.append(Entries(found.config, Origin("file", found.name, found.name)))
        for task in found.queue:
            ex._task_queue.add_unchecked(ex._ask(**task))
        return ex

    def load_path(self, *parts: str | os.PathLike[str]) -> Path:
        """
        Return a path inside the experiment's `load_dir`, or that folder.

        Raises:
            DefinitionError: The experiment has none.
            EscapingPathError: The name leads out of it.
        """
        from pathlib import Path

        from expframe.disk.files import inside

        if self.load_dir is None:
            raise DefinitionError(repr(self), "has no folder to load from. Give Experiment(load_dir=...).")
        folder = Path(self.load_dir)
        return inside(folder, *parts) if parts else folder

    # ------------------------------------------------------------------------------------------------ commands

    @DecoratorMethod
    def main(self, function: Any, **how: Any) -> Any:
        """Add a command that is run when none is named; `how` as for `command`."""
        wrapped = self.command(function, **how)
        self.default_command = wrapped.__name__
        return wrapped

    @DecoratorMethod
    def automain(self, function: Any, **how: Any) -> Any:
        """Add the main command and, if this file is the script, do what the command line says. Last in a file."""
        wrapped = self.main(function, **how)
        is_script = hasattr(sys.modules["__main__"], "__file__") or sys.argv[:1] == ["-c"]
        if function.__module__ == "__main__" and is_script:
            self.run_commandline()
        return wrapped

    @DecoratorMethod
    def option_hook(self, function: Any) -> Any:
        """
        Add a function `(options)` that is called with the dict of options before anything else, and may change it.

        Raises:
            HookSignatureError: It has no parameter `options`.
        """
        if "options" not in inspect.signature(function).parameters:
            origin = origin_of("option hook", function)
            problem = "must have a parameter `options`."
            raise HookSignatureError(f"hook {origin.name}() ({origin.where})", problem)
        self.registry.add_run_hook(self.registry.option_hooks, function)
        return function

    def cli_option(self, *flags: str, is_flag: bool = False) -> Callable[[F], F]:
        """
        Add an option to the command line. The decorated `(value, run)` is called before the command if it is given.

        Args:
            flags: Its spellings: `"-x", "--extra"`.
            is_flag: Whether it takes no value.

        Raises:
            NameTakenError: One of the spellings is taken.
            DefinitionError: There is no long spelling.
        """
        long = next((flag for flag in flags if flag.startswith("--")), None)
        short = next((flag for flag in flags if not flag.startswith("--")), "")
        if long is None:
            raise DefinitionError(f"cli_option{flags!r}", "needs a long spelling such as '--extra'.")

        def add(function: F) -> F:
            known = [*FLAGS, *(option.flag for option in self.registry.cli_options)]
            for flag in known:
                if long == flag.long or (short and short == flag.short):
                    raise NameTakenError(f"cli_option{flags!r}", f"is taken by {flag.short} {flag.long}.")
            help = " ".join((inspect.getdoc(function) or "").split())
            self.registry.cli_options.append(CliOption(Flag(short, long, long, help, not is_flag), function))
            return function

        return add

    # ------------------------------------------------------------------------------------------------- running

    @overload
    def run(
        self,
        command: str | None = ...,
        config_updates: Mapping[Any, Any] | None = ...,
        named_configs: Sequence[str] = ...,
        info: Mapping[str, Any] | None = ...,
        options: Mapping[str, Any] | None = ...,
        *,
        tags: Sequence[str] = ...,
        run_name: str | None = ...,
        args: Sequence[Any] = ...,
        kwargs: Mapping[str, Any] | None = ...,
        needed: Literal[False] = ...,
    ) -> Run: ...

    @overload
    def run(
        self,
        command: str | None = ...,
        config_updates: Mapping[Any, Any] | None = ...,
        named_configs: Sequence[str] = ...,
        info: Mapping[str, Any] | None = ...,
        options: Mapping[str, Any] | None = ...,
        *,
        tags: Sequence[str] = ...,
        run_name: str | None = ...,
        args: Sequence[Any] = ...,
        kwargs: Mapping[str, Any] | None = ...,
        needed: bool | str,
    ) -> Run | StoredRun: ...

    def run(
        self,
        command: str | None = None,
        config_updates: Mapping[Any, Any] | None = None,
        named_configs: Sequence[str] = (),
        info: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        *,
        tags: Sequence[str] = (),
        run_name: str | None = None,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        needed: bool | str = False,
    ) -> Run | StoredRun:
        """
        Do a command as a run, inside another run as its child, and return the Run.

        Args:
            command: Its name, `ingredient.path.name` for an ingredient's; by default the main function.
            config_updates: Values that prevail over all others; keys may be dotted, and begin with `+` to add an entry.
            named_configs: Named configs and config files, later ones prevail.
            info: What the run's info begins with.
            options: Options of the command line, by flag or name: `{"--force": True}`, `{"comment": "again"}`.
            tags: Words to find it again.
            run_name: Its id, in place of the next number.
            args: Positional arguments of the command, which prevail over the config.
            kwargs: Keyword arguments of the command, which prevail over the config.
            needed: True to return a completed run of the same command, config and code as a StoredRun where there is
                one; "config" for whatever code. A seed that nobody chose, and secrets, may be others.

        Raises:
            ConfigError: A value cannot be decided; nothing was started.
            UsageError: There is no such command or option.
            StoreError: The run cannot be kept where it should; nothing was started.
            BaseException: What the command raises, unchanged.
        """
        __tracebackhide__ = True
        asked = self._ask(command, config_updates, named_configs, info, options, tags, run_name, args, kwargs)
        if needed:
            if needed not in (True, "config"):
                raise OptionError(f"needed={needed!r}", "must be True, 'config' or False.")
            asked = asked._replace(options=asked.options._replace(needed=True, any_code=needed == "config"))
        run: Run = self.prepare(asked)
        return run.do()

    def create(
        self,
        command: str | None = None,
        config_updates: Mapping[Any, Any] | None = None,
        named_configs: Sequence[str] = (),
        info: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        *,
        tags: Sequence[str] = (),
        run_name: str | None = None,
    ) -> CalledRun:
        """
        Open a run of a command and return it, to be called as often as wanted: `run(*args, **kwargs)`.

        Each call is numbered, timed and recorded; what it saves and logs goes to the one run. The run ends by
        `run.close()`, the end of its `with` block, or with the process: FAILED if its last call failed.

        Args:
            command: As for `run`.
            config_updates: As for `run`.
            named_configs: As for `run`.
            info: As for `run`.
            options: As for `run`.
            tags: As for `run`.
            run_name: As for `run`.

        Raises:
            ConfigError: A value cannot be decided; nothing was started.
            UsageError: There is no such command or option.
            StoreError: The run cannot be kept where it should; nothing was started.
        """
        from expframe.run.open_runs import CalledRun

        asked = self._ask(command, config_updates, named_configs, info, options, tags, run_name)
        run: CalledRun = self.prepare(asked, kind=CalledRun)
        run.open()
        return run

    def start(
        self,
        config_updates: Mapping[Any, Any] | None = None,
        named_configs: Sequence[str] = (),
        info: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        *,
        tags: Sequence[str] = (),
        run_name: str | None = None,
    ) -> StartedRun:
        """
        Open a run without a command and return it: what happens outside of any command belongs to it.

        Commands that are run inside are its children. It ends by `run.close()`, the end of its `with` block, or with
        the process: FAILED after an exception that nobody caught, INTERRUPTED after Ctrl-C or SIGTERM. Starting one of
        the same name again, as when a cell of a notebook is run again, closes the earlier one. Hooks are for commands
        and are not called. Output is captured in mode `sys`; `options={"capture": "fd"}` takes that of C code too.

        Args:
            config_updates: As for `run`.
            named_configs: As for `run`.
            info: As for `run`.
            options: As for `run`.
            tags: As for `run`.
            run_name: As for `run`.

        Raises:
            ConfigError: A value cannot be decided; nothing was started.
            UsageError: There is no such option.
            StoreError: The run cannot be kept where it should; nothing was started.
        """
        from expframe.run.open_runs import StartedRun

        asked = self._ask(_START, config_updates, named_configs, info, options, tags, run_name)
        StartedRun.close_earlier(asked.options.name or self.name)
        run: StartedRun = self.prepare(asked, kind=StartedRun)
        run.open()
        return run

    def queue(
        self,
        command: str | None = None,
        config_updates: Mapping[Any, Any] | None = None,
        named_configs: Sequence[str] = (),
        info: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        *,
        tags: Sequence[str] = (),
        run_name: str | None = None,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        """
        Remember a run for `run_queue`. It is checked at once.

        Args:
            command: As for `run`.
            config_updates: As for `run`.
            named_configs: As for `run`.
            info: As for `run`.
            options: As for `run`.
            tags: As for `run`.
            run_name: As for `run`.
            args: As for `run`.
            kwargs: As for `run`.

        Raises:
            ConfigError: A value cannot be decided.
            UsageError: There is no such command or option.
        """
        asked = self._ask(command, config_updates, named_configs, info, options, tags, run_name, args, kwargs)
        self._task_queue.add(asked)

    def run_queue(self, on_error: str = "continue") -> list[TaskResult]:
        """
        Do what was queued, in order, each as a run: inside a run as its children. Return what came of each.

        Progress, and a table at the end, are logged.

        Args:
            on_error: "continue" with the next after one that failed, or "stop"; what was not run stays queued.

        Raises:
            QueueError: One of them failed; it holds all results. On a command line the exit code is then 1.
            ExpframeError: A task of a file cannot be run; none was.
        """
        return self._task_queue.run(on_error)

    @property
    def _task_queue(self) -> TaskQueue:
        if self._tasks is None:
            import logging

            from expframe.experiment.queue import TaskQueue

            self._tasks = TaskQueue(self.prepare, logging.getLogger(self.name))
        return self._tasks

    def _ask(
        self,
        command: str | None = None,
        config_updates: Mapping[Any, Any] | None = None,
        named_configs: Sequence[str] = (),
        info: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        tags: Sequence[str] = (),
        run_name: str | None = None,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Request:
        """Return what a call asks for; its seed is chosen when the run is prepared."""
        overrides = Override.from_updates(config_updates or {}, called_from(self, "config_updates"))
        given = Options.from_mapping(options or {})
        if run_name is not None:
            given = given._replace(id=run_name)
        return Request(
            command, overrides, tuple(named_configs), given, dict(info or {}), tuple(tags),
            args=tuple(args), kwargs=dict(kwargs or {}),
        )  # fmt: skip

    def run_commandline(self, argv: str | Sequence[str] | None = None) -> Run | StoredRun | None:
        """
        Do what a command line asks for, and return the Run; the completed one with --needed, None after help.

        Args:
            argv: A text or a list of words, the program's name first; by default `sys.argv`.

        Raises:
            SystemExit: Something failed; what went wrong has been printed.
        """
        from expframe.cli.script.command_line import run_script

        found: Run | StoredRun | None = run_script(self, argv)
        return found

    def resolve(
        self,
        *overrides: str,
        named: Sequence[str] = (),
        config_updates: Mapping[Any, Any] | None = None,
        force: bool = False,
    ) -> Config:
        """
        Return the config that a run would have, without a run.

        Args:
            overrides: As on a command line: `"lr=0.1"`, `"tags+=['x']"`.
            named: Named configs and config files.
            config_updates: As for `run`.
            force: Let overrides add entries that nothing defines.

        Raises:
            ConfigError: A value cannot be decided.
        """
        given = tuple(Override.parse(text) for text in overrides)
        given += Override.from_updates(config_updates or {}, called_from(self, "config_updates"))
        request = Request(self.default_command, given, tuple(named), Options(force=force), seed=drawn_seed(os.environ))
        return self._decide(self._snapshot(), request)

    def prepare(self, asked: Request, *, kind: type[R] | None = None, is_command_line: bool = False) -> R:
        """Return a run that is decided and not started. Everything that can be refused by then is."""
        from expframe.run.run import Run

        snapshot = self._snapshot()
        options = asked.options
        for hook in self.registry.option_hooks:
            changed = options.to_mapping()
            hook(options=changed)
            options = Options.from_mapping(changed)
        parent = context.parent_of_new()
        resumed = self._find_resumed(asked, options, parent)
        if resumed is not None:
            asked = resumed.ask(asked)
        elif options.again is not None:
            from expframe.run.resume import again

            store, name = self._find_store(options, parent), options.name or self.name
            known = again(_as_recorded(asked), store, options.again, name, self.default_command or "")
            asked = known._replace(command=_START) if asked.command == _START else known
        found = self._find_command(asked.command, snapshot)
        seed = child_seed(parent.seed, found.name, parent.next_child) if parent else drawn_seed(os.environ)
        request = asked._replace(command=found.name, options=options, seed=seed)
        setup = self._make_setup(snapshot, found, options, parent, is_command_line)
        config = self._decide(snapshot, request)
        if resumed is not None:
            resumed.check_config(config, force=options.force)
        make: Any = kind or Run
        run: R = make(setup, snapshot, found, request, config, parent, resumed)
        return run

    def _find_resumed(self, asked: Request, options: Options, parent: Run | None) -> Resumed | None:
        """Return the run that is to be resumed, if one is."""
        if options.resume is None:
            return None
        from expframe.run import resume

        if options.id is not None or options.queue or options.again is not None:
            raise OptionError("--resume", "goes with none of --id, --queue and --again: the run goes on as it is.")
        command = _as_recorded(asked).command
        name = command or self.default_command or ""
        store = self._find_store(options, parent)
        return resume.find(store, options.resume, options.name or self.name, name, is_given=command is not None)

    def _run_child(
        self, around: Request, command: str | None, config_updates: Mapping[Any, Any] | None, *args: Any, **how: Any
    ) -> Run | StoredRun:
        """Do a command with the named configs and overrides of another run, under its own."""
        __tracebackhide__ = True
        asked = self._ask(command, config_updates, *args, **how)
        options = asked.options._replace(force=asked.options.force or around.options.force)
        overrides, named = (*around.overrides, *asked.overrides), (*around.named, *asked.named)
        run: Run = self.prepare(asked._replace(overrides=overrides, named=named, options=options))
        return run.do()

    def _decide(self, snapshot: Snapshot, request: Request) -> Config:
        from expframe.config.resolve import resolve

        logger = None
        if any(part.hooks for part in snapshot.recipe.parts):
            import logging

            logger = logging.getLogger(self.name)
        return resolve(snapshot.recipe, request, logger)

    def _snapshot(self) -> Snapshot:
        self.add_built_in_commands()
        return self.registry.snapshot()

    def add_built_in_commands(self) -> None:
        """Add print_config and its like, where no command of the user has the name."""
        if not self._has_built_in:
            from expframe.cli.script.commands import BUILT_IN

            self._has_built_in = True
            for function in BUILT_IN:
                if function.__name__ not in self.registry.commands:
                    self.command(unobserved=True)(function)

    def _find_command(self, name: str | None, snapshot: Snapshot) -> Command:
        if name == _START:
            return Command(_STARTED, _do_nothing, Captured.of(_do_nothing, ()))
        available = tuple(snapshot.commands)
        name = name or self.default_command
        if name is None:
            raise MissingMainError(self.name, available)
        if name not in snapshot.commands:
            raise UnknownCommandError(name, dotted.nearest(name, available), available)
        return snapshot.commands[name]

    def _find_store(self, options: Options, parent: Run | None) -> Path:
        """Return the folder of runs: inside a run that run's, unless another one is named."""
        from expframe.store.ids import resolve_store

        is_ours = parent is not None and (self.store is None or parent.name == self.name)
        if parent is not None and parent.dir is not None and is_ours and options.file_storage is None:
            return parent.dir.parent
        return resolve_store(options.file_storage or self.store)

    @staticmethod
    def _parse_devices(given: Any) -> tuple[str, ...] | None:
        if given is None:
            return None
        from expframe.process.devices import parse

        return parse(given)

    def _make_setup(
        self, snapshot: Snapshot, command: Command, options: Options, parent: Run | None, is_command_line: bool
    ) -> Setup:
        from pathlib import Path

        from expframe.facts.gathering import Known, Scope
        from expframe.facts.sources import Patterns
        from expframe.process.devices import Devices
        from expframe.run.recording import Injection
        from expframe.run.run import Setup
        from expframe.store.writer import LocalStore

        store = self._find_store(options, parent)
        self._known = self._known or Known()
        is_ghost = (
            self.ghost
            or options.unobserved
            or command.unobserved
            or (parent is not None and parent.keeps_nothing_inside)
            or os.environ.get(GHOST_VARIABLE, "") not in ("", "0")
            or (self._ranks == "first" and (rank(os.environ) or 0) > 0)
        )
        stand_ins = context.stand_ins()
        own = (LocalStore(store, options.beat_interval), *self.observers)
        observers: Sequence[Observer] = () if is_ghost else own if stand_ins is None else stand_ins
        extra = tuple(Path(file) for file in snapshot.source_files)
        return Setup(
            self.name,
            observers,
            Scope(
                Path(self.main_file) if self.main_file else None,
                Path(self.project_dir) if self.project_dir else None,
                self.environment,
                extra,
                (store,),
                Patterns(self._include, self._exclude),
            ),
            self._known,
            Injection(self._max_depth, self._read_only),
            tuple(self.registry.cli_options),
            store,
            is_command_line,
            self.grace,
            self._run_child,
            Devices(
                self.devices if options.devices is None else self._parse_devices(options.devices), self._memory_growth
            ),
            self._sample,
        )


def start(
    name: str | None = None,
    config: Mapping[Any, Any] | str | os.PathLike[str] | None = None,
    *,
    tags: Sequence[str] = (),
    run_name: str | None = None,
    options: Mapping[str, Any] | None = None,
    **experiment: Any,
) -> StartedRun:
    """
    Open a run at once, for notebooks and plain scripts: an experiment of its own, and a run of it without a command.

    Args:
        name: What the run is called; by default the script's or notebook's name.
        config: Its entries: a dict, or a .json, .yaml, .yml or .toml file.
        tags: Words to find it again.
        run_name: Its id, in place of the next number.
        options: Options of the command line, as for `Experiment.run`.
        experiment: `store`, `ghost`, `observers` and the others of `Experiment`.

    Raises:
        StoreError: The run cannot be kept where it should; nothing was started.

    Example:
        >>> with start("plain", {"lr": 0.1}, ghost=True) as run:
        ...     run.log_scalar("loss", 1 - run.config["lr"])
        >>> run.status
        'COMPLETED'
    """
    ex = Experiment(name, **experiment)
    if config is not None:
        ex.add_config(config)
    return ex.start(tags=tags, run_name=run_name, options=options)


def _do_nothing() -> None:
    """Nothing: a run that was started has no command."""


def _as_recorded(asked: Request) -> Request:
    """Return a request with the command as records call it."""
    return asked._replace(command=_STARTED) if asked.command == _START else asked
