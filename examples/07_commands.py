"""
Commands: several things one script can do.

Each function decorated with `@ex.command` is run by its name, with the same config; the main function is run when no
name is given. Every experiment has `print_config`, `save_config`, `print_named_configs` and `print_dependencies` too.

Usage:
    $ python 07_commands.py
    NOTICE - commands[1] - Started 'train' in runs/1
    training model.bin with lr=0.1
    NOTICE - commands[1] - Completed 'train' after 0:00:00

    $ python 07_commands.py evaluate with split=train
    NOTICE - commands[2] - Started 'evaluate' in runs/2
    evaluating model.bin on train
    NOTICE - commands[2] - Completed 'evaluate' after 0:00:00

    $ python 07_commands.py clean
    removing model.bin

    $ python 07_commands.py help evaluate
    Usage:
      07_commands.py evaluate [(with UPDATE...)] [options]

        Measure a trained model.

        Parameters of a command are entries as well, so `split` may be set although no config defines it.

    Takes from the config:
        path, split

    $ python 07_commands.py help
    Usage:
      07_commands.py [(with UPDATE...)] [options]
    ...
    Commands:
      evaluate             Measure a trained model.
      clean                Remove what training left behind; such a run is not
                           kept.
      train                Train a model and write it.
      print_config         ...
    ...
    Config entries:
      seed = drawn        the seed of all randomness in this run (int)
      path = 'model.bin'  (str)
      lr = 0.1            (float)


    $ python 07_commands.py print_config with lr=1
    Configuration (modified, added, typechanged):
      seed = 1893466751                 # the seed of all randomness in this run
      path = 'model.bin'
      lr = 1.0                          # command line, was 0.1 (07_commands.py:72)

    $ python 07_commands.py save_config with lr=1 config_filename=fast.json
    Saved the config to fast.json

    $ python 07_commands.py with fast.json
    NOTICE - commands[3] - Started 'train' in runs/3
    training model.bin with lr=1.0
    NOTICE - commands[3] - Completed 'train' after 0:00:00
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
