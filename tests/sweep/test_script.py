"""The script of a sweep, where it has several experiments."""

import os
import subprocess
import sys
import zipfile

import pytest
import steps

import expframe

once = pytest.mark.once  # they are many processes, and the same on all Pythons

TWO = """
from expframe import Experiment, Options

{first} = Experiment({name})
second = Experiment("second")


@{first}.config
def first_config():
    x = 1


@second.config
def second_config():
    y = 2
    offset = 0


@{first}.main
def square(x):
    return x * x


@second.main
def add(y, offset):
    return y + offset


"""

BY_PYTHON = """
if __name__ == "__main__":
    squares = first.sweep({"x": Options(3, 2)}).run()
    sums = second.sweep({"y": Options(10, 20), "offset": squares.best().value.mean}).run()
    print([run.result for run in squares.runs], [run.result for run in sums.runs])
"""


@pytest.fixture
def do(tmp_path, environment):
    """Do a command line in the test's folder, and return its exit code and what it printed."""

    def do(*words):
        done = subprocess.run(
            [sys.executable, *words],
            cwd=tmp_path,
            env={**environment, "COLUMNS": "200"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout

    return do


def write(folder, end, first="first", name='"first"'):
    """Write the script."""
    (folder / "two.py").write_text(TWO.format(first=first, name=name) + end)


@once
@pytest.mark.parametrize("fresh", [False, True])
def test_each_of_two_sweeps_of_a_script_has_trials_of_its_own_experiment(tmp_path, do, fresh):
    """Workers find the experiment whose sweep it is by its name, whichever the script comes to first."""
    write(tmp_path, BY_PYTHON.replace(".run()", ".run(fresh=True)") if fresh else BY_PYTHON)
    code, out = do("two.py")

    assert 0 == code, out
    assert "[4, 9] [29, 19]" in out.splitlines()


@once
def test_two_command_lines_in_a_script_are_swept_one_after_the_other(tmp_path, do):
    """`script sweep` is a sweep of each experiment that takes the command line, with trials of its own."""
    write(tmp_path, 'if __name__ == "__main__":\n    first.run_commandline()\n    second.run_commandline()\n')
    code, out = do("two.py", "sweep", "with", "seed=1,2", "-l", "ERROR")
    results = {run.name: run.result for run in expframe.runs(tmp_path / "runs").where("command != 'sweep'")}

    assert (0, {"first": 1, "second": 2}) == (code, results)
    assert 2 == out.count("2 trials: 2 completed")


@pytest.mark.once
def test_a_sweep_from_outside_is_of_the_first_experiment(tmp_path, do):
    """`expframe sweep script.py` sweeps whichever takes the command line first, and says which."""
    write(tmp_path, 'if __name__ == "__main__":\n    second.run_commandline()\n    first.run_commandline()\n')
    code, out = do("-m", "expframe", "sweep", "two.py", "with", "y=1,2")

    assert (0, 1) == (code, out.count("NOTICE - second[1] - Started 'sweep'"))


@once
def test_a_sweep_from_outside_goes_on_with_its_own_experiment(tmp_path, do):
    """`expframe sweep script.py --resume ID` goes on with whichever experiment's sweep it is."""
    end = 'import os\n(second if os.path.exists("second") else first).run_commandline()\n'
    write(tmp_path, end)
    (tmp_path / "second").touch()
    do("two.py", "sweep", "with", "y=1,2")
    (tmp_path / "second").unlink()
    code, out = do("-m", "expframe", "sweep", "two.py", "--resume", "1", "with", "y=1,2,3")

    assert 0 == code and "3 trials: 3 completed" in out


@pytest.mark.once
def test_a_script_in_an_archive_is_told_to_be_unpacked(tmp_path, do):
    """Workers run a file; where there is none, a sweep is refused before anything is stored."""
    with zipfile.ZipFile(tmp_path / "app.pyz", "w") as archive:
        archive.writestr("__main__.py", TWO.format(first="first", name='"first"') + "first.run_commandline()\n")
    starts = ["app.pyz", "sweep"], ["-m", "expframe", "sweep", "app.pyz"]
    refused = [do(*start, "with", "x=1,2") for start in starts]

    assert [1, 1] == [code for code, _ in refused]
    assert [True, True] == ["What is in an archive has to be unpacked for a sweep." in text for _, text in refused]
    assert not (tmp_path / "runs").exists()


@pytest.mark.once
def test_experiments_of_one_name_are_told_to_have_names_of_their_own(tmp_path, do):
    """A script with two experiments of one name is refused before anything is started."""
    write(tmp_path, BY_PYTHON, name='"second"')
    code, out = do("two.py")

    assert 1 == code
    assert (
        "WorkError: experiment 'second': has the name of 2 experiments of its script, by which workers would find it. "
        "Give each its own: Experiment('first')." in out
    )
    assert not (tmp_path / "runs").exists()


@once
def test_an_experiment_that_a_script_makes_too_late_is_said(tmp_path, do):
    """An experiment that is not there when the script runs its first one cannot be found by workers."""
    late = """
if __name__ == "__main__":
    first.sweep({"x": Options(3, 2)}).run()
    third = Experiment("third")
    third.main(lambda seed: seed)
    third.sweep({"seed": Options(1, 2)}).run()
"""
    write(tmp_path, late)
    code, out = do("two.py")

    assert 1 == code
    assert "comes to experiment 'first' first, and has no 'third' by then. Make all experiments before" in out


@once
def test_an_experiment_alone_may_be_called_otherwise_each_time(tmp_path, do):
    """Where a script has one experiment it is the one that is swept, whatever it is called in a worker."""
    (tmp_path / "one.py").write_text(
        "import os\nfrom expframe import Experiment\nex = Experiment(f'run-{os.getpid()}')\n"
        "@ex.automain\ndef main(seed):\n    return seed\n"
    )
    code, out = do("one.py", "sweep", "with", "seed=1,2", "--fresh")

    assert 0 == code, out


@once
@pytest.mark.parametrize(
    "words", [["sweep", "script.py", "with", "lr=1,2"], ["schema", "script.py"], ["sacred", "script.py"]], ids=str
)
def test_folders_that_are_named_are_looked_in_where_python_adds_none(tmp_path, words):
    """With PYTHONSAFEPATH, where no folder of a script stands first, those of PYTHONPATH are all looked in."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/beside.py").write_text("LR = 0.1\n")
    (tmp_path / "script.py").write_text(
        "import beside\nfrom expframe import Experiment\n"
        "ex = Experiment('safe')\nex.add_config(lr=beside.LR)\n\n@ex.automain\ndef main(lr):\n    return lr\n"
    )
    ours = steps.environment()
    env = {**ours, "PYTHONSAFEPATH": "1", "PYTHONPATH": os.pathsep.join([str(tmp_path / "lib"), ours["PYTHONPATH"]])}
    line = [sys.executable, "-m", "expframe", *words]
    done = subprocess.run(line, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stderr
