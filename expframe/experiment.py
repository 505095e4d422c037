"""Ingredient and Experiment: where decorators write."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial, wraps
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from expframe import context, injection
from expframe.config import dotted
from expframe.config.model import FLAGS, Config, Entries, Flag, Options, Origin, Override, Request
from expframe.config.scope import ConfigFunction
from expframe.errors import DefinitionError, HookSignatureError, MissingMainError, NameTakenError, UnknownCommandError
from expframe.randomness import child_seed, drawn_seed, rank
from expframe.registry import Captured, CliOption, Command, Registry, Snapshot, origin_of

if TYPE_CHECKING:
    from expframe.observers.base import Observer
    from expframe.run import Run, Setup

F = TypeVar("F", bound=Callable[..., Any])

GHOST_VARIABLE = "EXPFRAME_GHOST"
_HOOK_PARAMETERS = ("config", "command_name", "logger")


class Decorator(Protocol):
    """What decorates a function and gives it back: bare, with parentheses, or with arguments."""

    @overload
    def __call__(self, function: F, /) -> F: ...

    @overload
    def __call__(self, function: None = None, /, **how: Any) -> Callable[[F], F]: ...


class _DecoratorMethod:
    """Makes a Decorator of a method that takes a function and keywords."""

    def __init__(self, method: Callable[..., Any]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    def __get__(self, instance: Any, _owner: type) -> Decorator:
        method = self._method if instance is None else partial(self._method, instance)

        @wraps(self._method)
        def decorate(function: Any = None, /, **how: Any) -> Any:
            return partial(method, **how) if function is None else method(function, **how)

        return decorate


class Ingredient:
    """
    Configuration, captured functions and commands that experiments share.

    Args:
        path: The name of its entries in a config, dotted for deeper ones: `dataset`, `model.encoder`.
        ingredients: The ingredients it uses itself.
    """

    def __init__(self, path: str, ingredients: Iterable[Ingredient] = ()) -> None:
        caller = _caller(self)
        parts = dotted.split(path)
        if not parts or not all(parts):
            raise DefinitionError(f"ingredient {path!r}", "needs a path: the name of its entries in the config.")
        self._set_up(parts, path, ingredients, caller)

    def _set_up(self, path: dotted.Path, label: str, ingredients: Iterable[Ingredient], caller: FrameType) -> None:
        self.path = label
        self.ingredients = list(ingredients)
        place = f"{label!r} in {_place(caller)}"
        self.registry = Registry(path, place, lambda: [ingredient.registry for ingredient in self.ingredients])
        self.doc = caller.f_globals.get("__doc__")
        self._module = caller.f_globals.get("__name__", "__main__")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path!r}>"

    def __copy__(self) -> Ingredient:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Ingredient:
        return self

    def __reduce__(self) -> Any:
        module = sys.modules.get(self._module)
        names = [name for name, value in vars(module).items() if value is self] if module else []
        if not names:
            problem = f"is no top-level name of its module {self._module!r}, so another process cannot find it."
            raise DefinitionError(repr(self), problem)
        return _found_again, (self._module, names[0])

    # ------------------------------------------------------------------------------------------- configuration

    @_DecoratorMethod
    def config(self, function: Any) -> Any:
        """
        Add a config function: its local variables are entries.

        Raises:
            ConfigFunctionError: The function cannot be run with pinned values.
        """
        self.registry.layers.append(ConfigFunction(function))
        return function

    @_DecoratorMethod
    def named_config(self, function: Any) -> Any:
        """
        Add a config function that takes part only when it is named: `with NAME`.

        Raises:
            ConfigFunctionError: The function cannot be run with pinned values.
            NameTakenError: There is a named config of this name.
        """
        layer = ConfigFunction(function, "named config")
        self.registry.add_named(layer.__name__, layer)
        return function

    def add_config(self, config: Mapping[Any, Any] | str | os.PathLike[str] | None = None, **entries: Any) -> None:
        """
        Add entries: a dict, a .json, .yaml, .yml or .toml file, or keywords.

        An experiment's dict may address its ingredients: `ex.add_config(dataset={"size": 10})`.

        Raises:
            DefinitionError: Nothing, or both a dict and keywords, or neither dict nor file was given.
            ConfigFileError: The file is missing, malformed or of an unknown kind.
        """
        self.registry.layers.append(_entries("add_config", "add_config", config, entries, _caller(self)))

    def add_named_config(
        self, name: str, config: Mapping[Any, Any] | str | os.PathLike[str] | None = None, **entries: Any
    ) -> None:
        """
        Add entries that take part only when they are named: `with NAME`.

        Raises:
            DefinitionError: Nothing, or both a dict and keywords, or neither dict nor file was given.
            ConfigFileError: The file is missing, malformed or of an unknown kind.
            NameTakenError: There is a named config of this name.
        """
        self.registry.add_named(name, _entries("named config", name, config, entries, _caller(self)))

    @_DecoratorMethod
    def config_hook(self, function: Any) -> Any:
        """
        Add a function `(config, command_name, logger)` that is called after the config functions and returns changes.

        Raises:
            HookSignatureError: Its parameters are others.
        """
        self.registry.config_hooks.append(self.registry.add_hook(function, _HOOK_PARAMETERS))
        return function

    # ----------------------------------------------------------------------------------------------- functions

    @_DecoratorMethod
    def capture(self, function: Any, **how: Any) -> Any:
        """
        Fill the free parameters of a function from the config of the current run.

        Args:
            function: A function or method, plain, `async` or generator.
            how: `prefix`: look for entries below this path only.
                `max_depth`: how many levels below are searched for a parameter's name; the shallowest wins.
                `entries`: dotted paths, each of which fills the parameter of its last part; no others are filled.
                `fill_kwargs`: give all other entries to `**kwargs`.
                `read_only`: False for plain copies of dicts and lists at each call.

        Raises:
            CaptureError: The options contradict each other or the function.
        """
        if isinstance(function, injection.CapturedFunction):
            function = function.__wrapped__
        captured = Captured.of(function, self.registry.path, **how)
        self.registry.add_captured(captured)
        return injection.capture(captured)

    @_DecoratorMethod
    def command(self, function: Any, *, unobserved: bool = False, **how: Any) -> Any:
        """
        Add a command: a captured function that can be run by name.

        Args:
            function: The function.
            unobserved: Keep nothing of its runs.
            how: As for `capture`.
        """
        wrapped = self.capture(function, **how)
        captured = wrapped._self_captured
        self.registry.commands[captured.name] = Command(captured.name, wrapped, captured, unobserved)
        return wrapped

    @_DecoratorMethod
    def pre_run_hook(self, function: Any, **how: Any) -> Any:
        """Add a captured function that is called before the command of each run; `how` as for `capture`."""
        wrapped = self.capture(function, **how)
        self.registry.pre_run_hooks.append(wrapped)
        return wrapped

    @_DecoratorMethod
    def post_run_hook(self, function: Any, **how: Any) -> Any:
        """Add a captured function that is called after each command that did not fail; `how` as for `capture`."""
        wrapped = self.capture(function, **how)
        self.registry.post_run_hooks.append(wrapped)
        return wrapped

    def add_source_file(self, filename: str | os.PathLike[str]) -> None:
        """
        Keep one more file with the sources of each run.

        Raises:
            DefinitionError: There is no such file.
        """
        if not os.path.isfile(filename):  # noqa: PTH113  pathlib waits until a run starts
            raise DefinitionError(f"source file {os.fspath(filename)!r}", "does not exist.")
        self.registry.source_files.append(os.path.abspath(filename))  # noqa: PTH100


class Experiment(Ingredient):
    """
    A script that can be run: configuration, commands, and a record of each run.

    Args:
        name: What its runs are called; by default the script's name.
        ingredients: The ingredients it uses.
        store: The folder that runs are kept in; by default that of EXPFRAME_STORE, else `./runs`. `-F DIR` prevails.
        observers: Where else the facts of its runs go.
        project_dir: The folder whose files count as source; by default the git root, else the next pyproject.toml.
        ghost: Run everything and keep nothing.
        max_depth: How many levels are searched for a parameter's name where a function does not say.
        read_only: False to hand out plain copies of dicts and lists where a function does not say.
        environment: Environment variables to keep, by name or pattern (`SLURM_*`).
        ranks: "all" to keep the runs of all processes of a distributed job, not only of rank 0.
        devices: The GPUs that its runs may see, by number or UUID: `[0, 3]`; empty for none. `--devices 0,3` prevails.
        memory_growth: Let tensorflow and jax take GPU memory as they need it, as torch does.
        sample: Seconds between two samples of CPU, memory, disk, network and GPUs, taken where psutil is installed (the
            extra `system`) and runs are kept; 0 or False for none.

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
        ghost: bool = False,
        max_depth: int = 1,
        read_only: bool = True,
        environment: Sequence[str] = (),
        ranks: str = "first",
        devices: Iterable[int | str] | int | str | None = None,
        memory_growth: bool = False,
        sample: float = 10.0,
    ) -> None:
        caller = _caller(self)
        file = caller.f_globals.get("__file__")
        self.name = name or (os.path.splitext(os.path.basename(file))[0] if file else "interactive")  # noqa: PTH119, PTH122
        if ranks not in ("first", "all"):
            raise DefinitionError(f"ranks={ranks!r}", "must be 'first' or 'all'.")
        if not isinstance(sample, int | float) or not 0 <= sample < float("inf"):
            raise DefinitionError(f"sample={sample!r}", "must be seconds between two samples, or False for none.")
        self._set_up((), self.name, ingredients, caller)
        self.default_command: str | None = None
        self.observers = list(observers)
        self.store = store
        self.ghost = ghost
        self.main_file = os.path.abspath(file) if file else None  # noqa: PTH100
        self.project_dir = os.path.abspath(project_dir) if project_dir else None  # noqa: PTH100
        self.environment = tuple(environment)
        self._max_depth = max_depth
        self._read_only = read_only
        self._ranks = ranks
        self._devices = self._parse_devices(devices)
        self._memory_growth = memory_growth
        self._sample = 10.0 if sample is True else float(sample)
        self._known: Any = None
        self._has_built_in = False

    # ------------------------------------------------------------------------------------------------ commands

    @_DecoratorMethod
    def main(self, function: Any, **how: Any) -> Any:
        """Add a command that is run when none is named; `how` as for `command`."""
        wrapped = self.command(function, **how)
        self.default_command = wrapped.__name__
        return wrapped

    @_DecoratorMethod
    def automain(self, function: Any, **how: Any) -> Any:
        """Add the main command and, if this file is the script, do what the command line says. Last in a file."""
        wrapped = self.main(function, **how)
        is_script = hasattr(sys.modules["__main__"], "__file__") or sys.argv[:1] == ["-c"]
        if function.__module__ == "__main__" and is_script:
            self.run_commandline()
        return wrapped

    @_DecoratorMethod
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
        self.registry.option_hooks.append(function)
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

    def run(
        self,
        command: str | None = None,
        config_updates: Mapping[Any, Any] | None = None,
        named_configs: Sequence[str] = (),
        info: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        *,
        tags: Sequence[str] = (),
    ) -> Run:
        """
        Do a command as a run, inside another run as its child, and return the Run.

        Args:
            command: Its name, `ingredient.path.name` for an ingredient's; by default the main function.
            config_updates: Values that prevail over all others; keys may be dotted, and begin with `+` to add an entry.
            named_configs: Named configs and config files, later ones prevail.
            info: What the run's info begins with.
            options: Options of the command line, by flag or name: `{"--force": True}`, `{"comment": "again"}`.
            tags: Words to find it again.

        Raises:
            ConfigError: A value cannot be decided; nothing was started.
            UsageError: There is no such command or option.
            StoreError: The run cannot be kept where it should; nothing was started.
            BaseException: What the command raises, unchanged.
        """
        overrides = Override.from_updates(config_updates or {}, _called_from(self, "config_updates"))
        given = Options.from_mapping(options or {})
        return self.prepare(
            command, overrides, tuple(named_configs), given, info, tags, is_command_line=False
        ).execute()

    def run_commandline(self, argv: str | Sequence[str] | None = None) -> Run | None:
        """
        Do what a command line asks for, and return the Run, or None after help.

        Args:
            argv: A text or a list of words, the program's name first; by default `sys.argv`.

        Raises:
            SystemExit: Something failed; what went wrong has been printed.
        """
        from expframe.cli.script import run_script

        found: Run | None = run_script(self, argv)
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
        given += Override.from_updates(config_updates or {}, _called_from(self, "config_updates"))
        request = Request(self.default_command, given, tuple(named), Options(force=force), seed=drawn_seed(os.environ))
        return self._decide(self._snapshot(), request)

    def prepare(
        self,
        command: str | None,
        overrides: tuple[Override, ...],
        named: tuple[str, ...],
        options: Options,
        info: Mapping[str, Any] | None = None,
        tags: Sequence[str] = (),
        *,
        is_command_line: bool = True,
    ) -> Run:
        """Return a run that is decided and not started. Everything that can be refused by then is."""
        from expframe.run import Run

        snapshot = self._snapshot()
        for hook in self.registry.option_hooks:
            changed = options.to_mapping()
            hook(options=changed)
            options = Options.from_mapping(changed)
        found = self._find_command(command, snapshot)
        parent = context.parent_of_new()
        number = len(parent.children) if parent else 0
        seed = child_seed(parent.seed, found.name, number) if parent else drawn_seed(os.environ)
        request = Request(found.name, overrides, named, options, dict(info or {}), tuple(tags), seed)
        setup = self._make_setup(snapshot, found, options, parent, is_command_line)
        return Run(setup, snapshot, found, request, self._decide(snapshot, request), parent)

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
            from expframe.cli.commands import BUILT_IN

            self._has_built_in = True
            for function in BUILT_IN:
                if function.__name__ not in self.registry.commands:
                    self.command(unobserved=True)(function)

    def _find_command(self, name: str | None, snapshot: Snapshot) -> Command:
        available = tuple(snapshot.commands)
        name = name or self.default_command
        if name is None:
            raise MissingMainError(self.name, available)
        if name not in snapshot.commands:
            raise UnknownCommandError(name, dotted.nearest(name, available), available)
        return snapshot.commands[name]

    @staticmethod
    def _parse_devices(given: Any) -> tuple[str, ...] | None:
        if given is None:
            return None
        from expframe.devices import parse

        return parse(given)

    def _make_setup(
        self, snapshot: Snapshot, command: Command, options: Options, parent: Run | None, is_command_line: bool
    ) -> Setup:
        from pathlib import Path

        from expframe.devices import Devices
        from expframe.facts.gathering import Known, Scope
        from expframe.recording import Injection
        from expframe.run import Setup
        from expframe.store.layout import resolve_store
        from expframe.store.writer import LocalStore

        store = resolve_store(options.file_storage or self.store)
        is_ours = parent is not None and (self.store is None or parent.name == self.name)
        if parent is not None and parent.dir is not None and is_ours and options.file_storage is None:
            store = parent.dir.parent
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
            ),
            self._known,
            Injection(self._max_depth, self._read_only),
            tuple(self.registry.cli_options),
            is_command_line,
            Devices(
                self._devices if options.devices is None else self._parse_devices(options.devices), self._memory_growth
            ),
            self._sample,
        )


