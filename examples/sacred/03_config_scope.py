"""
A config function: entries that follow from other entries.

Every local variable of a function under `@ex.config` is an entry. Since the function is executed with the values from
the command line in place, whatever it computes from them follows. Its comments describe the entries in `print_config`.

Usage:
    $ python -m expframe sacred 03_config_scope.py
    WARNING - config_scope - No observers have been added to this run
    INFO - config_scope - Running command 'main'
    INFO - config_scope - Started
    Hello world!
    INFO - config_scope - Completed after 0:00:00

    $ python -m expframe sacred 03_config_scope.py with recipient=Ada
    WARNING - config_scope - No observers have been added to this run
    INFO - config_scope - Running command 'main'
    INFO - config_scope - Started
    Hello Ada!
    INFO - config_scope - Completed after 0:00:00

    $ python -m expframe sacred 03_config_scope.py print_config with recipient=Ada
    INFO - config_scope - Running command 'print_config'
    INFO - config_scope - Started
    Configuration (modified, added, typechanged, doc):
      message = 'Hello Ada!'             # what is said in the end
      recipient = 'Ada'                  # who is greeted
      seed = 403744324                   # the random seed for this experiment
    INFO - config_scope - Completed after 0:00:00
"""

from sacred import Experiment

ex = Experiment("config_scope")


@ex.config
def config():
    recipient = "world"  # who is greeted
    # what is said in the end
    message = f"Hello {recipient}!"


@ex.automain
def main(message):
    print(message)
