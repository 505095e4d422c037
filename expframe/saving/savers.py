"""Who writes what: the savers of the package, the user's own, and those of installed packages."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from expframe.errors import DefinitionError, SaveError, StoreError
from expframe.saving import formats

Write = Callable[[Any, IO[bytes]], object]
ENTRY_POINTS = "expframe.savers"


@dataclass(eq=False)
class Saver:
    """
    How one kind of object is written to a file and read back.

    Attributes:
        name: What `method=` calls it.
        types: Whose instances it writes by default: classes, or `package.Class` for those of a library.
        suffixes: The extensions it writes; the first of the first saver that can be used is appended to names
            without one.
        write: Writes an object to a binary file.
        read: Reads the file, given whether its content is trusted; None for what is only to be looked at.
        fits: Whether it writes an object by default whose type alone does not tell.
        accepts: Whether it writes an object where the name has one of its extensions.
        library: What must be installed.
        engine: What the library itself needs for it.
        executes: Whether reading runs code that the file holds.
        takes_any_suffix: Whether it writes to names with whatever extension.
        is_raw: Whether an extension changes nothing: what it writes is what the file holds.
        thaws: Whether read-only config values are given to it as plain ones.
        loses: Returns what of an object does not come back as it was though it is written; None for nothing.
    """

    name: str
    types: tuple[type | str, ...]
    suffixes: tuple[str, ...]
    write: Write
    read: Callable[[IO[bytes], bool], Any] | None = None
    fits: Callable[[Any], bool] | None = None
    accepts: Callable[[Any], bool] | None = None
    library: str | None = None
    engine: str | None = None
    executes: bool = False
    takes_any_suffix: bool = False
    is_raw: bool = False
    thaws: bool = True
    loses: Callable[[Any], str | None] | None = None

    def __call__(self, value: Any, file: IO[bytes]) -> object:
        """Write an object to a binary file."""
        return self.write(value, file)

    def reader(self, function: Callable[[IO[bytes]], Any]) -> Callable[[IO[bytes]], Any]:
        """Decorate the function that reads what this saver wrote, from a binary file."""
        self.read = lambda file, _trust: function(file)
        return function

    def keeps(self, suffix: str) -> bool:
        """Return whether a name with this extension stays as it is."""
        return suffix in self.suffixes or (bool(suffix) and self.takes_any_suffix)

    def rank(self, value: Any, places: dict[int | str, int]) -> float | None:
        """Return how near the saver is to a value's type, 0 for the type itself; None where it does not fit."""
        found = [places.get(kind if isinstance(kind, str) else id(kind)) for kind in self.types]
        nearest = min((place for place in found if place is not None), default=None)
        if nearest is None and self.fits is not None and self.fits(value):
            return places[id(object)] - 0.5  # nearer than what takes any object
        return nearest

    @property
    def is_installed(self) -> bool:
        """Whether its library is there, with what that needs."""
        needed = [name for name in (self.library, self.engine) if name is not None and name not in sys.modules]
        if not needed:
            return True
        from importlib.util import find_spec

        return all(find_spec(name) is not None for name in needed)


def _is_array_like(value: Any) -> bool:
    return isinstance(value, list | tuple | dict | int | float | complex) or type(value).__module__ == "numpy"


def _anything(_value: Any) -> bool:
    return True


_IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
_TORCH = ("torch.Tensor", "torch.Module", "torch.Optimizer", "torch.LRScheduler")

