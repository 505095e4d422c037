"""Filling the free parameters of captured functions."""

import asyncio
import copy
import dataclasses
import functools
import inspect
import pickle
import queue
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from expframe import Experiment, Ingredient, current_run
from expframe.errors import (
    AmbiguousEntryError,
    CaptureError,
    MissingArgumentError,
    ReadOnlyError,
    UnrelatedRunsError,
)
from expframe.process.seeds import child_seed

module_ex = Experiment("module", ghost=True)


@module_ex.capture
def at_top_level(a=1):
    """Return a."""
    return a


class Model:
    @module_ex.capture
    def method(self, a=1):
        return self, a

    @classmethod
    @module_ex.capture
    def inner_class_method(cls, a=1):
        return cls, a

    @module_ex.capture
    @classmethod
    def outer_class_method(cls, a=1):
        return cls, a

    @staticmethod
    @module_ex.capture
    def inner_static(a=1):
        return a

    @module_ex.capture
    @staticmethod
    def outer_static(a=1):
        return a


class HasShape:
    @property
    def shape(self):
        return self.width, self.depth


@module_ex.capture
class CapturedClass(HasShape):
    def __init__(self, width, depth=2):
        super().__init__()
        self.width, self.depth = width, depth


@module_ex.capture
@dataclasses.dataclass(frozen=True)
class CapturedData(HasShape):
    width: int
    depth: int = 2


@module_ex.capture(prefix="")
class CapturedSlots(HasShape):
    __slots__ = ("depth", "width")

    def __init__(self, *, width, depth=2):
        self.width, self.depth = width, depth


@module_ex.capture
class CapturedTuple(tuple):
    def __new__(cls, width, depth=2):
        return super().__new__(cls, (width, depth))

    shape = property(tuple)


def drawn_at_top(_seed):
    """Return a number that is drawn."""
    return _seed


def run_with(config, body, **options):
    """Run `body` as the main function of an experiment with a config, and return its result."""
    ex = Experiment("test", ghost=True, **options)
    ex.add_config(config)

    @ex.main
    def main():
        return body(ex)

    return ex.run().result


def capture_in(config, function, *args, options=None, call=None, **capture):
    """Capture a function and call it inside a run."""
    ex = Experiment("test", ghost=True, **(options or {}))
    ex.add_config(config)
    captured = ex.capture(**capture)(function)

    @ex.main
    def main():
        return captured(*args, **(call or {}))

    return ex.run().result


