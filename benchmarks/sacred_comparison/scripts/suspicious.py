# Suspicious changes.
# $ python suspicious.py with seed=1 new=3
# $ python suspicious.py with seed=1 used=3
# $ python suspicious.py with seed=1 opts.alpha=3
# $ python suspicious.py with seed=1 d.unknown=3
# $ python suspicious.py with seed=1 group.p=3
# $ python suspicious.py with seed=1 a=text
# $ python suspicious.py with seed=1 a=1.5 b=2 d=3
# $ python suspicious.py with seed=1 l=4 n=5
# $ python suspicious.py with seed=1 a=None
# $ python suspicious.py -f with seed=1 new=3
# $ python suspicious.py -d with seed=1 new=3
# $ python suspicious.py with seed=1 part.fresh=3
# $ python suspicious.py with seed=1 part.x=text
# $ python suspicious.py -l ERROR with seed=1 a=text
# $ python suspicious.py with seed=text
"""Updates that add something or change a type."""

from sacred import Experiment, Ingredient

part = Ingredient("part")
ex = Experiment("suspicious", ingredients=[part])


@part.config
def part_config():
    x = 1


@part.capture
def show(x):
    return x


@ex.config
def own():
    a = 1
    b = 1.5
    d = {"known": 1}
    l = [1, 2]
    n = None


@ex.capture(prefix="group")
def below(p=0):
    return p


@ex.automain
def main(a, b, d, l, n, used=0, opts=None):
    print(a, b, d, l, n, used, opts, below(), show())
