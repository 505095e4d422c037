"""Notebooks, executed by a real kernel."""

import os
import re
import textwrap

import nbformat
import pytest
from blocks import kernel_client
from jupyter_client.manager import start_new_kernel
from steps import environment as clean_environment

import expframe
from expframe import Status

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def execute(tmp_path, monkeypatch, environment):
    """Run cells in a kernel of their own until it has shut down, and return for each cell what is shown below it."""
    monkeypatch.setenv("PYTHONPATH", environment["PYTHONPATH"])
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.delenv("PYTEST_CURRENT_TEST", raising=False)

    def run(*cells):
        sources = [textwrap.dedent(cell).strip() for cell in cells]
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
        kernel_client(notebook, tmp_path, allow_errors=True).execute()
        return [shown(cell) for cell in notebook.cells]

    return run


@pytest.fixture(scope="module")
def _kernel(tmp_path_factory):
    """A kernel for the tests that do not need the end of one."""
    folder = tmp_path_factory.mktemp("kernel")
    variables = {**clean_environment(), "IPYTHONDIR": str(folder / "ipython")}
    client = kernel_client(nbformat.v4.new_notebook(), folder, allow_errors=True)
    with client.setup_kernel(env=variables):
        yield client


AS_NEW = """
import os
if "_variables" not in vars(get_ipython()):
    get_ipython()._variables = dict(os.environ)
os.environ.clear()
os.environ.update(get_ipython()._variables, EXPFRAME_CACHE={cache!r})
os.chdir({folder!r})
get_ipython().reset(new_session=True)
"""


@pytest.fixture
def show(tmp_path, _kernel):
    """Run cells in a kernel that is as a new one, but goes on; return for each cell what is shown below it."""
    text = AS_NEW.format(cache=str(tmp_path / "cache"), folder=str(tmp_path))

    def execute(source, **how):
        _kernel.nb.cells = [nbformat.v4.new_code_cell(textwrap.dedent(source).strip())]
        return shown(_kernel.execute_cell(_kernel.nb.cells[0], 0, **how))

    execute(text, store_history=False)
    return lambda *cells: [execute(cell) for cell in cells]


def shown(cell):
    """Return what is shown below a cell, without colours."""
    texts = [output.get("text") or "\n".join(output.get("traceback", ())) for output in cell.outputs]
    return ANSI.sub("", "".join(texts))


def test_what_is_refused_is_one_message(show):
    """A mistyped entry, or an argument of the wrong kind, is shown as one message with its place in the cell."""
    _, *refused, failed = show(
        """
        import expframe
        ex = expframe.Experiment("cells", ghost=True)
        ex.add_config(lr=0.1)
        @ex.main
        def main(lr):
            return 1 / 0
        """,
        """
        text = "other"
        ex.run(config_updates={"lrr": 1})
        """,
        "ex.start(['lr=1'])",
        "ex.run(named_configs='fast')",
        "ex.run()",
    )

    assert [] == [shown for shown in refused if "\n" in shown or "Traceback" in shown]
    assert refused[0].startswith("UnknownEntryError: 'lrr=1': no config entry 'lrr'. Did you mean 'lr'")
    assert refused[0].endswith("(cell 2, line 2)")
    assert refused[1].endswith("It takes a dict: {'lr': 0.1, 'net.depth': 3}. (cell 3, line 1)")
    assert refused[2].endswith("It takes a list of names: ['fast']. (cell 4, line 1)")
    assert "ZeroDivisionError" in failed and "return 1 / 0" in failed


def test_a_started_run_spans_cells(execute):
    """What is logged, saved and printed in later cells belongs to it; the exit of the kernel closes it."""
    outputs = execute(
        """
        import expframe
        run = expframe.start()
        print("first", run.name, run.record.capture)
        """,
        """
        run.log_scalar("loss", 1)
        expframe.current_run().log_scalar("loss", 2)
        run.save({"a": 1}, "kept")
        print("second", expframe.current_run() is run)
        """,
    )
    (run,) = expframe.runs("runs")

    assert ["first interactive sys\n", "second True\n"] == outputs
    assert "".join(outputs) == run.output()
    assert [1.0, 2.0] == list(run.metrics("loss").values)
    assert {"a": 1} == run.load("kept")
    assert Status.COMPLETED == run.status


