"""
Named configs: settings with a name, and settings in files.

Words after `with` that have no `=` are named configs, or config files if they end in .json, .yaml, .yml or .toml. Later
ones prevail over earlier ones, single values over all of them, and what depends on them is computed afterwards.

Usage:
    $ python 04_named_configs.py
    NOTICE - named_configs[1] - Started 'main' in runs/1
    epochs=10 lr=0.1 warmup=1 augment={'flip': True, 'rotate': 0}
    NOTICE - named_configs[1] - Completed 'main' after 0:00:00

    $ python 04_named_configs.py with long
    NOTICE - named_configs[2] - Started 'main' in runs/2
    epochs=300 lr=0.01 warmup=30 augment={'flip': True, 'rotate': 0}
    NOTICE - named_configs[2] - Completed 'main' after 0:00:00

    $ python 04_named_configs.py with long strong plain 04_careful.yaml epochs=50
    NOTICE - named_configs[3] - Started 'main' in runs/3
    epochs=50 lr=0.001 warmup=5 augment={'flip': False, 'rotate': 5}
    NOTICE - named_configs[3] - Completed 'main' after 0:00:00

    $ python 04_named_configs.py print_named_configs
    Named Configurations:
      long   # For the final numbers.
      plain   # Images as they are.
      strong

    $ python 04_named_configs.py with lon
    UnknownNamedConfigError: 'lon': no such named config. Did you mean 'long' (04_named_configs.py:47)? ...
"""

from expframe import Experiment

ex = Experiment("named_configs")


@ex.config
def config():
    epochs = 10
    lr = 0.1
    warmup = epochs // 10
    augment = {"flip": True, "rotate": 0}


@ex.named_config
def long():
    """For the final numbers."""
    epochs = 300
    lr = 0.01


@ex.named_config
def plain():
    """Images as they are."""
    augment = {"flip": False}


ex.add_named_config("strong", augment={"rotate": 30})


@ex.automain
def main(epochs, lr, warmup, augment):
    print(f"epochs={epochs} lr={lr} warmup={warmup} augment={augment}")
