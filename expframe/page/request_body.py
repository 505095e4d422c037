"""What a page tells the server to change: the entries of a JSON body, read as what they are to be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from expframe.errors import QuestionError

_LONGEST = 100_000
_MOST = 10_000


class RequestBody:
    """
    What is to be changed, and how.

    Args:
        data: The entries.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data

    @classmethod
    def read(cls, body: bytes) -> RequestBody:
        """
        Return what a body says.

        Raises:
            QuestionError: It is no JSON object.
        """
        try:
            data = json.loads(body)
        except (ValueError, RecursionError) as problem:
            raise QuestionError("what was sent", "is no JSON.") from problem
        if not isinstance(data, dict):
            raise QuestionError("what was sent", "is no JSON object.")
        return cls(data)

    def text(self, name: str, default: str | None = None) -> str:
        """
        Return a text.

        Raises:
            QuestionError: It is none, too long, or not there and has no default.
        """
        found = self._data.get(name, default)
        if not isinstance(found, str) or len(found) > _LONGEST:
            raise QuestionError(name, f"is to be a text of at most {_LONGEST:,} characters.")
        return found

    def texts(self, name: str) -> list[str]:
        """
        Return several texts, each once; none where the entry is not there.

        Raises:
            QuestionError: They are no list of texts, or too many.
        """
        return list(dict.fromkeys(self._listed(name, str, "texts")))

    def numbers(self, name: str) -> list[int]:
        """
        Return several whole numbers, each once; none where the entry is not there.

        Raises:
            QuestionError: They are no list of whole numbers, or too many.
        """
        return list(dict.fromkeys(self._listed(name, int, "whole numbers")))

    def is_set(self, name: str) -> bool:
        """Return whether an entry is true."""
        return self._data.get(name) is True

    def _listed(self, name: str, kind: type, what: str) -> list[Any]:
        found = self._data.get(name, [])
        if not isinstance(found, list) or len(found) > _MOST or not all(type(one) is kind for one in found):
            raise QuestionError(name, f"is to be a list of at most {_MOST:,} {what}.")
        return found
