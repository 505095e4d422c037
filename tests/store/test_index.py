"""The index: fast, disposable, and never wrong, whoever changes what behind its back."""

import json
import multiprocessing
import os
import shutil
import sqlite3
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import pytest
import steps

from expframe import runs
from expframe.config.decided import Config
from expframe.record.events import Points
from expframe.record.record import Record
from expframe.store import index
from expframe.store.cache import cache_folder, index_file
from expframe.store.rows import GROUPS, read
from expframe.store.writer import LocalStore

ROOT = steps.ROOT
FILTER = "status == 'COMPLETED' and config.lr < 0.55 and metrics.acc.max > 0.05"


def add_run(store, number=0, status="COMPLETED", id=None):
    """Write a run, and return its folder."""
    record = Record(f"{number:08x}{os.getpid():08x}", "digits", "train", id=id)
    sink = LocalStore(store).open(record, Config({"lr": number / 10}))
    sink.write(Points([("acc", 0, 1.5, number / 10), ("loss", 0, 1.5, 1.0)]))
    sink.close(record._replace(id=sink.id, status=status))
    return sink.folder


@pytest.fixture
def store(tmp_path):
    """A store of ten runs."""
    for number in range(10):
        add_run(tmp_path / "runs", number)
    return tmp_path / "runs"


@pytest.fixture(autouse=True)
def _always_indexed(monkeypatch):
    """Few runs are indexed as many are, and at once."""
    monkeypatch.setattr(index, "FEW", 0)
    monkeypatch.setattr(index, "_SETTLED", 0)


def rows_of(store, groups=GROUPS):
    """Return the rows by index, after checking that they are those of the files."""
    ids = sorted(path.name for path in store.iterdir())
    found = list(index.rows(store, ids, groups))
    expected = [row for id in ids if (row := read(store / id, groups)) is not None]

    assert [plain(row) for row in expected] == [plain(row) for row in found]
    return {row.id: row for row in found}


def plain(row):
    """Return a row so that it compares."""
    return row._replace(metrics=None if row.metrics is None else repr(dict(row.metrics)))


def indexed(store):
    """Return how many runs the index of a store has."""
    connection = sqlite3.connect(index_file(store))
    try:
        return connection.execute("SELECT count(*) FROM runs").fetchone()[0]
    finally:
        connection.close()


class TestAnswers:
    """With the index, without, and after: the same."""

    def test_cold_and_warm(self, store):
        """The first time, the second, and after the index is deleted, runs are the same."""
        expected = ["6", "5", "4", "3", "2"]

        assert expected == runs(store).where(FILTER).ids()
        assert 10 == indexed(store)
        assert expected == runs(store).where(FILTER).ids()
        shutil.rmtree(cache_folder())
        assert expected == runs(store).where(FILTER).ids()
        rows_of(store)

    def test_nothing_is_read_again(self, store, monkeypatch):
        """While nothing changes, no file of a run is opened."""
        rows_of(store)
        monkeypatch.setattr(index, "read", None)
        monkeypatch.setattr(index, "read_own", None)

        assert 5 == len(runs(store).where(FILTER))

    def test_few_runs_need_no_index(self, store, monkeypatch):
        """Few runs are read from their files, and no index is made."""
        monkeypatch.setattr(index, "FEW", 10)

        assert 5 == len(runs(store).where(FILTER))
        assert not cache_folder().exists()

    def test_large_summaries(self, store, monkeypatch):
        """What runs with very many metrics come to is read from their files."""
        monkeypatch.setattr(index, "_LARGE", 10)
        for _ in range(2):
            rows_of(store)

    def test_batches(self, store, monkeypatch):
        """However many runs are handled at once, all are there, in the order of their ids."""
        monkeypatch.setattr(index, "_BATCH", 3)
        for _ in range(2):
            rows_of(store)

    def test_a_part_of_a_store(self, store):
        """Rows of some runs are had without those of others, and the index keeps the others."""
        rows_of(store)

        assert ["3", "1"] == [row.id for row in index.rows(store, ["3", "99", "1"], ())]
        assert 10 == indexed(store)


