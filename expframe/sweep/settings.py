"""How a sweep is to be done, beside its plan."""

from __future__ import annotations

from typing import NamedTuple

from expframe.config.options import Options


class SweepAsked(NamedTuple):
    """
    How the trials of a sweep are to be done.

    Attributes:
        jobs: How many workers there are at a time.
        on: Where workers start.
        fresh: Whether each trial is given a new interpreter.
        detach: Whether workers go on by themselves.
        resume: The sweep that goes on: its id, or `last`; None for a new one.
        retry: Statuses of trials that are done again when it goes on.
        more: How many samples are added when it goes on; None for none.
        any_code: Whether it goes on with other sources than those of its start.
        json: Whether what happens is told as JSON, a line each.
        slurm: What Slurm is told of its jobs: `partition=gpu`.
        array: How many elements an array of Slurm's has at most; None for as many as it takes.
        options: The options of the script: its store, its log level.
    """

    jobs: int = 1
    on: str = "local"
    fresh: bool = False
    detach: bool = False
    resume: str | None = None
    retry: tuple[str, ...] = ()
    more: int | None = None
    any_code: bool = False
    json: bool = False
    slurm: tuple[str, ...] = ()
    array: int | None = None
    options: Options = Options()
