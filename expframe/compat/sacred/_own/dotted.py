"""Dicts by dotted paths, the way Sacred reads and writes them: every part of a path is a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

MISSING: Any = object()
PATHCHANGE = object()
"""Stands for the value of a dict, where `iterate_flattened_separately` is about to go into it."""


def recursive_update(d: dict[Any, Any], u: Mapping[Any, Any]) -> dict[Any, Any]:
    """
    Merge `u` into `d`, dict into dict at any depth, and return `d`.

    Raises:
        TypeError: A dict meets a value that is none.
    """
    for key, value in u.items():
        d[key] = recursive_update(d.get(key, {}), value) if isinstance(value, Mapping) else value
    return d


def iterate_flattened(d: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the dotted path and the value of each leaf, in order of the keys; an empty dict is a leaf, 0 is "0"."""
    for key in _in_order(d):
        value, part = d[key], str(key)
        if isinstance(value, dict) and value:
            for below, leaf in iterate_flattened(value):
                yield join_paths(part, below), leaf
        else:
            yield part, value


def _in_order(keys: Iterable[Any]) -> list[Any]:
    """Return keys sorted; those of several kinds by kind and text."""
    found = list(keys)
    try:
        return sorted(found)
    except TypeError:
        return sorted(found, key=lambda key: (type(key).__name__, str(key)))


def iterate_flattened_separately(
    d: Mapping[Any, Any], manually_sorted_keys: Sequence[Any] | None = None
) -> Iterator[tuple[str, Any]]:
    """
    Yield the dotted paths of a dict for printing: some keys first, then values, then dicts, each in order.

    Before what is in a dict comes its own path with `PATHCHANGE`. An empty dict counts as a value.

    Args:
        d: The dict.
        manually_sorted_keys: The keys that come first.
    """
    first = [key for key in manually_sorted_keys or () if key in d]
    rest = _in_order(key for key in d if key not in first)
    groups = [key for key in rest if isinstance(d[key], dict) and d[key]]
    for key in (*first, *(key for key in rest if key not in groups)):
        yield key, d[key]
    for key in groups:
        yield key, PATHCHANGE
        for below, value in iterate_flattened_separately(d[key], manually_sorted_keys):
            yield join_paths(key, below), value


def set_by_dotted_path(d: dict[Any, Any], path: str, value: Any) -> None:
    """
    Set what is at a dotted path; dicts on the way are made.

    Raises:
        TypeError: The path leads through a value that is no dict.

    Example:
        >>> tree = {}
        >>> set_by_dotted_path(tree, "foo.bar", 6)
        >>> tree
        {'foo': {'bar': 6}}
    """
    *way, last = path.split(".")
    for part in way:
        if part not in d:
            d[part] = {}
        d = d[part]
    d[last] = value


def graft(d: dict[Any, Any], path: str, value: Any) -> None:
    """Set what is at a dotted path; the dicts on the way become copies, so that those of others stay as they are."""
    *way, last = path.split(".")
    for part in way:
        d[part] = dict(d.get(part) or {})
        d = d[part]
    d[last] = value


def get_by_dotted_path(d: Any, path: str, default: Any = None) -> Any:
    """Return what is at a dotted path, or `default`; the empty path is `d` itself."""
    if not path:
        return d
    for part in path.split("."):
        if part not in d:
            return default
        d = d[part]
    return d


def convert_to_nested_dict(dotted_dict: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dict in which every dotted key has become nested dicts."""
    nested: dict[str, Any] = {}
    for path, value in iterate_flattened(dotted_dict):
        set_by_dotted_path(nested, path, value)
    return nested


def iter_prefixes(path: str) -> Iterator[str]:
    """Yield `a`, `a.b` and `a.b.c` for `a.b.c`."""
    parts = path.split(".")
    for end in range(1, len(parts) + 1):
        yield ".".join(parts[:end])


def join_paths(*parts: Any) -> str:
    """Join dotted paths, without empty ones and without dots at their ends."""
    return ".".join(str(part).strip(".") for part in parts if part)


def is_prefix(pre_path: str, path: str) -> bool:
    """Return whether `path` is strictly below `pre_path`; everything is below the empty one."""
    pre_path = pre_path.strip(".")
    path = path.strip(".")
    return not pre_path or path.startswith(pre_path + ".")


def rel_path(base: str, path: str) -> str:
    """
    Return `path` as seen from `base`.

    Raises:
        AssertionError: It is not below it.
    """
    base = base.strip(".")
    path = path.strip(".")
    if not base:
        return path
    if base == path:
        return ""
    assert is_prefix(base, path), f"{base} not a prefix of {path}"
    return path[len(base) :].strip(".")
