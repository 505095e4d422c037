"""
Hello world: the smallest experiment of Sacred.

The decorated function is the main command, and running the script is a run. A Sacred experiment keeps nothing until an
observer is added, and says so in its first line; `-l` chooses how much it says, and `-u` that nothing is missed.

Usage:
    $ python -m expframe sacred 01_hello_world.py
    WARNING - 01_hello_world - No observers have been added to this run
    INFO - 01_hello_world - Running command 'main'
    INFO - 01_hello_world - Started
    Hello world!
    INFO - 01_hello_world - Completed after 0:00:00

    $ python -m expframe sacred 01_hello_world.py -l WARNING
    WARNING - 01_hello_world - No observers have been added to this run
    Hello world!

    $ python -m expframe sacred 01_hello_world.py -u
    INFO - 01_hello_world - Running command 'main'
    INFO - 01_hello_world - Started
    Hello world!
    INFO - 01_hello_world - Completed after 0:00:00
"""

from sacred import Experiment

ex = Experiment()


@ex.automain
def main():
    print("Hello world!")
