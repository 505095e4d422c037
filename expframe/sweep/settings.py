"""How a sweep, a worker and a process of a launcher's are to do what they do, beside the plan."""

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


class RankAsked(NamedTuple):
    """
    Which trial a process of a launcher's takes part in.

    Attributes:
        trial: Its number.
        attempt: The number of its attempt, which somebody has claimed.
        run: The run that goes on; None for a new one.
    """

    trial: int
    attempt: int
    run: str | None = None


class WorkAsked(NamedTuple):
    """
    How a worker is to work.

    Attributes:
        fresh: Whether each trial is given a new interpreter.
        once: Whether it does one trial, in its own process, and ends.
        since: When workers were started again, in seconds since 1970; None for now.
        leash: A file descriptor that is closed when the worker is to stop after its trial; None for none.
        most_seconds: After so long it begins no trial; None for no end.
        any_code: Whether it goes on with other sources than those of the start.
        yields: Whether others may go on at once with a trial that is interrupted, as where a cluster takes its place.
        rank: Which trial it takes part in as a process of a launcher's; None where it claims trials.
    """

    fresh: bool = False
    once: bool = False
    since: float | None = None
    leash: int | None = None
    most_seconds: float | None = None
    any_code: bool = False
    yields: bool = False
    rank: RankAsked | None = None
