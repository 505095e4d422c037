"""Ids and leases of runs on disk."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from interpreter import start_python

import expframe
from expframe import Experiment
from expframe.disk import layout
from expframe.errors import OptionError, RunExistsError, StoreUnusableError
from expframe.process.identity import start_of
from expframe.store import ids
from expframe.store.lease import is_alive, own_lease

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@pytest.fixture
def attempts(monkeypatch):
    """Count the folders that are tried and looked for."""
    tried = []
    for name in ("mkdir", "exists"):
        original = getattr(Path, name)

        def spy(self, *args, original=original, **kwargs):
            tried.append(self.name)
            return original(self, *args, **kwargs)

        monkeypatch.setattr(Path, name, spy)
    return tried


def fill(store, numbers):
    """Make folders that stand for runs."""
    store.mkdir(exist_ok=True)
    for number in numbers:
        (store / str(number)).mkdir()


class TestNumbers:
    """Ids are small integers, never taken twice, and found without listing."""

    def test_count_from_one(self, tmp_path):
        """The first run is 1, the next one 2; the store is made on the way."""
        store = tmp_path / "a" / "b"

        assert ["1", "2", "3"] == [ids.make_folder(store, None).name for _ in range(3)]
        assert 4 == int((store / "_next").read_text())

    def test_git_ignores_a_folder_of_runs(self, tmp_path):
        """The first run of a new folder hides it from git; who takes that back, or has more in it, is left alone."""
        new, used = tmp_path / "new", tmp_path / "used"
        used.mkdir()
        (used / "train.py").touch()
        ids.make_folder(new, None)
        ids.make_folder(used, None)

        assert "*\n" == (new / ".gitignore").read_text()
        assert not (used / ".gitignore").exists()
        (new / ".gitignore").unlink()
        ids.make_folder(new, None)
        assert not (new / ".gitignore").exists()

    def test_a_removed_run_gives_no_number_back(self, tmp_path):
        """The number of the newest run is not used again after it was removed."""
        for _ in range(3):
            newest = ids.make_folder(tmp_path, None)
        shutil.rmtree(newest)

        assert "4" == ids.make_folder(tmp_path, None).name

    @pytest.mark.parametrize(
        "hint", [b"", b"2", b"garbage", b"-7", b"0", b"\xff\xfe", b"9" * 30, b"9" * 5000, b"1.5", b"3\n4\n", None]
    )
    def test_a_wrong_hint_is_no_matter(self, tmp_path, hint):
        """With a missing, stale or senseless hint the next free number is found, and the hint is right again."""
        fill(tmp_path, range(1, 21))
        if hint is not None:
            (tmp_path / "_next").write_bytes(hint)

        assert "21" == ids.make_folder(tmp_path, None).name
        assert 22 == int((tmp_path / "_next").read_text())

    def test_a_hint_that_cannot_be_read_or_written(self, tmp_path):
        """A folder in the hint's place is no matter."""
        fill(tmp_path, [1, 2])
        (tmp_path / "_next").mkdir()

        assert "3" == ids.make_folder(tmp_path, None).name

    @pytest.mark.parametrize("hint", [None, "600\n"])
    def test_thousands_of_runs_are_jumped_over(self, tmp_path, attempts, hint):
        """Without a hint, or with a stale one, a few dozen look-ups find the end."""
        fill(tmp_path, range(1, 3001))
        if hint:
            (tmp_path / "_next").write_text(hint)
        attempts.clear()

        assert "3001" == ids.make_folder(tmp_path, None).name
        assert len(attempts) < 60
        attempts.clear()
        assert "3002" == ids.make_folder(tmp_path, None).name
        assert len(attempts) <= 3

    def test_a_copied_run_is_passed(self, tmp_path):
        """A run that was copied in keeps its number, and new ones go around it."""
        ids.make_folder(tmp_path, None)
        fill(tmp_path, [2, 3, 50])

        assert "4" == ids.make_folder(tmp_path, None).name
        (tmp_path / "_next").write_text("50\n")
        assert "51" == ids.make_folder(tmp_path, None).name

    def test_a_hint_overwritten_by_a_slower_process_is_mended(self, tmp_path, monkeypatch):
        """A process that writes an older hint over a newer one puts it right, so that no number is used again."""
        write_all = ids.write_all
        others = []

        def slow(file, content):
            if not others:  # meanwhile another process makes the next run
                others.append(1)
                assert "2" == ids.make_folder(tmp_path, None).name
            write_all(file, content)

        monkeypatch.setattr(ids, "write_all", slow)
        assert "1" == ids.make_folder(tmp_path, None).name
        shutil.rmtree(tmp_path / "2")

        assert "3" == ids.make_folder(tmp_path, None).name

    def test_a_number_that_was_taken_and_removed_meanwhile_is_not_given_again(self, tmp_path, monkeypatch):
        """Whoever is slow to note its number does not bring back one that another run had, and that was removed."""
        mkdir = Path.mkdir

        def slow(self, *args, **kwargs):
            mkdir(self, *args, **kwargs)
            if self.name == "1":
                ids.make_folder(tmp_path, None).rmdir()

        monkeypatch.setattr(Path, "mkdir", slow)

        assert ["1", "3"] == [ids.make_folder(tmp_path, None).name for _ in range(2)]

    def test_sixteen_processes_at_once(self, tmp_path, script, environment):
        """Sixteen processes that start a run at once make the runs 1 to 16."""
        start = script(
            """
            import sys, time
            from pathlib import Path
            from expframe import Experiment
            ex = Experiment("many")
            ex.main(lambda n: n)
            go = Path("go")
            print("ready", flush=True)
            while not go.exists():
                time.sleep(0.001)
            for number in range(4):
                if not __import__("os").fork():
                    ex.run(config_updates={"n": number}, options={"capture": "no"})
                    __import__("os")._exit(0)
            for number in range(4):
                assert __import__("os").wait()[1] == 0
            """
        )
        if not hasattr(os, "fork"):
            pytest.skip("starts its processes by fork")
        processes = [start_python([start], env=environment, stderr=None) for _ in range(4)]
        for process in processes:
            assert "ready\n" == process.stdout.readline()
        (tmp_path / "go").touch()
        for process in processes:
            process.communicate(timeout=120)
            assert 0 == process.returncode
        runs = expframe.runs(tmp_path / "runs")

        assert [str(number) for number in range(16, 0, -1)] == [run.id for run in runs]
        assert {"COMPLETED"} == {run.status for run in runs}
        assert 16 == len({run.record.uid for run in runs})
        assert 17 == int((tmp_path / "runs" / "_next").read_text())


