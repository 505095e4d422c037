"""Curves as figures of matplotlib."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from expframe.errors import MissingLibraryError


class Drawable(Protocol):
    """Points of a curve."""

    @property
    def steps(self) -> Sequence[float]:
        """The steps."""

    @property
    def values(self) -> Sequence[float]:
        """The values."""


def draw(curves: Mapping[str, Drawable], *, title: str = "value", log: bool = False, axes: Any = None) -> Any:
    """
    Draw curves over their steps, and return the Axes of matplotlib that they are in.

    Args:
        curves: By what they are called in the legend.
        title: What stands beside the values.
        log: Whether these are on a logarithmic scale.
        axes: Where they are drawn; by default in a new figure.

    Raises:
        MissingLibraryError: matplotlib is not installed.
    """
    if axes is None:
        try:
            pyplot = importlib.import_module("matplotlib.pyplot")
        except ImportError:
            raise MissingLibraryError("a plot", "matplotlib", "plots") from None
        axes = pyplot.subplots()[1]
    for label, curve in curves.items():
        axes.plot(curve.steps, curve.values, label=label, marker="." if len(curve.values) == 1 else None)
    axes.set_xlabel("step")
    axes.set_ylabel(title)
    if log:
        axes.set_yscale("log")
    if len(curves) > 1:
        axes.legend()
    return axes
