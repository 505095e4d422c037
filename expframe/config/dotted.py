"""
Dotted paths into trees of dicts, lists and tuples.

A path is a tuple of parts, `("net", "layers", 0)`, written `net.layers.0`. A part that was read from text names a
str key, else an int key, else an index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

Part = str | int
Path = tuple[Part, ...]
P = TypeVar("P", str, Part)


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"

    def __reduce__(self) -> str:
        return "MISSING"  # copies and pickles of it are itself


MISSING: Final = _Missing()
"""What a look-up returns where there is nothing; never a value."""

CHOICE: Final = "_choice"
"""The key of a group that says which of several alternatives it is; people name it by the group."""


EVERYWHERE: Final = "..."
"""What stands before a name that is meant at any depth: `...dropout=0.1`."""


def split(text: str) -> Path:
    """
    Return the parts of a dotted path; the empty text is the root.

    Example:
        >>> split("net.layers.0")
        ('net', 'layers', '0')
    """
    return tuple(text.split(".")) if text else ()


def join(*paths: str | Path) -> str:
    """
    Return paths written as one.

    Example:
        >>> join("net", ("layers", 0), "")
        'net.layers.0'
    """
    if len(paths) == 1 and isinstance(paths[0], tuple):
        return ".".join(map(str, paths[0]))
    texts = (path if isinstance(path, str) else ".".join(map(str, path)) for path in paths)
    return ".".join(text for text in texts if text)


def without_choice(path: tuple[P, ...]) -> tuple[P, ...]:
    """
    Return the path by which people name a leaf: a choice is named as its group.

    Example:
        >>> without_choice(("model", "_choice")), without_choice(("model", "depth"))
        (('model',), ('model', 'depth'))
    """
    return path[:-1] if len(path) > 1 and path[-1] == CHOICE else path


def name(path: Path) -> str:
    """Return a leaf's path as people write it: that of a choice is its group's."""
    return join(without_choice(path))


def find_key(tree: Any, part: Part) -> Any:
    """Return the key or index by which `tree` holds `part`, or MISSING."""
    if isinstance(tree, dict):
        if part in tree:
            return part
        number = whole_number(part)
        return number if number is not None and number in tree else MISSING
    if isinstance(tree, list | tuple):
        number = whole_number(part)
        if number is None:
            return names.index(part) if part in (names := fields_of_tuple(tree)) else MISSING
        return number if -len(tree) <= number < len(tree) else MISSING
    return MISSING


def fields_of_tuple(value: Any) -> tuple[str, ...]:
    """Return the names of the items of a named tuple; none for any other value."""
    return getattr(type(value), "_fields", ()) if isinstance(value, tuple) else ()


_LONGEST = 1000
"""More digits are no key and no index; Python reads no number of thousands."""


def whole_number(part: Part) -> int | None:
    """Return the whole number that a part, or another text, is in plain digits; None of anything else."""
    if not isinstance(part, str):
        return part if isinstance(part, int) else None
    digits = part[1:] if part[:1] == "-" else part
    return int(part) if len(digits) <= _LONGEST and digits.isascii() and digits.isdigit() else None


def is_whole_number(part: Part) -> bool:
    """Return whether a part can be an index."""
    return whole_number(part) is not None


def new_key(tree: dict[Any, Any], part: Part) -> Part:
    """Return the key by which `tree` is to hold a new part: a whole number where all its keys are."""
    if isinstance(part, str) and tree and all(type(key) is int for key in tree):
        number = whole_number(part)
        return part if number is None else number
    return part


def get(tree: Any, path: Iterable[Part]) -> Any:
    """Return what is at a path, or MISSING."""
    for part in path:
        key = find_key(tree, part)
        if key is MISSING:
            return MISSING
        tree = tree[key]
    return tree


def get_named(tree: Any, path: Iterable[Part]) -> Any:
    """Return what people find under a path, or MISSING: a group that says what was chosen is that choice."""
    found = get(tree, path)
    return found[CHOICE] if isinstance(found, dict) and CHOICE in found else found


def put(tree: dict[Any, Any], path: Path, value: Any) -> None:
    """Set what is at a path of dicts, in place, making dicts on the way and replacing what is none."""
    for part in path[:-1]:
        key = find_key(tree, part)
        below = tree[key] if key is not MISSING else None
        if not isinstance(below, dict):
            below = tree[new_key(tree, part) if key is MISSING else key] = {}
        tree = below
    key = find_key(tree, path[-1])
    tree[new_key(tree, path[-1]) if key is MISSING else key] = value


def tree_of(path: Path, value: Any) -> Any:
    """
    Return the dicts in which a value stands at a path; for an empty path the value itself.

    Example:
        >>> tree_of(("model", "depth"), 3)
        {'model': {'depth': 3}}
    """
    for key in reversed(path):
        value = {key: value}
    return value


def walk(tree: Mapping[Any, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """
    Yield (path, value) for every leaf: what is not a dict, or an empty one.

    Example:
        >>> list(walk({"a": 1, "b": {"c": [2]}, "d": {}}))
        [(('a',), 1), (('b', 'c'), [2]), (('d',), {})]
    """
    for key, value in tree.items():
        below = (*path, key)
        if isinstance(value, dict) and value:
            yield from walk(value, below)
        else:
            yield below, value


def walk_all(tree: Mapping[Any, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield (path, value) for every group and every leaf, groups before what is in them."""
    for key, value in tree.items():
        below = (*path, key)
        yield below, value
        if isinstance(value, dict):
            yield from walk_all(value, below)


