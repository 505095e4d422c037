"""What is answered where nothing can be: JSON for the page's own questions, a small page for people."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import NamedTuple

from expframe.errors import (
    ExpframeError,
    MissingLibraryError,
    RunExistsError,
    RunNotFoundError,
    StoreError,
    UsageError,
    ValueFormatError,
)

Headers = Sequence[tuple[bytes, bytes]]

_STATUSES: Sequence[tuple[type[BaseException], int]] = (
    (RunNotFoundError, 404),
    (RunExistsError, 409),
    (UsageError, 400),
    (MissingLibraryError, 501),
    (ValueFormatError, 422),
    (StoreError, 409),
    (FileNotFoundError, 404),
    (PermissionError, 403),
)

_PAGE = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title} · expframe</title>
<h1>{title}</h1><p>{message}</p></html>
"""


class Refusal(NamedTuple):
    """
    Why nothing is answered.

    Attributes:
        status: That of HTTP.
        kind: A name for programs.
        message: A text for people.
        headers: What else is said.
    """

    status: int
    kind: str
    message: str
    headers: Headers = ()

    @classmethod
    def of(cls, problem: Exception) -> Refusal:
        """Return what is answered to what went wrong."""
        status = next((number for kind, number in _STATUSES if isinstance(problem, kind)), 500)
        if isinstance(problem, ExpframeError):
            return cls(422 if status == 500 else status, type(problem).__name__, str(problem))
        if isinstance(problem, OSError):
            what = f"{problem.strerror or problem}{f' ({problem.filename})' if problem.filename else ''}"
            return cls(503 if status == 500 else status, type(problem).__name__, f"The files cannot be read: {what}.")
        return cls(500, type(problem).__name__, f"This is a fault of expframe: {type(problem).__name__}: {problem}")

    def content(self, *, is_page: bool) -> tuple[Headers, bytes]:
        """Return headers and bytes, as a page or as JSON."""
        if is_page:
            page = _PAGE.format(
                title=_TITLES.get(self.status, "This cannot be shown"), message=html.escape(self.message)
            )
            kind, body = b"text/html; charset=utf-8", page.encode("utf-8", "replace")
        else:
            body = json.dumps({"error": self.kind, "message": self.message}).encode()
            kind = b"application/json"
        return [(b"content-type", kind), (b"content-length", str(len(body)).encode()), *self.headers], body


_TITLES = {401: "This page is locked", 403: "This is refused", 404: "There is no such thing"}
