"""A run is done again from what is stored of it, whatever has become of its code."""

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from interpreter import run_python
from steps import environment as clean_environment

import expframe
from expframe import Experiment
from expframe.errors import MaskedEntryError, RerunError, ResumeError, RunNotFoundError
from expframe.record.record import Record
from expframe.run.rerun import build_environment, materialise, requirements, roots

SCRIPT = """
import sys
from pathlib import Path
from expframe import Experiment
from tasks.maths import double

ex = Experiment("again")

@ex.config
def config():
    x = 1
    colour = None
    api_key = None

@ex.cli_option("--loud", is_flag=True)
def loud(value, run):
    run.info["loud"] = value

@ex.command
def draw(x, _rnd, _run):
    _run.log_scalar("value", double(x) + float(_rnd.normal()))
    print("drawn")
    return Path("data.txt").read_text(), x

if __name__ == "__main__":
    ex.run_commandline()
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a script, a package of its own and data, in which one stands."""
    folder = tmp_path / "project"
    (folder / "src" / "tasks").mkdir(parents=True)
    (folder / "pyproject.toml").touch()
    (folder / "scripts").mkdir()
    (folder / "scripts" / "again.py").write_text(SCRIPT)
    (folder / "src" / "tasks" / "__init__.py").touch()
    (folder / "src" / "tasks" / "maths.py").write_text("def double(x):\n    return 2 * x\n")
    (folder / "data.txt").write_text("data")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def call(environment):
    """Run Python with words in the working directory, and return the exit code and what was printed."""

    def run(*words):
        variables = {**environment, "PYTHONPATH": f"src{os.pathsep}{environment['PYTHONPATH']}"}
        done = run_python(words, env=variables)
        return done.returncode, done.stdout, done.stderr

    return run


def stored(number):
    """Return a run of the working directory."""
    return expframe.runs("runs")[number]


