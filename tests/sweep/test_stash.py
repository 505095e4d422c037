"""Trials that run from a copy of the sources, made when their sweep was started."""

import json
import subprocess
import sys
import textwrap
import time

import pytest

from expframe import runs

once = pytest.mark.once  # they are many processes, and the same on all Pythons

SCRIPT = textwrap.dedent("""
    import time
    from pathlib import Path

    from expframe import Experiment
    from helper import factor

    ex = Experiment("toy")
    ex.add_config(lr=1, wait=False)


    @ex.automain
    def main(lr, wait, _run):
        import late

        Path("begun").touch()
        while wait and not Path("go").exists():
            if _run.should_stop:
                return None
            time.sleep(0.02)
        scale = float((Path(__file__).parent / "beside.txt").read_text())
        return [lr * factor() * scale, late.NAME, Path("data.txt").read_text()]
""")


class Project:
    """A project whose script sweeps from a copy of itself."""

    def __init__(self, folder, environment):
        self.folder = folder
        self.environment = {**environment, "COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"}
        self.put("toy.py", SCRIPT)
        self.put("helper.py", "def factor():\n    return 10\n")
        self.put("late.py", "NAME = 'old'\n")
        self.put("beside.txt", "2")
        self.put("data.txt", "as it is now")

    def put(self, name, text):
        (self.folder / name).write_text(text)

    def edit(self):
        """Edit every source, as somebody does who goes on with his work."""
        self.put("helper.py", "def factor():\n    return 77\n")
        self.put("late.py", "NAME = 'new'\n")
        self.put("beside.txt", "0")
        self.put("data.txt", "edited")
        self.put("toy.py", SCRIPT.replace("lr=1,", "lr=5, new=3,").replace("return [", "return [0, "))

    def track(self, *names):
        """Let git track the sources, but for the data."""
        self.git("init", "-q")
        self.git("add", *(names or ("toy.py", "helper.py", "late.py", "beside.txt")))
        self.git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "first")

    def git(self, *words):
        subprocess.run(["git", *words], cwd=self.folder, env=self.environment, check=True)

    def start(self, *words):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
        return subprocess.Popen([sys.executable, *words], cwd=self.folder, env=self.environment, text=True, **pipes)

    def do(self, *words):
        process = self.start(*words)
        text, _ = process.communicate(timeout=120)
        return process.returncode, text

    def wait_until_begun(self):
        """Wait until the first trial has begun."""
        deadline = time.monotonic() + 60
        while not (self.folder / "begun").exists():
            assert time.monotonic() < deadline, "no trial has begun"
            time.sleep(0.02)

    def run(self, id):
        return runs(self.folder / "runs")[id]

    @property
    def results(self):
        return [run.result for run in sorted(self.run(1).children, key=lambda run: run.record.sweep["trial"])]


@pytest.fixture
def project(tmp_path, environment):
    """A project of four files and some data."""
    return Project(tmp_path, environment)


@pytest.mark.once
@pytest.mark.parametrize("how", [[], ["--fresh"]], ids=["forked", "fresh"])
def test_what_is_edited_after_the_start_reaches_no_trial(project, how):
    """Trials import the sources as they were when the sweep was started; data of the working directory is as it is."""
    project.track()
    process = project.start("toy.py", "sweep", "with", "lr=1,2,3", "wait=True", "--stash", *how)
    project.wait_until_begun()
    project.edit()
    project.put("go", "")
    text, _ = process.communicate(timeout=120)

    assert [[20, "old", "edited"], [40, "old", "edited"], [60, "old", "edited"]] == project.results, text
    assert f"Trials run from a copy of the 4 files (547 B) that git tracks in {project.folder}." in text


@once
def test_the_record_says_what_has_run(project):
    """A trial's record has the copy's sources under their names, the repository as it was, and that it ran from it."""
    project.track()
    project.put("helper.py", "def factor():\n    return 11\n")
    project.do("toy.py", "sweep", "with", "lr=1,2", "--stash")
    project.git("commit", "-qam", "later")
    project.do("-m", "expframe", "sweep", "retry", "1", "0")
    project.edit()
    project.do("-m", "expframe", "work", "1")
    sweep, first, again = (project.run(id).record for id in (1, 2, 4))

    assert (2, True) == (again.sweep["attempt"], again.sweep["stash"])
    assert (first.main, dict(first.sources)) == (again.main, dict(again.sources))
    assert {"toy.py", "helper.py"} <= set(dict(again.sources))
    assert (sweep.git["commit"], sweep.git["diff"]) == (again.git["commit"], again.git["diff"])
    assert "return 11" in again.git["diff"]
    assert str(project.folder) == again.cwd


@once
def test_a_sweep_goes_on_from_its_copy(project):
    """Resumed after the code was edited, a sweep with a copy goes on with that, and nothing is refused."""
    project.track()
    process = project.start("toy.py", "sweep", "with", "lr=1,2,3", "wait=True", "--stash")
    project.wait_until_begun()
    project.do("-m", "expframe", "sweep", "stop", "1")
    process.communicate(timeout=120)
    project.edit()
    project.put("go", "")
    code, text = project.do("toy.py", "sweep", "--resume", "1")

    assert 0 == code, text
    assert [20, 40, 60] == [run.result[0] for run in project.run(1).children if run.result]


@once
def test_a_copy_is_a_script_too(project):
    """Where the script cannot be imported any more, its copy goes on with the sweep."""
    project.track()
    project.do("toy.py", "sweep", "with", "lr=1,2", "--stash")
    project.put("toy.py", "what is this")
    project.do("-m", "expframe", "sweep", "retry", "1", "0", "1")
    code, text = project.do("runs/1/stash/toy.py", "sweep", "--resume", "1")

    assert 0 == code, text
    assert {"COMPLETED": 2} == project.run(1).sweep.counts


