"""The process that copies output: what storage refuses for a while arrives later, and who prints never waits."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import steps
from hypothesis import given
from hypothesis import strategies as st

from expframe.process.output.tee import Backlog

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="file descriptors as Linux has them")

OPENING = """
import os, signal, subprocess, sys, threading, time
from contextlib import suppress
from pathlib import Path
from expframe.process.output.capture import open_capture

def copying():
    # the one process that was given the path of the file, once it is there
    path = os.fsencode(os.path.abspath("output.txt"))
    while True:
        for words in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                if path in words.read_bytes().split(bytes(1)):
                    return int(words.parent.name)
        time.sleep(0.01)

def beat():
    while not stop.wait(0.02):
        capture.push()

stop = threading.Event()
capture = open_capture("fd", Path("output.txt"))
threading.Thread(target=beat, daemon=True).start()
try:
"""

CLOSING = """
finally:
    stop.set()
    capture.close()
"""


def command(body: str, after: str = "", before: str = "") -> tuple[list[str], dict[str, str]]:
    """Return a command that runs the body inside a capture of file descriptors into output.txt, and its environment."""
    text = before + OPENING + textwrap.indent(textwrap.dedent(body), "    ") + CLOSING + textwrap.dedent(after)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return [sys.executable, "-c", text], {**kept, "PYTHONPATH": str(steps.ROOT)}


PATIENT = """
from expframe.process.output import tee_process
tee_process._PATIENCE = 60.0
"""
"""For ends that wait for nothing but work: a machine may let any process stand still for a while."""


def run(folder: Path, body: str, after: str = "", before: str = PATIENT) -> subprocess.CompletedProcess[str]:
    """Run the body inside a capture, and return what it showed in the file `shown`."""
    words, kept = command(body, after, before)
    with (folder / "shown").open("w") as file:
        done = subprocess.run(words, cwd=folder, env=kept, stdout=file, stderr=subprocess.PIPE, timeout=120)
    printed = (folder / "shown").read_text()
    return subprocess.CompletedProcess(words, done.returncode, printed, done.stderr.decode())


def numbered(count: int, start: int = 0) -> str:
    """Return so many lines."""
    return "".join(f"line {number}\n" for number in range(start, start + count))


SLOW = """
from expframe.process.output import tee_process
tee_process._PROGRAM = f"import time; time.sleep(1.5); {tee_process._PROGRAM}"
"""

LATE = """
import os
from expframe.process.output import tee_process
place = os.path.abspath("go")
tee_process._PROGRAM = (
    f"import os, time\\nend = time.monotonic() + 100\\n"
    f"while not os.path.exists({place!r}) and time.monotonic() < end: time.sleep(0.01)\\n{tee_process._PROGRAM}"
)
"""
"""Lets it begin when there is a file `go`."""


def test_the_end_does_not_wait_for_its_start(tmp_path):
    """What was printed before it could begin is in the file and shown when the capture has ended, each stream's."""
    body = """
    print("line 0", flush=True)
    print("line 1", file=sys.stderr, flush=True)
    subprocess.run(["echo", "line 2"])
    """
    after = "print(capture.is_left_running, Path('output.txt').read_text().split(), file=sys.stderr)"
    result = run(tmp_path, body, f"{after}\nPath('go').touch()", LATE)

    assert result.stdout == "line 0\nline 2\n"
    assert result.stderr.splitlines()[:1] == ["line 1"]
    assert result.stderr.splitlines()[1] == "False ['line', '0', 'line', '2', 'line', '1']"


STANDING = """
import itertools, time, types
from expframe.process.output import tee_process
hours = itertools.count(0.0, 3600.0)
tee_process.time = types.SimpleNamespace(monotonic=lambda: next(hours), sleep=time.sleep)
"""
"""Lets the machine stand still for an hour before each look at its clock."""


def test_a_machine_that_stands_still_is_not_taken_for_somebody_who_does_nothing(tmp_path):
    """The end waits for as long as it has looked for itself: all is in the file and shown, whatever a clock says."""
    body = """
    print("line 0", flush=True)
    while not Path("output.txt").read_text():  # it has begun
        time.sleep(0.01)
    print("line 1", flush=True)
    """
    after = "print(capture.is_left_running, Path('output.txt').read_text().split(), file=sys.stderr)"
    result = run(tmp_path, body, after, STANDING)

    assert "False ['line', '0', 'line', '1']\n" == result.stderr
    assert numbered(2) == result.stdout


