"""Servers of pages: each a process of its own, asked until it answers, then looked at from outside."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from benchmarks.environments import clean_environment

_TOKEN = "benchmark"
_LIMIT = 120.0


class Server:
    """
    A server of a page with all processes that it starts, until the end of a `with`.

    Args:
        words: Its command line, in which `{port}` stands for the port.
        path: What is asked for.
        more: Environment variables.

    Attributes:
        answers_after: Seconds from its start to its first answer.
        address: Of its page.
    """

    def __init__(self, words: Sequence[str], path: str = "/", more: Mapping[str, str] | None = None) -> None:
        self._port = _free_port()
        self._path = path
        self._said = Path.cwd() / f"server-{self._port}.txt"
        start = time.perf_counter()
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                [word.replace("{port}", str(self._port)) for word in words],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env={**clean_environment(), **(more or {})},
            )
        self.address = f"http://127.0.0.1:{self._port}{path}"
        try:
            self._wait(start)
        except BaseException:
            self.end()
            raise
        self.answers_after = time.perf_counter() - start

    def __enter__(self) -> Server:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self.end()

    def _wait(self, start: float) -> None:
        while not self._is_answering():
            if self._process.poll() is not None or time.perf_counter() > start + _LIMIT:
                said = self._said.read_text(encoding="utf-8", errors="replace")
                raise RuntimeError(f"{self._process.args} does not answer:\n{said[-2000:]}")
            time.sleep(0.005)

    def _is_answering(self) -> bool:
        asking = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            asking.request("GET", self._path)
            return asking.getresponse().status < 400
        except (OSError, http.client.HTTPException):
            return False
        finally:
            asking.close()

    def memory(self, without: str = "\0") -> float:
        """Return the memory in bytes that only it has, without what it maps of a folder of files."""
        found = 0.0
        for process in self._processes():
            is_counted = True
            for line in Path(f"/proc/{process}/smaps").read_text(encoding="utf-8", errors="replace").splitlines():
                name, _, rest = line.partition(" ")
                if not name.endswith(":"):  # a mapping begins, with its file
                    is_counted = without not in rest
                elif is_counted and name in ("Private_Clean:", "Private_Dirty:"):
                    found += 1024.0 * int(rest.split()[0])
        return found

    def cpu(self) -> float:
        """Return the seconds of a core that it has taken so far."""
        ticks = 0
        for process in self._processes():
            stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
            ticks += sum(map(int, stat.rpartition(")")[2].split()[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """End it, and whatever it has started."""
        processes = list(self._processes())
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, 9)
        self._process.wait()

    def _processes(self) -> Iterator[int]:
        found = [self._process.pid]
        for process in found:
            with contextlib.suppress(OSError):
                for thread in Path(f"/proc/{process}/task").iterdir():
                    found += map(int, (thread / "children").read_text(encoding="ascii").split())
                yield process


def serve_expframe(python: str, store: str, cache: str) -> Server:
    """Start `expframe ui` for a store, with its index and its curves in a folder."""
    words = [python, "-m", "expframe", "ui", "--no-browser", "--port={port}", store]
    return Server(words, f"/?token={_TOKEN}", {"EXPFRAME_UI_TOKEN": _TOKEN, "EXPFRAME_CACHE": cache})


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