class TestRerun:
    """`expframe rerun ID`."""

    def test_the_stored_sources_are_run(self, project, call):
        """Code that has changed or gone since takes no part; config, seed, command and options are the run's."""
        assert 0 == call("scripts/again.py", "draw", "--loud", "-n", "other", "with", "x=4")[0]
        (project / "src" / "tasks" / "maths.py").write_text("def double(x):\n    raise RuntimeError('changed')\n")
        (project / "scripts" / "again.py").unlink()
        code, out, err = call("-m", "expframe", "rerun", "1")
        first, again = stored(1), stored(2)

        assert 0 == code, err
        assert ["drawn", "Run 1 was done again as run 2 (COMPLETED)."] == out.splitlines()[:2]
        assert first.metrics("value").values == again.metrics("value").values
        assert first.config == again.config
        assert dict(first.config.origins) == dict(again.config.origins)
        assert (["data", 4], "draw", "other", {"loud": True}) == (
            list(again.result),
            again.record.command,
            again.record.name,
            again.info,
        )
        assert {"rerun_of": {"id": "1", "uid": first.record.uid}} == dict(again.record.extra)

    def test_sources_and_facts_are_those_of_the_run(self, project, call):
        """The new run knows its sources under the names that they had, and the script among them."""
        call("scripts/again.py", "draw")
        call("-m", "expframe", "rerun", "1")
        first, again = stored(1).record, stored(2).record

        assert "scripts/again.py" == first.main == again.main
        assert dict(first.sources)["src/tasks/maths.py"] == dict(again.sources)["src/tasks/maths.py"]
        assert {name for name, _ in first.sources} == {name for name, _ in again.sources}
        assert str(project) == first.cwd == again.cwd
        assert not Path(again.argv[0]).exists()

    @pytest.mark.once
    def test_a_rerun_can_be_done_again(self, project, call):
        """Also where nothing of the project is left."""
        call("scripts/again.py", "draw", "with", "x=7")
        shutil.rmtree(project / "src")
        shutil.rmtree(project / "scripts")
        call("-m", "expframe", "rerun", "1")
        code, _, err = call("-m", "expframe", "rerun", "last")

        assert 0 == code, err
        assert stored(1).metrics("value").values == stored(3).metrics("value").values
        assert "2" == stored(3).record.extra["rerun_of"]["id"]

    @pytest.mark.once
    def test_overrides_prevail(self, project, call):
        """What is said after `with` is another value; everything else is the run's."""
        call("scripts/again.py", "draw", "with", "x=4", "seed=3")
        call("-m", "expframe", "rerun", "1", "with", "x=5")

        assert (5, 3) == (stored(2).config["x"], stored(2).config["seed"])

    @pytest.mark.once
    def test_secrets_must_be_supplied(self, project, call):
        """The error names the entry, nothing is started; supplied, the run is done."""
        call("scripts/again.py", "draw", "with", "api_key=hunter2hunter2")
        code, out, err = call("-m", "expframe", "rerun", "1")
        assert 2 == code
        assert "'api_key' is a secret and was not stored. Supply it: with api_key=..." in err
        assert "Run 1 was not done again" in out
        code, _, err = call("-m", "expframe", "rerun", "1", "with", "api_key=hunter2hunter2")

        assert 0 == code, err
        assert "hunter2" not in Path("runs/2/run.json").read_text() + Path("runs/2/config.json").read_text()

    @pytest.mark.once
    def test_differences_are_said(self, project, call):
        """Packages and machine are compared with what was recorded."""
        call("scripts/again.py", "draw")
        path = Path("runs/1/run.json")
        data = json.loads(path.read_bytes())
        data["packages"] |= {"wrapt": "0.1", "gone": "1.0"}
        data["host"]["hostname"] = "elsewhere"
        path.write_text(json.dumps(data))
        code, out, err = call("-m", "expframe", "rerun", "1", "--json")
        differences = json.loads(out)["differences"]

        assert 0 == code, err
        assert {"wrapt", "gone"} == set(differences["packages"])
        assert {"1": "1.0"} == differences["packages"]["gone"]
        assert "elsewhere" == differences["host"]["hostname"]["1"]

    @pytest.mark.once
    def test_a_failure_of_the_script_is_its_own(self, project, call):
        """The exit code is the script's."""
        call("scripts/again.py", "draw")
        Path("data.txt").unlink()
        code, out, _ = call("-m", "expframe", "rerun", "1")

        assert (1, True) == (code, "as run 2 (FAILED)" in out)

    def test_without_script_or_sources_it_is_refused(self, project, call):
        """A run of a notebook has no script; sources that are gone are named."""
        call("scripts/again.py", "draw")
        shutil.rmtree("runs/_sources")
        code, _, err = call("-m", "expframe", "rerun", "1")
        assert (1, True) == (code, "its source 'scripts/again.py' is not in" in err)
        path = Path("runs/1/run.json")
        path.write_text(json.dumps({**json.loads(path.read_bytes()), "main": None}))
        with pytest.raises(RerunError, match="had no script"):
            expframe.rerun(stored(1))

    def test_sources_of_outside_are_put_apart(self, tmp_path):
        """No name of a source leads out of the folder that they are put into."""
        record = {"uid": "u", "name": "n", "command": "c", "sources": [["/etc/mine.py", "a.py"], ["b/c.py", "a.py"]]}
        (tmp_path / "runs" / "1").mkdir(parents=True)
        (tmp_path / "runs" / "_sources").mkdir()
        (tmp_path / "runs" / "_sources" / "a.py").write_text("a")
        path = tmp_path / "runs" / "1" / "run.json"
        path.write_text(json.dumps({**record, "status": "COMPLETED"}))
        placed = materialise(expframe.runs(tmp_path / "runs")[1], tmp_path / "p")

        names = {name: path.relative_to(tmp_path / "p").as_posix() for name, path in placed.items()}
        assert {"/etc/mine.py": "_outside/etc/mine.py", "b/c.py": "b/c.py"} == names
        path.write_text(json.dumps({**record, "status": "COMPLETED", "sources": [["../../evil.py", "a.py"]]}))
        with pytest.raises(RerunError, match=r"\.\./\.\./evil\.py"):
            materialise(expframe.runs(tmp_path / "runs")[1], tmp_path / "p")

    def test_modules_are_found_from_the_folders_around_packages(self, tmp_path):
        """The folder of a script, and that around the outermost package, are where imports begin."""
        names = ["scripts/a.py", "src/pkg/__init__.py", "src/pkg/inner/__init__.py", "src/pkg/inner/b.py"]
        placed = {name: tmp_path / name for name in names}

        assert [tmp_path / "scripts", tmp_path / "src"] == roots(placed)


PACKAGE = {
    "pack/__init__.py": "",
    "pack/data.py": "VALUE = 'then'\n",
    "pack/deep/__init__.py": "",
    "pack/deep/more.py": "MORE = 1\n",
    "pack/train.py": """
from expframe import Experiment
from .data import VALUE
from pack.deep.more import MORE

ex = Experiment()

@ex.automain
def main():
    return VALUE, MORE, __spec__ and __spec__.name
""",
}


