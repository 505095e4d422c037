"""SweepRequest: the words and options of a sweep as they are asked for, before they are judged; and its flags."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from expframe.config.options import Flag, Options
from expframe.store.sweeps.plan import GRID

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


class SweepRequest(NamedTuple):
    """
    What is asked for.

    Attributes:
        words: What stands behind `with`, as it is written.
        space: The same as it is written in Python.
        command: The command; None for the main function.
        search: How the axes are walked.
        search_seed: The seed of that; None for a drawn one.
        trials: How many samples; None where that is not said.
        metric: What is sought, `val.acc.max:max`, most important first.
        seeds: How many seeds each configuration is tried with; None where that is not said.
        replicate: The entry in which the trials of one configuration differ.
        each: Entries whose values are crossed with every sample.
        skip: A filter of configs that are left out.
        prune: The rule by which trials are ended early.
        warm: A filter of earlier runs that the search is told of.
        retry: How often a trial that failed is tried again.
        max_fails: After so many failures no trial is started.
        max_time: Seconds after which no trial is started.
        needed: Whether a completed run of the same config and code is taken for a trial.
        stash: Whether trials run from a copy of the sources as they are at the start.
        launch: The launcher that starts the processes of each trial, in words.
        gpus: How many GPUs a trial has, or what part of one.
        options: Options that all trials are given.
    """

    words: tuple[str, ...] = ()
    space: Mapping[Any, Any] = MappingProxyType({})
    command: str | None = None
    search: str = GRID
    search_seed: int | None = None
    trials: int | None = None
    metric: tuple[str, ...] = ()
    seeds: int | None = None
    replicate: str = "seed"
    each: tuple[str, ...] = ()
    skip: str = ""
    prune: str = ""
    warm: str = ""
    retry: int = 0
    max_fails: int | None = None
    max_time: float | None = None
    needed: bool = False
    stash: bool = False
    launch: tuple[str, ...] = ()
    gpus: float | None = None
    options: Options = Options()


def count(given: Any) -> int:
    """Return a whole number from 1 on."""
    if isinstance(given, bool) or int(given) != float(given) or int(given) < 1:
        raise ValueError("no count")
    return int(given)


def _whole(given: Any) -> int:
    if isinstance(given, bool) or int(given) != float(given) or int(given) < 0:
        raise ValueError("no whole number")
    return int(given)


def seconds(given: Any) -> float:
    """
    Return a time in seconds, which is a number of them or a text with its unit.

    Raises:
        ValueError: It is none.

    Example:
        >>> seconds(90), seconds("30m"), seconds("30 min"), seconds("1.5h")
        (90.0, 1800.0, 1800.0, 5400.0)
    """
    text = str(given).strip()
    number = text.rstrip("adhimns")
    unit = _UNITS.get(text[len(number) :])
    if unit is None:
        raise ValueError("no unit of time")
    found = float(number) * unit
    if not 0 <= found < float("inf"):
        raise ValueError("no time")
    return found


def _share(given: Any) -> float:
    share = float(given)
    if isinstance(given, bool) or not 0 <= share < float("inf"):
        raise ValueError("no number of GPUs")
    return share


def names(given: Any) -> tuple[str, ...]:
    """Return names that stand between commas."""
    texts = [given] if isinstance(given, str) else list(given)
    return tuple(name.strip() for text in texts for name in text.split(",") if name.strip())


def words(given: Any) -> tuple[str, ...]:
    """Return words as a shell would read them, or those that are given one by one."""
    return tuple(shlex.split(given) if isinstance(given, str) else map(str, given))


def _of(long: str, help: str, convert: Callable[[Any], Any] | None = None, takes: str = "") -> Flag:
    return Flag("", f"--{long}", long.replace("-", "_"), help, True, convert, takes, is_list=convert is names)


FLAGS_OF_PLAN = (
    _of("each", "Cross the values of these entries with every sample of a search: data,fold.", names, "names"),
    _of("gpus", "How many GPUs a trial has, or what part of one: 1, 0.5, 0.", _share, "a number from 0 on"),
    _of("launch", 'Start each trial by a launcher: "torchrun --standalone --nproc-per-node 4".', words, "words"),
    _of("max-fails", "Start no trial after so many have failed.", count, "a whole number from 1 on"),
    _of("max-time", "Start no trial after so long: 8h, 30m, 90s.", seconds, "a time, as 8h, 30m or 90s"),
    _of("metric", "What is sought: val.acc.max:max, result:min; several with commas.", names, "fields"),
    _of("prune", "End trials early by a metric: asha, median or hyperband, of so many steps: asha:epochs, asha:81."),
    _of("replicate", "The entry that trials of one configuration differ in, instead of seed."),
    _of("retry", "Try a trial that failed so many times again.", _whole, "a whole number"),
    _of("search", "How the space is walked: grid, random, sobol, tpe, cma, gp or nsga."),
    _of("search-seed", "The seed of the search and of --seeds, for the same trials again.", _whole, "a whole number"),
    _of(
        "seeds", "Try each configuration with so many seeds, the same ones for all.", count, "a whole number from 1 on"
    ),
    _of("skip", "Leave configs out: \"config.opt == 'sgd' and config.beta2\"."),
    _of("warm", "Tell the search first what earlier runs say: \"tag == 'baseline'\"."),
    Flag("", "--stash", "stash", "Let trials run from a copy of the sources as they are now, whatever is edited."),
    _of("trials", "How many samples a search takes.", count, "a whole number from 1 on"),
)
"""The options that say what a sweep tries."""
