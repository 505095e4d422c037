"""What every command has: usage, store, an answer as text or as JSON, messages, an exit code."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from expframe.cli import argv
from expframe.cli.render import write, write_out
from expframe.cli.runs.pager import page
from expframe.cli.standard_streams import shown
from expframe.cli.table import Style, clean
from expframe.config import dotted, json_values
from expframe.errors import CommandLineError, ExpframeError, RunNotFoundError, StoreError, UsageError
from expframe.store import ids
from expframe.store.search.collection import Runs

VERSION = 1
"""Of the JSON that commands print; it changes when a key goes or means something else, not when one is added."""

_HELP_WIDTH = 79

LONGEST = 18
"""Digits of a whole number that is taken."""

OPTIONS = """
  -F DIR --store=DIR     The folder of runs, instead of EXPFRAME_STORE or ./runs.
  --json                 Print JSON.
  -h --help              Show this text.
"""
"""What the help of every command ends with."""


@dataclass(frozen=True)
class Asked:
    """
    What the words of a command ask for.

    Attributes:
        words: By argument (`ID`) and flag (`--where`).
        store: The folder of runs.
    """

    words: Mapping[str, Any]
    store: Path

    def __getitem__(self, name: str) -> Any:
        return self.words[name]

    @property
    def runs(self) -> Runs:
        """All runs of the store."""
        return Runs(self.store)

    def number(self, flag: str, *, least: int = 0) -> int | None:
        """
        Return the whole number that was given to a flag; None where none was.

        Raises:
            UsageError: It is none, or too small.
        """
        text = self.words[flag]
        if text is None:
            return None
        if not text.isdecimal() or len(text) > LONGEST or int(text) < least:
            raise UsageError(f"{flag}={text}", f"takes a whole number from {least} up.")
        return int(text)

    def names(self, flag: str) -> list[str]:
        """Return the names that were given to a flag, with commas between them."""
        return [name.strip() for name in (self.words[flag] or "").split(",") if name.strip()]


class Answer(NamedTuple):
    """
    What a command answers.

    Attributes:
        data: What `--json` prints; one object after the other, a line each, where it is an iterator.
        lines: Makes the text that is printed otherwise.
        code: The exit code.
        is_live: Whether the text comes in pieces that are shown at once, as they are, in place of lines.
    """

    data: Mapping[str, Any] | Iterator[Mapping[str, Any]]
    lines: Callable[[Style], Iterable[str]]
    code: int = 0
    is_live: bool = False


Main = Callable[[Sequence[str]], int]


def command(usage: str) -> Callable[[Callable[[Asked], Answer]], Main]:
    """
    Make a command of a function: words in, an exit code out; what it answers and what goes wrong is printed.

    Args:
        usage: What the command does, and its usage lines and options in docopt's form; those that every command has
            are added.
    """
    whole = usage.rstrip("\n") + OPTIONS if "\nOptions:\n" in usage else f"{usage.rstrip()}\n\nOptions:{OPTIONS}"
    name = re.findall(r"^  expframe (\S+)", usage, re.MULTILINE)[0]

    def decorate(answer: Callable[[Asked], Answer]) -> Main:
        def main(words: Sequence[str]) -> int:
            return _guarded(lambda: _do(name, whole, answer, words))

        return main

    return decorate


def _do(name: str, usage: str, answer: Callable[[Asked], Answer], words: Sequence[str]) -> int:
    before_dashes = words[: words.index("--")] if "--" in words else words
    if "-h" in before_dashes or "--help" in before_dashes:
        write(fitting(usage.rstrip("\n")))
        return 0
    matched = _match(name, usage, words)
    asked = Asked(matched, ids.resolve_store(matched["--store"]))
    if matched["--store"] and not asked.store.is_dir() and name != "import":
        problem = "is a file, not a folder of runs." if asked.store.exists() else "is not there."
        raise UsageError(f"store {asked.store}", f"{problem} Give the folder of runs, or leave it out for ./runs.")
    with _naming_removed(asked.store):
        found = answer(asked)
        if asked["--json"]:
            _print_json(name, asked.store, found.data)
        else:
            _print_lines(found)
    return found.code


@contextmanager
def _naming_removed(store: Path) -> Iterator[None]:
    """Say of a file that is not there which run was removed while it was read."""
    try:
        yield
    except FileNotFoundError as problem:
        path = Path(str(problem.filename))
        id = path.relative_to(store).parts[0] if path.is_relative_to(store) and path != store else ""
        if not ids.is_name(id) or (store / id).exists():
            raise
        raise StoreError(f"run {id}", "was removed, renamed or moved just now. Look for it with ls.") from problem


def fitting(usage: str) -> str:
    """Return a usage whose sentences are broken where lines end, as in a terminal of 80 columns."""
    blocks: list[tuple[str, int, list[str]]] = []
    for line in usage.split("\n"):
        indent = len(line) - len(line.lstrip())
        described = re.match(r" *\S.*?\S {2,}(?=\S)| +-\S.*? {2,}(?=\S)", line)
        if line and blocks and not described and indent == blocks[-1][1] and blocks[-1][2][-1]:
            blocks[-1][2].append(line)
            continue
        start = described.group() if described else " " * indent
        blocks.append((start, len(start), [line]))
    return "\n".join(line for block in blocks for line in _broken(*block))


def _broken(start: str, indent: int, lines: list[str]) -> list[str]:
    """Return a description below its start, in other lines only where one is too long."""
    if max(map(len, lines)) <= _HELP_WIDTH:
        return lines
    words = " ".join(line[indent:] for line in lines)
    return textwrap.wrap(words, _HELP_WIDTH, initial_indent=start, subsequent_indent=" " * indent)


def _print_lines(found: Answer) -> None:
    """Print text: what lives piece by piece, anything else in a pager where it is longer than the terminal."""
    style = Style.of(sys.stdout)
    lines = found.lines(style)
    if not found.is_live and style.height is not None:
        lines = list(lines)
        if sum(line.count("\n") + 1 for line in lines) >= style.height and page("\n".join(lines) + "\n"):
            return
    for line in lines:
        if found.is_live:
            write_out(line, end="")
        else:
            write(line)


def _match(name: str, usage: str, words: Sequence[str]) -> dict[str, Any]:
    try:
        return argv.match(usage, [name, *words])
    except SystemExit:
        lines = re.findall(r"^Usage:\n(?:  .*\n)+", usage, re.MULTILINE)[0]
        raise CommandLineError(*_explain(usage, words), lines + f"expframe {name} --help says more.") from None


def _explain(usage: str, words: Sequence[str]) -> tuple[str, str]:
    """Return what is wrong with words that fit no usage line."""
    flags = re.findall(r"(?<=[\s\[(])--?[A-Za-z][A-Za-z-]*", usage)
    with_value = set(re.findall(r"--?[A-Za-z-]+(?=[ =][A-Z])", usage))
    long = dict(re.findall(r"^  (-[A-Za-z])(?: [A-Z]+)? (--[A-Za-z-]+)", usage, re.MULTILINE))
    given: set[str] = set()
    arguments: list[str] = []
    takes = ""
    for word in words:
        if takes or not re.match(r"--?[A-Za-z]", word):
            arguments += [] if takes else [word]
            takes = ""
            continue
        flag, equals, _ = word.partition("=") if word.startswith("--") else (word[:2], word[2:], "")
        meant = [known for known in flags if known.startswith(flag)]
        if not meant:
            near = dotted.nearest(flag.lstrip("-"), {known.lstrip("-") for known in flags if known.startswith("--")})
            hint = f"Did you mean {' or '.join('--' + n for n in near)}?" if near else "See --help for all flags."
            return flag, f"no such flag. {hint}"
        if long.get(meant[0], meant[0]) in given:
            return word, "is given twice."
        given.add(long.get(meant[0], meant[0]))
        if meant[0] in with_value and not equals:
            takes = word
        elif equals and word.startswith("--") and meant[0] not in with_value:
            return word, "takes no value."
    return (takes, "needs a value.") if takes else _explain_arguments(usage, arguments)


def _explain_arguments(usage: str, given: Sequence[str]) -> tuple[str, str]:
    """Return which argument is missing, or one too many."""
    lines = re.findall(r"^  expframe \S+ (.*)$", usage, re.MULTILINE)
    plain = [re.sub(r"\[?--[a-z]+=[A-Z]+\]?|\[\(with.*", "", line).split() for line in lines]
    if of_one := [line[1:] for line in plain if given and line[:1] == [given[0]]]:  # of a group: `sweep show ID`
        plain, given = of_one, given[1:]
    forms = [[part for part in line if part.strip("[].").isupper()] for line in plain]
    needed = min(
        ([part.strip(".") for part in form if not part.startswith("[")] for form in forms), key=len, default=[]
    )
    if len(given) < len(needed):
        missing = needed[len(given)]
        return missing, f"is missing{_ABOUT.get(missing, '')}."
    are_endless = any("..." in part for form in forms for part in form)
    most = max(map(len, forms), default=0)
    if not are_endless and len(given) > most:
        return given[most], "is one word too many." if most else "is one word too many: there are no arguments."
    return " ".join(given) or "no words", "fits no usage line."


_ABOUT = {"ID": " (the id of a run, or last)", "FILE": " (the name of a file)", "TAG": " (a word)"}
"""What is meant by the name of an argument."""


def _print_json(name: str, store: Path, data: Mapping[str, Any] | Iterator[Mapping[str, Any]]) -> None:
    if isinstance(data, Mapping):
        write(json_values.dump_plain({"version": VERSION, "command": name, "store": str(store), **data}).decode())
        return
    for item in data:
        write_out(json_values.dump_plain({"version": VERSION, "command": name, **item}, indent=None).decode())


def _guarded(do: Callable[[], int]) -> int:
    """Do something and return its exit code; say what goes wrong in one message on standard error."""
    try:
        return shown(do)
    except KeyboardInterrupt:
        return 130
    except ExpframeError as problem:
        write(f"{type(problem).__name__}: {clean(str(problem))}", sys.stderr)
        return 2 if isinstance(problem, UsageError | RunNotFoundError) else 1
    except OSError as problem:
        write(f"{type(problem).__name__}: {clean(str(problem))}", sys.stderr)
        return 1
