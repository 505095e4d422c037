"""
What a value may be, and how it stands in JSON.

Plain JSON where that says it all, else an object with the key `__type__` from a closed list. Standard library and numpy
values come back as themselves; whatever would need code to come back (enums, dataclasses, functions, classes, and what
jsonpickle wrote) comes back as an inert `Reference`, unless the reader trusts the data.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from expframe.config import arrays
from expframe.config.dotted import fields_of_tuple
from expframe.config.frozen import SCALARS, plain_kind, thaw
from expframe.config.secrets import MASK, Masked, Secret, secret_of
from expframe.errors import ValueFormatError

TAG = "__type__"
LARGE = "large"
"""The tag of what stands elsewhere, and is only described: its `name`, `shape`, `size` and `repr`."""

STORED = "expframe.config"
"""The key by which a config that a run stored is told from a plain one."""


class Reference:
    """
    Stands for a value that cannot come back without running code; equal to another one of the same content.

    Attributes:
        tagged: The JSON object that was read, or that will be written.
    """

    __slots__ = ("tagged",)

    def __init__(self, tagged: Mapping[str, Any]) -> None:
        self.tagged: dict[str, Any] = dict(tagged)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self.tagged == other.tagged

    def __hash__(self) -> int:
        import json

        return hash(json.dumps(self.tagged, sort_keys=True))

    def __repr__(self) -> str:
        if self.tagged.get(TAG) == LARGE:
            shape, size = self.tagged.get("shape"), self.tagged.get("size")
            lengths = "x".join(map(str, shape)) if isinstance(shape, list) else ""
            room = f"{size / 1e6:.1f} MB" if isinstance(size, int) else ""
            facts = ", ".join(str(fact) for fact in (self.tagged.get("dtype"), room) if fact)
            return f"<{self.tagged.get('name')} {lengths} ({facts})>".replace("  ", " ")
        return f"<{self.tagged.get(TAG)} {self.tagged.get('name', '')}>".replace(" >", ">")


Hide = Callable[[tuple[Any, ...], Any], Any]
"""Returns what is to stand for a text or bytes at a path: the value itself, another, or a Masked."""


def to_json(value: Any, hide: Hide | None = None) -> Any:
    """
    Return `value` as plain JSON data. Never fails: what has no form stands as its repr. A Secret stands masked.

    Args:
        value: Whatever it is.
        hide: Masks what is secret in it, also inside objects of whatever kind.

    Example:
        >>> to_json({"sizes": (1, 2), "api_key": Secret("hunter2")})
        {'sizes': {'__type__': 'tuple', 'value': [1, 2]}, 'api_key': {'__type__': 'secret'}}
    """
    if value is None or value is True or value is False or (hide is None and type(value) is str):
        return value  # most facts of a run, at a tenth of the time
    return _Writer(hide).write(value)


class _Writer:
    """One walk over a value; knows the containers it is in, so that a cycle ends."""

    def __init__(self, hide: Hide | None = None) -> None:
        self._hide = hide
        self._open: set[int] = set()

    def write(self, value: Any, path: tuple[Any, ...] = ()) -> Any:
        kind = plain_kind(type(value))
        if kind is bool or value is None or (kind is int and value.bit_length() <= _LONGEST_INT):
            return value
        if kind is str:
            return value if self._hide is None else self._write_shown(self._hide(path, value))
        if kind is float:
            return value if math.isfinite(value) else {TAG: "float", "value": repr(value)}
        if isinstance(value, Masked | Secret):
            return self._write_shown(value)
        if id(value) in self._open:
            return {TAG: "object", "name": _name_of(kind), "repr": "<contains itself>"}
        self._open.add(id(value))
        try:
            return self._write_whole(value, kind, path)
        except Exception:
            return {TAG: "object", "name": _name_of(kind), "repr": self._repr_of(value, path)}
        finally:
            self._open.discard(id(value))

    def _write_shown(self, shown: Any) -> Any:
        """Write what stands for a text."""
        if isinstance(shown, Secret):
            shown = Masked()
        if not isinstance(shown, Masked):
            return shown
        more = {"text": "" if shown == MASK else str(shown), "salt": shown.salt, "fingerprint": shown.fingerprint}
        return {TAG: "secret", **{name: text for name, text in more.items() if text}}

    def _repr_of(self, value: Any, path: tuple[Any, ...]) -> str:
        text = short_repr(value, sys.maxsize)
        return short_text(text if self._hide is None else str(self._hide((*path, 0), text)))

    def _write_whole(self, value: Any, kind: type, path: tuple[Any, ...]) -> Any:
        """Write a value which another thread may be changing, again if it did."""
        for _ in range(_TRIES):
            with suppress(RuntimeError):  # it changed while it was read
                return self._write_other(value, kind, path)
        return self._write_other(value, kind, path)

    def _write_other(self, value: Any, kind: type, path: tuple[Any, ...]) -> Any:
        if kind is dict:
            return self._write_dict(dict(value), path)
        if kind is list:
            return [self.write(item, path) for item in tuple(value)]
        if kind in _COLLECTIONS:
            items = value if kind is tuple else _ordered(value.copy())
            return {TAG: kind.__name__, "value": [self.write(item, path) for item in items]}
        if self._hide is not None and kind in (bytes, bytearray):
            value = self._hide(path, value)
            if isinstance(value, str):
                return self._write_shown(value)
        if isinstance(value, Reference):
            return self._write_plain(dict(value.tagged), path)
        if kind.__module__ in _NUMPY_MODULES:
            numpy_value = arrays.take_apart(value, lambda item: self.write(item, path))
            if numpy_value is not None:
                return {TAG: f"numpy.{numpy_value[0]}", **numpy_value[1]}
        if _is_scalar(value):
            parts = {"dtype": str(value.dtype), "value": self.write(arrays.item_of(value))}
            return {TAG: "scalar", "name": _name_of(kind), **parts}
        write = _STANDARD_WRITERS.get(kind.__name__) if kind.__module__ in _STANDARD_MODULES else None
        return write(self, value) if write else self._write_by_name(value, kind, path)

    def _write_dict(self, value: dict[Any, Any], path: tuple[Any, ...]) -> Any:
        if TAG not in value and all(type(key) is str for key in value):
            if self._hide is None:
                return {key: self.write(item, (*path, key)) for key, item in value.items()}
            return {str(self._hide((), key)): self.write(item, (*path, key)) for key, item in value.items()}
        items = [[self.write(key), self.write(item, (*path, key))] for key, item in value.items()]
        return {TAG: "dict", "items": items}

    def _write_plain(self, data: Any, path: tuple[Any, ...]) -> Any:
        """Write what is plain JSON data already."""
        if isinstance(data, list):
            return [self._write_plain(item, path) for item in data]
        if not isinstance(data, dict):
            return self.write(data, path) if isinstance(data, str) else data
        if self._hide is None or data.get(TAG) == "secret":
            return data
        keep = (TAG, "name") if TAG in data else ()
        return {key: item if key in keep else self._write_plain(item, (*path, key)) for key, item in data.items()}

    def _write_by_name(self, value: Any, kind: type, path: tuple[Any, ...]) -> Any:
        import enum

        if (secret := secret_of(value)) is not None:
            return self._write_shown(secret if self._hide is None else self._hide(path, secret))
        if isinstance(value, enum.Enum):
            return {TAG: "enum", "name": f"{_name_of(kind)}.{value.name}"}
        if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
            return {TAG: "reference", "name": _name_of(value)}
        if hasattr(kind, "__dataclass_fields__"):
            from dataclasses import fields

            names = [field.name for field in fields(value)]
            members = {name: self.write(getattr(value, name), (*path, name)) for name in names}
            return {TAG: "dataclass", "name": _name_of(kind), "fields": members}
        if isinstance(value, Iterator):  # jsonpickle would use some up, and whoever reads them next would find nothing
            return {TAG: "object", "name": _name_of(kind), "repr": self._repr_of(value, path)}
        import jsonpickle

        pickler = jsonpickle.pickler.Pickler(unpicklable=True, warn=False)
        pickler._max_iter = 0  # of iterators inside it reads nothing; it takes no argument for that from version 5 on
        state = pickler.flatten(thaw(value))  # without what is read-only
        written = {TAG: "jsonpickle", "name": _name_of(kind), "state": self.write(state, path)}
        plain = plain_twin(value)
        return written if plain is value else {**written, "value": self.write(plain, path)}


def _is_scalar(value: Any) -> bool:
    """Return whether a value is one number of an array library: a tensor of torch or an array of jax, say."""
    if isinstance(value, type) or not hasattr(value, "dtype") or not hasattr(value, "item"):
        return False
    return getattr(value, "shape", None) == () and isinstance(value.item(), bool | int | float)


def plain_twin(value: Any) -> Any:
    """
    Return a value whose class inherits from a plain one as that, a named tuple as a dict; any other itself.

    Members of enums, what is read-only and values of numpy have a form of their own.

    Example:
        >>> class Rate(float): ...
        >>> plain_twin(Rate(0.5)), plain_twin(range(3))
        (0.5, range(0, 3))
    """
    kind = type(value)
    if kind in _INHERITED or kind in SCALARS or kind is not plain_kind(kind) or kind.__module__ in _NUMPY_MODULES:
        return value
    if isinstance(value, Masked | Secret) or hasattr(kind, "__members__"):
        return value
    if fields := fields_of_tuple(value):
        return dict(zip(fields, value, strict=True))
    return next((make(value) for plain, make in _INHERITED.items() if isinstance(value, plain)), value)


def number_of(value: Any) -> Any:
    """
    Return a single number of whatever library as one of Python, and any other value as it is.

    Example:
        >>> import numpy
        >>> number_of(numpy.float32(0.5)), number_of(numpy.array(3)), number_of("3")
        (0.5, 3, '3')
    """
    if type(value) in (bool, int, float, str) or not hasattr(value, "dtype") or not hasattr(value, "item"):
        return value
    if isinstance(value, type) or getattr(value, "shape", None) != ():
        return value
    item = arrays.item_of(value)
    if isinstance(item, bool | int | float):
        return item
    return float(item) if getattr(value.dtype, "kind", "") == "f" else value  # longer ones are numpy's own for ever


def plain_numbers(data: Any) -> Any:
    """
    Return plain JSON data in which single numbers of every library are plain, whether or not that is installed here.

    Example:
        >>> plain_numbers({"lr": {"__type__": "numpy.scalar", "dtype": "<f4", "shape": [], "value": 0.5}})
        {'lr': 0.5}
    """
    if isinstance(data, list):
        return [plain_numbers(item) for item in data]
    if not isinstance(data, dict):
        return data
    tag = data.get(TAG)
    if isinstance(tag, str) and tag in _NUMBER_TAGS and not data.get("shape") and "value" in data:
        return data["value"]
    return {key: plain_numbers(item) for key, item in data.items()}


def _name_of(thing: Any) -> str:
    return f"{getattr(thing, '__module__', '?')}:{getattr(thing, '__qualname__', type(thing).__qualname__)}"


def short_repr(value: Any, most: int = 200) -> str:
    """Return a repr of at most `most` characters; never fails."""
    try:
        text = repr(value)
    except Exception as problem:
        text = f"<{type(value).__qualname__}, whose repr raises {type(problem).__name__}>"
    return short_text(text, most)


def short_text(text: str, most: int = 200) -> str:
    """Return the first `most` characters of a text, with dots where there are more."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _write_path(writer: _Writer, value: Any) -> Any:
    text = str(value) if writer._hide is None else str(writer._hide((), str(value)))
    flavour = "windows" if "Windows" in type(value).__name__ else "posix"
    pure = type(value).__name__.startswith("Pure")
    return {TAG: "path", "value": text, **({"pure": flavour} if pure else {})}


