"""Experiment: where decorators write, and where runs are asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, overload

from expframe.config.layers import Entries
from expframe.config.options import Options
from expframe.config.request import Origin, Override, Request
from expframe.config.secrets import Names
from expframe.errors import DefinitionError, ExpframeError
from expframe.experiment.settings import Setting, Settings
from expframe.process import context, notebook
from expframe.process.seeds import drawn_seed
from expframe.recipe.decorators import DecoratorMethod, F
from expframe.recipe.ingredient import (
    CommandArguments,
    Ingredient,
    Ingredients,
    called_from,
    caller_of,
)
from expframe.recipe.snapshot import Snapshot

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Unpack

    from expframe.config.decided import Config
    from expframe.experiment.planning import Form, RunArguments, Shared
    from expframe.experiment.queue import TaskQueue, TaskResult
    from expframe.experiment.sweep import Sweep, SweepArguments
    from expframe.observers.base import Observer
    from expframe.run.open_runs import CalledRun, StartedRun
    from expframe.run.run import Run
    from expframe.store.reader import StoredRun

R = TypeVar("R", bound="Run")
E = TypeVar("E", bound="Experiment")


class Experiment(Ingredient):
    """
    A script that can be run: configuration, commands, and a record of each run.

    Args:
        name: What its runs are called; by default the script's or notebook's name.
        ingredients: The ingredients it uses: a list; or a dict of slots, in each of which is an ingredient, or a Choice
            among several.
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
        keep_checkpoints: How many checkpoints stay when a run is COMPLETED, the last ones: 0 for none. None leaves all
            that it had kept while it ran, by default its last three.
        secret: Names and patterns of entries that are secret, beside those that are by their names: `["pin", "db.*"]`.
        public: Names and patterns of entries that are not secret, whatever they are called.

    Raises:
        DefinitionError: `ranks`, `sample` or `keep_checkpoints` is something else.
        OptionError: A device is neither a number nor a UUID.
    """

    def __init__(  # noqa: PLR0913  one keyword for each thing that can be chosen once for all runs
        self,
        name: str | None = None,
        ingredients: Ingredients = (),
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
        keep_checkpoints: int | None = None,
        secret: Iterable[str] = (),
        public: Iterable[str] = (),
    ) -> None:
        caller = caller_of(self)
        file = caller.f_globals.get("__file__")
        found = _name_of(file) if file else notebook.find_name(caller.f_globals)
        self.settings: Final = Settings(
            name=name or found or "interactive",
            store=store,
            main_file=file,
            project_dir=project_dir,
            load_dir=load_dir,
            ghost=ghost,
            max_depth=max_depth,
            read_only=read_only,
            include=include,
            exclude=exclude,
            environment=environment,
            ranks=ranks,
            grace=grace,
            devices=devices,
            memory_growth=memory_growth,
            sample=sample,
            keep_checkpoints=keep_checkpoints,
            secret=secret,
            public=public,
        ).checked()
        self.observers: list[Observer] = list(observers)
        self._set_up((), self.name, ingredients, caller)
        self.registry.names = Names(tuple(self.settings.secret), tuple(self.settings.public))
        self._has_built_in = False
        self._shared: Shared | None = None
        self._tasks: TaskQueue | None = None

    runner: tuple[str, ...] = ()
    """What the interpreter is given before its script: `-m expframe sacred` for one that says `import sacred`."""

    name: Setting[str] = Setting()
    store: Setting[str | os.PathLike[str] | None] = Setting()
    ghost: Setting[bool] = Setting()
    devices: Setting[Any] = Setting()
    grace: Setting[float] = Setting()
    main_file: Setting[str | None] = Setting()
    project_dir: Setting[str | os.PathLike[str] | None] = Setting()
    load_dir: Setting[str | os.PathLike[str] | None] = Setting()

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
    def main(self, function: Any, **how: Unpack[CommandArguments]) -> Any:
        """Add a command that is run when none is named; `how` as for `command`."""
        wrapped = self.command(function, **how)
        self.registry.main = wrapped._self_captured.name
        return wrapped

    @DecoratorMethod
    def automain(self, function: Any, **how: Unpack[CommandArguments]) -> Any:
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
        self.registry.add_option_hook(function)
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
        return self.registry.cli_option(flags, is_flag=is_flag)

    # ------------------------------------------------------------------------------------------------- running

    @overload
    def run(
        self,
        command: str | None = ...,
        config_updates: Mapping[Any, Any] | None = ...,
        named_configs: Sequence[str] = ...,
        *,
        needed: Literal[False] = ...,
        **asked: Unpack[RunArguments],
    ) -> Run: ...

    @overload
    def run(
        self,
        command: str | None = ...,
        config_updates: Mapping[Any, Any] | None = ...,
        named_configs: Sequence[str] = ...,
        *,
        needed: bool | str,
        **asked: Unpack[RunArguments],
    ) -> Run | StoredRun: ...

    def run(
        self,
        command: str | None = None,
        config_updates: Mapping[Any, Any] | None = None,
        named_configs: Sequence[str] = (),
        *,
        needed: bool | str = False,
        **asked: Unpack[RunArguments],
    ) -> Run | StoredRun:
        """
        Do a command as a run, inside another run as its child, and return the Run.

        Args:
            command: Its name, `ingredient.path.name` for an ingredient's; by default the main function.
            config_updates: Values that prevail over all others; keys may be dotted, and begin with `+` to add an entry.
            named_configs: Named configs and config files, later ones prevail.
            needed: True to return a completed run of the same command, config and code as a StoredRun where there is
                one; "config" for whatever code. A seed that nobody chose, and secrets, may be others.
            asked: `info`: what the run's info begins with.
                `options`: options of the command line, by flag or name: `{"--force": True}`, `{"comment": "again"}`.
                `tags`: words to find it again.
                `run_name`: its id, in place of the next number.
                `args`, `kwargs`: arguments of the command, which prevail over the config.

        Raises:
            ConfigError: A value cannot be decided; nothing was started.
            UsageError: There is no such command or option.
            StoreError: The run cannot be kept where it should; nothing was started.
            BaseException: What the command raises, unchanged.
        """
        __tracebackhide__ = True
        return self.prepare(self._ask(command, config_updates, named_configs, needed=needed, **asked)).do()

    def create(
        self,
        command: str | None = None,
        config_updates: Mapping[Any, Any] | None = None,
        named_configs: Sequence[str] = (),
        **asked: Unpack[RunArguments],
    ) -> CalledRun:
        """
        Open a run of a command and return it, to be called as often as wanted: `run(*args, **kwargs)`.

        Each call is numbered, timed and recorded; what it saves and logs goes to the one run. The run ends by
        `run.close()`, the end of its `with` block, or with the process: FAILED if its last call failed.

        Args:
            command: As for `run`.
            config_updates: As for `run`.
            named_configs: As for `run`.
            asked: As for `run`; `args` and `kwargs` come before those of each call.

        Raises:
            ConfigError: A value cannot be decided; nothing was started.
            UsageError: There is no such command or option.
            StoreError: The run cannot be kept where it should; nothing was started.
        """
        __tracebackhide__ = True
        from expframe.experiment.planning import called_form

        run = self.prepare(self._ask(command, config_updates, named_configs, **asked), called_form())
        run.open()
        return run

    def start(
        self,
        config_updates: Mapping[Any, Any] | None = None,
        named_configs: Sequence[str] = (),
        **asked: Unpack[RunArguments],
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
            asked: `info`, `options`, `tags` and `run_name`, as for `run`.

        Raises:
            ConfigError: A value cannot be decided; nothing was started.
            UsageError: There is no such option.
            StoreError: The run cannot be kept where it should; nothing was started.
        """
        __tracebackhide__ = True
        from expframe.experiment.planning import started_form
        from expframe.run.open_runs import close_earlier

        request = self._ask(None, config_updates, named_configs, **asked)
        close_earlier(request.options.name or self.name)
        run = self.prepare(request, started_form())
        run.open()
        return run

    def queue(
        self,
        command: str | None = None,
        config_updates: Mapping[Any, Any] | None = None,
        named_configs: Sequence[str] = (),
        **asked: Unpack[RunArguments],
    ) -> None:
        """
        Remember a run for `run_queue`. It is checked at once.

        Args:
            command: As for `run`.
            config_updates: As for `run`.
            named_configs: As for `run`.
            asked: As for `run`.

        Raises:
            ConfigError: A value cannot be decided.
            UsageError: There is no such command or option.
        """
        __tracebackhide__ = True
        self._task_queue.add(self._ask(command, config_updates, named_configs, **asked))

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

    def run_commandline(self, argv: str | Sequence[str] | None = None) -> Run | StoredRun | None:
        """
        Do what a command line asks for, and return the Run; the completed one with --needed, None after help.

        Args:
            argv: A text or a list of words, the program's name first; by default `sys.argv`.

        Raises:
            SystemExit: Something failed; what went wrong has been printed.
        """
        from expframe.cli.script.command_line import run_script

        if (take := context.taker()) is not None:
            take(*self.to_worker())
            return None
        found: Run | StoredRun | None = run_script(*self.to_worker(), argv)
        return found

    def to_worker(self) -> tuple[Experiment, Callable[[Request], Run]]:
        """Return what is given away to a worker of a sweep: the experiment, and what makes runs as its script does."""
        from expframe.experiment.planning import BY_COMMAND_LINE

        def prepare(asked: Request) -> Run:
            return self.prepare(asked, BY_COMMAND_LINE)

        return self, prepare

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
            force: Take overrides as they are: new entries, other types, out of bounds.

        Raises:
            ConfigError: A value cannot be decided.
            UsageError: An argument is of another kind than it takes.
        """
        from expframe.experiment.planning import ask, decide, refuse_unless_lists

        refuse_unless_lists(named=named)
        asked = ask(called_from(self, "config_updates"), self.registry.main, config_updates, named)
        given = (*map(Override.parse, overrides), *asked.overrides)
        request = asked._replace(overrides=given, options=Options(force=force), seed=drawn_seed())
        return decide(self.settings, self.snapshot(), request)

    @overload
    def prepare(self, asked: Request) -> Run: ...

    @overload
    def prepare(self, asked: Request, *, around: Request) -> Run: ...

    @overload
    def prepare(self, asked: Request, form: Form[R]) -> R: ...

    def prepare(self, asked: Request, form: Form[Any] | None = None, around: Request | None = None) -> Run:
        """
        Return a run that is decided and not started. Everything that can be refused by then is.

        Args:
            asked: What is asked for.
            form: How it is to be done; by default as a whole.
            around: What was asked of a run whose named configs and overrides it takes over.
        """
        __tracebackhide__ = True
        from expframe.experiment.planning import WHOLE, Shared, plan
        from expframe.facts.gathering import Known

        if self._shared is None:
            self._shared = Shared(Known(), self._run_child)
        settings = self.settings._replace(observers=tuple(self.observers))
        parent = context.parent_of_new()
        try:
            run: Run = plan(settings, self.snapshot(), asked, parent, form or WHOLE, self._shared, around)
        except ExpframeError as problem:
            self._show_plainly(problem)
            raise
        return run

    def sweep(
        self, space: Mapping[Any, Any] | str = MappingProxyType({}), *words: str, **asked: Unpack[SweepArguments]
    ) -> Sweep:
        """
        Return a sweep, many runs of a command; `run()` does them. Everything is judged now.

        Args:
            space: What changes, by entry: `Options(0.1, 0.2)` values one by one, `Uniform(1e-5, 1e-1, log=True)` an
                interval, `...` what the type of the entry declares, `Seeds(5)` for `seed`; any other value is fixed.
                Tuples of entries are coupled.
            words: The same as on a command line: `"lr=0.1,0.01"`, `"small,large"`, `"@trials.csv"`.
            asked: `command`: its name, by default the main function.
                `search`: how the space is walked: grid, random, sobol, tpe, cma, gp or nsga.
                `trials`: how many samples a search takes.
                `search_seed`: its seed, for the same trials again.
                `metric`, `goal`: what is sought, `"val.acc.max"`, and whether `"min"` or `"max"`; lists for several.
                `prune`, `seeds`, `replicate`, `each`, `skip`, `warm`, `retry`, `max_fails`, `max_time`, `needed`,
                `stash`, `launch`, `gpus`: as on the command line.
                `options`: options of the command line that all runs have: `{"--force": True}`.

        Raises:
            ConfigError: A value cannot be decided.
            UsageError: A word or an option cannot be what it says.

        Example:
            >>> ex = Experiment("tuned")
            >>> @ex.main
            ... def main(lr):
            ...     return lr
            >>> ex.sweep("lr=0.1,0.2,0.3")
            <Sweep of tuned: 3 trials>
        """
        from expframe.experiment.sweep import sweep_of

        return sweep_of(self, space, words, asked)

    def prepare_sweep(self, asked: Request, work: Callable[[], Any]) -> Run:
        """
        Return the run of a sweep, which is decided and not started.

        Args:
            asked: What is asked for, with what all trials have.
            work: Starts the trials and follows them; its result is the run's.
        """
        from expframe.experiment.planning import sweep_form

        return self.prepare(asked, sweep_form(work))

    def _run_child(self, around: Request, *args: Any, **how: Any) -> Run | StoredRun:
        """Do a command with the named configs and overrides of another run, under its own."""
        __tracebackhide__ = True
        return self.prepare(self._ask(*args, **how), around=around).do()

    def _ask(self, *args: Any, **how: Any) -> Request:
        from expframe.experiment.planning import ask

        try:
            return ask(called_from(self, "config_updates"), *args, **how)
        except ExpframeError as problem:
            self._show_plainly(problem)
            raise

    def _show_plainly(self, problem: ExpframeError) -> None:
        """Let a notebook show what is refused as one message with its place in the cell, and none of our frames."""
        caller = called_from(self, "")
        place = notebook.place(caller.file, caller.line)
        if place is not None:
            text = f"{type(problem).__name__}: {problem} ({place})"
            problem._render_traceback_ = lambda: [text]  # type: ignore[attr-defined]  # IPython asks for it

    def snapshot(self) -> Snapshot:
        """Return what its decorators have written by now, with the built-in commands: what one run is planned from."""
        self.add_built_in_commands()
        return Snapshot.of(self.registry)

    def add_built_in_commands(self) -> None:
        """Add print_config and its like, where no command of the user has the name."""
        if not self._has_built_in:
            from expframe.cli.script.commands import BUILT_IN

            self._has_built_in = True
            for function, how in BUILT_IN.items():
                if function.__name__ not in self.registry.commands:
                    self.command(unobserved=True, **how)(function)


def _name_of(file: str) -> str:
    """Return what the experiment of a script is called by itself: as the script, or the package that is run."""
    folder, name = os.path.split(file)
    stem = os.path.splitext(name)[0]
    if stem not in ("__main__", "__init__"):
        return stem
    with suppress(OSError):  # where the working directory was removed
        folder = os.path.abspath(folder)
    return os.path.splitext(os.path.basename(folder))[0] or stem


def start(
    name: str | None = None,
    config: object = None,
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
        config: Its entries, as for `add_config`: a dict, a .json, .yaml, .yml or .toml file, a namespace.
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