class TestNames:
    """A run may be named, by a plain name that is free."""

    @pytest.mark.parametrize("name", ["first", "a.b-c_d", "17", "x-", "A" * 200])
    def test_plain_names(self, tmp_path, name):
        """Letters, digits, dots, dashes and underscores make a name."""
        assert tmp_path / name == ids.make_folder(tmp_path, name)

    @pytest.mark.parametrize(
        "name",
        ["", ".", "..", "../x", "/x", "a/b", "a\\b", "a\0b", "_sources", ".hidden", "a b", "ä", "a\n", "A" * 201],
    )
    def test_other_names_are_refused(self, tmp_path, name):
        """What could leave the store or hide in it is refused, and nothing is made."""
        with pytest.raises(OptionError, match="is no name for a run"):
            ids.make_folder(tmp_path / "runs", name)

        assert not list(tmp_path.iterdir())

    def test_a_name_is_taken_once(self, tmp_path):
        """A second run of one name is refused; so is one that a link has."""
        ids.make_folder(tmp_path, "first")
        (tmp_path / "link").symlink_to(tmp_path / "nowhere")

        for name in ("first", "link"):
            with pytest.raises(RunExistsError) as caught:
                ids.make_folder(tmp_path, name)

            assert (name, str(tmp_path)) == (caught.value.id, caught.value.store)

    def test_numbers_go_around_names(self, tmp_path):
        """A name that is a number is not taken again by counting."""
        ids.make_folder(tmp_path, "1")

        assert "2" == ids.make_folder(tmp_path, None).name


class TestNumbersAsNames:
    """A name that is a number is one of the numbers."""

    def test_a_number_that_was_asked_for_is_not_given_again(self, tmp_path):
        """Also where its run was removed, the next ones have higher numbers."""
        ids.make_folder(tmp_path, "3").rmdir()

        assert ["4", "5"] == [ids.make_folder(tmp_path, None).name for _ in range(2)]

    @pytest.mark.parametrize("name", ["007", "3a", "9999999999999999"])
    def test_other_names_move_nothing(self, tmp_path, name):
        """What no run would be numbered is a name like any other."""
        ids.make_folder(tmp_path, name)

        assert "1" == ids.make_folder(tmp_path, None).name


class TestUnusable:
    """A store that cannot be written stops the run before it starts."""

    def test_a_file_in_its_place(self, tmp_path):
        """A file is no store."""
        (tmp_path / "runs").write_text("")

        for store in (tmp_path / "runs", tmp_path / "runs" / "below"):
            ex = Experiment("file", store=store)
            ex.main(lambda: None)
            with pytest.raises(StoreUnusableError, match="it is no folder"):
                ex.run()

    def test_nothing_is_left_of_a_run_that_cannot_be_stored(self, tmp_path, monkeypatch):
        """A run whose first files cannot be written leaves no folder."""

        def full(path, content):
            raise OSError(28, "No space left on device")

        ex = Experiment("full", store=tmp_path / "runs")
        ex.main(lambda: None)
        monkeypatch.setattr("expframe.store.writer.replace_file", full)
        with pytest.raises(StoreUnusableError, match="No space left on device"):
            ex.run()

        assert [] == [path.name for path in (tmp_path / "runs").iterdir() if path.is_dir()]


