"""
Randomness: a seed for the run, and others that follow from it.

Every run has a `seed`, drawn if it is not given. Functions that ask for `_rnd` or `_seed` get a new one at each call,
in a sequence that the run's seed decides, and the global generators are seeded too: the same seed, the same numbers.

Usage:
    $ python -m expframe sacred 07_randomness.py -l ERROR with seed=12345
    dice 459059766 349242804
    cards 36 6
    global 0.41661987254534116

    $ python -m expframe sacred 07_randomness.py -l ERROR with seed=12345
    dice 459059766 349242804
    cards 36 6
    global 0.41661987254534116

    $ python -m expframe sacred 07_randomness.py -l ERROR reversed_order with seed=12345
    cards 36 6
    dice 459059766 349242804
"""

import random

from sacred import Experiment

ex = Experiment("randomness")


@ex.capture
def dice(_seed):
    return _seed


@ex.capture
def cards(_rnd):
    return int(_rnd.integers(1, 53))


@ex.command
def reversed_order():
    """Draw cards first: the dice do not notice."""
    print("cards", cards(), cards())
    print("dice", dice(), dice())


@ex.automain
def main():
    print("dice", dice(), dice())
    print("cards", cards(), cards())
    print("global", random.random())
