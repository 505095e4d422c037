"""
The file formats that objects are saved in: for each one function that writes and one that reads.

A writer takes the object and a binary file, a reader the file and whether its content is trusted. The file's `name` is
its path, for libraries that want one, and ends in the suffix that says the format. Libraries are imported only here
and only when a file is written or read.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

from expframe.config import json_values
from expframe.config.frozen import FrozenDict
from expframe.config.masking import MASKING
from expframe.errors import listed

_CHUNK = 1 << 20
_OPAQUE = {"pandas", "polars", "pyarrow", "PIL", "matplotlib", "plotly", "torch", "keras", "jaxlib", "tensorflow"}
"""Libraries whose objects jsonpickle cannot look into."""
_UNNAMED = "(unnamed)"
"""The column of a series without a name."""
_DEEPEST_LOOK = 10_000
"""How many items of containers are looked at for a tensor."""


class Untrusted(Exception):
    """The content can only be read by executing code that it holds, and the reader does not trust it."""


def suffix_of(file: IO[bytes]) -> str:
    """Return the suffix of an open file, in lower case."""
    return Path(file.name).suffix.lower()


# -------------------------------------------------------------------------------------------- Python's own objects


class _Writer(json_values._Writer):
    """
    Writes what the caller made as it is: only what is in a config is masked.

    Attributes:
        lost: What has no form, by type.
    """

    def __init__(self) -> None:
        super().__init__(self._hide_config)
        self.lost: list[str] = []
        self._is_config = False

    def _hide_config(self, path: tuple[Any, ...], value: Any) -> Any:
        return MASKING.hide(path, value) if self._is_config else value

    def write(self, value: Any, path: tuple[Any, ...] = ()) -> Any:
        written = super().write(value, path)
        if type(written) is dict and written.get(json_values.TAG) in ("object", "jsonpickle"):
            self._judge(value, written)
        return written

    def _judge(self, value: Any, written: dict[str, Any]) -> None:
        """Note what stands as its repr, or what jsonpickle wrote without seeing its content."""
        module = str(type(value).__module__)
        is_opaque = module.partition(".")[0] in _OPAQUE
        if isinstance(value, json_values.Reference) or (written[json_values.TAG] == "jsonpickle" and not is_opaque):
            return
        reason = " (it contains itself)" if written.get("repr") == "<contains itself>" else ""
        self.lost.append(f"{module}.{type(value).__qualname__}{reason}")

    def _write_other(self, value: Any, kind: type, path: tuple[Any, ...]) -> Any:
        outside = self._is_config
        self._is_config = type(value) is FrozenDict if isinstance(value, dict) else outside
        try:
            return super()._write_other(value, kind, path if self._is_config else ())
        finally:
            self._is_config = outside


def write_json(value: Any, file: IO[bytes]) -> None:
    """Write any value that has a form in JSON; objects through jsonpickle."""
    writer = _Writer()
    data = writer.write(value)
    if writer.lost:
        raise TypeError(f"{writer.lost[0]} has no form in JSON")
    file.write(json_values.dump_plain(data))


def read_json(file: IO[bytes], trust: bool) -> Any:
    """Read what `write_json` wrote, or any JSON; without trust, what needs code to come back is a Reference."""
    return json_values.load(file.read(), trust=trust)


def write_text(value: str, file: IO[bytes]) -> None:
    """Write text as UTF-8."""
    file.write(value.encode("utf-8", "surrogatepass"))


def read_text(file: IO[bytes], _trust: bool) -> str:
    """Read text in UTF-8."""
    return file.read().decode("utf-8", "surrogatepass")


def write_bytes(value: Any, file: IO[bytes]) -> None:
    """Write bytes as they are."""
    file.write(value)


def read_bytes(file: IO[bytes], _trust: bool) -> bytes:
    """Read bytes as they are."""
    return file.read()


def is_stream(value: Any) -> bool:
    """Return whether a value gives its content piece by piece."""
    return hasattr(type(value), "__next__")


def write_stream(value: Any, file: IO[bytes]) -> None:
    """Write the pieces that an iterator gives, or the rest of an open file, none of which is kept."""
    read = getattr(value, "read", None)
    for piece in iter(partial(read, _CHUNK), b"") if read else value:
        file.write(piece)


def write_pickle(value: Any, file: IO[bytes]) -> None:
    """Write any object that pickle takes."""
    import pickle

    pickle.dump(value, file)


def read_pickle(file: IO[bytes], _trust: bool) -> Any:
    """Read a pickle, which executes what it says."""
    import pickle

    return pickle.load(file)


# ----------------------------------------------------------------------------------------------- arrays and frames


def write_numpy(value: Any, file: IO[bytes]) -> None:
    """Write an array as .npy, or a dict of arrays (or one array, as `arr_0`) as .npz."""
    import numpy

    arrays = value if isinstance(value, dict) else {"arr_0": value}
    if any(isinstance(array, numpy.ma.MaskedArray) for array in arrays.values()):
        raise TypeError("a masked array would lose its mask; save its data and its mask")
    if suffix_of(file) == ".npz":
        import zipfile

        with zipfile.ZipFile(file, "w") as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    numpy.lib.format.write_array(member, numpy.asarray(array))
    elif isinstance(value, dict):
        raise TypeError("a dict of arrays is saved as .npz")
    else:
        numpy.lib.format.write_array(file, numpy.asarray(value))


def read_numpy(file: IO[bytes], trust: bool) -> Any:
    """Read an array, or a dict of the arrays of an .npz; arrays of objects execute code and need trust."""
    import numpy

    def read(part: IO[bytes], size: int) -> Any:
        _refuse_short(part, size)
        try:
            return numpy.lib.format.read_array(part, allow_pickle=trust, max_header_size=_CHUNK)
        except ValueError as problem:
            if "allow_pickle" in str(problem):
                raise Untrusted from problem
            raise

    if suffix_of(file) == ".npy":
        return read(file, os.fstat(file.fileno()).st_size)
    import zipfile

    with zipfile.ZipFile(file) as archive:
        found = {}
        for about in archive.infolist():
            with archive.open(about) as member:
                found[about.filename.removesuffix(".npy")] = read(member, about.file_size)
        return found


def _refuse_short(file: IO[bytes], size: int) -> None:
    """Refuse an array, or a header, that is larger than its file: room is made for all of it before it is read."""
    from numpy.lib import format as npy

    header = npy.read_array_header_1_0
    if npy.read_magic(file) != (1, 0):
        header, start = npy.read_array_header_2_0, file.tell()
        length = int.from_bytes(file.read(4), "little")
        if length > size:
            raise ValueError(f"its header of {length} bytes is more than the file has")
        file.seek(start)
    shape, _, dtype = header(file, max_header_size=_CHUNK)
    if not dtype.hasobject and math.prod(shape) * dtype.itemsize > size - file.tell():
        raise ValueError(f"{shape} items of {dtype} are more than the file has")
    file.seek(0)


def write_pandas(value: Any, file: IO[bytes]) -> None:
    """Write a frame or a series; in .csv with its index unless that only counts the rows."""
    is_parquet = suffix_of(file) == ".parquet"
    frame = value
    if hasattr(value, "to_frame"):
        name = _UNNAMED if value.name is None else value.name
        frame = value.to_frame(name if is_parquet else str(name))  # a tuple would be several lines of titles
    if is_parquet:
        with _in_parquet():
            _refuse_other_names(frame.columns)
            frame.to_parquet(file)
    else:
        is_range = type(frame.index).__name__ == "RangeIndex" and frame.index.name is None
        counts = is_range and frame.index.equals(type(frame.index)(len(frame)))
        frame.to_csv(file, index=not counts, mode="wb", encoding="utf-8")


def lost_in_csv(frame: Any) -> str | None:
    """Return what of a frame of pandas comes back from a .csv in another place or under another name."""
    if not hasattr(frame, "columns"):  # a series, whose index comes back
        return None
    if not len(frame.columns) and not len(frame.index):
        return "nothing of it comes back"
    if frame.columns.nlevels > 1:
        return f"the {frame.columns.nlevels} levels of its columns come back as rows"
    if not frame.columns.is_unique:
        name = frame.columns[frame.columns.duplicated()][0]
        return f"of its columns {name!r} all but one come back under other names"
    return f"the {frame.index.nlevels} levels of its index come back as columns" if frame.index.nlevels > 1 else None


def _refuse_other_names(columns: Any) -> None:
    """Refuse names of columns that would not be read as what they are, as texts beside numbers, and categories."""
    import pandas
    import pyarrow

    found = pyarrow.Table.from_pandas(pandas.DataFrame(columns=columns)).to_pandas().columns
    if not found.equals(columns):
        was, is_now = (listed([*map(repr, names)]) for names in (columns, found))
        raise TypeError(f"its columns {was} would come back as {is_now}")


def read_pandas(file: IO[bytes], _trust: bool) -> Any:
    """Read a frame."""
    import pandas

    return pandas.read_parquet(file) if suffix_of(file) == ".parquet" else pandas.read_csv(file)


def read_pandas_series(file: IO[bytes], trust: bool) -> Any:
    """Read a series; in .csv what stands before its column is its index."""
    frame = read_pandas(file, trust)
    *index, name = frame.columns
    if index:
        frame = frame.set_index(index)
        frame.index.names = [None if str(one).startswith("Unnamed: ") else one for one in frame.index.names]
    return frame[name].rename(None if name == _UNNAMED else name)


def write_polars(value: Any, file: IO[bytes]) -> None:
    """Write a frame or a series."""
    frame = value.to_frame() if hasattr(value, "to_frame") else value
    if suffix_of(file) == ".parquet":
        with _in_parquet():
            frame.write_parquet(file)
    else:
        frame.write_csv(file)


def read_polars(file: IO[bytes], _trust: bool) -> Any:
    """Read a frame."""
    import polars

    return polars.read_parquet(file) if suffix_of(file) == ".parquet" else polars.read_csv(file)


def read_polars_series(file: IO[bytes], trust: bool) -> Any:
    """Read a series."""
    return read_polars(file, trust).to_series()


class ParquetTypeError(TypeError):
    """Parquet has no form for a frame."""


@contextmanager
def _in_parquet() -> Iterator[None]:
    """Raise ParquetTypeError where something has no form in Parquet."""
    try:
        yield
    except (OSError, ImportError):
        raise
    except Exception as problem:
        text = f"Parquet cannot hold it: {' '.join(str(problem).split())}. In .csv it is text, in .pkl all of it"
        raise ParquetTypeError(text) from problem


def write_arrow(value: Any, file: IO[bytes]) -> None:
    """Write a table of pyarrow."""
    import pyarrow.parquet

    pyarrow.parquet.write_table(value, file)


def read_arrow(file: IO[bytes], _trust: bool) -> Any:
    """Read a table of pyarrow."""
    import pyarrow.parquet

    return pyarrow.parquet.read_table(file)


# ---------------------------------------------------------------------------------------------- figures and images


def write_matplotlib(value: Any, file: IO[bytes]) -> None:
    """Draw a figure."""
    value.savefig(file, format=suffix_of(file)[1:])


def write_plotly_page(value: Any, file: IO[bytes]) -> None:
    """Write a figure as a page that needs no network."""
    file.write(value.to_html(include_plotlyjs=True).encode())


def write_plotly(value: Any, file: IO[bytes]) -> None:
    """Write a figure as plotly's JSON."""
    file.write(value.to_json().encode())


