"""Whose output a piece of text is, whoever writes it and by what: each line is in the right record exactly once."""

from __future__ import annotations

import inspect
import threading
from collections import Counter

import nbformat
import pytest
from blocks import kernel_client
from interpreter import run_python

import expframe

VOICES = """
import asyncio, codecs, logging, os, subprocess, sys, threading, time, warnings
from sys import stderr as kept_error, stdout as kept_output

written_early = kept_error.write
logging.basicConfig(level="INFO", format="%(message)s")
import rich.console, structlog, tqdm
from loguru import logger as loguru

loguru.remove()
loguru.add(kept_error, format="{message}")
rich_early = rich.console.Console(file=kept_error, force_jupyter=False)
rich_usual = rich.console.Console(force_jupyter=False)
plain = [lambda _logger, _name, event: event["event"]]
structlog_early = structlog.wrap_logger(structlog.PrintLogger(kept_error), plain)
structlog_bound = structlog.wrap_logger(structlog.WriteLogger(kept_error), plain)

from expframe import Experiment

ex = Experiment("voices")


async def tasks(who):
    async def say(number):
        await asyncio.sleep(0)
        print(who, "task", number)

    await asyncio.gather(say(1), say(2))


def speak(who):
    print(who, "print")
    print(who, "print to stderr", file=sys.stderr)
    print(who, "flushed", flush=True)
    sys.stdout.buffer.write(f"{who} bytes\\n".encode())
    sys.stdout.writelines([f"{who} lines\\n"])
    print(who, "kept stdout", file=kept_output)
    print(who, "kept stderr", file=kept_error)
    getattr(kept_output, "buffer", sys.stdout.buffer).write(f"{who} kept buffer\\n".encode())
    written_early(f"{who} write that was bound\\n")
    codecs.getwriter("utf-8")(sys.stdout.buffer).write(f"{who} codec\\n")
    logging.info(f"{who} logging set up early")
    late = logging.Logger("late")
    late.addHandler(logging.StreamHandler())
    late.info(f"{who} logging set up late")
    loguru.info(f"{who} loguru")
    structlog_early.info(f"{who} structlog")
    structlog_bound.info(f"{who} structlog that was bound")
    rich_early.print(f"{who} rich kept")
    rich_usual.print(f"{who} rich")
    for _ in tqdm.tqdm(range(2), desc=f"{who} bar"):
        pass
    tqdm.tqdm.write(f"{who} tqdm")
    warnings.warn(f"{who} warning")
    thread = threading.Thread(target=print, args=(who, "thread"))
    thread.start()
    thread.join()
    asyncio.run(tasks(who)) if "get_ipython" not in globals() else print(f"{who} task 1\\n{who} task 2")
    os.write(1, f"{who} descriptor\\n".encode())
    subprocess.run(["echo", who, "process"])


@ex.command
def child():
    speak("child")


@ex.main
def main():
    speak("parent")
    ex.run("child")
    print("parent last")
"""
SPOKEN = [
    "print",
    "print to stderr",
    "flushed",
    "bytes",
    "lines",
    "kept stdout",
    "kept stderr",
    "kept buffer",
    "codec",
    "logging set up early",
    "logging set up late",
    "loguru",
    "structlog",
    "rich kept",
    "rich",
    "tqdm",
    "warning",
    "thread",
    "task 1",
    "task 2",
    "bar: 100",
]
BOUND = ["write that was bound", "structlog that was bound"]
"""By a method that was taken from a stream earlier; below the streams of a notebook there is nothing to see it at."""
UNSEEN = ["descriptor", "process"]
"""What goes past Python's streams is recorded by `fd` alone."""


def counts(text: str) -> Counter[str]:
    """Return how often each line that somebody spoke is in a text, and the bars by what they have come to."""
    spoken = (line.strip() for line in text.splitlines())
    lines = (line.partition("UserWarning: ")[2] or line for line in spoken if "warnings.warn" not in line)
    kept = (line.partition("%")[0].removesuffix(" ") for line in lines if line.startswith(("parent", "child")))
    return Counter(kept)


def spoken(who: str, *also: str) -> Counter[str]:
    """Return each line of a speaker, once."""
    last = ["parent last"] if who == "parent" else []
    return Counter([f"{who} {line}" for line in (*SPOKEN, *also)] + last)


