"""The facts of a run, asked for by scripts in real repositories."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from interpreter import run_python

import expframe

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

SCRIPT = """
from expframe import Experiment
import helper
ex = Experiment("asked", store="runs")
@ex.main
def main():
    pass
if __name__ == "__main__":
    ex.run_commandline()
    ex.run()
"""


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch, tmp_path):
    """Give git a home of its own."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\n name = Somebody\n email = somebody@example.org\n[init]\n defaultBranch = main\n"
        '[commit]\n gpgSign = false\n[protocol "file"]\n allow = always\n'
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def git(folder, *words):
    """Run git in a folder."""
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def commit(folder):
    """Commit all that is in a folder."""
    git(folder, "add", ".")
    git(folder, "commit", "-m", "all")


def asked(folder, *words, **env):
    """Run the script with some words; return its exit code and what it wrote to standard error."""
    root = str(Path(expframe.__file__).parents[1])
    path = os.pathsep.join([root, str(folder / "library")])
    done = run_python(["train.py", *words], cwd=folder, env={**os.environ, "PYTHONPATH": path, **env})
    return done.returncode, done.stderr


@pytest.fixture
def repository(tmp_path):
    """Return a repository with a script and the module that it imports; nothing is committed."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init")
    (folder / "train.py").write_text(SCRIPT)
    (folder / "helper.py").write_text("rate = 1\n")
    (folder / ".gitignore").write_text("runs\n__pycache__\n")
    return folder


class TestClean:
    """`-e` lets a run start where a commit says what its code is, and nowhere else."""

    def test_without_a_commit_nothing_is_clean(self, repository):
        """In a repository without commits the files are named that would have to be committed."""
        code, said = asked(repository, "-e")

        assert 2 == code
        assert f"{os.path.realpath(repository)} has no commit yet. Commit helper.py, train.py." in said

    def test_a_loaded_file_that_is_not_tracked_is_named(self, repository):
        """Other files may be untracked; one that the run is made of may not."""
        (repository / "helper.py").rename(repository / "helper.txt")
        commit(repository)
        (repository / "helper.txt").rename(repository / "helper.py")
        git(repository, "rm", "--cached", "helper.txt")
        git(repository, "commit", "-m", "without it")
        (repository / "notes.py").touch()

        code, said = asked(repository, "-e")

        assert 2 == code
        assert f"{os.path.realpath(repository)} does not track helper.py, which this run uses." in said

    def test_what_is_committed_or_ignored_on_purpose_is_clean(self, repository):
        """A generated file that is ignored stands in no way."""
        with (repository / ".gitignore").open("a") as file:
            file.write("helper.py\n")
        commit(repository)

        assert 0 == asked(repository, "-e")[0]

    @pytest.mark.parametrize(
        ("name", "is_submodule", "expected"),
        [("helper", True, 0), ("helper", False, 2), ("other", True, 2)],
    )
    def test_a_repository_inside_is_asked_for_its_own_files(self, repository, tmp_path, name, is_submodule, expected):
        """A source in a submodule is tracked there; a repository that is no submodule is in no commit."""
        library = tmp_path / "library"
        library.mkdir()
        git(library, "init")
        (library / f"{name}.py").write_text("rate = 2\n")
        commit(library)
        (repository / "helper.py").unlink()
        if is_submodule:
            git(repository, "submodule", "add", str(library), "library")
        commit(repository)
        if not is_submodule:
            git(repository, "clone", str(library), "library")
        if name != "helper":
            (repository / "library" / "helper.py").write_text("rate = 3\n")

        code, said = asked(repository, "-e")

        assert expected == code, said
        assert expected == 0 or "does not track library" in said

    def test_what_git_refuses_is_said_in_its_words(self, repository):
        """Where git does not read the repository, it is not said that there is none."""
        commit(repository)
        (repository / ".git" / "config").write_text("[core\n")

        code, said = asked(repository, "-e")

        assert 2 == code
        assert "NotCleanError: --enforce_clean: git does not read" in said and "bad config line" in said


def test_a_refusal_is_told_once_and_stays_with_the_runs(repository):
    """Of a repository that git does not read there is one warning in its words, and each record has them."""
    commit(repository)
    (repository / ".git" / "HEAD").write_text("garbage\n")

    code, said = asked(repository)
    records = [json.loads((repository / "runs" / id / "run.json").read_text()) for id in ("1", "2")]

    assert (0, 1) == (code, said.count("git does not read"))
    for record in records:
        assert record["git"] is None
        assert "fatal: not a git repository" in record["problems"][0]
