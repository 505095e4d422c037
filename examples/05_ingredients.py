"""
Ingredients: parts that experiments share.

An ingredient has a config, captured functions, named configs and commands of its own, and could live in a module of its
own. Its entries stand under its path, and its functions see them without it. An experiment changes an ingredient's
defaults with `add_config`.

Usage:
    $ python 05_ingredients.py
    NOTICE - ingredients[1] - Started 'main' in runs/1
    loading 1000 items from /data/letters.npz
    INFO - ingredients[1] - Result: 1000
    NOTICE - ingredients[1] - Completed 'main' after 0:00:00

    $ python 05_ingredients.py with dataset.tiny paths.root=/mnt
    NOTICE - ingredients[2] - Started 'main' in runs/2
    loading 10 items from /mnt/letters.npz
    INFO - ingredients[2] - Result: 10
    NOTICE - ingredients[2] - Completed 'main' after 0:00:00

    $ python 05_ingredients.py dataset.describe
    NOTICE - ingredients[3] - Started 'dataset.describe' in runs/3
    letters: 1000 items
    NOTICE - ingredients[3] - Completed 'dataset.describe' after 0:00:00

    $ python 05_ingredients.py print_config with dataset.tiny
    Configuration (modified, added, typechanged):
      paths:
        root = '/data'
      dataset:
        name = 'letters'
        size = 10                       # named config tiny (05_ingredients.py:56), was 1000 (05_ingredients.py:50)
      seed = 1647354058                 # the seed of all randomness in this run
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
ex.add_config(dataset={"name": "letters"})


@ex.automain
def main():
    return len(load())
