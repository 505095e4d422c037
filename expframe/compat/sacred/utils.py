"""What Sacred's users import from `sacred.utils`; most of it lives in files of its kind."""

from __future__ import annotations

import importlib
import logging
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from functools import partial, wraps
from pathlib import Path
from typing import Any, Union

from expframe.compat.sacred._own.backspaces import *  # noqa: F403  these names are Sacred's, in all of its versions
from expframe.compat.sacred._own.dotted import *  # noqa: F403
from expframe.compat.sacred._own.exceptions import *  # noqa: F403
from expframe.compat.sacred._own.tracebacks import *  # noqa: F403
from expframe.compat.sacred.optional import module_exists  # noqa: F401
from expframe.config.signatures import signature_of

PathType = Union[str, bytes, Path]  # noqa: UP007  `isinstance` and subscripts of it are used


def convert_camel_case_to_snake_case(name: str) -> str:
    """
    Return a name in snake case.

    Example:
        >>> convert_camel_case_to_snake_case("HTTPResponseOption")
        'http_response_option'
    """
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def create_basic_stream_logger() -> logging.Logger:
    """Return the root logger, writing to standard error alone."""
    root = logging.getLogger("")
    root.handlers = []
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s - %(name)s - %(message)s"))
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    return root


def ensure_wellformed_argv(argv: str | Sequence[str] | None) -> list[str]:
    """
    Return a command line as a list of words; by default that of the process.

    Raises:
        ValueError: It is neither a text nor a list of texts.
    """
    if argv is None:
        return list(sys.argv)
    if isinstance(argv, str):
        return shlex.split(argv)
    if not isinstance(argv, list | tuple):
        raise ValueError(f"argv must be str or list, but was {type(argv)}")
    if not all(isinstance(word, str) for word in argv):
        wrong = [word for word in argv if not isinstance(word, str)]
        raise ValueError(f"argv must be list of str but contained the following elements: {wrong}")
    return list(argv)


def get_inheritors(cls: type) -> set[type]:
    """Return all subclasses of a class, and theirs."""
    direct: list[type] = cls.__subclasses__()
    return {found for below in direct for found in (below, *get_inheritors(below))}


def get_package_version(name: str) -> Any:
    """Return the version of an installed package, to be compared."""
    return parse_version(importlib.import_module(name).__version__)


def parse_version(version_string: Any) -> Any:
    """Return a version, to be compared."""
    from packaging import version

    return version.parse(str(version_string))


def module_is_in_cache(module_name: str) -> bool:
    """Return whether a module is imported."""
    return module_name in sys.modules


def optional_kwargs_decorator(func: Callable[..., Any]) -> Callable[..., Any]:
    """Return a decorator, or method that is one, which works bare, with empty parentheses and with keywords."""
    needed = 2 if next(iter(signature_of(func).parameters), "") == "self" else 1

    @wraps(func)
    def decorate(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs) if len(args) >= needed else partial(func, *args, **kwargs)

    return decorate
