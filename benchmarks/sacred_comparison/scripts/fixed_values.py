# Values from outside against the statements of a scope.
# $ python fixed_values.py -l ERROR with seed=1
# $ python fixed_values.py -l ERROR with seed=1 d.a=10 d.c=30
# $ python fixed_values.py -l ERROR with seed=1 "l=[9]"
# $ python fixed_values.py -l ERROR with seed=1 e.x.y=5
# $ python fixed_values.py print_config with seed=1 "d={'a': 10, 'new': 1}" "l=[9]" a=1.5
# $ python fixed_values.py containers
"""Whatever a scope does to an entry, the value from outside stays."""

from sacred import Experiment
from sacred.config.custom_containers import DogmaticDict, DogmaticList
from sacred.config.utils import dogmatize, undogmatize

ex = Experiment("fixed")


@ex.config
def values():
    a = 1
    d = {"a": 1}
    d["b"] = d["a"] + 1
    d.update(c=3)
    l = [1]
    l.append(2)
    l += [3]
    e = dict(x={"y": 1})
    e["x"]["z"] = e["x"]["y"] * 2
    del a
    a = 2


@ex.command(unobserved=True)
def containers():
    fixed = DogmaticDict({"a": 7, "n": {"x": 1}})
    print("a" in fixed, list(fixed))
    fixed["a"] = "text"
    fixed["n"] = {"x": 2, "y": 3}
    fixed["free"] = 1
    print(dict(fixed), sorted(fixed.modified), fixed.typechanges)
    del fixed["a"]
    print("a" in fixed, fixed.get("nope", 5))
    hidden = DogmaticDict({"a": {"b": 1}, "c": 2})
    print(sorted(hidden.revelation()), dict(hidden))
    fallback = DogmaticDict(fallback={"f": 1})
    print("f" in fallback, fallback["f"], list(fallback), fallback.get("f"))
    frozen = DogmaticList([1, 2])
    frozen.append(3)
    frozen.extend([4])
    frozen[0] = 9
    frozen.reverse()
    print(list(frozen), frozen.revelation())
    try:
        frozen.pop()
    except TypeError as error:
        print(error)
    tree = dogmatize({"a": [1, {"b": 2}], "t": (1, [2])})
    print(type(tree).__name__, type(tree["a"]).__name__ if "a" in tree else "hidden")
    print(undogmatize(dogmatize([1, {"b": 2}])))


@ex.automain
def main(a, d, l, e):
    print(a, sorted(d.items()), l, e)
