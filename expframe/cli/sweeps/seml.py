"""seml's experiment files as sweeps: grids, random parameters and sub-configurations to words of the command line."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from expframe.config import files
from expframe.config.conversion import literal
from expframe.errors import ConfigFileError

_OF_PARTS = ("fixed", "grid", "random")
_SETTINGS = ("seml", "slurm")


class SemlSweep(NamedTuple):
    """
    What one configuration of a file tries.

    Attributes:
        name: The names of the sub-configurations that it is made of; empty for the file's own.
        script: The script.
        words: Words of the command line.
        options: Options of the command line.
    """

    name: str
    script: str
    words: tuple[str, ...]
    options: tuple[str, ...]

    @property
    def line(self) -> str:
        """The command line that does it."""
        parts = ["expframe", "sweep", self.script, *(["with", *self.words] if self.words else []), *self.options]
        return " ".join(map(shlex.quote, parts))


def read(file: str) -> list[SemlSweep]:
    """
    Return the sweeps that a file of seml's describes: one for each configuration that has no others inside.

    Raises:
        ConfigFileError: The file is missing or malformed, or has a parameter of an unknown type.
    """
    data = files.load(file)
    script = str((data.get("seml") or {}).get("executable") or "train.py")
    own = {name: value for name, value in data.items() if name not in _SETTINGS}
    return [_sweep(file, name, Path(script).name, parts) for name, parts in _configurations(file, "", own, {})]


def _configurations(
    file: str, name: str, said: Mapping[str, Any], above: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """Yield the innermost configurations, with what those around them say below what they say themselves."""
    parts = {part: {**above.get(part, {}), **_flat(file, said.get(part) or {})} for part in _OF_PARTS}
    inner = {key: value for key, value in said.items() if key not in _OF_PARTS}
    for key, value in inner.items():
        if not isinstance(value, Mapping):
            raise ConfigFileError(file, f"{key!r} is neither fixed, grid nor random, nor a sub-configuration")
        yield from _configurations(file, f"{name}.{key}".lstrip("."), value, parts)
    if not inner:
        yield name, parts


def _flat(file: str, parameters: Any, prefix: str = "") -> dict[str, Any]:
    """Return parameters by dotted names; those of a collection are in it."""
    if not isinstance(parameters, Mapping):
        raise ConfigFileError(file, f"has {parameters!r:.60} where parameters are named")
    found: dict[str, Any] = {}
    for name, value in parameters.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping) and value.get("type") == "parameter_collection":
            found |= _flat(file, value.get("params") or {}, f"{path}.")
        else:
            found[path] = value
    return found


def _sweep(file: str, name: str, script: str, parts: Mapping[str, Mapping[str, Any]]) -> SemlSweep:
    drawn = dict(parts["random"])
    samples, seed = drawn.pop("samples", None), drawn.pop("seed", None)
    taken = {*drawn, *parts["grid"]}
    words = [f"{key}={_text(value)}" for key, value in parts["fixed"].items() if key not in taken]
    grid = {key: value for key, value in parts["grid"].items() if key not in drawn}
    of_grid = list(_grid_words(file, grid))
    words += of_grid
    words += [_random_word(file, key, value) for key, value in drawn.items()]
    options: list[str] = []
    if drawn:
        axes = [word.partition("=")[0].partition(":")[0] for word in of_grid if _is_axis(word)]
        options += ["--search", "random", "--trials", str(samples or 1)]
        options += ["--search-seed", str(seed)] if seed is not None else []
        options += ["--each", ",".join(axes)] if axes else []
    return SemlSweep(name, script, tuple(words), tuple(options))


def _grid_words(file: str, grid: Mapping[str, Any]) -> Iterator[str]:
    zipped: dict[Any, dict[str, list[str]]] = {}
    for name, value in grid.items():
        if isinstance(value, Mapping) and value.get("zip_id") is not None:
            zipped.setdefault(value["zip_id"], {})[name] = [_text(item) for item in _values(file, name, value)]
        else:
            yield _grid_word(file, name, value)
    for columns in zipped.values():
        rows = [":".join(row) for row in zip(*columns.values(), strict=False)]
        yield f"{':'.join(columns)}={','.join(rows)}"


def _grid_word(file: str, name: str, value: Any) -> str:
    kind = _kind(file, name, value)
    if kind in ("uniform", "loguniform"):
        span = f"{_end(value['min'])}..{_end(value['max'])}:{value['num']}"
        return f"{name}={'log:' if kind == 'loguniform' else ''}{span}"
    values = _values(file, name, value)
    if kind == "range" and len(values) > 2:
        step = "" if value.get("step", 1) == 1 else f"/{_text(value['step'])}"
        return f"{name}={_text(values[0])}..{_text(values[-1])}{step}"
    return f"{name}={','.join(map(_text, values))}"


def _values(file: str, name: str, value: Mapping[str, Any]) -> list[Any]:
    """Return the values that a parameter of a grid has, one by one."""
    kind = _kind(file, name, value)
    try:
        if kind == "choice":
            return list(value["options"])
        if kind == "range":
            low, high, step = (Decimal(str(value.get(key, 1))) for key in ("min", "max", "step"))
            numbers = (low + number * step for number in range(max(math.ceil((high - low) / step), 0)))
            return [int(number) if number == number.to_integral_value() else float(number) for number in numbers]
    except (KeyError, TypeError, ArithmeticError) as problem:
        raise ConfigFileError(file, f"parameter {name!r} lacks {problem}") from problem
    raise ConfigFileError(file, f"parameter {name!r} is of type {kind!r}, which has no values one by one")


def _random_word(file: str, name: str, value: Any) -> str:
    kind = _kind(file, name, value)
    if kind == "choice":
        return f"{name}={','.join(map(_text, value['options']))}"
    low, high = value.get("min"), value.get("max")
    if kind == "randint" and isinstance(high, int):
        return f"{name}={low}..{high - 1}"  # seml leaves the greatest out
    if kind in ("uniform", "loguniform"):
        return f"{name}={'log:' if kind == 'loguniform' else ''}{_end(low)}..{_end(high)}"
    raise ConfigFileError(file, f"parameter {name!r} is of type {kind!r}, which is not drawn at random here")


def _kind(file: str, name: str, value: Any) -> str:
    if not isinstance(value, Mapping) or "type" not in value:
        raise ConfigFileError(file, f"parameter {name!r} has no type. Write type: choice, range, uniform or loguniform")
    return str(value["type"])


def _is_axis(word: str) -> bool:
    from expframe.sweep.pieces import span_of, split

    text = word.partition("=")[2]
    return len(split(text)) > 1 or span_of(text) is not None


def _end(value: Any) -> str:
    """Return an end of an interval; YAML takes 1e-5 for a text."""
    return repr(literal(value) if isinstance(value, str) else value)


def _text(value: Any) -> str:
    """Return a value as it is typed; a text that would be read as something else in quotes."""
    if not isinstance(value, str):
        return repr(value).replace(", ", ",") if isinstance(value, list | tuple | dict) else repr(value)
    is_plain = literal(value) is value and value and not set(value) & set(",:()[]{}'\"=? @")
    return value if is_plain and ".." not in value else repr(value)


def sweep_lines(found: Sequence[SemlSweep]) -> Iterator[str]:
    """Yield a command line for each sweep, each below the name of its configuration."""
    for sweep in found:
        if sweep.name:
            yield f"# {sweep.name}"
        yield sweep.line
