"""Config, errors and facts as text: in colour on a terminal, plain elsewhere."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from expframe.cli.standard_streams import flush, put
from expframe.config import dotted
from expframe.config.decided import Change, Config
from expframe.config.frozen import thaw
from expframe.config.json_values import short_repr
from expframe.config.masking import MASKING, Masking
from expframe.config.request import Origin
from expframe.config.secrets import MASK, Masked
from expframe.errors import ExpframeError
from expframe.process.tracebacks import FROZEN

_CODES = {"modified": "38;5;33", "added": "32", "typechanged": "31", "dim": "2", "bold": "1"}
_PACKAGE = str(Path(__file__).parent.parent) + os.sep
_OUTPUT = os.path.join(_PACKAGE, "process", "output", "")
_WIDTH = 79
_STANDARD = str(Path(os.__file__).parent) + os.sep


def wants_colour(stream: TextIO) -> bool:
    """Return whether colours may be written to a stream: to a terminal, and never with NO_COLOR set."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def paint(text: str, kind: str, colour: bool) -> str:
    """Return text in the colour of a kind."""
    return f"\x1b[{_CODES[kind]}m{text}\x1b[0m" if colour and kind in _CODES and text else text


def config_text(config: Config, *, colour: bool, entries: Mapping[Any, Any] | None = None) -> str:
    """
    Return a config, one entry a line, with docs, and for each changed value what it was and who changed it.

    Entries stand in the order in which they are defined. Secrets are masked.

    Args:
        config: The config.
        colour: Whether what has changed is shown in colours.
        entries: Those that are shown, as a tree of the masked config; all by default.
    """
    legend = ", ".join(paint(kind, kind, colour) for kind in ("modified", "added", "typechanged"))
    lines = [f"Configuration ({legend}):"]
    shown = config.masked()
    _add_group(lines, shown, shown.values if entries is None else entries, (), colour)
    return "\n".join(lines)


def entry_texts(config: Config) -> list[str]:
    """Return each entry of a config with its value, and whence that comes. Secrets are masked."""
    config = config.masked()
    shown = [(f"{dotted.name(path)} = {_in_short(path, value)}", path) for path, value in dotted.walk(config.values)]
    width = min(max((len(text) for text, _ in shown), default=0), 50)
    return [f"{text:<{width}}  # {_by(_origin_of(config, dotted.join(path)))}" for text, path in shown]


def _in_short(path: dotted.Path, value: Any) -> str:
    if path[-1] == dotted.CHOICE:
        return str(value)
    return shown_value(value, lambda plain: short_repr(plain, 100))


def _origin_of(config: Config, name: str) -> Origin | None:
    """Return who set an entry, or the group or list that it is in."""
    while name and name not in config.origins:
        name = name.rpartition(".")[0]
    return config.origins.get(name)


def _add_group(lines: list[str], config: Config, group: Mapping[Any, Any], path: dotted.Path, colour: bool) -> None:
    for key, value in group.items():
        below = (*path, key)
        name = dotted.join(below)
        indent = "  " * len(below)
        change = config.changes.get(name)
        kind = change.kind if change else _kind_inside(config, name)
        doc = config.docs.get(name, "")
        if isinstance(value, dict) and value:
            _add_head(lines, config, value, below, colour)
            _add_group(lines, config, {k: v for k, v in value.items() if k != dotted.CHOICE}, below, colour)
            continue
        shown = shown_value(value, partial(_pretty, width=_WIDTH - len(f"{indent}{key} = ")))
        text = f"{indent}{key} = " + shown.replace("\n", f"\n{indent}  ")
        note = _note(config, name, change) if change else _note_of_elements(config, name)
        lines.append(_with_notes(paint(text, kind, colour), len(text.rpartition("\n")[2]), doc, note, colour))


def _add_head(lines: list[str], config: Config, group: Mapping[Any, Any], path: dotted.Path, colour: bool) -> None:
    """Add the line of a group: with what is chosen, where it is a choice."""
    name, choice = dotted.join(path), dotted.join((*path, dotted.CHOICE))
    change = config.changes.get(choice) if dotted.CHOICE in group else None
    text = "  " * len(path) + (f"{path[-1]} = {group[dotted.CHOICE]}" if dotted.CHOICE in group else f"{path[-1]}:")
    note = _note(config, choice, change) if change else ""
    painted = paint(text, change.kind if change else _kind_inside(config, name), colour)
    lines.append(_with_notes(painted, len(text), config.docs.get(name, ""), note, colour))


def _pretty(plain: Any, width: int) -> str:
    """Return a value in one line up to a width, and in as few full lines as possible beyond it."""
    import pprint

    text = repr(plain)
    if len(text) <= width and "\n" not in text:
        return text
    return pprint.pformat(plain, width=max(width, 20), sort_dicts=False, compact=True)


def _kind_inside(config: Config, name: str) -> str:
    return "modified" if any(changed.startswith(f"{name}.") for changed in config.changes) else ""


