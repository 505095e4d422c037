"""What is changed from a page: runs, sweeps, saved views."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asking import ask, tell
from interpreter import run_python
from steps import environment

import expframe
from expframe import Experiment
from expframe.store.sweeps.trials import Trials

Serve = Callable[[Path], str]

SWEPT = """
from expframe import Experiment

ex = Experiment("swept")


@ex.automain
def train(lr=0.1):
    if lr > 0.5:
        raise ValueError("too large")
    return lr
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a store of three runs that have ended, the third with a child."""
    folder = tmp_path / "runs"
    ex = Experiment("digits", store=folder)

    @ex.main
    def train(nested: bool = False) -> float:
        if nested:
            ex.run(config_updates={"nested": False})
        return 1.0

    for nested in (False, False, True):
        ex.run(config_updates={"nested": nested})
    return folder


def _run(store: Path, id: str) -> Any:
    return expframe.runs(store)[id]


def test_tags_are_given_and_taken_away(serve: Serve, store: Path) -> None:
    """Several runs are given tags at once; a run that is not there is named, and the others are changed."""
    address = serve(store)

    said = tell(address, "tag", {"runs": ["1", "9", "2"], "add": ["best", " of two "], "remove": []})
    tell(address, "tag", {"runs": ["1"], "remove": ["best"]})

    assert (200, ["9"]) == (said.status, [one["id"] for one in said.data["refused"]])
    assert [{"id": "1", "tags": ["best", "of two"]}, {"id": "2", "tags": ["best", "of two"]}] == said.data["runs"]
    assert (("of two",), ("best", "of two")) == (_run(store, "1").record.tags, _run(store, "2").record.tags)


def test_a_note_is_given_and_taken_away(serve: Serve, store: Path) -> None:
    """A note is what the comment of a run is; an empty one is none."""
    address = serve(store)

    tell(address, "note", {"run": "1", "text": "<b>as good as any</b>\n"})
    before = _run(store, "1").record.comment
    said = tell(address, "note", {"run": "1", "text": ""})

    assert ("<b>as good as any</b>\n", None) == (before, _run(store, "1").record.comment)
    assert {"id": "1", "comment": None} == said.data


def test_a_run_is_renamed(serve: Serve, store: Path) -> None:
    """A new id is one that no run has, and that a run can have."""
    address = serve(store)

    said = tell(address, "rename", {"run": "1", "name": "baseline"})

    assert {"before": "1", "id": "baseline"} == said.data
    assert [404, 409, 400, 400] == [
        tell(address, "rename", {"run": run, "name": name}).status
        for run, name in (("1", "x"), ("2", "baseline"), ("2", "../x"), ("2", "last"))
    ]


def test_runs_go_into_the_trash_and_out_of_it(serve: Serve, store: Path) -> None:
    """What is removed, with its children where that is asked, says what takes it back."""
    address = serve(store)

    said = tell(address, "trash", {"runs": ["3"], "children": True})
    there = {row["id"] for row in ask(address, "api/0/runs").data["rows"]}
    names = [one["trash"] for one in said.data["removed"]]
    back = tell(address, "restore", {"names": [*names, "nothing"]})

    assert ({"3", "4"}, {"1", "2"}) == (set(names), there)
    assert {"3", "4"} == {one["id"] for one in back.data["restored"]}
    assert ["nothing"] == [one["id"] for one in back.data["refused"]]
    assert {"1", "2", "3", "4"} == set(expframe.runs(store).ids())


def test_a_run_that_is_running_is_left_alone(serve: Serve, store: Path) -> None:
    """The process of a run writes its record, so that nothing of it is changed until its end."""
    ex = Experiment("digits", store=store)
    address = serve(store)
    said: list[Any] = []

    @ex.main
    def train(_run: Any) -> None:
        for name, body in (
            ("tag", {"runs": [_run.id], "add": ["x"]}),
            ("trash", {"runs": [_run.id]}),
            ("note", {"run": _run.id, "text": "x"}),
        ):
            said.append(tell(address, name, body))

    ex.run()

    assert ["is running" in text.body.decode() for text in said] == [True] * 3
    assert [200, 200, 409] == [one.status for one in said]


@pytest.fixture
def sweep(store: Path, tmp_path: Path) -> Path:
    """Return the folder of a sweep of which one trial has failed."""
    script = tmp_path / "swept.py"
    script.write_text(SWEPT)
    run_python([script, "sweep", "with", "lr=0.1,0.2,0.9", "-F", store], cwd=tmp_path, env=environment())
    found = next(run.folder for run in expframe.runs(store) if run.sweep is not None)
    assert isinstance(found, Path)
    return found


def test_a_sweep_is_stopped_and_goes_on(serve: Serve, store: Path, sweep: Path) -> None:
    """Stop and retry from a page leave what the command line leaves: files that workers look for."""
    address = serve(store)
    retried = tell(address, "retry", {"sweep": sweep.name})
    stopped = tell(address, "stop", {"sweep": sweep.name, "trials": [1]})
    trials = Trials(sweep)
    trials.refresh()

    assert {"id": sweep.name, "retried": [2], "command": f"expframe work {sweep.name}"} == retried.data
    assert ([1], {"1"}) == (stopped.data["stopped"], trials.stopped())
    assert [(2, 2)] == list(trials.open(3, 0.0, 0))
    assert "all" == tell(address, "stop", {"sweep": sweep.name}).data["stopped"]


def test_only_trials_of_sweeps_are_stopped(serve: Serve, store: Path, sweep: Path) -> None:
    """A run that is no sweep, and a trial that there is not, are refused."""
    address = serve(store)

    assert [422, 400, 400, 400] == [
        tell(address, "stop", {"sweep": run, "trials": trials}).status
        for run, trials in (("1", []), (sweep.name, [3]), (sweep.name, [-1]), (sweep.name, ["1"]))
    ]


def test_a_view_is_saved_and_deleted(serve: Serve, store: Path) -> None:
    """A saved view is a file beside the runs, which is no run and in nobody's way."""
    address = serve(store)
    before = expframe.runs(store).ids()
    where = "#/runs?where=lr+%3E+0.1&column=config.lr"

    said = tell(address, "save_view", {"name": "Best of lr (all)", "address": where})
    tell(address, "save_view", {"name": "älter", "address": "#/charts"})
    (store / "_views" / "broken.json").write_text("{")

    assert (200, where) == (said.status, said.data["address"])
    assert ["Best of lr (all)", "älter"] == [view["name"] for view in ask(address, "api/0/views").data["views"]]
    assert where == json.loads((store / "_views" / "Best of lr (all).json").read_text())["address"]
    assert before == expframe.runs(store).ids()
    assert 200 == tell(address, "delete_view", {"name": "älter"}).status
    assert 400 == tell(address, "delete_view", {"name": "älter"}).status
    assert ["Best of lr (all)"] == [view["name"] for view in ask(address, "api/0/views").data["views"]]


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".x", "x.", "a\0b", "x" * 81, "a\nb", "<i>", "\u202ex"])
def test_a_view_has_a_name_that_a_file_can_have(serve: Serve, store: Path, name: str) -> None:
    """What is no name of a view leaves nothing anywhere."""
    said = tell(serve(store), "save_view", {"name": name, "address": "#/runs"})

    assert (400, False) == (said.status, (store / "_views").exists())


@pytest.mark.parametrize("address", ["", "javascript:alert(1)", "http://x", "#x", "#/" + "x" * 40_000])
def test_a_view_is_an_address_of_the_page(serve: Serve, store: Path, address: str) -> None:
    """A saved view leads nowhere else."""
    assert 400 == tell(serve(store), "save_view", {"name": "x", "address": address}).status


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 20_000, b'{"runs": "1"}'])
def test_what_is_no_request_is_refused(serve: Serve, store: Path, body: bytes) -> None:
    """A body that says nothing of runs changes none."""
    said = tell(serve(store), "tag", body)

    assert (400, "QuestionError") == (said.status, said.data["error"])


def test_a_store_that_cannot_be_written_says_so(serve: Serve, store: Path) -> None:
    """What the disk refuses is told, and is no fault of ours."""
    (store / "_views").write_text("a file where the folder is to be")

    said = tell(serve(store), "save_view", {"name": "x", "address": "#/runs"})

    assert (503, True) == (said.status, "cannot be" in said.data["message"])