class TestPrecedence:
    """Explicit argument > special > config entry > default."""

    def test_entry_beats_default(self):
        """A config entry fills a parameter that has a default."""
        assert 5 == capture_in({"a": 5}, lambda a=1: a)

    def test_argument_beats_entry(self):
        """An explicit argument, by position or keyword, beats the entry."""
        assert (7, 6) == capture_in({"a": 5, "b": 6}, lambda a, b: (a, b), 7)
        assert (5, 8) == capture_in({"a": 5, "b": 6}, lambda a, b: (a, b), call={"b": 8})

    def test_default_where_nothing_else(self):
        """Without argument and entry the default stands."""
        assert 1 == capture_in({"b": 5}, lambda a=1: a)

    def test_special_beats_entry(self):
        """An entry called like a special does not hide it."""
        ex = Experiment("test", ghost=True)
        ex.add_config({"a": 1})

        @ex.main
        def main(_run, _config, _log, _seed, _rnd, a):
            return _run is current_run(), dict(_config)["a"], _log.name, type(_seed), hasattr(_rnd, "random"), a

        assert (True, 1, "test.main", int, True, 1) == ex.run().result

    def test_none_is_a_value(self):
        """An entry that is None fills a parameter."""
        assert capture_in({"a": None}, lambda a=1: a) is None

    def test_keyword_only_and_positional_only(self):
        """Both kinds of parameters are filled."""

        def function(a, b=2, /, c=3, *, d, e=5):
            return a, b, c, d, e

        assert (10, 20, 3, 40, 5) == capture_in({"a": 10, "b": 20, "d": 40}, function)
        assert (1, 20, 3, 40, 5) == capture_in({"a": 10, "b": 20, "d": 40}, function, 1)

    def test_positional_only_with_a_gap(self):
        """A positional-only parameter that nothing fills keeps its default though a later one is filled."""

        def function(a=1, b=2, /):
            return a, b

        assert (1, 20) == capture_in({"b": 20}, function)

    def test_star_arguments_stay_free(self):
        """`*args` and `**kwargs` are never filled by surprise."""

        def function(a, *args, **kwargs):
            return a, args, kwargs

        assert (1, (2,), {"x": 3}) == capture_in({"a": 5, "c": 6}, function, 1, 2, call={"x": 3})

    def test_fill_kwargs(self):
        """With `fill_kwargs` all other entries go to `**kwargs`, explicit ones first."""

        def function(a, **kwargs):
            return a, kwargs

        assert (5, {"b": 7, "c": 6}) == capture_in(
            {"o": {"a": 5, "b": 1, "c": 6}}, function, prefix="o", fill_kwargs=True, call={"b": 7}
        )

    def test_array_as_default(self):
        """A default whose `==` is no bool does no harm."""
        import numpy

        default = numpy.zeros(3)
        assert ((3,), 1) == capture_in({"b": 1}, lambda a=default, b=0: (a.shape, b))

    @pytest.mark.parametrize("read_only", [True, False])
    def test_explicit_arguments_in_every_shape(self, read_only):
        """What a call gives, by position, by keyword or as a method, stands; the rest is filled, or is an error."""
        ex = Experiment("shapes", ghost=True, read_only=read_only)
        ex.add_config(lr=0.1, layers=[1, 2])

        @ex.capture
        def train(model, images, lr, *rest, layers, factor=1):
            return model, images, lr, rest, layers, factor

        class Trainer:
            @ex.capture
            def train(self, model, lr, layers=()):
                return model, lr, layers

        @ex.main
        def main():
            found = [train("m", "i"), train("m", images="i"), train(images="i", model="m", factor=2)]
            found += [
                train("m", "i", 5, 6, 7),
                train("m", "i", layers=3),
                Trainer().train("m"),
                Trainer.train(Trainer(), "m"),
            ]
            for wrong, lacks in [(train, "model"), (lambda: train("m"), "images"), (Trainer().train, "model")]:
                with pytest.raises(MissingArgumentError, match=f"needs '{lacks}'"):
                    wrong()
            return found

        assert [
            ("m", "i", 0.1, (), [1, 2], 1),
            ("m", "i", 0.1, (), [1, 2], 1),
            ("m", "i", 0.1, (), [1, 2], 2),
            ("m", "i", 5, (6, 7), [1, 2], 1),
            ("m", "i", 0.1, (), 3, 1),
            ("m", 0.1, [1, 2]),
            ("m", 0.1, [1, 2]),
        ] == ex.run().result

    def test_a_bound_method_is_captured_as_it_is(self):
        """A method that is captured on its object has its parameters without `self`."""
        ex = Experiment("bound", ghost=True)
        ex.add_config(lr=0.1, model="m")

        class Trainer:
            def train(self, model, lr):
                return model, lr

        train = ex.capture(Trainer().train)
        ex.main(lambda: (train(), train("n")))

        assert (("m", 0.1), ("n", 0.1)) == ex.run().result

    def test_given_seeds_are_not_drawn(self):
        """A seed that a call gives, by position or keyword, is its own, and counts as no drawn one."""
        ex = Experiment("seeds", ghost=True)
        ex.add_config(seed=3, lr=1)

        @ex.capture
        def draw(_seed, lr, _rnd):
            return _seed

        @ex.main
        def main(_run):
            drawn = [draw(), draw()]
            given = [draw(5, _rnd=None), draw(_seed=6, _rnd=None)]
            return drawn, given, draw(), _run.plan(draw._self_captured).calls

        drawn, given, third, calls = ex.run().result

        assert ([5, 6], 3, 3) == (given, len({*drawn, third}), calls)

    def test_functions_of_one_name_draw_apart(self):
        """Methods of one name, and inner functions, draw other numbers; a function of a module draws by its name."""
        ex = Experiment("names", ghost=True)
        ex.add_config(seed=3)

        class Encoder:
            @ex.capture
            def __init__(self, _seed, _rnd):
                self.drawn = _seed, _rnd.random()

            @classmethod
            @ex.capture
            def make(cls, _seed):
                return _seed

        class Decoder:
            @ex.capture
            def __init__(self, _seed, _rnd):
                self.drawn = _seed, _rnd.random()

            @staticmethod
            @ex.capture
            def make(_seed):
                return _seed

        class Deeper(Encoder):
            pass

        def inner():
            @ex.capture
            def make(_seed):
                return _seed

            return make

        found = ex.capture(drawn_at_top)

        @ex.main
        def main():
            inits = [Encoder().drawn, Decoder().drawn, Deeper().drawn]
            return [*inits[0], *inits[1], *inits[2], Encoder.make(), Decoder.make(), inner()()], found()

        apart, at_top = ex.run().result

        assert len(apart) == len({*apart})
        assert child_seed(3, "", "drawn_at_top", 0) == at_top