def lease(folder, **changes):
    """Write a lease of this process, with changes."""
    own = {**own_lease(10.0)._asdict(), **changes}
    (folder / layout.LEASE).write_text(json.dumps(own))


def age(folder, seconds):
    """Make a lease older."""
    then = time.time() - seconds
    os.utime(folder / layout.LEASE, (then, then))


class TestLease:
    """A run that says RUNNING is alive as long as its process is, or elsewhere as long as its lease is fresh."""

    def test_our_own(self, tmp_path):
        """This process is alive, however old its lease."""
        own_lease(10.0).write(tmp_path / layout.LEASE)
        age(tmp_path, 10_000)

        assert is_alive(tmp_path)

    @pytest.mark.parametrize("text", [None, "", "{", "[]", "{}", '{"machine": 1}', "null", '"text"', "\xff"])
    def test_no_lease(self, tmp_path, text):
        """Without a lease that can be read nobody is there."""
        if text is not None:
            (tmp_path / layout.LEASE).write_text(text, encoding="latin-1")

        assert not is_alive(tmp_path)

    @linux
    def test_a_reused_pid(self, tmp_path):
        """Another process of the same pid, told by its start time, is not the run's."""
        lease(tmp_path, started="1")

        assert not is_alive(tmp_path)

    @linux
    def test_an_ended_process(self, tmp_path):
        """A pid that is gone, or a zombie, is dead at once."""
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        started = start_of(process.pid)
        lease(tmp_path, pid=process.pid, started=started)
        assert is_alive(tmp_path)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not is_alive(tmp_path)
        process.stdin.close()
        process.wait()
        assert not is_alive(tmp_path)

    @pytest.mark.parametrize(
        ("seconds", "interval", "alive"), [(5, 10.0, True), (50, 0.1, True), (70, 10.0, False), (500, 100.0, True)]
    )
    def test_another_machine(self, tmp_path, seconds, interval, alive):
        """Elsewhere the lease's age counts: six beats, and never less than a minute."""
        lease(tmp_path, machine="another boot 1", pid=1, interval=interval)
        age(tmp_path, seconds)

        assert alive is is_alive(tmp_path)

    def test_no_start_time(self, tmp_path):
        """Where the system tells no start time, the lease's age counts here as well."""
        lease(tmp_path, started="")
        assert is_alive(tmp_path)
        age(tmp_path, 70)
        assert not is_alive(tmp_path)

    def test_the_clock_is_the_file_systems(self, tmp_path, monkeypatch):
        """A clock of ours that is wrong kills nobody, and asking the file system's leaves no trace."""
        folder = tmp_path / "1"
        folder.mkdir()
        lease(folder, machine="another boot 1")
        monkeypatch.setattr(time, "time", lambda: 4e9)

        assert is_alive(folder)
        assert ["1"] == [path.name for path in tmp_path.iterdir()]

    @pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
    def test_a_killed_run_reads_as_died(self, tmp_path, script, environment):
        """A run is RUNNING while its process lives and DIED after kill -9, and no file of it was rewritten."""
        path = script(
            """
            import time
            from expframe import Experiment
            ex = Experiment("victim")
            @ex.automain
            def main(_run):
                for step in range(1000):
                    _run.log_scalar("loss", step)
                print("ready", flush=True)
                time.sleep(60)
            """
        )
        with start_python([path], env=environment, stderr=subprocess.DEVNULL) as process:
            assert "ready\n" == process.stdout.readline()
            run = expframe.runs(tmp_path / "runs")[1]
            deadline = time.monotonic() + 120
            while len(run.metrics().get("loss", ())) < 1000 and time.monotonic() < deadline:
                time.sleep(0.02)
            running = run.status
            process.send_signal(signal.SIGKILL)
            process.wait()
        before = (run.folder / "run.json").read_bytes()

        assert ("RUNNING", "DIED") == (running, run.status)
        assert list(map(float, range(1000))) == run.metrics("loss").values
        assert before == (run.folder / "run.json").read_bytes()
        assert b'"RUNNING"' in before


