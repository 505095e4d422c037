"""Queued runs: checked at once, done in order, and a summary at the end."""

import logging

import pytest
from interpreter import run_python

import expframe
from expframe import Status
from expframe.errors import (
    MissingArgumentError,
    OptionError,
    QueueError,
    RunInterrupt,
    RunTimeout,
    UnknownCommandError,
    UnknownEntryError,
    UnknownNamedConfigError,
)
from expframe.testing import run_cli


@pytest.fixture
def ex(ex):
    """An experiment with a command that divides."""
    ex.add_config(x=1, token="hunter2-secret")

    @ex.main
    def divide(x, token):
        if x == 0:
            raise ZeroDivisionError(f"with {token}")
        return 1 / x

    return ex


def test_tasks_are_runs_in_order(ex):
    """Each task is a run of its own, with its config, tags, id and arguments, and the results come in order."""
    ex.queue()
    ex.queue("divide", {"x": 2}, tags=["half"], run_name="half")
    ex.queue("divide", kwargs={"x": 4})
    results = ex.run_queue()

    assert [1, 0.5, 0.25] == [result.result for result in results]
    assert [1, 2, 3] == [result.number for result in results]
    assert ["1", "half", "2"] == [result.id for result in results]
    assert all(result.status == Status.COMPLETED and result.error is None for result in results)
    stored = expframe.runs("runs")["half"]
    assert (2, ("half",), None) == (stored.config["x"], stored.record.tags, stored.record.parent)
    assert [] == ex.run_queue()


@pytest.mark.parametrize(
    ("task", "error"),
    [
        ({"command": "divde"}, UnknownCommandError),
        ({"config_updates": {"y": 1}}, UnknownEntryError),
        ({"named_configs": ["fast"]}, UnknownNamedConfigError),
        ({"options": {"colour": 1}}, OptionError),
        ({"command": "lacking"}, MissingArgumentError),
        ({"args": (1, 2, 3)}, TypeError),
    ],
)
def test_what_cannot_be_run_is_refused_at_once(ex, task, error):
    """An unknown command, entry, named config or option, or a missing argument, is refused when it is queued."""

    @ex.command
    def lacking(missing):
        pass

    with pytest.raises(error):
        ex.queue(**task)
    assert [] == ex.run_queue()
    assert 0 == len(expframe.runs("runs"))


def test_goes_on_after_a_failure(ex):
    """The others are run, and at the end the error holds all results."""
    for x in (1, 0, 2):
        ex.queue(config_updates={"x": x})
    with pytest.raises(QueueError, match=r"1 of 3 tasks failed: 2 \(divide, run 2\) ZeroDivisionError") as caught:
        ex.run_queue()

    results = caught.value.results
    assert [1, None, 0.5] == [result.result for result in results]
    assert [False, True, False] == [result.has_failed for result in results]
    assert isinstance(results[1].error, ZeroDivisionError)
    assert "hunter2" not in str(caught.value)
    assert [] == ex.run_queue()


def test_stops_after_a_failure(ex):
    """With on_error="stop" the rest stays queued and can be run later."""
    for x in (1, 0, 2):
        ex.queue(config_updates={"x": x})
    with pytest.raises(QueueError, match="Still queued: 1"):
        ex.run_queue(on_error="stop")
    assert [0.5] == [result.result for result in ex.run_queue()]


@pytest.mark.parametrize(("problem", "status"), [(RunTimeout, Status.TIMEOUT), (SystemExit, Status.COMPLETED)])
def test_statuses_of_their_own(ex, problem, status):
    """A task counts as failed unless it is COMPLETED."""

    @ex.command
    def special():
        raise problem

    ex.queue("special")
    if status == Status.COMPLETED:
        (result,) = ex.run_queue()
    else:
        with pytest.raises(QueueError) as caught:
            ex.run_queue()
        (result,) = caught.value.results
    assert status == result.status


def test_a_task_that_ends_early_ends_alone(ex):
    """A RunInterrupt ends its own task; the next one is run."""

    @ex.command
    def early():
        raise RunInterrupt

    ex.queue("early")
    ex.queue("divide")
    with pytest.raises(QueueError) as caught:
        ex.run_queue()
    assert [Status.INTERRUPTED, Status.COMPLETED] == [result.status for result in caught.value.results]


