"""
Config functions: ordinary Python decides the config.

The local variables of a config function are the entries. What is set from outside is in place while the function runs,
so everything computed from it follows. A later config function reads earlier entries as parameters. Comments become
the documentation that `print_config` shows, and a mistyped name is refused before anything starts.

Usage:
"""

from expframe import Experiment

ex = Experiment("config_functions")


@ex.config
def sizes():
    width = 64  # neurons of the first layer
    depth = 3
    layers = [width // 2**level for level in range(depth)]
    optimizer = {"name": "adam", "lr": 0.01}
    if optimizer["name"] == "sgd":
        optimizer["momentum"] = 0.9


@ex.config
def budget(layers):
    epochs: int = 10 * len(layers)  # an annotated entry takes this type only
    _note = "a name that begins with _ is not an entry"


@ex.automain
def main(layers, optimizer, epochs):
    print("layers:", layers)
    print("optimizer:", optimizer)
    print("epochs:", epochs)
