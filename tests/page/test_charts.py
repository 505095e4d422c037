"""Charts as a page asks for them: curves as bytes, exact values, names of metrics."""

import json
import math
import shutil
import struct
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from many import multiply

from expframe import Experiment
from expframe.errors import QuestionError, RunNotFoundError
from expframe.page import charts
from expframe.page.board import Board
from expframe.page.question import Question


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Board:
    """Return a board of three runs of two learning rates, of which each logs loss and accuracy."""
    monkeypatch.setenv("EXPFRAME_CACHE", str(tmp_path / "cache"))
    ex = Experiment("digits", store=tmp_path / "runs")

    @ex.config
    def config() -> None:
        lr = 0.1

    @ex.main
    def train(lr: float, _run: Any) -> None:
        for step in range(10):
            _run.log_scalar("loss", lr * step, step)
            _run.log_scalar("layer10/acc", 1.0 - lr, step)
            _run.log_scalar("layer2/acc", math.nan if step == 3 else step / 10, step)

    for lr, seed in ((0.1, 1), (0.1, 2), (0.2, 1)):
        ex.run(config_updates={"lr": lr, "seed": seed})
    return Board(tmp_path / "runs", "runs")


def asked(answer: Callable[[Board, Question], Any], board: Board, **words: Any) -> Any:
    """Return what is answered to words; a list is a word again and again."""
    pairs = [(name, str(value)) for name, own in words.items() for value in (own if isinstance(own, list) else [own])]
    return answer(board, Question(pairs))


def decoded(content: bytes) -> dict[str, Any]:
    """Return what a page makes of curves: their header, each line with its columns."""
    (size,) = struct.unpack("<I", content[:4])
    header = json.loads(content[4 : 4 + size])
    assert 0 == (4 + size) % 4
    for chart in header["charts"]:
        for line in chart["lines"]:
            for number, part in enumerate(line["parts"]):
                start = 4 + size + line["at"] + 4 * number * line["columns"]
                line[part] = array("f", content[start : start + 4 * line["columns"]]).tolist()
    return header


def test_each_run_is_a_line_with_its_points(board: Board) -> None:
    """Where there are no more points than pixels, each is there, at its place in the window."""
    chart = decoded(asked(charts.curves, board, run=[1, 3], metric="loss", pixels=900))["charts"][0]

    assert ["1", "3"] == [line["run"] for line in chart["lines"]]
    assert [number * 100.0 for number in range(10)] == chart["lines"][0]["column"]
    assert pytest.approx([0.2 * step for step in range(10)]) == chart["lines"][1]["last"]
    assert {"kind": "step", "from": 0.0, "to": 9.0, "log": False, "first": 0.0, "last": 9.0} == chart["x"]


def test_one_answer_has_several_charts(board: Board) -> None:
    """Each metric that is asked for has a chart with numbers of its own."""
    found = decoded(asked(charts.curves, board, run=[1, 2], metric=["loss", "layer10/acc"]))

    assert ["loss", "layer10/acc"] == [chart["metric"] for chart in found["charts"]]
    assert 0.9 == found["charts"][1]["y"]["origin"]
    assert [0.0] * 10 == found["charts"][1]["lines"][1]["last"]


def test_a_gap_is_no_number(board: Board) -> None:
    """A value that is no number is a gap, and counted."""
    line = decoded(asked(charts.curves, board, run=1, metric="layer2/acc"))["charts"][0]["lines"][0]

    assert (1, True) == (line["skipped"], math.isnan(line["last"][3]))


@pytest.mark.parametrize("is_log", [0, 1])
def test_relative_time_counts_from_the_start_of_a_run(board: Board, is_log: int) -> None:
    """Over relative time each run begins at its own start, also on a logarithmic scale and at the crosshair."""
    for id in ("1", "2"):
        started = board.run(id).record.started.timestamp()
        lines = [f"loss,{step},{started + 2**step:.6f},{step}\n" for step in range(5)]
        (board.store / id / "metrics.csv").write_text("".join(lines))
    words = {"run": [1, 2], "metric": "loss", "x": "relative", "log_x": is_log}
    chart = decoded(asked(charts.curves, board, **words))["charts"][0]
    shares = [step / 4 if is_log else (2**step - 1) / 15 for step in range(5)]

    assert pytest.approx((1.0, 16.0)) == (chart["x"]["first"], chart["x"]["last"])
    for line in chart["lines"]:
        assert pytest.approx(shares, abs=1e-4) == [column / 800 for column in line["column"]]
    assert [2, 2] == [line["step"] for line in asked(charts.values, board, **words, at=7.0)["lines"]]


def test_runs_are_drawn_over_another_metric(board: Board) -> None:
    """Over another metric, points stand where that one was at their step; others are left out."""
    words = {"run": 1, "metric": "loss", "x": "metric:layer2/acc"}
    for _ in range(2):
        line = decoded(asked(charts.curves, board, **words))["charts"][0]["lines"][0]

        assert pytest.approx([800 * step / 9 for step in range(10) if step != 3], abs=1e-3) == line["column"]


