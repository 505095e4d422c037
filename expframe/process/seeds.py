"""Seeds that do not depend on the order of anything, and generators from them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

SEEDS = range(1, 2**31)
"""What a seed is drawn from: it fits numpy's, torch's and C's generators."""

_JOB_VARIABLES = (
    "TORCHELASTIC_RUN_ID",
    "MASTER_ADDR",
    "MASTER_PORT",
    "TORCHELASTIC_RESTART_COUNT",
    "SLURM_JOB_ID",
    "SLURM_STEP_ID",
    "OMPI_MCA_ess_base_jobid",
    "PMIX_NAMESPACE",
)
_RANK_VARIABLES = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK")


def child_seed(seed: Any, *parts: Any) -> int:
    """
    Return a seed that depends on `seed` and on what it is for, and on nothing else.

    Example:
        >>> child_seed(1, "model", "init", 0) == child_seed(1, "model", "init", 0)
        True
        >>> child_seed(1, "model", "init", 0) == child_seed(1, "model", "init", 1)
        False
    """
    import hashlib

    text = "\0".join(map(str, (seed, *parts))).encode("utf-8", "surrogatepass")
    number = int.from_bytes(hashlib.sha256(text).digest()[:8], "big")
    return SEEDS[number % len(SEEDS)]


def drawn_seed(environment: Mapping[str, str]) -> int:
    """Return a new seed; the processes of one distributed job, told by their environment, all draw the same."""
    if rank(environment) is None:
        return SEEDS[int.from_bytes(os.urandom(8), "big") % len(SEEDS)]
    return child_seed("job", *(f"{name}={environment.get(name)}" for name in _JOB_VARIABLES))


def rank(environment: Mapping[str, str]) -> int | None:
    """Return the rank of this process in a distributed job; None outside of one."""
    for name in _RANK_VARIABLES:
        if environment.get(name, "").isdigit():
            return int(environment[name])
    return None


def generator(seed: int) -> Any:
    """Return a numpy Generator where numpy is installed, else a random.Random."""
    try:
        from numpy.random import default_rng
    except ImportError:
        from random import Random

        return Random(seed)
    return default_rng(seed)


def seed_globals(seed: Any) -> None:
    """Seed the global generators of the standard library and of what is already imported: numpy, torch, tensorflow."""
    import random

    try:
        seed = int(seed.__index__())
    except AttributeError:
        seed = child_seed(seed)

    random.seed(seed)
    if sys.modules.get("numpy") is not None:
        sys.modules["numpy"].random.seed(seed % 2**32)
    if sys.modules.get("torch") is not None:
        sys.modules["torch"].manual_seed(seed)  # seeds the generators of all its devices
    if sys.modules.get("tensorflow") is not None:
        sys.modules["tensorflow"].random.set_seed(seed)
