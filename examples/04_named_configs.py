"""
Named configs: settings with a name, and settings in files.

Words after `with` that have no `=` are named configs, or config files if they end in .json, .yaml, .yml or .toml. Later
ones prevail over earlier ones, single values over all of them, and what depends on them is computed afterwards.

Usage:
"""

from expframe import Experiment

ex = Experiment("named_configs")


@ex.config
def config():
    epochs = 10
    lr = 0.1
    warmup = epochs // 10
    augment = {"flip": True, "rotate": 0}


@ex.named_config
def long():
    """For the final numbers."""
    epochs = 300
    lr = 0.01


@ex.named_config
def plain():
    """Images as they are."""
    augment = {"flip": False}


ex.add_named_config("strong", augment={"rotate": 30})


@ex.automain
def main(epochs, lr, warmup, augment):
    print(f"epochs={epochs} lr={lr} warmup={warmup} augment={augment}")
