# Hooks before and after a run.
# $ python hooks.py -l ERROR with seed=1
# $ python hooks.py -l ERROR fail with seed=1
# $ python hooks.py -l ERROR print_config with seed=1
# $ python hooks.py -l ERROR part.show with seed=1
"""Hooks of an experiment and of its ingredients."""

from sacred import Experiment, Ingredient

deep = Ingredient("part.deep")
part = Ingredient("part", ingredients=[deep])
ex = Experiment("hooks", ingredients=[part])
deep.add_config(x=1)
part.add_config(x=2)
ex.add_config(x=3, group={"x": 4})


@ex.pre_run_hook
def before_all(x, _run):
    print("before experiment", x, _run.status)
    _run.info["before"] = x


@ex.pre_run_hook(prefix="group")
def before_group(x):
    print("before group", x)


@part.pre_run_hook
def before_part(x):
    print("before part", x)


@deep.pre_run_hook
def before_deep(x):
    print("before deep", x)


@ex.post_run_hook
def after_all(x, _run):
    print("after experiment", x, _run.info, _run.result)


@part.post_run_hook
def after_part(x):
    print("after part", x)


ex.post_run_hook(lambda _run: print("after lambda", _run.status))


@part.command
def show(x):
    print("show", x)


@ex.command
def fail():
    raise RuntimeError("no")


@ex.automain
def main(x):
    print("main", x)
    return x
