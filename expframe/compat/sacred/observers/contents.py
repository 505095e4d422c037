"""What is in a file: its digest and its kind."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_BLOCK = 1 << 20


def md5_of(path: str | os.PathLike[str]) -> str:
    """Return the MD5 digest of a file in hex; Sacred's formats tell contents apart by it."""
    digest = hashlib.md5(usedforsecurity=False)
    with Path(path).open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
