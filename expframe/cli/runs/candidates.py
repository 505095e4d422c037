"""
What can stand at the end of a command line that is being written: commands, runs, config entries, metrics.

It is asked at each press of a key, so it reads few files and imports little; scripts are never imported.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from expframe.cli.runs.commands import COMMANDS, OF_SWEEPS
from expframe.config.dotted import CHOICE, EVERYWHERE
from expframe.disk import layout
from expframe.store import ids

if TYPE_CHECKING:
    from expframe.cli.runs.script_text import ScriptText

_MOST_RUNS = 50
_MOST_RECORDS = 20
"""So many of the newest runs are looked at for entries."""
_OF_RUNS = (
    "show",
    "path",
    "logs",
    "open",
    "note",
    "rename",
    "tag",
    "metrics",
    "diff",
    "compare",
    "rm",
    "export",
    "watch",
    "rerun",
    "du",
)
"""Commands whose arguments name runs."""
_OF_FIELDS = ("--columns", "-c", "--sort", "-s", "--by", "-b", "--entries", "-e")
FACTS = (
    *("id", "uid", "name", "command", "status", "root", "comment", "parent", "parent_id", "parent_uid", "tags"),
    *("queued", "started", "ended", "time", "duration", "depth", "attempt", "failure", "size", "result"),
    *("git.commit", "git.branch", "git.dirty", "git.remote", "git.root"),
    *("sweep.trial", "sweep.replicate", "sweep.configuration", "sweep.attempt", "sweep.excluded"),
)
"""Those of `search.fields`, without its imports."""
_OF_METRICS = ("--metrics", "-m")
_SHELLS = ("bash", "zsh", "fish")


class Candidate(NamedTuple):
    """
    What a word may become.

    Attributes:
        text: The word.
        about: What it is, for shells that show that.
    """

    text: str
    about: str = ""


def candidates(words: Sequence[str], commands: Sequence[tuple[str, str]]) -> list[Candidate]:
    """
    Return what the last word may become.

    Args:
        words: The command line from the program on, the last one as far as it is written.
        commands: The commands of `expframe`, each with what it does.
    """
    script = _script_in(words)
    store = ids.resolve_store(_value_of(words, ("-F", "--store", "--file_storage")))
    found = _after_expframe(words, commands, store) if script is None else _after_script(words[script:], store)
    last = words[-1]
    return [candidate for candidate in dict.fromkeys(found) if candidate.text.startswith(last)]


def _script_in(words: Sequence[str]) -> int | None:
    """Return the position of a script's name; None where the words are those of `expframe`."""
    if os.path.basename(words[0]).startswith("expframe") or list(words[1:3]) == ["-m", "expframe"]:
        return None
    return next((n for n, word in enumerate(words[:-1]) if word.endswith(".py")), 0)


def _value_of(words: Sequence[str], flags: Sequence[str]) -> str | None:
    for word, after in pairwise(words):
        if word in flags:
            return after
        if word.partition("=")[0] in flags and "=" in word:
            return word.partition("=")[2]
    return None


# ------------------------------------------------------------------------------------------------------- `expframe`


def _after_expframe(words: Sequence[str], commands: Sequence[tuple[str, str]], store: Path) -> Iterator[Candidate]:
    own = list(words[3:] if words[1:3] == ["-m", "expframe"] else words[1:])
    if len(own) < 2:
        yield from (Candidate(name, about) for name, about in commands)
        return
    command, before, last = own[0], own[-2], own[-1]
    flag, equals, _ = last.partition("=")
    if flag.startswith("--") and equals:
        before = flag
    if before in (*_OF_FIELDS, *_OF_METRICS):
        yield from _in_list(before, last, store)
    elif command == "completion":
        yield from map(Candidate, _SHELLS)
    elif command == "metrics" and len([word for word in own[1:-1] if not word.startswith("-")]) == 1:
        yield from map(Candidate, _metrics([own[1]], store))
    elif command in ("sweep", "work"):
        yield from _of_sweeps(own, store)
    elif last.startswith("-"):
        yield from _flags_of(command)
    elif command in _OF_RUNS:
        yield from _runs(last, store)


