"""
Captured functions: parameters that the config fills.

A function under `@ex.capture` can be called without what the config knows; an argument that is given wins, then comes
the config, then the default. With a `prefix` it sees the entries of one group only.

Usage:
    $ python -m expframe sacred 04_captured_functions.py -l ERROR
    Hi Bob.
    Hey Bob.
    Hi Bob!
    Good evening, Dr. Bob.

    $ python -m expframe sacred 04_captured_functions.py -l ERROR with name=Eve polite.greeting=Welcome
    Hi Eve.
    Hey Eve.
    Hi Eve!
    Welcome, Dr. Eve.

    $ python -m expframe sacred 04_captured_functions.py broken
    WARNING - captured_functions - No observers have been added to this run
    INFO - captured_functions - Running command 'broken'
    INFO - captured_functions - Started
    ERROR - captured_functions - Failed after 0:00:00!
    Usage:
      04_captured_functions.py [(with UPDATE...)] [options]
      04_captured_functions.py help [COMMAND]
      04_captured_functions.py (-h | --help)
      04_captured_functions.py COMMAND [(with UPDATE...)] [options]
    sacred.utils.MissingConfigError: depart is missing value(s): ['farewell']
"""

from sacred import Experiment

ex = Experiment("captured_functions")


@ex.config
def config():
    name = "Bob"
    greeting = "Hi"
    polite = {"greeting": "Good evening", "title": "Dr."}


@ex.capture
def greet(greeting, name, mark="."):
    print(f"{greeting} {name}{mark}")


@ex.capture(prefix="polite")
def greet_politely(name, greeting, title):
    print(f"{greeting}, {title} {name}.")


@ex.capture
def depart(name, farewell):
    print(f"{farewell} {name}")


@ex.command
def broken():
    """Call a function that the config cannot fill."""
    depart()


@ex.automain
def main(name):
    greet()
    greet("Hey")
    greet(mark="!")
    greet_politely(name)
