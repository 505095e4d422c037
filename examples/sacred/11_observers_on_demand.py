"""
Observers on demand: where a run goes is decided when it is known.

Observers may be added by a flag, from a config hook that has seen the config, or from a hook of one's own options. The
run's folder is that of its file-storage observer, and a run that nobody observes is still a run.

Usage:
    $ python -m expframe sacred 11_observers_on_demand.py
    WARNING - on_demand - No observers have been added to this run
    INFO - on_demand - Running command 'main'
    INFO - on_demand - Started
    folders: []
    INFO - on_demand - Completed after 0:00:00

    $ python -m expframe sacred 11_observers_on_demand.py with keep=True
    INFO - on_demand - Running command 'main'
    INFO - on_demand - Started run with ID "1"
    folders: ['kept/1']
    INFO - on_demand - Completed after 0:00:00

    $ python -m expframe sacred 11_observers_on_demand.py -F elsewhere
    INFO - on_demand - Running command 'main'
    INFO - on_demand - Started run with ID "1"
    folders: ['elsewhere/1']
    INFO - on_demand - Completed after 0:00:00

    $ python -m expframe sacred 11_observers_on_demand.py -k
    INFO - on_demand - Running command 'main'
    INFO - on_demand - Started run with ID "2"
    folders: ['kept/2']
    INFO - on_demand - Completed after 0:00:00

    $ ls elsewhere/1 kept/2
    elsewhere/1:
    config.json
    cout.txt
    metrics.json
    run.json

    kept/2:
    config.json
    cout.txt
    metrics.json
    run.json
"""

from sacred import Experiment, cli_option
from sacred.observers import FileStorageObserver


@cli_option("-k", "--keep", is_flag=True)
def keep_option(args, run):
    """Keep the run in `kept`."""
    run.observers.append(FileStorageObserver("kept"))


ex = Experiment("on_demand", additional_cli_options=[keep_option])


@ex.config
def config():
    keep = False


@ex.config_hook
def observe(config, command_name, logger):
    if config["keep"]:
        ex.observers.append(FileStorageObserver("kept"))
    return {}


@ex.automain
def main(_run):
    print("folders:", [observer.dir for observer in _run.observers])