# Where several read one extension and nothing says who wrote the file, the first one that is installed does.
BUILT_IN = (
    Saver("json", (object,), (".json",), formats.write_json, formats.read_json, thaws=False),
    Saver("text", (str,), (".txt", ".md", ".log"), formats.write_text, formats.read_text, takes_any_suffix=True),
    Saver(
        "bytes",
        (bytes, bytearray, memoryview),
        (".bin",),
        formats.write_bytes,
        formats.read_bytes,
        takes_any_suffix=True,
        is_raw=True,
    ),
    Saver(
        "stream",
        (),
        (".bin",),
        formats.write_stream,
        formats.read_bytes,
        fits=formats.is_stream,
        takes_any_suffix=True,
        is_raw=True,
    ),
    Saver(
        "numpy",
        ("numpy.ndarray", "jaxlib.ArrayImpl"),
        (".npy", ".npz"),
        formats.write_numpy,
        formats.read_numpy,
        accepts=_is_array_like,
        library="numpy",
    ),
    Saver(
        "pandas",
        ("pandas.DataFrame",),
        (".parquet",),
        formats.write_pandas,
        formats.read_pandas,
        library="pandas",
        engine="pyarrow",
    ),
    Saver(
        "pandas",
        ("pandas.DataFrame",),
        (".csv",),
        formats.write_pandas,
        formats.read_pandas,
        library="pandas",
        loses=formats.lost_in_csv,
    ),
    Saver(
        "polars",
        ("polars.DataFrame",),
        (".parquet", ".csv"),
        formats.write_polars,
        formats.read_polars,
        library="polars",
    ),
    Saver("arrow", ("pyarrow.Table",), (".parquet",), formats.write_arrow, formats.read_arrow, library="pyarrow"),
    Saver(
        "pandas-series",
        ("pandas.Series",),
        (".parquet",),
        formats.write_pandas,
        formats.read_pandas_series,
        library="pandas",
        engine="pyarrow",
    ),
    Saver(
        "pandas-series",
        ("pandas.Series",),
        (".csv",),
        formats.write_pandas,
        formats.read_pandas_series,
        library="pandas",
    ),
    Saver(
        "polars-series",
        ("polars.Series",),
        (".parquet", ".csv"),
        formats.write_polars,
        formats.read_polars_series,
        library="polars",
    ),
    Saver("images", ("PIL.Image",), _IMAGES, formats.write_image, formats.read_image, library="PIL"),
    Saver(
        "matplotlib",
        ("matplotlib.Figure",),
        (".png", ".pdf", ".svg", ".jpg", ".jpeg"),
        formats.write_matplotlib,
        library="matplotlib",
    ),
    Saver("plotly", ("plotly.BaseFigure",), (".html",), formats.write_plotly_page, library="plotly"),
    Saver("plotly", ("plotly.BaseFigure",), (".json",), formats.write_plotly, formats.read_plotly, library="plotly"),
    Saver("keras", ("keras.Model",), (".keras",), formats.write_keras, formats.read_keras, library="keras"),
    Saver(
        "torch",
        _TORCH,
        (".pt", ".pth"),
        formats.write_torch,
        formats.read_torch,
        fits=formats.holds_tensors,
        accepts=_anything,
        library="torch",
    ),
    Saver(
        "joblib",
        ("sklearn.BaseEstimator",),
        (".joblib",),
        formats.write_joblib,
        formats.read_joblib,
        accepts=_anything,
        library="joblib",
        executes=True,
    ),
    Saver(
        "pickle", (), (".pkl", ".pickle"), formats.write_pickle, formats.read_pickle, accepts=_anything, executes=True
    ),
)


def _places(kind: type) -> dict[int | str, int]:
    """Return where in a type's bases each one stands, by identity and as `package.Class`."""
    found: dict[int | str, int] = {}
    for place, base in enumerate(kind.__mro__):
        found[id(base)] = place
        found.setdefault(f"{str(base.__module__).partition('.')[0]}.{base.__qualname__}", place)
    return found