def _of_sweeps(own: Sequence[str], store: Path) -> Iterator[Candidate]:
    """Yield commands about sweeps, their flags, and the sweeps that one may name."""
    inner = next((word for word in own[1:-1] if word in OF_SWEEPS), "") if own[0] == "sweep" else "work"
    if own[-1].startswith("-"):
        if inner == "work":
            yield from _flags_of(inner)
        elif inner:
            usages = importlib.import_module(COMMANDS["sweep"][0]).FLAGS
            yield from _flags_in(usages.get(inner, ""))
        elif any(word.endswith(".py") or word == "-m" for word in own[1:-1]):
            yield from _flags_of_script(own)
    elif not inner:
        yield from (Candidate(name, about) for name, about in OF_SWEEPS.items())
    elif inner not in ("ls", "from-seml") and not any((store / word / layout.SWEEP).exists() for word in own[1:-1]):
        yield from (found for found in _runs(own[-1], store) if (store / found.text / layout.SWEEP).exists())
        yield Candidate("last", "the newest sweep")


def _flags_of(command: str) -> Iterator[Candidate]:
    """Yield the flags of a command of `expframe`, as its help shows them."""
    if command in COMMANDS:
        yield from _flags_in(importlib.import_module(COMMANDS[command][0]).USAGE)


def _flags_in(usage: str) -> Iterator[Candidate]:
    from expframe.cli.runs.command import OPTIONS

    for flags, about in re.findall(r"^  (-\S.*?)(?:  +(.*))?$", f"{usage}\n{OPTIONS}", re.MULTILINE):
        yield from (Candidate(flag, about) for flag in re.findall(r"--[\w-]+", flags))


def _flags_of_script(words: Sequence[str]) -> Iterator[Candidate]:
    """Yield the flags that every script has, or has for its sweeps; those of its own are known to the script alone."""
    from expframe.cli.argv import OF_PRINT_CONFIG
    from expframe.cli.sweeps.arguments import FLAGS_OF_SWEEP
    from expframe.config.options import FLAGS

    found = FLAGS_OF_SWEEP if "sweep" in words else FLAGS
    for flag in (*found, *(OF_PRINT_CONFIG if "print_config" in words else ())):
        yield Candidate(f"{flag.long}=" if flag.value else flag.long, flag.help)


def _in_list(flag: str, last: str, store: Path) -> Iterator[Candidate]:
    """Yield what may stand at the end of a list with commas."""
    head, equals, text = last.partition("=") if last.startswith("--") else ("", "", last)
    done = head + equals + text[: len(text) - len(text.rpartition(",")[2])]
    ids = _newest(store)[:_MOST_RECORDS]
    if flag in _OF_METRICS:
        names = [f"{name}.{statistic}" for name in _metrics(ids, store) for statistic in ("last", "max", "min")]
    else:
        own = list(_entries(ids, store))
        names = [name if name not in FACTS else f"config.{name}" for name in own]
        names += [
            *FACTS,
            *(f"config.{name}" for name in own),
            *(f"metrics.{name}.max" for name in _metrics(ids, store)),
        ]
    for name in names:
        yield Candidate(done + name)


def _runs(last: str, store: Path) -> Iterator[Candidate]:
    done = last[: len(last) - len(last.rpartition(",")[2])]
    if last.startswith("best:"):
        for name in _metrics(_newest(store)[:_MOST_RECORDS], store):
            yield Candidate(f"best:{name}")
        return
    ids = _newest(store)
    if not done:
        yield Candidate("last", "the newest run")
        yield Candidate("best:", "the run with the greatest value of a metric")
    for id in [id for id in ids if (done + id).startswith(last)][:_MOST_RUNS]:
        record = _read(store / id / layout.RECORD)
        about = " ".join(str(record.get(key) or "") for key in ("name", "command", "status", "comment"))
        yield Candidate(done + id, " ".join(about.split())[:60])


def _newest(store: Path) -> list[str]:
    """Return what may be ids of runs, the newest first."""
    try:
        names = [name for name in os.listdir(store) if ids.is_name(name)]
    except OSError:
        return []
    return sorted(names, key=lambda name: (not name.isdecimal(), -int(name) if name.isdecimal() else 0, name))


# ---------------------------------------------------------------------------------------------------------- scripts


