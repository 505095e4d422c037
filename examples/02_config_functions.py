"""
Config functions: ordinary Python decides the config.

The local variables of a config function are the entries. What is set from outside is in place while the function runs,
so everything computed from it follows. A later config function reads earlier entries as parameters. Comments become
the documentation that `print_config` shows, and a mistyped name is refused before anything starts.

Usage:
    $ python 02_config_functions.py
    NOTICE - config_functions[1] - Started 'main' in runs/1
    layers: [64, 32, 16]
    optimizer: {'name': 'adam', 'lr': 0.01}
    epochs: 30
    NOTICE - config_functions[1] - Completed 'main' after 0:00:00

    $ python 02_config_functions.py with width=16 optimizer.name=sgd
    NOTICE - config_functions[2] - Started 'main' in runs/2
    layers: [16, 8, 4]
    optimizer: {'name': 'sgd', 'lr': 0.01, 'momentum': 0.9}
    epochs: 30
    NOTICE - config_functions[2] - Completed 'main' after 0:00:00

    $ python 02_config_functions.py print_config with width=16 optimizer.lr=0.5
    Configuration (modified, added, typechanged):
      seed = 1804600186                 # the seed of all randomness in this run
      width = 16                        # neurons of the first layer; command line, was 64 (02_config_functions.py:48)
      depth = 3
      layers = [16, 8, 4]
      optimizer:
        name = 'adam'
        lr = 0.5                        # command line, was 0.01 (02_config_functions.py:51)
      epochs = 30                       # an annotated entry takes this type only

    $ python 02_config_functions.py with widht=16
    UnknownEntryError: 'widht=16': no config entry 'widht'. Did you mean 'width' (02_config_functions.py:48)? ...

    $ python 02_config_functions.py with epochs=many
    EntryTypeError: 'epochs=many': 'epochs' (02_config_functions.py:58) takes int, not 'many' (str). ...
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
