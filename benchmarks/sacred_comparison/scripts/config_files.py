# Config files, save_config.
# $ python config_files.py -l ERROR with seed=1
# $ python config_files.py -l ERROR with seed=1 overrides.json
# $ python config_files.py -l ERROR with seed=1 extra.yaml rate=2
# $ python config_files.py save_config with seed=1 rate=3
# $ python config_files.py print_config with config.json
# $ python config_files.py save_config with seed=1 config_filename=mine.yaml
# $ python config_files.py -l ERROR with mine.yaml
# $ python config_files.py with nowhere.json
# $ python config_files.py with notes.txt
# $ python config_files.py functions
"""Configs that come from files and go to files."""

from sacred import Experiment
from sacred.config import load_config_file, save_config_file

ex = Experiment("files")
ex.add_config("base.json")


@ex.config
def more(rate):
    doubled = rate * 2
    tags = []


@ex.command(unobserved=True)
def functions():
    config = {"a": 1, "t": [1, 2], "n": {"x": None}}
    for name in ["out.json", "out.yaml", "out.pickle"]:
        save_config_file(config, name)
        print(name, load_config_file(name) == config)
    try:
        load_config_file("out.toml")
    except ValueError as error:
        print(error)


@ex.automain
def main(rate, layers, optimizer, doubled, tags):
    print(rate, layers, sorted(optimizer.items()), doubled, tags)
