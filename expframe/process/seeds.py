"""Seeds that do not depend on the order of anything, and generators from them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from expframe.process import context, locks

SEEDS = range(1, 2**31)
"""What a seed is drawn from: it fits numpy's, torch's and C's generators."""


def child_seed(seed: Any, *parts: Any) -> int:
    """
    Return a seed that depends on `seed` and on what it is for, and on nothing else.

    Example:
        >>> child_seed(1, "model", "init", 0) == child_seed(1, "model", "init", 0)
        True
        >>> child_seed(1, "model", "init", 0) == child_seed(1, "model", "init", 1)
        False
    """
    *first, last = seed, *parts
    return child_seeds(*first)(last)


def child_seeds(*parts: Any) -> Callable[[Any], int]:
    """
    Return what gives, for a last part, the seed that `child_seed` gives for all of them.

    Example:
        >>> child_seeds(1, "model", "init")(7) == child_seed(1, "model", "init", 7)
        True
    """
    import hashlib
    from struct import Struct

    begun = hashlib.sha256("".join(f"{part}\0" for part in parts).encode("utf-8", "surrogatepass"))

    begun_again, least, many = begun.copy, SEEDS.start, len(SEEDS)
    first_eight: Callable[[bytes], tuple[int]] = Struct(">Q24x").unpack

    def seed_of(last: Any) -> int:  # at every call of a captured function that has one
        hashed = begun_again()
        hashed.update(str(last).encode("utf-8", "surrogatepass"))
        return least + first_eight(hashed.digest())[0] % many

    return seed_of


_AHEAD = 16


def in_turn(seed_of: Callable[[int], int]) -> Callable[[int], int]:
    """
    Return what gives the same seeds, for numbers that are asked for one after another.

    After the first few it works some out ahead: a hash right before each generator would make that one slower too.

    Example:
        >>> seed_of = child_seeds(1, "model", "init")
        >>> list(map(in_turn(seed_of), range(40))) == list(map(seed_of, range(40)))
        True
    """
    ahead: dict[int, int] = {}

    def seed_in_turn(number: int) -> int:
        found = ahead.pop(number, None)
        if found is None:
            found = seed_of(number)
            if number >= _AHEAD:
                ahead.clear()
                ahead.update((later, seed_of(later)) for later in range(number + 1, number + _AHEAD))
        return found

    return seed_in_turn


def drawn_seed() -> int:
    """Return a seed from the system's entropy."""
    return SEEDS[int.from_bytes(os.urandom(8), "big") % len(SEEDS)]


@cache
def generators() -> Callable[[int], Any]:
    """Return what makes of a seed a generator: numpy's where numpy is installed, else random.Random."""
    try:
        from numpy.random import PCG64, Generator
    except ImportError:
        from random import Random

        return Random
    return lambda seed: Generator(PCG64(seed))  # what default_rng does, without asking what the seed might be


class KeptGenerators:
    """Where the global generators go on from when runs inside have ended, in whatever order these do."""

    def __init__(self) -> None:
        self._kept: list[_Kept] = []
        self._lock = locks.lock()

    def keep(self) -> Callable[[], None]:
        """
        Return what makes them go on from where they are now, those of libraries that are imported by now.

        Where a run that began later is still under way they do when that has ended.
        """
        kept = _Kept(_states())
        with self._lock:
            self._kept.append(kept)

        def go_on() -> None:
            with self._lock:
                place = self._kept.index(kept)
                del self._kept[place]
                if later := self._kept[place:]:
                    later[0].states = kept.states
                else:
                    for put_back in kept.states:
                        put_back()

        return go_on


class _Kept:
    """What puts the generators back, for one run inside."""

    def __init__(self, states: list[Callable[[], Any]]) -> None:
        self.states = states


def _states() -> list[Callable[[], Any]]:
    """Return what puts the generators back; tensorflow has none that could be taken up again, and stays as it is."""
    import random

    back: list[Callable[[], Any]] = [partial(random.setstate, random.getstate())]
    if (numpy := _imported("numpy")) is not None:
        back.append(partial(numpy.random.set_state, numpy.random.get_state()))
    if (torch := _imported("torch")) is not None:
        back.append(partial(torch.set_rng_state, torch.get_rng_state()))
        if torch.cuda.is_initialized():
            back.append(partial(torch.cuda.set_rng_state_all, torch.cuda.get_rng_state_all()))
        else:  # a GPU that is used later is seeded as it would have been
            back.append(lambda: torch.cuda.manual_seed_all(torch.initial_seed()))
    return back


def kept_generators() -> KeptGenerators:
    """Return those of this process."""
    found: KeptGenerators = context.one_per_process(KeptGenerators)
    return found


def seed_globals(seed: Any) -> None:
    """Seed the global generators of the standard library and of what is already imported: numpy, torch, tensorflow."""
    import random

    try:
        seed = int(seed.__index__())
    except AttributeError:
        seed = child_seed(seed)

    random.seed(seed)
    if (numpy := _imported("numpy")) is not None:
        numpy.random.seed(seed % 2**32)
    if (torch := _imported("torch")) is not None:
        torch.manual_seed(seed)  # seeds the generators of all its devices
    if (tensorflow := _imported("tensorflow")) is not None:
        tensorflow.random.set_seed(seed)


def _imported(name: str) -> Any:
    """Return a library that is imported; None for one that is not, nor where another thread is just importing it."""
    found = sys.modules.get(name)
    return None if getattr(getattr(found, "__spec__", None), "_initializing", False) else found
