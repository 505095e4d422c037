"""Figures of plotly: drawn in a frame, out of data and never out of what a file would do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import plotly.graph_objects
import pytest

from expframe import Experiment
from expframe.errors import QuestionError
from expframe.page import figures
from expframe.page.board import Board
from expframe.page.question import Question

MARKUP = "</script><img src=x onerror=parent.harmed=1><!--"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a store of a run with a figure of plotly, logged and saved, and with a page that would do harm."""
    ex = Experiment("figures", store=tmp_path / "runs")

    @ex.main
    def draw(_run: Any) -> None:
        figure = plotly.graph_objects.Figure(plotly.graph_objects.Scatter(x=[1, 2, 3], y=[2, 1, 3], name=MARKUP))
        figure.update_layout(title=MARKUP)
        _run.log_figure("scatter", figure, step=1)
        _run.save(figure, "figure.json")
        (tmp_path / "harm.html").write_text("<script>parent.harmed = 1; Plotly.newPlot(evil())</script>")
        _run.add_artifact(tmp_path / "harm.html")

    ex.run()
    return tmp_path / "runs"


def asked(store: Path, name: str) -> figures.Frame:
    """Return the page of a figure."""
    return figures.answer(Board(store, "runs"), Question([("run", "1"), ("name", name)]))


@pytest.mark.parametrize("name", ["files/media/scatter-1.html", "figure.json"])
def test_only_the_data_of_a_figure_are_taken(store: Path, name: str) -> None:
    """A page of a figure has its data as JSON, and its policy names the scripts that may be done."""
    frame = asked(store, name)

    assert b'"y"' in frame.content.rpartition(b'id="figure">')[2]
    assert MARKUP.encode() not in frame.content
    assert "default-src 'none'; script-src 'sha256-" in frame.policy
    assert "sandbox allow-scripts" in frame.policy
    assert "allow-same-origin" not in frame.policy


def test_what_is_no_figure_is_said_to_be_none(store: Path) -> None:
    """A page that plotly has not written is not shown as a figure, nor done."""
    with pytest.raises(QuestionError, match=r"harm\.html.* is none of plotly"):
        asked(store, "harm.html")


@pytest.mark.browser
def test_a_figure_is_drawn_and_does_no_harm(serve: Callable[[Path], str], tab: Any, store: Path) -> None:
    """The figure of a run is drawn in its frame, with its title as text."""
    tab.goto(f"{serve(store)}#/run/1?tab=media")
    plot = tab.frame_locator("iframe.plotly").locator(".main-svg").first
    plot.wait_for(timeout=60_000)  # megabytes of plotly are read for it

    assert MARKUP in tab.frame_locator("iframe.plotly").locator(".gtitle").text_content()
    assert tab.evaluate("window.harmed") is None