def _write_time(_writer: _Writer, value: Any) -> Any:
    zone = getattr(value.tzinfo, "key", None)
    more = {"fold": value.fold, "zone": zone}
    return {TAG: type(value).__name__, "value": value.isoformat(), **{key: item for key, item in more.items() if item}}


_COLLECTIONS = (tuple, set, frozenset)
_INHERITED: dict[type, Callable[[Any], Any]] = {
    int: int.__int__,
    float: float.__float__,
    str: str.__str__,
    **{kind: kind for kind in (dict, list, tuple, set, frozenset)},
}
"""What makes a plain value of one whose class inherits from its class, whatever that class says of being one."""

_NUMBER_TAGS = {"numpy.scalar", "numpy.array", "scalar"}
_TRIES = 5
"""How often a value is read that changes while it is read."""

_LONGEST_INT = 10_000
"""In bits; Python refuses to write longer ones as decimal text, see `sys.set_int_max_str_digits`."""

_NUMPY_MODULES = {"numpy", "numpy.dtypes"}
_STANDARD_MODULES = {"builtins", "datetime", "decimal", "pathlib", "pathlib._local", "fractions", "uuid"}

_STANDARD_WRITERS: dict[str, Callable[[_Writer, Any], Any]] = {
    "int": lambda w, v: {TAG: "int", "value": hex(v)},
    "bytes": lambda w, v: {TAG: "bytes", "base64": arrays.write_bytes(v)},
    "bytearray": lambda w, v: {TAG: "bytearray", "base64": arrays.write_bytes(bytes(v))},
    "complex": lambda w, v: {TAG: "complex", "value": [w.write(v.real), w.write(v.imag)]},
    "datetime": _write_time,
    "date": lambda w, v: {TAG: "date", "value": v.isoformat()},
    "time": _write_time,
    "timedelta": lambda w, v: {TAG: "timedelta", "value": [v.days, v.seconds, v.microseconds]},
    "Decimal": lambda w, v: {TAG: "decimal", "value": str(v)},
    "Fraction": lambda w, v: {TAG: "fraction", "value": str(v)},
    "UUID": lambda w, v: {TAG: "uuid", "value": str(v)},
    "range": lambda w, v: {TAG: "range", "value": [v.start, v.stop, v.step]},
    "slice": lambda w, v: {TAG: "slice", "value": [w.write(v.start), w.write(v.stop), w.write(v.step)]},
    "ellipsis": lambda w, v: {TAG: "ellipsis"},
    **dict.fromkeys(("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath"), _write_path),
}


