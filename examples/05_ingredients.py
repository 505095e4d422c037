"""
Ingredients: parts that experiments share.

An ingredient has a config, captured functions, named configs and commands of its own, and could live in a module of its
own. Its entries stand under its path, and its functions see them without it. An experiment changes an ingredient's
defaults with `add_config`.

Usage:
"""

from expframe import Experiment, Ingredient

paths = Ingredient("paths")
dataset = Ingredient("dataset", ingredients=[paths])


@paths.config
def where():
    root = "/data"


@dataset.config
def which():
    name = "digits"
    size = 1000


@dataset.named_config
def tiny():
    """Enough to see whether it runs."""
    size = 10


@paths.capture
def locate(name, root):
    return f"{root}/{name}.npz"


@dataset.capture
def load(name, size):
    print(f"loading {size} items from {locate(name)}")
    return list(range(size))


@dataset.command
def describe(name, size):
    """Say what the dataset is."""
    print(f"{name}: {size} items")


ex = Experiment("ingredients", ingredients=[dataset])
ex.add_config({"dataset": {"name": "letters"}})


@ex.automain
def main():
    return len(load())