def test_interrupt_stops_all(ex, caplog):
    """Ctrl-C ends the queue; what was not run stays queued."""
    caplog.set_level(logging.INFO)

    @ex.command
    def stop():
        raise KeyboardInterrupt

    ex.queue("stop")
    ex.queue("divide")
    with pytest.raises(KeyboardInterrupt):
        ex.run_queue()
    assert "0 completed, 1 failed, 1 not run" in caplog.text
    assert 1 == len(ex.run_queue())


def test_progress_and_summary_are_logged(ex, caplog):
    """Each task is announced as n/m, and a table at the end has a line for each; secrets are masked."""
    caplog.set_level(logging.INFO)
    ex.queue(config_updates={"x": 4})
    ex.queue("divide", {"x": 0, "token": "other-secret"})
    with pytest.raises(QueueError):
        ex.run_queue()

    assert "Task 1/2: main x=4" in caplog.messages
    assert "Task 2/2: divide x=0 token=" in caplog.text
    summary = caplog.messages[-1].splitlines()
    assert "Tasks: 1 completed, 1 failed" == summary[0]
    assert ["n", "run", "command", "status", "time", "result", "or", "error"] == summary[1].split()
    assert ["1", "1", "divide", "COMPLETED"] == summary[2].split()[:4]
    assert summary[2].endswith(" s  0.25")
    assert "ZeroDivisionError: with" in summary[3]
    assert "other-secret" not in caplog.text


def test_tasks_inside_a_run_are_its_children(ex):
    """A command that runs a queue has the tasks as children."""

    @ex.command
    def all_of_them():
        ex.queue("divide", {"x": 2})
        return [result.id for result in ex.run_queue()]

    run = ex.run("all_of_them")
    assert [child.id for child in run.children] == run.result == ["2"]


def test_tasks_may_queue_tasks(ex):
    """What a task queues is run after the others."""

    @ex.command
    def more():
        ex.queue("divide", {"x": 8})

    ex.queue("more")
    ex.queue("divide")
    assert [None, 1, 0.125] == [result.result for result in ex.run_queue()]


def test_unknown_way_of_going_on(ex):
    """on_error is one of two words."""
    with pytest.raises(OptionError, match="'continue' or 'stop'"):
        ex.run_queue(on_error="ignore")


def test_exit_code(ex, script, environment):
    """On a command line, and in a script, a failed task makes the exit code 1."""

    @ex.command
    def all_of_them():
        ex.queue("divide", {"x": 0})
        ex.run_queue()

    assert 1 == run_cli(ex, "all_of_them").exit_code
    path = script("""
        import expframe

        ex = expframe.Experiment("plain", ghost=True)

        @ex.command
        def fail():
            raise ValueError("no")

        ex.queue("fail")
        ex.run_queue()
    """)
    done = run_python([path], env=environment)
    assert 1 == done.returncode
    assert "1 of 1 tasks failed" in done.stderr


def test_what_was_done_is_not_done_again(ex):
    """A task that a completed run makes needless is not run, and counts as completed."""
    done = []
    ex.main(lambda: done.append(1))
    ex.run()
    ex.queue(options={"needed": True})
    (result,) = ex.run_queue()

    assert ([1], "1", "COMPLETED", "was done before") == (done, result.id, result.status, result.outcome)


def test_a_look_cannot_wait(ex):
    """A dry run is refused in a queue, and where a run is opened."""
    ex.main(lambda: None)
    for ask in (ex.queue, ex.create, ex.start):
        with pytest.raises(OptionError, match="--dry-run"):
            ask(options={"dry_run": True})


def test_sigterm_stops_the_queue(script, environment, tmp_path):
    """A task that SIGTERM asked to stop, and that did, is the last one."""
    path = script("""
        import os, signal, time
        from expframe import Experiment
        ex = Experiment("x", store="runs")

        @ex.main
        def main(_run):
            assert not _run.should_stop
            os.kill(os.getpid(), signal.SIGTERM)
            while not _run.should_stop:
                time.sleep(0.01)

        ex.queue()
        ex.queue()
        ex.run_queue()
    """)
    run_python([path], env=environment)

    assert ["1"] == [run.id for run in expframe.runs(tmp_path / "runs")]