class TestLookup:
    """Prefix, max_depth and entries."""

    config = {"model": {"depth": 3, "head": {"width": 7}}, "data": {"size": 10}}

    def test_prefix(self):
        """With a prefix names are looked up below it."""
        assert 3 == capture_in(self.config, lambda depth: depth, prefix="model")
        assert 7 == capture_in(self.config, lambda width: width, prefix="model.head")

    def test_groups_count_as_entries(self):
        """A parameter named like a group gets the group."""
        assert {"width": 7} == capture_in(self.config, lambda head: dict(head), prefix="model")

    def test_depth_one_is_the_default(self):
        """Without max_depth an entry one level deeper is not found."""
        with pytest.raises(MissingArgumentError, match=r"needs 'depth': no config entry, no default. Entries"):
            capture_in(self.config, lambda depth: depth)

    def test_deeper_levels(self):
        """With max_depth the shallowest entry wins."""
        assert 3 == capture_in(self.config, lambda depth: depth, max_depth=2)
        assert 7 == capture_in(self.config, lambda width: width, max_depth=3)
        assert 1 == capture_in({"x": 1, "g": {"x": 2}}, lambda x: x, max_depth=3)

    def test_what_is_given_by_hand_is_not_searched_for(self):
        """A first call with an argument by hand takes no more steps among 2,000 groups of entries than among two."""

        def steps_with(groups):
            config = {f"g{number}": {"below": {"x": number}} for number in range(groups)}
            counted = []

            def body(ex):
                function = ex.capture(lambda model: model)
                sys.setprofile(lambda frame, event, argument: counted.append(event))
                try:
                    function(1)
                finally:
                    sys.setprofile(None)

            run_with(config, body)
            return len(counted)

        assert steps_with(2000) < 2 * steps_with(2)

    def test_depth_is_bounded(self):
        """An entry below max_depth is not found."""
        with pytest.raises(MissingArgumentError):
            capture_in(self.config, lambda width: width, max_depth=2)

    def test_experiment_sets_the_default_depth(self):
        """`Experiment(max_depth=...)` holds for functions that do not say, and theirs prevails."""
        assert 3 == capture_in(self.config, lambda depth: depth, options={"max_depth": 2})
        with pytest.raises(MissingArgumentError):
            capture_in(self.config, lambda depth: depth, options={"max_depth": 2}, max_depth=1)

    def test_equally_near_entries_are_an_error(self):
        """Two entries at one depth are an error that names both, and only for a call that needs the value."""
        config = {"a": {"x": 1}, "b": {"x": 2}}
        with pytest.raises(AmbiguousEntryError, match=r"'a\.x' and 'b\.x' are equally near"):
            capture_in(config, lambda x: x, max_depth=2)
        assert 5 == capture_in(config, lambda x: x, 5, max_depth=2)

    def test_entries(self):
        """`entries` picks single values by path and fills by the last part, and nothing else."""
        picked = capture_in(
            {**self.config, "size": 1},
            lambda size, depth, lr=0: (size, depth, lr),
            entries=["data.size", "model.depth"],
        )
        assert (10, 3, 0) == picked

    @pytest.mark.parametrize(
        ("entry", "function", "lacks", "there"),
        [
            ("data.depth", lambda depth: None, "depth", " under 'data': size."),
            ("none.width", lambda width: None, "width", " under 'none': none."),
            ("size", lambda size: None, "size", ": seed, data, other."),
            ("data.size", lambda size, other: None, "other", ": seed, data, other."),
        ],
    )
    def test_an_entry_that_is_not_there(self, entry, function, lacks, there):
        """The error of a parameter that `entries` fills with nothing names them and what is where they lead."""
        with pytest.raises(MissingArgumentError) as caught:
            capture_in({"data": {"size": 10}, "other": 1}, function, entries=[entry])

        text = f"needs '{lacks}': no config entry of those it takes ('{entry}'), no default. Entries{there}"
        assert str(caught.value).endswith(text)

    def test_entries_that_clash(self):
        """Two entries with one last part, an entry without parameter, and entries with prefix are errors at once."""
        with pytest.raises(CaptureError, match=r"two entries that would fill 'x': 'a\.x' and 'b\.x'"):
            capture_in({}, lambda x: x, entries=["a.x", "b.x"])
        with pytest.raises(CaptureError, match="no parameter 'y'"):
            capture_in({}, lambda x: x, entries=["a.y"])
        with pytest.raises(CaptureError, match="`prefix` or `entries`, not both"):
            capture_in({}, lambda x: x, entries=["x"], prefix="a")
        with pytest.raises(CaptureError, match=r"takes no \*\*kwargs"):
            capture_in({}, lambda x: x, fill_kwargs=True)
        with pytest.raises(CaptureError, match="1 or more"):
            capture_in({}, lambda x: x, max_depth=0)

    def test_ingredients(self):
        """A function of an ingredient sees the ingredient's entries, one of the experiment sees all."""
        inner = Ingredient("net.inner")
        inner.add_config(width=1)
        outer = Ingredient("net", ingredients=[inner])
        outer.add_config(depth=2)
        elsewhere = Ingredient("data", ingredients=[outer])
        elsewhere.add_config(size=3)
        ex = Experiment("test", ingredients=[elsewhere], ghost=True)

        @inner.capture
        def of_inner(width, _config):
            return width, dict(_config)

        @outer.capture
        def of_outer(depth, inner):
            return depth, inner["width"]

        @elsewhere.capture
        def of_elsewhere(size, net):
            return size, net["depth"], net["inner"]["width"]

        @ex.main
        def main(net, data):
            return of_inner(), of_outer(), of_elsewhere(), net["inner"]["width"], data["size"]

        assert ((1, {"width": 1}), (2, 1), (3, 2, 1), 1, 3) == ex.run().result


