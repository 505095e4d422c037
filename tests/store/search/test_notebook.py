"""Runs as notebooks show them."""

import xml.etree.ElementTree as ElementTree

import matplotlib as mpl
import numpy as np
import pytest

import expframe

mpl.use("Agg")


@pytest.fixture
def some(ex):
    """Two runs with curves; one has a comment that is no HTML."""

    @ex.config
    def config():
        lr = 0.1
        api_key = "hunter22hunter22"

    @ex.main
    def main(lr, _run):
        _run.log_scalars({"loss": [1.0, lr], "acc": [lr]})
        return np.zeros(3)

    ex.run(options={"comment": "<script>alert('x')</script> & more"})
    ex.run(config_updates={"lr": 0.2}, options={"tag": "<b>"})
    return expframe.runs("runs")


def _cells(html):
    return [
        cell.text
        for cell in ElementTree.fromstring(f"<div>{html}</div>".replace("style=text-align:right", "")).iter("td")
    ]


def test_runs_are_a_table(some):
    """A selection is a table of its first runs, in which every text is escaped."""
    html = some._repr_html_()

    assert {"1", "2", "COMPLETED", "<b>"} <= set(_cells(html))
    assert "2 of 2 runs in" in html
    assert "<b>" not in html


def test_the_columns_of_runs_are_what_tells_them_apart(some):
    """Entries that differ, and the last values of metrics, are columns; what is the same in all runs is none."""
    head, *rows = [[cell.text for cell in row] for row in _rows(some._repr_html_())]

    assert ["id", "status", "lr", "seed", "loss.last", "acc.last", "tags", "started", "duration"] == head
    assert [["2", "COMPLETED", "0.2"], ["1", "COMPLETED", "0.1"]] == [row[:3] for row in rows]
    assert "hunter22" not in some._repr_html_()


def _rows(html):
    return ElementTree.fromstring(f"<div>{html}</div>".replace("style=text-align:right", "")).iter("tr")


def test_a_run_is_a_table(some):
    """A run is a table of its facts, entries and metrics; secrets are masked."""
    html = some["1"]._repr_html_()

    assert {"lr", "0.1", "loss", "result", "<script>alert('x')</script> & more"} <= set(_cells(html))
    assert "<script>" not in html and "hunter22" not in html


def test_curves_are_drawn(some):
    """`plot` draws one curve, those of a run, or of many runs, into the Axes that it returns."""
    run = some["1"]

    assert [1.0, 0.1] == run.metrics("loss").plot().lines[0].get_ydata().tolist()
    axes = run.metrics().plot("loss", log=True)
    assert ("loss", "log", "step") == (axes.get_ylabel(), axes.get_yscale(), axes.get_xlabel())
    assert axes is some.metrics("loss").plot(axes=axes)
    assert ["run 2", "run 1"] == [line.get_label() for line in axes.lines[1:]]
    assert 4 == len(some.metrics().plot().lines) == len(some.plot().lines)
    assert 2 == len(some.plot("loss").lines)
    mpl.pyplot.close("all")