class TestModules:
    """A script that `python -m` started."""

    @pytest.fixture(params=["plain", "namespace", pytest.param("marked", marks=pytest.mark.once)])
    def folder(self, request, tmp_path, monkeypatch):
        """A package, also one without `__init__`, or with the mark of a project around it; nobody knows git."""
        for name, text in PACKAGE.items():
            if request.param != "namespace" or not name.endswith("__init__.py"):
                (tmp_path / "work" / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / "work" / name).write_text(text)
        if request.param == "marked":
            (tmp_path / "work" / "pyproject.toml").touch()
        monkeypatch.chdir(tmp_path / "work")
        return tmp_path / "work"

    @pytest.mark.once
    @pytest.mark.parametrize("module", ["pack.train", "pack"])
    def test_it_is_done_again_as_it_was_started(self, folder, call, module):
        """Relative and absolute imports find the stored sources, whatever has become of the files; again and again."""
        if module == "pack":
            (folder / "pack" / "train.py").rename(folder / "pack" / "__main__.py")
        code, _, err = call("-m", module)
        assert 0 == code, err
        (folder / "pack" / "data.py").write_text("VALUE = 'now'\n")
        shutil.rmtree(folder / "pack" / "deep")
        for id in ("1", "2"):
            code, _, err = call("-m", "expframe", "rerun", id)
            assert 0 == code, err
        name = {"pack": "pack.__main__"}.get(module, module)

        assert {stored(1).name} == {stored(2).name, stored(3).name} == {"pack" if module == "pack" else "train"}
        assert {"pack/data.py", "pack/deep/more.py"} <= dict(stored(1).record.sources).keys()
        for id in (1, 2, 3):
            assert ["then", 1, name] == list(stored(id).result)
            assert (name, f"{name.replace('.', '/')}.py") == (stored(id).record.module, stored(id).record.main)

    @pytest.mark.once
    def test_a_folder_that_is_started_is_done_again(self, tmp_path, call, monkeypatch):
        """`python job` starts its `__main__`; the experiment is called as the folder, and so it is when done again."""
        (tmp_path / "job").mkdir()
        (tmp_path / "job" / "__main__.py").write_text(FOLDER)
        monkeypatch.chdir(tmp_path)
        for words in (["job"], ["-m", "expframe", "rerun", "1"]):
            code, _, err = call(*words)
            assert 0 == code, err

        assert [("job", 7), ("job", 7)] == [(stored(id).name, stored(id).result) for id in (1, 2)]

    @pytest.mark.once
    def test_a_script_that_is_started_as_a_file_has_no_module(self, project, call):
        """Also where another module runs it."""
        call("scripts/again.py", "draw")
        call("-m", "cProfile", "-o", os.devnull, "scripts/again.py", "draw")

        assert [None, None] == [stored(id).record.module for id in (1, 2)]


FOLDER = """
from expframe import Experiment

ex = Experiment()

@ex.automain
def main():
    return 7
"""

STARTED = """
import time
import expframe

class Watch:
    def start(self):
        return time.time()

with open("begun.txt", "a") as file:
    file.write("begun\\n")
with expframe.start("plain", {"lr": 0.1}) as run:
    Watch().start()
"""


class TestStarted:
    """Runs that a script opened by `start()`, and scripts that start none from their command line."""

    def test_a_run_that_was_opened_is_refused_at_once(self, project, call, script):
        """Nothing is started, it is said what can be done instead, and the exit code is not 0."""
        (project / "plain.py").write_text(STARTED)
        call("plain.py")
        code, out, err = call("-m", "expframe", "rerun", "1")

        assert (1, "") == (code, out)
        assert "RerunError: run 1: was opened by start() in plain.py" in err
        assert "Run the script itself, or make a command of it" in err
        assert "begun\n" == Path("begun.txt").read_text()

    @pytest.mark.once
    @pytest.mark.parametrize(
        "how", ["@ex.command\ndef start():", "@ex.automain\n@other\nasync def start():", "def start():"]
    )
    def test_a_command_of_that_name_is_done_again(self, project, call, how):
        """A user may call a command so."""
        text = f"from expframe import Experiment\nex = Experiment('x')\nother = lambda f: f\n{how}\n    return 5\n"
        end = "" if "automain" in how else "\nex.main(start)\nex.run_commandline()\n"
        (project / "named.py").write_text(text + end)
        call("named.py")
        code, _, err = call("-m", "expframe", "rerun", "1")

        assert (0, 5) == (code, stored(2).result), err

    @pytest.mark.once
    @pytest.mark.parametrize(
        "how",
        [
            "work.__name__ = 'start'; ex.command(work)",
            "def start(): return 5\nex.main(start)",
            "for f in (work,): f.__name__ = 'start'; getattr(ex, 'main')(f)",
        ],
    )
    def test_a_command_is_told_by_what_was_recorded(self, project, call, how):
        """However a command came to be called `start`, it is one; a run opened beside such a command is none."""
        text = "import sys, expframe\nex = expframe.Experiment('x')\ndef work():\n    return 5\n"
        end = "if 'open' in sys.argv: expframe.start('plain').close()\nelse: ex.run_commandline()\n"
        (project / "named.py").write_text(f"{text}{how}\n{end}")
        call("named.py", "start")
        call("named.py", "open")
        code, _, err = call("-m", "expframe", "rerun", "1")
        assert (0, 5) == (code, stored(3).result), err
        code, _, err = call("-m", "expframe", "rerun", "2")

        assert (1, True) == (code, "run 2: was opened by start() in named.py" in err)

    @pytest.mark.once
    def test_a_script_without_a_command_line_is_no_success(self, project, call):
        """A script that ends well and has started no run by its command line has not done the run again."""
        (project / "called.py").write_text(
            "from expframe import Experiment\nex = Experiment('x')\nex.main(lambda: 1)\nex.run()\n"
        )
        call("called.py")
        code, out, _ = call("-m", "expframe", "rerun", "1")

        assert (1, True) == (code, "Run 1 was not done again" in out)


