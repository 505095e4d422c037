"""Bytes and numpy's values as plain JSON data, and back. Reading them never executes code."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

_Turn = Callable[[Any], Any]
"""Turns an item into plain data, or back."""

_MOST_IN_PLAIN = 1000
"""Items of an array that is still written as numbers, for people to read; larger ones are written as bytes."""

_LARGEST_ITEM = 1 << 16
"""Bytes of an item that has objects in it among others."""


def write_bytes(data: bytes) -> str:
    """Return bytes as base64 text."""
    import binascii

    return binascii.b2a_base64(data, newline=False).decode("ascii")


def read_bytes(text: str) -> bytes:
    """
    Return the bytes that `write_bytes` wrote.

    Raises:
        ValueError: The text is no base64.
    """
    import binascii

    data = binascii.a2b_base64(text)
    if write_bytes(data) != text:
        raise ValueError("not base64")
    return data


def take_apart(value: Any, write: _Turn) -> tuple[str, dict[str, Any]] | None:
    """Return the kind of a numpy value (scalar, array or dtype) and its parts; None for any other of its types."""
    import numpy

    if isinstance(value, numpy.str_):
        return "scalar", {"dtype": _write_dtype(value.dtype), "shape": [], "value": write(str(value))}
    if isinstance(value, numpy.generic):
        return "scalar", _array_parts(numpy.asarray(value), write)
    if type(value) is numpy.ndarray:
        return "array", _array_parts(value, write)
    return ("dtype", {"value": _write_dtype(value)}) if isinstance(value, numpy.dtype) else None


def put_together(kind: str, parts: dict[str, Any], read: _Turn) -> Any:
    """
    Return the numpy value that `take_apart` took apart.

    Raises:
        ImportError: There is no numpy.
        Exception: The parts are damaged.
    """
    import numpy

    if kind == "dtype":
        return _read_dtype(parts["value"])
    dtype, shape = _read_dtype(parts["dtype"]), tuple(parts["shape"])
    if kind == "scalar" and dtype.kind == "U" and isinstance(text := parts.get("value"), str):
        return numpy.str_(text)
    if "items" in parts:
        if not dtype.hasobject or dtype.itemsize > _LARGEST_ITEM:
            raise ValueError("only objects are written one by one")
        array = numpy.empty(len(parts["items"]), dtype=dtype)
        for number, item in enumerate(parts["items"]):  # at once, lists would become a second dimension
            array[number] = read(item)
        array = array.reshape(shape)
    elif "value" in parts:
        if not _is_plain(dtype):
            raise ValueError("only numbers are written as such")
        array = numpy.asarray(_numbers(parts["value"], read), dtype=dtype).reshape(shape)
    elif dtype.hasobject:
        raise ValueError("objects are not written as bytes")
    elif not dtype.itemsize and math.prod(shape) > _MOST_IN_PLAIN:
        raise ValueError("more items than bytes")
    else:
        array = numpy.ndarray(shape, dtype, bytearray(read_bytes(parts["base64"])))
    return array[()] if kind == "scalar" else array


def unmasked(array: Any) -> Any:
    """Return an array of numpy in which items are masked as one with NaN in their place; any other as it is."""
    return array.astype(float).filled(math.nan) if _is_masked(array) else array


def item_of(value: Any) -> Any:
    """
    Return the one number of an array as Python's; NaN for one that numpy has masked, such as the mean of nothing.

    Raises:
        ValueError: It has several.
    """
    return math.nan if _is_masked(value) and bool(value.mask) else value.item()


def _is_masked(value: Any) -> bool:
    masked = sys.modules.get("numpy.ma")
    return masked is not None and isinstance(value, masked.MaskedArray)


def _array_parts(array: Any, write: _Turn) -> dict[str, Any]:
    parts: dict[str, Any] = {"dtype": _write_dtype(array.dtype), "shape": list(array.shape)}
    if array.dtype.hasobject:
        parts["items"] = [write(item) for item in array.ravel().tolist()]
    elif _is_plain(array.dtype) and array.size <= _MOST_IN_PLAIN:
        parts["value"] = write(array.tolist())
    else:
        parts["base64"] = write_bytes(array.tobytes())
    return parts


def _is_plain(dtype: Any) -> bool:
    """Return whether an item is a number that JSON has."""
    return dtype.kind in "biuf" and dtype.itemsize <= 8


def _numbers(data: Any, read: _Turn) -> Any:
    """Return numbers in lists, however deep, or a single one; nothing that is larger than it is written."""
    if isinstance(data, list):
        return [_numbers(item, read) for item in data]
    found = read(data)
    if not isinstance(found, bool | int | float):
        raise TypeError("it has more than numbers in it")
    return found


def _write_dtype(dtype: Any) -> Any:
    import numpy

    return "T" if dtype.kind == "T" else numpy.lib.format.dtype_to_descr(dtype)  # texts of any length have no descr


def _read_dtype(written: Any) -> Any:
    import numpy

    return numpy.dtypes.StringDType() if written == "T" else numpy.lib.format.descr_to_dtype(_as_descr(written))


def _as_descr(written: Any) -> Any:
    """Return a dtype's description with tuples where numpy has them and JSON lists."""
    if isinstance(written, str):
        return written
    fields = ((tuple(name) if isinstance(name, list) else name, kind, shape) for name, kind, *shape in written)
    return [(name, _as_descr(kind), *map(tuple, shape)) for name, kind, shape in fields]