def run(folder, code, *words, environment):
    """Run code as a script of its own, and return its runs by id."""
    path = folder / "script.py"
    path.write_text(code)
    done = run_python([path, *words], cwd=folder, env=environment, is_merged=True)
    assert done.returncode == 0, done.stdout
    return {run.id: run for run in expframe.runs(folder / "runs")}


class TestEveryWayOfPrinting:
    """Each line is in the record of its run, and in those around it, exactly once."""

    @pytest.mark.parametrize("unbuffered", ["", "1"])
    def test_on_a_command_line(self, tmp_path, environment, unbuffered):
        """The first run records its file descriptors, with other processes; runs inside it what Python writes."""
        environment = {**environment, "PYTHONUNBUFFERED": unbuffered}
        found = run(tmp_path, VOICES + "\nex.run_commandline()", environment=environment)

        assert [found[id].record.capture for id in ("1", "2")] == ["fd", "sys"]
        assert spoken("child", *BOUND) == counts(found["2"].output())
        assert spoken("parent", *BOUND, *UNSEEN) + spoken("child", *BOUND, *UNSEEN) == counts(found["1"].output())

    @pytest.mark.parametrize("unbuffered", ["", "1"])
    def test_in_a_script(self, tmp_path, environment, unbuffered):
        """A run that a script starts records what Python writes; what goes past that is not seen."""
        environment = {**environment, "PYTHONUNBUFFERED": unbuffered}
        found = run(
            tmp_path, VOICES + "\nprint('parent before')\nex.run()\nprint('parent after')", environment=environment
        )

        assert [found[id].record.capture for id in ("1", "2")] == ["sys", "sys"]
        assert spoken("child", *BOUND) == counts(found["2"].output())
        assert spoken("parent", *BOUND) + spoken("child", *BOUND) == counts(found["1"].output())

    @pytest.mark.once
    def test_in_a_notebook(self, tmp_path, environment, monkeypatch):
        """The same holds for the cells of a notebook."""
        monkeypatch.setenv("PYTHONPATH", environment["PYTHONPATH"])
        monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
        monkeypatch.delenv("PYTEST_CURRENT_TEST", raising=False)
        cells = [nbformat.v4.new_code_cell(source) for source in (VOICES, "ex.run()")]
        kernel_client(nbformat.v4.new_notebook(cells=cells), tmp_path).execute()
        found = {run.id: run for run in expframe.runs(tmp_path / "runs")}

        late = Counter(f"{who} {what}" for who in ("parent", "child") for what in UNSEEN)  # by the kernel

        assert spoken("child") == counts(found["2"].output()) - late
        assert spoken("parent") + spoken("child") == counts(found["1"].output()) - late


SIDE_BY_SIDE = """
import sys, threading, time
from expframe import Experiment

ex = Experiment("threads")
barrier = threading.Barrier(3)


@ex.main
def main(who=0):
    barrier.wait()
    for number in range(200):
        print("run", who, number)
        sys.stderr.write(f"run {who} error {number}\\n")
        sys.stdout.buffer.write(f"run {who} bytes {number}\\n".encode())
    barrier.wait()


@ex.command
def around():
    threads = [threading.Thread(target=ex.run, args=("main", {"who": who})) for who in (1, 2)]
    for thread in threads:
        thread.start()
    barrier.wait()
    print("outside")
    other = threading.Thread(target=print, args=("from a thread without a run",))
    other.start()
    other.join()
    barrier.wait()
    for thread in threads:
        thread.join()
"""


