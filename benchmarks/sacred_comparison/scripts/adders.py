# Configuration adders, sources and dependencies, dicts as config.
# $ python adders.py
# $ python adders.py with a=5 nested.x=7
# $ python adders.py with loud
# $ python adders.py print_config with loud quiet
# $ python adders.py print_dependencies
"""Configuration from dicts, keywords and files."""

import os
import pathlib

from sacred import Experiment

ex = Experiment("adders")
ex.add_config({"a": 1, "nested": {"x": 1, "y": (1, 2)}})
ex.add_config(b=2, nested={"z": 3})
ex.add_config("base.json")
ex.add_config({})
ex.add_named_config("loud", {"volume": 11, "nested": {"x": -1}})
ex.add_named_config("quiet", volume=1)
ex.add_named_config("filed", "overrides.json")


def attempt(what, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except Exception as error:
        print(f"{what}: {type(error).__name__}: {str(error).splitlines()[0].replace(os.getcwd(), '')}")
    else:
        print(f"{what}: fine")


attempt("dict and keywords", ex.add_config, {"a": 1}, b=2)
attempt("nothing", ex.add_config)
attempt("missing file", ex.add_config, "nowhere.json")
attempt("path object", ex.add_config, pathlib.Path("base.json"))
attempt("number", ex.add_config, 5)
attempt("unknown suffix", ex.add_config, "notes.txt")
attempt("named twice", ex.add_named_config, "loud", {"a": 1})
attempt("missing source", ex.add_source_file, "nowhere.py")
attempt("source", ex.add_source_file, "shared_parts.py")
attempt("dependency", ex.add_package_dependency, "something", "1.2.3rc1")
attempt("odd version", ex.add_package_dependency, "something", "one")


@ex.automain
def main(a, b, nested, rate, volume=0):
    print(a, b, sorted(nested.items()), rate, volume)
