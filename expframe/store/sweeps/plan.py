"""
The frozen plan of a sweep, as it stands in `sweep.json`: what is tried, in which order, and how each trial is done.

Trials are numbered from 0. The search says *samples*; each is crossed with the values of `each`, which gives
*configurations*, and each of these with the replicates, which gives trials: the replicates of one configuration come
one after another. A sample that needs no history is a function of the seed and its number, and no list of them exists.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from expframe.config import json_values
from expframe.config.request import Origin, Override
from expframe.disk import layout
from expframe.disk.files import replace_file
from expframe.errors import ValueFormatError
from expframe.store.sweeps import axes
from expframe.store.sweeps.axes import Axis, Position, Word
from expframe.store.sweeps.shuffle import shuffled

VERSION = 1
"""The version of the form of `sweep.json`."""

GRID, RANDOM = "grid", "random"
"""The searches that are functions of the seed and the number alone, computed here."""

Point = tuple[Position, ...]
"""A position on each axis that is searched."""


class Goal(NamedTuple):
    """A field of runs, as filters know it, and whether the least or the greatest is sought: `min` or `max`."""

    field: str
    direction: str


class Start(NamedTuple):
    """
    How a worker starts the script.

    Attributes:
        script: The script's file.
        module: The name by which `python -m` starts it; empty where it is started as a file.
        folder: The working directory.
        interpreter: The Python.
        search_path: Folders that it imports from, beside its own.
        sources: The content of each source at the start, by its name: a hash.
        experiment: The name of the experiment whose sweep it is; empty for the first one that the script runs.
        runner: What the interpreter is given before the script, where a person starts it.
    """

    script: str = ""
    module: str = ""
    folder: str = ""
    interpreter: str = ""
    search_path: tuple[str, ...] = ()
    sources: Mapping[str, str] = MappingProxyType({})
    experiment: str = ""
    runner: tuple[str, ...] = ()


class Place(NamedTuple):
    """Which sample, configuration and replicate a trial is, and the positions of `each` in it."""

    sample: int
    configuration: int
    replicate: int
    each: tuple[int, ...]


class Trial(NamedTuple):
    """
    One run to be done.

    Attributes:
        number: Its number, from 0.
        configuration: Trials of the same configuration differ in the replicate alone.
        replicate: Which replicate, from 0.
        sample: Which sample of the search, from 0: configurations of one sample differ in `each` alone.
        point: Where on the axes that are searched.
        named: Named configs and files, those that all trials have first.
        overrides: What is fixed in it, by all trials first.
    """

    number: int
    configuration: int
    replicate: int
    sample: int
    point: Point
    named: tuple[str, ...]
    overrides: tuple[Override, ...]


@dataclass(frozen=True)
class Plan:
    """
    What a sweep does.

    Attributes:
        axes: What the search chooses from.
        each: Axes that are crossed with every sample.
        replicates: The axis in which the trials of one configuration differ; None where each has one trial.
        named: Named configs and files of all trials.
        overrides: What is fixed in all trials.
        command: The command of the script; None for its main function.
        search: How the axes are walked.
        search_seed: The seed of that.
        samples: How many samples are asked for; None for all of a finite space, or for no end.
        goals: What is sought; the first is what trials are ranked by.
        prune: The rule by which trials are ended early, and what it is given: `asha:epochs`; empty for none.
        skip: A filter of decided configs: what it finds is left out.
        warm: A filter of earlier runs that the search is told of.
        told: What they say: for each one its point, and a number for each goal.
        retry: How often a trial that failed is tried again.
        max_fails: After so many failures no trial is started; None for no such end.
        options: Options of the command line that all trials are given, by flag.
        start: How a worker starts the script.
        any_code: Whether trials go on with other sources than those of the start.
        needed: Whether a completed run of the same config and code is taken for a trial.
        stash: Whether trials run from the sources as they were at the start.
        gpus: How many GPUs a trial has, or what part of one; None where nothing was said.
        max_time: Seconds after which no trial is started; None for no such end.
    """

    axes: tuple[Axis, ...] = ()
    each: tuple[Axis, ...] = ()
    replicates: Axis | None = None
    named: tuple[str, ...] = ()
    overrides: tuple[Override, ...] = ()
    command: str | None = None
    search: str = GRID
    search_seed: int = 0
    samples: int | None = None
    goals: tuple[Goal, ...] = ()
    prune: str = ""
    skip: str = ""
    warm: str = ""
    told: tuple[tuple[Point, tuple[float, ...]], ...] = ()
    retry: int = 0
    max_fails: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    start: Start = field(default_factory=Start)
    any_code: bool = False
    needed: bool = False
    stash: bool = False
    gpus: float | None = None
    max_time: float | None = None

    @property
    def cells(self) -> int | None:
        """How many different points there are; None where an axis is an interval."""
        sizes = [axis.size for axis in self.axes]
        return None if None in sizes else math.prod(size for size in sizes if size is not None)

    @property
    def replicate_count(self) -> int:
        """How many trials a configuration has."""
        return 1 if self.replicates is None else self.replicates.size or 1

    @property
    def each_count(self) -> int:
        """How many configurations a sample has."""
        return math.prod(axis.size or 1 for axis in self.each)

    @property
    def size(self) -> int | None:
        """How many trials there are; None where no end is set."""
        counts = [count for count in (self.cells if self.search in (GRID, RANDOM) else None, self.samples) if count]
        return min(counts) * self.each_count * self.replicate_count if counts else None

    @property
    def is_function(self) -> bool:
        """Whether a sample is a function of the seed and its number, and `trial` needs no point."""
        return self.search in (GRID, RANDOM)

    def place(self, number: int) -> Place:
        """Return where a trial stands among samples, configurations and replicates."""
        configuration, replicate = divmod(number, self.replicate_count)
        sample, rest = divmod(configuration, self.each_count)
        return Place(sample, configuration, replicate, _digits(rest, [axis.size or 1 for axis in self.each]))

    def trial(self, number: int, point: Point | None = None) -> Trial:
        """
        Return a trial.

        Args:
            number: Its number, from 0.
            point: What the search has said of its sample; by default what follows from the seed and the number.
        """
        place = self.place(number)
        point = self.point(place.sample) if point is None else tuple(point)
        words = [word for axis, position in zip(self.axes, point, strict=True) for word in axis.words(position)]
        words += [word for axis, position in zip(self.each, place.each, strict=True) for word in axis.words(position)]
        words += self.replicates.words(place.replicate) if self.replicates else ()
        named, overrides = _parted(words)
        return Trial(
            number,
            place.configuration,
            place.replicate,
            place.sample,
            point,
            self.named + named,
            self.overrides + overrides,
        )

    def point(self, sample: int) -> Point:
        """
        Return the point of a sample that needs no history: of a grid the last axis changes fastest; at random, points
        of a finite space come in an order that is drawn, each once.
        """
        cells = self.cells
        if cells is None:
            drawn = random.Random(f"{self.search_seed}:{sample}")
            return tuple(axis.position(drawn.random()) for axis in self.axes)
        cell = shuffled(sample, cells, self.search_seed) if self.search == RANDOM else sample
        return _digits(cell, [axis.size or 1 for axis in self.axes])

    def write(self, folder: Path) -> None:
        """Write the plan into the folder of the sweep's run."""
        replace_file(folder / layout.SWEEP, json_values.dump_plain(to_json(self)))


