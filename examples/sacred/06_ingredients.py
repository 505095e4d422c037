"""
Ingredients: config and functions that experiments share.

An ingredient has a config, captured functions, commands and named configs of its own, and might well live in a module
of its own. Its entries stand under its path, and the config functions of those who use it may read them.

Usage:
    $ python -m expframe sacred 06_ingredients.py -l ERROR
    loading /home/data/galaxies.npy and normalizing it
    1000 steps on galaxies: 3 rows

    $ python -m expframe sacred 06_ingredients.py -l ERROR with dataset.filename=stars.npy paths.base=/mnt/
    loading /mnt/stars.npy and normalizing it
    1000 steps on stars: 3 rows

    $ python -m expframe sacred 06_ingredients.py -l ERROR dataset.statistics with dataset.normalize=False
    loading /home/data/galaxies.npy
    mean: 2.0

    $ python -m expframe sacred 06_ingredients.py -l ERROR print_config with dataset.raw
    Configuration (modified, added, typechanged, doc):
      name = 'galaxies'
      seed = 111121241                   # the random seed for this experiment
      steps = 1000
      dataset:
        filename = 'galaxies.npy'
        normalize = False
      paths:
        base = '/home/data/'             # where files are
"""

from sacred import Experiment, Ingredient

paths = Ingredient("paths")
dataset = Ingredient("dataset", ingredients=[paths])


@paths.config
def paths_config():
    base = "/home/data/"  # where files are


@paths.capture
def resolve(path, base):
    return base + path


@dataset.config
def dataset_config():
    filename = "galaxies.npy"
    normalize = True


@dataset.named_config
def raw():
    normalize = False


@dataset.capture
def load(filename, normalize):
    print(f"loading {resolve(filename)}{' and normalizing it' if normalize else ''}")
    return [1, 2, 3]


@dataset.command
def statistics():
    """Say how much there is."""
    print("mean:", sum(load()) / 3)


ex = Experiment("ingredients", ingredients=[dataset])


@ex.config
def config(dataset):
    steps = 1000
    name = dataset["filename"].partition(".")[0]


@ex.automain
def main(name, steps):
    print(f"{steps} steps on {name}: {len(load())} rows")
