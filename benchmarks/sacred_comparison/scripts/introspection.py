# Introspection.
# $ python introspection.py
# $ python introspection.py help
# $ python introspection.py print_named_configs
"""What an experiment says of itself."""

from shared_parts import corpus

from sacred import Experiment, Ingredient
from sacred.utils import CircularDependencyError

inner = Ingredient("outer.inner")
outer = Ingredient("outer", ingredients=[inner])
other = Experiment("other")
ex = Experiment("introspection", ingredients=[outer, corpus, other])


@inner.command
def deep():
    """A command deep inside."""


@outer.named_config
def wide():
    """
    A wide one.

    With a second paragraph.
    """
    width = 9


@ex.named_config
def own():
    width = 1


@ex.command
def local():
    """A command of the experiment."""


for name, command in ex.gather_commands():
    print("command", name, command.__name__)
for name, _ in ex.gather_named_configs():
    print("named config", name)
for ingredient, depth in ex.traverse_ingredients():
    print("ingredient", ingredient.path, depth)
info = ex.get_experiment_info()
print(sorted(info), info["name"], info["mainfile"], info["repositories"])
print(info["sources"])
print(len(info["dependencies"]), all("==" in name for name in info["dependencies"]))
print(ex.post_process_name("introspection.local", ex), ex.post_process_name("x.local", outer))
short, long, internal = ex.get_usage("prog")
print(short)
print(len(long.splitlines()) > 40, "dummy" in internal)

circle = Ingredient("circle")
ring = Ingredient("ring", ingredients=[circle])
circle.ingredients.append(ring)
try:
    list(circle.traverse_ingredients())
except CircularDependencyError as error:
    print(str(error).splitlines())


@ex.automain
def main():
    """Do nothing."""
