# Config scopes, comments that document entries, print_config.
# $ python config_scopes.py
# $ python config_scopes.py with base=10
# $ python config_scopes.py with base=10 nested.depth=1 "words=['x']"
# $ python config_scopes.py print_config
# $ python config_scopes.py print_config with base=10 flag=yes nested.depth=1
"""Config functions whose entries depend on each other."""

from sacred import Experiment

ex = Experiment("scopes")
OFFSET = 100


@ex.config
def first():
    """The document of the first scope."""
    base = 2  # what all depends on
    # how far it goes
    reach = base * OFFSET
    # pylint: this is not for readers
    silent = None
    left, right = base, -base  # both sides
    nested = {  # not found, since the literal goes on
        "depth": base + 1,
        "names": ["a", "b"],
    }
    nested["total"] = nested["depth"] * 2
    words = ["one"]
    words.append("two")
    flag = True
    if base > 5:
        size = "large"  # when base is large
    else:
        size = "small"  # otherwise
    total = 0
    for number in range(base):
        total += number

    # far above

    spaced = "spaced"
    typed: int = 3
    double = lambda: 2


@ex.config
def second(base, nested):
    base_again = base
    nested["more"] = 1
    nested = {"other": base}


@ex.automain
def main(base, reach, left, right, nested, words, flag, size, total, base_again, typed, double):
    print(base, reach, left, right, sorted(nested.items()), words, flag, size, total, base_again, typed, double())
