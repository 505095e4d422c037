"""What `import expframe` gives, and what it costs the importing process."""

import subprocess
import sys

import expframe

OF_WRAPT_2 = {"asyncio", "bz2", "logging", "shutil", "socket", "subprocess", "tempfile"}
"""Libraries of Python's own that wrapt imports from version 2 on."""


def run_python(code):
    """Return the words that a program prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_every_public_name_is_there():
    """Each name in `__all__` can be had, and `dir` shows it."""
    for name in expframe.__all__:
        assert getattr(expframe, name) is not None
        assert name in dir(expframe)


def test_importing_the_root_imports_no_more_of_the_package():
    """`import expframe` alone loads the package, its version and what waits for torch, jax and yaml."""
    loaded = run_python("import sys, expframe; print(*[m for m in sys.modules if m.startswith('expframe')])")

    assert {"expframe", "expframe._version", "expframe.config", "expframe.config.libraries"} == set(loaded)


def test_experiment_pulls_in_no_optional_library(tmp_path):
    """An Experiment needs wrapt; the other dependencies wait until they are needed."""
    script = tmp_path / "script.py"
    script.write_text("""
import sys
from expframe import Experiment
ex = Experiment("x")
@ex.config
def config():
    a = 1
@ex.main
def main(a):
    pass
print(*sys.modules)
""")
    loaded = set(run_python(f"import runpy; runpy.run_path({str(script)!r})"))

    unwanted = {"docopt", "ruamel", "ruamel.yaml", "jsonpickle", "numpy", "pandas", "torch", "subprocess", "asyncio"}
    unwanted |= {"argparse", "logging", "json", "hashlib"}
    import wrapt

    if wrapt.__version__.startswith("2"):
        unwanted -= OF_WRAPT_2
    assert unwanted & loaded == set()


def test_a_run_that_begins_imports_nothing_of_what_reads_runs_back(tmp_path):
    """A command with a stored run loads what it does: no index, no search, no sweep, no library that serves those."""
    script = tmp_path / "script.py"
    script.write_text("""
import sys
from expframe import Experiment
ex = Experiment("x")
ex.add_config(lr=0.1)
@ex.main
def main(lr, _run):
    return lr
ex.run_commandline()
print(*sys.modules)
""")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, cwd=tmp_path)
    loaded = set(done.stdout.split())
    served = {"argparse", "bz2", "decimal", "hashlib", "html", "shutil", "socket", "sqlite3", "statistics", "tempfile"}
    ours = ("expframe.store.reader", "expframe.store.search", "expframe.store.sweeps", "expframe.sweep")
    import wrapt

    if wrapt.__version__.startswith("2"):
        served -= OF_WRAPT_2
    assert set() == served & loaded
    assert [] == [name for name in loaded if name.startswith(ours)]


def test_constructing_does_nothing_to_the_world(tmp_path):
    """Importing and constructing start no thread, write no file, set up no logging, take no signal."""
    code = """
import os, sys, signal, threading, logging
from expframe import Experiment, Ingredient
ing = Ingredient("data")
ex = Experiment("x", ingredients=[ing])
print(threading.active_count(), len(os.listdir()), len(logging.getLogger().handlers),
      signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)

    assert ["1", "0", "0", "True"] == done.stdout.split()