def test_groups_have_a_mean_and_a_band(board: Board) -> None:
    """Runs that are equal but for the seed are one line, with their mean, and the least and greatest around it."""
    words = {"run": [1, 2, 3], "metric": "loss", "group": "configuration", "band": "minmax"}
    lines = decoded(asked(charts.curves, board, **words))["charts"][0]["lines"]

    assert [["1", "2"], ["3"]] == [line["runs"] for line in lines]
    assert ["lr=0.1", "lr=0.2"] == [line["label"] for line in lines]
    assert pytest.approx([0.1 * step for step in range(10)]) == lines[0]["last"]
    assert lines[0]["low"] == lines[0]["last"] == lines[0]["high"]


def test_values_are_exact_at_the_last_point_before(board: Board) -> None:
    """At an x between two points the one before is told, in full."""
    found = asked(charts.values, board, run=[1, 3], metric="loss", at=7.5)

    assert [(7, 0.1 * 7), (7, 0.2 * 7)] == [(line["step"], line["value"]) for line in found["lines"]]


def test_a_group_is_of_all_its_runs_in_a_store_that_is_being_read(tmp_path: Path) -> None:
    """A mean is of each run that was asked for, also while the page is still reading a store of very many."""
    ex = Experiment("many", store=tmp_path)

    @ex.main
    def train(seed: int, _run: Any) -> None:
        _run.log_scalar("loss", float(seed))

    for seed in (1, 2):
        ex.run(config_updates={"seed": seed})
    multiply(tmp_path, 400)
    found = asked(charts.values, Board(tmp_path, "many"), run=[1, 2], metric="loss", at=0, group="name")

    assert [(2, 1.5)] == [(line["n"], line["mean"]) for line in found["lines"]]


def test_values_of_groups_say_of_how_many_runs(board: Board) -> None:
    """At the crosshair a group has its mean, its band and how many runs it is of."""
    found = asked(charts.values, board, run=[1, 2, 3], metric="loss", at=5, group="lr")

    assert [(0.5, 2), (1.0, 1)] == [(line["mean"], line["n"]) for line in found["lines"]]


def test_metrics_are_listed_as_people_sort(board: Board) -> None:
    """Names are in natural order, each with how many runs have it and how many points."""
    found = asked(charts.metrics, board, run=[1, 2])

    assert [
        {"name": "layer2/acc", "runs": 2, "count": 20},
        {"name": "layer10/acc", "runs": 2, "count": 20},
        {"name": "loss", "runs": 2, "count": 20},
    ] == found["metrics"]


def test_points_are_told_as_they_were_recorded(board: Board) -> None:
    """Points in a window are CSV, each in full."""
    lines = asked(charts.points, board, run=3, metric="loss", **{"from": 6, "to": 7}).decode().splitlines()

    assert "run,metric,step,time,value" == lines[0]
    assert [["6", repr(0.2 * 6)], ["7", repr(0.2 * 7)]] == [line.split(",")[2::2] for line in lines[1:]]


def test_a_run_that_vanishes_is_said_to_be_gone(board: Board) -> None:
    """Lines of the other runs are drawn, and the one that is gone is named; without any it is an error."""
    asked(charts.curves, board, run=[1, 2], metric="loss")
    shutil.rmtree(board.store / "2")
    found = decoded(asked(charts.curves, board, run=[1, 2], metric="loss"))

    assert (["2"], ["1"]) == (found["gone"], [line["run"] for line in found["charts"][0]["lines"]])
    with pytest.raises(RunNotFoundError):
        asked(charts.curves, board, run=2, metric="loss")


def test_an_unknown_metric_is_said_beside_charts_of_others(board: Board) -> None:
    """A metric that no run has is an empty chart that says what was possible."""
    found = decoded(asked(charts.curves, board, run=1, metric=["los", "loss"]))["charts"]

    assert [] == found[0]["lines"]
    assert "'los' is in none of these runs. Did you mean 'loss'?" == found[0]["problem"]
    assert 1 == len(found[1]["lines"])


@pytest.mark.parametrize(
    "words",
    [
        {"run": 1},
        {"metric": "loss"},
        {"run": 1, "metric": "loss", "x": "epoch"},
        {"run": 1, "metric": "loss", "smooth": 1},
        {"run": 1, "metric": "loss", "pixels": 5},
        {"run": 1, "metric": "loss", "band": "iqr"},
        {"run": 1, "metric": "loss", "from": 5, "to": 5},
        {"run": 1, "metric": "loss", "from": "nan"},
    ],
)
def test_what_cannot_be_drawn_is_refused(board: Board, words: dict[str, Any]) -> None:
    """A word that is missing or none of those possible is an error that says so."""
    with pytest.raises(QuestionError):
        asked(charts.curves, board, **words)
