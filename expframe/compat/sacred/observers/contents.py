"""What is in a file: its digest and its kind."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import re
from pathlib import Path

_BLOCK = 1 << 20


def md5_of(path: str | os.PathLike[str]) -> str:
    """Return the MD5 digest of a file in hex; Sacred's formats tell contents apart by it."""
    digest = hashlib.md5(usedforsecurity=False)
    with Path(path).open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def md5_of_text(text: str) -> str:
    """Return the MD5 digest of a text in hex."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def is_md5(word: str) -> bool:
    """Return whether a word is an MD5 digest in hex."""
    return re.fullmatch("[0-9a-f]{32}", word) is not None


def guess_content_type(filename: str) -> str | None:
    """Return the MIME type that a file's name stands for, by Python's own table, the same on every machine."""
    return mimetypes.MimeTypes().guess_type(filename, strict=False)[0]


def storable_text(text: str) -> str:
    """Return a text that every database takes: without NUL, and with what is no character written out."""
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()
