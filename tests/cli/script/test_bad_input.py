"""Bad input: refused with its own error before anything is started, and never executed. Texts: test_messages.py."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from expframe import Experiment, Ingredient
from expframe.config.request import Request
from expframe.errors import (
    CircularIngredientsError,
    ConfigFileError,
    ConfigFunctionError,
    DuplicatePathError,
    EntryGroupError,
    EntryTypeError,
    EscapingPathError,
    ExpframeError,
    MissingMainError,
    OptionError,
    SaveError,
    StoreUnusableError,
)
from expframe.testing import run_cli

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs mounts or another user")

STORING = """
    import contextlib, io, os, sys
    from expframe import Experiment
    ex = Experiment("storing", store=sys.argv[1])

    @ex.main
    def main(_run):
        print("started")
        return 3

    if sys.argv[2] == "other-user":
        with contextlib.redirect_stdout(io.StringIO()):  # all is imported while it can be read
            ex.run_commandline(["storing.py", "-ulERROR"])
        os.setgid(65534)
        os.setuid(65534)
    ex.run_commandline(["storing.py", *sys.argv[3:]])
"""


@pytest.fixture
def store_to(script, environment, tmp_path):
    """Run a script that stores to a folder, after a mount, or where mounts are impossible as another user."""
    path = script(STORING, "storing.py")

    def run(folder, mount, *words):
        command = [sys.executable, str(path), str(folder)]
        inside = ["unshare", "--mount", "--map-root-user", "sh", "-ec", f'{mount}; exec "$@"', "sh"]
        possible = (
            mount and shutil.which("unshare") and subprocess.run([*inside, "true"], capture_output=True).returncode == 0
        )
        if possible:
            command = [*inside, *command, "same-user", *words]
        elif os.getuid() == 0:
            for above in [tmp_path, *tmp_path.parents][:3]:
                above.chmod(above.stat().st_mode | 0o555)
            command += ["other-user", *words]
        else:
            folder.chmod(0o555)
            command += ["same-user", *words]
        try:
            return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
        finally:
            folder.chmod(0o755)

    return run


@linux
class TestStore:
    """A store that takes no run stops it before it starts."""

    @pytest.mark.parametrize("way", ["mount", "mode"])
    def test_read_only(self, store_to, tmp_path, way):
        """A read-only mount, or a folder of another user, exits with 2; nothing was started and nothing is left."""
        folder = tmp_path / "store"
        folder.mkdir()
        mount = f"mount --bind {folder} {folder} && mount -o remount,bind,ro {folder}" if way == "mount" else ""
        done = store_to(folder, mount)

        assert 2 == done.returncode, done.stderr
        assert "" == done.stdout
        assert f"StoreUnusableError: store {folder}: cannot be written (" in done.stderr
        assert "No run was started. Choose another folder with -F DIR" in done.stderr
        assert "Traceback" not in done.stderr
        assert [] == list(folder.iterdir())

    def test_unobserved_needs_no_store(self, store_to, tmp_path):
        """With `-u` a read-only store is no matter."""
        folder = tmp_path / "store"
        folder.mkdir()
        done = store_to(folder, f"mount --bind {folder} {folder} && mount -o remount,bind,ro {folder}", "-u")

        assert (0, "started\n") == (done.returncode, done.stdout)

    def test_full(self, store_to, tmp_path):
        """A full file system exits with 2 and leaves no half-made run; where none can be mounted it is not writable."""
        folder = tmp_path / "store"
        folder.mkdir()
        full = f"mount -t tmpfs -o size=16k none {folder} && dd if=/dev/zero of={folder}/fill bs=4k count=9 2>/dev/null"
        done = store_to(folder, f"({full}) || true; ls {folder}/fill >/dev/null")

        assert 2 == done.returncode, done.stderr
        assert "" == done.stdout
        assert "StoreUnusableError" in done.stderr
        assert "No space left on device" in done.stderr or "Permission denied" in done.stderr


class TestNames:
    """A name never leads out of the run's folder."""

    @pytest.mark.parametrize("name", ["..", "../x", "/tmp/x", "a/../../x", "link/x", "a\0b", ""])
    def test_of_files(self, ex, tmp_path, name):
        """run.path and add_artifact refuse it, and nothing is written outside."""
        (tmp_path / "file.txt").write_text("content")

        @ex.main
        def main(_run):
            (_run.path() / "link").symlink_to(tmp_path)
            for take in (_run.path, lambda name: _run.add_artifact("file.txt", name=name)):
                with pytest.raises(EscapingPathError) as caught:
                    take(name)
                assert name == caught.value.name

        ex.run()

        assert ["file.txt", "runs"] == sorted(path.name for path in tmp_path.iterdir())

    @pytest.mark.parametrize("id", ["..", "../x", "/tmp/x", "a/b", "", ".x", "_sources", "a\0b"])
    def test_of_runs(self, ex, tmp_path, id):
        """An id that is no plain name is refused, from the command line and from code."""
        ex.main(lambda: None)
        with pytest.raises(OptionError):
            ex.run(options={"id": id})

        assert [] == list(tmp_path.rglob("run.json"))

    def test_a_file_that_cannot_be_kept(self, ex, tmp_path):
        """A missing artifact raises in the caller, where it may be caught, and leaves nothing."""

        @ex.main
        def main(_run):
            with pytest.raises(SaveError):
                _run.add_artifact("missing.txt")
            return "went on"

        assert "went on" == ex.run().result