def edit(path, old, new):
    """Change a file in place, to one of the same size and time."""
    before = path.stat()
    with path.open("r+b") as file:
        content = file.read()
        assert old in content and len(old) == len(new)
        file.seek(0)
        file.write(content.replace(old, new))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


class TestChanges:
    """What happens behind the index's back is seen the next time."""

    def check(self, store, change):
        """Index the store, change something, and see that the rows are right before and after."""
        time.sleep(0.02)  # more than a clock's tick, which the two seconds stand for elsewhere
        rows_of(store)
        change()
        time.sleep(0.02)
        for _ in range(2):
            found = rows_of(store)
        return found

    def test_a_file_edited_in_place(self, store):
        """Also where size and time of the file stay as they were."""
        found = self.check(store, lambda: edit(store / "3" / "run.json", b"COMPLETED", b"completed"))
        assert "completed" == found["3"].record["status"]
        found = self.check(store, lambda: edit(store / "3" / "config.json", b"0.2", b"0.7"))
        assert 0.7 == found["3"].config["lr"]
        found = self.check(store, lambda: edit(store / "3" / "summary.json", b"0.2", b"0.8"))
        assert 0.8 == found["3"].metrics["acc"][3]

    def test_points_appended(self, store):
        """Points that were written after the summary count, whichever process wrote them."""
        for name in ("metrics.csv", "metrics-77.csv"):
            for value in (5, 6):

                def append(name=name, value=value):
                    with (store / "3" / name).open("a") as file:
                        file.write(f"acc,1,1.5,{value}\n")

                found = self.check(store, append)

                assert value == found["3"].metrics["acc"][2]

    @pytest.mark.parametrize("name", ["config.json", "summary.json", "metrics.csv", "run.json"])
    def test_a_file_removed(self, store, name):
        """A run lacks what was removed, or is none any more."""
        found = self.check(store, (store / "3" / name).unlink)

        assert ("3" in found) == (name != "run.json")

    def test_runs_come_and_go(self, store):
        """A run that is deleted, copied in, restored or exchanged is as the folder has it."""
        self.check(store, lambda: shutil.rmtree(store / "3"))
        assert 9 == indexed(store)
        self.check(store, lambda: shutil.copytree(store / "4", store / "3"))
        self.check(store, lambda: shutil.move(store / "4", store / "copy"))

        def exchange():
            (store / "5").rename(store / "aside")
            (store / "6").rename(store / "5")
            (store / "aside").rename(store / "6")

        found = self.check(store, exchange)
        assert (0.5, 0.4) == (found["5"].config["lr"], found["6"].config["lr"])
        backup = store.with_name("backup")
        shutil.copytree(store, backup)
        self.check(store, lambda: edit(store / "7" / "run.json", b"COMPLETED", b"completed"))
        shutil.rmtree(store)
        backup.rename(store)
        assert "COMPLETED" == rows_of(store)["7"].record["status"]

    def test_what_just_changed_is_not_trusted(self, store, monkeypatch):
        """A file that changed a moment ago may do so again within one tick of its clock: its run is not kept."""
        monkeypatch.setattr(index, "_SETTLED", 2_000_000_000)
        rows_of(store)

        assert 0 == indexed(store)
        for path in store.rglob("*"):
            os.utime(path, (1e9, 1e9))
        edit(store / "3" / "run.json", b"COMPLETED", b"completed")
        assert "completed" == rows_of(store)["3"].record["status"]

    def test_a_run_that_dies(self, store):
        """A run that says RUNNING is looked at each time, since it may die without touching its files."""
        path = store / "3" / "run.json"
        path.write_text(json.dumps({**json.loads(path.read_bytes()), "status": "RUNNING", "ended": None}))
        lease = store / "3" / "lease"
        lease.write_text(json.dumps({"machine": "other", "pid": 1, "started": "5", "interval": 10.0}))
        assert "RUNNING" == rows_of(store)["3"].record["status"]
        os.utime(lease, (1e9, 1e9))
        assert "DIED" == rows_of(store)["3"].record["status"]
        os.utime(lease)
        assert "RUNNING" == rows_of(store)["3"].record["status"]

    def test_what_cannot_be_read_is_tried_again(self, store):
        """A damaged run is not remembered as one."""
        for name in ("run.json", "config.json"):
            whole = (store / "3" / name).read_bytes()
            (store / "3" / name).write_text("{")
            shutil.rmtree(cache_folder(), ignore_errors=True)
            rows_of(store)
            assert 9 == indexed(store)
            (store / "3" / name).write_bytes(whole)
            rows_of(store)
            assert 10 == indexed(store)

    def test_each_store_has_its_own(self, store, tmp_path):
        """Stores with runs of the same ids are told apart, also when they change places."""
        other = tmp_path / "other"
        for number in range(10):
            add_run(other, 9 - number)
        for _ in range(2):
            assert ["10", "9", "8", "7", "6", "5"] == runs(other).where("config.lr < 0.55").ids()[:6]
            assert ["6", "5", "4", "3", "2", "1"] == runs(store).where("config.lr < 0.55").ids()
        store.rename(tmp_path / "aside")
        other.rename(store)
        assert "10" == runs(store).where("config.lr < 0.55").ids()[0]


