"""A worker process of a DataLoader or a pool becomes one of the run."""

import json
import sys

import pytest
from interpreter import run_python
from test_examples import needs_posix

import expframe

SCRIPT = """
    import json, multiprocessing, os, sys, threading
    from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
    from expframe import Experiment, current_run

    ex = Experiment("loading")
    ex.add_config(scale=1)

    class Data:
        @ex.capture
        def __getitem__(self, index, scale, _run, _rnd):
            _run.log_scalar("seen", index, step=index)
            return index * scale, float(_rnd.random())

    def serve(prepare, number, data, queue):  # as a worker of a DataLoader does
        prepare(number)
        found = {"items": [data[index] for index in range(4 * number, 4 * number + 4)]}
        thread = threading.Thread(target=lambda: found.update(in_thread=data[8 + number][0]))
        thread.start()
        thread.join()
        queue.put((number, found))

    def of_pool(index):
        return Data()[index][0], current_run().uid

    @ex.automain
    def main(_run):
        way = os.environ["WAY"]
        if way == "threads":
            with ThreadPoolExecutor(2, initializer=_run.bind_worker()) as pool:
                return [uid == _run.uid for _, uid in pool.map(of_pool, range(10))]
        context = multiprocessing.get_context(way)
        if os.environ.get("POOL"):
            with ProcessPoolExecutor(2, mp_context=context, initializer=_run.bind_worker()) as pool:
                found = list(pool.map(of_pool, range(10)))
            return [item for item, uid in found if uid == _run.uid]
        queue = context.Queue()
        workers = [
            context.Process(target=serve, args=(_run.bind_worker(), number, Data(), queue)) for number in range(2)
        ]
        for worker in workers:
            worker.start()
        found = dict(queue.get(timeout=60) for _ in workers)
        for worker in workers:
            worker.join()
        return [found[0], found[1]]
"""


@pytest.fixture
def load(script, environment):
    """Run the script in one way and return its run."""
    path = script(SCRIPT, "loading.py")

    def run(way, *words, **variables):
        done = run_python([path, "with", "seed=1", *words], env={**environment, "WAY": way, **variables})
        assert 0 == done.returncode, done.stderr
        return next(iter(expframe.runs("runs")))

    return run


@needs_posix
@pytest.mark.parametrize("way", ["spawn", "forkserver", "fork"])
class TestProcess:
    """Worker processes, however they are started."""

    def test_functions_there_are_filled_and_log(self, load, way):
        """A captured `__getitem__` has the run's config, in all threads of the worker, and logs into the run."""
        run = load(way, "scale=3")

        assert [[0, 3, 6, 9], [12, 15, 18, 21]] == [[item for item, _ in each["items"]] for each in run.result]
        assert [24, 27] == [each["in_thread"] for each in run.result]
        assert [float(n) for n in range(10)] == sorted(run.metrics("seen").values)

    @pytest.mark.once
    def test_workers_draw_numbers_of_their_own(self, load, way):
        """No two workers draw the same, and each draws the same the next time."""
        first, again = load(way).result, load(way).result
        drawn = [number for each in first for _, number in each["items"]]

        assert 8 == len(set(drawn))
        assert drawn == [number for each in again for _, number in each["items"]]

    def test_a_pool_is_initialised_with_it(self, load, way):
        """All that a pool's workers do belongs to the run."""
        assert list(range(0, 20, 2)) == load(way, "scale=2", POOL="1").result


def test_threads_of_a_pool_belong_to_the_run(load):
    """An initializer of threads makes the run their current one."""
    assert [True] * 10 == load("threads").result


