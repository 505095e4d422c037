# Comprehensions, lambdas and functions in config scopes see the scope's entries.
# $ python scope_functions.py -l ERROR with seed=1
# $ python scope_functions.py -l ERROR comprehensions with seed=1 base=3 comprehended
# $ python scope_functions.py -l ERROR lambdas with seed=1 lambda_named
"""Nested functions in config scopes, which plain Python would let see what stands around them."""

from sacred import Experiment

ex = Experiment("scope_functions")


@ex.config
def defaults():
    base = 2
    squares = None
    shifted = None


@ex.named_config
def comprehended():
    base = 4
    squares = [base**power for power in range(3)]


@ex.named_config
def lambda_named():
    base = 5
    shifted = (lambda number: number + base)(1)


@ex.command
def comprehensions(base, squares):
    print(base, squares)


@ex.command
def lambdas(base, shifted):
    print(base, shifted)


@ex.automain
def main(base):
    print(base)
