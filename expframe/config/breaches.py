"""Where a value, or something in it, is not within the bounds that an annotation declares for it."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import Any, NamedTuple

from expframe.config import hints
from expframe.config.bounds import Bounds, bounds_of
from expframe.config.classes import is_config_class
from expframe.config.dotted import MISSING, Path
from expframe.config.json_values import number_of
from expframe.config.numbers import is_number
from expframe.config.remembered import remembered


class Breach(NamedTuple):
    """
    A value that is not within its bounds.

    Attributes:
        path: Where it is in the value that was looked at.
        refusal: What it must be: `must be at most 1.0`.
        value: The value.
    """

    path: Path
    refusal: str
    value: Any


class _Rule(NamedTuple):
    """
    What an annotation demands.

    Attributes:
        annotation: The annotation.
        bounds: Of the value itself.
        kind: What the annotation says without what is around it; of `X | None`, the X.
        options: Where it is a union of several, those: each with what stands beside it.
        takes_none: Whether None is one of them.
        has_classes: Whether groups of it are of classes of configs.
        is_deep: Whether something is demanded of what is inside.
    """

    annotation: Any
    bounds: Bounds
    kind: Any
    options: tuple[Any, ...]
    takes_none: bool
    has_classes: bool
    is_deep: bool


def breaches(value: Any, annotation: Any) -> Iterator[Breach]:
    """
    Yield what in a value is not within its bounds, itself or items, fields and options of a union.

    Args:
        value: The value.
        annotation: What it is annotated with.

    Raises:
        BoundError: Bounds contradict each other, or are none.

    Example:
        >>> from typing import Annotated
        >>> from expframe import Ge
        >>> [breach.path for breach in breaches([1, 0, 2], list[Annotated[int, Ge(1)]])]
        [(1,)]
    """
    rule = _rule_of(annotation)
    return _found(value, rule, ()) if _demands(rule) else iter(())


def check_bounds(annotation: Any) -> None:
    """
    Check that bounds in an annotation, at any depth, can be kept.

    Raises:
        BoundError: They contradict each other, or are none.
    """
    _rule(annotation)  # which is not kept: it may name what is defined later


def _demands(rule: _Rule) -> bool:
    return rule.is_deep or not rule.bounds.are_free


@remembered(1024)
def _rule_of(annotation: Any) -> _Rule:
    return _rule(annotation)


def _rule(annotation: Any) -> _Rule:
    kind, options, takes_none = _parts_of(annotation)
    bounds = bounds_of(annotation)
    if hints.choice_in(annotation) is not None:  # whose classes are imported when they are chosen
        return _Rule(annotation, bounds, kind, options, takes_none, has_classes=True, is_deep=True)
    is_deep, has_classes = _is_deep(kind, options, set()), bool(hints.alternatives(annotation))
    return _Rule(annotation, bounds, kind, options, takes_none, has_classes, is_deep)


def _parts_of(annotation: Any) -> tuple[Any, tuple[Any, ...], bool]:
    """Return what is annotated, the options of a union of several, and whether None is one of them."""
    kind, takes_none = hints.plain(annotation), False
    while hints.is_union(kind):
        options = [option for option in typing.get_args(kind) if hints.plain(option) is not type(None)]
        takes_none = takes_none or len(options) < len(typing.get_args(kind))
        if len(options) != 1:
            return kind, tuple(options), takes_none
        kind = hints.plain(options[0])
    return kind, (), takes_none or kind is type(None)


def _is_deep(kind: Any, options: Iterable[Any], seen: set[Any]) -> bool:
    """Return whether something is demanded of options, items or fields, at any depth."""
    is_class = isinstance(kind, type) or is_config_class(kind)
    if is_class and _is_known(kind, seen):
        return False
    is_single = hints.is_union(kind) or typing.get_origin(kind) in (None, typing.Literal)
    inside = [*options, *(() if is_single else typing.get_args(kind))]
    inside += hints.of_fields(kind).values() if is_class else ()
    return any(_holds(annotation, seen) for annotation in inside)


def _holds(annotation: Any, seen: set[Any]) -> bool:
    if isinstance(annotation, list | tuple) or annotation is ...:  # of a Callable
        return False
    if hints.is_alias(annotation) and _is_known(annotation, seen):
        return False
    kind, options, _ = _parts_of(annotation)
    if hints.choice_in(annotation) is not None:
        return True
    return not bounds_of(annotation).are_free or _is_deep(kind, options, seen)


def _is_known(kind: Any, seen: set[Any]) -> bool:
    """Return whether a class or an alias, which may lead to itself, was seen before; it is from now on."""
    is_known = kind in seen
    seen.add(kind)
    return is_known


def _found(value: Any, rule: _Rule, path: Path) -> Iterator[Breach]:
    if value is None and rule.takes_none:
        return
    if not rule.options or _is_of_bounds(value, rule):
        refusal = rule.bounds.refusal(value)
        if refusal is not None:
            yield Breach(path, refusal, value)
            return
    if rule.is_deep and rule.has_classes and isinstance(value, dict):
        yield from _of_items(_entries(value, lambda key: hints.below(rule.annotation, value, key)), path)
    elif rule.is_deep:
        yield from _of_options(value, rule, path) if rule.options else _of_inside(value, rule.kind, path)


def _is_of_bounds(value: Any, rule: _Rule) -> bool:
    """Return whether bounds beside a union are about a value: those of numbers are not about a text that is allowed."""
    is_number_or_free = not rule.bounds.are_of_size or is_number(number_of(value))
    return is_number_or_free or not any(hints.fits(value, option) for option in rule.options)


def _of_options(value: Any, rule: _Rule, path: Path) -> Iterator[Breach]:
    """Yield what is wrong by the options that a value can be, unless it is right by one of them."""
    possible = [option for option in rule.options if hints.fits(value, option)] or rule.options
    wrong = [list(_found(value, _rule_of(option), path)) for option in possible]
    if all(wrong):
        own = [found[0] for found in wrong if found[0].path == path]
        yield Breach(path, " or ".join(dict.fromkeys(breach.refusal for breach in own)), value) if own else wrong[0][0]


def _of_inside(value: Any, kind: Any, path: Path) -> Iterator[Breach]:
    """Yield what is wrong with items and fields."""
    args, origin = typing.get_args(kind), typing.get_origin(kind) or kind
    if isinstance(value, Mapping):
        if len(args) == 2 and isinstance(origin, type) and issubclass(origin, Mapping):
            yield from _of_keys(value, args[0], path)
        yield from _of_items(_entries(value, lambda key: hints.inside(kind, key)), path)
    elif isinstance(value, Set):
        rule = _rule_of(args[0] if args else MISSING)
        yield from (breach for item in value for breach in _found(item, rule, path))
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes) and not hasattr(value, "_fields"):
        is_fixed = isinstance(origin, type) and issubclass(origin, tuple) and args[-1:] != (...,)
        each = None if is_fixed else _rule_of(hints.inside(kind, 0))
        if each is None or _demands(each):
            yield from _of_items(
                ((at, item, each or _rule_of(hints.inside(kind, at))) for at, item in enumerate(value)), path
            )
    else:
        fields = hints.of_fields(kind) if isinstance(origin, type) else {}
        names = enumerate(fields) if isinstance(value, tuple) else ((name, name) for name in fields)
        yield from _of_items(
            ((part, getattr(value, name, MISSING), _rule_of(fields[name])) for part, name in names), path
        )


def _entries(group: Mapping[Any, Any], annotation_of: Callable[[Any], Any]) -> Iterator[tuple[Any, Any, _Rule]]:
    return ((key, item, _rule_of(annotation_of(key))) for key, item in group.items())


def _of_items(items: Iterable[tuple[Any, Any, _Rule]], path: Path) -> Iterator[Breach]:
    """Yield what is wrong with items: of each there is its part of the path, itself, and its rule."""
    for part, item, rule in items:
        if item is not MISSING and _demands(rule):
            yield from _found(item, rule, (*path, part))


def _of_keys(value: Mapping[Any, Any], annotation: Any, path: Path) -> Iterator[Breach]:
    rule = _rule_of(annotation)
    for key in value if _demands(rule) else ():
        for breach in _found(key, rule, path):
            yield breach._replace(refusal=f"has a key that {breach.refusal}")
