"""The command line of a sweep: its usage, its options, and its words to what is asked for."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any, NamedTuple

from expframe.cli import argv
from expframe.config.options import FLAGS, Flag, Options
from expframe.errors import CommandLineError, OptionError
from expframe.sweep.request import FLAGS_OF_PLAN, SweepRequest, count, names, words
from expframe.sweep.settings import SweepAsked

WORD = "sweep"
"""The word of a script's command line that asks for a sweep."""

_LINES = """\
Usage:
  {program} sweep (with WORD...) [options]
  {program} sweep COMMAND (with WORD...) [options]
  {program} sweep [COMMAND] [options]
"""
_SHOWN = """\
Usage:
  {program} sweep [COMMAND] with WORD... [options]
  {program} sweep --resume ID [with WORD...] [options]
"""
_WORDS = """\
Words:
  lr=0.1,0.01               Values one by one.
  seed=0..4                 All whole numbers; width=64..512/64 in steps of 64.
  lr=log:1e-5..1e-1         An interval by ratios, for a search; 0..0.5 is by
                            differences; :5 behind it is five values of it.
  "betas=(1,2),(3,4)"       Values of an entry that holds others, in brackets.
  lr:wd=0.1:1e-4,0.01:1e-3  Coupled entries, pair by pair.
  small,large               Named configs or files.
  @trials.csv               The rows of a table: .csv, .jsonl, .json or .yaml.
  "lr=?"                    What the entry's type declares.
  lr=0.1                    Fixed, as in a run.
"""
_OF_RUN = "beat_interval capture comment debug dry_run enforce_clean file_storage force grace help id loglevel name tag"


FLAGS_OF_WORK = (
    Flag("", "--any-code", "any_code", "With --resume: go on though the code is another one."),
    Flag("", "--array", "array", "Workers in an array of Slurm's at most.", True, count, "a whole number from 1 on"),
    Flag("", "--detach", "detach", "Let workers go on by themselves, and return at once."),
    Flag("", "--fresh", "fresh", "Start a new interpreter for each trial."),
    Flag("-j", "--jobs", "jobs", "How many trials run at a time.", True, count, "a whole number from 1 on"),
    Flag("", "--json", "json", "Tell what happens as JSON, a line each."),
    Flag("", "--more", "more", "With --resume: take so many samples more.", True, count, "a whole number from 1 on"),
    Flag("", "--on", "on", "Where workers run: local, slurm, dask[:ADDRESS], ray[:ADDRESS].", True),
    Flag("", "--resume", "resume", "Go on with a sweep: its id, or last.", True),
    Flag("", "--slurm", "slurm", "What sbatch is told: partition=gpu time=4:00:00", True, words, "words of sbatch"),
)
"""The options that say how trials are done."""

_HELP = {
    "dry_run": "Show how many trials there are, and the first ones; start nothing.",
    "file_storage": "Store the runs in this folder instead of ./runs.",
    "help": "Show this text.",
    "id": "Name the sweep instead of numbering it.",
    "needed": "Take completed runs of the same command, config and code for trials.",
}
"""What options of a run are for a sweep."""


def _own(flag: Flag) -> Flag:
    return flag._replace(help=_HELP.get(flag.field, flag.help))


FLAGS_OF_SWEEP = tuple(
    sorted(
        [*(_own(flag) for flag in FLAGS if flag.field in [*_OF_RUN.split(), "needed"]), *FLAGS_OF_PLAN, *FLAGS_OF_WORK],
        key=lambda flag: flag.long.lower(),
    )
)


class SweepWords(NamedTuple):
    """
    A command line of a sweep, taken apart.

    Attributes:
        request: What is to be tried.
        asked: How trials are to be done.
    """

    request: SweepRequest
    asked: SweepAsked


def usage(program: str) -> str:
    """Return the whole help text of a sweep."""
    return f"{_SHOWN.format(program=program)}\n{_WORDS}\n{argv.options_text(FLAGS_OF_SWEEP)}"


