"""
A dict as config: entries that the command line can change.

`add_config` takes a dict, keywords or the name of a file. The main function gets the entries whose names its parameters
have, and whatever stands after `with` changes them; `print_config` shows what has been decided, without running it.

Usage:
    $ python -m expframe sacred 02_config_dict.py
    WARNING - config_dict - No observers have been added to this run
    INFO - config_dict - Running command 'main'
    INFO - config_dict - Started
    Hello world!
    INFO - config_dict - Completed after 0:00:00

    $ python -m expframe sacred 02_config_dict.py with 'message="Ciao world!"'
    WARNING - config_dict - No observers have been added to this run
    INFO - config_dict - Running command 'main'
    INFO - config_dict - Started
    Ciao world!
    INFO - config_dict - Completed after 0:00:00

    $ python -m expframe sacred 02_config_dict.py print_config with times=2
    INFO - config_dict - Running command 'print_config'
    INFO - config_dict - Started
    Configuration (modified, added, typechanged, doc):
      message = 'Hello world!'
      seed = 638660012
      times = 2
    INFO - config_dict - Completed after 0:00:00
"""

from sacred import Experiment

ex = Experiment("config_dict")
ex.add_config({"message": "Hello world!"})
ex.add_config(times=1)


@ex.automain
def main(message, times):
    for _ in range(times):
        print(message)
