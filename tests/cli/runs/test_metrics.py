"""`expframe metrics`: curves in the terminal and as CSV."""

import csv
import io
import math
import sys

import pytest

from expframe.cli.runs import metrics
from expframe.record.curves import Curve


@pytest.fixture
def curves(ex):
    """Two runs with curves, one of which has points that are no numbers."""

    @ex.main
    def main(_run, _seed):
        _run.log_scalars({"loss": [1.0, 0.5, 0.25], "acc,top": [0.1, math.nan, math.inf]})

    ex.run()
    ex.run()


def test_without_a_name_metrics_are_listed(curves, cli):
    """`metrics ID` says which metrics there are, and what they come to."""
    assert ["1", "loss", "3", "0.25", "0.25", "1", "0.583333"] == cli("metrics", "1").splitlines()[1].split()
    assert ["loss", "acc,top"] == [found["name"] for found in cli.json("metrics", "1")["metrics"]]


def test_points_come_as_csv(curves, cli):
    """`--csv` has a line for each point, as exact as it was logged."""
    rows = list(csv.reader(io.StringIO(cli("metrics", "1,2", "loss", "acc,top", "--csv"))))

    assert ["run", "metric", "step", "time", "value"] == rows[0]
    assert ["1", "loss", "1", "0.5"] == [*rows[2][:3], rows[2][4]]
    assert [["acc,top", "nan"], ["acc,top", "inf"]] == [[row[1], row[4]] for row in rows[-2:]]


def test_wide_csv_has_a_column_for_each_metric(curves, cli):
    """`--wide` has a line for each step; with several runs their ids are in the titles."""
    assert "step,loss\n0,1.0\n1,0.5\n2,0.25\n" == cli("metrics", "1", "loss", "--wide")
    assert "step,loss (run 1),loss (run 2)" == cli("metrics", "1-2", "loss", "--wide").splitlines()[0]


@pytest.mark.parametrize("way", ["--csv", "--wide"])
def test_points_of_all_metrics(curves, cli, way):
    """Without names, points come of all metrics, in the order in which they were first logged."""
    assert cli("metrics", "1-2", "loss", "acc,top", way) == cli("metrics", "1-2", way) != cli("metrics", "1-2")


def test_curves_are_plotted_in_the_terminal(curves, cli):
    """A plot has the names of its curves; points that are no numbers are left out."""
    text = cli("metrics", "1-2", "loss", "acc,top")

    assert "loss, run 1 (seed=" in text and "loss, run 2 (seed=" in text and "acc,top, run 1" in text
    assert "\x1b" not in text
    assert cli.code == 0
    assert "seed=" not in cli("metrics", "1", "loss")
    logarithmic = cli("metrics", "1", "loss", "--log").splitlines()
    assert ["1", "0.5"] == [line.split()[0] for line in logarithmic if "┤" in line]
    assert "seconds" in cli("metrics", "1", "loss", "-x", "time")


def test_plots_lose_no_spike(ex, cli):
    """Of more points than a terminal has room for, the least and the greatest of each stretch are drawn."""

    @ex.main
    def main(_run):
        _run.log_scalars({"loss": [100.0 if step == 4_321 else float(step % 7 == 0) for step in range(10_000)]})

    ex.run()

    assert any(line.split()[0] == "100" for line in cli("metrics", "1", "loss").splitlines() if "┤" in line)


def test_plots_are_smoothed(curves, cli):
    """`--smooth` draws curves as the page smooths them; a weight that is none is a wrong command line."""
    smoothed = metrics.smoothed({("1", "loss"): _curve([1.0, 0.5, 0.25])}, 0.5)["1", "loss"]

    assert [1.0, (0.25 + 0.25) / 0.75, (0.125 + 0.125 + 0.125) / 0.875] == pytest.approx(smoothed.values)
    assert cli("metrics", "1", "loss", "--smooth=0.9") != cli("metrics", "1", "loss")
    cli("metrics", "1", "loss", "--smooth=1")
    assert "UsageError: --smooth=1: takes a number from 0 up to 0.999, such as 0.6.\n" == cli.err


def test_latest_values_are_watched_smoothed(curves, cli):
    """`watch --smooth` tells the last values of smoothed curves."""
    latest = cli.json("watch", "1", "--once", "--smooth=0.5")["runs"][0]["latest"]

    assert {"loss": pytest.approx(0.375 / 0.875), "acc,top": pytest.approx(0.1)} == latest


@pytest.mark.parametrize("words", [("metrics", "1", "loss"), ("watch", "1", "--once")])
def test_smoothing_without_its_library_names_the_extra(curves, cli, monkeypatch, words):
    """Without numpy, what is smoothed elsewhere is an error that says what to install."""
    monkeypatch.setitem(sys.modules, "numpy", None)
    cli(*words, "--smooth=0.5")

    assert "MissingLibraryError: smoothing needs numpy. Install it with: pip install 'expframe[ui]'\n" == cli.err


def _curve(values):
    curve = Curve()
    curve.add(range(len(values)), [0.0] * len(values), values)
    return curve


def test_a_metric_that_is_not_there_gets_the_nearest_name(curves, cli):
    """A mistyped metric, or axis, is a wrong command line."""
    cli("metrics", "1", "los")
    assert (2, "UsageError: metric 'los': is in none of these runs. Did you mean 'loss'?\n") == (cli.code, cli.err)
    cli("metrics", "1", "loss", "-x", "epoch")
    assert (2, "UsageError: --x=epoch: takes step or time.\n") == (cli.code, cli.err)


def test_a_metric_in_the_place_of_a_run_is_told_its_own(curves, cli):
    """Who names a metric first is told the words with a run, his own if he names one; what is neither is no run."""
    cli("metrics", "loss", "acc,top")
    hint = "is a metric of run 2; runs come first. Write: expframe metrics 2 loss acc,top"
    assert (2, f"UsageError: 'loss': {hint}\n") == (cli.code, cli.err)
    cli("metrics", "loss", "1")
    assert cli.err.endswith("Write: expframe metrics 1 loss\n")
    cli("metrics", "los")
    assert cli.err.startswith("RunNotFoundError: No run 'los'")


def test_a_plot_without_its_library_names_the_extra(curves, cli, monkeypatch):
    """Where plotille is missing, the message says how it is installed; CSV needs nothing."""
    monkeypatch.setitem(sys.modules, "plotille", None)
    cli("metrics", "1", "loss")

    assert cli.code == 1 and "pip install 'expframe[terminal]'" in cli.err
    assert cli("metrics", "1", "loss", "--csv")
