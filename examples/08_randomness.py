"""
Randomness: the same seed, the same numbers.

Every run has a `seed`: drawn, stored, and yours to set. The global generators of `random`, numpy and torch are seeded
with it. A captured function that asks for `_seed` or `_rnd` gets its own, made from the run's seed, the function's name
and how often it was called before, so that adding or reordering functions changes nothing for the others.

Usage:
    $ python 08_randomness.py with seed=42
    NOTICE - randomness[1] - Started 'main' in runs/1
    global: 0.6394
    roll:   0.4362 0.8138 0.8854
    split:  595051550 1536217548
    NOTICE - randomness[1] - Completed 'main' after 0:00:00

    $ python 08_randomness.py with seed=42
    NOTICE - randomness[2] - Started 'main' in runs/2
    global: 0.6394
    roll:   0.4362 0.8138 0.8854
    split:  595051550 1536217548
    NOTICE - randomness[2] - Completed 'main' after 0:00:00

    $ python 08_randomness.py with seed=43
    NOTICE - randomness[3] - Started 'main' in runs/3
    global: 0.0386
    roll:   0.8274 0.3260 0.7916
    split:  2056657216 953834201
    NOTICE - randomness[3] - Completed 'main' after 0:00:00
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
