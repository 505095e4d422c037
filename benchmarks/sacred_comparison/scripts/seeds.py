# Randomness: seeds, and the numbers that are drawn from them.
# $ python seeds.py -l ERROR with seed=12345
# $ python seeds.py -l ERROR with seed=12345 ing.seed=7
# $ python seeds.py -l ERROR nested with seed=12345
# $ python seeds.py -l ERROR drawn
# $ python seeds.py -l ERROR is_drawn with seed=None
# $ python seeds.py -l CRITICAL with seed=-1
# $ python seeds.py -l CRITICAL with seed=text
# $ python seeds.py -l ERROR legacy with seed=12345
"""Seeds of functions, of ingredients and of the global generators."""

import random

import numpy as np

from sacred import SETTINGS, Experiment, Ingredient
from sacred.randomness import SEEDRANGE, create_rnd, get_seed, set_global_seed

deep = Ingredient("ing.deep")
ing = Ingredient("ing", ingredients=[deep])
other = Ingredient("other")
ex = Experiment("seeds", ingredients=[ing, other])


@ex.config
def own():
    unused = 1


@ing.capture
def in_ing(_seed):
    return _seed


@deep.capture
def in_deep(_seed, _rnd):
    return _seed, int(_rnd.integers(0, 1000))


@other.capture
def in_other(_rnd):
    return _rnd.random()


@ex.capture
def f1(_seed):
    return _seed


@ex.capture
def f2(_rnd, _seed):
    return _seed, int(_rnd.integers(0, 1000))


@ex.option_hook
def choose(options):
    SETTINGS.CONFIG.NUMPY_RANDOM_LEGACY_API = options.get("COMMAND") == "legacy"


@ex.command
def nested(_seed):
    return print(in_deep(), in_other(), in_ing(), _seed)


@ex.command
def legacy(_seed, _rnd):
    print(_seed, type(_rnd).__name__, f1(), f1(), in_ing())


@ex.command
def drawn(seed):
    print(isinstance(seed, int), SEEDRANGE, get_seed(np.random.default_rng(3)), get_seed(random.Random(3)))
    print(get_seed(np.random.RandomState(3)), type(create_rnd(5)).__name__, create_rnd(5).integers(100))
    set_global_seed(99)
    print(random.random(), np.random.rand(), get_seed())
    try:
        create_rnd("text")
    except AssertionError as error:
        print(error)


@ex.command
def is_drawn(seed):
    print(type(seed).__name__, 1 <= seed < 10**9)


@ex.automain
def main(_seed):
    print(f1(), f1(), f2(), f2(), _seed, in_ing(), in_ing(), in_deep(), in_other())
    print(random.random(), np.random.rand())
