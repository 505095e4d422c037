"""Values as plain data for pages: what they are shown by, never more than a screen of it."""

from __future__ import annotations

import datetime
import math
from typing import Any

from expframe.config import json_values
from expframe.config.dotted import MISSING

_LONGEST = 200
_EXACT = 1 << 53
"""Whole numbers beyond this are not those of JavaScript."""


def cell_of(value: Any, longest: int = _LONGEST) -> Any:
    """
    Return a value as a page takes it.

    Numbers, booleans and None are themselves, as are short texts, and lists of texts with commas between them; a time
    is `{"time": ISO}`, and anything else, long texts too, `{"text": what it is shown by}`.

    Example:
        >>> cell_of(0.1), cell_of(float("nan")), cell_of((1, 2))
        (0.1, {'text': 'nan'}, {'text': '(1, 2)'})
    """
    value = json_values.number_of(value)
    if value is MISSING or value is None or isinstance(value, bool):
        return None if value is MISSING else value
    if isinstance(value, int):
        return value if abs(value) <= _EXACT else {"text": json_values.short_repr(value, longest)}
    if isinstance(value, float):
        return value if math.isfinite(value) else {"text": repr(value)}
    if isinstance(value, str):
        return str(value) if len(value) <= longest else {"text": json_values.short_text(value, longest)}
    if isinstance(value, datetime.datetime):
        return {"time": value.isoformat()}
    if isinstance(value, list | tuple) and value and all(isinstance(item, str) for item in value):
        return cell_of(", ".join(value), longest)
    return {"text": json_values.short_repr(value, longest)}