def read(folder: Path) -> Plan:
    """
    Return the plan of a sweep.

    Args:
        folder: The folder of its run.

    Raises:
        FileNotFoundError: The run is no sweep.
        ValueFormatError: The plan is damaged, or of a later version.
    """
    return from_json(_loaded(layout.read(folder, layout.SWEEP)))


def is_sweep(folder: Path) -> bool:
    """Return whether the folder of a run holds a sweep's plan."""
    return (folder / layout.SWEEP).is_file()


def to_json(plan: Plan) -> dict[str, Any]:
    """Return a plan as plain JSON data."""
    data = {item.name: getattr(plan, item.name) for item in fields(plan)}
    return {
        "version": VERSION,
        **data,
        "axes": [axes.to_json(axis) for axis in plan.axes],
        "each": [axes.to_json(axis) for axis in plan.each],
        "replicates": None if plan.replicates is None else axes.to_json(plan.replicates),
        "named": [*plan.named],
        "overrides": [override_to_json(override) for override in plan.overrides],
        "goals": [goal._asdict() for goal in plan.goals],
        "told": [[[*point], [*values]] for point, values in plan.told],
        "options": {name: json_values.to_json(value) for name, value in plan.options.items()},
        "start": {
            **plan.start._asdict(),
            "search_path": [*plan.start.search_path],
            "sources": dict(plan.start.sources),
            "runner": [*plan.start.runner],
        },
    }