class TestKindsOfFunctions:
    """Methods, generators, coroutines."""

    def test_methods(self):
        """Methods, classmethods and staticmethods are filled, decorated above or below."""
        model = Model()

        def body(_ex):
            return (
                model.method(),
                Model.method(model, 7),
                Model.inner_class_method(),
                model.outer_class_method(),
                Model.inner_static(),
                model.outer_static(),
            )

        module_ex.add_config(a=5)
        module_ex.main(lambda: body(None))
        result = module_ex.run().result

        assert ((model, 5), (model, 7), (Model, 5), (Model, 5), 5, 5) == result

    def test_a_class_is_captured_by_its_init(self):
        """A class stays itself, and so do its instances; they are filled, and so are those of classes that inherit."""

        class Deeper(CapturedClass):
            def __init__(self):
                super().__init__(depth=7)

        @module_ex.command
        def make():
            found = [CapturedClass(), CapturedClass(1), CapturedData(), CapturedSlots()]
            again = [pickle.loads(pickle.dumps(one)) for one in found]
            return [*found, *again, Deeper(), CapturedTuple()]

        found = module_ex.run("make", {"width": 5}).result

        assert [(5, 2), (1, 2), (5, 2), (5, 2)] * 2 + [(5, 7), (5, 2)] == [one.shape for one in found]
        assert type(found[0]) is CapturedClass is type(found[4])
        assert (3, 2) == CapturedClass(3).shape

    def test_the_outermost_capture_of_a_class_counts(self):
        """Of captures above a class, above its `__init__` and above that of its base the outermost alone fills it."""

        def body(ex):
            class Base:
                @ex.capture
                def __init__(self, width=1, depth=1):
                    self.shape = width, depth

            @ex.capture(entries=["width"])
            class Heir(Base):
                pass

            @ex.capture(entries=["depth"])
            @ex.capture(prefix="net")
            @ex.capture
            class Net(Base):
                @ex.capture
                def __init__(self, width=1, depth=1):
                    super().__init__(width, depth)

            return Base().shape, Heir().shape, Net().shape, type(Net) is type

        config = {"width": 4, "depth": 5, "net": {"width": 6, "depth": 7}}
        assert ((4, 5), (4, 1), (1, 5), True) == run_with(config, body)

    def test_a_method_is_told_of_with_its_class(self):
        """An error says whose method lacks a value, without the function in which the class is defined."""
        ex = Experiment("lacking", ghost=True)

        class Net:
            @ex.capture
            def __init__(self, width):
                self.width = width

        @ex.main
        def main():
            return Net()

        with pytest.raises(MissingArgumentError, match=r"^Net\.__init__\(\) \("):
            Net()
        with pytest.raises(MissingArgumentError, match=r"^Net\.__init__\(\) \("):
            ex.run()

    def test_a_class_of_another_module_is_left_as_it_is(self):
        """What is captured of a class that is there already is how it is called here; the class is not changed."""
        before = queue.Queue.__init__

        found = capture_in({"maxsize": 4}, queue.Queue)

        assert (queue.Queue, 4) == (type(found), found.maxsize)
        assert before is queue.Queue.__init__

    def test_what_partial_binds_is_an_argument(self):
        """What `functools.partial` binds prevails over the config, and a call over both; the rest is filled."""
        ex = Experiment("partial", ghost=True)
        ex.add_config(depth=1, width=2, height=3)

        def area(depth, width, height, *, scale=1):
            return depth, width, height, scale

        bound = ex.capture(functools.partial(functools.partial(area, width=99), 5))

        @ex.main
        def main():
            return bound(), bound(width=7), bound(scale=4)

        assert ((5, 99, 3, 1), (5, 7, 3, 1), (5, 99, 3, 4)) == ex.run().result

    def test_partial_can_be_a_command(self):
        """A command may be a `functools.partial`, which has the name of its function."""
        ex = Experiment("partial", ghost=True)
        ex.add_config(depth=1, width=2)

        def area(depth, width):
            return depth * width

        ex.main(functools.partial(area, width=5))

        assert ("area", 15) == ((run := ex.run(config_updates={"depth": 3})).command, run.result)

    def test_generators_and_coroutines(self):
        """A generator and a coroutine are filled when they are called."""
        ex = Experiment("test", ghost=True)
        ex.add_config(n=3)

        @ex.capture
        def numbers(n):
            yield from range(n)

        @ex.capture
        async def later(n):
            await asyncio.sleep(0)
            return n

        @ex.main
        async def main():
            found = await asyncio.gather(*(later() for _ in range(20)))
            return list(numbers()), set(found)

        assert ([0, 1, 2], {3}) == ex.run().result

    def test_signature_name_and_doc_stay(self):
        """To tools a captured function looks like the function."""
        assert "at_top_level" == at_top_level.__name__
        assert "Return a." == at_top_level.__doc__
        assert "(a=1)" == str(inspect.signature(at_top_level))

    def test_copies_are_itself_and_pickles_refer(self):
        """Captured functions and experiments copy to themselves and pickle by reference."""
        assert copy.copy(at_top_level) is at_top_level
        assert copy.deepcopy([at_top_level])[0] is at_top_level
        assert pickle.loads(pickle.dumps(at_top_level)) is at_top_level
        assert pickle.loads(pickle.dumps(module_ex)) is module_ex
        assert copy.deepcopy(module_ex) is module_ex

    def test_captured_by_two_ingredients(self):
        """One function captured by two ingredients is filled by each from its own entries."""
        one, two = Ingredient("one"), Ingredient("two")
        one.add_config(x=1)
        two.add_config(x=2)

        def shared(x):
            return x

        first, second = one.capture(shared), two.capture(shared)

        assert (1, 2) == run_with({}, lambda ex: (first(), second()), ingredients=[one, two])

    def test_capture_bare_with_parentheses_and_with_arguments(self):
        """All three spellings work for every decorator of functions."""
        ex = Experiment("test", ghost=True)
        ex.add_config(a=1, p={"a": 2})
        called = []
        captured = [ex.capture(lambda a: a), ex.capture()(lambda a: a), ex.capture(prefix="p")(lambda a: a)]
        ex.pre_run_hook(lambda a: called.append(("pre", a)))
        ex.pre_run_hook(prefix="p")(lambda a: called.append(("pre", a)))
        ex.post_run_hook()(lambda a: called.append(("post", a)))

        @ex.command(prefix="p")
        def other(a):
            return a

        @ex.config()
        def config():
            c = 3

        @ex.named_config()
        def named():
            c = 4

        @ex.config_hook()
        def config_hook(config, command_name, logger):
            return {"d": 5}

        @ex.option_hook()
        def option_hook(options):
            called.append("options")

        @ex.main()
        def main():
            return [function() for function in captured]

        assert {"c": 4, "d": 5}.items() <= dict(ex.resolve(named=["named"])).items()

        assert [1, 1, 2] == ex.run().result
        assert ["options", ("pre", 1), ("pre", 2), ("post", 1)] == called
        assert 2 == ex.run("other").result


