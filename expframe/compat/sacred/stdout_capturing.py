"""What is printed in a block, to be read meanwhile and after it; the copying is expframe's own."""

from __future__ import annotations

import codecs
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

from expframe.compat.sacred.settings import SETTINGS
from expframe.disk import layout
from expframe.process import context
from expframe.process.output.capture import Capture, open_capture


def flush() -> None:
    """Push on what Python holds of standard output and standard error."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()


class CapturedStdout:
    """
    What was printed.

    Args:
        buffer: A file with what is printed, open for reading; of bytes or, where a program captures by itself, of text.
        capture: What has to be flushed before it is read.
    """

    def __init__(self, buffer: Any, capture: Capture | None = None) -> None:
        self._buffer = buffer
        self._capture = capture
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._left = ""

    @property
    def closed(self) -> bool:
        """Whether nothing more is captured."""
        return self._buffer is None

    def flush(self) -> None:
        """Push on what is printed, so that it is in the buffer."""
        if self._buffer is not None and self._capture is not None:
            self._capture.push()

    def get(self) -> str:
        """Return what was printed since the last call."""
        if self._buffer is not None:
            self.flush()
            return self._read()
        left, self._left = self._left, ""
        return left

    def finalize(self) -> None:
        """Take the rest of what was printed, for a last `get`, and close the buffer."""
        if self._buffer is not None:
            self._left = self._read(is_last=True)
            self._buffer.close()
            self._buffer = None

    def _read(self, *, is_last: bool = False) -> str:
        data = self._buffer.read()
        return data if isinstance(data, str) else self._decode(data, is_last)


@contextmanager
def _tee(mode: str) -> Iterator[CapturedStdout]:
    from expframe.run import scratch  # with libraries that most runs need not

    folder = scratch.make(os.urandom(16).hex())
    scratch.claim(folder, os.getpid())
    path = folder / layout.OUTPUT
    try:
        path.touch()
        with path.open("rb", buffering=0) as buffer:
            capture = open_capture(mode, path)
            captured = CapturedStdout(buffer, capture)
            try:
                with context.told_of_forks(capture):
                    yield captured
            finally:
                capture.close()
                captured.finalize()
                if capture.fault:
                    logging.getLogger("expframe").warning("%s", capture.fault)
    finally:
        scratch.remove(folder)


no_tee: Callable[[], AbstractContextManager[CapturedStdout]] = partial(_tee, "no")
"""Returns a block of which nothing is captured."""

tee_output_python: Callable[[], AbstractContextManager[CapturedStdout]] = partial(_tee, "sys")
"""Returns a block of which is captured what goes through sys.stdout and sys.stderr."""

tee_output_fd: Callable[[], AbstractContextManager[CapturedStdout]] = partial(_tee, "fd")
"""Returns a block of which all output is captured, that of C code and child processes too."""


def get_stdcapturer(mode: str | None = None) -> tuple[str, Any]:
    """
    Return a capture mode and the function that makes its block.

    Args:
        mode: `no`, `sys` or `fd`; by default that of the settings.

    Raises:
        KeyError: There is no such mode.
    """
    mode = SETTINGS.CAPTURE_MODE if mode is None else mode
    makers = {"fd": tee_output_fd, "no": no_tee, "sys": tee_output_python}
    if mode not in makers:
        raise KeyError(f"Unknown capture mode '{mode}'. Available options are {sorted(makers)}")
    return mode, makers[mode]
