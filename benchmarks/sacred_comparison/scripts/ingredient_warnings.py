# Scopes that try to set an ingredient, equal paths, experiments as ingredients.
# $ python ingredient_warnings.py with seed=1
# $ python ingredient_warnings.py -l ERROR print_config with seed=1
# $ python ingredient_warnings.py -l ERROR child.print_config with seed=1 child.c=5
# $ python ingredient_warnings.py twins
"""Ingredients where they are not expected."""

from sacred import Experiment, Ingredient

part = Ingredient("part")
child = Experiment("child")
ex = Experiment("warnings", ingredients=[part, child])


@part.config
def part_config():
    x = 1
    y = 2


@child.config
def child_config():
    c = 3


@child.capture
def get_c(c):
    return c


@ex.config
def own(part):
    a = part["x"] + 1
    part["y"] = 50
    part = {"x": 100}


@ex.command(unobserved=True)
def twins():
    double = Experiment("double", ingredients=[Ingredient("same"), Ingredient("same")])
    try:
        double.run("print_config")
    except ValueError as error:
        print(str(error).split("[")[0])


@ex.automain
def main(a, part):
    print(a, part, get_c())
