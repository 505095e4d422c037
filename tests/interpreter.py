"""
Scripts as processes of their own that begin in no time: forks of one interpreter which has imported what each imports.

Most of what a short script takes is the start of Python and the import of the package and of what that imports. An
interpreter that has done both forks for each script, which becomes `__main__` of a process with its own number, folder,
variables, streams, exit code and end. What such a process cannot be told is left to a new interpreter.
`EXPFRAME_TEST_FRESH=1` makes all of them new.
"""

from __future__ import annotations

import atexit
import builtins
import gc
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

ROOT = Path(__file__).parent.parent

TYPICAL = """
from expframe import Experiment
ex = Experiment("typical")

@ex.config
def config():
    lr = 0.1

@ex.automain
def main(_run, lr, _log):
    _run.log_scalar("x", lr)
    _run.save({}, "x.json")
"""
"""A script that imports what each script with a run does."""

_LATE = ("PYTHONUNBUFFERED", "PYTHONIOENCODING", "PYTHONPATH")
"""What of the variables by which Python is started can be done as well when it has started."""


class Interpreter:
    """An interpreter that forks for each script; made once for a process of tests."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._started_with = _at_start(environment)
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "typical.py").write_text(
                f"{TYPICAL}\nimport sys; print(*sys.modules, file=open('names', 'w'))"
            )
            command = [sys.executable, "typical.py"]
            subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
            names = Path(folder, "names").read_text()
        self._socket, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, __file__, str(theirs.fileno()), names]
            self._process = subprocess.Popen(command, env=dict(environment), pass_fds=[theirs.fileno()])
        atexit.register(self.close)

    def close(self) -> None:
        """End it."""
        self._socket.close()
        self._process.wait()

    def can(self, words: Sequence[str], environment: Mapping[str, str]) -> bool:
        """Return whether a fork can be what a new interpreter of these words and variables would be."""
        paths = environment.get("PYTHONPATH", "").split(os.pathsep)
        is_known = words[0].endswith(".py") or words[0] == "-m"
        return is_known and str(ROOT) in paths and _at_start(environment) == self._started_with

    def start(self, words: Sequence[str], folder: Path, environment: Mapping[str, str], *files: int) -> int:
        """Begin a script with its three streams, and return the number of its process."""
        request = json.dumps([list(words), str(folder), dict(environment)]).encode()
        socket.send_fds(self._socket, [len(request).to_bytes(4, "big")], files)
        self._socket.sendall(request)
        return self._receive()

    def wait(self) -> int:
        """Return the exit code of the script that was begun last."""
        return self._receive()

    def _receive(self) -> int:
        return int.from_bytes(_exactly(self._socket, 4), "big", signed=True)


_made: list[Interpreter] = []


def run_python(
    words: Sequence[str | os.PathLike[str]],
    *,
    cwd: str | os.PathLike[str] | None = None,
    env: Mapping[str, str],
    input: str = "",
    is_merged: bool = False,
    timeout: float = 120,
) -> subprocess.CompletedProcess[str]:
    """
    Do what `python WORDS` does, and return its exit code and what it wrote, as `subprocess.run` does.

    Args:
        words: A script, or `-m` and a module, with the words for it.
        cwd: Its working directory.
        env: Its variables.
        input: What it reads: a few lines.
        is_merged: Whether what it writes to standard error stands in `stdout`, as on a terminal.
        timeout: Seconds after which it is killed.

    Raises:
        subprocess.TimeoutExpired: It was killed.
    """
    texts = [os.fspath(word) for word in words]
    folder = Path(cwd or os.getcwd())
    if not hasattr(os, "fork") or os.environ.get("EXPFRAME_TEST_FRESH"):
        return _run_new(texts, folder, env, input, is_merged, timeout)
    if not _made:
        from steps import environment

        _made.append(Interpreter(environment()))
    if not _made[0].can(texts, env):
        return _run_new(texts, folder, env, input, is_merged, timeout)
    return _run_fork(_made[0], texts, folder, env, input, is_merged, timeout)


def _run_new(
    words: list[str], folder: Path, env: Mapping[str, str], input: str, is_merged: bool, timeout: float
) -> subprocess.CompletedProcess[str]:
    error = subprocess.STDOUT if is_merged else subprocess.PIPE
    streams: dict[str, Any] = {"input": input, "stdout": subprocess.PIPE, "stderr": error, "encoding": "utf-8"}
    return subprocess.run([sys.executable, *words], cwd=folder, env=dict(env), timeout=timeout, check=False, **streams)


def _run_fork(
    interpreter: Interpreter,
    words: list[str],
    folder: Path,
    env: Mapping[str, str],
    input: str,
    is_merged: bool,
    timeout: float,
) -> subprocess.CompletedProcess[str]:
    pipes = [os.pipe() for _ in range(1 if is_merged else 2)]
    asked, answers = os.pipe()
    os.write(answers, input.encode())
    writing = [end for _, end in pipes]
    pid = interpreter.start(words, folder, env, asked, writing[0], writing[-1])
    for end in (asked, answers, *writing):
        os.close(end)
    texts: list[bytes] = [b""] * len(pipes)

    def read(number: int) -> None:
        with open(pipes[number][0], "rb") as file:
            texts[number] = file.read()

    readers = [threading.Thread(target=read, args=(number,)) for number in range(len(pipes))]
    end = time.monotonic() + timeout
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(max(0.0, end - time.monotonic()))
    is_late = any(reader.is_alive() for reader in readers)
    if is_late:
        os.kill(pid, signal.SIGKILL)
    code = interpreter.wait()
    if is_late:
        raise subprocess.TimeoutExpired([sys.executable, *words], timeout)
    out, *err = (text.decode() for text in texts)
    return subprocess.CompletedProcess([sys.executable, *words], code, out, err[0] if err else None)


def _at_start(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that Python reads when it starts, and never again."""
    marks = ("PYTHON", "LC_", "LANG", "LD_")
    return {name: text for name, text in environment.items() if name.startswith(marks) and name not in _LATE}


