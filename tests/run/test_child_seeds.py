"""Seeds of children: no two alike, the same ones whatever the schedule, and none changed by another child."""

import itertools
import json
import random
from collections import Counter
from random import Random

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interpreter import run_python

import expframe
from expframe import Experiment
from expframe.errors import StoreUnusableError

SCRIPT = """
    import json, multiprocessing, os, sys, threading
    from concurrent.futures import ThreadPoolExecutor
    from expframe import Experiment, current_run

    ex = Experiment("kids", {ghost})

    @ex.config
    def config():
        lr = 0.1

    @ex.command
    def one(seed):
        return seed

    def ask(how):
        run = current_run()
        return (run.child if os.environ.get("BY_CHILD") else ex.run)("one", how).result

    @ex.automain
    def main(_run, seed):
        asked = json.loads(os.environ["ASKED"])
        way = os.environ["WAY"]
        if way == "serial":
            found = [ask(each) for each in asked]
        elif way == "threads":
            with ThreadPoolExecutor(4) as pool:
                found = list(pool.map(_run.bind(ask), asked))
        elif way == "loky":
            from joblib.externals.loky import get_reusable_executor
            found = list(get_reusable_executor(2).map(_run.bind(ask), asked))
        else:
            with multiprocessing.get_context(way).Pool(3) as pool:
                found = pool.map(_run.bind(ask), asked, chunksize=1)
        with open(os.environ["OUT"], "w") as file:
            json.dump(found, file)
"""
ASKED = [{}, {}, {"lr": 0.1}, {"lr": 0.2}, {"lr": 0.2}, {}, {"lr": 0.3}, {"lr": 0.3}, {"lr": 0.3}]


def seeds_of(script, environment, tmp_path, way, asked=ASKED, ghost="", seed=7, words=()):
    """Run the children in one way and return for each kind that was asked for its seeds, in no order."""
    path, out = script(SCRIPT.replace("{ghost}", ghost)), tmp_path / "out.json"
    variables = {**environment, "WAY": way, "ASKED": json.dumps(asked), "OUT": str(out)}
    done = run_python([path, "with", f"seed={seed}", *words], env=variables)
    assert 0 == done.returncode, done.stderr
    found = {}
    for each, seed in zip(asked, json.loads(out.read_text()), strict=True):
        found.setdefault(json.dumps(each), []).append(seed)
    return {key: sorted(seeds) for key, seeds in found.items()}


@pytest.mark.once
@pytest.mark.parametrize("ghost", ["", "ghost=True"])
def test_the_schedule_decides_no_seed(script, environment, tmp_path, ghost):
    """Children in threads, in forked, spawned and loky workers have the seeds that they have one after the other."""
    ways = ["serial", "threads", "fork", "spawn", *(["loky"] if not ghost else [])]
    found = {way: seeds_of(script, environment, tmp_path, way, ghost=ghost) for way in ways}

    assert dict.fromkeys(ways, found["serial"]) == found
    assert {1} == set(Counter(seed for seeds in found["serial"].values() for seed in seeds).values())


@pytest.mark.parametrize("way", ["threads", "fork", "spawn", "loky"])
def test_the_run_itself_starts_children_in_every_kind_of_worker(script, environment, tmp_path, way):
    """`run.child` works where the run was sent, gives the seeds of `ex.run` there, and hands its overrides on."""
    found = seeds_of(script, {**environment, "BY_CHILD": "1"}, tmp_path, way, words=["lr=0.5"])
    rates = Counter(run.config["lr"] for run in expframe.runs("runs"))

    assert {0.5: 4, 0.1: 1, 0.2: 2, 0.3: 3} == rates
    assert seeds_of(script, environment, tmp_path, "serial") == found


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=8), st.randoms())
@settings(max_examples=12)
def test_order_and_neighbours_decide_no_seed(tmp_path, asked, random):
    """Children asked for in another order, or with one more among them, have the seeds that they had."""
    ex = Experiment("kids", ghost=True)
    ex.add_config(kind="")

    @ex.command
    def one(seed, kind):
        return kind, seed

    @ex.main
    def main(kinds):
        return Counter(ex.run("one", {"kind": kind}).result for kind in kinds)

    def seeds(kinds):
        return ex.run(config_updates={"seed": 3}, kwargs={"kinds": kinds}).result

    shuffled = random.sample(asked, len(asked))

    assert len(asked) == len(seeds(asked))
    assert seeds(asked) == seeds(shuffled)
    assert seeds(asked) <= seeds([*shuffled, "d", "a"])