def test_cells_are_sources(execute):
    """The cells that were run are kept as source, as they are at the start and at the end, magics as Python."""
    execute(
        "import expframe",
        """
        %env NOTHING=1
        run = expframe.start()
        """,
        "last = 1",
    )
    (run,) = expframe.runs("runs")

    sources = [dict(found)["cells.py"] for found in (run.record.sources, run.record.sources_at_end)]
    first, last = ((run.folder.parent / "_sources" / stored).read_text() for stored in sources)
    assert first.startswith("# In [1]:\nimport expframe\n\n# In [2]:\n")
    assert "run_line_magic('env', 'NOTHING=1')" in first
    compile(last, "cells.py", "exec")
    assert f"{first}\n# In [3]:\nlast = 1\n" == last


def test_experiments_in_cells(show):
    """Config functions have source, an async main is awaited, and later definitions replace earlier ones."""
    outputs = show(
        """
        from expframe import Experiment
        ex = Experiment()
        """,
        """
        @ex.config
        def config():
            lr = 0.1  # how fast
            gone = True

        @ex.pre_run_hook
        def before():
            print("before")

        @ex.main
        def main(lr):
            return lr
        """,
        """
        run = ex.run(config_updates={"lr": 0.2})
        print(run.result, run.config.docs["lr"], run.config.origins["gone"].line)
        """,
        """
        @ex.config
        def config():
            lr = 0.3

        @ex.pre_run_hook
        def before():
            print("new before")

        @ex.main
        async def main(lr, _run):
            import asyncio
            await asyncio.sleep(0)
            return lr, "gone" in _run.config
        """,
        "print(ex.run().result)",
    )

    assert "before\n0.2 how fast 4\n" == outputs[2]
    assert "new before\n(0.3, False)\n" == outputs[4]
    assert ["interactive"] * 2 == [run.record.name for run in expframe.runs("runs")]


def test_commands_in_later_cells_are_children(show):
    """A command that is run in a later cell is a child of the started run; starting again closes the earlier one."""
    show(
        """
        import expframe
        ex = expframe.Experiment("cells")
        ex.main(lambda: None)
        """,
        "run = ex.start()",
        "ex.run()",
        "run = ex.start()",
        "ex.run()",
        "run.close()",
        "ex.run()",
    )
    records = {run.id: run.record for run in expframe.runs("runs")}

    assert [None, "1", None, "3", None] == [records[str(number)].parent_id for number in range(1, 6)]
    assert {Status.COMPLETED} == {record.status for record in records.values()}
    assert records["1"].ended <= records["3"].started


def test_a_cell_that_fails(show):
    """A command that fails is FAILED, with a traceback that shows the user's lines only."""
    outputs = show(
        """
        from expframe import Experiment
        ex = Experiment("cells")

        @ex.main
        def main():
            return 1 / 0
        """,
        "ex.run()",
    )
    (run,) = expframe.runs("runs")

    assert Status.FAILED == run.status
    assert "ZeroDivisionError" in run.record.failure.traceback
    assert "ex.run()" in outputs[1]
    assert "return 1 / 0" in outputs[1]
    assert os.sep + "expframe" + os.sep not in outputs[1]


@pytest.mark.once
@pytest.mark.parametrize(
    ("cells", "status"),
    [(["1 / 0"], Status.FAILED), (["1 / 0", "1"], Status.COMPLETED), (["raise KeyboardInterrupt"], Status.INTERRUPTED)],
)
def test_the_last_cell_decides(execute, cells, status):
    """A started run that the exit of the kernel closes ended as the last cell did."""
    execute("import expframe; run = expframe.start()", *cells)
    (run,) = expframe.runs("runs")

    assert status == run.status


