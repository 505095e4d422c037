"""
Commands: several things one script can do.

Each function decorated with `@ex.command` is run by its name, with the same config; the main function is run when no
name is given. Every experiment has `print_config`, `save_config`, `print_named_configs` and `print_dependencies` too.

Usage:
"""

from expframe import Experiment

ex = Experiment("commands")


@ex.config
def config():
    path = "model.bin"
    lr = 0.1


@ex.command
def evaluate(path, split="test"):
    """
    Measure a trained model.

    Parameters of a command are entries as well, so `split` may be set although no config defines it.
    """
    print(f"evaluating {path} on {split}")


@ex.command(unobserved=True)
def clean(path):
    """Remove what training left behind; such a run is not kept."""
    print(f"removing {path}")


@ex.automain
def train(path, lr):
    """Train a model and write it."""
    print(f"training {path} with lr={lr}")
