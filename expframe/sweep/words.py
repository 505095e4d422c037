"""
The words of a sweep: what stands behind `with`, read towards the entries that it is about.

    lr=0.1,0.01              choices: commas outside of brackets and quotes
    seed=0..4                every whole number, both ends; width=64..512/64 in steps
    lr=log:1e-5..1e-1        an interval, by ratios; dropout=0..0.5 by differences; :5 behind it for five values of it
    lr:wd=0.1:1e-4,0.01:1e-3 coupled entries, pair by pair
    small,large              named configs or files
    @trials.csv              the rows of a table
    lr=?                     what the entry's type declares
    lr=0.1                   fixed, as in a run

A text knows commas only; an entry that holds others takes values in brackets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from expframe.config import dotted
from expframe.config.dotted import EVERYWHERE, MISSING
from expframe.config.request import Override
from expframe.errors import SweepWordError, with_article
from expframe.store.sweeps.axes import Axis, Choices, Interval, Range
from expframe.sweep import declared, tables
from expframe.sweep.entries import ANY, GROUP, SWITCH, TEXT, WHOLE, Unswept, UnsweptEntry, refuse_same
from expframe.sweep.pieces import SpanText, is_bracketed, span_of, split


class Space(NamedTuple):
    """
    What words say.

    Attributes:
        axes: What changes, in the order in which it is written.
        named: Named configs and files of all trials.
        overrides: What is fixed in all trials.
    """

    axes: tuple[Axis, ...]
    named: tuple[str, ...]
    overrides: tuple[Override, ...]


def read(words: Sequence[str], known: Unswept) -> Space:
    """
    Return what words say.

    Args:
        words: As they are written.
        known: What is there without them.

    Raises:
        SweepWordError: A word cannot be what it says, or two say different things of one entry.
        ConfigFileError: A table is missing or malformed.
    """
    axes: list[Axis] = []
    named: list[str] = []
    said: list[tuple[str, list[str]]] = []
    by_name: dict[str, list[str]] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if word.startswith("@"):
            said.append((word, []))
        elif not equals:
            pieces = split(word)
            _refuse_empty(word, pieces)
            if len(pieces) > 1:
                said.append((word, []))
            else:
                named.append(word)
        elif name.strip() in by_name:
            by_name[name.strip()].append(text.strip())
        else:
            by_name[name.strip()] = [text.strip()]
            said.append((name.strip(), by_name[name.strip()]))
    fixed: list[Override] = []
    for name, texts in said:
        if name.startswith("@"):
            for part in tables.load(name[1:]):
                inside = _of_file(part, known)
                axes += inside.axes
                named += inside.named
                fixed += inside.overrides
        elif not texts:
            axes.append(_of_named(name))
        else:
            found = _of_entry(name, texts, known)
            axes += [found] if not isinstance(found, tuple) else []
            fixed += found if isinstance(found, tuple) else ()
    refuse_twice(axes, fixed, known)
    return Space(tuple(axes), tuple(named), tuple(fixed))


def _of_file(part: tables.Said, known: Unswept) -> Space:
    if isinstance(part, str):
        return read([part], known)
    return Space((), (), (part,)) if isinstance(part, Override) else Space((part,), (), ())


def _of_named(word: str) -> Choices:
    pieces = split(word)
    refuse_same(repr(word), pieces, pieces)
    return Choices((), tuple((piece,) for piece in pieces))


def _of_entry(name: str, texts: Sequence[str], known: Unswept) -> Axis | tuple[Override, ...]:
    """Return the axis that the texts of one entry, or of coupled ones, make, or what they fix."""
    if ":" in name and known.entry(name).value is MISSING:
        return _coupled(name, texts, known)
    entry = known.entry(name.removeprefix("+").removesuffix("+"))
    pieces = [piece for text in texts for piece in _pieces(name, text, entry)]
    word = f"{name}={','.join(texts)}"
    if len(pieces) == 1:
        found = _of_piece(name, pieces[0], entry)
        return (Override.parse(f"{name}={pieces[0]}"),) if found is None else found
    if name.startswith(EVERYWHERE):
        pairs = ",".join(f"{piece}:{piece}" for piece in pieces[:2])
        last = name.rpartition(".")[2]
        hint = f"Name and couple them: a.{last}:b.{last}={pairs}"
        raise SweepWordError(repr(word), f"cannot be swept: it is for every entry of this name. {hint}")
    if name.startswith("+") or name.endswith("+"):
        raise SweepWordError(repr(word), f"cannot be swept: {name}= adds to the config. Sweep an entry that is there.")
    if entry.kind not in (TEXT, SWITCH, GROUP):
        _refuse_spans(word, pieces)
    refuse_same(repr(word), pieces, [entry.read(piece) for piece in pieces])
    return Choices((name,), tuple((piece,) for piece in pieces))


def _pieces(name: str, text: str, entry: UnsweptEntry) -> list[str]:
    """Return the values that one text writes, after refusing what it cannot mean."""
    word = f"{name}={text}"
    if not text and entry.kind != TEXT:
        raise SweepWordError(repr(word), f"has no value. Write {name}=VALUE, or several with commas.")
    pieces = split(text)
    if len(pieces) > 1 or not text:
        _refuse_empty(word, pieces if text else [" "])
    is_braced = text.startswith("{") and text.endswith("}") and ":" not in text
    if is_braced and (entry.kind not in (GROUP, ANY) or not isinstance(entry.read(text), set | frozenset | dict)):
        raise SweepWordError(repr(word), f"is left as it is by this shell. Write {name}={text[1:-1]}.")
    if entry.kind == GROUP and len(pieces) > 1 and not all(map(is_bracketed, pieces)):
        raise SweepWordError(repr(word), f"{name!r} holds {with_article(entry.shown)}. {_forms(name, text, entry)}")
    return pieces


def _forms(name: str, text: str, entry: UnsweptEntry) -> str:
    """Return how values of an entry that holds others are written."""
    if isinstance(entry.value, Mapping):
        inside = next((str(key) for key in entry.value), "ENTRY")
        return f"Sweep what is in it, as in {name}.{inside}=A,B, or write each in brackets, {name}={{...}},{{...}}."
    left, right = "()" if isinstance(entry.value, tuple) or "tuple" in entry.shown else "[]"
    one = f"{name}={left}{text}{right}"
    return f"Write one in brackets, {one}, or several, {one},{left}...{right}."


def _of_piece(name: str, piece: str, entry: UnsweptEntry) -> Axis | None:
    """Return the axis that a single piece makes; None where it is a value."""
    if piece == "?":
        return declared.axis(name, entry)
    span = span_of(piece)
    if span is None or entry.kind in (TEXT, SWITCH, GROUP):
        return None
    return _of_span(name, piece, span, entry.kind)


def _of_span(name: str, piece: str, span: SpanText, kind: str) -> Axis:
    word = f"{name}={piece}"
    low, high = _number(span.low), _number(span.high)
    if not low < high:
        raise SweepWordError(repr(word), f"goes from {span.low} to {span.high}. Write the smaller one first.")
    is_whole = kind == WHOLE or (kind == ANY and span.is_whole and not span.is_log)
    if is_whole and not (span.is_whole and float(span.step or 1).is_integer()):
        raise SweepWordError(repr(word), f"{name!r} is a whole number. Write whole numbers, as in {name}=1..5.")
    if span.step and span.is_log:
        raise SweepWordError(
            repr(word), f"has steps and ratios. Write {name}=log:{span.low}..{span.high}:5 for five values."
        )
    if span.is_log and low <= 0:
        raise SweepWordError(repr(word), "begins at 0 or below, where there are no ratios. Begin above 0.")
    if span.step:
        step = _number(span.step)
        if not 0 < step <= high - low:
            raise SweepWordError(
                repr(word), f"has steps of {span.step} from {span.low} to {span.high}: no second value."
            )
        return Range(name, low, high, step)
    if span.parts is not None:
        most = int(high - low) + 1 if is_whole else span.parts
        if not 2 <= span.parts <= most:
            takes = f"from 2 to {most}" if is_whole else "2 or more"
            raise SweepWordError(repr(word), f"asks for {span.parts} values of the interval. It has {takes}.")
    elif is_whole and not span.is_log:
        return Range(name, low, high)
    return _counted(word, Interval(name, low, high, span.is_log, is_whole, span.parts))


def _counted(word: str, axis: Interval) -> Interval:
    """Return an interval, unless some of its counted values are one and the same whole number."""
    if axis.is_whole and axis.count is not None:
        values = [axis.value(number) for number in range(axis.count)]
        if len(set(values)) < len(values):
            shown = ", ".join(map(str, dict.fromkeys(values)))
            raise SweepWordError(
                repr(word), f"has {axis.count} values of which some are the same: {shown}. Ask for fewer."
            )
    return axis


def _coupled(name: str, texts: Sequence[str], known: Unswept) -> Choices:
    """Return the axis of coupled entries, pair by pair."""
    names = [part.strip() for part in name.split(":")]
    word = f"{name}={','.join(texts)}"
    if not all(names) or len(set(names)) < len(names):
        raise SweepWordError(
            repr(word), "couples entries of which one is empty or there twice. Write lr:wd=0.1:1e-4,..."
        )
    pieces = [piece for text in texts for piece in split(text)]
    _refuse_empty(word, pieces)
    rows = [split(piece, ":") for piece in pieces]
    for piece, row in zip(pieces, rows, strict=True):
        if len(row) != len(names):
            raise SweepWordError(repr(word), f"couples {len(names)} entries, and {piece!r} has values of {len(row)}.")
        _refuse_empty(word, row)
    values = [[known.entry(part).read(text) for part, text in zip(names, row, strict=True)] for row in rows]
    for part, column in zip(names, zip(*rows, strict=True), strict=True):
        if known.entry(part).kind not in (TEXT, SWITCH, GROUP) and any(map(span_of, column)):
            raise SweepWordError(repr(word), "couples entries: these take single values, no intervals.")
    refuse_same(repr(word), pieces, values)
    return Choices(tuple(names), tuple(map(tuple, rows)))


# ------------------------------------------------------------------------------------------------------- refusals


def _refuse_empty(word: str, pieces: Iterable[str]) -> None:
    if not all(pieces):
        raise SweepWordError(repr(word), "has an empty value. Write values between commas, and a text in quotes.")


def _refuse_spans(word: str, pieces: Iterable[str]) -> None:
    spans = [piece for piece in pieces if span_of(piece) is not None or piece == "?"]
    if spans:
        raise SweepWordError(repr(word), f"mixes {spans[0]} with single values. Write the values one by one.")


def refuse_twice(axes: Sequence[Axis], fixed: Sequence[Override], known: Unswept) -> None:
    """
    Refuse words of which two say something of one entry; a word may choose what another one says fields of.

    Raises:
        SweepWordError: Two do.
    """
    paths = [(dotted.split(name), name) for axis in axes for name in axis.names]
    paths += [(override.path, dotted.join(override.path)) for override in fixed if override.operator != "+="]
    fixed_paths = len(paths) - len([override for override in fixed if override.operator != "+="])
    for number, (path, name) in enumerate(paths):
        for other, other_name in paths[: min(number, fixed_paths)]:
            texts, others = [str(part) for part in path], [str(part) for part in other]
            is_below = texts[: len(others)] == others or others[: len(texts)] == texts
            above = min(name, other_name, key=len)
            if is_below and (texts == others or not known.entry(above).is_choice):
                both = repr(name) if name == other_name else f"{other_name!r} and {name!r}"
                raise SweepWordError(both, "is said twice: an entry belongs to one word of a sweep.")


def _number(text: str) -> float:
    plain = text.replace("_", "")
    return int(plain) if plain.lstrip("+-").isdigit() else float(plain)