def merge(tree: dict[Any, Any], other: Mapping[Any, Any]) -> None:
    """
    Merge `other` into `tree`, in place: dicts merge leaf by leaf, everything else replaces. `other` is not kept.

    A group of another choice replaces too.
    """
    for key, value in other.items():
        mine = tree.get(key)
        if isinstance(value, dict):
            if isinstance(mine, dict) and value.get(CHOICE, mine.get(CHOICE)) == mine.get(CHOICE):
                merge(mine, value)
            else:
                tree[key] = fresh(value)
        else:
            tree[key] = value


def fresh(tree: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return a tree of new plain dicts with the same leaves."""
    return {key: fresh(value) if isinstance(value, dict) else value for key, value in tree.items()}


DEEPEST = 100
"""Levels of a config, those of lists in it among them."""

TOO_DEEP = f"is nested more than {DEEPEST} levels deep. Write fewer levels."


def is_too_deep(value: Any) -> bool:
    """Return whether dicts, lists and tuples in a value are nested deeper than those of a config may be."""
    if not isinstance(value, dict | list | tuple):
        return False
    level: list[Iterable[Any]] = [[value]]
    for _ in range(DEEPEST + 1):
        inside = {id(one): one for items in level for one in items if isinstance(one, dict | list | tuple)}
        level = [list(one.values()) if isinstance(one, dict) else one for one in inside.values()]
        if not level:
            return False
    return True


def nest(tree: Mapping[Any, Any]) -> dict[Any, Any]:
    """
    Return a tree whose dotted keys are taken apart, at any depth; a value beside entries below it is what they are of.

    Example:
        >>> nest({"net.depth": 3, "net": {"width": 5}})
        {'net': {'depth': 3, 'width': 5}}
        >>> nest({"model.heads": 6, "model": "vit"})
        {'model': {'heads': 6, '_choice': 'vit'}}
    """
    nested: dict[Any, Any] = {}
    for key, value in tree.items():
        below = nest(value) if isinstance(value, dict) else value
        parts = split(key) if isinstance(key, str) and key else (key,)
        _lay_in(nested, tree_of(parts, below))
    return nested


def _lay_in(tree: dict[Any, Any], other: Mapping[Any, Any]) -> None:
    """Merge `other` into `tree`, in place; where a value meets a group it becomes the group's choice, None nothing."""
    for key, value in other.items():
        mine = tree.get(key, MISSING)
        if isinstance(value, dict) and value:
            group = mine if isinstance(mine, dict) else {} if mine is MISSING or mine is None else {CHOICE: mine}
            tree[key] = group
            _lay_in(group, value)
        elif isinstance(mine, dict) and mine:
            if value is not None and not isinstance(value, dict):
                mine[CHOICE] = value
        elif mine is MISSING or not isinstance(value, dict):
            tree[key] = value


def nearest(name: str, candidates: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """
    Return the candidates that someone who wrote `name` may have meant, the likeliest first.

    Example:
        >>> nearest("lrr", ["lr", "net.lr", "epochs"])
        ('lr', 'net.lr')
    """
    last = name.rpartition(".")[2].lower()
    scored = []
    for candidate in dict.fromkeys(candidates):
        whole = _likeness(name.lower(), candidate.lower())
        score = max(whole, _likeness(last, candidate.rpartition(".")[2].lower()) - 0.05)
        if score >= 0.7:
            scored.append((-score, len(candidate), candidate))
    return tuple(candidate for _, _, candidate in sorted(scored)[:most])


def _likeness(first: str, second: str) -> float:
    import difflib

    matcher = difflib.SequenceMatcher(None, first, second)
    bounds = (matcher.real_quick_ratio, matcher.quick_ratio)  # cheap, and never too low
    return 0.0 if any(bound() < 0.7 for bound in bounds) else matcher.ratio()
