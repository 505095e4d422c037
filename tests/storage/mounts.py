"""Storage that a test has for itself: a disk in memory, layers, a folder by another path, a passed-through one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import steps


@cache
def refusal() -> str:
    """Return why nothing can be mounted here; empty where it can."""
    if not sys.platform.startswith("linux"):
        return "mounts as Linux does"
    with tempfile.TemporaryDirectory() as folder:
        done = _mount("-t", "tmpfs", "none", folder)
        if done.returncode == 0:
            _unmount(Path(folder))
    return done.stderr.strip()


@cache
def refusal_of_passing_through() -> str:
    """Return why no file system of a program can be mounted here; empty where it can."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "/dev/fuse is not there, or not ours to open"
    try:
        import mfusepy  # noqa: F401  which looks for the library
    except (ImportError, OSError, AttributeError) as problem:
        return f"needs mfusepy and Debian's fuse3: {problem}"
    return refusal()


@contextmanager
def in_memory(at: Path, size: str) -> Iterator[Path]:
    """Have a disk of a size in memory, such as `2m`."""
    with _mounted(at, "-t", "tmpfs", "-o", f"size={size}", "none"):
        yield at


@contextmanager
def layered(at: Path) -> Iterator[Path]:
    """Have a folder over another one, as containers have; both in memory, since layers cannot stand on layers."""
    below = at.with_name(f"{at.name}-below")
    with in_memory(below, "64m"):
        for name in ("lower", "upper", "work"):
            (below / name).mkdir()
        layers = f"lowerdir={below}/lower,upperdir={below}/upper,workdir={below}/work"
        with _mounted(at, "-t", "overlay", "-o", layers, "none"):
            yield at


@contextmanager
def bound(at: Path, to: Path) -> Iterator[Path]:
    """Have a folder by another path, as containers have those of their host."""
    with _mounted(at, "--bind", os.fspath(to)):
        yield at


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """Have a folder take no change."""
    with bound(folder, folder):
        done = _mount("-o", "remount,ro,bind", os.fspath(folder))
        assert done.returncode == 0, done.stderr
        yield folder


@contextmanager
def passed_through(at: Path, below: Path, *manners: str) -> Iterator[Path]:
    """Have a folder as another machine, or another system, would: with the manners that `passthrough.py` takes."""
    at.mkdir(exist_ok=True)
    words = [sys.executable, os.fspath(Path(__file__).with_name("passthrough.py")), os.fspath(below), os.fspath(at)]
    with tempfile.TemporaryFile() as said, subprocess.Popen([*words, *manners], stderr=said) as process:
        try:
            steps.wait_until(lambda: os.path.ismount(at) or process.poll() is not None)
            said.seek(0)
            assert process.poll() is None, said.read().decode()
            yield at
        finally:
            _unmount(at)
            process.wait()


@contextmanager
def _mounted(at: Path, *words: str) -> Iterator[None]:
    at.mkdir(exist_ok=True)
    done = _mount(*words, os.fspath(at))
    assert done.returncode == 0, done.stderr
    try:
        yield
    finally:
        _unmount(at)


def _mount(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["mount", *words], capture_output=True, text=True, check=False)


def _unmount(at: Path) -> None:
    """Take a mount away, though a process of a failed test still has a file of it open."""
    subprocess.run(["umount", "--lazy", os.fspath(at)], check=False)