def read_plotly(file: IO[bytes], _trust: bool) -> Any:
    """Read a figure from plotly's JSON."""
    import plotly.io

    return plotly.io.from_json(file.read().decode())


def write_image(value: Any, file: IO[bytes]) -> None:
    """Write an image of Pillow in the format of the suffix."""
    import PIL.Image

    value.save(file, format=PIL.Image.registered_extensions()[suffix_of(file)])


def read_image(file: IO[bytes], _trust: bool) -> Any:
    """Read an image."""
    import PIL.Image

    image = PIL.Image.open(file)
    image.load()
    return image


# ---------------------------------------------------------------------------------------------------------- models


def holds_tensors(value: Any) -> bool:
    """Return whether a dict, list or tuple has a tensor or module of torch somewhere inside."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(value, dict | list | tuple):
        return False
    waiting, seen = [value], 0
    while waiting and seen < _DEEPEST_LOOK:
        container = waiting.pop()
        for item in container.values() if isinstance(container, dict) else container:
            seen += 1
            if isinstance(item, torch.Tensor | torch.nn.Module):
                return True
            if isinstance(item, dict | list | tuple):
                waiting.append(item)
            if seen >= _DEEPEST_LOOK:
                break
    return False


def write_torch(value: Any, file: IO[bytes]) -> None:
    """Write a tensor, or a container of them; of a module, an optimizer or the like its state dict."""
    import torch

    has_state = not isinstance(value, dict) and callable(getattr(value, "state_dict", None))
    torch.save(value.state_dict() if has_state else value, file)


def read_torch(file: IO[bytes], trust: bool) -> Any:
    """Read tensors onto the CPU; other objects execute code and need trust."""
    import pickle

    import torch

    try:
        return torch.load(file, map_location="cpu", weights_only=not trust)
    except pickle.UnpicklingError as problem:
        if not trust and "unsupported global" in str(problem).lower():
            raise Untrusted from problem
        raise


def write_keras(value: Any, file: IO[bytes]) -> None:
    """Write a model of Keras."""
    value.save(file.name)


def read_keras(file: IO[bytes], trust: bool) -> Any:
    """Read a model of Keras; functions stored in it execute code and need trust."""
    import keras

    try:
        return keras.saving.load_model(file.name, safe_mode=not trust)
    except ValueError as problem:
        if not trust and "safe_mode" in str(problem):
            raise Untrusted from problem
        raise


def write_joblib(value: Any, file: IO[bytes]) -> None:
    """Write an object with joblib, which stores arrays well."""
    import joblib

    joblib.dump(value, file)


def read_joblib(file: IO[bytes], _trust: bool) -> Any:
    """Read what joblib wrote, which executes what it says."""
    import joblib

    return joblib.load(file)