def _note(config: Config, name: str, change: Change) -> str:
    by = _by(_origin_of(config, name))
    if change.kind == "added":
        return f"{by}, new"
    is_word = name.endswith(f".{dotted.CHOICE}") and isinstance(change.default, str)
    default = change.default if is_word else shown_value(change.default, lambda plain: short_repr(plain, 40))
    where = f" ({change.where})" if change.where else ""
    return f"{by}, was {default}{where}"


def _by(origin: Origin | None) -> str:
    if origin is None:
        return "?"
    if not origin.file:
        return origin.kind
    if origin.name == origin.file:
        return f"file {origin.where}"
    return f"{' '.join(dict.fromkeys((origin.kind, origin.name)))} ({origin.where})"


def shown_value(value: Any, form: Callable[[Any], str]) -> str:
    """Return the value of an entry of a masked config as text, in the given form of its plain copy."""
    return MASK if isinstance(value, Masked) and str(value) == MASK else form(thaw(value))


def _note_of_elements(config: Config, name: str) -> str:
    """Return what was said of single elements of a list."""
    inside = [(path, change) for path, change in config.changes.items() if path.startswith(f"{name}.")]
    said = ((path.removeprefix(name).removesuffix(f".{dotted.CHOICE}"), path, change) for path, change in inside)
    return "; ".join(f"{place} by {_note(config, path, change)}" for place, path, change in said)


def _with_notes(text: str, width: int, doc: str, note: str, colour: bool) -> str:
    words = "; ".join(part for part in (doc, note) if part)
    if not words:
        return text
    return f"{text}{' ' * max(2, 36 - width)}{paint(f'# {words}', 'dim', colour)}"


def error_text(problem: BaseException, *, whole: bool, masking: Masking = MASKING, way: str = ", -d shows them") -> str:
    """
    Return the traceback of a user's exception, with its causes.

    Args:
        problem: The exception.
        whole: Whether frames of expframe itself are shown as well.
        masking: The secrets that must not be shown.
        way: How those frames are seen.
    """
    found = traceback.TracebackException.from_exception(problem)
    if not whole:
        _leave_out_own_frames(found, problem)
    hidden = f" (frames of expframe left out{way})" if not whole else ""
    text = "".join(found.format()).replace("(most recent call last)", f"(most recent call last){hidden}", 1)
    return masking.text(text.rstrip("\n"))


def _leave_out_own_frames(found: traceback.TracebackException, problem: BaseException) -> None:
    """Leave out expframe's frames, except where it is expframe that fails unexpectedly."""
    if any(not _is_own(frame.filename) for frame in found.stack):
        last = found.stack[-1].filename
        is_refused = last.startswith(_OUTPUT) and isinstance(problem, OSError)  # by what lies below: a user's stream
        is_ours = _is_own(last) and not is_refused and not isinstance(problem, ExpframeError)
        found.stack = traceback.StackSummary.from_list(list(_users(found.stack, with_end=is_ours)))
    if found.__context__ and problem.__context__ and _is_internal(problem.__context__):
        found.__context__ = None  # how expframe noticed is no cause
    pairs = [(found.__cause__, problem.__cause__), (found.__context__, problem.__context__)]
    inner = zip(getattr(found, "exceptions", None) or (), getattr(problem, "exceptions", ()), strict=False)
    for other, its_problem in (*pairs, *inner):
        if other is not None and its_problem is not None:
            _leave_out_own_frames(other, its_problem)


def _users(stack: traceback.StackSummary, *, with_end: bool) -> Iterator[traceback.FrameSummary]:
    """Yield the frames of a user, without those of the standard library between expframe and them."""
    last = max((n for n, frame in enumerate(stack) if not _is_own(frame.filename)), default=-1)
    is_ours = False
    for number, frame in enumerate(stack):
        is_ours = _is_own(frame.filename) or (is_ours and frame.filename.startswith((_STANDARD, FROZEN)))
        if not is_ours or (with_end and number > last):
            yield frame


def _is_internal(problem: BaseException) -> bool:
    return problem.__traceback__ is not None and own_frames_only(problem.__traceback__)


def _is_own(filename: str) -> bool:
    parts = Path(filename).parts
    return filename.startswith(_PACKAGE) or "wrapt" in parts


def own_frames_only(trace: TracebackType | None) -> bool:
    """Return whether a traceback begins in expframe and holds no frame of a user's file."""
    if trace is not None and not _is_own(trace.tb_frame.f_code.co_filename):
        return False
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not _is_own(file) and not file.startswith(_STANDARD):
            return False
        trace = trace.tb_next
    return True


def write(text: str, stream: TextIO | None = None, *, end: str = "\n") -> None:
    """
    Write a line of text, by default to standard output, replacing what its encoding cannot hold.

    Raises:
        OutputError: Standard output does not take it.
    """
    put_there: Callable[[str], object] = put if stream is None else stream.write
    try:
        put_there(text + end)
    except UnicodeEncodeError:
        encoding = (stream or sys.stdout).encoding or "ascii"
        put_there(text.encode(encoding, "backslashreplace").decode(encoding) + end)


def write_out(text: str, *, end: str = "\n") -> None:
    """
    Write to standard output what was asked for, and let it arrive.

    Raises:
        OutputError: Standard output does not take it.
    """
    write(text, end=end)
    flush()