class TestSideBySide:
    """Runs in threads of one process."""

    @pytest.mark.parametrize("unbuffered", ["", "1"])
    @pytest.mark.parametrize("start", ["around()", "ex.run('around')", "ex.run('around', options={'capture': 'fd'})"])
    def test_output_goes_to_the_run_that_wrote_it(self, tmp_path, environment, start, unbuffered):
        """Each record has its run's own lines, whole and in order; what is outside of all is in none of theirs."""
        environment = {**environment, "PYTHONUNBUFFERED": unbuffered}
        found = run(tmp_path, f"{SIDE_BY_SIDE}\n{start}", environment=environment)
        for each in (run for run in found.values() if run.command == "main"):
            who = each.config["who"]
            lines = each.output().splitlines()

            assert all(line.startswith(f"run {who} ") for line in lines)
            for kind in ("", "error ", "bytes "):
                assert [f"run {who} {kind}{number}" for number in range(200)] == [
                    line for line in lines if line.startswith(f"run {who} {kind}") and (kind or line.count(" ") == 2)
                ]
        for each in (run for run in found.values() if run.command == "around"):
            kinds = ("", "error ", "bytes ")
            theirs = [f"run {who} {kind}{number}\n" for who in (1, 2) for kind in kinds for number in range(200)]
            text = "".join([*theirs, "outside\n", "from a thread without a run\n"])

            assert Counter(text) == Counter(each.output())  # their lines may be mixed, as on a terminal

    def test_a_run_that_records_nothing_is_in_no_record(self, ex, capsys):
        """What a run without capture prints is not in the record of another one that goes on beside it."""
        barrier = threading.Barrier(2)

        @ex.main
        def main(who="kept"):
            barrier.wait()
            print("of", who)
            barrier.wait()

        silent = threading.Thread(target=lambda: ex.run("main", {"who": "other"}, options={"capture": "no"}))
        silent.start()
        kept = ex.run()
        silent.join()
        capsys.readouterr()

        assert ["of kept"] == expframe.runs("runs")[kept.id].output().splitlines()

    def test_a_child_in_a_thread_has_its_own_lines(self, ex, capsys):
        """What the parent prints while a child goes on in a thread is in the parent's record alone."""
        barrier = threading.Barrier(2)

        @ex.command
        def child():
            print("child")
            barrier.wait()
            barrier.wait()

        @ex.main
        def main():
            thread = threading.Thread(target=lambda: children.append(ex.run("child")))
            thread.start()
            barrier.wait()
            print("parent")
            barrier.wait()
            thread.join()

        children: list[expframe.Run] = []
        parent = ex.run()
        capsys.readouterr()
        found = expframe.runs("runs")

        assert "child\n" == found[children[0].id].output()
        assert "child\nparent\n" == found[parent.id].output()


class Tee:
    """Writes on to a stream, and keeps a copy."""

    def __init__(self, below):
        self.below = below
        self.copy = []

    def write(self, text):
        self.copy.append(text)
        self.below.write(text)

    def flush(self):
        self.below.flush()


class Slotted:
    """Has no room for attributes of others."""

    __slots__ = ("below",)

    def __init__(self, below):
        self.below = below

    def write(self, text):
        return self.below.write(text)

    def flush(self):
        self.below.flush()


class Held:
    """Writes on nothing until it is flushed."""

    def __init__(self, below):
        self.below = below
        self.held = ""

    def write(self, text):
        self.held += text

    def flush(self):
        self.below.write(self.held)
        self.below.flush()
        self.held = ""


class TestStreamOfOnesOwn:
    """A sys.stdout that the program has put there before the run."""

    KINDS = (
        "Tee(sys.stdout)",
        "Slotted(sys.stdout)",
        "Held(sys.stdout)",
        "Tee(Held(sys.stdout))",
        "codecs.getwriter('utf-8')(sys.stdout.buffer)",
        "io.TextIOWrapper(sys.stdout.buffer, line_buffering=True)",
        "wrapt.ObjectProxy(sys.stdout)",
        "tqdm.contrib.DummyTqdmFile(sys.stdout)",
        "io.StringIO()",
        "open('elsewhere.txt', 'w')",
    )

    @pytest.mark.parametrize("mode", ["sys", "fd"])
    @pytest.mark.parametrize("kind", KINDS)
    def test_lines_are_recorded_once(self, tmp_path, environment, kind, mode):
        """Whatever it does with the text, each line is recorded once, and what was there is put back as it was."""
        classes = "\n".join(inspect.getsource(each) for each in (Tee, Slotted, Held))
        code = f"""
import codecs, io, sys
import tqdm.contrib, wrapt
from expframe import Experiment, current_run

{classes}
before = sys.stdout
sys.stdout = mine = {kind}
ex = Experiment("own")


@ex.command
def child():
    current_run().output()  # hands on what is held
    print("of the child")


@ex.main
def main():
    print("first", end=" ")
    current_run().output()
    print(1, flush=True)
    before.write("by the earlier stream\\n")
    print("second")
    ex.run("child")
    sys.stdout.flush()
    print("last")


ex.run(options={{"capture": {mode!r}}})
assert sys.stdout is mine
for stream in (before, before.buffer, mine):
    assert not {{"write", "flush"}} & getattr(stream, "__dict__", {{}}).keys()
"""
        found = run(tmp_path, code, environment=environment)
        expected = ["by the earlier stream", "first 1", "last", "of the child", "second"]

        assert ["of the child"] == found["2"].output().splitlines()
        assert expected == sorted(found["1"].output().splitlines())