@pytest.mark.parametrize("name", ["last", "best", "2-3", "12-4", "-x", "--all"])
def test_words_of_the_command_line_are_no_ids(ex, cli, name):
    """What is something else on a command line is no id, by `-i` or `rename`; an imported run called so is numbered."""
    ex.main(lambda: None)
    other = f"run{name}" if name.startswith("-") else f"{name}-run"
    with pytest.raises(OptionError, match=f"id '{name}': .* on the command line.*such as {other}"):
        ex.run(options={"id": name})
    ex.run()
    cli("rename", "1", name)

    assert 2 == cli.code and (f"id '{name}'" in cli.err or f"{name}: no such flag" in cli.err)
    assert not Path("runs", name).exists()
    ids.make_folder_like(Path("runs"), name)
    assert {"1", "2"} == {path.name for path in Path("runs").iterdir() if path.name.isdigit()}


class TestStores:
    """Which folder is meant."""

    @pytest.fixture(autouse=True)
    def _home(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))

    @pytest.mark.parametrize("way", ["variable", "argument", "option", "long", "short", "equals", "path"])
    def test_a_tilde_is_the_home_folder_whoever_names_it(self, tmp_path, monkeypatch, way):
        """`~/store` is in the home folder, in a variable, in Python and in a word of which a shell leaves it alone."""
        if way == "variable":
            monkeypatch.setenv("EXPFRAME_STORE", "~/store")
        given = {"argument": "~/store", "path": Path("~", "store")}.get(way)
        ex = Experiment("at", store=given)
        ex.main(lambda: None)
        words = {"long": ["--file_storage=~/store"], "short": ["-F~/store"], "equals": ["-F=~/store"]}.get(way, [])
        if way == "option":
            ex.run(options={"file_storage": "~/store"})
        else:
            ex.run_commandline(["at", *words])

        assert (tmp_path / "home" / "store" / "1" / "run.json").exists()
        assert not (tmp_path / "~").exists()
        assert ["1"] == [run.id for run in expframe.runs("~/store")]

    def test_a_home_folder_that_is_not_there_is_refused(self, tmp_path):
        """No folder called `~somebody` is made by mistake; one that is really called so is written with `./`."""
        ex = Experiment("at", store="~nobody-of-this-name/store")
        ex.main(lambda: None)

        with pytest.raises(StoreUnusableError, match=r"'~nobody-of-this-name/store': is in no home .* \./~"):
            ex.run()
        assert [] == list(tmp_path.iterdir())
        assert tmp_path / "~" == ids.resolve_store("./~")

    @pytest.mark.parametrize(
        ("words", "folder"),
        [("-F=out", "out"), ("-F out", "out"), ("-Fout", "out"), ("-F ./=out", "=out"), ("-dF=out", "out")],
    )
    def test_an_equals_sign_after_a_short_flag_is_no_part_of_its_value(self, tmp_path, words, folder):
        """`-F=out` is `-F out`, also after other flags in the same word."""
        ex = Experiment("at")
        ex.main(lambda: None)
        ex.run_commandline(["at", *words.split()])

        assert (tmp_path / folder / "1").exists()

    def test_an_option_without_a_folder_is_refused(self, tmp_path):
        """An empty variable of a shell does not lead to another store."""
        ex = Experiment("at")
        ex.main(lambda: None)
        with pytest.raises(OptionError, match="--file_storage=: needs a folder"):
            ex.run(options={"file_storage": ""})
        for words in (["-F="], ["-F", ""], ["--file_storage="]):
            with pytest.raises(SystemExit) as ended:
                ex.run_commandline(["at", *words])

            assert 2 == ended.value.code
        assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("word", "is_ghost"),
    [("1", True), ("true", True), ("Yes", True), ("ON", True), ("0", False), ("false", False), ("no", False),
     ("Off", False), ("", False), (" 0 ", False)],
)  # fmt: skip
def test_a_variable_says_whether_anything_is_kept(tmp_path, monkeypatch, word, is_ghost):
    """EXPFRAME_GHOST is yes or no in the words that entries take."""
    monkeypatch.setenv("EXPFRAME_GHOST", word)
    ex = Experiment("at")
    ex.main(lambda: None)
    ex.run()

    assert is_ghost != (tmp_path / "runs").exists()


@pytest.mark.parametrize("word", ["2", "maybe", "ture", "none"])
def test_another_word_for_a_ghost_is_an_error(tmp_path, monkeypatch, word):
    """A word that is neither yes nor no starts nothing, and the words that are taken are named."""
    monkeypatch.setenv("EXPFRAME_GHOST", word)
    ex = Experiment("at")
    ex.main(lambda: None)

    with pytest.raises(OptionError, match=f"EXPFRAME_GHOST={word}: is neither yes nor no. It takes 1, 0, true, yes"):
        ex.run()
    assert [] == list(tmp_path.iterdir())
