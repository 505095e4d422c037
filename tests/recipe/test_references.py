"""Functions on their way to other processes: by name where they are found there, else by value."""

import functools
import pickle

import cloudpickle
import pytest
from interpreter import run_python

import expframe
from expframe import Experiment
from expframe.errors import BindError

module_ex = Experiment("module", ghost=True)
module_ex.add_config(lr=0.5)


@module_ex.main
def call(function):
    """Call a function."""
    return function()


def bare(n, lr=0.1):
    """Return a multiple."""
    return n * lr


renamed = module_ex.capture(bare)


class Model:
    """Has captured methods of every kind."""

    @module_ex.capture
    def own(self, n, lr=0.1):
        return n * lr

    @module_ex.capture
    @classmethod
    def of_class(cls, n, lr=0.1):
        return n * lr

    @module_ex.capture
    @staticmethod
    def static(n, lr=0.1):
        return n * lr


KNOWN = {
    "another name": renamed,
    "method": Model().own,
    "class method": Model.of_class,
    "class method of an object": Model().of_class,
    "static method": Model.static,
    "static method of an object": Model().static,
    "partial": functools.partial(renamed),
}


def in_run(function, *args):
    """Call a function inside a run whose `lr` is 0.5."""
    return module_ex.run(kwargs={"function": functools.partial(function, *args)}).result


@pytest.mark.parametrize("pickler", [pickle, cloudpickle])
@pytest.mark.parametrize("function", KNOWN.values(), ids=KNOWN)
def test_what_a_module_has_arrives_filled(function, pickler):
    """A captured function or method of any kind, whatever its name, is filled where it arrives."""
    assert 1.0 == in_run(pickler.loads(pickler.dumps(function)), 2)


@pytest.mark.parametrize("kind", [lambda function: function, staticmethod, classmethod])
def test_what_has_no_name_goes_by_value_as_it_was_captured(kind):
    """What is defined inside a function is filled, by all the rules of its capture, where cloudpickle brings it."""
    ex = Experiment("inner", ghost=True)
    ex.add_config({"net": {"deep": {"lr": 0.5}, "rest": 1}, "lr": 7})

    class Inner:
        if kind is classmethod:

            @functools.partial(ex.capture, prefix="net", max_depth=2, fill_kwargs=True)
            @classmethod
            def fit(cls, n, lr=0.1, **others):
                return n * lr, others

        else:

            @functools.partial(ex.capture, prefix="net", max_depth=2, fill_kwargs=True)
            @kind
            def fit(n, lr=0.1, **others):
                return n * lr, others

    @ex.main
    def main():
        fit = vars(Inner)["fit"]
        return cloudpickle.loads(cloudpickle.dumps(Inner)).fit(2), fit.__class__

    with pytest.raises(BindError, match=r"Inner\.fit: cannot be found again in another process"):
        pickle.dumps(vars(Inner)["fit"])
    assert (1.0, {"deep": {"lr": 0.5}, "rest": 1}) == ex.run().result[0]


def test_copies_by_value_number_their_calls_as_one(ex):
    """Each call of what arrives again and again, as with each task of a pool, draws other numbers."""

    @ex.capture
    def draw(_seed):
        return _seed

    @ex.main
    def main():
        return [cloudpickle.loads(cloudpickle.dumps(draw))() for _ in range(5)]

    assert 5 == len(set(ex.run().result))


def test_a_function_looks_like_one_to_all_but_cloudpickle():
    """A captured function is an instance of what it wraps, also where a method of it is bound."""
    import types

    assert isinstance(renamed, types.FunctionType)
    assert isinstance(Model().own, types.MethodType)
    assert isinstance(Model.static, types.FunctionType)


SCRIPT = """
    import multiprocessing, os
    from concurrent.futures import ProcessPoolExecutor
    from functools import partial

    from joblib import Parallel, delayed

    from expframe import Experiment

    ex = Experiment("sending")
    ex.add_config(lr=0.5)


    @ex.capture
    def scale(n, lr=0.1):
        return n * lr


    @ex.capture
    def strict(n, lr):
        return n * lr


    class Base:
        def fit(self, n, lr):
            return n * lr


    class Model(Base):
        @ex.capture
        def fit(self, n, lr=0.1):
            return super().fit(n, lr)

        def plain(self, n):
            return scale(n)


    @ex.capture
    class Net(Base):
        def __init__(self, n, lr=0.1):
            super().__init__()
            self.fitted = self.fit(n, lr)


    def around(n):
        return Net(n).fitted


    @ex.command
    def child(n, lr):
        return n * lr


    def start(n):
        return ex.run("child", kwargs={"n": n}).result


    def attempt(function):
        try:
            if os.environ["METHOD"] == "loky":
                return Parallel(2)([delayed(function)(2)])[0]
            return pool.submit(function, 2).result()
        except Exception as problem:
            return f"{type(problem).__name__}: {problem}"[:90]


    @ex.automain
    def main(_run):
        global pool
        if os.environ["METHOD"] != "loky":
            pool = ProcessPoolExecutor(1, multiprocessing.get_context(os.environ["METHOD"]))
        functions = [scale, Model().fit, partial(scale), Model().plain, around, strict, start, lambda n: scale(n)]
        bound = [attempt(_run.bind(function)) for function in functions]
        return [*bound, *map(attempt, functions)]
"""


@pytest.fixture
def send(script, environment):
    """Send functions of a script to another process in one way, and return the run that did and what was warned of."""

    def run(method, *words):
        command = [script(SCRIPT, "sending.py"), "with", *words]
        done = run_python(command, env={**environment, "METHOD": method}, timeout=240)
        assert 0 == done.returncode, done.stderr
        return expframe.runs("runs")["1"], done.stderr

    return run


@pytest.mark.once
@pytest.mark.parametrize("method", ["loky", "spawn"])
def test_functions_of_a_script_arrive(send, method):
    """Sent by `bind`, all that can be called has the run's config and starts children; bare, defaults are told."""
    run, told = send(method, "lr=0.25")
    (*bound, child, inner), (*bare, strict, _, inner_bare) = run.result[:8], run.result[8:]
    warned = [f"uses its defaults for lr in this process, where no run is active. Send run.bind({name})"
              for name in ("scale", "Model.fit")]  # fmt: skip

    assert [0.5] * 6 == bound
    assert [0.2] * 5 == bare
    assert "MissingArgumentError: strict() (sending.py:19) needs 'lr' and no run is active" in strict
    assert 1.0 == child and 1 == len(run.children)
    assert (0.5, 0.2) == (inner, inner_bare) if method == "loky" else "cannot be found again in another" in inner
    assert {True} == {told.count(text) >= 1 for text in warned}
    assert method == "loky" or {1} == {told.count(text) for text in warned}  # once in a process; joblib's are more
