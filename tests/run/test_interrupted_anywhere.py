"""Ctrl-C at each moment of a run's beginning and end."""

import json

import pytest
from interpreter import start_python

RUNS = {
    "run": """
        from expframe import Experiment
        ex = Experiment("often")
        ex.main(lambda: None)
        def do():
            ex.run(options={"loglevel": "CRITICAL", "capture": "sys"})
    """,
    "child": """
        from expframe import Experiment
        ex = Experiment("often")
        options = {"loglevel": "CRITICAL", "capture": "sys"}
        @ex.command
        def inner():
            pass
        ex.main(lambda: ex.run("inner", options=options))
        def do():
            ex.run(options=options)
    """,
    "started": """
        from expframe import Experiment
        ex = Experiment("often")
        def do():
            run = ex.start(options={"loglevel": "CRITICAL", "capture": "sys"})
            try:
                run.close()
            finally:
                run.close()  # nothing, but for one that was interrupted before anything was done
    """,
    "called": """
        from expframe import Experiment
        ex = Experiment("often")
        ex.main(lambda: None)
        def do():
            run = ex.create(options={"loglevel": "CRITICAL", "capture": "sys"})
            try:
                run()
                run.close()
            finally:
                run.close()
    """,
    "Sacred's": """
        from expframe.compat.sacred import Experiment
        from expframe.compat.sacred.observers import FileStorageObserver, RunObserver
        ex = Experiment("often", save_git_info=False)
        ex.observers += [FileStorageObserver("runs"), RunObserver()]
        ex.main(lambda: print("much"))
        def do():
            ex.run(options={"--loglevel": "CRITICAL", "--capture": "sys"})
    """,
}

INTERRUPT = """
import collections, json, os, signal, sys, threading
from pathlib import Path
import expframe

calls = 0

def strike(frame, event, _what):  # where Python looks whether a signal has come: when a call begins, or has ended
    global calls
    if event in ("call", "c_return") and (not of_ends or (event == "call" and frame.f_code.co_name == "__exit__")):
        calls += 1
        if calls in moments:
            signal.raise_signal(signal.SIGINT)

def do_at(*chosen):
    global calls, moments
    calls, moments = 0, chosen
    sys.setprofile(strike)
    try:
        do()
    except KeyboardInterrupt:
        pass
    finally:
        sys.setprofile(None)
    return calls

def standing():
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    return sys.stdout, sys.stderr, sys.excepthook, handlers, expframe.current_run(), threading.active_count()

def statuses():
    found = [json.loads(path.read_text())["status"] for path in Path("runs").glob("*/run.json")]
    return collections.Counter(found)

do()
do()
before = standing()
whole = do_at()
step = 1 if of_ends else whole // 150
for first in range(1, whole, step):
    do_at(*range(first, whole * 2, step * 12)[:times])
with open("found.json", "w") as file:
    json.dump([repr(before), repr(standing()), statuses()], file)
"""


@pytest.mark.once
@pytest.mark.parametrize(
    ("kind", "times", "of_ends"),
    [*((kind, 1, of_ends) for of_ends in (False, True) for kind in RUNS), ("run", 99, False), ("child", 99, False)],
)
def test_what_has_begun_ends_wherever_a_run_is_interrupted(script, environment, tmp_path, kind, times, of_ends):
    """
    Wherever Ctrl-C strikes a run, and again: streams, handlers and threads are as before, and each run has ended.

    The moments are spread over all that it does, or are each one in which the end of a block is just called.
    """
    begin = f"times = {times}\nof_ends = {of_ends}\n"
    path = script(begin + RUNS[kind].replace("\n        ", "\n").lstrip() + INTERRUPT)
    process = start_python([path], env=environment)
    _, err = process.communicate(timeout=1800)

    assert 0 == process.returncode, err
    before, after, statuses = json.loads((tmp_path / "found.json").read_text())
    assert before == after
    assert {"COMPLETED", "INTERRUPTED"} == set(statuses)
