"""The flags of a script's command line, and how more are added."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from expframe.compat.sacred.commands import print_config
from expframe.compat.sacred.utils import convert_camel_case_to_snake_case, get_inheritors

name_of: Callable[[Any], str] = attrgetter("__name__")
"""Returns the name by which flags are put in order."""


class CLIOption:
    """
    One flag.

    Args:
        apply_function: Called with the flag's value and the run, before the run starts.
        short_flag: Its short spelling.
        long_flag: Its long spelling.
        is_flag: Whether it takes no value.

    Raises:
        ValueError: A spelling is none.
    """

    def __init__(
        self, apply_function: Callable[[Any, Any], Any], short_flag: str, long_flag: str, is_flag: bool
    ) -> None:
        if not re.fullmatch(r"-\w", short_flag):
            raise ValueError("Short flag malformed. One correct short flag would be: `-j`.")
        if not re.fullmatch(r"--[\w-]+\w", long_flag):
            raise ValueError("Long flag malformed. One correct long flag would be: `--my-pretty-flag`")
        self.apply_function = apply_function
        self.short_flag = short_flag
        self.long_flag = long_flag
        self.is_flag = is_flag
        self.arg = None if is_flag else "VALUE"
        self.arg_description = None if is_flag else ""
        self.__doc__ = apply_function.__doc__
        self.__name__: str = apply_function.__name__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return self.apply_function(*args, **kwargs)

    def get_flag(self) -> str:
        """Return the long spelling."""
        return self.long_flag

    def get_short_flag(self) -> str:
        """Return the short spelling."""
        return self.short_flag

    def get_flags(self) -> tuple[str, str]:
        """Return both spellings."""
        return self.short_flag, self.long_flag

    def apply(self, args: Any, run: Any) -> Any:
        """Do what the flag says to a run."""
        return self.apply_function(args, run)

    def get_name(self) -> str:
        """Return the name of the function."""
        return self.apply_function.__name__

    def get_description(self) -> str:
        """Return the help text."""
        return inspect.getdoc(self.apply_function) or ""


def cli_option(
    short_flag: str, long_flag: str, is_flag: bool = False
) -> Callable[[Callable[[Any, Any], Any]], CLIOption]:
    """
    Return a decorator that makes a function `(args, run)` a flag; its docstring is the help text.

    Args:
        short_flag: The short spelling: "-j".
        long_flag: The long spelling: "--my-flag".
        is_flag: Whether it takes no value.
    """

    def decorate(function: Callable[[Any, Any], Any]) -> CLIOption:
        return CLIOption(function, short_flag, long_flag, is_flag)

    return decorate


class CommandLineOption:
    """The older way to add a flag: every subclass in the process is one. `cli_option` has taken its place."""

    _enabled = True
    short_flag: str | None = None
    arg: str | None = None
    arg_description: str | None = None

    @classmethod
    def get_flag(cls) -> str:
        """Return the long spelling, which is made of the name of the class."""
        return "--" + convert_camel_case_to_snake_case(cls.__name__.removesuffix("Option"))

    @classmethod
    def get_short_flag(cls) -> str:
        """Return the short spelling: that of the class, or the first letter of the long one."""
        return f"-{cls.short_flag}" if cls.short_flag is not None else cls.get_flag()[1:3]

    @classmethod
    def get_flags(cls) -> tuple[str, str]:
        """Return both spellings, the short one first."""
        return cls.get_short_flag(), cls.get_flag()

    @classmethod
    def apply(cls, args: Any, run: Any) -> None:
        """Do what the flag says to a run."""


def legacy_options() -> list[Any]:
    """Return the flags that are subclasses of `CommandLineOption`, with a warning for each."""
    found: list[Any] = sorted(get_inheritors(CommandLineOption), key=name_of)
    for option in found:
        text = (
            f"Subclassing `CommandLineOption` is deprecated. Please use the `sacred.cli_option` decorator "
            f"and pass the function to the Experiment constructor: {option.__name__}."
        )
        warnings.warn(text, stacklevel=3)
    return found


# ------------------------------------------------------------------------------------------ the flags of every script


@cli_option("-h", "--help", is_flag=True)
def help_option(args: Any, run: Any) -> None:
    """Show this text, or with COMMAND the text of a command."""


@cli_option("-d", "--debug", is_flag=True)
def debug_option(args: Any, run: Any) -> None:
    """Show whole tracebacks, and do not mind that nobody observes."""
    run.debug = True


@cli_option("-D", "--pdb", is_flag=True)
def pdb_option(args: Any, run: Any) -> None:
    """Enter the debugger where the command fails."""
    run.pdb = True


@cli_option("-l", "--loglevel")
def loglevel_option(args: Any, run: Any) -> None:
    """Say less or more: DEBUG (10), INFO (20), WARNING (30), ERROR (40), CRITICAL (50), or any number."""
    # It takes effect before the config is decided, so that warnings about that obey it.


@cli_option("-c", "--comment")
def comment_option(args: Any, run: Any) -> None:
    """Keep a comment with the run."""
    run.meta_info["comment"] = args


@cli_option("-b", "--beat-interval")
def beat_interval_option(args: Any, run: Any) -> None:
    """Let so many seconds pass between two heart beats of the run."""
    run.beat_interval = float(args)


@cli_option("-u", "--unobserved", is_flag=True)
def unobserved_option(args: Any, run: Any) -> None:
    """Run everything and keep nothing."""
    run.unobserved = True


@cli_option("-q", "--queue", is_flag=True)
def queue_option(args: Any, run: Any) -> None:
    """Only tell the observers that the run is to be made; do not start it."""
    run.queue_only = True


@cli_option("-f", "--force", is_flag=True)
def force_option(args: Any, run: Any) -> None:
    """Let updates add entries and change types without a word."""
    run.force = True


@cli_option("-P", "--priority")
def priority_option(args: Any, run: Any) -> None:
    """Keep a priority with the run, for whoever takes runs from a queue; a number."""
    try:
        run.meta_info["priority"] = float(args)
    except ValueError as problem:
        raise ValueError(f"The PRIORITY argument must be a number! (but was '{args}')") from problem


@cli_option("-e", "--enforce_clean", is_flag=True)
def enforce_clean_option(args: Any, run: Any) -> None:
    """Refuse to run with sources that are not committed."""
    repositories = run.experiment_info["repositories"]
    if not repositories:
        raise RuntimeError(
            "No version control detected. Cannot enforce clean repository.\n"
            "Make sure that your sources under VCS and the corresponding python package is installed."
        )
    for repository in repositories:
        if repository["dirty"]:
            raise RuntimeError(f'EnforceClean: Uncommited changes in the "{repository}" repository.')


@cli_option("-p", "--print-config", is_flag=True)
def print_config_option(args: Any, run: Any) -> None:
    """Print the config before the run."""
    print_config(run)
    print("-" * 79)


@cli_option("-n", "--name")
def name_option(args: Any, run: Any) -> None:
    """Keep the run under this name of the experiment."""
    run.experiment_info["name"] = args
    run.run_logger = run.root_logger.getChild(args)


@cli_option("-i", "--id")
def id_option(args: Any, run: Any) -> None:
    """Give the run this id."""
    run._id = args


@cli_option("-C", "--capture")
def capture_option(args: Any, run: Any) -> None:
    """Capture output in this way: no, sys or fd."""
    run.capture_mode = args
