"""The seeds that all processes of a distributed job draw alike: each run of a kind has another one."""

from __future__ import annotations

import os

from expframe.disk import layout
from expframe.disk.files import claim_name
from expframe.process import context
from expframe.process.ranks import Rank
from expframe.process.seeds import child_seed
from expframe.run import scratch


def draw_seed(rank: Rank, *what: str) -> int | None:
    """
    Return the seed that all processes of a job draw for their next run of some kind; None if they cannot.

    Args:
        rank: The process's place in the job.
        what: The kind: runs of a job are counted by it, so that rank 0 may do others in between.
    """
    if rank.job is None:
        return None
    return child_seed("job", rank.job, *what, _count(rank, rank.job, what))


def _count(rank: Rank, job: str, what: tuple[str, ...]) -> int:
    """
    Return how many runs of a kind this rank has begun before, in whatever process of it.

    Each is claimed in a temporary folder of the rank's, which is left once what launched the job is gone.
    """
    launcher = rank.launcher()
    try:
        of_rank = scratch.make("\0".join(map(str, (*launcher, job, rank.number))))
        scratch.claim(of_rank, launcher[1])
        folder = of_rank / layout.named_by("\0".join(what))
        folder.mkdir(exist_ok=True)
        number = len(os.listdir(folder))
        while not claim_name(folder / str(number)):
            number += 1
    except OSError:  # there is no place for claims: counted in this process alone
        return context.count(repr(what))
    return number