def _ordered(items: Any) -> list[Any]:
    try:
        return sorted(items)
    except TypeError:
        return sorted(items, key=lambda item: (type(item).__name__, short_repr(item)))


def from_json(data: Any, *, trust: bool = False) -> Any:
    """
    Return the value that `to_json` wrote.

    Args:
        data: Plain JSON data.
        trust: Whether names in the data may be imported and objects rebuilt; without it nothing is executed.

    Raises:
        ValueFormatError: A tag is damaged, or the data are nested more deeply than Python reads.
    """
    try:
        return _from_json(data, trust)
    except RecursionError as problem:
        raise ValueFormatError("stored value", "is nested too deeply") from problem


def _from_json(data: Any, trust: bool) -> Any:
    if isinstance(data, list):
        return [_from_json(item, trust) for item in data]
    if not isinstance(data, dict):
        return data
    tag = data.get(TAG)
    if tag is None:
        return {key: _from_json(item, trust) for key, item in data.items()}
    try:
        if tag == "scalar" and trust:
            return _restore_scalar(data)
        if tag in _READERS:
            return _READERS[tag](data, lambda item: _from_json(item, trust))
        if tag.startswith("numpy."):
            with suppress(ImportError):
                return arrays.put_together(tag[6:], data, lambda item: _from_json(item, trust))
        if trust and tag in _RESTORERS:
            return _RESTORERS[tag](data)
        return _from_json(data["value"], trust) if tag == "jsonpickle" and "value" in data else Reference(data)
    except RecursionError:
        raise
    except Exception as problem:
        raise ValueFormatError(f"stored value of type {tag!r}", f"cannot be read back ({problem})") from problem


