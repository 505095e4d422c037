"""The first rows of tables in files: CSV, Parquet, and arrays of numpy. Nothing is unpickled."""

from __future__ import annotations

import csv
import importlib
import itertools
from pathlib import Path
from typing import Any

from expframe.config.dotted import whole_number
from expframe.page.cells import cell_of

_ROWS, _COLUMNS = 100, 50
_TEXT = 1 << 16
_LARGE_GROUP = 1 << 26
"""Bytes of a part of a Parquet file that has to be read as a whole."""


def csv_head(path: Path) -> dict[str, Any]:
    """Return the first rows of a CSV or TSV file."""
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        text = file.read(_TEXT)
    is_cut = path.stat().st_size > len(text.encode("utf-8", "replace"))
    if is_cut:
        text = text[: text.rfind("\n") + 1] or text
    separator = "\t" if path.suffix.lower() == ".tsv" or text.count("\t") > text.count(",") else ","
    separator = ";" if separator == "," and text.count(";") > text.count(",") else separator
    csv.field_size_limit(max(csv.field_size_limit(), _TEXT))
    rows = list(itertools.islice(csv.reader(text.splitlines(keepends=True), delimiter=separator), _ROWS + 1))
    header = rows[0] if rows else []
    is_cut = is_cut or len(rows) > _ROWS
    return _table(header, [[_number(value) for value in row] for row in rows[1:]], None if is_cut else len(rows) - 1)


def parquet_head(path: Path) -> dict[str, Any]:
    """Return the first rows of a Parquet file, or its columns only where a part of it is too large to be read."""
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        return {"kind": "note", "text": "The head of a Parquet file is shown where pyarrow is installed."}
    with parquet.ParquetFile(path) as file:
        names, total = list(file.schema_arrow.names), file.metadata.num_rows
        columns = names[:_COLUMNS]
        rows: list[list[Any]] = []
        if file.num_row_groups and file.metadata.row_group(0).total_byte_size <= _LARGE_GROUP:
            batch = next(file.iter_batches(batch_size=_ROWS, row_groups=[0], columns=columns), None)
            rows = [list(row.values()) for row in batch.to_pylist()] if batch is not None else []
        return _table(names, rows, total)


def array_head(path: Path) -> dict[str, Any]:
    """Return shape, type and first values of an array of numpy."""
    try:
        numpy = importlib.import_module("numpy")
    except ImportError:
        return {"kind": "note", "text": "The head of an array is shown where numpy is installed."}
    array = numpy.load(path, mmap_mode="r", allow_pickle=False)
    about = f"array of {'x'.join(map(str, array.shape)) or 'one value'}, {array.dtype}"
    rows = numpy.atleast_2d(array.reshape(array.shape[0], -1) if array.ndim > 1 else array)[:_ROWS, :_COLUMNS]
    width = int(array.size // max(1, array.shape[0])) if array.ndim > 1 else int(array.size)
    names = [str(number) for number in range(min(width, _COLUMNS))]
    total = array.shape[0] if array.ndim > 1 else 1
    return {**_table(names, rows.tolist(), total), "total_columns": width, "about": about}


def _table(header: list[Any], rows: list[list[Any]], total: int | None) -> dict[str, Any]:
    return {
        "kind": "table",
        "header": [str(name) for name in header[:_COLUMNS]],
        "rows": [[cell_of(value) for value in row[:_COLUMNS]] for row in rows[:_ROWS]],
        "total": total,
        "total_columns": len(header),
    }


def _number(text: str) -> Any:
    """Return what a field of a CSV file says: a number where that is shown by the same text."""
    try:
        number = float(text)
    except ValueError:
        return text
    whole = whole_number(text)
    return whole if whole is not None and str(whole) == text else number if repr(number) == text else text
