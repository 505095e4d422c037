# Constructors, attributes.
# $ python constructors.py
# $ python constructors.py anything
"""What the constructors take, refuse and remember."""

import os

from sacred import Experiment, Ingredient
from sacred.host_info import host_info_gatherer


def attempt(what, function, *args, **kwargs):
    try:
        result = function(*args, **kwargs)
    except Exception as error:
        print(f"{what}: {type(error).__name__}: {error}")
    else:
        print(f"{what}: {result!r:.60}")
        return result


part = Ingredient("part")
print("name of a script:", Experiment().path)
ex = Experiment("built", [part], base_dir=os.getcwd())
print(ex.path, [ingredient.path for ingredient in ex.ingredients], ex.doc)
print(ex.mainfile.filename == os.path.realpath(__file__), ex.base_dir == os.getcwd(), ex.save_git_info)
print(ex.config_hooks, ex.configurations, ex.named_configs, ex.pre_run_hooks, ex.post_run_hooks)
print(list(ex.commands), len(ex.captured_functions), ex.logger, ex.default_command, ex.observers)
print(ex.current_run, ex.captured_out_filter, ex.option_hooks, ex.additional_host_info, ex.additional_cli_options)
print(part.path, part.doc, part.ingredients, list(part.commands), part.captured_functions)
print(len(ex.all_cli_options) > 15, sorted(ex.get_default_options().items())[:5])


@host_info_gatherer("cpu")
def another_cpu():
    return "fast"


nameless = {"__name__": "nowhere", "Experiment": Experiment, "Ingredient": Ingredient}
attempt("taken host info", lambda: Experiment("x", additional_host_info=[another_cpu]).run("print_config"))
attempt("interactive, no name", eval, "Experiment(interactive=True)", dict(nameless))
attempt("no file", eval, "Experiment()", dict(nameless))
attempt("no file, name", eval, "Experiment('named')", dict(nameless))
attempt("no file, ingredient", eval, "Ingredient('named')", dict(nameless))
interactive = attempt("interactive", eval, "Experiment('named', interactive=True).path", dict(nameless))
attempt("interactive main file", eval, "Experiment('named', interactive=True).mainfile", dict(nameless))

ex.logger = None
ex.path = "renamed"


@ex.main
def run(_run):
    print("running", _run.experiment_info["name"])


if __name__ == "__main__":
    attempt("option list", lambda: sorted(option.get_flag() for option in ex.all_cli_options))
    ex.run(options={"--loglevel": "INFO"})
