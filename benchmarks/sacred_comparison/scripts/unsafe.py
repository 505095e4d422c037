# Data that would execute code: never, and a clear error.
# $ python unsafe.py with seed=1
# $ python unsafe.py "with" seed=1 'v={"py/reduce": [{"py/function": "os.getcwd"}, {"py/tuple": []}]}'
# $ python unsafe.py with seed=1 'v={"py/tuple": [1, 2]}'
"""Updates that are more than data."""

from sacred import Experiment

ex = Experiment("unsafe")
ex.add_config(v=0)


@ex.automain
def main(v):
    print(type(v).__name__)
