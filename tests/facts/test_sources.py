"""The source files of a project: which they are, what they are called, and how they are kept."""

import hashlib
import importlib
import importlib.util
import os
import py_compile
import sys
import types
from pathlib import Path

import pytest
from interpreter import run_python
from steps import wait_until

from expframe import Experiment
from expframe.errors import DefinitionError
from expframe.facts import sources


@pytest.fixture(autouse=True)
def _own_imports():
    """Forget what a test imported."""
    before = dict(sys.modules)
    yield
    for name in set(sys.modules) - set(before):
        del sys.modules[name]
    importlib.invalidate_caches()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Return a home directory that is nobody's."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    return folder


@pytest.fixture
def project(home):
    """Return a project with a script."""
    folder = home / "project"
    folder.mkdir()
    (folder / "train.py").write_text("lr = 0.1\n")
    return folder


def load(path, content="x = 1\n", name=None):
    """Write a module and stand it in sys.modules as loaded from there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return pretend(path, name)


def pretend(path, name=None):
    """Stand a module in sys.modules as loaded from a file."""
    module = types.ModuleType(name or f"xsource_{path.stem}_{len(sys.modules)}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    return module


def digest(path):
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_repository(folder):
    """Make as much of a git repository as is needed to see that there is one."""
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")


# ---------------------------------------------------------------------------------------------------- the project


def test_the_project_is_the_repository_before_the_nearest_marked_folder(project):
    """A git repository around the script wins over a nearer mark, which wins over the script's folder."""
    script = project / "a" / "b" / "train.py"
    script.parent.mkdir(parents=True)
    bare = sources.find_project(script)
    (project / "setup.cfg").touch()
    (project / "a" / "pyproject.toml").touch()
    marked = sources.find_project(script)
    make_repository(project)

    assert (bare, marked, sources.find_project(script)) == (script.parent, project / "a", project)


@pytest.mark.parametrize("place", ["home", "above"])
@pytest.mark.parametrize("mark", ["git", "setup.py"])
def test_the_home_directory_is_no_project(home, project, place, mark):
    """A stray mark in the home directory, or above it, leaves the script's folder, or a nearer mark."""
    folder = home if place == "home" else home.parent
    make_repository(folder) if mark == "git" else (folder / mark).touch()
    script = project / "deep" / "train.py"
    script.parent.mkdir()
    unmarked = sources.find_project(script)
    (project / "pyproject.toml").touch()

    assert (unmarked, sources.find_project(script)) == (script.parent, project)


def test_without_a_main_file_it_is_the_working_directory(project, monkeypatch):
    """A notebook or an interactive session has its working directory as project."""
    monkeypatch.chdir(project)

    assert sources.find_project(None) == project
    assert sources.find_project(Path("train.py")) == project


def test_a_linked_script_belongs_to_where_it_really_lies(home, project):
    """The project of a script that is run through a link is that of the real file."""
    link = home / "bin" / "train"
    link.parent.mkdir()
    link.symlink_to(project / "train.py")

    assert sources.find_project(link) == project


# -------------------------------------------------------------------------------------------------- what is found


def test_sources_are_the_loaded_modules_below_the_project(project, home):
    """Loaded modules below the project count under relative names, others not; digest, size and time are right."""
    load(project / "model" / "net.py")
    (project / "unloaded.py").touch()
    load(home / "elsewhere.py")
    load(home / "project2" / "neighbour.py")

    found = sources.gather(project, main_file=project / "train.py")

    assert list(found) == ["model/net.py", "train.py"]
    net = found["model/net.py"]
    status = (project / "model" / "net.py").stat()
    assert net == sources.Source(
        "model/net.py", project / "model" / "net.py", digest(net.path), status.st_size, status.st_mtime_ns
    )


