"""What is secret, and how it is shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

MASK = "********"

_SECRET_NAME = re.compile(r"(?:^|_)(?:password|passwd|secret|token|api_key|access_key|private_key)$", re.IGNORECASE)
_URL_CREDENTIALS = re.compile(r"\b([a-zA-Z][a-zA-Z0-9+.\-]*://)([^/\s@'\"]+)@")


class Secret(str):
    """
    A text that functions see as it is and that is masked wherever it is stored or printed.

    Example:
        >>> key = Secret("hunter2")
        >>> key, str(key) == "hunter2"
        (Secret('********'), True)
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"


def is_secret_name(name: object) -> bool:
    """
    Return whether an entry of this name holds a secret.

    Example:
        >>> is_secret_name("api_key"), is_secret_name("db_password"), is_secret_name("tokens")
        (True, True, False)
    """
    return isinstance(name, str) and _SECRET_NAME.search(name) is not None


def is_masked(name: object, value: object) -> bool:
    """Return whether `value` under `name` must not be shown: a Secret, or a text under a secret name."""
    return isinstance(value, Secret) or (isinstance(value, str) and bool(value) and is_secret_name(name))


def mask_text(text: str, secrets: Iterable[str] = ()) -> str:
    """Return text without credentials in URLs and without the given secrets."""
    if "://" in text:
        text = _URL_CREDENTIALS.sub(rf"\1{MASK}@", text)
    for secret in secrets:
        if len(secret) >= 4 and secret in text:
            text = text.replace(secret, MASK)
    return text


def mask(value: Any, name: object = None, *, shown: Any = MASK) -> Any:
    """
    Return a copy of plain data in which every secret stands as `shown`.

    Args:
        value: Dicts, lists, tuples and leaves.
        name: The last part of the value's path.
        shown: What stands in a secret's place.
    """
    if isinstance(value, dict):
        return {key: mask(item, key, shown=shown) for key, item in value.items()}
    if isinstance(value, list):
        return [mask(item, name, shown=shown) for item in value]
    if type(value) is tuple:
        return tuple(mask(item, name, shown=shown) for item in value)
    if is_masked(name, value):
        return shown
    return mask_text(value) if type(value) is str else value


def secrets_in(value: Any, name: object = None) -> set[str]:
    """Return the texts in plain data that must not be shown."""
    if isinstance(value, dict):
        return {text for key, item in value.items() for text in secrets_in(item, key)}
    if isinstance(value, list | tuple):
        return {text for item in value for text in secrets_in(item, name)}
    return {str(value)} if is_masked(name, value) else set()