EVIL = [
    "__import__('os').system('touch owned')",
    "(lambda: open('owned', 'w'))()",
    "open('owned', 'w')",
    "{'py/reduce': [{'py/function': 'os.system'}, {'py/tuple': ['touch owned']}]}",
    '{"__type__": "jsonpickle", "name": "x", "state": {"py/reduce": [{"py/function": "os.system"}, ["touch owned"]]}}',
    "{'py/object': 'os.system'}",
    "!!python/object/apply:os.system ['touch owned']",
    "[" * 5000,
    "9" * 5000,
    'f\'{open("owned", "w")}\'',
]


class TestExecution:
    """A value never executes code, wherever it comes from."""

    @pytest.mark.parametrize("value", EVIL)
    @pytest.mark.parametrize("default", [None, "text", 1, [1]])
    def test_on_the_command_line(self, tmp_path, value, default):
        """A value on the command line is data, or refused."""
        ex = Experiment("careful", ghost=True)
        ex.add_config(entry=default)
        ex.main(lambda entry: entry)
        for force in (False, True):
            try:
                found = ex.resolve(f"entry={value}", force=force)["entry"]
                assert isinstance(found, str | int | list | tuple | dict)
            except EntryGroupError:
                assert value.startswith("{")
            except EntryTypeError:
                assert default is not None
                assert not force

        assert [] == list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("a.yaml", "entry: !!python/object/apply:os.system ['touch owned']"),
            ("a.yaml", "entry: !!python/name:os.system"),
            ("a.yml", "entry: !anything {a: 1}"),
            ("a.json", '{"entry": {"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["touch owned"]}]}}'),
            ("a.json", '{"entry": {"py/object": "os.system"}}'),
            ("a.pickle", "cos\nsystem\n(S'touch owned'\ntR."),
            ("a.py", "open('owned', 'w')"),
        ],
    )
    def test_in_a_file(self, tmp_path, name, text):
        """A config file with code in it is refused, as one that is used and as one that is added."""
        (tmp_path / name).write_text(text)
        ex = Experiment("careful", ghost=True)
        ex.add_config(entry=None)
        ex.main(lambda entry: entry)

        assert 2 == run_cli(ex, ["with", name]).exit_code
        with pytest.raises(ConfigFileError):
            ex.add_config(name)
        assert [name] == [path.name for path in tmp_path.iterdir()]

    @pytest.mark.parametrize("tag", ["jsonpickle", "reference", "enum", "dataclass"])
    def test_stored_objects_stay_inert(self, tmp_path, tag):
        """What a stored config has as code comes back as a description of it."""
        state = {"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["touch owned"]}]}
        entry = {"__type__": tag, "name": "os:system", "state": state, "fields": {}}
        (tmp_path / "a.json").write_text(json.dumps({"expframe.config": 1, "values": {"entry": entry}}))
        ex = Experiment("careful", ghost=True)
        ex.add_config(entry=None)
        ex.main(lambda entry: entry)
        found = ex.resolve(named=["a.json"])["entry"]

        assert tag in repr(found)
        assert not callable(found)
        assert ["a.json"] == [path.name for path in tmp_path.iterdir()]


class TestDefinitions:
    """What cannot work is refused when it is defined, or at the latest before a run."""

    def test_two_ingredients_with_one_path(self):
        """Two different ingredients of one path are refused; one that is used twice is one."""
        one, two = Ingredient("data"), Ingredient("data")
        user = Ingredient("user", ingredients=[one])
        ex = Experiment("double", ingredients=[two, user])
        ex.main(lambda: None)

        assert 2 == run_cli(ex, "").exit_code
        assert 2 == run_cli(ex, "help").exit_code
        with pytest.raises(DuplicatePathError):
            ex.run()
        fine = Experiment("single", ingredients=[one, user], ghost=True)
        fine.main(lambda: 1)
        assert 1 == fine.run().result

    def test_a_cycle(self):
        """Ingredients that contain each other are refused, naming the circle."""
        one = Ingredient("one")
        two = Ingredient("two", ingredients=[one])
        one.ingredients.append(two)
        ex = Experiment("round", ingredients=[two])
        ex.main(lambda: None)

        for words in ("", "help", "print_config"):
            assert 2 == run_cli(ex, words).exit_code
        with pytest.raises(CircularIngredientsError) as caught:
            ex.run()
        assert caught.value.chain[0] == caught.value.chain[-1]

    def test_no_main_function(self):
        """Without a main function and a command nothing runs; the commands are listed."""
        ex = Experiment("headless", ghost=True)

        @ex.command
        def train():
            return 1

        result = run_cli(ex, "")
        assert (2, None) == (result.exit_code, result.run)
        with pytest.raises(MissingMainError) as caught:
            ex.run()
        assert caught.value.available[0] == "train"
        assert 1 == run_cli(ex, "train").run.result

    def test_a_config_function_without_source(self):
        """A function whose source cannot be read is refused, and the way out is named."""
        space = {}
        exec("def config():\n    a = 1\n", space)
        with pytest.raises(ConfigFunctionError, match=r"use add_config\(\.\.\.\)"):
            Experiment("sourceless").config(space["config"])


@pytest.mark.parametrize(
    "words",
    [
        ["lr=[1", "x"],
        ["\ud800=1"],
        ["lr=\ud800"],
        ["=" * 1000],
        ["." * 1000 + "=1"],
        ["a" * 100_000 + "=1"],
        ["lr." + ".".join("a" * 100) + "=1"],
        ["seed=x"],
        ["seed=-1"],
        ["seed=None"],
        ["+seed.a=1"],
        ["lr=1", "lr.a=1"],
        ["net=3"],
        ["net={}"],
        ["net={'depth': {'a': 1}}"],
        ["net=None"],
        ["layers.-1=5"],
        ["layers.x=5"],
        ["layers.99999999999999999999=1"],
        ["layers+=3"],
        ["layers=3"],
        ["_run=3"],
        ["+_private=1"],
        ["+a.b.c={'d': 1}"],
        ["__class__=1"],
        ["net.__class__=1"],
        ["*=1"],
        ["é=1"],
    ],
)
def test_odd_overrides_give_a_config_or_an_error_of_ours(words):
    """Whatever is written after `with`, it is decided or refused by an expframe error that shows it."""
    ex = Experiment("odd", ghost=True)
    ex.add_config(lr=0.1, net={"depth": 2}, layers=[1, 2])
    ex.main(lambda lr: lr)
    try:
        run = ex.prepare(Request(None, *_split(words)))
    except ExpframeError as refused:
        assert str(refused)
        return
    assert run.config is not None


def _split(words):
    from expframe.cli.argv import parse

    words = parse(["with", *words], "prog")
    return words.overrides, words.named


@pytest.mark.parametrize("name", ["", "a.yaml", "a.json", "a.toml"])
def test_config_files_that_are_none(tmp_path, name):
    """A folder, a missing file, an empty one, a list, bytes that are no text: each is an error that names the file."""
    path = tmp_path / (name or "folder.yaml")
    ex = Experiment("files", ghost=True)
    ex.add_config(a=1)
    ex.main(lambda a: a)
    contents = (
        [None]
        if not name
        else [b"\xff\xfe\x00", b"[1, 2", b"a: [", b"= 1", b"[1]\n", b'"text"'] + [b""] * (name != "a.yaml")
    )
    for content in contents:
        if content is None:
            path.mkdir()
        else:
            path.write_bytes(content)
        if (name, content) in (("a.toml", b"[1]\n"), ("a.toml", b"")):
            continue  # a table called 1; no entries: both are TOML
        with pytest.raises(ExpframeError) as caught:
            ex.resolve(named=[str(path)])

        assert path.name in str(caught.value)
    with pytest.raises(ConfigFileError, match="not found"):
        ex.resolve(named=[str(Path("missing.yaml"))])


def test_a_store_error_is_raised_to_the_caller(tmp_path):
    """From code, too, an unusable store stops the run before the command is called."""
    (tmp_path / "file").write_text("")
    called = []
    ex = Experiment("blocked", store=tmp_path / "file")
    ex.main(lambda: called.append(1))
    with pytest.raises(StoreUnusableError):
        ex.run()

    assert [] == called
