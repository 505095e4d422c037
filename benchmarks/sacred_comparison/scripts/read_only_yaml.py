# Read-only config and PyYAML.
# $ python read_only_yaml.py -l ERROR with seed=1
"""Entries that are written as YAML."""

import yaml

from sacred import Experiment

ex = Experiment("read_only_yaml")


@ex.config
def own():
    d = {"k": 1, "n": {"m": [1, 2]}}
    l = [1, {"x": 2}]


@ex.automain
def main(d, l):
    print(yaml.dump(d), yaml.safe_dump(l), yaml.safe_dump({"inside": l}))
