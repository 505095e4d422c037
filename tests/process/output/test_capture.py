"""What is printed arrives where it went before, and in the file: whoever prints, however it ends."""

from __future__ import annotations

import io
import logging
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import pytest
import steps
from steps import wait_until

from expframe.errors import OptionError
from expframe.process.output import file
from expframe.process.output.capture import MODES, default_mode, open_capture
from expframe.process.terminal import collapse_file

linux = pytest.mark.skipif(sys.platform != "linux", reason="file descriptors as Linux has them")

ROOT = steps.ROOT

OPENING = """
import ctypes, os, signal, subprocess, sys, threading, time
from pathlib import Path
from expframe.process.output import tee_process
from expframe.process.output.capture import open_capture

tee_process._PATIENCE = 60.0  # the machine may let any process stand still

def beat():
    while not stop.wait(0.05):
        capture.flush()

stop = threading.Event()
capture = open_capture({mode!r}, Path("output.txt"))
beating = threading.Thread(target=beat, daemon=True)
beating.start()
try:
{body}
finally:
    stop.set()
    beating.join()
    began = time.monotonic()
    capture.close()
    took = time.monotonic() - began
"""


def environment(**changes: str) -> dict[str, str]:
    """Return an environment in which a script finds this package, and Python buffers as it does by default."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, "PYTHONPATH": str(ROOT), **changes}


def script(mode: str, body: str, after: str = "") -> list[str]:
    """Return a command that runs the body inside a capture, with every warning shown but that of threads and forks."""
    text = OPENING.format(mode=mode, body=textwrap.indent(textwrap.dedent(body), "    ")) + textwrap.dedent(after)
    return [sys.executable, "-X", "dev", "-W", "ignore::DeprecationWarning", "-c", text]


def run(folder: Path, mode: str, body: str, after: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
    """Run the body inside a capture whose file is output.txt in the folder."""
    command = script(mode, body, after)
    return subprocess.run(
        command, cwd=folder, env=environment(**changes), capture_output=True, text=True, timeout=120, check=False
    )


def recorded(folder: Path) -> str:
    """Return what the capture wrote."""
    return (folder / "output.txt").read_text(encoding="utf-8")


# ------------------------------------------------------------------------------------------------------ all modes


def test_unknown_mode_is_refused(tmp_path):
    """A mode that is not there is an error that names those that are."""
    with pytest.raises(OptionError, match=r"capture mode 'all'.*no, sys, fd"):
        open_capture("all", tmp_path / "output.txt")


def test_default_mode_is_fd_for_a_first_command_line_alone():
    """Under pytest, and for any run but the first of a command line, streams are captured and not descriptors."""
    code = (
        "from expframe.process.output.capture import default_mode as d\n"
        "print([d(command_line=c, first=f) for c in (True, False) for f in (True, False)])\n"
        "import builtins; builtins.__IPYTHON__ = True\n"
        "print(d(command_line=True, first=True))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True, timeout=120
    )
    first = "sys" if os.name == "nt" else "fd"

    assert result.stdout == f"['{first}', 'sys', 'sys', 'sys']\nsys\n"
    assert default_mode(command_line=True, first=True) == "sys"


def test_mode_no_touches_nothing(tmp_path):
    """Without capture the streams are the same objects and there is no file."""
    before = sys.stdout, sys.stderr
    capture = open_capture("no", tmp_path / "output.txt")
    after = sys.stdout, sys.stderr
    for step in (capture.flush, capture.hold, capture.resume, capture.forked, capture.close):
        step()

    assert after == before
    assert (capture.mode, capture.fault, list(tmp_path.iterdir())) == ("no", None, [])


@linux
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("mode", ["sys", "fd"])
def test_every_line_arrives(mode, unbuffered, tmp_path):
    """Thousands of lines are complete and in order, in the file and where they went, ten times of ten."""
    count = 5000
    body = f"for i in range({count}): print(i)"
    again = f"""
    for number in range(9):
        capture = open_capture({mode!r}, Path(f"{{number}}.txt"))
        stop = threading.Event()
        beating = threading.Thread(target=beat, daemon=True)
        beating.start()
        for i in range({count}): print(i)
        stop.set()
        beating.join()
        capture.close()
    """
    expected = "".join(f"{i}\n" for i in range(count))
    result = run(tmp_path, mode, body, textwrap.dedent(again), PYTHONUNBUFFERED=unbuffered)

    assert result.stderr == ""
    assert result.stdout == expected * 10
    assert recorded(tmp_path) == expected
    assert [expected] * 9 == [(tmp_path / f"{number}.txt").read_text() for number in range(9)]


@linux
@pytest.mark.parametrize("mode", ["sys", "fd"])
def test_output_is_complete_when_the_run_fails(mode, tmp_path):
    """What was printed before an exception is in the file; what the interpreter says later is not."""
    result = run(tmp_path, mode, "print('before', end=''); sys.stderr.write('half'); raise KeyError('x')")

    assert result.returncode == 1
    assert sorted(recorded(tmp_path)) == sorted("beforehalf")
    assert result.stdout == "before"
    assert "KeyError: 'x'" in result.stderr


@linux
@pytest.mark.parametrize("pause", [0, 0.001])
@pytest.mark.parametrize("mode", ["sys", "fd"])
def test_killed_process_loses_a_tenth_of_a_second_at_most(mode, pause, tmp_path):
    """After SIGKILL at full speed, or while buffers fill slowly, the file has everything but the last 100 ms."""
    body = f"""
    {textwrap.indent(steps.REACHING, "    ").strip()}
    while True:
        now = time.time()
        print(now)
        reach(now)
        time.sleep({pause})
    """
    with Path(os.devnull).open("w") as null:
        process = subprocess.Popen(script(mode, body), cwd=tmp_path, env=environment(), stdout=null, stderr=null)
    file = tmp_path / "output.txt"
    try:
        wait_until(lambda: file.exists() and file.stat().st_size > 5_000)
        last = steps.wait_until_kept(tmp_path, lambda: float(steps.last_line(file)))
    finally:  # it never ends by itself
        process.kill()
        process.wait()

    assert last <= float(steps.last_line(file))


@linux
@pytest.mark.parametrize("mode", ["sys", "fd"])
def test_slow_printing_is_recorded_while_it_goes_on(mode, tmp_path):
    """A line that Python still holds back is in the file after one beat, long before the run ends."""
    body = """
    print("early")
    while Path("output.txt").read_text() != "early\\n":
        time.sleep(0.01)
    print("late")
    """

    assert run(tmp_path, mode, body).stdout == "early\nlate\n"


@linux
@pytest.mark.parametrize("mode", ["sys", "fd"])
def test_order_of_two_streams_is_kept(mode, tmp_path):
    """Lines printed alternately to stdout and stderr, which go to one file, are in their order in the record."""
    body = """
    sys.stdout.reconfigure(line_buffering=True)
    for i in range(500): print(i, file=(sys.stdout, sys.stderr)[i % 2])
    """
    with (tmp_path / "all.txt").open("w") as both:
        subprocess.run(
            script(mode, body), cwd=tmp_path, env=environment(), stdout=both, stderr=both, check=True, timeout=120
        )
    expected = "".join(f"{i}\n" for i in range(500))

    assert recorded(tmp_path) == expected
    assert (tmp_path / "all.txt").read_text() == expected


@linux
@pytest.mark.parametrize("mode", ["sys", "fd"])
def test_forked_child_prints_once(mode, tmp_path):
    """A forked child goes on being recorded, and does not repeat what its parent had printed but not yet flushed."""
    body = """
    os.register_at_fork(before=capture.hold, after_in_parent=capture.resume, after_in_child=capture.forked)
    stop.set(); beating.join()
    print("parent")
    if os.fork() == 0:
        print("child"); sys.stdout.flush()
        if os.fork() == 0:
            print("grandchild"); sys.stdout.flush()
            capture.close()
            print("unrecorded"); sys.stdout.flush()
            os._exit(0)
        os.wait()
        os._exit(0)
    os.wait()
    """
    result = run(tmp_path, mode, body)

    assert sorted(recorded(tmp_path).split()) == ["child", "grandchild", "parent"]
    assert sorted(result.stdout.split()) == ["child", "grandchild", "parent", "unrecorded"]


@linux
@pytest.mark.parametrize("mode", ["sys", "fd"])
def test_fork_while_flushing_does_not_hang_the_child(mode, tmp_path):
    """With `hold` before a fork, a child never inherits a stream that a flush had locked."""
    body = """
    os.register_at_fork(before=capture.hold, after_in_parent=capture.resume, after_in_child=capture.forked)
    for _ in range(3): threading.Thread(target=lambda: [capture.flush() for _ in range(20000)], daemon=True).start()
    for i in range(100):
        print("parent", i)
        if (pid := os.fork()) == 0:
            print("child", i); sys.stdout.flush()
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
    """
    result = run(tmp_path, mode, body)
    expected = sorted(f"{who} {i}" for who in ("parent", "child") for i in range(100))

    assert sorted(recorded(tmp_path).splitlines()) == expected
    assert sorted(result.stdout.splitlines()) == expected


@linux
@pytest.mark.parametrize("mode", ["sys", "fd"])
def test_reader_that_goes_away_is_a_broken_pipe_as_without_capture(mode, tmp_path):
    """`| head -1` ends an endless script with BrokenPipeError; what it could print before is recorded."""
    body = """
    number = 0
    while True:
        print(f"line {number}", flush=True)
        number += 1
        while not os.path.exists("closed"):
            time.sleep(0.001)
        time.sleep(0.01)
    """
    with subprocess.Popen(
        script(mode, body), cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "line 0\n"
        process.stdout.close()
        (tmp_path / "closed").touch()
        stderr = process.stderr.read()
    lines = recorded(tmp_path).splitlines()

    assert "BrokenPipeError" in stderr
    assert "tee" not in stderr
    assert 1 < len(lines) < 1000
    assert lines == [f"line {number}" for number in range(len(lines))]


@linux
@pytest.mark.parametrize("mode", ["sys", "fd"])
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_fault(mode, closed, tmp_path):
    """A daemon without stdout or stderr runs as ever, and what it still has is recorded."""
    body = "print('out'); sys.stderr and sys.stderr.write('err'); Path('done').touch()"
    command = f'exec "$@" {closed}'
    subprocess.run(
        ["sh", "-c", command, "sh", *script(mode, body)], cwd=tmp_path, env=environment(), check=True, timeout=120
    )
    names = [line for line, fd in (("out", " >&-"), ("err", "2>&-")) if fd not in f" {closed}"]

    assert (tmp_path / "done").exists()
    assert recorded(tmp_path).split() == names


@linux
@pytest.mark.parametrize("mode", ["sys", "fd"])
def test_full_disk_is_said_and_harmless(mode, tmp_path):
    """When the file takes nothing, everything goes on being printed and `fault` says what is wrong."""
    (tmp_path / "output.txt").symlink_to("/dev/full")
    body = "tee_process._PATIENCE = 1.0\nfor i in range(20000): print(i)"
    result = run(tmp_path, mode, body, "print(capture.fault, file=sys.stderr)")

    assert result.stdout == "".join(f"{i}\n" for i in range(20000))
    assert result.returncode == 0
    assert result.stderr.count("\n") == 1
    assert "No space left on device" in result.stderr


# ------------------------------------------------------------------------------------------------------------ fd


@linux
def test_descriptors_record_other_processes_and_c_code(tmp_path):
    """Child processes, os.write and C's stdio are recorded like print, stderr too."""
    body = """
    print("print", flush=True)
    os.write(1, b"write\\n")
    subprocess.run(["sh", "-c", "echo child; echo child-err >&2"], check=True)
    ctypes.CDLL(None).printf(b"printf\\n")
    """
    result = run(tmp_path, "fd", body)

    assert sorted(recorded(tmp_path).split()) == ["child", "child-err", "print", "printf", "write"]
    assert result.stdout.split() == ["print", "write", "child", "printf"]
    assert result.stderr == "child-err\n"


