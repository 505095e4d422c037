"""Fixtures that most tests use."""

import json
import logging
import os
import signal
import sys
import textwrap
import threading

import hypothesis
import pytest
import steps

from expframe import Experiment
from expframe.__main__ import main
from expframe.facts import sources
from expframe.process import context

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # every process that a test starts would compile the package anew
sys.dont_write_bytecode = False  # and pytest all of its tests

collect_ignore = ["golden"]  # what other programs have written, scripts among it

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell has it for what runs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # as nohup has it
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A busy machine is no fault of the code. The gate tries the same few examples each time, so that it fails for a change
# and not for a day; `.ci/run --slow` tries many others.
for name, count in {"shared": 20, "thorough": 100}.items():
    hypothesis.settings.register_profile(
        name,
        deadline=None,
        max_examples=count,
        derandomize=name == "shared",
        suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
    )
hypothesis.settings.load_profile("shared")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """With `-n auto` there are two workers for each processor, since many tests wait for processes; one for each GB."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    room = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30 if hasattr(os, "sysconf") else 16
    return max(2, min(2 * processors, room, 32))


@pytest.fixture(autouse=True)
def _clean_world(tmp_path, monkeypatch):
    """Each test has a working directory of its own, no variables of ours, and leaves no run and no thread for good."""
    monkeypatch.chdir(tmp_path)
    marks = ("TORCHELASTIC_RUN_ID", "SLURM_STEP_ID", "OMPI_COMM_WORLD_SIZE")
    for name in ("EXPFRAME_STORE", "EXPFRAME_GHOST", "NO_COLOR", *marks):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EXPFRAME_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", os.path.realpath(tmp_path.parent))  # a repository around is not ours
    monkeypatch.setattr(sources, "find_project", _find_project)
    levels = {logger: logger.level for logger in _loggers()}
    before = _our_threads()
    yield
    for logger in _loggers():
        logger.setLevel(levels.get(logger, logging.NOTSET))  # as it was before -l
    runs, threads = _runs_left(), _our_threads() - before
    for thread in threads:
        thread.join(20)  # the end of a run waits only so long for one that stands still
    threads = {thread for thread in threads if thread.is_alive()}

    assert ([], set()) == (runs, threads)


def _find_project(main_file, find=sources.find_project):
    """Return the project of a file; that of a test is its working directory: to store all of ours takes too long."""
    is_ours = main_file is not None and main_file.is_relative_to(steps.ROOT)
    return find(None if is_ours else main_file)


def _our_threads():
    return {thread for thread in threading.enumerate() if thread.name.startswith("expframe")}


def _runs_left():
    """Return the runs that a test has left open, and close them: the tests after it are not to fail with it."""
    left = list(dict.fromkeys((*context.active(), *context.opened())))
    for run in reversed(context.opened()):
        run.close()
    if left:
        context._active = context._of_main_thread = context._opened = ()
        context._current.set(None)
    return left


def _loggers():
    """Return all loggers that exist, the root logger first."""
    known = list(logging.root.manager.loggerDict.values())
    return [logging.root, *(logger for logger in known if isinstance(logger, logging.Logger))]


@pytest.fixture
def ex(tmp_path):
    """A fresh experiment that keeps its runs in `runs` of the test's folder."""
    return Experiment("test", store=tmp_path / "runs", project_dir=tmp_path)


@pytest.fixture
def script(tmp_path):
    """Write a script into the test's folder and return its path."""

    def write(text, name="script.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return path

    return write


@pytest.fixture
def environment():
    """The environment for a subprocess that imports the package under test."""
    theirs = {"NO_COLOR", "PYTHONUNBUFFERED", "PYTHONIOENCODING", "MPLBACKEND"}
    kept = {name: value for name, value in steps.environment().items() if name not in theirs}
    return {**kept, "EXPFRAME_CACHE": os.environ["EXPFRAME_CACHE"]}


@pytest.fixture
def digits(tmp_path):
    """A folder with the examples."""
    return steps.folder_with_examples(tmp_path)


class Cli:
    """
    Does command lines of `expframe` in this process.

    Attributes:
        code: The exit code of the last one.
        out: What it wrote to standard output.
        err: What it wrote to standard error.
    """

    def __init__(self, capsys):
        self._capsys = capsys

    def __call__(self, *words):
        self._capsys.readouterr()
        self.code = main([str(word) for word in words])
        self.out, self.err = self._capsys.readouterr()
        return self.out

    def json(self, *words):
        """Do a command line with `--json` and return what it prints."""
        return json.loads(self(*words, "--json"))


@pytest.fixture
def cli(capsys):
    """Command lines of `expframe` in this process."""
    return Cli(capsys)