def _exactly(connection: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        part = connection.recv(count - len(found))
        if not part:
            raise EOFError
        found += part
    return found


# ------------------------------------------------------------------------------------------------- the interpreter


def serve(connection: socket.socket) -> list[str]:
    """Fork for each request; return in the child, with the words of its command line."""
    while True:
        size, files, _, _ = socket.recv_fds(connection, 4, 3)
        if not size:
            sys.exit()
        words, folder, environment = json.loads(_exactly(connection, int.from_bytes(size, "big")))
        pid = os.fork()
        if pid == 0:
            connection.close()
            _become(files, folder, environment)
            return list(words)
        for file in files:
            os.close(file)
        connection.sendall(pid.to_bytes(4, "big"))
        status = os.waitpid(pid, 0)[1]
        connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))


def _become(files: list[int], folder: str, environment: dict[str, str]) -> None:
    for number, file in enumerate(files):
        os.dup2(file, number)
    for file in files:
        os.close(file)
    os.chdir(folder)
    known = os.environ["PYTHONPATH"].split(os.pathsep)
    asked = [os.path.abspath(path) for path in environment["PYTHONPATH"].split(os.pathsep)]
    sys.path[1:] = dict.fromkeys([*asked, *(path for path in sys.path[1:] if path not in known)])
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    encoding, _, errors = environment.get("PYTHONIOENCODING", "utf-8").partition(":")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        is_direct = bool(environment.get("PYTHONUNBUFFERED")) and number > 0
        below = os.fdopen(number, "rb" if number == 0 else "wb", 0 if is_direct else -1, closefd=False)
        how: dict[str, Any] = {"write_through": is_direct, "line_buffering": number == 2}
        mode = "backslashreplace" if number == 2 else errors or "strict"
        stream: Any = io.TextIOWrapper(below, encoding, mode, **how)
        stream.mode = "r" if number == 0 else "w"
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def become_main(words: list[str]) -> None:
    """Be what `python WORDS` is."""
    import runpy
    from importlib.machinery import SourceFileLoader

    main = ModuleType("__main__")
    main.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = main
    sys.excepthook = _show_problem
    if words[0] == "-m":
        sys.argv[:], sys.path[0] = words[1:], os.getcwd()
        runpy._run_module_as_main(words[1])
        return
    path = os.path.abspath(words[0])
    sys.argv[:], sys.path[0] = words, os.path.dirname(os.path.realpath(path))
    main.__file__, main.__loader__ = path, SourceFileLoader("__main__", path)
    main.__dict__["__cached__"] = None
    exec(compile(Path(path).read_bytes(), path, "exec"), main.__dict__)


def _show_problem(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    sys.__excepthook__(kind, problem.with_traceback(trace), trace)


if __name__ == "__main__":
    import importlib

    inherited = socket.socket(fileno=int(sys.argv[1]))
    for module in sys.argv[2].split():
        # What it knows of the process that imports it is known anew in each, and none of a test's own.
        if module not in sys.modules and not module.startswith(("multiprocessing", "_multiprocessing")):
            with suppress(ImportError):
                importlib.import_module(module)
    gc.freeze()  # what is shared with the forks stays so
    become_main(serve(inherited))
