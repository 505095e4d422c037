"""What `--help` and `help` show: usage, commands, config entries and named configs, and of one entry all of it."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator
from typing import Any

from expframe.cli import argv as words
from expframe.cli.script.entries import EntryTable
from expframe.config import dotted
from expframe.config.request import Override, Request
from expframe.config.typed import description_of
from expframe.errors import ChoiceError, ExpframeError, UnknownTopicError, UsageError, located
from expframe.recipe.registry import Command
from expframe.recipe.snapshot import Snapshot
from expframe.recipe.specials import SPECIALS

_MOST = 12
"""So many entries are shown beside all else; the others by `help config`."""
_CONFIG = "config"


def help_text(experiment: Any, asked: str | None, program: str) -> str:
    """
    Return the help of a script, of one of its commands, of its config (`help config`), or of an entry of that.

    Of a choice `help model` shows what is chosen, and `help model=vit` what another one has.

    Raises:
        UnknownTopicError: There is no such command or entry.
        ChoiceError: The entry has no such choice.
    """
    snapshot = experiment.snapshot().choosing(Request(experiment.registry.main))
    commands = snapshot.commands
    if asked is None:
        more = [*_entries(experiment, program, _MOST), *_named(snapshot)]
        return words.usage(program, experiment.doc or "", commands, experiment.registry.cli_options, more)
    if asked in commands:
        return _of_command(commands[asked], asked, program)
    if asked == _CONFIG:
        return "\n".join([*_entries(experiment, program, None), *_named(snapshot)]) or "No config entries."
    return _of_entry(experiment, asked, program, tuple(commands))


def _of_command(command: Command, name: str, program: str) -> str:
    captured = command.captured
    doc = inspect.getdoc(captured.raw) or "No description."
    lines = [words.usage_of(program, name), "", *(f"    {row}".rstrip() for row in doc.splitlines())]
    own = [p.name for p in captured.parameters if p.name not in SPECIALS and captured.entries is None]
    if own:
        lines += ["", "Takes from the config:", words.columns([("", ", ".join(own))])]
    return "\n".join(lines)


def _entries(experiment: Any, program: str, most: int | None) -> Iterator[str]:
    """Yield what is said of the config entries: the first so many, or that they cannot be decided."""
    try:
        table = EntryTable(experiment)
        rows = [*table.rows()]
    except ExpframeError as problem:
        yield f"Config entries: they cannot be decided without more. {type(problem).__name__}: {problem}\n"
        return
    except Exception as problem:  # code of the user's: help is shown nevertheless
        yield f"Config entries: the config raised {type(problem).__name__}.\n"
        return
    is_whole = most is None or len(rows) <= most + 1
    shown = [row for number, row in enumerate(rows) if is_whole or number < (most or 0) or row.is_required]
    rest = len(rows) - len(shown)
    end = [f"  {rest} more: {program} help {_CONFIG}"] if rest else []
    choice = next((row.name for row in rows if table.others(row.path)), None)
    end += [f"  Fields of others: {program} help {choice}"] if choice is not None else []
    yield "\n".join(["Config entries:", words.columns(row.columns for row in shown), *end]) + "\n"


def _of_entry(experiment: Any, asked: str, program: str, commands: tuple[str, ...]) -> str:
    """Return the help of an entry or group, `model`, or of one that may be chosen, `model=vit`."""
    name, equals, word = asked.partition("=")
    path = dotted.split(name)
    try:
        table = EntryTable(experiment)
    except ExpframeError:
        raise UnknownTopicError(asked, dotted.nearest(name, (*commands, _CONFIG)), commands) from None
    if not [*table.rows(path)] or not path:
        raise UnknownTopicError(asked, dotted.nearest(name, (*commands, _CONFIG, *table.names())), commands)
    if equals:
        found = table.alternatives(path)
        if not found:
            raise UsageError(f"help {asked}", f"{name!r} is no choice among groups of entries. Ask: help {name}")
        if word not in found:
            chosen = table.choice(path) or ""
            raise ChoiceError(asked, name, table.where(path), chosen, tuple(found), dotted.nearest(word, found))
        table = EntryTable(experiment, (Override.parse(asked),))
    return "\n".join(_about(table, path, program))


def _about(table: EntryTable, path: dotted.Path, program: str) -> Iterator[str]:
    """Yield the lines about an entry or group: what it is, its fields, and what else could be chosen."""
    name, kind = dotted.join(path), table.class_at(path)
    rows = [*table.rows(path)]
    head = next((row for row in rows if row.path == path), None)
    fields = [row for row in rows if row is not head]
    yield name if head is None else f"{name} = {head.value}" + (f"  ({head.type})" if head.type else "")
    if doc := table.doc(path):
        yield f"    {doc}"
    if kind is not None:
        said = _doc_of(kind)
        yield ""
        yield ": ".join([located(kind.__name__, description_of(kind).origin.where), *said[:1]])
        yield from (f"    {line}".rstrip() for line in said[1:])
    if fields:
        yield ""
        yield words.columns(row.columns for row in fields)
    others = {other: one for other, one in table.others(path).items() if one is not kind}
    if others:
        yield ""
        yield "Others:"
        yield words.columns((other, _in_short(one)) for other, one in others.items())
        yield f"  Their fields: {program} help {name}={next(iter(others))}"


def _doc_of(kind: Any) -> list[str]:
    """Return the lines of a class's own docstring; none where it was generated."""
    kind = typing.get_origin(kind) or kind
    doc = vars(kind).get("__doc__") or ""
    is_generated = doc.startswith(f"{kind.__name__}(")
    return [] if is_generated else inspect.cleandoc(doc).splitlines()


def _in_short(alternative: Any) -> str:
    """Return the first line of what is said of an alternative; of one that is not imported whence it would be."""
    if isinstance(alternative, str):
        return f"({alternative})"
    said = _doc_of(alternative) if isinstance(typing.get_origin(alternative) or alternative, type) else []
    return said[0] if said else ""


def _named(snapshot: Snapshot) -> Iterator[str]:
    """Yield what is said of the named configs, if there are any."""
    rows = []
    for part in reversed(snapshot.recipe.parts):
        for name, layer in part.named.items():
            doc = inspect.cleandoc(getattr(layer, "__doc__", None) or "") if hasattr(layer, "function") else ""
            rows.append((dotted.join(part.path, name), doc.partition("\n")[0]))
    if rows:
        yield f"Named configs:\n{words.columns(rows)}\n"
