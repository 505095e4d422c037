"""The command line of a script: words in; a run, help or an error with its exit code out."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from expframe.cli import argv as words
from expframe.cli.render import error_text, own_frames_only, write, write_out
from expframe.cli.standard_streams import give_up, open_closed
from expframe.config.masking import Masking
from expframe.config.options import Options
from expframe.config.request import Request
from expframe.errors import ConfigError, ExpframeError, OptionError, OutputError, Terminated, UsageError, WorkError
from expframe.process.log_lines import RunFormatter, name_level
from expframe.run.progress import aside

if TYPE_CHECKING:
    from expframe.cli.sweeps.arguments import SweepWords

_SWEEP = "sweep"

FORCED_SWEEP = "expframe:sweep"
"""Asks for a sweep as the word `sweep` does, also where a script has a command of that name."""


def run_script(experiment: Any, prepare: Callable[[Request], Any], argv: str | Sequence[str] | None = None) -> Any:
    """
    Do what a command line asks for and return the Run; the completed one with --needed, None after help.

    Args:
        experiment: Whose command line it is.
        prepare: Makes a run, which is not started, of what is asked for.
        argv: A text or a list of words, the program's name first; by default `sys.argv`.

    Raises:
        SystemExit: Something failed: 1, 2 for a wrong command line or config, 130 after Ctrl-C, 143 after SIGTERM, 129
            after SIGHUP, or what the command itself exited with. What went wrong has been printed.
    """
    options = Options()
    run = None
    line: list[str] = []
    open_closed()
    try:
        line = words.split_argv(argv)
        program = words.program_name(line)
        place = words.first_word(line[1:])
        if place is not None and _is_sweep(line[1 + place], experiment):
            from expframe.cli.sweeps import arguments

            own = [option.flag for option in experiment.registry.cli_options]
            of_sweep = arguments.parse([*line[1 : 1 + place], *line[2 + place :]], program, own)
            options = of_sweep.asked.options
            return _sweep(experiment, prepare, of_sweep, program)
        asked = words.parse(line[1:], program, experiment.registry.cli_options)
        options = asked.options
        if asked.help:
            from expframe.cli.script.help import help_text

            write_out(help_text(experiment, asked.command, program))
            return None
        set_up_logging(options.loglevel, {options.name or experiment.name, experiment.name, *experiment.loggers})
        request = Request(asked.command, asked.overrides, asked.named, options, kwargs=asked.kwargs)
        run = prepare(request)
        options = run.request.options
        if _is_only_shown(run, options):
            return run
        found = run.do()
        if found is not run:
            write_out(_found_text(found, options))
            return found
        if run.was_stopped:
            raise Terminated(run.stopped_by)
        return run
    except KeyboardInterrupt:
        _say("Interrupted.")
        sys.exit(130)
    except Terminated as problem:
        _say("Terminated.")
        sys.exit(problem.code)
    except OutputError as problem:
        sys.exit(give_up(problem))
    except Exception as problem:
        config = run.config.values if run is not None else None
        _show(problem, options, Masking(config, experiment.registry.names, words=line[1:]))
        is_usage = isinstance(problem, UsageError | ConfigError) and own_frames_only(problem.__traceback__)
        has_started = isinstance(problem, WorkError) or (run is not None and run.has_started)
        sys.exit(1 if has_started and not is_usage else 2)


def _is_sweep(word: str, experiment: Any) -> bool:
    return word == FORCED_SWEEP or (word == _SWEEP and _SWEEP not in experiment.registry.commands)


def _sweep(experiment: Any, prepare: Callable[[Request], Any], asked: SweepWords, program: str) -> None:
    """Do what the command line of a sweep asks for."""
    from expframe.cli.script.sweep import sweep
    from expframe.cli.sweeps.arguments import usage

    options = asked.asked.options
    if options.help:
        write_out(usage(program))
        return
    set_up_logging(options.loglevel, {options.name or experiment.name, experiment.name, *experiment.loggers})
    code = sweep(experiment, prepare, asked)
    if code:
        sys.exit(code)


def _found_text(found: Any, options: Options) -> str:
    """Return what is said of a completed run that is taken for the one that was asked for."""
    same = "command and config" if options.any_code else "command, config and code"
    fits = "" if options.resume_or_start is not None else f" and has the same {same}"
    return f"Run {found.id} is COMPLETED{fits}: {found.folder}"


def _is_only_shown(run: Any, options: Options) -> bool:
    """Show what is asked to be seen of a run before it begins, and return whether that is all."""
    if options.dry_run:
        from expframe.cli.script.preview import preview_text

        write_out(preview_text(run))
        return True
    if options.print_config:
        from expframe.cli.script.commands import show_config

        with suppress(OutputError):  # that nobody sees it is no reason not to begin
            show_config(run.config)
            write_out("-" * 79)
    return False


def _say(text: str) -> None:
    """Print a last word; where the terminal is gone nobody can read it, and that must not change the exit code."""
    with suppress(OSError):
        write(text, sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _show(problem: Exception, options: Options, masking: Masking) -> None:
    """Print what went wrong, and enter the debugger if that was asked for."""
    if isinstance(problem, ExpframeError) and own_frames_only(problem.__traceback__) and not options.debug:
        write(masking.text(f"{type(problem).__name__}: {problem}"), sys.stderr)
    else:
        write(error_text(problem, whole=options.debug, masking=masking), sys.stderr)
    if options.pdb:
        import pdb

        pdb.post_mortem(problem.__traceback__)


def set_up_logging(level: str | int | None, loggers: Iterable[str]) -> None:
    """
    Let log lines be seen, and those of an experiment from a level on: not those of the libraries that it uses.

    Args:
        level: The level, by name or number; None for that of all.
        loggers: The loggers of the experiment.
    """
    name_level()
    root = logging.getLogger()
    if not root.handlers:
        handler = _StderrHandler()
        handler.setFormatter(RunFormatter())
        root.addHandler(handler)
        root.setLevel(logging.INFO)
    if level is not None:
        for name in loggers:
            logging.getLogger(name).setLevel(parse_level(level))


def parse_level(level: str | int) -> int:
    """
    Return a log level by name or number.

    Raises:
        OptionError: It is none.
    """
    name_level()
    text = str(level).strip()
    if text.isdecimal() and len(text) < 10:
        return int(text)
    found = logging.getLevelName(text.upper())
    if not isinstance(found, int):
        raise OptionError(
            f"--loglevel={level}", "is no level. Use DEBUG, INFO, NOTICE, WARNING, ERROR, CRITICAL or a number."
        )
    return found


class _StderrHandler(logging.Handler):
    """Writes to what sys.stderr is at the time, so that captured output holds the log as well."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one message."""
        try:
            line = self.format(record)
            with aside(sys.stderr):
                write(line, sys.stderr)
        except Exception:
            self.handleError(record)
