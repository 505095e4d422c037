"""Config files: .json and .yaml in and out, .toml in. Reading one never executes code."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from expframe.config import dotted, json_values
from expframe.config.frozen import thaw
from expframe.disk.files import replace_file
from expframe.errors import ConfigFileError, ExpframeError, one_of_type

SUFFIXES = (".json", ".yaml", ".yml", ".toml")

SCHEMA_KEY = "$schema"
"""The key by which a file says to editors what it may say; it is no entry."""

# Patterns are compiled where they are first used: most experiments read no file.
_OLD_FLOAT = r"(?i)[-+]?(?:[\d_]*[.][\d_]*(?:e[-+]\d+)?|\d[\d_]*(?::[0-5]?\d)+[.][\d_]*|[.]inf)|[.]nan"
_OLD_WORD = r"(?i)yes|no|on|off|[-+]?\d[\d_]*(?::[0-5]?\d)+(?:[.]\d*)?"


def is_config_file(name: str) -> bool:
    """Return whether a name ends like a config file."""
    return name.lower().endswith(SUFFIXES)


def load(path: str | os.PathLike[str]) -> dict[Any, Any]:
    """
    Return the entries of a config file; of a config that a run stored, its values.

    Raises:
        ConfigFileError: The file is missing, malformed, of an unknown kind, or holds no entries.
    """
    name = os.fspath(path)
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise ConfigFileError(name, f"unknown kind {suffix!r}. Known kinds: {', '.join(SUFFIXES)}.")
    content = _content(name)
    try:
        written = _LOADERS[suffix](content)
        is_too_deep = dotted.is_too_deep(written)
        data = None if is_too_deep else json_values.from_json(written)
    except ExpframeError as problem:
        raise ConfigFileError(name, str(problem)) from problem
    except Exception as problem:
        raise ConfigFileError(name, f"malformed {suffix[1:]}: {_in_short(problem)}") from problem
    if is_too_deep:
        raise ConfigFileError(name, dotted.TOO_DEEP)
    if isinstance(data, dict) and json_values.STORED in data:
        data = data.get("values")
    if not isinstance(data, dict):
        raise ConfigFileError(name, f"holds {_kind_of(data)}, not entries (name: value).")
    if suffix == ".json" and _has_foreign_tags(data):
        raise ConfigFileError(
            name, "holds objects written as code (py/...), which are never executed. Write plain values."
        )
    if isinstance(data.get(SCHEMA_KEY), str):
        del data[SCHEMA_KEY]
    return data


def _content(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except FileNotFoundError:
        raise ConfigFileError(name, f"not found (looked in {Path.cwd()}).") from None
    except OSError as problem:
        raise ConfigFileError(name, f"cannot be read ({problem.strerror}).") from problem


def _in_short(problem: Exception) -> str:
    """Return what is wrong in one line, without lines of the file, which may hold secrets."""
    mark = getattr(problem, "problem_mark", None)
    if mark is None:
        return " ".join(str(problem).replace('in "<unicode string>", ', "in ").split())
    said = [getattr(problem, "context", None), getattr(problem, "problem", None)]
    text = ", ".join(part.partition(" with value ")[0] for part in said if part)
    return f"{text} (line {mark.line + 1}, column {mark.column + 1})"


def save(config: dict[Any, Any], path: str | os.PathLike[str], schema: str = "") -> None:
    """
    Write entries to a config file, which `load` and `with FILE` read back.

    Args:
        config: The entries.
        path: The file.
        schema: Where editors find the JSON Schema of such files, from the folder of this one.

    Raises:
        ConfigFileError: The kind is unknown or cannot be written.
        OSError: The file system refused.
    """
    name = os.fspath(path)
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES or suffix == ".toml":
        raise ConfigFileError(name, f"{suffix!r} cannot be written. Known kinds: .json, .yaml, .yml.")
    data = json_values.to_json(thaw(config))
    if suffix == ".json":
        text = json.dumps({SCHEMA_KEY: schema, **data} if schema else data, indent=2, ensure_ascii=False) + "\n"
    else:
        text = f"# yaml-language-server: $schema={schema}\n" * bool(schema) + to_yaml(data)
    replace_file(Path(name), text)


def _kind_of(data: Any) -> str:
    return "nothing" if data is None else one_of_type(data)


def _has_foreign_tags(data: Any) -> bool:
    if isinstance(data, dict):
        return any(str(key).startswith("py/") or _has_foreign_tags(item) for key, item in data.items())
    return isinstance(data, list | tuple) and any(map(_has_foreign_tags, data))


_MOST_BY_ALIASES = 1_000_000
"""Values; a few lines of aliases of aliases can stand for billions."""


def _load_json(content: bytes) -> Any:
    return json.loads(content, object_pairs_hook=_once_each)


def _once_each(entries: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in entries:
        if name in found:
            raise ValueError(f"found duplicate key {name!r}")
        found[name] = value
    return found


def from_yaml(text: str, version: tuple[int, int] | None = None) -> Any:
    """
    Return what a YAML text says; tags that name code are refused.

    Args:
        text: The text.
        version: The version of YAML where the text does not say it; in 1.1 `yes` and `on` are true.

    Raises:
        ConfigFileError: It is malformed.
    """
    try:
        return _parse_yaml(text, version)
    except Exception as problem:  # the parser has many of its own, and those of dates and numbers
        raise ConfigFileError("YAML text", f"malformed: {_in_short(problem)}") from problem


def _load_yaml(content: bytes) -> Any:
    data = _parse_yaml(content.decode("utf-8-sig"))
    return {} if data is None else data


def _parse_yaml(text: str, version: tuple[int, int] | None = None) -> Any:
    from ruamel.yaml import YAML

    yaml: Any = YAML(typ="safe", pure=True)
    yaml.version = version
    if version == (1, 1):
        yaml.Constructor = _constructor_of_old_yaml()
    data = yaml.load(text)
    if _written_out(data, {}) > max(_MOST_BY_ALIASES, len(text)):
        raise ValueError(f"its aliases stand for more than {_MOST_BY_ALIASES} values")
    return data


def _written_out(data: Any, known: dict[int, int]) -> int:
    """
    Return how many values data have where each alias stands for all that it names.

    Raises:
        ValueError: Something contains itself.
    """
    if not isinstance(data, dict | list | tuple):
        return 1
    found = known.get(id(data))
    if found is None:
        known[id(data)] = -1
        items = (*data, *data.values()) if isinstance(data, dict) else data
        found = known[id(data)] = 1 + sum(_written_out(item, known) for item in items)
    if found < 0:
        raise ValueError("an alias stands for what contains it")
    return found


def _constructor_of_old_yaml() -> Any:
    """
    Return what reads YAML 1.1 as PyYAML does.

    `y`, `n` and `1e3` are text, the last of equal keys prevails, and its tags for plain values of Python are known.
    """
    from ruamel.yaml.constructor import SafeConstructor

    class OldYaml(SafeConstructor):
        def construct_yaml_bool(self, node: Any) -> Any:
            return node.value if node.value in ("y", "Y", "n", "N") else super().construct_yaml_bool(node)

        def construct_yaml_float(self, node: Any) -> Any:
            is_text = "e" in node.value.lower() and not re.fullmatch(_OLD_FLOAT, node.value)
            return node.value if is_text else super().construct_yaml_float(node)

        def check_mapping_key(self, *_: Any) -> bool:
            return True

        def construct_tuple(self, node: Any) -> Any:
            return tuple(self.construct_sequence(node, deep=True))

        def construct_complex(self, node: Any) -> Any:
            return complex(node.value)

    known = {
        "bool": OldYaml.construct_yaml_bool,
        "float": OldYaml.construct_yaml_float,
        "python/bool": OldYaml.construct_yaml_bool,
        "python/complex": OldYaml.construct_complex,
        "python/dict": OldYaml.construct_yaml_map,
        "python/float": OldYaml.construct_yaml_float,
        "python/int": OldYaml.construct_yaml_int,
        "python/list": OldYaml.construct_yaml_seq,
        "python/none": OldYaml.construct_yaml_null,
        "python/str": OldYaml.construct_yaml_str,
        "python/tuple": OldYaml.construct_tuple,
        "python/unicode": OldYaml.construct_yaml_str,
    }
    for tag, construct in known.items():
        OldYaml.add_constructor(f"tag:yaml.org,2002:{tag}", construct)
    return OldYaml


def _load_toml(content: bytes) -> Any:
    import tomllib

    return tomllib.loads(content.decode("utf-8-sig"))


def to_yaml(data: Any) -> str:
    """Return plain data as a YAML text in block style."""
    import io

    from ruamel.yaml import YAML
    from ruamel.yaml.representer import SafeRepresenter

    class Representer(SafeRepresenter):
        def represent_str(self, data: str) -> Any:
            is_odd = not data.replace("\n", "").isprintable()  # the emitter itself loses line ends such as U+0085
            is_old = re.fullmatch(_OLD_WORD, data)  # readers of YAML 1.1 would take it for something else
            style = '"' if is_odd else "'" if is_old else None
            return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)

        def represent_float(self, data: float) -> Any:
            whole, has_exponent, exponent = repr(data).partition("e")
            if not has_exponent or "." in whole:
                return super().represent_float(data)
            return self.represent_scalar("tag:yaml.org,2002:float", f"{whole}.0e{exponent}")  # 1e-05: text to old ones

    Representer.add_representer(str, Representer.represent_str)
    Representer.add_representer(float, Representer.represent_float)
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.Representer = Representer
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()


_LOADERS: dict[str, Callable[[bytes], Any]] = {
    ".json": _load_json,
    ".yaml": _load_yaml,
    ".yml": _load_yaml,
    ".toml": _load_toml,
}
