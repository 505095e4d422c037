"""Plots in a terminal."""

import math
import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from expframe.cli.runs.plot import COLOURS, Line, axis, log_axis, plot_lines
from expframe.cli.table import Style

NUMBERS = st.floats(-1e12, 1e12, allow_nan=False)


@given(NUMBERS, NUMBERS, st.integers(2, 20))
@example(500000000501.0, 900000000902.0, 2)
def test_ticks_are_those_that_people_would_choose(first, second, most):
    """Ticks lie on the axis at even distances of 1, 2 or 5 times a power of ten, and no two read the same."""
    low, high = sorted((first, second))
    assume(high - low > 1e-9 * max(abs(low), abs(high), 1e-3))
    found = axis(low, high, most)
    places = [place for place, _ in found.ticks]

    assert 1 <= len(places) <= most + 2
    assert all(found.low - 1e-6 * (high - low) <= place <= found.high + 1e-6 * (high - low) for place in places)
    if len(places) > 1:
        step = places[1] - places[0]
        assert round(step / 10 ** math.floor(math.log10(step) + 1e-6), 3) in (1, 2, 5, 10)


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_ticks_of_steps_are_whole(low, length):
    """An axis of steps has whole numbers only."""
    assert all(float(text).is_integer() for _, text in axis(low, low + length, 8, whole=True).ticks)


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0, 100, ["0", "20", "40", "60", "80", "100"]),
        (0, 99, ["0", "20", "40", "60", "80"]),
        (0, 3, ["0", "1", "2", "3"]),
        (0, 0, ["0", "1"]),
        (7, 7, ["7", "8"]),
    ],
)
def test_ticks_of_short_and_long_runs(low, high, texts):
    """Runs of any length have ticks of whole steps, however few."""
    assert texts == [text for _, text in axis(low, high, 6, whole=True).ticks]


@given(st.floats(-12, 12), st.floats(0, 12))
def test_logarithmic_ticks_are_numbers(low, length):
    """A logarithmic axis has at least one tick on it, which reads as the number itself."""
    found = log_axis(low, low + length, 6)

    assert found.ticks
    for place, text in found.ticks:
        assert 10**place == pytest.approx(float(text), rel=1e-2)
        assert found.low - 1e-6 <= place <= found.high + 1e-6


@given(st.integers(10, 60), st.integers(40, 200), st.integers(1, 4), st.booleans())
def test_a_plot_fits_into_the_terminal(height, width, count, colour):
    """A plot is no wider than the terminal, and leaves a line for the prompt."""
    curves = [Line(f"curve {n}", list(range(50)), [n + x / 7 for x in range(50)]) for n in range(count)]
    lines = plot_lines(curves, Style(colour, width, height), "step", "loss")
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]

    assert max(map(len, plain)) <= width
    assert len(plain) < max(height, 4 + 4 + count + 1)


def test_positive_values_have_nothing_below_zero():
    """An axis of positive values begins at 0 where they come near it, and never below."""
    lines = plot_lines([Line("", range(100), [1 / (x + 1) for x in range(100)])], Style(), "step", "loss")
    labels = [line.split("┤")[0].strip() for line in lines if "┤" in line]

    assert "0.0" == labels[-1]
    assert not any(label.startswith("-") for label in labels)


def _luminance(colour):
    """Return the relative luminance of one of the 216 colours of the cube, by WCAG 2."""
    levels = [0, 95, 135, 175, 215, 255]
    parts = [levels[(colour - 16) // power % 6] / 255 for power in (36, 6, 1)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_colours_can_be_read_on_white_and_on_black():
    """Each colour has a contrast of 3 or more to either, and no two are the same."""
    for colour in COLOURS:
        luminance = _luminance(colour)
        assert min(1.05 / (luminance + 0.05), (luminance + 0.05) / 0.05) >= 3
    assert len(set(COLOURS)) == len(COLOURS) >= 6


def test_a_legend_says_what_differs(ex, cli):
    """Curves of several runs are told apart by the entries in which these differ."""

    @ex.config
    def config():
        lr = 0.1
        depth = 3

    @ex.main
    def main(lr, _run):
        _run.log_scalars({"loss": [lr, lr / 2], "acc": [1, 2]})

    for lr in (0.1, 0.2):
        ex.run(config_updates={"lr": lr, "seed": 1})

    of_runs = cli("metrics", "1,2", "loss").splitlines()[-2:]
    assert ["run 1 (lr=0.1)", "run 2 (lr=0.2)"] == [line[4:] for line in of_runs]
    assert ["loss", "acc"] == [line[4:] for line in cli("metrics", "1", "loss", "acc").splitlines()[-2:]]
    assert "run 1" not in cli("metrics", "1", "loss")