class TestAgain:
    """`--again ID`: the config of a run, and the code as it is now."""

    @pytest.fixture
    def done(self, ex):
        """An experiment with a run of each of two commands."""

        @ex.config
        def config():
            x = 1
            token = None

        @ex.main
        def main(x, _seed):
            return x, _seed

        @ex.command
        def other(x):
            return -x

        ex.run(config_updates={"x": 5})
        ex.run("other")
        return ex

    def test_config_seed_and_command_are_taken(self, done):
        """The new run is another one, and says of which run it is a rerun."""
        again = done.run(options={"again": "1"})

        assert again.result == stored_result(done, 1)
        assert ("3", "1") == (again.id, again.record.extra["rerun_of"]["id"])
        assert -1 == done.run(options={"again": "2"}).result
        assert 5 == done.run(options={"again": "last"}).result[0]

    def test_what_is_asked_for_prevails(self, done):
        """Overrides are put over the run's config."""
        assert 6 == done.run(config_updates={"x": 6}, options={"again": "1"}).result[0]

    def test_what_cannot_be_is_refused(self, done):
        """An unknown run, another command, and secrets that were given."""
        with pytest.raises(RunNotFoundError):
            done.run(options={"again": "99"})
        with pytest.raises(ResumeError, match="of the command 'main', not of 'other'"):
            done.run("other", options={"again": "1"})
        done.run(config_updates={"token": "hunter2hunter2"})
        with pytest.raises(MaskedEntryError, match="token"):
            done.run(options={"again": "3"})


def stored_result(ex: Experiment, number: int):
    """Return what a run returned."""
    return expframe.runs(ex.store)[number].result


@pytest.mark.once
class TestEnvironment:
    """`--env`: the versions that are recorded."""

    def test_requirements_are_the_recorded_versions(self):
        """Every package is asked for in its version; expframe only where it is installed as one."""
        record = Record("u", "n", "c", packages={"expframe": "0.1", "numpy": "1.26.4", "Odd_Name": "2!1.0+local"})

        assert ["numpy==1.26.4", "Odd_Name==2!1.0+local"] == requirements(record)

    def test_an_environment_holds_what_is_asked_for(self, tmp_path, monkeypatch):
        """Pip installs the version that was asked for, into an environment of its own."""
        for version in ("1.0", "2.0"):
            make_wheel(tmp_path / "wheels", "tinydependency", version)
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
        python = build_environment(tmp_path / "env", ["tinydependency==1.0"])
        code = "import sys, tinydependency; print(tinydependency.VERSION, sys.prefix)"
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)

        assert ["1.0", str(tmp_path / "env")] == done.stdout.split()
        with pytest.raises(RerunError, match=r"environment with tinydependency==3\.0"):
            build_environment(tmp_path / "env", ["tinydependency==3.0"])


def make_wheel(folder, name, version):
    """Write a wheel of one module that knows its version."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    content = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in content.items():
            wheel.writestr(path, text)
        wheel.writestr(f"{info}/RECORD", "".join(f"{path},,\n" for path in [*content, f"{info}/RECORD"]))


@pytest.mark.once
def test_digits_done_again_is_bit_equal(digits):
    """A rerun of digits.py has the same points to the last bit, although its code is gone."""
    words = ["digits.py", "with", "quick", "data.noise=0.1"]
    run_python(words, cwd=digits, env=clean_environment()).check_returncode()
    (digits / "digits.py").unlink()
    run_python(["-m", "expframe", "rerun", "1"], cwd=digits, env=clean_environment()).check_returncode()
    first, second = (expframe.runs(digits / "runs")[number] for number in (1, 2))

    for name in ("loss", "accuracy"):
        assert first.metrics(name).values == second.metrics(name).values
    assert first.result == second.result
