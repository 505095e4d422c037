"""The special parameters of captured functions: what they are given that is no config entry."""

from __future__ import annotations

from typing import Any

from expframe.config.frozen import FrozenDict

SPECIALS = ("_run", "_config", "_log", "_seed", "_rnd")
"""Parameters that no config entry fills."""

SEEDED = ("_seed", "_rnd")
"""Those that each call has of its own."""


def value_in_run(name: str, run: Any, group: Any, function: str) -> Any:
    """
    Return what a special parameter is in a run, but for those that each call has of its own.

    Args:
        name: The parameter.
        run: The run.
        group: The entries that the function sees.
        function: The function's name.
    """
    if name == "_run":
        return run
    return group if name == "_config" else run.log.getChild(function)


def value_outside(name: str, function: str) -> Any:
    """Return what a special parameter is where no run is active: an empty one of its kind."""
    if name == "_log":
        import logging

        return logging.getLogger(function)
    return FrozenDict() if name == "_config" else None
