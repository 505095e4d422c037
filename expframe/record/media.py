"""
What is logged at a step and is no number: tables, histograms, texts, images and figures.

It is appended to one file, a JSON line each; images and figures are files of the run, named in their line.
"""

from __future__ import annotations

import math
import os
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from expframe.config import arrays, json_values
from expframe.disk.files import Span, counted, inside, whole_lines
from expframe.errors import MetricError, one_of_type
from expframe.record.events import Histogram, Media, Table
from expframe.record.metrics import as_array

_IN_FILES = {"image", "figure"}


# ----------------------------------------------------------------------------------------------- what is logged


def table_of(name: str, rows: Any, header: Sequence[str] | None) -> Table:
    """
    Return rows as a Table.

    Args:
        name: The table, for messages.
        rows: Rows as sequences or as dicts, a dict of columns, or a frame of pandas or polars.
        header: The names of the columns; not needed where rows or frame have them.

    Raises:
        MetricError: Names and values do not fit each other.
    """
    subject = f"table {name!r}"
    if isinstance(header, str):
        raise MetricError(subject, f"has the header {header!r}. Give a list of names.")
    if hasattr(rows, "columns") and hasattr(rows, "to_dict"):
        rows = rows.to_dict("list") if hasattr(rows, "iloc") else rows.to_dict(as_series=False)
    if isinstance(rows, Mapping):
        columns = {str(column): _plain(cells) for column, cells in rows.items()}
        lengths = {column: len(cells) for column, cells in columns.items()}
        if len(set(lengths.values())) > 1:
            raise MetricError(subject, f"has columns of different lengths: {lengths}.")
        header, rows = header or list(columns), list(zip(*columns.values(), strict=True))
    rows = _plain(rows)
    if header is None and rows and isinstance(rows[0], Mapping):
        header = list(dict.fromkeys(chain.from_iterable(rows)))
    if header is None:
        raise MetricError(subject, "has no header. Give the names of its columns: header=['class', 'share'].")
    names = tuple(map(str, header))
    return Table(names, tuple(_row(subject, names, number, row) for number, row in enumerate(rows)))


def _row(subject: str, header: tuple[str, ...], number: int, row: Any) -> tuple[Any, ...]:
    if isinstance(row, Mapping):
        unknown = [str(key) for key in row if str(key) not in header]
        if unknown:
            raise MetricError(subject, f"has no column {unknown[0]!r} (row {number}). It has: {', '.join(header)}.")
        return tuple(_cell(row.get(column)) for column in header)
    if isinstance(row, str | bytes) or not isinstance(row, Iterable):
        raise MetricError(subject, f"has a row that is {one_of_type(row)} (row {number}). Give a list of values.")
    cells = tuple(_cell(cell) for cell in _plain(row))
    if len(cells) != len(header):
        raise MetricError(subject, f"has {len(header)} columns and {len(cells)} values in row {number}.")
    return cells


def _plain(cells: Any) -> list[Any]:
    return list(cells.tolist() if hasattr(cells, "tolist") else cells)


def _cell(value: Any) -> Any:
    """Return a scalar of numpy, torch or jax as a Python value."""
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", None) == 0 else value


def histogram_of(name: str, values: Any, bins: int | Sequence[float]) -> Histogram:
    """
    Return how values are distributed.

    Args:
        name: The histogram, for messages.
        values: Numbers in an array or tensor of any shape, or in nested lists.
        bins: How many bins of one width, or their n + 1 edges, ascending.

    Raises:
        MetricError: Values or bins are none.
    """
    subject = f"histogram {name!r}"
    numbers = _flat(subject, values)
    if not isinstance(numbers, list):
        return _histogram_of_array(subject, numbers, bins)
    finite = [number for number in numbers if math.isfinite(number)]
    edges = _edges(subject, bins, min(finite, default=0.0), max(finite, default=1.0))
    counts = [0] * (len(edges) - 1)
    for number in finite:
        if edges[0] <= number <= edges[-1]:
            counts[min(bisect_right(edges, number), len(counts)) - 1] += 1
    return Histogram(tuple(edges), tuple(counts), len(numbers) - len(finite))


def _histogram_of_array(subject: str, numbers: Any, bins: int | Sequence[float]) -> Histogram:
    import numpy

    finite = numbers[numpy.isfinite(numbers)] if numbers.dtype.kind == "f" else numbers
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    edges = _edges(subject, bins, low, high)
    counts, _ = numpy.histogram(finite, numpy.asarray(edges))
    return Histogram(tuple(edges), tuple(counts.tolist()), int(numbers.size - finite.size))


def _flat(subject: str, values: Any) -> Any:
    """Return numbers as a flat array of numpy where they come in an array, else as a list of floats."""
    if hasattr(values, "__array__"):
        array = as_array(arrays.unmasked(values))
        if array.dtype.kind not in "biuf":
            raise MetricError(subject, f"is of {array.dtype} values. Log real numbers.")
        return array.ravel().astype("uint8" if array.dtype.kind == "b" else array.dtype, copy=False)
    try:
        return list(_numbers_in(values))
    except (TypeError, ValueError):
        raise MetricError(subject, f"is of {one_of_type(values)} ({values!r:.60}). Log real numbers.") from None


def _numbers_in(values: Any) -> Iterator[float]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _numbers_in(value)
        elif isinstance(value, str | bytes):
            raise TypeError
        else:
            yield float(value)


