# Config hooks.
# $ python config_hooks.py -l ERROR with seed=1
# $ python config_hooks.py -l ERROR with seed=1 a=5 hooked=6
# $ python config_hooks.py print_config with seed=1
# $ python config_hooks.py -l ERROR other with seed=1
# $ python config_hooks.py -l ERROR with seed=1 part.x=4
"""Hooks that change the config once it is decided."""

from sacred import Experiment, Ingredient
from sacred.observers import RunObserver

part = Ingredient("part")
ex = Experiment("hooks", ingredients=[part])


class Listener(RunObserver):
    def started_event(self, ex_info, command, host_info, start_time, config, meta_info, _id):
        print("started", command, config["a"])
        return _id or "given"


@part.config
def part_config():
    x = 1


@ex.config
def own(part):
    a = 1
    seen = part["x"]
    d = {"k": 1}


@part.config_hook
def change_part(config, command_name, logger):
    print("part hook", config, command_name, type(logger).__name__)
    return {"x": config["part"]["x"] + 100}


@ex.config_hook
def change(config, command_name, logger):
    config["d"]["k"] = 2
    ex.observers[:] = [Listener()]
    return {"hooked": command_name, "a": config["a"] * 10, "d": {"m": 3}}


@ex.command
def other(hooked):
    print("other", hooked)


@ex.automain
def main(a, hooked, d, seen, part):
    print(a, hooked, sorted(d.items()), seen, part)
