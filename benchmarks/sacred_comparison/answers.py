"""What a script answers to its commands: exit code, output, and the files that it leaves."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from benchmarks.environments import clean_environment
from benchmarks.sacred_comparison.normalising import Normaliser
from benchmarks.sacred_comparison.scripts import Script, words_of

PARTS = ("exit", "stdout", "stderr", "files")
Answer = dict[str, Any]


class Done(Protocol):
    """What a command has come to."""

    @property
    def returncode(self) -> int:
        """Its exit code, or that minus the number of a signal."""

    @property
    def stdout(self) -> bytes:
        """What it wrote."""

    @property
    def stderr(self) -> bytes:
        """What it wrote to standard error."""


def execute(words: list[str], folder: Path) -> Done:
    """Execute a command in a folder."""
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True}
    return subprocess.run(words, cwd=folder, env=environment(), timeout=120, check=False, **quiet)


def answers_of(script: Script, python: list[str], execute: Callable[[list[str], Path], Done] = execute) -> list[Answer]:
    """
    Execute the commands of a script one after another in a folder of its own.

    Args:
        script: The script.
        python: The interpreter, with what comes before the script's name.
        execute: Executes words in a folder.

    Returns:
        For each command, without what differs from one time to the next: `command`, `exit`, `stdout`, `stderr`, and
        `files` with those that it made or changed.
    """
    with tempfile.TemporaryDirectory(prefix="script-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        script.copy_to(folder)
        normaliser = Normaliser(folder)
        answers, before = [], _digests(folder)
        for command in script.commands:
            done = execute(list(words_of(command, python)), folder)
            after = _digests(folder)
            changed = [path for path, digest in after.items() if before.get(path) != digest]
            answers.append(
                {
                    "command": command,
                    "exit": 128 - done.returncode if done.returncode < 0 else done.returncode,
                    "stdout": normaliser.text(done.stdout),
                    "stderr": normaliser.text(done.stderr),
                    "files": {normaliser.name(path): normaliser.file(path) for path in changed},
                }
            )
            before = after
    return answers


def environment() -> dict[str, str]:
    """Return variables under which nothing but the library makes a difference."""
    kept = {name: value for name, value in clean_environment().items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    identity = {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", "script"), ("EMAIL", "script@example.org"), ("DATE", "2026-01-01T00:00:00+0000"))
    }
    fixed = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "80", "SACRED_SCRIPT": "as ever"}
    return {**kept, **identity, **fixed, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def _digests(folder: Path) -> dict[Path, str]:
    """Return the files below a folder, each with a digest of its content."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not {".git"} & set(path.parts)]
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