class TestTheFile:
    """Whatever is wrong with the file of the index, runs are read all the same."""

    def test_cut_off_anywhere(self, store):
        """An index that ends at any tenth byte is as good as none, and is made anew."""
        rows_of(store)
        path = index_file(store)
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        whole = path.read_bytes()
        for end in range(0, len(whole), max(10, len(whole) // 40)):
            path.write_bytes(whole[:end])
            rows_of(store)
        rows_of(store)
        assert 10 == indexed(store)

    @pytest.mark.parametrize("where", [0, 20, 60, 100, 2000, 4096, 4200, 8192, 9000, 12_000, 15_000, 20_000])
    def test_garbage_in_it(self, store, where):
        """Nor does garbage inside it do harm."""
        rows_of(store)
        sqlite3.connect(index_file(store)).close()  # which moves all into the file
        path = index_file(store)
        with path.open("r+b") as file:
            file.seek(where)
            file.write(b"\xff\x00garbage" * 30)
        for _ in range(3):
            rows_of(store)
            assert 5 == len(runs(store).where(FILTER))

    @pytest.mark.parametrize(
        "statement", ["PRAGMA user_version = 99", "DROP TABLE runs", "ALTER TABLE runs RENAME COLUMN metrics TO other"]
    )
    def test_of_another_version(self, store, statement):
        """An index of an older or newer version is made anew."""
        rows_of(store)
        connection = sqlite3.connect(index_file(store))
        connection.execute(statement)
        connection.close()
        rows_of(store)

        assert 10 == indexed(store)

    def test_no_place_for_it(self, store, tmp_path, monkeypatch):
        """Where the cache cannot be written, runs are read without."""
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("EXPFRAME_CACHE", str(tmp_path / "file"))
        rows_of(store)
        monkeypatch.setenv("EXPFRAME_CACHE", str(tmp_path / "cache"))
        index_file(store).mkdir()
        rows_of(store)

    def test_somebody_else_is_writing(self, store, monkeypatch):
        """While another process holds the index, runs are read without it."""
        monkeypatch.setattr(index, "_PATIENCE", 0.05)
        rows_of(store)
        add_run(store, 3)
        holder = sqlite3.connect(index_file(store), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        try:
            assert 11 == len(rows_of(store))
        finally:
            holder.close()
        assert 10 == indexed(store)
        rows_of(store)
        assert 11 == indexed(store)

    def test_where_it_is(self, store, monkeypatch, tmp_path):
        """The cache is the user's own, and EXPFRAME_CACHE moves it."""
        monkeypatch.delenv("EXPFRAME_CACHE")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
        if sys.platform.startswith("linux"):
            assert tmp_path / "xdg" / "expframe" == cache_folder()
            monkeypatch.delenv("XDG_CACHE_HOME")
            assert Path.home() / ".cache" / "expframe" == cache_folder()
        monkeypatch.setenv("EXPFRAME_CACHE", str(tmp_path / "mine"))
        rows_of(store)
        assert [tmp_path / "mine" / "index"] == list((tmp_path / "mine").iterdir())

    def test_old_ones_are_thrown_away(self, store, tmp_path):
        """An index that nobody asked for a long time goes when a new one is made."""
        rows_of(store)
        old = index_file(store)
        os.utime(old, (1e9, 1e9))
        add_run(tmp_path / "other")
        rows_of(tmp_path / "other")

        assert not old.exists() and index_file(tmp_path / "other").exists()

    @pytest.mark.skipif(not hasattr(os, "fork") or os.getuid() != 0, reason="becomes another user")
    def test_by_another_user(self, monkeypatch, request):
        """Another user's store, read-only, and an index that cannot be written: runs are found."""
        folder = Path(tempfile.mkdtemp())  # pytest lets nobody else into its own folders
        request.addfinalizer(lambda: shutil.rmtree(folder))
        monkeypatch.setenv("EXPFRAME_CACHE", str(folder / "cache"))
        store = folder / "runs"
        for number in range(10):
            add_run(store, number)
        rows_of(store)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setgid(65534)
                os.setuid(65534)
                os.write(writing, json.dumps(runs(store).where(FILTER).ids()).encode())
            except BaseException as problem:
                os.write(writing, repr(problem).encode())
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as answer:
            said = answer.read()
        os.waitpid(child, 0)

        assert b'["6", "5", "4", "3", "2"]' == said


def write_some(store, number):
    """Write three runs, as one of many processes."""
    for _ in range(3):
        add_run(store, number % 10)


def read_often(store, stop, problems):
    """Read until told to stop, and report what was wrong."""
    try:
        seen = 0
        while not stop.is_set():
            ids = runs(store).where("config.lr >= 0 and (metrics.acc.count == 1 or status != 'x')").ids()
            assert len(ids) == len(set(ids)) and len(ids) >= seen
            seen = len(ids)
    except BaseException as problem:
        problems.put(repr(problem))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_many_write_while_others_read(tmp_path):
    """While 16 processes write, 4 read without an error, and in the end all see every run."""
    store = tmp_path / "runs"
    add_run(store)
    context = multiprocessing.get_context("fork")
    stop, problems = context.Event(), context.Queue()
    readers = [context.Process(target=read_often, args=(store, stop, problems)) for _ in range(4)]
    writers = [context.Process(target=write_some, args=(store, number)) for number in range(16)]
    for process in (*readers, *writers):
        process.start()
    for process in writers:
        process.join()
    stop.set()
    for process in readers:
        process.join()

    assert problems.empty(), problems.get()
    assert [0] * 16 == [process.exitcode for process in writers]
    assert 49 == len(runs(store).where("status == 'COMPLETED' and metrics.acc.count == 1"))
    assert 49 == len(rows_of(store))


@pytest.mark.slow
class TestManyRuns:
    """Thousands of runs, and thousands of metrics."""

    @pytest.mark.parametrize(("count", "metrics"), [(10_000, 20), (1_000, 1_000)])
    def test_at_scale(self, tmp_path, monkeypatch, count, metrics):
        """The answers are those of the files, cold and warm, and take no memory for each run's content."""
        monkeypatch.setattr(index, "FEW", 200)
        monkeypatch.syspath_prepend(str(ROOT))
        from benchmarks.stores import make_store

        store = tmp_path / "runs"
        make_store(store, count, metrics, 1)
        filter = "status == 'COMPLETED' and config.lr < 0.1 and metrics.acc.max > 0.9"
        cold = runs(store).where(filter).ids()
        tracemalloc.start()
        warm = runs(store).where(filter).ids()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert cold == warm
        assert count == indexed(store)
        assert peak < 2_000 * count + 10_000_000
        sample = runs(store)[:: count // 50]
        for run in sample:
            fits = run.status == "COMPLETED" and run.config["lr"] < 0.1 and run.summaries["acc"].max > 0.9
            assert fits == (run.id in warm)
        assert metrics == len(runs(store).last.summaries)
        assert 20 == len(runs(store)[:20].frame("pandas"))