def test_an_epoch_of_a_data_loader_has_numbers_of_its_own(ex, monkeypatch):
    """What a worker draws depends on the seed that its DataLoader gives it, which is another one in each epoch."""
    import os
    import types

    drawn = []

    @ex.capture
    def draw(_rnd):
        return float(_rnd.random())

    @ex.main
    def main(_run):
        for seed in (5, 6, 5):
            module = types.SimpleNamespace(get_worker_info=lambda seed=seed: types.SimpleNamespace(seed=seed))
            monkeypatch.setitem(sys.modules, "torch.utils.data", module)
            prepare, (read, write) = _run.bind_worker(), os.pipe()
            if os.fork() == 0:
                prepare(0)
                os.write(write, json.dumps(draw()).encode())
                os._exit(0)
            os.wait()
            drawn.append(json.loads(os.read(read, 1000)))
            os.close(read)
            os.close(write)

    ex.run()

    assert drawn[0] == drawn[2] != drawn[1]


FORGOTTEN = """
    import multiprocessing, os, sys, threading
    from expframe import Experiment, Ingredient

    paths = Ingredient("paths")
    paths.add_config(root="/data")
    ex = Experiment("forgotten", ingredients=[paths])
    ex.add_config(scale=2)

    class Data:
        @ex.capture
        def __getitem__(self, index, scale=1, missing=0):
            return index * scale

        @paths.capture
        def where(self, root="."):
            return root

    def serve(data, queue):
        queue.put([data[1], data[2], data[3], data.where("given"), os.getpid()])

    def work():
        context = multiprocessing.get_context(os.environ["WAY"])
        queue = context.Queue()
        workers = [context.Process(target=serve, args=(Data(), queue)) for _ in range(2)]
        for worker in workers:
            worker.start()
        found = [queue.get(timeout=60)[:3] for _ in workers]
        for worker in workers:
            worker.join()
        return found

    @ex.main
    def main():
        return work()

    if __name__ == "__main__":
        work() if os.environ.get("OUTSIDE") else ex.run_commandline()
"""


@needs_posix
@pytest.mark.parametrize("way", ["spawn", "forkserver"])
@pytest.mark.parametrize("words", [(), ("-u",)])
def test_a_worker_that_was_forgotten_is_told_of(script, environment, way, words):
    """A new process that finds a captured method by its class says once which entries its run would have filled."""
    path = script(FORGOTTEN, "forgotten.py")
    done = run_python([path, *words, "-l", "ERROR"], env={**environment, "WAY": way})
    told = "__getitem__() (forgotten.py:11) uses its defaults for scale in this process, where no run is active."

    assert 0 == done.returncode, done.stderr
    assert 2 == done.stderr.count(told)
    assert 2 == done.stderr.count("uses its defaults")


@needs_posix
def test_a_worker_without_a_run_behind_it_is_silent(script, environment):
    """Where no run is active either where a process is started, its captured functions are ordinary ones."""
    path = script(FORGOTTEN, "forgotten.py")
    done = run_python([path], env={**environment, "WAY": "spawn", "OUTSIDE": "1"})

    assert (0, "") == (done.returncode, done.stderr)


@needs_posix
def test_a_worker_that_imports_late_is_told_of_too(script, environment):
    """It is the same where expframe is imported in the midst of what the new process does."""
    script(
        """
        from expframe import Experiment
        ex = Experiment("late")
        ex.add_config(scale=2)

        @ex.capture
        def scaled(index, scale=1):
            return index * scale
        """,
        "parts.py",
    )
    script(
        """
        def serve():
            import parts
            parts.scaled(1)
        """,
        "serving.py",
    )
    path = script(
        """
        import multiprocessing, serving

        if __name__ == "__main__":
            import parts

            @parts.ex.main
            def main():
                worker = multiprocessing.get_context("spawn").Process(target=serving.serve)
                worker.start()
                worker.join()

            parts.ex.run_commandline()
        """,
        "late.py",
    )
    done = run_python([path, "-l", "ERROR"], env=environment)

    assert 0 == done.returncode, done.stderr
    assert 1 == done.stderr.count("scaled() (parts.py:6) uses its defaults for scale in this process")