def _after_script(words: Sequence[str], store: Path) -> Iterator[Candidate]:
    """Yield what a script's text and its earlier runs have: commands, then entries, their values and named configs."""
    if words[-1].startswith("-"):
        yield from _flags_of_script(words)
        return
    records = {id: record for id in _newest(store)[:_MOST_RUNS] if (record := _read(store / id / layout.RECORD))}
    own = [id for id, record in records.items() if _is_of(record, words[0])][:_MOST_RECORDS]
    text = _text_of(words)
    if "with" not in words[:-1]:
        before = [word for word in words[1:-1] if not word.startswith("-")]
        if not before:
            yield from map(Candidate, text.commands if text is not None else ())
            yield from (Candidate(str(records[id].get("command"))) for id in own)
            yield from map(Candidate, ("print_config", "print_dependencies", "print_named_configs", "save_config"))
            yield Candidate("help", "of a command, an entry or a choice")
            yield Candidate("sweep", "a run for each of several values")
        elif before == ["help"]:
            yield from _topics(text)
        elif before == ["sweep"]:
            yield from map(Candidate, text.commands if text is not None else ())
        elif before == ["print_config"]:
            yield from map(Candidate, _groups(text))
        yield Candidate("with", "overrides follow")
        return
    yield from _overrides(words[-1], text, _entries(own, store))
    yield from (Candidate(named, "named config") for named in (text.named if text is not None else ()))
    for id in own:
        yield from (Candidate(str(named), "named config") for named in records[id].get("named_configs") or ())


def _text_of(words: Sequence[str]) -> ScriptText | None:
    """Return what the text of a script says, beside words that choose; None where it is none that can be read."""
    from expframe.cli.runs.script_text import ScriptText

    try:
        return ScriptText(Path(words[0]), words[1:-1])
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None


def _topics(text: ScriptText | None) -> Iterator[Candidate]:
    """Yield what help may be asked for: commands, entries and what can be chosen."""
    for entry in text.entries.values() if text is not None else ():
        yield Candidate(entry.name)
        yield from (Candidate(f"{entry.name}={value}") for value in entry.values if entry.is_choice and value != "None")
    yield from map(Candidate, [*(text.commands if text is not None else ()), "config"])


def _groups(text: ScriptText | None) -> list[str]:
    """Return the groups of entries that the text of a script has."""
    names = [name.split(".") for name in text.entries] if text is not None else []
    return list(dict.fromkeys(".".join(parts[:end]) for parts in names for end in range(1, len(parts))))


def _overrides(last: str, text: ScriptText | None, stored: Mapping[str, list[str]]) -> Iterator[Candidate]:
    """Yield entries, and of one that is written their values: those of the text first, then those of earlier runs."""
    known = text.entries if text is not None else {}
    entries = {name: [*entry.values] for name, entry in known.items()}
    for entry, values in stored.items():
        if entry in known or text is None or not text.is_of_another_choice(entry):
            entries[entry] = list(dict.fromkeys((*entries.get(entry, ()), *values)))
    if last.startswith(EVERYWHERE):
        yield from (Candidate(f"{EVERYWHERE}{entry.rpartition('.')[2]}=", "at any depth") for entry in entries)
    name, equals, _ = last.partition("=")
    for entry, values in entries.items():
        if not equals or not values:
            yield Candidate(f"{entry}=", ", ".join(values[:3]))
        elif entry == name:
            yield from (Candidate(f"{entry}={value}") for value in values)


def _is_of(record: Any, script: str) -> bool:
    argv = record.get("argv") or [""]
    return os.path.basename(str(argv[0])) == os.path.basename(script)


def _entries(ids: Iterable[str], store: Path) -> dict[str, list[str]]:
    """Return the entries of runs, each with the values that it had as they are written on a command line."""
    found: dict[str, list[str]] = {}
    for id in ids:
        values = _read(store / id / layout.CONFIG).get("values")
        for path, value in _leaves(values if isinstance(values, dict) else {}):
            written = found.setdefault(path, [])
            if not isinstance(value, dict | list) and (text := _written(value)) not in written:
                written.append(text)
    return found


def _leaves(tree: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        below = path if path and key == CHOICE else f"{path}.{key}" if path else key
        if isinstance(value, dict) and value and "__type__" not in value:
            yield from _leaves(value, below)
        else:
            yield below, value


def _written(value: Any) -> str:
    return shlex.quote(value) if isinstance(value, str) else str(value)


def _metrics(ids: Iterable[str], store: Path) -> list[str]:
    found: dict[str, None] = {}
    for id in ids:
        metrics = _read(store / id / layout.SUMMARY).get("metrics")
        found.update(dict.fromkeys(metrics if isinstance(metrics, dict) else ()))
    return list(found)


def _read(path: Path) -> dict[str, Any]:
    """Return what a file of JSON says; nothing where it cannot be read."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
