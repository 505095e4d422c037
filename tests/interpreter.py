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
import select
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

    def __init__(self, environment: Mapping[str, str], typical: str = TYPICAL) -> None:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "typical.py").write_text(
                f"{typical}\nimport sys; print(*sys.modules, file=open('names', 'w'))"
            )
            command = [sys.executable, "typical.py"]
            subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
            names = Path(folder, "names").read_text()
        self._socket, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, __file__, str(theirs.fileno()), names]
            self._process = subprocess.Popen(command, env=dict(environment), pass_fds=[theirs.fileno()])
        self._lock = threading.Lock()
        atexit.register(self.close)

    def close(self) -> None:
        """End it."""
        self._socket.close()
        self._process.wait()

    def start(
        self, words: Sequence[str], folder: Path, environment: Mapping[str, str], files: Sequence[int], is_leader: bool
    ) -> int:
        """Begin a script with its three streams and the pipe for its exit code; return the number of its process."""
        request = json.dumps([list(words), str(folder), dict(environment), is_leader]).encode()
        with self._lock:
            socket.send_fds(self._socket, [len(request).to_bytes(4, "big")], files)
            self._socket.sendall(request)
            return int.from_bytes(_exactly(self._socket, 4), "big")


class Process:
    """
    A script that goes on, with what `subprocess.Popen` has.

    Attributes:
        args: Its words.
        pid: The number of its process.
        stdin: What it reads, where that is a pipe; None elsewhere.
        stdout: What it writes, where that is a pipe.
        stderr: As stdout.
        returncode: Its exit code as soon as it was waited for, or that minus the number of a signal.
    """

    def __init__(
        self,
        interpreter: Interpreter,
        words: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        streams: Sequence[Any],
        is_leader: bool,
        is_text: bool,
    ) -> None:
        self.args = [sys.executable, *words]
        self.returncode: int | None = None
        self._lock = threading.Lock()
        self._end, told = os.pipe()
        ours: list[int | None] = []
        theirs: list[int] = []
        to_close = [told]
        for number, asked in enumerate(streams):
            mine = None
            if asked == subprocess.PIPE:
                ends = os.pipe()
                mine, its = ends if number else reversed(ends)
                to_close.append(its)
            elif asked == subprocess.DEVNULL:
                its = os.open(os.devnull, os.O_RDWR)
                to_close.append(its)
            elif asked == subprocess.STDOUT:
                its = theirs[1]
            else:
                its = number if asked is None else asked if isinstance(asked, int) else asked.fileno()
            ours.append(mine)
            theirs.append(its)
        try:
            self.pid = interpreter.start(words, folder, environment, [*theirs, told], is_leader)
        finally:
            for file in to_close:
                os.close(file)
        how: dict[str, Any] = {"encoding": "utf-8"} if is_text else {}
        mode = "" if is_text else "b"
        self.stdin, self.stdout, self.stderr = (
            None if mine is None else open(mine, f"{'r' if number else 'w'}{mode}", **how)  # noqa: SIM115
            for number, mine in enumerate(ours)
        )

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *problem: object) -> None:
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None:
                stream.close()
        self.wait()

    def poll(self) -> int | None:
        """Return the exit code, or None while it goes on."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code as soon as it has ended."""
        if not select.select([self._end], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        with self._lock:  # several threads may wait
            if self.returncode is None:
                told = os.read(self._end, 4)
                assert told, "the interpreter has ended"
                self.returncode = int.from_bytes(told, "big", signed=True)
        return self.returncode

    def __del__(self) -> None:
        os.close(self._end)

    def communicate(self, input: Any = None, timeout: float | None = None) -> tuple[Any, Any]:
        """Give it a few lines to read, and return all that it writes into its pipes, when it has ended."""
        end = None if timeout is None else time.monotonic() + timeout
        if self.stdin is not None:
            with suppress(BrokenPipeError):
                if input:
                    self.stdin.write(input)
                self.stdin.close()
        found: dict[int, Any] = {}

        def read(number: int, stream: Any) -> None:
            with stream:
                found[number] = stream.read()

        streams = enumerate((self.stdout, self.stderr))
        readers = [threading.Thread(target=read, args=(n, s)) for n, s in streams if s is not None and not s.closed]
        for reader in readers:
            reader.daemon = True
            reader.start()
        for reader in readers:
            reader.join(None if end is None else max(0.0, end - time.monotonic()))
        if any(reader.is_alive() for reader in readers):
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        self.wait(None if end is None else max(0.0, end - time.monotonic()))
        return found.get(0), found.get(1)

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


_made: dict[tuple[tuple[str, str], ...], Interpreter] = {}
"""Interpreters by the variables that they were started with."""


def prepare(environment: Mapping[str, str], typical: str = TYPICAL) -> None:
    """
    Make an interpreter for scripts that are started with variables of their own, or import more.

    Args:
        environment: Their variables.
        typical: A script that imports what each of them does.
    """
    if _can_fork():
        _made[_at_start(environment)] = Interpreter(environment, typical)


def start_python(
    words: Sequence[str | os.PathLike[str]],
    *,
    cwd: str | os.PathLike[str] | None = None,
    env: Mapping[str, str],
    stdin: Any = None,
    stdout: Any = subprocess.PIPE,
    stderr: Any = subprocess.PIPE,
    text: bool = True,
    start_new_session: bool = False,
) -> Any:
    """
    Begin `python WORDS`, and return its process, as `subprocess.Popen` does.

    Args:
        words: A script, or `-m` and a module, with the words for it.
        cwd: Its working directory.
        env: Its variables.
        stdin: What it reads: None for what this process does, a file, or `PIPE` and `DEVNULL` of subprocess.
        stdout: What it writes to, as stdin.
        stderr: As stdout, or `STDOUT` of subprocess.
        text: Whether pipes are read as UTF-8.
        start_new_session: Whether it is the leader of a session of its own.
    """
    texts = [os.fspath(word) for word in words]
    folder = Path(cwd or os.getcwd())
    interpreter = _interpreter_for(texts, env)
    if interpreter is not None:
        return Process(interpreter, texts, folder, env, [stdin, stdout, stderr], start_new_session, text)
    how: dict[str, Any] = {"stdin": stdin, "stdout": stdout, "stderr": stderr, "start_new_session": start_new_session}
    encoding = "utf-8" if text else None
    return subprocess.Popen([sys.executable, *texts], cwd=folder, env=dict(env), encoding=encoding, **how)


def run_python(
    words: Sequence[str | os.PathLike[str]],
    *,
    cwd: str | os.PathLike[str] | None = None,
    env: Mapping[str, str],
    input: str = "",
    is_merged: bool = False,
    timeout: float = 300,
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
    error = subprocess.STDOUT if is_merged else subprocess.PIPE
    reading, writing = os.pipe()
    os.write(writing, input.encode())
    os.close(writing)
    try:
        process = start_python(words, cwd=cwd, env=env, stdin=reading, stderr=error)
    finally:
        os.close(reading)
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def _interpreter_for(words: Sequence[str], environment: Mapping[str, str]) -> Interpreter | None:
    """Return the interpreter whose fork can be this script; None where it needs one of its own."""
    from steps import environment as usual

    paths = environment.get("PYTHONPATH", "").split(os.pathsep)
    is_known = words[0].endswith(".py") or words[0] == "-m"
    if not (_can_fork() and is_known and str(ROOT) in paths):
        return None
    started_with = _at_start(environment)
    if started_with not in _made and started_with == _at_start(usual()):
        prepare(usual())
    return _made.get(started_with)


def _can_fork() -> bool:
    return hasattr(os, "fork") and not os.environ.get("EXPFRAME_TEST_FRESH")


def _at_start(environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the variables that Python reads when it starts, and never again."""
    marks = ("PYTHON", "LC_", "LANG", "LD_")
    return tuple(sorted(item for item in environment.items() if item[0].startswith(marks) and item[0] not in _LATE))


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
    """Fork for each request, and tell how each fork ends; return in the child, with the words of its command line."""
    wakes, woken = socket.socketpair()
    woken.setblocking(False)
    signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    told: dict[int, int] = {}
    while True:
        if wakes in select.select([connection, wakes], [], [])[0]:
            wakes.recv(4096)
            _tell_ends(told)
            continue
        size, files, _, _ = socket.recv_fds(connection, 4, 4)
        if not size:
            sys.exit()
        words, folder, environment, is_leader = json.loads(_exactly(connection, int.from_bytes(size, "big")))
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for ours in (connection, wakes, woken):
                ours.close()
            for file in (files.pop(), *told.values()):
                os.close(file)
            if is_leader:
                os.setsid()
            _become(files, folder, environment)
            return list(words)
        told[pid] = files.pop()
        for file in files:
            os.close(file)
        connection.sendall(pid.to_bytes(4, "big"))


def _tell_ends(told: dict[int, int]) -> None:
    """Write the exit code of each fork that has ended into its pipe."""
    while told:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        file = told.pop(pid)
        with suppress(BrokenPipeError):
            os.write(file, os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))
        os.close(file)


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
        how: dict[str, Any] = {"write_through": is_direct, "line_buffering": number == 2 or os.isatty(number)}
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
