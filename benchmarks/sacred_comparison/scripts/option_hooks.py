# Option hooks, when they are called.
# $ python option_hooks.py with seed=1
# $ python option_hooks.py -c said with seed=1
# $ python option_hooks.py twice
"""Hooks that read and change the options."""

from sacred import Experiment

ex = Experiment("option_hooks")


@ex.option_hook
def announce(options):
    print("options:", sorted(key for key, value in options.items() if value))
    options["--name"] = options["--comment"] or "unnamed"
    options["--loglevel"] = "ERROR"


@ex.option_hook
def again(options):
    print("again:", options["--name"])


@ex.command
def twice():
    print("twice")


@ex.automain
def main(_run):
    print(_run.experiment_info["name"], _run.meta_info["options"]["--name"])
