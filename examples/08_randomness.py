"""
Randomness: the same seed, the same numbers.

Every run has a `seed`: drawn, stored, and yours to set. The global generators of `random`, numpy and torch are seeded with
it. A captured function that asks for `_seed` or `_rnd` gets its own, made from the run's seed, the function's name and
how often it was called before, so that adding or reordering functions changes nothing for the others.

Usage:
"""

import random

from expframe import Experiment

ex = Experiment("randomness")


@ex.capture
def roll(_rnd):
    return f"{_rnd.random():.4f}"


@ex.capture
def split(_seed):
    """Use `_seed` where a library wants a number."""
    return _seed


@ex.automain
def main(seed):
    print("global:", f"{random.random():.4f}")
    print("roll:  ", roll(), roll(), roll())
    print("split: ", split(), split())