def from_json(data: Mapping[str, Any]) -> Plan:
    """
    Return the plan of plain JSON data.

    Raises:
        ValueFormatError: It is none, or of a later version.
    """
    version = data.get("version") if isinstance(data, Mapping) else None
    if version != VERSION:
        problem = f"has version {version!r}; this expframe reads version {VERSION}. Install a newer one."
        raise ValueFormatError("the plan of a sweep", problem)
    known = {item.name for item in fields(Plan)}
    try:
        found = {name: value for name, value in data.items() if name in known}
        start = {**data["start"], "search_path": tuple(data["start"]["search_path"])}
        start["runner"] = tuple(start.get("runner", ()))
        found |= {
            "axes": tuple(map(axes.from_json, data["axes"])),
            "each": tuple(map(axes.from_json, data["each"])),
            "replicates": data["replicates"] and axes.from_json(data["replicates"]),
            "named": tuple(data["named"]),
            "overrides": tuple(map(override_from_json, data["overrides"])),
            "goals": tuple(Goal(**goal) for goal in data["goals"]),
            "told": tuple((tuple(point), tuple(values)) for point, values in data["told"]),
            "options": {name: json_values.from_json(value) for name, value in data["options"].items()},
            "start": Start(**start),
        }
        return Plan(**found)
    except (KeyError, TypeError, AttributeError) as problem:
        raise ValueFormatError("the plan of a sweep", f"is damaged: {problem!r}.") from problem


def override_to_json(override: Override) -> dict[str, Any]:
    """Return an override of a sweep's words as plain JSON data."""
    data = {**override._asdict(), "path": [*override.path], "value": json_values.to_json(override.value)}
    return {**data, "origin": override.origin.to_json()}


def override_from_json(data: Mapping[str, Any]) -> Override:
    """Return the override of plain JSON data."""
    path, value = tuple(data["path"]), json_values.from_json(data["value"])
    return Override(**{**data, "path": path, "value": value, "origin": Origin(*data["origin"])})


def _loaded(content: bytes) -> Any:
    import json

    try:
        return json.loads(content)
    except ValueError as problem:
        raise ValueFormatError("the plan of a sweep", f"is damaged: {problem}.") from problem


def _digits(number: int, sizes: Sequence[int]) -> tuple[int, ...]:
    """Return a number in a system with a base for each digit; the last digit changes fastest."""
    digits = []
    for size in reversed(sizes):
        number, digit = divmod(number, size)
        digits.append(digit)
    return tuple(reversed(digits))


def _parted(words: Sequence[Word]) -> tuple[tuple[str, ...], tuple[Override, ...]]:
    named = tuple(word for word in words if isinstance(word, str))
    return named, tuple(word for word in words if not isinstance(word, str))
