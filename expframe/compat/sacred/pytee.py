"""Copies standard input to standard output and to the end of a file: `python -m sacred.pytee FILE`."""

from __future__ import annotations

import os
import sys


def main(words: list[str]) -> None:
    """Copy until the input ends; the words are names of files, and `-a`, which is meant anyway."""
    files = [open(name, "ab", buffering=0) for name in words if not name.startswith("-")]  # noqa: SIM115  open as long as the process
    outputs = [sys.stdout.buffer, *files]
    while data := os.read(sys.stdin.fileno(), 1 << 16):
        for output in outputs:
            output.write(data)
            output.flush()
    for file in files:
        file.close()


if __name__ == "__main__":
    main(sys.argv[1:])