def _edges(subject: str, bins: int | Sequence[float], low: float, high: float) -> list[float]:
    if isinstance(bins, int):
        if bins < 1:
            raise MetricError(subject, f"has bins={bins}. Give 1 or more, or the edges of the bins.")
        if low == high:
            low, high = low - 0.5, high + 0.5
        width = high / bins - low / bins
        return [*(low + width * number for number in range(bins)), high]
    edges = [float(edge) for edge in _plain(bins)]
    if len(edges) < 2 or any(not first < second for first, second in pairwise(edges)):
        raise MetricError(subject, f"has bins={edges!r:.60}. Edges ascend, and there are two or more.")
    return edges


def picture_of(name: str, image: Any) -> Any:
    """
    Return an image of Pillow.

    Args:
        name: The image, for messages.
        image: One of Pillow, which is returned; or an array of rows x columns, or rows x columns x 1, 3 or 4
            channels, of whole numbers up to 255 or floats up to 1; or a tensor, whose channels may also come first.

    Raises:
        MetricError: It has another shape or type.
        MissingLibraryError: Pillow is not installed.
    """
    if type(image).__module__.partition(".")[0] == "PIL":
        return image
    if not hasattr(image, "__array__"):
        raise MetricError(f"image {name!r}", f"is {one_of_type(image)}. Give an array, a tensor or an image.")
    import numpy

    array = as_array(image)
    if hasattr(image, "detach") and array.ndim == 3 and array.shape[0] in (1, 3, 4) and array.shape[2] not in (1, 3, 4):
        array = array.transpose(1, 2, 0)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    is_colour = array.ndim == 3 and array.shape[2] in (3, 4)
    if array.dtype.kind not in "biuf" or not (array.ndim == 2 or is_colour) or not array.size:
        problem = f"has shape {array.shape} and type {array.dtype}. Give rows x columns x 1, 3 or 4 channels of reals."
        raise MetricError(f"image {name!r}", problem)
    if array.dtype.kind in "fb":
        array = numpy.nan_to_num(array.astype(float)).clip(0, 1) * 255
    return _pillow("an image").fromarray(numpy.rint(array.clip(0, 255)).astype("uint8"))


def _pillow(what: str) -> Any:
    try:
        import PIL.Image
    except ImportError:
        from expframe.errors import MissingLibraryError

        raise MissingLibraryError(what, "Pillow", "images") from None
    return PIL.Image


def file_name(name: str, step: int | float, suffix: str) -> str:
    """Return how the file of an image is called among the run's files."""
    return f"media/{re.sub(r'[^A-Za-z0-9_-]+', '_', name)[:100]}-{step}{suffix}"


# ----------------------------------------------------------------------------------------------------- the file


def to_line(media: Media, folder: Path) -> str:
    """Return one line of the file; paths are relative to the run's folder."""
    content = media.content
    data: dict[str, Any] = {"kind": media.kind, "name": media.name, "step": media.step, "time": media.time}
    if isinstance(content, Path):
        data["path"] = os.path.relpath(content, folder)
    elif isinstance(content, str):
        data["text"] = content
    else:
        data.update({key: _as_lists(item) for key, item in content._asdict().items()})
    return json_values.dump_plain(json_values.to_json(data), indent=None).decode("utf-8", "surrogatepass")


def _as_lists(items: Any) -> Any:
    return [_as_lists(item) if type(item) is tuple else item for item in items] if type(items) is tuple else items


_MAKERS: dict[str, Callable[[Mapping[str, Any], Path], Any]] = {
    "table": lambda data, _: Table(tuple(data["header"]), tuple(map(tuple, data["rows"]))),
    "histogram": lambda data, _: Histogram(tuple(data["edges"]), tuple(data["counts"]), data["skipped"]),
    "text": lambda data, _: data["text"],
    **dict.fromkeys(_IN_FILES, lambda data, folder: inside(folder, os.path.normpath(data["path"]))),
}


def _of_line(data: Any, folder: Path) -> Media:
    """
    Return what one line says.

    Raises:
        TypeError, KeyError, ValueError: It is damaged, or leads out of the run.
    """
    found = Media(data["kind"], data["name"], data["step"], data["time"], _MAKERS[data["kind"]](data, folder))
    is_said = isinstance(found.name, str) and all(isinstance(n, int | float) for n in (found.step, found.time))
    content = found.content
    texts: tuple[Any, ...] = ()
    numbers: tuple[Any, ...] = ()
    if isinstance(content, Table):
        texts = content.header
    elif isinstance(content, Histogram):
        numbers = (*content.edges, *content.counts, content.skipped)
    elif found.kind == "text":
        texts = (content,)
    if not is_said or not all(isinstance(text, str) for text in texts):
        raise TypeError("a part is of another kind")
    if not all(isinstance(number, int | float) for number in numbers):
        raise TypeError("a histogram of more than numbers")
    return found


def read_file(path: Path, name: str | None = None, without: Sequence[Span] = ()) -> list[Media]:
    """
    Return what a run logged in the order of logging; damaged lines are left out.

    Args:
        path: The file.
        name: What it is called; None for all.
        without: The bytes that do not count.
    """
    found = []
    for line in chain.from_iterable(whole_lines(path, *piece) for piece in counted(0, without)):
        try:
            data = json_values.load(line)
            if name in (None, data["name"]):
                found.append(_of_line(data, path.parent))
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
    return found