@linux
def test_c_code_that_prints_under_the_gil_does_not_deadlock(tmp_path):
    """Megabytes printed by C code that never lets another thread of Python run arrive whole."""
    body = """
    c = ctypes.PyDLL(None)
    block = b"x" * 99_999 + b"\\n"
    for _ in range(20): c.printf(b"%s", block)
    c.fflush(None)
    c.write(1, block * 30, len(block) * 30)
    """
    result = run(tmp_path, "fd", body)

    assert len(result.stdout) == 5_000_000
    assert recorded(tmp_path) == result.stdout


@linux
@pytest.mark.parametrize("ending", ["", " >&2"])
def test_grandchild_that_stays_does_not_delay_the_end(ending, tmp_path):
    """A process that outlives the run and keeps its output open costs no time; it is said, and is recorded further."""
    body = f"""
    late = "while [ ! -e ended ]; do sleep 0.05; done; echo late{ending}; exec sleep 600"
    process = subprocess.Popen(["sh", "-c", late])
    print("x" * 100_000)
    """
    after = """
    print(took < 30, capture.is_left_running, capture.fault, process.pid, flush=True)
    Path("ended").touch()
    os._exit(0)
    """
    command = script("fd", body, after)
    # Pipes of this test would stay open with the grandchild, so the streams are files.
    with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
        subprocess.run(command, cwd=tmp_path, env=environment(), stdout=out, stderr=err, check=True, timeout=120)
    *flags, pid = (tmp_path / "out").read_text().splitlines()[1].split()
    try:
        assert flags == ["True", "True", "None"]
        assert recorded(tmp_path).startswith("x" * 100_000 + "\n")
        wait_until(lambda: recorded(tmp_path).endswith("\nlate\n"))
        assert (tmp_path / "err").read_text() == ("late\n" if ending else "")
    finally:
        os.kill(int(pid), signal.SIGKILL)


