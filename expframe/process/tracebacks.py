"""Stored tracebacks as a terminal shows them: without the frames of expframe itself."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent
_HEAD = "Traceback (most recent call last):"
_FRAME = re.compile(r'(?P<edge>[ |+-]*)  File "(?P<file>.*?)", line \d+')
_INSTALLED = re.compile(r"[/\\](?:site|dist)-packages[/\\](?:expframe|wrapt)[/\\]")
FROZEN = "<frozen "
"""How the files of Python's own modules begin that are in the interpreter, as those of `runpy`."""
_STANDARD = re.compile(r"[/\\]python3?[.\d]*[/\\](?!(?:site|dist)-packages)")


def without_own_frames(text: str, cwd: str = "") -> str:
    """
    Return the text of a traceback, of its causes too, without frames of expframe and what it goes through.

    Args:
        text: The whole traceback.
        cwd: Where the run was started: what lies there is the user's.
    """
    return "\n".join(_kept(text.rstrip("\n").split("\n"), cwd))


def _kept(lines: list[str], cwd: str) -> Iterator[str]:
    """Yield lines, and of each traceback the frames of the user; all where it has no other ones."""
    position = 0
    while position < len(lines):
        line = lines[position]
        position += 1
        if not line.endswith(_HEAD):
            yield line
            continue
        frames, position = _frames(lines, position)
        kept = list(_of_user(frames, cwd))
        yield line if len(kept) == len(frames) else f"{line[:-1]} (frames of expframe left out):"
        yield from (inner for frame in kept for inner in frame)


def _frames(lines: list[str], position: int) -> tuple[list[list[str]], int]:
    """Return the lines of each frame from a position on, and the position after them."""
    frames: list[list[str]] = []
    while position < len(lines):
        found = _FRAME.match(lines[position])
        if found is not None:
            frames.append([])
            edge = found["edge"]
        elif not frames or not lines[position].startswith(f"{edge}    "):
            break
        frames[-1].append(lines[position])
        position += 1
    return frames, position


def _of_user(frames: list[list[str]], cwd: str) -> Iterator[list[str]]:
    files = [found["file"] if (found := _FRAME.match(frame[0])) else "" for frame in frames]
    own = [_is_own(file, cwd) for file in files]
    if all(own):
        yield from frames
        return
    is_ours = False
    for number, frame in enumerate(frames):
        file = files[number]
        is_ours = own[number] or file.startswith(FROZEN) or (is_ours and _STANDARD.search(file) is not None)
        if not is_ours:
            yield frame


def _is_own(file: str, cwd: str) -> bool:
    """Return whether a file was expframe's, wherever it was installed when the run was made."""
    if file.startswith(str(_PACKAGE) + os.sep) or _INSTALLED.search(file):
        return True
    _, package, inside = file.replace("\\", "/").rpartition("/expframe/")
    is_users = bool(cwd) and file.startswith(cwd.rstrip("/\\") + os.sep)
    return bool(package) and not is_users and (_PACKAGE / inside).is_file()
