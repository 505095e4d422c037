# Read-only config.
# $ python read_only.py -l ERROR with seed=1
# $ python read_only.py -l ERROR broken with seed=1
# $ python read_only.py -l ERROR writable with seed=1
"""Configs that functions cannot change."""

import copy
import json
import pickle

from sacred import SETTINGS, Experiment
from sacred.config.custom_containers import ReadOnlyDict, ReadOnlyList, make_read_only
from sacred.utils import SacredError

ex = Experiment("read_only")


@ex.config
def own():
    d = {"k": 1, "n": {"m": [1, 2]}}
    l = [1, {"x": 2}]


@ex.command
def broken(d):
    d["k"] = 2


@ex.option_hook
def choose(options):
    if options.get("COMMAND") == "writable":
        SETTINGS["CONFIG"]["READ_ONLY_CONFIG"] = False


@ex.command
def writable(d, l):
    d["k"] = 2
    l.append(3)
    print(d, l, type(d).__name__)


@ex.automain
def main(d, l, _config):
    print(type(d).__name__, type(l).__name__, type(d["n"]["m"]).__name__, isinstance(d, dict), isinstance(l, list))
    attempts = {
        "set": lambda: d.__setitem__("k", 2),
        "del": lambda: d.__delitem__("k"),
        "clear": lambda: d.clear(),
        "pop": lambda: d.pop("k"),
        "popitem": lambda: d.popitem(),
        "setdefault": lambda: d.setdefault("z", 1),
        "update": lambda: d.update(z=1),
        "append": lambda: l.append(1),
        "extend": lambda: l.extend([1]),
        "insert": lambda: l.insert(0, 1),
        "remove": lambda: l.remove(1),
        "reverse": lambda: l.reverse(),
        "sort": lambda: l.sort(),
        "list pop": lambda: l.pop(),
        "item": lambda: l.__setitem__(0, 1),
        "deep": lambda: d["n"]["m"].append(3),
        "config": lambda: _config.update(d=1),
    }
    for name, attempt in attempts.items():
        try:
            attempt()
        except SacredError as error:
            print(name, type(error).__name__, error)
    print(
        d == {"k": 1, "n": {"m": [1, 2]}}, json.dumps(d, sort_keys=True), type(pickle.loads(pickle.dumps(d))).__name__
    )
    shallow, deep = copy.copy(d), copy.deepcopy(d)
    print(type(shallow).__name__, type(shallow["n"]).__name__, type(deep).__name__, type(deep["n"]).__name__)
    print(type(d.copy()).__name__, type(l + []).__name__, type(l[:]).__name__)
    frozen = make_read_only({"a": [(1, [2])]})
    print(type(frozen).__name__, type(frozen["a"]).__name__, type(frozen["a"][0]).__name__, frozen)
    print(isinstance(frozen, ReadOnlyDict), isinstance(frozen["a"], ReadOnlyList))