def _read_path(data: dict[str, Any], _read: Callable[[Any], Any]) -> Any:
    import pathlib

    kinds = {"posix": pathlib.PurePosixPath, "windows": pathlib.PureWindowsPath, None: pathlib.Path}
    return kinds[data.get("pure")](data["value"])


def _datetime(name: str) -> Callable[[dict[str, Any], Callable[[Any], Any]], Any]:
    def read(data: dict[str, Any], _read: Callable[[Any], Any]) -> Any:
        import datetime

        value = getattr(datetime, name).fromisoformat(data["value"])
        if "zone" in data:
            import zoneinfo

            with suppress(zoneinfo.ZoneInfoNotFoundError):  # the offset stays
                value = value.replace(tzinfo=zoneinfo.ZoneInfo(data["zone"]))
        return value.replace(fold=data["fold"]) if "fold" in data else value

    return read


def _timedelta(data: dict[str, Any], _read: Callable[[Any], Any]) -> Any:
    import datetime

    return datetime.timedelta(*data["value"])


def _by_text(module: str, name: str) -> Callable[[dict[str, Any], Callable[[Any], Any]], Any]:
    def read(data: dict[str, Any], _read: Callable[[Any], Any]) -> Any:
        import importlib

        return getattr(importlib.import_module(module), name)(data["value"])

    return read


