# automain, built-in commands, grammar, control flow, log lines.
# $ python hello.py
# $ python hello.py -l WARNING
# $ python hello.py main
# $ python hello.py help
# $ python hello.py -h
# $ python hello.py help greet_all
# $ python hello.py print_config with seed=1
# $ python hello.py print_named_configs
# $ python hello.py nope
# $ python hello.py main with
# $ python hello.py main a=1
# $ python hello.py --nonsense
# $ python hello.py -C
# $ python hello.py --pri
# $ python hello.py main -h
# $ python hello.py -ulERROR
# $ python hello.py -u --log DEBUG
# $ python hello.py --loglevel=nonsense
"""Greets whoever comes."""

from sacred import Experiment

ex = Experiment("hello")


@ex.automain
def greet_all():
    """Say hello to everybody."""
    print("Hello, everybody!")