@once
@pytest.mark.parametrize("how", [["toy.py"], ["-m", "toy"]], ids=["file", "module"])
def test_a_copy_goes_where_its_store_goes(project, how):
    """A project that was moved with its runs, and edited, goes on from the copy as it was."""
    first = project.folder / "first"
    first.mkdir()
    for name in ("toy.py", "helper.py", "late.py", "beside.txt", "data.txt"):
        (project.folder / name).rename(first / name)
    project.folder = first
    project.track()
    project.do(*how, "sweep", "with", "lr=1,2", "--stash")
    project.folder = first.rename(first.with_name("second"))
    project.edit()
    project.do("-m", "expframe", "sweep", "retry", "1", "1")
    code, text = project.do(*how, "sweep", "--resume", "1")

    assert 0 == code, text
    assert [40, "old", "edited"] == project.run(4).result


@once
def test_config_files_of_the_words_are_copied(project):
    """A config file that is named for all trials, or for some, is as it was at the start, tracked or not."""
    project.track()
    project.put("all.yaml", "wait: false\n")
    project.put("one.yaml", "lr: 4\n")
    project.do("toy.py", "sweep", "with", "all.yaml", "one.yaml,all.yaml", "--stash")
    project.put("one.yaml", "lr: 9\n")
    project.do("-m", "expframe", "sweep", "retry", "1", "0")
    project.do("-m", "expframe", "work", "1")

    assert [80, 20, 80] == [project.run(id).result[0] for id in (2, 3, 4)]


@once
def test_without_a_repository_what_is_loaded_is_copied(project):
    """Outside of a repository the copy has the script and what it has imported, and that is said."""
    script = SCRIPT.replace("    import late\n\n", "").replace("import factor", "import factor\nimport late")
    project.put("toy.py", script.replace('(Path(__file__).parent / "beside.txt")', 'Path("beside.txt")'))
    _, text = project.do("toy.py", "sweep", "with", "lr=1,2", "--stash")
    copied = sorted(path.name for path in (project.folder / "runs/1/stash").iterdir())

    assert ["helper.py", "late.py", "toy.py"] == copied
    assert "that the script has loaded by now:" in text
    assert f"{project.folder} is in no git repository, which would say what else belongs to it." in text
    assert [20, 40] == [result[0] for result in project.results]


@once
def test_a_module_is_run_from_its_copy(project):
    """A script that `python -m` starts, and packages below a folder of sources, are imported from the copy."""
    (project.folder / "src" / "pack").mkdir(parents=True)
    for name in ("toy.py", "helper.py", "late.py", "beside.txt"):
        (project.folder / name).rename(project.folder / "src" / "pack" / name)
    project.put("src/pack/__init__.py", "")
    script = SCRIPT.replace("from helper", "from pack.helper").replace("import late", "from pack import late")
    project.put("src/pack/toy.py", script)
    project.environment["PYTHONPATH"] = f"{project.folder / 'src'}:{project.environment.get('PYTHONPATH', '')}"
    project.track("src")
    project.do("-m", "pack.toy", "sweep", "with", "lr=1,2", "--stash")
    project.put("src/pack/late.py", "NAME = 'new'\n")
    project.put("src/pack/toy.py", "what is this")
    project.do("-m", "expframe", "sweep", "retry", "1", "1")
    project.do("-m", "expframe", "work", "1")

    assert [[20, "old", "as it is now"], [40, "old", "as it is now"], [40, "old", "as it is now"]] == [
        project.run(id).result for id in (2, 3, 4)
    ]


@once
def test_links_and_rights_are_copied(project):
    """A tracked link stays one, and leads out of the copy only where it led out of the repository; rights stay."""
    (project.folder / "link.txt").symlink_to("beside.txt")
    (project.folder / "out.txt").symlink_to("/etc/hostname")
    project.put("tool.sh", "#!/bin/sh\n")
    (project.folder / "tool.sh").chmod(0o755)
    project.track(".")
    project.do("toy.py", "sweep", "with", "lr=1,2", "--stash")
    copy = project.folder / "runs/1/stash"

    assert ("beside.txt", "/etc/hostname") == (str((copy / "link.txt").readlink()), str((copy / "out.txt").readlink()))
    assert (copy / "tool.sh").stat().st_mode & 0o111


@once
def test_a_copy_that_is_gone_is_said(project):
    """Workers of a sweep whose copy was deleted say so, and do nothing with the code as it is now."""
    project.track()
    project.do("toy.py", "sweep", "with", "lr=1,2", "--stash")
    (project.folder / "runs/1/stash.json").unlink()
    project.do("-m", "expframe", "sweep", "retry", "1", "1")
    code, text = project.do("-m", "expframe", "work", "1")

    assert 1 == code
    assert "WorkError: sweep 1: runs from the copy of its sources in" in text
    assert "and that is gone. Start a new one." in text


@once
def test_python_asks_for_a_copy_too(project):
    """`ex.sweep(..., stash=True)` is `--stash`."""
    lines = SCRIPT.replace("@ex.automain", "@ex.main")
    project.put("toy.py", f"{lines}\nif __name__ == '__main__':\n    ex.sweep('lr=1,2', stash=True).run()\n")
    project.track()
    project.do("toy.py")

    assert json.loads((project.folder / "runs/1/sweep.json").read_text())["stash"]
    assert [20, 40] == [result[0] for result in project.results]