def _items(data: dict[str, Any], read: Callable[[Any], Any]) -> list[Any]:
    """Return the items of a collection, which stand in a list: a range of a billion numbers is a short text."""
    if not isinstance(data["value"], list):
        raise TypeError("its items are no list")
    return [read(item) for item in data["value"]]


def _fraction(data: dict[str, Any], _read: Callable[[Any], Any]) -> Any:
    import fractions

    return fractions.Fraction(*map(int, data["value"].split("/")))  # an exponent would be written out


_READERS: dict[str, Callable[[dict[str, Any], Callable[[Any], Any]], Any]] = {
    "tuple": lambda d, read: tuple(_items(d, read)),
    "set": lambda d, read: set(_items(d, read)),
    "frozenset": lambda d, read: frozenset(_items(d, read)),
    "dict": lambda d, read: {read(key): read(item) for key, item in d["items"]},
    "float": lambda d, read: float(d["value"]),
    "int": lambda d, read: int(d["value"], 16),
    "complex": lambda d, read: complex(*_items(d, read)),
    "bytes": lambda d, read: arrays.read_bytes(d["base64"]),
    "bytearray": lambda d, read: bytearray(arrays.read_bytes(d["base64"])),
    "datetime": _datetime("datetime"),
    "date": _datetime("date"),
    "time": _datetime("time"),
    "timedelta": _timedelta,
    "decimal": _by_text("decimal", "Decimal"),
    "fraction": _fraction,
    "uuid": _by_text("uuid", "UUID"),
    "range": lambda d, read: range(*d["value"]),
    "slice": lambda d, read: slice(*_items(d, read)),
    "ellipsis": lambda d, read: ...,
    "path": _read_path,
    "scalar": lambda d, read: read(d["value"]),
    "secret": lambda d, read: Masked(d.get("text") or MASK, d.get("salt", ""), d.get("fingerprint", "")),
}


def _restore_named(data: dict[str, Any]) -> Any:
    try:
        return find_by_name(data["name"])
    except (ImportError, AttributeError):  # a lambda, or what has moved since
        return Reference(data)


def _restore_scalar(data: dict[str, Any]) -> Any:
    """Return a number as one of the library that it came from; as one of Python where that is not here."""
    import importlib

    library = data["name"].partition(":")[0].partition(".")[0]
    value, dtype = from_json(data["value"]), data["dtype"].rpartition(".")[2]
    with suppress(ImportError):
        if library == "torch":
            torch = importlib.import_module("torch")
            return torch.tensor(value, dtype=getattr(torch, dtype))
        if library in ("jax", "jaxlib"):
            return importlib.import_module("jax.numpy").asarray(value, dtype=dtype)
    return value


def _restore_dataclass(data: dict[str, Any]) -> Any:
    found = _restore_named(data)
    if isinstance(found, Reference):
        return found
    instance = object.__new__(found)
    for name, value in data["fields"].items():
        object.__setattr__(instance, name, from_json(value, trust=True))
    return instance


def _restore_object(data: dict[str, Any]) -> Any:
    import jsonpickle

    return jsonpickle.unpickler.Unpickler().restore(from_json(data["state"], trust=True), reset=True)


_RESTORERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "enum": _restore_named,
    "reference": _restore_named,
    "dataclass": _restore_dataclass,
    "jsonpickle": _restore_object,
}


def find_by_name(name: str) -> Any:
    """
    Import what `module:qualname` names. Only for data that is trusted.

    Raises:
        ImportError: There is no such module.
        AttributeError: The module has no such name.
    """
    import importlib

    module, _, qualname = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in qualname.split("."):
        found = getattr(found, part)
    return found


def dump(value: Any, *, indent: int | None = 1) -> bytes:
    """Return JSON text of `to_json(value)` in UTF-8, readable where it can be."""
    return dump_plain(to_json(value), indent=indent)