def test_parents_that_differ_elsewhere_give_the_same_folds_the_same_seeds(ex):
    """A child's seed is of the parent's seed and of what was asked of the child, not of the parent's own overrides."""
    ex.add_config(lr=0.1, fold=0)

    @ex.command
    def fit(seed):
        return seed

    @ex.main
    def main(_run):
        return [_run.child("fit", {"fold": fold}).result for fold in range(3)]

    first, second = (ex.run(config_updates={"lr": lr, "seed": 5}).result for lr in (0.2, 0.3))

    assert first == second
    assert 3 == len(set(first))


def test_a_dry_run_shows_the_seed_that_the_child_will_have(ex):
    """Looking at a child's config counts nothing."""

    @ex.command
    def one():
        pass

    @ex.main
    def main():
        looked = [ex.run("one", options={"dry_run": True}).seed for _ in range(2)]
        return [*looked, ex.run("one").seed]

    assert 1 == len(set(ex.run().result))


def test_a_resumed_parents_children_get_the_seeds_they_had(ex):
    """A resumed run's children go on from the checkpoint as if nothing had happened."""
    seeds = []

    @ex.command
    def one(seed):
        seeds.append(seed)

    @ex.main
    def main(_run, fails=True):
        last = _run.last_checkpoint()
        for step in range(last.step + 1 if last else 0, 4):
            ex.run("one")
            _run.checkpoint(step)
            if step == 1 and last is None and fails:
                raise KeyError("stop")

    with pytest.raises(KeyError):
        ex.run(config_updates={"seed": 9})
    ex.run(options={"resume": "1"})
    resumed, seeds[:] = list(seeds), []
    ex.run(config_updates={"seed": 9}, kwargs={"fails": False})

    assert seeds == resumed
    assert 4 == len(set(seeds))


def test_a_childs_store_is_its_parents(ex, tmp_path):
    """Also where the parent was given another name and store."""

    @ex.command
    def one():
        pass

    @ex.main
    def main():
        return ex.run("one").folder

    run = ex.run(options={"file_storage": str(tmp_path / "other"), "name": "renamed"})

    assert tmp_path / "other" / "2" == run.result


NESTED = """
    import json, multiprocessing, os, random
    from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
    from expframe import Experiment, current_run

    ex = Experiment("nested", ghost=True)
    ex.add_config(path="")

    @ex.command
    def node(_run, seed, path):
        program = json.loads(os.environ["PROGRAM"])
        kinds = list(program["children"].get(path, []))
        random.Random(f"{program['order']}{path}").shuffle(kinds)
        way = program["ways"].get(path, "serial") if kinds else "serial"
        paths = [f"{path}/{kind}" for kind in kinds]
        if way == "serial":
            found = [ask(each) for each in paths]
        elif way == "threads":
            with ThreadPoolExecutor(3) as pool:
                found = list(pool.map(_run.bind(ask), paths))
        elif way == "loky":
            from joblib.externals.loky import ProcessPoolExecutor as Loky
            with Loky(2) as pool:
                found = list(pool.map(_run.bind(ask), paths))
        else:
            with ProcessPoolExecutor(2, multiprocessing.get_context(way)) as pool:
                found = list(pool.map(_run.bind(ask), paths))
        return [[path, seed], *(pair for pairs in found for pair in pairs)]

    def ask(path):
        return ex.run("node", {"path": path}).result

    if __name__ == "__main__":
        results = []
        for program in json.loads(os.environ["PROGRAMS"]):
            os.environ["PROGRAM"] = json.dumps(program)
            results.append(sorted(ex.run("node", {"seed": 5}).result))
        with open(os.environ["OUT"], "w") as file:
            json.dump(results, file)
"""


def a_program(random, depth=3):
    """Return what children are asked for below each path: siblings may be asked for in just the same way."""
    children, paths = {}, [""]
    for _ in range(depth):
        for path in paths:
            children[path] = random.choices("abc", k=random.randint(0 if path else 2, 3))
        paths = [f"{path}/{kind}" for path in paths for kind in sorted(set(children[path]))]
    return children


def scheduled(random, children, ways):
    """Return a program with a way for the children of each path, and an order in which they are asked for."""
    return {"children": children, "ways": {path: random.choice(ways) for path in children}, "order": random.random()}


