"""
Hooks: code before and after every run, and a last word on the config.

A config hook gets what has been decided and returns what it changes; values from the command line stay. Functions under
`pre_run_hook` and `post_run_hook` are captured functions that are called around whatever command is run.

Usage:
    $ python -m expframe sacred 10_hooks.py -l ERROR
    before, a = 10
    main with 10
    after, result = 11

    $ python -m expframe sacred 10_hooks.py -l ERROR with a=1
    before, a = 1
    main with 1
    after, result = 2

    $ python -m expframe sacred 10_hooks.py -l ERROR with hooked=mine
    before, a = 10
    mine
    after, result = 11

    $ python -m expframe sacred 10_hooks.py -l ERROR second
    before, a = 10
    second with 10
    after, result = None
"""

from sacred import Experiment

ex = Experiment("hooks")


@ex.config
def config():
    a = 10
    hooked = None


@ex.config_hook
def decide(config, command_name, logger):
    return {"hooked": f"{command_name} with {config['a']}"}


@ex.pre_run_hook
def prepare(a):
    print("before, a =", a)


@ex.post_run_hook
def clean_up(_run):
    print("after, result =", _run.result)


@ex.command
def second(hooked):
    print(hooked)


@ex.automain
def main(a, hooked):
    print(hooked)
    return a + 1