def _entries(kind: str, name: str, config: Any, entries: Mapping[str, Any], caller: FrameType) -> Entries:
    """Return the layer of `add_config(config, **entries)`."""
    subject = f"{kind} ({_place(caller)})"
    if config is None and not entries:
        raise DefinitionError(subject, "was given nothing. Give a dict, a file or keywords.")
    if config is not None and entries:
        raise DefinitionError(subject, "was given both a dict or file and keywords. Give one of them.")
    if isinstance(config, str | os.PathLike):
        from expframe.config import files

        return Entries(files.load(config), Origin("file", os.fspath(config), os.fspath(config)))
    if config is not None and not isinstance(config, Mapping):
        raise DefinitionError(subject, f"was given a {type(config).__name__}. Give a dict, a file name or keywords.")
    return Entries(dict(config) if config is not None else dict(entries), _origin(kind, caller)._replace(name=name))


def _origin(kind: str, caller: FrameType) -> Origin:
    return Origin(kind, kind, caller.f_code.co_filename, caller.f_lineno)


def _place(caller: FrameType) -> str:
    return _origin("", caller).where


def _called_from(instance: Ingredient, kind: str) -> Origin:
    return _origin(kind, _caller(instance))


def _caller(instance: Ingredient) -> FrameType:
    """Return the frame outside of expframe, and outside of a subclass's own methods, that called us."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        is_own = frame.f_globals.get("__name__") == __name__
        is_method = frame.f_code.co_argcount > 0 and frame.f_locals.get(frame.f_code.co_varnames[0]) is instance
        if not is_own and not is_method:
            break
        frame = frame.f_back
    return frame


def _found_again(module: str, name: str) -> Any:
    import importlib

    return getattr(importlib.import_module(module), name)