def test_a_real_process_finds_its_sources(project):
    """A script finds itself and what it imports, and neither the standard library nor expframe."""
    (project / "data.py").write_text("x = 1\n")
    (project / "package").mkdir()
    (project / "package" / "__init__.py").touch()
    (project / "package" / "part.py").touch()
    (project / "train.py").write_text(
        "import json, data, package.part\nfrom pathlib import Path\nfrom expframe.facts import sources\n"
        "print(*sources.gather(sources.find_project(Path(__file__)), main_file=Path(__file__)), sep='\\n')\n"
    )
    root = str(Path(sources.__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": root}
    done = run_python(["train.py"], cwd=project, env=environment)

    assert done.stdout.split() == ["data.py", "package/__init__.py", "package/part.py", "train.py"]


def test_every_kind_of_source_counts(project):
    """Python, Cython, extension modules and notebooks are sources; compiled Python stands for its source."""
    for name in ("a.pyx", "b.cpython-311-x86_64-linux-gnu.so", "c.pyd", "d.ipynb", "e.txt", "f.json"):
        load(project / name)
    (project / "g.py").touch()
    cached = project / "__pycache__" / "g.cpython-311.pyc"
    py_compile.compile(str(project / "g.py"), cfile=str(cached))
    py_compile.compile(str(project / "g.py"), cfile=str(project / "sourceless.pyc"))
    pretend(cached)
    pretend(project / "sourceless.pyc")

    assert list(sources.gather(project)) == ["a.pyx", "b.cpython-311-x86_64-linux-gnu.so", "c.pyd", "d.ipynb", "g.py"]


def test_installed_and_foreign_code_does_not_count(project, monkeypatch):
    """Below the project, packages, virtual environments, excluded folders and the standard library are not its own."""
    load(project / "mine.py")
    load(project / "lib" / "site-packages" / "package" / "a.py")
    load(project / "dist-packages" / "b.py")
    load(project / "environment" / "tools" / "deep" / "c.py")
    (project / "environment" / "pyvenv.cfg").touch()
    load(project / "runs" / "_sources" / "d.py")
    load(project / "python" / "json" / "e.py")
    monkeypatch.setattr(sources, "STDLIB", str(project / "python"))

    assert list(sources.gather(project, exclude=[project / "runs"])) == ["mine.py"]


def test_a_project_inside_an_environment_is_a_project(home):
    """The project's own place does not make its files foreign, nor does an environment made right in it."""
    project = home / "site-packages" / "project"
    load(project / "mine.py")
    (home / "site-packages" / "pyvenv.cfg").touch()
    (project / "pyvenv.cfg").touch()

    assert list(sources.gather(project)) == ["mine.py"]


def test_expframe_counts_only_as_the_project(monkeypatch, project):
    """A copy of expframe below the project is not the user's code; where expframe is developed, it is."""
    own = project / "third_party" / "expframe"
    load(own / "run.py")
    monkeypatch.setattr(sources, "_OWN_PACKAGE", own)

    assert list(sources.gather(project)) == []
    assert list(sources.gather(project / "third_party")) == ["expframe/run.py"]


def test_given_files_count_wherever_they_lie(project, home):
    """Files named by the user count without being loaded, outside under their absolute path; missing ones do not."""
    outside, inside = home / "shared.py", project / "data" / "schema.sql"
    outside.write_text("x\n")
    inside.parent.mkdir()
    inside.write_text("y\n")

    found = sources.gather(project, extra=[outside, inside, project / "missing.py", project / "data"])

    assert set(found) == {outside.as_posix(), "data/schema.sql"}


def test_the_real_path_decides(project, home):
    """A linked file or folder counts where it really lies, once."""
    load(project / "real.py")
    load(home / "elsewhere" / "other.py")
    (project / "link.py").symlink_to(home / "elsewhere" / "other.py")
    (home / "view").symlink_to(project, target_is_directory=True)
    load(project / "conda" / "site-packages" / "package" / "linked.py")
    (project / "package").symlink_to(project / "conda" / "site-packages" / "package", target_is_directory=True)
    pretend(project / "package" / "linked.py")
    pretend(project / "link.py")
    pretend(home / "view" / "real.py")

    assert list(sources.gather(project)) == ["real.py"]
    assert list(sources.gather(home / "view")) == ["real.py"]


def test_odd_modules_break_nothing(project):
    """Modules without a file, with a lie for one, or with one that has gone are left out."""
    load(project / "mine.py")
    load(project / "gone.py")
    (project / "gone.py").unlink()
    pretend(project / "folder.py")
    (project / "folder.py").mkdir()
    liar = types.ModuleType("xsource_liar")
    liar.__file__ = project / "liar.py"
    sys.modules["xsource_liar"] = liar
    sys.modules["xsource_none"] = None
    pretend(project / "nul\0.py", "xsource_nul")
    pretend(project / "nul\0" / "nul.py", "xsource_nul_folder")

    assert list(sources.gather(project)) == ["mine.py"]


def test_known_files_are_not_read_again(project, monkeypatch):
    """With an earlier answer only files of another size or time are read, and then have the new digest."""
    load(project / "same.py")
    load(project / "changed.py")
    first = sources.gather(project)
    (project / "changed.py").write_text("x = 22\n")
    load(project / "late.py")
    read = []
    sha256 = sources.light_sha256
    monkeypatch.setattr(sources, "light_sha256", lambda: read.append(1) or sha256())
    second = sources.gather(project, known=first)

    assert len(read) == 2
    assert second["same.py"] is first["same.py"]
    assert second["changed.py"].digest == digest(project / "changed.py") != first["changed.py"].digest
    assert list(second) == ["changed.py", "late.py", "same.py"]


# --------------------------------------------------------------------------------------------------- what is kept


def test_each_content_is_stored_once_under_its_digest(project, tmp_path):
    """Equal files share one stored file; a second run writes nothing; no unfinished file is left."""
    load(project / "a.py", "same\n")
    load(project / "b" / "a.py", "same\n")
    load(project / "c.py", "other\n")
    folder = tmp_path / "_sources"
    stored = sources.store(sources.gather(project), folder)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}

    assert stored == [(name, digest(project / name) + ".py") for name in ("a.py", "b/a.py", "c.py")]
    assert {path.name for path in folder.iterdir()} == {file for _, file in stored}
    assert (folder / stored[2][1]).read_text() == "other\n"
    assert sources.store(sources.gather(project), folder) == stored
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_a_file_changed_since_is_stored_under_what_it_is(project, tmp_path):
    """A name in the store never lies about the content, even if the source changed after it was looked at."""
    load(project / "a.py", "old\n")
    found = sources.gather(project)
    (project / "a.py").write_text("new\n")
    folder = tmp_path / "_sources"

    assert sources.store(found, folder) == [("a.py", digest(project / "a.py") + ".py")]
    assert [path.read_text() for path in folder.iterdir()] == ["new\n"]


def test_a_file_gone_since_is_left_out(project, tmp_path):
    """A source that has gone meanwhile does not keep the others from being stored."""
    load(project / "a.py", "a\n")
    load(project / "b.py", "b\n")
    found = sources.gather(project)
    (project / "a.py").unlink()

    assert [name for name, _ in sources.store(found, tmp_path / "_sources")] == ["b.py"]


def test_a_folder_that_cannot_be_written_is_an_error(project, tmp_path):
    """The caller is told when nothing can be stored."""
    load(project / "a.py")
    (tmp_path / "file").touch()

    with pytest.raises(OSError, match="file"):
        sources.store(sources.gather(project), tmp_path / "file" / "_sources")


def test_a_failed_write_leaves_nothing(project, tmp_path, monkeypatch):
    """When a file cannot be put in its place, no part of it stays behind."""
    load(project / "a.py")
    found = sources.gather(project)

    def refuse(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)

    with pytest.raises(OSError, match="No space"):
        sources.store(found, tmp_path / "_sources")
    assert list((tmp_path / "_sources").iterdir()) == []


# ------------------------------------------------------------------------------------------------------- patterns


def test_patterns_add_files_and_leave_sources_out(project):
    """What a pattern includes counts though nobody loaded it, what one excludes does not, however it was found."""
    load(project / "kept.py")
    load(project / "generated.py")
    for name in ("conf/a.yaml", "conf/deep/b.yaml", "conf/c.txt", ".venv/pyvenv.cfg", ".venv/d.yaml", "runs/e.yaml"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(name)
    patterns = sources.Patterns(["**/*.yaml", "nothing*"], ["generated*", "conf/deep/*"])
    found = sources.gather(project, exclude=[project / "runs"], patterns=patterns)

    assert ["conf/a.yaml", "kept.py"] == list(found)


def test_an_experiment_says_what_counts(tmp_path):
    """`include` and `exclude` of an Experiment decide what its runs keep; new files count in later runs too."""
    (tmp_path / "a.yaml").write_text("a: 1")
    ex = Experiment("patterns", store=tmp_path / "runs", project_dir=tmp_path, include=["*.yaml"], exclude=["b*"])
    ex.main(lambda: (tmp_path / "c.yaml").write_text("c: 1"))
    first, again = ex.run(), ex.run()

    at_first = [*first.record.sources, *first.record.sources_at_end]
    assert [["a.yaml", "c.yaml"]] * 2 == [
        sorted(name for name, _ in kept if name.endswith(".yaml")) for kept in (at_first, again.record.sources)
    ]


def test_what_was_loaded_or_changed_meanwhile_is_told_at_the_end(tmp_path):
    """A file that is new or another one when a run ends is of its end; one that stayed as it was is not."""
    for name in ("kept.yaml", "changed.yaml"):
        (tmp_path / name).write_text("a: 1")
    ex = Experiment("late", store=tmp_path / "runs", project_dir=tmp_path, include=["*.yaml"])

    @ex.main
    def main(_run):
        wait_until(lambda: _run.record.sources)
        (tmp_path / "changed.yaml").write_text("a: 22")
        (tmp_path / "new.yaml").write_text("b: 1")

    record = ex.run().record

    at_end = {name: (tmp_path / "runs" / "_sources" / kept).read_text() for name, kept in record.sources_at_end}
    assert {"changed.yaml": "a: 22", "new.yaml": "b: 1"} == {
        name: text for name, text in at_end.items() if name.endswith(".yaml")
    }
    assert {"kept.yaml", "changed.yaml"} <= set(dict(record.sources))


def test_sources_that_cannot_be_kept_are_told_of(tmp_path, caplog):
    """Where sources cannot be stored the run goes on as it would, and says at its end what is lost and why."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "_sources").write_text("no folder")
    ex = Experiment("lost", store=tmp_path / "runs", project_dir=tmp_path)
    ex.main(lambda: 3)
    run = ex.run()

    said = f"sources could not be kept in {tmp_path / 'runs' / '_sources'} ("
    assert (3, "COMPLETED", 1) == (run.result, run.status, caplog.text.count(said))
    assert [True] == [problem.startswith(said) for problem in run.record.problems]
    assert run.record.main is not None


def test_files_that_are_added_count_from_then_on(tmp_path):
    """A file that is added counts in the run that goes on and in later ones, though nothing else has changed."""
    for name in ("before.md", "inside.md", "between.md"):
        (tmp_path / name).write_text(name)
    ex = Experiment("added", store=tmp_path / "runs", project_dir=tmp_path)
    ex.main(lambda: ex.add_source_file(tmp_path / "inside.md"))
    ex.add_source_file(tmp_path / "before.md")
    records = [ex.run().record]
    records.append(ex.run().record)
    ex.add_source_file(tmp_path / "between.md")
    records.append(ex.run().record)

    assert [["before.md", "inside.md"]] * 2 + [["before.md", "between.md", "inside.md"]] == [
        sorted(name for name, _ in (*r.sources, *r.sources_at_end) if name.endswith(".md")) for r in records
    ]


@pytest.mark.parametrize("pattern", ["/etc/*", "../*.py"])
def test_patterns_stay_within_the_project(pattern):
    """A pattern that leads out of the project is refused at once."""
    with pytest.raises(DefinitionError, match="leads out of the project"):
        Experiment("patterns", include=[pattern])


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.yaml", ["a.yaml"]),
        ("**/*.yaml", ["a.yaml", "conf/b.yaml", "conf/deep/c.yaml"]),
        ("conf/*.yaml", ["conf/b.yaml"]),
        ("conf/**", ["conf/b.yaml", "conf/deep/c.yaml"]),
        ("conf/**/c.*", ["conf/deep/c.yaml"]),
        ("*/b.yaml", ["conf/b.yaml"]),
    ],
)
def test_patterns_are_those_of_shells(project, pattern, found):
    """`*` stands for a part of a name, `**` for any number of folders; hidden folders are not looked into."""
    for name in ("a.yaml", "conf/b.yaml", "conf/deep/c.yaml", ".git/d.yaml"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(name)

    assert found == list(sources.gather(project, patterns=sources.Patterns([pattern])))