class TestReadOnly:
    """Config values reach functions read-only, or as plain copies where that is wanted."""

    def test_values_are_read_only(self):
        """Changing an injected dict or list is an error that names it."""
        with pytest.raises(ReadOnlyError, match=r"'model'.*thaw\(model\)"):
            capture_in({"model": {"d": 1}}, lambda model: model.update(d=2))
        with pytest.raises(ReadOnlyError):
            capture_in({"sizes": [1]}, lambda sizes: sizes.append(2))

    def test_plain_copies(self):
        """`read_only=False` hands each call a plain copy, for one function or for all."""

        def change(sizes):
            sizes.append(2)
            return list(sizes), type(sizes)

        assert ([1, 2], list) == capture_in({"sizes": [1]}, change, read_only=False)
        assert ([1, 2], list) == capture_in({"sizes": [1]}, change, options={"read_only": False})


class TestOutsideOfARun:
    """Outside any run a captured function is an ordinary function."""

    def test_defaults_hold(self):
        """It has its defaults and takes its arguments."""
        assert 1 == at_top_level()
        assert 2 == at_top_level(2)

    def test_missing_argument_says_that_no_run_is_active(self):
        """A required parameter is an error that says why."""

        @Experiment("test").capture
        def train(lr):
            return lr

        with pytest.raises(MissingArgumentError, match=r"needs 'lr' and no run is active. Call it from"):
            train()
        assert 3 == train(3)

    def test_what_may_be_missing_in_another_process_names_bind(self):
        """Where no run is active the error names the way to work for a run from another process."""

        class Images:
            @Experiment("test").capture
            def __getitem__(self, index, width):  # noqa: PLE0302  the width is filled
                return index * width

        with pytest.raises(MissingArgumentError, match=r"needs 'width' and no run is active.*run\.bind\("):
            Images()[3]

    def test_keyword_only_parameters_are_missed_too(self):
        """A required keyword-only parameter is missed, however many positional arguments are given."""

        @Experiment("test").capture
        def train(*images, lr):
            return lr, images

        with pytest.raises(MissingArgumentError, match="'lr'"):
            train(1, 2, 3)

    def test_specials_are_empty(self):
        """Specials are there without a run."""

        @Experiment("test").capture
        def look(_run, _config, _log, _seed, _rnd):
            return _run, dict(_config), _log.name, _seed > 0, _rnd.random() < 1

        assert (None, {}, "look", True, True) == look()

    def test_after_a_run(self):
        """When the run is over, so is its config."""
        ex = Experiment("test", ghost=True)
        ex.add_config(a=5)
        read = ex.capture(lambda a=1: a)
        ex.main(lambda: read())
        assert 5 == ex.run().result
        assert 1 == read()


