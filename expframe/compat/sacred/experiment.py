"""Experiment: an ingredient that can be run, from Python and from a command line."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import traceback
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from expframe.cli import argv as words
from expframe.compat.sacred import commandline_options
from expframe.compat.sacred._own.exceptions import SacredError
from expframe.compat.sacred._own.tracebacks import format_sacred_error, print_filtered_stacktrace
from expframe.compat.sacred.arg_parser import format_usage, get_config_updates, grammar, printable_usage
from expframe.compat.sacred.commandline_options import CLIOption, legacy_options, name_of
from expframe.compat.sacred.commands import (
    help_for_command,
    print_config,
    print_dependencies,
    print_named_configs,
    save_config,
)
from expframe.compat.sacred.host_info import HostInfoGetter, check_additional_host_info
from expframe.compat.sacred.ingredient import Ingredient, _caller
from expframe.compat.sacred.initialize import create_run
from expframe.compat.sacred.run import Run
from expframe.compat.sacred.settings import SETTINGS
from expframe.compat.sacred.utils import ensure_wellformed_argv
from expframe.config.signatures import signature_of
from expframe.errors import Terminated
from expframe.process import context

if TYPE_CHECKING:
    from expframe.sweep.script import Prepare

_OBSERVER_OPTIONS = {
    "file_storage_option": "file_storage",
    "mongo_db_option": "mongo",
    "s3_option": "s3_observer",
    "sql_option": "sql",
    "tiny_db_option": "tinydb_hashfs",
}


def _default_options() -> list[CLIOption]:
    found = [option for option in vars(commandline_options).values() if isinstance(option, CLIOption)]
    for name, home in _OBSERVER_OPTIONS.items():
        found.append(getattr(importlib.import_module(f"expframe.compat.sacred.observers.{home}"), name))
    return found


def gather_command_line_options(filter_disabled: bool | None = None) -> list[Any]:
    """
    Return all flags, in order: those of every script, and subclasses of `CommandLineOption`.

    Args:
        filter_disabled: Whether subclasses are left out that are not enabled; by default as the settings say.
    """
    if filter_disabled is None:
        filter_disabled = not SETTINGS.COMMAND_LINE.SHOW_DISABLED_OPTIONS
    legacy = [option for option in legacy_options() if not filter_disabled or option._enabled]
    return sorted([*_default_options(), *legacy], key=name_of)


class Experiment(Ingredient):
    """
    A script that can be run.

    Args:
        name: What it is called; by default as its file.
        ingredients: The ingredients that it uses.
        interactive: Whether it may be defined where there is no file, so that its source cannot be kept.
        base_dir: The folder whose modules count as source; by default that of its file.
        additional_host_info: More facts of the machine.
        additional_cli_options: More flags.
        save_git_info: Whether repositories are asked.

    Attributes:
        default_command: The command that is run when none is named.
        observers: Who is told of its runs.
        current_run: The run that was made last.
        captured_out_filter: What is made of captured output before observers are told of it.
        option_hooks: What is called with the options before anything else.

    Raises:
        RuntimeError: It has no name, or no file and is not said to be interactive.
    """

    def __init__(
        self,
        name: str | None = None,
        ingredients: Sequence[Ingredient] = (),
        interactive: bool = False,
        base_dir: Any = None,
        additional_host_info: list[HostInfoGetter] | None = None,
        additional_cli_options: Sequence[CLIOption] | None = None,
        save_git_info: bool = True,
    ) -> None:
        self.additional_host_info: list[HostInfoGetter] = additional_host_info or []
        check_additional_host_info(self.additional_host_info)
        self.additional_cli_options: Sequence[CLIOption] | list[CLIOption] = additional_cli_options or []
        self.all_cli_options: list[Any] = [
            *gather_command_line_options(),
            *self.additional_cli_options,
        ]
        kind = type(self).__module__
        caller = _caller(self, None if kind == __name__ else kind.partition(".")[0]).f_globals
        super().__init__(
            path=_name_of(caller, interactive) if name is None else name,
            ingredients=ingredients,
            interactive=interactive,
            _caller_globals=caller,
            base_dir=base_dir,
            save_git_info=save_git_info,
        )
        self.default_command: str | None = None
        self.observers: list[Any] = []
        self.current_run: Run | None = None
        self.captured_out_filter: Callable[[str], str] | None = None
        self.option_hooks: list[Callable[..., Any]] = []
        self.command(print_config, unobserved=True)
        self.command(print_dependencies, unobserved=True)
        self.command(save_config, unobserved=True)
        self.command(print_named_configs(self), unobserved=True)

    # --------------------------------------------------------------------------------------------------- decorators

    def main(self, function: Callable[..., Any]) -> Any:
        """Add a command that is run when none is named."""
        captured = self.command(function)
        self.default_command = captured.__name__
        return captured

    def automain(self, function: Callable[..., Any]) -> Any:
        """
        Add the main command and, if this file is the script, do what the command line says. Last in a file.

        Raises:
            RuntimeError: There is no file.
        """
        captured = self.main(function)
        if function.__module__ == "__main__":
            file = inspect.getfile(function)
            if file == "<stdin>" or file.startswith("<ipython-input") or "ipykernel" in file:
                raise RuntimeError("Cannot use @ex.automain decorator in interactive mode. Use @ex.main instead.")
            self.run_commandline()
        return captured

    def option_hook(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """
        Add a function that is called with the dict of options, and may change it.

        Raises:
            KeyError: It has no parameter `options`.
        """
        names = list(signature_of(function).parameters)
        if "options" not in names:
            raise KeyError(f"option_hook functions must have an argument called 'options', but got {names}")
        self.option_hooks.append(function)
        return function

    # ------------------------------------------------------------------------------------------------------ running

    def run(
        self,
        command_name: str | None = None,
        config_updates: Mapping[Any, Any] | None = None,
        named_configs: Sequence[str] = (),
        info: Mapping[str, Any] | None = None,
        meta_info: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Run:
        """
        Do a command and return the run.

        Args:
            command_name: Its name; by default the main function.
            config_updates: The values that prevail; keys may be dotted.
            named_configs: The named configs and files that take part; later ones prevail.
            info: What the run's info begins with.
            meta_info: What else is to be known of how it was asked for.
            options: Flags by their long spelling: `{"--loglevel": "ERROR"}`.

        Raises:
            RuntimeError: There is no command.
            BaseException: What the command raises, unchanged.
        """
        run = self._create_run(command_name, config_updates, named_configs, info, meta_info, options)
        run()
        return run

    def _create_run(
        self,
        command_name: str | None = None,
        config_updates: Mapping[Any, Any] | None = None,
        named_configs: Sequence[str] = (),
        info: Mapping[str, Any] | None = None,
        meta_info: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        seed: int | None = None,
    ) -> Run:
        command_name = command_name or self.default_command
        if command_name is None:
            raise RuntimeError("No command found to be run. Specify a command or define a main function.")
        chosen = {**self.get_default_options(), **(options or {})}
        for hook in self.option_hooks:
            hook(options=chosen)
        run = create_run(
            self,
            command_name,
            config_updates,
            named_configs=named_configs,
            force=chosen.get("--force", False),
            log_level=chosen.get("--loglevel"),
            seed=seed,
        )
        if info is not None:
            run.info.update(info)
        run.meta_info["command"] = command_name
        run.meta_info["options"] = chosen
        run.meta_info["named_configs"] = list(named_configs)
        if config_updates is not None:
            run.meta_info["config_updates"] = config_updates
        run.meta_info.update(meta_info or {})
        for option in self.all_cli_options:
            value = chosen.get(option.get_flag(), False)
            if value:
                option.apply(value, run)
        self.current_run = run
        return run

    def run_commandline(self, argv: str | Sequence[str] | None = None) -> Run | None:
        """
        Do what a command line asks for, and return what `run` does; None after a sweep, or a failure in the debugger.

        Args:
            argv: A text or a list of words, the program's name first; by default `sys.argv`.

        Raises:
            SystemExit: After help, and after an error, which has been shown.
        """
        line = ensure_wellformed_argv(argv)
        if context.taker() is not None or "sweep" in line:
            from expframe.compat.sacred._own.swept import is_given_away

            if is_given_away(self, line):
                return None
        return self._do(line)

    def _do(self, line: Sequence[str]) -> Run | None:
        short_usage, usage, internal_usage = self.get_usage()
        args = words.match(internal_usage, line[1:])
        asks_for_help = args["help"] or args["--help"]
        command = args["COMMAND"] or (None if asks_for_help else self.default_command)
        try:
            config_updates, named_configs = get_config_updates(args["UPDATE"])
        except SacredError as error:
            print(format_sacred_error(error, short_usage), file=sys.stderr)
            sys.exit(1)
        if (command or not asks_for_help) and (problem := self._check_command(command)):
            print(short_usage)
            print(problem)
            sys.exit(1)
        if asks_for_help:
            print(help_for_command(dict(self.gather_commands())[command]) if command else usage)
            sys.exit()
        before = self.current_run
        try:
            run = self.run(command, config_updates, named_configs, info={}, meta_info={}, options=args)
        except Terminated as ending:
            sys.exit(ending.code)
        except Exception as error:
            failed = self.current_run if self.current_run is not before else None
            self._show(error, args, failed, short_usage)
            return None
        # a `run` of a subclass may return something else, or nothing
        made = run if isinstance(run, Run) else self.current_run
        if made is not None and made is not before and made.core is not None and made.core.was_stopped:
            sys.exit(128 + made.core.stopped_by)
        return run

    @staticmethod
    def _show(error: Exception, args: Mapping[str, Any], run: Run | None, short_usage: str) -> None:
        """Show how a command line has failed, and leave; or debug it, where it asks for that."""
        if args["--debug"] or (run is not None and run.debug):
            raise error
        if args["--pdb"] or (run is not None and run.pdb):
            import pdb

            traceback.print_exception(error)
            pdb.post_mortem(error.__traceback__)
            return
        if isinstance(error, SacredError):
            print(format_sacred_error(error, short_usage), file=sys.stderr)
        else:
            print_filtered_stacktrace()
        sys.exit(1)

    def to_worker(self) -> tuple[Any, Prepare]:
        """Return what sweeps know it as, and what makes its runs."""
        from expframe.compat.sacred._own.swept import SweptExperiment

        return SweptExperiment(self).to_worker()

    def _check_command(self, name: str | None) -> str | None:
        """Return what is wrong with the name of a command."""
        commands = dict(self.gather_commands())
        names = ", ".join(commands)
        if name is None:
            return (
                "Error: No command found to be run. Specify a command or define main function. "
                f"Available commands are: {names}"
            )
        if name not in commands:
            return f'Error: Command "{name}" not found. Available commands are: {names}'
        return None

    def get_usage(self, program_name: str | None = None) -> tuple[str, str, str]:
        """Return the usage lines, the help text, and the text that command lines are read by."""
        given = program_name or (sys.argv[0] if sys.argv else "") or "Dummy"
        program = os.path.relpath(given, self.base_dir)
        usage = format_usage(program, self.doc, OrderedDict(self.gather_commands()), self.all_cli_options)
        return printable_usage(usage), usage, grammar(self.all_cli_options)

    def get_default_options(self) -> dict[str, Any]:
        """Return all flags by their long spelling, as they are when they are not given."""
        return {option.get_flag(): None if option.arg else False for option in self.all_cli_options}

    def post_process_name(self, name: str, ingredient: Ingredient) -> str:
        """Return a name without the experiment's own path."""
        return name.removeprefix(f"{self.path}.") if ingredient is self else name

    # ----------------------------------------------------------------------------------------------- during a run

    def open_resource(self, filename: Any, mode: str = "r") -> Any:
        """Tell the observers of a file that the current run reads, and open it."""
        assert self.current_run is not None, "Can only be called during a run."
        return self.current_run.open_resource(filename, mode)

    def add_resource(self, filename: Any) -> None:
        """Tell the observers of a file that the current run reads."""
        assert self.current_run is not None, "Can only be called during a run."
        self.current_run.add_resource(filename)

    def add_artifact(
        self,
        filename: Any,
        name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Tell the observers of a file that the current run made."""
        assert self.current_run is not None, "Can only be called during a run."
        self.current_run.add_artifact(filename, name, metadata, content_type)

    @property
    def info(self) -> dict[str, Any]:
        """The info of the current run."""
        return self.current_run.info  # type: ignore[union-attr]

    def log_scalar(self, name: str, value: Any, step: Any = None) -> None:
        """Log a value of a metric of the current run."""
        self.current_run.log_scalar(name, value, step)  # type: ignore[union-attr]


def _name_of(caller: Mapping[str, Any], interactive: bool) -> str:
    """Return what an experiment is called that was given no name."""
    if interactive:
        raise RuntimeError("name is required in interactive mode.")
    file = caller.get("__file__")
    if file is None:
        raise RuntimeError(
            "No main-file found. Are you running in interactive mode? "
            "If so please provide a name and set interactive=True."
        )
    name: str = os.path.basename(file)
    return name.removesuffix(".pyc").removesuffix(".py")
