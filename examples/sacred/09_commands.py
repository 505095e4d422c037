"""
Commands: several things that one script can do.

Each function under `@ex.command` is run by its name, with the same config and observers as the main function; one that
is `unobserved` leaves no trace. Every experiment has four commands already, `print_config` among them.

Usage:
    $ python -m expframe sacred 09_commands.py
    WARNING - commands - No observers have been added to this run
    INFO - commands - Running command 'main'
    INFO - commands - Started
    This is the main function.
    INFO - commands - Completed after 0:00:00

    $ python -m expframe sacred 09_commands.py greet with name=Alice
    WARNING - commands - No observers have been added to this run
    INFO - commands - Running command 'greet'
    INFO - commands - Started
    Hello Alice!
    INFO - commands - Completed after 0:00:00

    $ python -m expframe sacred 09_commands.py shout
    INFO - commands - Running command 'shout'
    INFO - commands - Started
    HEY THERE!
    INFO - commands - Completed after 0:00:00

    $ python -m expframe sacred 09_commands.py help greet
    greet(name)
        Greet somebody.

        The name comes from the config.
"""

from sacred import Experiment

ex = Experiment("commands")


@ex.config
def config():
    name = "John"


@ex.command
def greet(name):
    """
    Greet somebody.

    The name comes from the config.
    """
    print(f"Hello {name}!")


@ex.command(unobserved=True)
def shout():
    """Make noise."""
    print("HEY THERE!")


@ex.automain
def main():
    """Do what is done by default."""
    print("This is the main function.")