class TestConcurrency:
    """Threads, tasks and nested runs see the right config."""

    def test_sixty_four_threads(self):
        """New threads take the deepest active run."""
        ex = Experiment("test", ghost=True)
        ex.add_config(a=5)
        read = ex.capture(lambda a: a)

        @ex.main
        def main():
            with ThreadPoolExecutor(64) as pool:
                return set(pool.map(lambda _: read(), range(2000)))

        assert {5} == ex.run().result

    def test_nested_runs_in_sixty_four_threads(self):
        """Runs that threads start inside a run are its children, and each sees its own values."""
        ex = Experiment("test", ghost=True)
        ex.add_config(a=0)
        read = ex.capture(lambda a: a)
        barrier = threading.Barrier(64, timeout=120)

        @ex.command
        def inner(a):
            barrier.wait()
            return {read() for _ in range(100)} == {a}

        @ex.main
        def main(_run, a):
            with ThreadPoolExecutor(64) as pool:
                runs = list(pool.map(lambda n: ex.run("inner", {"a": n}), range(1, 65)))
            assert read() == a == 0
            return [run.result for run in runs], {run.parent is _run for run in runs}, len(_run.children)

        results, parents, children = ex.run().result
        assert [True] * 64 == results
        assert {True} == parents
        assert 64 == children

    def test_parallel_runs_of_threads_are_no_family(self):
        """Runs that threads start outside of any run are not each other's parents."""
        ex = Experiment("test", ghost=True)
        ex.add_config(a=0)
        barrier = threading.Barrier(8, timeout=120)

        @ex.main
        def main(_run, a):
            barrier.wait()
            return _run.parent, a

        with ThreadPoolExecutor(8) as pool:
            runs = list(pool.map(lambda n: ex.run(config_updates={"a": n}), range(8)))

        assert [(None, n) for n in range(8)] == [run.result for run in runs]

    def test_thread_without_a_clear_run(self):
        """A thread of its own that could belong to two runs is told to use run.bind, which works."""
        ex = Experiment("test", ghost=True)
        ex.add_config(a=0)
        read = ex.capture(lambda a: a)
        barrier = threading.Barrier(2, timeout=120)

        @ex.main
        def main(_run, a):
            barrier.wait()
            found = []

            def work():
                try:
                    found.append(read())
                except UnrelatedRunsError as problem:
                    found.append(str(problem))

            for target in (work, _run.bind(work)):
                thread = threading.Thread(target=target)
                thread.start()
                thread.join()
            barrier.wait()
            return found

        with ThreadPoolExecutor(2) as pool:
            runs = list(pool.map(lambda n: ex.run(config_updates={"a": n}), (1, 2)))

        for run, value in zip(runs, (1, 2), strict=True):
            assert "run.bind" in run.result[0]
            assert value == run.result[1]

    def test_tasks_keep_their_run(self):
        """Tasks started in a run see its config also while a child run is active."""
        ex = Experiment("test", ghost=True)
        ex.add_config(a=1)
        read = ex.capture(lambda a: a)
        ex.command(lambda a: a, unobserved=True)

        @ex.command
        async def inner():
            await asyncio.sleep(0.01)
            return read()

        @ex.main
        async def main():
            async def watch():
                values = []
                for _ in range(5):
                    await asyncio.sleep(0.005)
                    values.append(read())
                return values

            task = asyncio.create_task(watch())
            child = await asyncio.to_thread(ex.run, "inner", {"a": 99})
            return set(await task), child.result

        assert ({1}, 99) == ex.run().result