def parse(line: Sequence[str], program: str, own: Sequence[Flag] = ()) -> SweepWords:
    """
    Take the command line of a sweep apart.

    Args:
        line: The words after the word `sweep`.
        program: What the program is called in messages.
        own: The options that runs of the script have beside those of every script, which a sweep has not.

    Raises:
        CommandLineError: The words fit no usage line.
        OptionError: An option has a value it cannot take, or two do not go together.
    """
    shown = _SHOWN.format(program=program).rstrip()
    _refuse_own(line, own, shown)
    found = argv.match_lines(_LINES, FLAGS_OF_SWEEP, [WORD, *_joined(line)], shown)
    if "=" in (found["COMMAND"] or ""):
        raise CommandLineError(found["COMMAND"], "goes after the word `with`.", shown)
    given = {flag.long: found[flag.long] for flag in FLAGS_OF_SWEEP if found[flag.long] not in (None, False)}
    statuses = given.pop("--retry", None) if "--resume" in given else None
    values = {flag.field: flag.converted(given[flag.long]) for flag in FLAGS_OF_SWEEP if flag.long in given}
    said = tuple(word for word in found["WORD"] or [] if word)
    _refuse_beside_resume(values, found["COMMAND"])
    options = Options(**{name: values[name] for name in _OF_RUN.split() if name in values})
    of_plan = {name: values[name] for name in SweepRequest._fields if name in values}
    trials = options._replace(file_storage=None, id=None, dry_run=False, help=False)
    request = SweepRequest(said, command=found["COMMAND"], **{**of_plan, "options": trials})
    of_work = {name: values[name] for name in SweepAsked._fields if name in values}
    asked = SweepAsked(**{**of_work, "options": options, "retry": _statuses(statuses)})
    return SweepWords(request, asked)


def _refuse_own(line: Sequence[str], own: Sequence[Flag], usage: str) -> None:
    """Refuse options of the script's own, by their spellings as far as a sweep has no others of these."""
    taken = {spelling for flag in FLAGS_OF_SWEEP for spelling in (flag.short, flag.long)}
    spellings = {spelling for flag in own for spelling in (flag.short, flag.long)} - taken
    for word in line:
        if word.partition("=")[0] in spellings:
            problem = "is an option of single runs of this script, and trials of a sweep are given none of these."
            raise CommandLineError(word, f"{problem} Let the script do what it does by itself, or by an entry.", usage)


def _joined(line: Sequence[str]) -> list[str]:
    """Return a command line in which what follows `--slurm`, up to `with` or the next option, is its one value."""
    found: list[str] = []
    is_value = False
    for word in line:
        if is_value and "=" in word and not word.startswith("-"):
            found[-1] += f" {shlex.quote(word)}"
            continue
        is_value = word.startswith("--slurm=") or found[-1:] == ["--slurm"]
        found.append(word)
    return found


def _statuses(text: Any) -> tuple[str, ...]:
    statuses = tuple(name.lower() for name in names(text or ""))
    if any(name.isdigit() for name in statuses):
        raise OptionError(f"--retry={text}", "names statuses beside --resume: --retry failed,died.")
    return statuses


def _refuse_beside_resume(values: dict[str, Any], command: str | None) -> None:
    """Refuse what says what a sweep is beside --resume, where it goes on as it was planned, or wider."""
    others = [flag.long for flag in FLAGS_OF_PLAN if flag.field in values and flag.field not in ("retry", "seeds")]
    others += [command] if command else []
    only = next((flag for flag in FLAGS_OF_WORK if flag.field in ("more", "any_code") and flag.field in values), None)
    if only is not None and "resume" not in values:
        raise OptionError(only.long, "is for a sweep that goes on: --resume ID.")
    if "resume" in values and others:
        raise OptionError("--resume", f"goes on with the sweep as it was planned. Leave out {', '.join(others)}.")