class Savers:
    """
    The savers that there are.

    Attributes:
        own: Those of users and packages, in the order they were defined; a later one prevails.
    """

    def __init__(self) -> None:
        self.own: list[Saver] = []
        self._knows_packages = False

    def writer(self, name: Path, value: Any, method: str | None = None) -> Saver:
        """
        Return who writes a value to a name.

        Raises:
            SaveError: Nobody does; the text says what would be possible.
        """
        suffix = name.suffix.lower()
        if method is not None:
            return self._named(method, suffix, lambda problem: SaveError(f"file {str(name)!r}", problem))
        found = self._fitting(value, suffix)
        is_last_resort = found is None or (found is BUILT_IN[0] and type(value).__module__ != "builtins")
        if is_last_resort and self._read_packages():
            found = self._fitting(value, suffix)
        if found is None:
            kind = type(value).__qualname__
            known = dict.fromkeys(suffix for saver in self._ranked(value) for suffix in saver.suffixes)
            problem = f"no saver writes {kind} as {suffix}. For {kind} there are: {', '.join(known)}."
            raise SaveError(f"file {str(name)!r}", problem)
        return found

    def lacking(self, value: Any, saver: Saver) -> str | None:
        """Return what must be installed for another saver to write values of a type by default; None for nothing."""
        first = self._ranked(value)[0]
        return None if first is saver or first.name != saver.name or first.is_installed else first.engine

    def lesser(self, value: Any, saver: Saver) -> Saver | None:
        """Return who writes what another saver cannot, with less of it; None for nobody."""
        others = [one for one in self._ranked(value) if one.name == saver.name and one.suffixes[-1] == ".csv"]
        return others[0] if others and saver.suffixes[0] == ".parquet" else None

    def reader(self, name: Path, method: str | None = None, noted: str | None = None) -> Saver:
        """
        Return who reads a file.

        Args:
            name: What it is called.
            method: The saver that was asked for.
            noted: The saver that is known to have written it.

        Raises:
            StoreError: Nobody does.
        """
        suffix = name.suffix.lower()

        def refuse(problem: str) -> StoreError:
            return StoreError(f"file {str(name)!r}", problem)

        if noted is not None and method is None:
            with suppress(StoreError):  # the saver of the note is not here: who else reads it?
                found = self._named(noted, suffix, refuse)
                if found.read is not None and found.keeps(suffix):
                    return found
        if method is not None:
            readers = [self._named(method, suffix, refuse)]
        else:
            readers = self.readers(suffix) or (self._read_packages() and self.readers(suffix)) or []
        readers = [saver for saver in readers if saver.read is not None]
        if not readers:
            what = f"what {method!r} writes" if method else f"{suffix} files" if suffix else "names without extension"
            problem = f"no saver reads {what}. Open it at its path (run.path(...)), or read it with method='bytes'."
            raise refuse(problem)
        return next((saver for saver in readers if saver.is_installed), readers[0])

    def readers(self, suffix: str) -> list[Saver]:
        """Return who can read an extension; without a note of who wrote the file, the first installed one does."""
        return [saver for saver in (*BUILT_IN, *self.own) if suffix in saver.suffixes and saver.read is not None]

    @property
    def suffixes(self) -> list[str]:
        """All extensions."""
        return list(dict.fromkeys(suffix for saver in (*BUILT_IN, *self.own) for suffix in saver.suffixes))

    def _named(self, name: str, suffix: str, refuse: Callable[[str], StoreError]) -> Saver:
        """Return the saver of a name, where there are several the one for the extension."""
        found = [saver for saver in (*BUILT_IN, *self.own) if saver.name == name]
        if not found and self._read_packages():
            found = [saver for saver in self.own if saver.name == name]
        if not found:
            known = dict.fromkeys(saver.name for saver in (*BUILT_IN, *self.own))
            raise refuse(f"no saver is called {name!r}. There are: {', '.join(known)}.")
        fitting = [saver for saver in found if suffix in saver.suffixes]
        return fitting[-1] if fitting else _usable(found)

    def _fitting(self, value: Any, suffix: str) -> Saver | None:
        ranked = self._ranked(value)
        if ranked[0].is_raw:
            return ranked[0]
        for saver in ranked:
            if suffix in saver.suffixes:
                return saver
        known = [saver for saver in (*reversed(self.own), *BUILT_IN) if suffix in saver.suffixes]
        for saver in known:
            if saver.accepts is not None and saver.accepts(value):
                return saver
        for saver in ranked:
            if saver.takes_any_suffix:
                return saver
        return None if known else _usable(ranked)

    def _ranked(self, value: Any) -> list[Saver]:
        """Return the savers that fit a value, the nearest first, later ones of the user before earlier ones."""
        places = _places(type(value))
        ranks = [(saver.rank(value, places), saver) for saver in (*reversed(self.own), *BUILT_IN)]
        ranked = [saver for _, saver in sorted(((r, s) for r, s in ranks if r is not None), key=lambda pair: pair[0])]
        if ranked[0].library not in (None, "numpy"):
            ranked.remove(BUILT_IN[0])  # JSON would hold but the shell of such an object
        return ranked

    def _read_packages(self) -> bool:
        """Import what installed packages offer, once; return whether there may be new savers."""
        if self._knows_packages:
            return False
        self._knows_packages = True
        from importlib.metadata import entry_points

        for entry in entry_points(group=ENTRY_POINTS):
            try:
                entry.load()
            except Exception as problem:
                what = f"{type(problem).__name__}: {problem}"
                logging.getLogger("expframe").warning("the savers of %s cannot be used (%s)", entry.value, what)
        return True


def _usable(savers: Sequence[Saver]) -> Saver:
    """Return the first saver whose library is there; where there is none, the first, which says what it lacks."""
    return next((saver for saver in savers if saver.is_installed), savers[0])


SAVERS = Savers()


def _is_suffix(text: str) -> bool:
    return len(text) > 1 and text[0] == "." and not any(mark in text[1:] for mark in "./\\\0")


def saver(
    kind: type | str, *suffixes: str, name: str | None = None, executes: bool = False
) -> Callable[[Write], Saver]:
    """
    Decorate a function that writes objects of a type to a binary file, so that `run.save` uses it.

    Args:
        kind: The type, subclasses included; `"package.Class"` for one of a library that need not be imported.
        suffixes: The extensions of such files; the first is appended to names without one.
        name: What `method=` calls it; by default the type's name.
        executes: Whether reading such a file runs code that it holds; it is then read with `trust=True` only.

    Raises:
        DefinitionError: The type is none, or an extension is missing or does not begin with a dot.

    Example:
        >>> class Point:
        ...     def __init__(self, x):
        ...         self.x = x
        >>> @saver(Point, ".point")
        ... def write(point, file):
        ...     file.write(str(point.x).encode())
        >>> @write.reader
        ... def read(file):
        ...     return Point(int(file.read()))
    """
    if not isinstance(kind, type | str):
        raise DefinitionError(f"saver({kind!r})", "needs a type, or 'package.Class' for one of a library.")
    label = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    if not suffixes or not all(isinstance(item, str) and _is_suffix(item) for item in suffixes):
        raise DefinitionError(f"saver({label}, ...)", "needs one or more extensions of one part: '.my'.")
    fits = None if isinstance(kind, str) else lambda value: isinstance(value, kind)

    def decorate(function: Write) -> Saver:
        made = Saver(name or label, (kind,), tuple(map(str.lower, suffixes)), function, fits=fits, executes=executes)
        SAVERS.own.append(made)
        return made

    return decorate