def test_named_like_the_notebook(show):
    """Where the front end tells the notebook's file, its name is that of experiments without one."""
    outputs = show(
        """
        import os
        import expframe
        os.environ["JPY_SESSION_NAME"] = "/home/me/plots.ipynb"
        print(expframe.Experiment().name)
        """,
        """
        __vsc_ipynb_file__ = "/home/me/digits.ipynb"
        run = expframe.start(ghost=True)
        print(expframe.Experiment().name, run.name)
        run.close()
        """,
    )

    assert ["plots\n", "digits digits\n"] == outputs


@pytest.mark.once
def test_repeated_calls_in_cells(show):
    """A created run is called in one cell after the other, and its output is shown below each."""
    outputs = show(
        """
        import expframe
        ex = expframe.Experiment("cells")

        @ex.command
        def scale(x):
            print("scaling", x)
            return 2 * x

        run = ex.create("scale")
        """,
        "y = run(1)",
        "print(run(x=2), y); run.close()",
    )
    (run,) = expframe.runs("runs")

    assert ["", "scaling 1\n", "scaling 2\n4 2\n"] == outputs
    assert [2, 4] == [call.result for call in run.calls]
    assert "scaling 1\nscaling 2\n" == run.output()
    assert Status.COMPLETED == run.status


@pytest.mark.once
def test_restart_of_the_kernel_closes_the_run(tmp_path, execute):
    """A restarted kernel leaves no run behind that says it is running."""
    kernel, client = start_new_kernel(startup_timeout=900, cwd=str(tmp_path))
    kernel.shutdown_wait_time = 240.0
    try:
        client.execute_interactive("import expframe; run = expframe.start(); run.log_scalar('x', 1)", timeout=900)
        (run,) = expframe.runs("runs")
        assert Status.RUNNING == run.status
        kernel.restart_kernel(now=False)
        assert Status.COMPLETED == run.status
        assert [1.0] == list(run.metrics("x").values)
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)


@pytest.mark.once
def test_functions_of_cells_go_to_workers_of_joblib(execute):
    """Bound, they have the run's config there and log into the run; bare, their defaults are warned of."""
    _, shown, told = execute(
        """
        import multiprocessing
        import warnings
        from concurrent.futures import ProcessPoolExecutor
        from joblib import Parallel, delayed
        import expframe
        ex = expframe.Experiment("cells")
        ex.add_config(lr=0.5)
        FACTOR = 10

        @ex.capture
        def scale(n, lr=0.1, _run=None):
            if _run is not None:
                _run.log_scalar("n", n)
            return FACTOR * n * lr

        @ex.capture
        def draw(_seed):
            return _seed

        @ex.command
        def child():
            pass

        def start(_n):
            ex.run("child")

        def warned(n):
            with warnings.catch_warnings(record=True) as found:
                scale(n)
            return [str(each.message).partition(" in this process")[0].split(" (")[0] for each in found]
        """,
        """
        @ex.main
        def main(_run):
            def everywhere(function):
                return Parallel(2)(delayed(function)(n) for n in range(3))
            print(everywhere(_run.bind(scale)), everywhere(_run.bind(lambda n: scale(n))))
            found = everywhere(warned)
            print(set(sum(found, [])), 1 <= sum(map(len, found)) <= 2)
            print(len(set(Parallel(2)(delayed(_run.bind(draw))() for _ in range(4)))) > 1)
            with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
                print(*pool.map(_run.bind(scale), range(3)), *pool.map(scale, range(3)))
            try:
                everywhere(_run.bind(start))
            except Exception as problem:
                print(problem.__cause__)

        run = ex.run(config_updates={"lr": 0.25})
        """,
        "print(sorted(run.metrics('n').values))",
    )

    assert "[0.0, 2.5, 5.0] [0.0, 2.5, 5.0]\n{'scale()'} True\nTrue\n0.0 2.5 5.0 0.0 2.5 5.0\n" in shown
    assert "<Experiment 'cells'>: is defined where no other process can load it, such as in a notebook. Put it" in shown
    assert str(sorted(4 * [0.0, 1.0, 2.0])) + "\n" == told
