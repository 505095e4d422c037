# Named configs and their precedence, print_named_configs.
# $ python named_configs.py -l ERROR with seed=1
# $ python named_configs.py -l ERROR with seed=1 fast
# $ python named_configs.py -l ERROR with seed=1 fast deep
# $ python named_configs.py -l ERROR with seed=1 deep fast
# $ python named_configs.py -l ERROR with seed=1 rate=7 fast deep
# $ python named_configs.py -l ERROR with seed=1 fast doubled
# $ python named_configs.py with seed=1 doubled
# $ python named_configs.py -l ERROR with seed=1 other_corpus
# $ python named_configs.py -l ERROR with seed=1 corpus.german corpus.limit=2
# $ python named_configs.py -l ERROR with seed=1 other_corpus corpus.german
# $ python named_configs.py with seed=1 nope
# $ python named_configs.py with seed=1 nope.german
# $ python named_configs.py with seed=1 corpus.nope
# $ python named_configs.py print_named_configs
# $ python named_configs.py print_config with seed=1 fast deep
"""Named configs, alone and together."""

from shared_parts import corpus, read_corpus

from sacred import Experiment

ex = Experiment("named", ingredients=[corpus])


@ex.config
def defaults():
    rate = 1
    steps = rate * 10
    net = {"depth": 1, "width": 8}


@ex.named_config
def fast():
    """Learn quickly."""
    rate = 5
    net = {"width": 2}


@ex.named_config
def deep():
    """
    Many layers.

    They take time.
    """
    rate = 0.5
    net = {"depth": 50}


@ex.named_config
def doubled(rate):
    rate = rate * 2


@ex.named_config
def other_corpus():
    corpus = {"limit": 1, "language": "fr"}


@ex.automain
def main(rate, steps, net):
    print(rate, steps, sorted(net.items()), read_corpus())