def dump_plain(data: Any, *, indent: int | None = 1) -> bytes:
    """Return JSON text of plain data in UTF-8, readable where it can be: each of the outer entries has its own line."""
    try:
        return _lines(data, indent, False).encode("utf-8")
    except UnicodeEncodeError:
        return _lines(data, indent, True).encode("ascii")


_CONSTANTS = {None: "null", True: "true", False: "false"}


def _lines(data: Any, indent: int | None, ascii_only: bool, depth: int = 1) -> str:
    """Return JSON text with the entries of the two outer levels on lines of their own; the C encoder does the rest."""
    if data is None or data is True or data is False:
        return _CONSTANTS[data]
    encode = _encoder(ascii_only)
    if indent is None or depth > 2 or not isinstance(data, dict) or not data:
        return encode(data)
    space = "\n" + " " * indent * depth
    entries = (f"{space}{encode(key)}: {_lines(item, indent, ascii_only, depth + 1)}" for key, item in data.items())
    return "{" + ",".join(entries) + space[: -indent or None] + "}"


@cache
def _encoder(ascii_only: bool) -> Callable[[Any], str]:
    """Return what encodes data; made once, which takes longer than most of what it encodes."""
    import json

    return json.JSONEncoder(ensure_ascii=ascii_only).encode


def load(text: bytes | str, *, trust: bool = False) -> Any:
    """
    Return the value that `dump` wrote.

    Raises:
        ValueFormatError: The text is no JSON, or a tag is damaged.
    """
    try:
        import json

        data = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise ValueFormatError("stored JSON", str(problem)) from problem
    return from_json(data, trust=trust)


_HARMLESS_TAGS = {"py/tuple", "py/set", "py/b64", "py/b85", "py/id"}
_KEY_TAG = "json://"


def jsonpickle_module() -> Any:
    """Return jsonpickle, knowing arrays and frames where their packages are loaded."""
    import importlib

    import jsonpickle

    for package in ("numpy", "pandas"):
        if package in sys.modules:
            importlib.import_module(f"jsonpickle.ext.{package}").register_handlers()
    return jsonpickle


def pickle_tags() -> set[str]:
    """Return the keys that mean something else than themselves to jsonpickle."""
    from jsonpickle import tags

    return set(tags.RESERVED)


def is_pickle_key(key: str) -> bool:
    """Return whether a key means something else than itself to jsonpickle."""
    return key.startswith((_KEY_TAG, "py/")) and (key.startswith(_KEY_TAG) or key in pickle_tags())


def pickle_to_json(value: Any) -> Any:
    """Return a value as plain JSON data in jsonpickle's form, keys that are no text included."""
    return jsonpickle_module().pickler.Pickler(keys=True, warn=False).flatten(value)


def unpickle_from_json(data: Any, *, trust: bool = True) -> Any:
    """
    Return the value that `pickle_to_json` made plain.

    Args:
        data: Plain JSON data.
        trust: Whether names in the data may be imported and called; without it only tuples, sets, bytes and keys that
            are no text come back, and nothing is executed.

    Raises:
        ValueFormatError: Without trust: the data holds what would have to be executed.
    """
    if not trust:
        _refuse_code(data)
    import warnings

    unpickler = jsonpickle_module().unpickler
    with warnings.catch_warnings():  # jsonpickle sets the type of arrays in a way that numpy 2.5 warns of
        warnings.simplefilter("ignore", DeprecationWarning)
        return unpickler.Unpickler(keys=True, on_missing="error").restore(data, reset=True)


def _refuse_code(data: Any) -> None:
    if isinstance(data, list | tuple):
        for item in data:
            _refuse_code(item)
    if not isinstance(data, dict):
        return
    for key, item in data.items():
        if isinstance(key, str) and key.startswith("py/") and key not in _HARMLESS_TAGS:
            raise ValueFormatError("data", f"holds {key!r}: code, which is never executed. Write plain values.")
        if isinstance(key, str) and key.startswith(_KEY_TAG):
            _refuse_code(_decoded(key[len(_KEY_TAG) :]))
        _refuse_code(item)


def _decoded(text: str) -> Any:
    """Return what a text says in JSON; the text itself where it is none."""
    import json

    try:
        return json.loads(text)
    except ValueError:
        return text
