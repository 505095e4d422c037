"""A run answers to the same names while it goes on and when it is read back."""

import inspect
import logging
import pickle

import pytest

import expframe
from expframe.errors import MetricError
from expframe.run.run import Run
from expframe.store.reader import StoredRun

DOES = {
    "add_artifact",
    "add_resource",
    "bind",
    "bind_worker",
    "checkpoint",
    "child",
    "log_figure",
    "log_histogram",
    "log_image",
    "log_locals",
    "log_scalar",
    "log_scalars",
    "log_table",
    "log_text",
    "open_resource",
    "save",
    "should_stop",
    "stop",
    "timer",
    "track",
}
"""What only a run that goes on can do."""

IS_ASKED_BY_US = {
    "check_arguments",
    "do",
    "draw_apart",
    "draw_child_seed",
    "execute",
    "forked",
    "grace",
    "has_started",
    "hold",
    "is_of_script",
    "keeps_nothing_inside",
    "label",
    "log",
    "look_ahead",
    "masked",
    "masking",
    "outcome",
    "plan",
    "plans",
    "request",
    "resume",
    "scope",
    "snapshot",
    "stopped_by",
    "take_its_place",
    "title",
    "was_stopped",
}
"""What other parts ask of a live run."""


def names(kind, *objects):
    """Return the public names of a class and of objects of it."""
    found = set(dir(kind)).union(*(vars(each) for each in objects))
    return {name for name in found if not name.startswith("_")}


@pytest.fixture
def pair(ex):
    """A run that has ended, live and read back."""

    @ex.command
    def inner():
        return 1

    @ex.main
    def main(_run, x=1):
        print("printed")
        _run.log_scalar("loss", 0.5)
        _run.log_text("said", "a")
        _run.save({"a": 1}, "kept.json")
        _run.checkpoint(1, state=1)
        _run.info["note"] = 1
        ex.run("inner")
        return 7

    live = ex.run(tags=["first"])
    return live, expframe.runs(live.store)[live.id]


def test_live_and_stored_run_answer_to_the_same_names(pair):
    """What is asked of a run, and is no act, can be asked of the live one and of the one that is read back."""
    live, stored = pair

    assert names(Run, live) - DOES - IS_ASKED_BY_US == names(StoredRun, stored)


def test_they_say_the_same(pair):
    """Each fact of a run that has ended is the same, read from the live one or from its folder."""
    live, stored = pair
    facts = "attempt command config depth dir folder id info name record result seed status store summaries tags uid"

    for name in facts.split():
        assert getattr(live, name) == getattr(stored, name), name
    for name in ("calls", "files", "attempts"):
        assert getattr(live, name) == getattr(stored, name), name
    assert live.output() == stored.output()
    assert "printed" in live.output() or live.record.capture == "no"
    assert live.metrics("loss").values == stored.metrics("loss").values
    assert live.media() == stored.media()
    assert live.system().keys() == stored.system().keys()
    assert live.load("kept") == stored.load("kept")
    assert [1] == [each.step for each in live.checkpoints] == [each.step for each in stored.checkpoints]
    assert live.last_checkpoint().step == stored.last_checkpoint().step
    assert [child.uid for child in live.children] == [child.uid for child in stored.children]
    assert (None, None) == (live.parent, stored.parent)
    assert (live.uid, live.uid) == (stored.children[0].parent.uid, stored.children[0].root.uid)


def test_methods_take_the_same(pair):
    """Methods of one name take the same arguments, but for what only a run that goes on can do."""
    live, stored = pair
    for name in sorted(names(StoredRun, stored)):
        if inspect.isfunction(getattr(StoredRun, name, None)):
            expected, actual = (list(inspect.signature(getattr(run, name)).parameters) for run in (stored, live))

            assert expected == actual, name


def test_a_run_that_goes_on_reads_what_it_has_said(ex):
    """Files, output and calls are read back while the run goes on, and where nothing is kept."""
    seen = []

    @ex.main
    def main(_run):
        print("printed")
        _run.save({"a": 1}, "kept.json")
        seen.append(([file.name for file in _run.files], _run.output(), _run.calls, _run.checkpoints))

    ex.run(options={"capture": "sys"})
    ex.run(options={"unobserved": True})

    assert [(["kept.json"], "printed\n", [], []), (["kept.json"], "", [], [])] == seen


def test_the_logger_says_how_metrics_are_logged(ex):
    """`run.log({...})` says `run.log_scalars`; otherwise it is the experiment's logger."""

    @ex.main
    def main(_run):
        with pytest.raises(MetricError, match=r"is the logger.*run\.log_scalars"):
            _run.log({"loss": 1}, step=2)
        assert isinstance(_run.log, logging.Logger)
        assert _run.log == logging.getLogger("test") == pickle.loads(pickle.dumps(_run.log))
        _run.log.setLevel(logging.ERROR)
        assert logging.ERROR == logging.getLogger("test").level
        _run.log.setLevel(logging.NOTSET)

    ex.run()
