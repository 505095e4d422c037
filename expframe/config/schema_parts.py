"""Pieces that JSON Schemas of values are made of: words, tags, limits."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from expframe.config.bounds import Bounds
from expframe.config.json_values import TAG
from expframe.config.numbers import is_number

Schema = dict[str, Any]

NULL: Schema = {"type": "null"}
ANY = "value"
"""The definition of what every value may be."""

NAMES = r"^(?!\+)[^.=]+(\.(?!\+)[^.=]+)*$"
"""What keys of groups are: names of entries, also dotted ones."""

NAME = r"^(?!\+)[^.=]+$"
"""What one part of such a name is."""

_NOT_FINITE = ("nan", "inf", "-inf", "+inf", "infinity", "-infinity", "+infinity")


def any_of(options: Iterable[Schema], keyword: str = "anyOf") -> Schema:
    """
    Return the schema of what is one of some options.

    Example:
        >>> any_of([{"type": "null"}, {"type": "string"}, {"type": "null"}])
        {'type': ['string', 'null']}
    """
    found: list[Schema] = []
    for option in options:
        inner = option[keyword] if list(option) == [keyword] else [option]
        found += [one for one in inner if one not in found]
    if {} in found:
        return {}
    plain = [one for one in found if list(one) == ["type"]]
    if len(plain) > 1:
        kinds = dict.fromkeys(kind for one in plain for kind in _listed(one["type"]))
        if "number" in kinds:
            kinds.pop("integer", None)
        if "null" in kinds:  # it is read last
            kinds["null"] = kinds.pop("null")
        found = [{"type": list(kinds)}, *(one for one in found if one not in plain)]
    return found[0] if len(found) == 1 else {keyword: found}


def _listed(kinds: Any) -> list[str]:
    return kinds if isinstance(kinds, list) else [kinds]


def words(texts: Iterable[str]) -> Schema:
    r"""
    Return the schema of words in whatever case.

    Example:
        >>> words(["no"])
        {'type': 'string', 'pattern': '^\\s*([nN][oO])\\s*$'}
    """
    written = ("".join(f"[{c}{c.upper()}]" if c.isalpha() else re.escape(c) for c in text) for text in texts)
    return {"type": "string", "pattern": rf"^\s*({'|'.join(written)})\s*$"}


def not_finite(bounds: Bounds) -> list[Schema]:
    """Return the schemas of floats that JSON has no number for, within bounds."""
    texts = [text for text in _NOT_FINITE if bounds.refusal(float(text)) is None]
    return [words(texts), tag("float", value=words(texts))] if texts else []


def tag(name: str, /, **parts: Any) -> Schema:
    """Return the schema of a value that stands in JSON as an object with a tag."""
    return {
        "type": "object",
        "properties": {TAG: {"const": name}, **parts},
        "required": [TAG, *parts],
    }


def pattern(text: str) -> Schema:
    """Return the schema of texts that a pattern fits as a whole."""
    return {"type": "string", "pattern": f"^({text})$"}


def limits(bounds: Bounds) -> Schema:
    """
    Return the keywords that say the bounds of a number, as far as JSON Schema can say them exactly.

    Example:
        >>> limits(Bounds(0, 1.5, excludes_low=True)), limits(Bounds(multiple_of=0.1))
        ({'exclusiveMinimum': 0, 'maximum': 1.5}, {})
    """
    found: Schema = {}
    if is_number(bounds.low):
        found["exclusiveMinimum" if bounds.excludes_low else "minimum"] = _plain(bounds.low)
    if is_number(bounds.high):
        found["exclusiveMaximum" if bounds.excludes_high else "maximum"] = _plain(bounds.high)
    if bounds.multiple_of is not None and is_exact(bounds.multiple_of):
        found["multipleOf"] = _plain(bounds.multiple_of)
    return found


def is_exact(step: Any) -> bool:
    """Return whether multiples of a number are told by its binary form: of 0.25 they are, of 0.1 not."""
    return Fraction(_plain(step)) == Fraction(str(step) if isinstance(step, float) else step)


def lengths(bounds: Bounds, noun: str) -> Schema:
    """
    Return the keywords that say how long something is.

    Example:
        >>> lengths(Bounds(min_length=1, max_length=3), "Items")
        {'minItems': 1, 'maxItems': 3}
    """
    both = {f"min{noun}": bounds.min_length, f"max{noun}": bounds.max_length}
    return {name: number for name, number in both.items() if number is not None}


def _plain(number: Any) -> Any:
    """Return a number as one of JSON."""
    return int(number) if isinstance(number, int) else float(number)


VALUE: Schema = {
    "if": {"type": "object", "properties": {TAG: {"not": NULL}}, "required": [TAG]},
    "then": {
        "anyOf": [
            tag("tuple", value={"type": "array", "items": {"$ref": f"#/$defs/{ANY}"}}),
            {"properties": {TAG: {"type": "string", "not": {"const": "tuple"}}}},
        ]
    },
    "else": {"items": {"$ref": f"#/$defs/{ANY}"}, "additionalProperties": {"$ref": f"#/$defs/{ANY}"}},
}
"""What every value may be; the content of most tags is not looked at."""

HASHABLE = "hashable"
"""The definition of what may be in a set."""

HASHABLE_VALUE: Schema = {
    "anyOf": [
        {"type": ["boolean", "number", "string", "null"]},
        *(
            tag(name, value={"type": "array", "items": {"$ref": f"#/$defs/{HASHABLE}"}})
            for name in ("tuple", "frozenset")
        ),
        {
            "type": "object",
            "properties": {
                TAG: {"type": "string", "not": {"enum": ["tuple", "frozenset", "set", "dict", "bytearray"]}}
            },
            "required": [TAG],
        },
    ]
}
"""What may be in a set."""

GROUP = "group"
"""The definition of what may stand where nothing stands: any value, whose keys are names of entries."""

GROUP_VALUE: Schema = {
    "if": {"type": "object", "properties": {TAG: NULL}},
    "then": {"propertyNames": {"pattern": NAMES}, "additionalProperties": {"$ref": f"#/$defs/{GROUP}"}},
    "else": {"$ref": f"#/$defs/{ANY}"},
}
"""What may stand where nothing stands."""

FIELDS = "fields"
"""The definition of a dict, which is fields of a class where an entry may be of one."""

FIELDS_VALUE: Schema = {"type": "object", "properties": {TAG: {"enum": [None, "dict"]}}}
"""A dict, plain or with its keys beside its values."""
