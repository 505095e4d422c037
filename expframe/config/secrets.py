"""What is secret, and how it is shown."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

MASK = "********"

_SECRET_NAME = re.compile(
    r"(?:^|[_-])(?:password|passwd|secret|token|api[_-]key|access[_-]key|private[_-]key)$", re.IGNORECASE
)
_URL_CREDENTIALS = re.compile(r"\b([a-zA-Z][a-zA-Z0-9+.\-]*://)([^/\s'\"]+)@")  # a password may hold an `@`
_SHORTEST = 4
"""Shorter secrets are masked under their names only: in other text they would hide half of it."""


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
    """Return text without credentials in URLs and without the given secrets, plain or as a repr shows them."""
    if "://" in text:
        text = _URL_CREDENTIALS.sub(rf"\1{MASK}@", text)
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, MASK).replace(repr(secret)[1:-1], MASK)
    return text


def mask_words(words: Sequence[str], secrets: Iterable[str] = ()) -> tuple[str, ...]:
    """
    Return the words of a command line without the values of secret names and without the given secrets.

    Example:
        >>> mask_words(["with", "db.password=hunter2", "--api-token", "abc"])
        ('with', 'db.password=********', '--api-token', '********')
    """
    hidden = {*secrets, *secrets_of(words)}
    shown = []
    before = ""
    for word in words:
        left, equals, _ = word.partition("=")
        if _is_secret_flag(before) and not word.startswith("-"):
            shown.append(MASK)
        else:
            shown.append(f"{left}={MASK}" if equals and is_secret_name(_last_part(left)) else mask_text(word, hidden))
        before = word
    return tuple(shown)


def secrets_of(words: Sequence[str]) -> set[str]:
    """Return the texts that the words of a command line give to secret names."""
    found: set[str] = set()
    for word, after in zip(words, [*words[1:], ""], strict=False):
        left, equals, text = word.partition("=")
        if not equals and _is_secret_flag(word):
            text = after
        name = _last_part(left)
        found |= secrets_in(text.strip(), name) | secrets_in(_literal(text), name)
    return found


def _last_part(left: str) -> str:
    return left.rpartition(".")[2].strip("+- ")


def _is_secret_flag(word: str) -> bool:
    return word.startswith("--") and is_secret_name(word[2:])


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def mask(value: Any, name: object = None, *, shown: Any = MASK, secrets: Collection[str] = ()) -> Any:
    """
    Return a copy of plain data in which every secret stands as `shown`.

    Args:
        value: Dicts, lists, tuples and leaves.
        name: The last part of the value's path.
        shown: What stands in a secret's place.
        secrets: Further secrets; a text that holds one is itself one.
    """
    if isinstance(value, dict):
        return {key: mask(item, key, shown=shown, secrets=secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [mask(item, name, shown=shown, secrets=secrets) for item in value]
    if type(value) is tuple:
        return tuple(mask(item, name, shown=shown, secrets=secrets) for item in value)
    if is_masked(name, value):
        return shown
    if type(value) is not str:
        return value
    text = mask_text(value)
    return text if text == mask_text(text, secrets) else shown


def mask_plain(data: Any, secrets: Iterable[str], *, keep: str = "") -> Any:
    """
    Return a copy of plain JSON data whose texts hold none of the given secrets.

    Args:
        data: Dicts, lists and leaves; keys stay as they are.
        secrets: What must not be shown.
        keep: A key whose value stays as it is.
    """
    if isinstance(data, dict):
        return {key: item if key == keep else mask_plain(item, secrets, keep=keep) for key, item in data.items()}
    if isinstance(data, list):
        return [mask_plain(item, secrets, keep=keep) for item in data]
    return mask_text(data, secrets) if isinstance(data, str) else data


def secrets_in(value: Any, name: object = None) -> set[str]:
    """Return the texts in plain data that must not be shown, passwords in URLs included."""
    if isinstance(value, dict):
        return {text for key, item in value.items() for text in secrets_in(item, key)}
    if isinstance(value, list | tuple | set | frozenset):
        return {text for item in value for text in secrets_in(item, name)}
    if is_masked(name, value):
        return {str(value)}
    return _credentials(value) if isinstance(value, str) and "://" in value else set()


def _credentials(url: str) -> set[str]:
    """Return the passwords in a text's URLs; a name without one is a secret only if it is long enough for a token."""
    found = set()
    for _, credentials in _URL_CREDENTIALS.findall(url):
        _, colon, password = credentials.partition(":")
        if colon or len(credentials) >= 16:
            found.add(password if colon else credentials)
    return found - {""}
