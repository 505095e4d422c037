"""
Named configs: sets of entries that belong together.

A named config is switched on by its name after `with`. Several may be given, of which the later ones win; values given
one by one win over all of them. `print_named_configs` lists what there is.

Usage:
    $ python -m expframe sacred 05_named_configs.py -l ERROR
    Hello John.

    $ python -m expframe sacred 05_named_configs.py -l ERROR with rude
    Out of my way, John!

    $ python -m expframe sacred 05_named_configs.py -l ERROR with rude name=Cinderella
    Out of my way, Cinderella!

    $ python -m expframe sacred 05_named_configs.py -l ERROR with rude big
    Out of my way, John!!!

    $ python -m expframe sacred 05_named_configs.py -l ERROR print_named_configs
    Named Configurations (doc):
      rude   # Not for everyone.
      big

    $ python -m expframe sacred 05_named_configs.py with ruder
    sacred.utils.NamedConfigNotFoundError: Named config not found: "ruder". Available config values are: ('rude', 'big')
"""

from sacred import Experiment

ex = Experiment("named_configs")


@ex.config
def config():
    name = "John"
    greeting = "Hello"
    mark = "."
    message = f"{greeting} {name}{mark}"


@ex.named_config
def rude():
    """Not for everyone."""
    greeting = "Out of my way,"
    mark = "!"


ex.add_named_config("big", mark="!!!")


@ex.automain
def main(message):
    print(message)