@linux
def test_where_no_process_can_be_started_streams_are_captured(tmp_path):
    """Where no process can be started, streams are captured instead and the fault says so; nothing stays replaced."""
    after = "print(capture.mode, capture.fault, sys.stdout is sys.__stdout__)"
    setting = "import os, sys; sys.executable = ''\n"
    text = setting + script("fd", "print('text')", after)[-1]
    result = subprocess.run(
        [sys.executable, "-c", text],
        cwd=tmp_path,
        env=environment(PATH=""),
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert result.stdout.startswith("text\nsys Capture mode 'fd' is not possible here, 'sys' is used: ")
    assert result.stdout.endswith("True\n")
    assert recorded(tmp_path) == "text\n"


@linux
def test_nothing_is_left_open(tmp_path):
    """After `close` the process has the file descriptors it had before and no child."""
    body = "pass"
    after = """
    import gc
    count = lambda: len(os.listdir("/proc/self/fd"))
    before = count()
    for _ in range(3):
        capture = open_capture("fd", Path("output.txt")); print("x"); capture.close(); capture.close()
    gc.collect()
    print(count() - before, capture.fault)
    try: os.waitpid(-1, os.WNOHANG)
    except ChildProcessError: print("no child")
    """
    result = run(tmp_path, "fd", body, after)

    assert (result.stdout, result.stderr) == ("x\nx\nx\n0 None\nno child\n", "")


@linux
def test_interrupt_of_the_whole_group_leaves_the_process_that_copies_alone(tmp_path):
    """Ctrl-C, which a terminal sends to every process of its group, loses nothing of what is printed afterwards."""
    body = """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the shell of a background job ignores it
    try:
        print("ready", flush=True); time.sleep(30)
    except KeyboardInterrupt:
        print("interrupted")
    """
    with subprocess.Popen(
        script("fd", body), cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, start_new_session=True, text=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)
        rest = process.stdout.read()

    assert (process.returncode, rest) == (0, "interrupted\n")
    assert recorded(tmp_path) == "ready\ninterrupted\n"


# ------------------------------------------------------------------------------------------------------ terminals


def on_terminal(folder: Path, command: list[str], tell: Callable[[bytes], None] = lambda _: None) -> bytes:
    """Run a command on a terminal of its own and return what that shows; `tell` is told what it has shown so far."""
    import fcntl
    import pty
    import struct
    import termios

    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    with subprocess.Popen(command, cwd=folder, env=environment(), stdin=end, stdout=end, stderr=end) as process:
        os.close(end)
        shown = b""
        while True:
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            shown += piece
            tell(shown)
        process.wait(120)
    os.close(terminal)
    assert process.returncode == 0, shown
    return shown


@linux
@pytest.mark.parametrize("mode", ["sys", "fd"])
def test_streams_stay_terminals(mode, tmp_path):
    """On a terminal the streams say so during and after a capture, and the original objects come back."""
    body = """
    kept = sys.stdout
    print(sys.stdout.isatty(), sys.stderr.isatty(), sys.stdout.encoding == sys.__stdout__.encoding, sys.stdout.name,
          sys.stderr.errors, sys.stdout.line_buffering)
    """
    after = "kept.write('after\\n'); print(sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__)"
    text = on_terminal(tmp_path, script(mode, body, after)).decode()
    expected = "True True True <stdout> backslashreplace True\n"

    assert text.replace("\r\n", "\n") == expected + "after\nTrue True\n"
    assert recorded(tmp_path) == expected


@pytest.mark.parametrize("total", ["range(3)", "iter(range(3))"])
@pytest.mark.parametrize("streams", ["together", "apart"])
@pytest.mark.parametrize("mode", ["sys", "fd"])
def test_what_is_printed_under_a_bar_has_a_line_of_its_own(mode, streams, total, tmp_path):
    """A line that was printed while a bar of tqdm stands there is a line of its own in the record."""
    body = f"""
    import tqdm
    for i in tqdm.tqdm({total}, mininterval=0):
        print("printed", i, flush=True)
    """
    where = {"stderr": subprocess.STDOUT if streams == "together" else subprocess.PIPE, "stdout": subprocess.PIPE}
    subprocess.run(script(mode, body), cwd=tmp_path, env=environment(), timeout=120, check=True, **where)
    collapse_file(tmp_path / "output.txt")
    lines = recorded(tmp_path).splitlines()

    assert [f"printed {i}" for i in range(3)] == [line for line in lines if "printed" in line]


@pytest.mark.parametrize("streams", ["together", "apart"])
def test_what_a_bar_makes_room_for_leaves_no_empty_line(streams, tmp_path):
    """Lines of `tqdm.write`, and what comes after a bar that is taken away, stand in the record one below the other."""
    body = """
    import tqdm
    for i in tqdm.tqdm(range(3), mininterval=0):
        tqdm.tqdm.write(f"written {i}")
    for i in tqdm.tqdm(range(3), mininterval=0, leave=False):
        pass
    print("end")
    """
    where = {"stderr": subprocess.STDOUT if streams == "together" else subprocess.PIPE, "stdout": subprocess.PIPE}
    subprocess.run(script("sys", body), cwd=tmp_path, env=environment(), timeout=120, check=True, **where)
    collapse_file(tmp_path / "output.txt")
    *written, bar, end = recorded(tmp_path).splitlines()

    assert [*(f"written {i}" for i in range(3)), "end"] == [*written, end]
    assert bar.startswith("100%")


@linux
@pytest.mark.parametrize("mode", ["sys", "fd"])
def test_progress_bars_live_on_the_terminal_and_end_in_the_record(mode, tmp_path):
    """The terminal gets every state of a bar at once; the collapsed record has the last one alone."""
    body = """
    from tqdm import tqdm
    print("start")
    for number in tqdm(range(5), mininterval=0, miniters=1):
        while not os.path.exists(f"seen {number}"):
            time.sleep(0.01)
    print("end")
    """

    def tell(shown: bytes) -> None:
        for number in range(5):
            if f" {number}/5 ".encode() in shown:
                (tmp_path / f"seen {number}").touch()

    on_terminal(tmp_path, script(mode, body), tell)
    raw = recorded(tmp_path)
    collapse_file(tmp_path / "output.txt")
    first, bar, last = recorded(tmp_path).splitlines()

    assert raw.count("/5") >= 6
    assert (first, last) == ("start", "end")
    assert bar.startswith("100%")
    assert bar.count("/5") == 1


# ----------------------------------------------------------------------------------------------------------- sys


def test_streams_are_copied_and_put_back(tmp_path, capsys):
    """Text goes on to where pytest has it and into the file; then sys.stdout is the object it was."""
    before = sys.stdout, sys.stderr
    capture = open_capture("sys", tmp_path / "output.txt")
    print("æ out")
    print("err", file=sys.stderr)
    capture.close()
    after = sys.stdout, sys.stderr
    print("later")

    assert after == before
    assert capsys.readouterr() == ("æ out\nlater\n", "err\n")
    assert recorded(tmp_path) == "æ out\nerr\n"


class Plain:
    """A stream that can write text and nothing else."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text
        return len(text)

    def flush(self):
        pass


@pytest.mark.parametrize("make", [io.StringIO, Plain])
def test_stream_without_bytes_gets_text_at_once(make, tmp_path):
    """A stream without a buffer below it, such as a notebook's, gets every piece as it is printed."""
    target = make()
    with redirect_stdout(target):
        capture = open_capture("sys", tmp_path / "output.txt")
        print("ä", end="")
        seen = target.text if make is Plain else target.getvalue()
        sys.stdout.buffer.write("€".encode()[:1])
        sys.stdout.buffer.write("€".encode()[1:])
        tty = sys.stdout.isatty()
        capture.close()

    assert (seen, tty) == ("ä", False)
    assert (target.text if make is Plain else target.getvalue()) == "ä€"
    assert recorded(tmp_path) == "ä€"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("pair", [("sys", "sys"), ("fd", "sys")])
def test_captures_nest_and_close_in_any_order(pair, order, tmp_path):
    """Both of two nested captures have the inner text; whichever ends first, the streams come back and go on."""
    body = f"""
    inner = open_capture({pair[1]!r}, Path("inner.txt"))
    print("both")
    captures = [capture, inner]
    captures[{order[0]}].close()
    print("one")
    captures[{order[1]}].close()
    """
    result = run(tmp_path, pair[0], body, "print('none', sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__)")
    files = [recorded(tmp_path), (tmp_path / "inner.txt").read_text()]

    assert (result.stdout, result.stderr) == ("both\none\nnone True True\n", "")
    assert files[order[0]] == "both\n"
    assert files[order[1]] == "both\none\n"


def test_captures_in_threads_end_with_the_original(tmp_path, capsys):
    """However captures of parallel threads overlap, sys.stdout is the original object when all have ended."""
    before = sys.stdout, sys.stderr

    def work(number: int) -> None:
        chance = random.Random(number)
        for turn in range(20):
            capture = open_capture("sys", tmp_path / f"{number}-{turn}")
            print("x" * 10 + "\n", end="")  # in one piece: threads may take turns between two
            time.sleep(chance.random() / 500)
            capture.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr().out == ("x" * 10 + "\n") * 160


def test_a_stream_put_there_by_others_is_left_alone(tmp_path, capsys):
    """Whoever replaces sys.stdout during a capture keeps his own, and what he restores still works."""
    other = io.StringIO()
    capture = open_capture("sys", tmp_path / "output.txt")
    ours, sys.stdout = sys.stdout, other
    capture.close()
    kept = sys.stdout
    sys.stdout = ours
    print("still shown", flush=True)
    again = open_capture("sys", tmp_path / "again.txt")
    again.close()

    assert kept is other
    assert capsys.readouterr().out == "still shown\n"
    assert recorded(tmp_path) == ""


def test_a_kept_stream_works_after_the_end(tmp_path, capsys):
    """A logging handler made during a capture still reaches the terminal after it, and is not recorded any more."""
    capture = open_capture("sys", tmp_path / "output.txt")
    handler = logging.StreamHandler()
    logger = logging.Logger("kept")
    logger.addHandler(handler)
    logger.warning("during")
    sys.stderr.close()
    capture.close()
    logger.warning("after")

    assert capsys.readouterr().err == "during\nafter\n"
    assert recorded(tmp_path) == "during\n"


def test_failing_original_raises_and_is_recorded_once(tmp_path):
    """An error of the stream below reaches the code that prints, as it would without us; the text is recorded once."""

    class Broken(io.RawIOBase):
        def writable(self):
            return True

        def write(self, data):
            raise BrokenPipeError("gone")

    broken = io.TextIOWrapper(io.BufferedWriter(Broken()), line_buffering=True)
    with redirect_stdout(broken):
        capture = open_capture("sys", tmp_path / "output.txt")
        with pytest.raises(BrokenPipeError):
            print("text")
        capture.close()
    assert recorded(tmp_path) == "text\n"
    with pytest.raises(BrokenPipeError):
        broken.detach().close()


def test_fault_is_noted_and_loses_nothing(tmp_path, capsys):
    """A file that cannot be opened is a fault and no error; as soon as it can be, all that was printed is there."""
    folder = tmp_path / "later"
    capture = open_capture("sys", folder / "output.txt")
    print("before", flush=True)
    fault = capture.fault
    folder.mkdir()
    print("after", flush=True)
    capture.close()

    assert "No such file" in fault
    assert recorded(folder) == "before\nafter\n"
    assert capsys.readouterr().out == "before\nafter\n"


def test_what_waits_for_storage_is_tried_again_without_more_output(tmp_path):
    """What could not be written is written by the next push, or at the end."""
    for written_by in ("push", "close"):
        folder = tmp_path / written_by
        capture = open_capture("sys", folder / "output.txt")
        print("one", flush=True)
        folder.mkdir()
        getattr(capture, written_by)()

        assert recorded(folder) == "one\n"
        capture.close()


@linux
def test_what_is_printed_to_nobody_raises_nothing_of_the_storage(tmp_path):
    """Where stdout is the null device, printing goes on on a full disk as it does without a run."""
    (tmp_path / "output.txt").symlink_to("/dev/full")
    body = "tee_process._PATIENCE = 1.0\nfor i in range(20000): print(i)"
    after = "(Path.cwd() / 'fault').write_text(capture.fault)"
    command = script("fd", body, after)
    null = subprocess.DEVNULL
    done = subprocess.run(command, cwd=tmp_path, env=environment(), stdout=null, stderr=null, timeout=120, check=False)

    assert done.returncode == 0
    assert "No space left on device" in (tmp_path / "fault").read_text()


def test_output_that_waits_is_bounded_and_said_to_be_lost(tmp_path, monkeypatch):
    """What waits in memory is bounded; what is lost in the end is said."""
    monkeypatch.setattr(file, "_ROOM", 10)
    monkeypatch.setattr(file, "_PATIENCE", 0.05)
    capture = open_capture("sys", tmp_path / "never" / "output.txt")
    print("123456789", flush=True)
    print("more", flush=True)
    capture.close()

    assert "15 bytes of output are lost" in capture.fault


def test_modes_are_those_of_the_command_line():
    """The modes are Sacred's three."""
    assert MODES == ("no", "sys", "fd")