@pytest.mark.once
@pytest.mark.parametrize("program", range(4))
def test_programs_of_nested_children_have_the_same_seeds_whatever_the_schedule(script, environment, tmp_path, program):
    """At any depth no two seeds are equal, no schedule changes one, and one child more changes none of the others."""
    random = Random(program)
    children = a_program(random, depth=2 + program % 2)
    longer = {**children, (place := random.choice(sorted(children))): [*children[place], "new"]}
    ways = ["serial", "threads", "fork"]
    programs = [
        scheduled(random, children, ["serial"]),
        scheduled(random, children, ["threads"]),
        scheduled(random, children, ways),
        {**scheduled(random, children, ["serial", "threads"]), "ways": {"": ["spawn", "loky"][program % 2]}},
        scheduled(random, longer, ways),
    ]
    path, out = script(NESTED), tmp_path / "out.json"
    done = run_python([path], env={**environment, "PROGRAMS": json.dumps(programs), "OUT": str(out)})
    assert 0 == done.returncode, done.stderr
    first, *others, more = [Counter(map(tuple, found)) for found in json.loads(out.read_text())]

    assert [first] * len(others) == others
    assert first.total() == len({seed for _, seed in first})
    assert first < more
    assert more.total() == len({seed for _, seed in more})


@pytest.mark.parametrize("way", ["none", "runs", "fails", "started", "called", "nested", "ghost"])
def test_a_child_changes_nothing_that_its_parent_draws(ex, way):
    """Global generators go on after a run inside as if it had not been, however it was started and ended."""

    @ex.command
    def one(fail=False, inside=0):
        if inside:
            ex.run("one", {"seed": 5})
        assert not fail
        return random.random(), numpy.random.rand()

    @ex.main
    def main():
        first = random.random(), numpy.random.rand()
        if way == "runs":
            assert ex.run("one", {"seed": 5}).result == ex.run("one", {"seed": 5}).result
        elif way == "fails":
            with pytest.raises(AssertionError):
                ex.run("one", {"+fail": True})
        elif way == "started":
            with ex.start():
                random.random()
        elif way == "called":
            with ex.create("one") as run:
                run()
        elif way == "nested":
            ex.run("one", {"+inside": 1})
        elif way == "ghost":
            ex.run("one", options={"unobserved": True})
        return first, random.random(), numpy.random.rand()

    kept = random.Random(7)
    first, *then = ex.run(config_updates={"seed": 7}).result
    numpy.random.seed(7)

    assert (kept.random(), numpy.random.rand()) == first
    assert [kept.random(), numpy.random.rand()] == then


def test_runs_that_are_open_side_by_side_change_nothing_that_the_run_around_them_draws(ex):
    """Global generators go on from before the first of them when all have ended, in whatever order they do."""

    @ex.command
    def one():
        return random.random(), numpy.random.rand()

    @ex.main
    def main():
        for order in itertools.permutations(range(3)):
            runs = [ex.create("one") for _ in order]
            for place in order:
                runs[place]()
                runs[place].close()
        return random.random(), numpy.random.rand()

    found = ex.run(config_updates={"seed": 7}).result
    numpy.random.seed(7)

    assert (random.Random(7).random(), numpy.random.rand()) == found


def test_a_run_begins_while_a_library_is_imported_elsewhere(script, environment, tmp_path):
    """What another thread is just importing is not seeded, as what is imported later is not, and stops no run."""
    (tmp_path / "torch.py").write_text("import __main__\n__main__.begun.set()\n__main__.done.wait(60)\n")
    path = script("""
        import threading
        from expframe import Experiment

        begun, done = threading.Event(), threading.Event()
        ex = Experiment("early")

        @ex.command
        def inner():
            return 5

        ex.main(lambda: ex.run("inner").result)
        thread = threading.Thread(target=lambda: __import__("torch"))
        thread.start()
        begun.wait(60)
        try:
            print(ex.run().result)
        finally:
            done.set()
            thread.join()
    """)
    result = run_python([path], env=environment)

    assert (0, "5\n") == (result.returncode, result.stdout), result.stderr


def test_a_child_that_cannot_be_counted_is_refused_as_one_that_cannot_be_kept(tmp_path):
    """Where a run's folder cannot be written, a child is refused by an error that says so, and the run goes on."""
    ex = Experiment("kids", store=tmp_path)

    @ex.command
    def one():
        return 1

    @ex.main
    def main(_run):
        (_run.dir / "children").write_text("")
        with pytest.raises(StoreUnusableError, match="No run was started"):
            ex.run("one")
        return 7

    assert 7 == ex.run().result
    assert ["1"] == [run.id for run in expframe.runs(tmp_path)]