def test_what_others_print_after_the_end_is_copied_by_whoever_begins_late(tmp_path):
    """A child that goes on printing when the capture has ended is copied, after what was there before."""
    body = """
    print("line 0", flush=True)
    wait = "while ! [ -e {} ]; do sleep 0.02; done"
    late = f"{wait.format('ended')}; echo line 1; touch said; {wait.format('begun')}; echo line 2"
    child = subprocess.Popen(["sh", "-c", late])
    """
    after = """
    Path("ended").touch()
    while not os.path.exists("said"):
        time.sleep(0.01)
    Path("go").touch()
    while "line 1" not in Path("output.txt").read_text():
        time.sleep(0.01)
    Path("begun").touch()
    child.wait()
    """
    run(tmp_path, body, after, LATE)

    for name in ("shown", "output.txt"):
        steps.wait_until(lambda name=name: (tmp_path / name).read_text() == numbered(3))


@pytest.mark.once
def test_the_end_does_not_wait_for_a_child_that_prints_without_a_pause(tmp_path):
    """Where it could not begin and a child refills what is copied again and again, the rest is left to it."""
    body = """
    endless = "import os; os.write(1, bytes(1 << 16)); os.mkdir('begun')\\nwhile True: os.write(1, bytes(1 << 16))"
    child = subprocess.Popen([sys.executable, "-S", "-c", endless])
    while not os.path.exists("begun"):
        time.sleep(0.01)
    time.sleep(0.2)  # for the pipe to be full
    """
    after = "child.kill(); Path('go').touch(); print(capture.is_left_running, file=sys.stderr)"
    words, kept = command(body, after, LATE)
    shown = 0
    with subprocess.Popen(words, cwd=tmp_path, env=kept, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while data := os.read(process.stdout.fileno(), 1 << 16):
            shown += len(data)
            time.sleep(0.01)  # slower than the child, which therefore always has more
            assert shown < 1 << 25
        said = process.stderr.read()

    assert said == b"True\n"
    assert 1 << 16 < shown == (tmp_path / "output.txt").stat().st_size


def test_what_storage_refuses_at_the_end_is_left_to_it(tmp_path):
    """Where the file takes nothing, it goes on trying when the capture has ended."""
    (tmp_path / "output.txt").symlink_to("/dev/full")
    run(tmp_path, "print('line 0', flush=True)", "os.unlink('output.txt')", SLOW)

    steps.wait_until((tmp_path / "output.txt").exists)
    for name in ("shown", "output.txt"):
        steps.wait_until(lambda name=name: (tmp_path / name).read_text() == "line 0\n")


def test_what_cannot_be_shown_at_the_end_is_left_to_it(tmp_path):
    """Where it is shown, in a file that is as long as files may be here, it is in the end, and is recorded once."""
    body = """
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    print("line 0", flush=True)
    """
    run(tmp_path, body, before=f"{SLOW}\nimport os; os.write(1, bytes(1000))")

    steps.wait_until(lambda: (tmp_path / "shown").read_text() == f"{chr(0) * 1000}line 0\n")
    steps.wait_until(lambda: (tmp_path / "output.txt").read_text() == "line 0\n")


def test_what_is_printed_while_storage_fails_is_all_there_afterwards(tmp_path):
    """What this process, a child and a descriptor write during a fault is in the file as soon as storage is back."""
    (tmp_path / "output.txt").symlink_to("/dev/full")
    body = """
    for number in range(1000):
        print("line", number, flush=True)
    subprocess.run(["/bin/echo", "line 1000"])
    os.write(1, b"line 1001\\n")
    while not capture.fault:
        time.sleep(0.01)
    os.unlink("output.txt")
    """
    result = run(tmp_path, body, "print(capture.fault, capture.is_left_running, file=sys.stderr)")

    assert (tmp_path / "output.txt").read_text() == result.stdout == numbered(1002)
    assert "No space left on device" in result.stderr
    assert "lost" not in result.stderr
    assert result.stderr.endswith("False\n")


def test_nobody_who_prints_hears_that_the_process_was_killed(tmp_path):
    """When the process that copies is killed, this one and its children print on, and are recorded by another one."""
    body = """
    child = subprocess.Popen(["sh", "-c", "read line; echo $line"], stdin=subprocess.PIPE)
    print("before", flush=True)
    while not (Path("output.txt").stat().st_size and Path("shown").stat().st_size):
        time.sleep(0.01)
    os.kill(copying(), signal.SIGKILL)
    print("parent", flush=True)
    child.communicate(b"child\\n")
    """
    result = run(tmp_path, body, "print(capture.fault, capture.is_left_running, file=sys.stderr)")

    assert sorted(result.stdout.split()) == ["before", "child", "parent"]
    assert sorted((tmp_path / "output.txt").read_text().split()) == ["before", "child", "parent"]
    assert "the process that copies output was ended" in result.stderr
    assert result.stderr.endswith("False\n")


MORTAL = """
from expframe.process.output import tee_process
tee_process._MOST_STARTS, tee_process._LONG_LIFE = {}, {}
"""


@pytest.mark.once
def test_it_is_replaced_for_as_long_as_it_lives_a_while(tmp_path):
    """In a long run it may be killed as often as it likes to be: those that lived for some seconds are not counted."""
    body = """
    for number in range(3):
        print("line", number, flush=True)
        while any(Path(name).read_text().count("line") <= number for name in ("output.txt", "shown")):
            time.sleep(0.01)
        os.kill(copying(), signal.SIGKILL)
    print("line 3", flush=True)
    """
    result = run(tmp_path, body, before=MORTAL.format(2, 0))

    assert result.stdout == (tmp_path / "output.txt").read_text() == numbered(4)


@pytest.mark.once
def test_where_it_is_given_up_nothing_is_lost_and_nobody_hears_of_it(tmp_path):
    """Where it is killed again and again, children print on and are recorded, and what this process prints is shown."""
    body = """
    child = subprocess.Popen(["sh", "-c", "read line; seq 100000; read line; echo last"], stdin=subprocess.PIPE)
    print("line 0", flush=True)
    while not (Path("output.txt").stat().st_size and Path("shown").stat().st_size):
        time.sleep(0.01)
    os.kill(copying(), signal.SIGKILL)
    os.write(1, b"line 1\\n" * 10_000)
    while "not recorded" not in str(capture.fault):
        time.sleep(0.01)
    child.stdin.write(b"\\n")
    child.stdin.flush()
    while Path("shown").stat().st_size < 7 + 70_000 + 588_895:
        time.sleep(0.01)
    print("line 2", flush=True)
    """
    after = "child.communicate(b'\\n'); print(child.returncode, capture.is_left_running, file=sys.stderr)"
    result = run(tmp_path, body, after, MORTAL.format(1, 1000))
    counted = "".join(f"{number}\n" for number in range(1, 100_001))
    recorded = "line 0\n" + "line 1\n" * 10_000 + counted + "last\n"

    assert result.stderr == "0 True\n"
    steps.wait_until(lambda: (tmp_path / "output.txt").read_text() == recorded)
    assert (tmp_path / "shown").read_text() == recorded.replace("last\n", "line 2\nlast\n")


@pytest.mark.once
def test_where_it_cannot_be_started_the_streams_are_recorded(tmp_path):
    """Where there are too many processes, the mode is `sys`, and the fault says why."""
    before = "from expframe.process.output import tee_process; tee_process._IN_BACKGROUND = 'exit 2'"
    result = run(tmp_path, "print('line 0')", "print(capture.mode, capture.fault, file=sys.stderr)", before)

    assert result.stdout == (tmp_path / "output.txt").read_text() == "line 0\n"
    assert result.stderr.startswith("sys Capture mode 'fd' is not possible here")
    assert "no process can be started" in result.stderr


@pytest.mark.once
def test_what_was_printed_while_none_lives_is_recorded_at_the_end(tmp_path):
    """Where none that is started comes to life, the end shows and records what was printed."""
    before = "from expframe.process.output import tee_process; tee_process._IN_BACKGROUND = 'true'"
    after = "print(Path('output.txt').read_text(), capture.is_left_running, file=sys.stderr)"
    result = run(tmp_path, "print('line 0', flush=True); subprocess.run(['echo', 'line 1'])", after, before)

    assert (result.stdout, result.stderr) == (numbered(2), f"{numbered(2)} False\n")


@pytest.mark.once
def test_a_child_that_goes_on_prints_on_where_none_has_ever_lived(tmp_path):
    """What it prints after the end is shown and recorded, and it hears of nothing."""
    before = "from expframe.process.output import tee_process; tee_process._PROGRAM = 'raise SystemExit'"
    body = """
    child = subprocess.Popen(["sh", "-c", "echo line 1; read line; echo line 2"], stdin=subprocess.PIPE)
    print("line 0", flush=True)
    """
    after = "child.communicate(b'\\n'); print(child.returncode, capture.is_left_running, file=sys.stderr)"
    result = run(tmp_path, body, after, before)

    assert "0 True\n" == result.stderr
    steps.wait_until(lambda: sorted((tmp_path / "output.txt").read_text().splitlines()) == numbered(3).splitlines())
    assert sorted((tmp_path / "shown").read_text().splitlines()) == numbered(3).splitlines()


def test_a_child_hears_that_nobody_reads_any_more(tmp_path):
    """`| head -1` ends an endless child of a run too, by SIGPIPE, as without a run; what it printed is recorded."""
    words, kept = command("print(subprocess.run(['yes']).returncode, file=sys.stderr)")
    with subprocess.Popen(
        words, cwd=tmp_path, env=kept, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "y\n"
        process.stdout.close()
        _, said = process.communicate(timeout=120)

    assert said == f"{-signal.SIGPIPE}\n"
    assert (tmp_path / "output.txt").read_text().startswith("y\ny\n")


def test_a_program_that_waits_for_all_its_children_is_not_held_up(tmp_path):
    """The process that copies is none of them: `os.wait` ends with the last child of the program's own."""
    body = """
    child = subprocess.Popen(["echo", "line 0"])
    print(os.wait()[0] == child.pid)
    try:
        os.wait()
    except ChildProcessError:
        print("no child")
    child.returncode = 0
    """
    result = run(tmp_path, body)

    assert result.stdout == (tmp_path / "output.txt").read_text() == "line 0\nTrue\nno child\n"
    assert result.stderr == ""


@pytest.mark.once
@pytest.mark.parametrize("before", ["", SLOW])
def test_where_there_is_no_shell_nothing_is_left_of_it(before, tmp_path):
    """Without `/bin/sh` it is a child, which is waited for when it was killed and at the end."""
    body = """
    def has_child():
        with suppress(ChildProcessError):
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            return True
        return False
    killed = copying()
    os.kill(killed, signal.SIGKILL)
    while copying() == killed:
        time.sleep(0.01)
    print(has_child(), os.path.exists(f"/proc/{killed}"), flush=True)
    if not is_slow:
        while not Path("output.txt").read_text():
            time.sleep(0.01)
    """
    before += (
        f"from expframe.process.output import tee_process; tee_process._SHELL = '/none'; is_slow = {bool(before)}\n"
    )
    after = "print(has_child() and not capture.is_left_running, file=sys.stderr)"
    result = run(tmp_path, body, after, before)

    assert result.stderr == "False\n"
    assert result.stdout == (tmp_path / "output.txt").read_text() == "True False\n"


@pytest.mark.once
@pytest.mark.parametrize("setting", ["dont_write_bytecode = True", "pycache_prefix = os.path.abspath('cache')"])
def test_it_writes_no_bytecode_where_none_is_wanted(setting, tmp_path):
    """Where Python is to write no bytecode, or elsewhere, there is none beside the program that copies."""
    before = f"""
import os, shutil, sys
from expframe.process.output import tee
sys.{setting}
os.mkdir("package")
tee.__file__ = shutil.copy(tee.__file__, "package")
"""
    body = """
    print("line 0", flush=True)
    while not Path("output.txt").read_text():
        time.sleep(0.01)
    """
    run(tmp_path, body, before=before)

    assert (tmp_path / "output.txt").read_text() == "line 0\n"
    assert [path.name for path in (tmp_path / "package").iterdir()] == ["tee.py"]
    assert ("cache" in setting) == bool(list(tmp_path.glob("cache/**/tee.*.pyc")))


def test_a_descriptor_put_back_leads_to_where_it_went(tmp_path):
    """Who keeps a descriptor, replaces it and puts it back later is recorded, and the end puts the original back."""
    body = """
    kept, other = os.dup(1), os.open("other", os.O_WRONLY | os.O_CREAT)
    os.dup2(other, 1)
    os.write(1, b"elsewhere\\n")
    os.dup2(kept, 1)
    os.close(kept)
    os.write(1, b"back\\n")
    """
    result = run(tmp_path, body, "os.write(1, b'after\\n')")

    assert ("elsewhere\n", "back\n") == ((tmp_path / "other").read_text(), (tmp_path / "output.txt").read_text())
    assert (result.stdout, result.stderr) == ("back\nafter\n", "")


def test_a_child_is_told_of_no_storage_that_fails(tmp_path):
    """Where stdout is the null device, a child of a run prints on a full disk as it does without a run."""
    (tmp_path / "output.txt").symlink_to("/dev/full")
    (tmp_path / "shown").symlink_to(os.devnull)
    body = """
    done = subprocess.run(["sh", "-c", "echo one && echo two && echo three"])
    while not capture.fault:
        time.sleep(0.01)
    os.unlink("output.txt")
    """
    result = run(tmp_path, body, "print(done.returncode, file=sys.stderr)")

    assert result.stderr == "0\n"
    assert (tmp_path / "output.txt").read_text() == "one\ntwo\nthree\n"


@pytest.mark.parametrize("is_full", [False, True])
def test_what_was_printed_before_a_kill_is_recorded(is_full, tmp_path):
    """SIGKILL takes nothing away that was written before, also of what waits for storage then."""
    if is_full:
        (tmp_path / "output.txt").symlink_to("/dev/full")
    run(tmp_path, "print('line 0', flush=True); os.kill(os.getpid(), signal.SIGKILL)")
    if is_full:
        (tmp_path / "output.txt").unlink()

    steps.wait_until(lambda: (tmp_path / "output.txt").exists() and (tmp_path / "output.txt").read_text())
    assert (tmp_path / "output.txt").read_text() == "line 0\n"


def test_it_is_deaf_to_what_ends_a_job(tmp_path):
    """SIGTERM, SIGHUP and SIGINT to every process of a job, as batch systems send them, end no recording."""
    body = """
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        os.kill(copying(), number)
    time.sleep(0.1)
    print("line 0")
    """
    result = run(tmp_path, body)

    assert (0, "line 0\n", "line 0\n") == (result.returncode, result.stdout, (tmp_path / "output.txt").read_text())


def test_what_is_shown_never_waits_for_the_file(tmp_path):
    """Where storage hangs, what is printed is shown at once, and is recorded when storage answers again."""
    body = """
    os.unlink("output.txt")
    os.mkfifo("output.txt")  # opening it for writing hangs until somebody reads it
    Path("go").touch()
    print("line 0\\n" * 200_000, end="", flush=True)
    while Path("shown").stat().st_size < 1_400_000:
        time.sleep(0.01)
    def read():
        with open("output.txt") as file:
            Path("read").write_text(file.read())
    reader = threading.Thread(target=read)
    reader.start()
    """
    result = run(tmp_path, body, "reader.join(); print(capture.fault, file=sys.stderr)", LATE)

    assert result.stdout == (tmp_path / "read").read_text() == "line 0\n" * 200_000
    assert result.stderr == "None\n"


def test_what_waits_is_bounded_and_its_gap_is_said(tmp_path):
    """Of more than some megabytes the middle is given up; the file says where and how much, and the fault too."""
    (tmp_path / "output.txt").symlink_to("/dev/full")
    printed = "".join(f"{number:99}\n" for number in range(120_000))
    body = """
    print("".join(f"{number:99}\\n" for number in range(120_000)), end="", flush=True)
    while Path("shown").stat().st_size < 12_000_000 or not capture.fault:
        time.sleep(0.01)
    os.unlink("output.txt")
    """
    result = run(tmp_path, body, "print(capture.fault, file=sys.stderr)")
    before, missing, after = re.split(
        r"\n\[expframe: (\d+) bytes are missing here.*\]\n", (tmp_path / "output.txt").read_text()
    )

    assert result.stdout == printed
    assert result.stdout.startswith(before) and result.stdout.endswith(after)
    assert len(result.stdout) == len(before) + int(missing) + len(after)
    assert min(len(before), len(after)) > 4_000_000
    assert f"{missing} bytes of output are lost" in result.stderr


PIECES = st.binary(max_size=30) | st.just(None)


@given(st.integers(2, 40), st.lists(PIECES, max_size=60))
def test_a_backlog_accounts_for_each_byte(room, pieces):
    """What comes out is what went in but for gaps that tell their size, and no more waits than there is room for."""
    backlog, given_in, out = Backlog(room), b"", b""
    for piece in [*pieces, *[None] * 100]:
        if piece is None:
            first = backlog.first()
            count = min(len(first), 1 + len(out) % 7) if piece in pieces else len(first)
            out += first[:count]
            backlog.written(count)
        else:
            given_in += piece
            backlog.add(piece)
            assert len(backlog) <= room + 200  # the text of a gap takes room too
    gaps = re.findall(rb"\n\[expframe: (\d+) bytes are missing here[^]]*\]\n", out)

    assert len(backlog) == 0
    assert sum(map(int, gaps)) == backlog.lost
    if not gaps:
        assert out == given_in
