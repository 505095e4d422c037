"""Files put into a run: whole, under a name of their own, or not at all."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from interpreter import run_python, start_python
from steps import wait_until

import expframe
from expframe import Experiment
from expframe.errors import EscapingPathError, SaveError, StoreError, ValueFormatError
from expframe.record.events import File
from expframe.saving import artifacts, files


@pytest.fixture
def folder(tmp_path):
    """Return the folder of a run in a store."""
    folder = tmp_path / "runs" / "1"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def source(tmp_path):
    """Return a file to be stored."""
    path = tmp_path / "model.tar.gz"
    path.write_bytes(b"weights")
    return path


def names(folder):
    """Return the names of everything below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


class TestArtifacts:
    """An artifact is copied among the run's files."""

    def test_its_own_name(self, folder, source):
        """By default a file keeps its name; the fact says what it is."""
        file = artifacts.add_file(folder, source, metadata={"epoch": 3}, content_type="application/gzip")

        assert ("artifact", "model.tar.gz", 7, "application/gzip", {"epoch": 3}) == (
            file.kind,
            file.name,
            file.size,
            file.content_type,
            file.metadata,
        )
        assert b"weights" == (folder / "files" / "model.tar.gz").read_bytes()
        assert str(folder / "files" / "model.tar.gz") == file.path

    def test_a_chosen_name(self, folder, source):
        """A name may have folders."""
        assert "best/one.gz" == artifacts.add_file(folder, str(source), "best/one.gz").name
        assert ["best/one.gz"] == names(folder / "files")

    def test_a_taken_name(self, folder, source):
        """A name that is taken gets a number before its suffix, a double one for a tar."""
        found = [artifacts.add_file(folder, source).name for _ in range(3)]
        plain = [
            artifacts.add_file(folder, source, name).name for name in ("a.txt", "a.txt", "a", "a", "a.b.c", "a.b.c")
        ]

        assert ["model.tar.gz", "model (1).tar.gz", "model (2).tar.gz"] == found
        assert ["a.txt", "a (1).txt", "a", "a (1)", "a.b.c", "a.b (1).c"] == plain

    def test_a_file_that_is_there_already(self, folder, source):
        """A file among the run's files is noted, not copied; with another name it is."""
        path = folder / "files" / "sub" / "own.txt"
        path.parent.mkdir(parents=True)
        path.write_text("own")

        assert ("sub/own.txt", str(path)) == (artifacts.add_file(folder, path).name, str(path))
        assert ["sub/own.txt"] == names(folder / "files")
        assert "copy.txt" == artifacts.add_file(folder, path, "copy.txt").name

    @pytest.mark.parametrize("name", ["..", "../x", "/x", "a/../../x", "", ".", "a\0b", "out/x"])
    def test_names_that_leave_the_run(self, folder, source, tmp_path, name):
        """A name that leads out is refused, and nothing is stored anywhere."""
        (folder / "files").mkdir()
        (folder / "files" / "out").symlink_to(tmp_path)
        with pytest.raises(EscapingPathError):
            artifacts.add_file(folder, source, name)

        assert [source.name] == names(tmp_path)

    @pytest.mark.parametrize("missing", [True, False])
    def test_what_cannot_be_read(self, folder, tmp_path, missing):
        """A missing file or a folder is an error that names it and leaves nothing."""
        path = tmp_path / "thing"
        if not missing:
            path.mkdir()
        with pytest.raises(SaveError) as caught:
            artifacts.add_file(folder, path)

        reason = "No such file or directory" if missing else f"{str(path)!r} is a folder, not a file"
        assert f"artifact {str(path)!r}: cannot be stored ({reason}). Nothing was left behind." == str(caught.value)
        assert [] == names(tmp_path)

    def test_a_full_disk(self, folder, source, monkeypatch):
        """When the disk is full, no part of the file is left."""

        def full(original, copy, size):
            copy.write(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("expframe.disk.files._clone", lambda original, copy: False)
        monkeypatch.setattr("shutil.copyfileobj", full)
        with pytest.raises(SaveError, match="No space left on device"):
            artifacts.add_file(folder, source)

        assert [] == names(folder)

    @pytest.mark.parametrize("links", [True, False])
    def test_many_threads_with_one_name(self, folder, source, monkeypatch, links):
        """Sixteen threads that store one name get sixteen names, also where the file system knows no links."""
        if not links:

            def refuse(*args, **kwargs):
                raise OSError(errno.EOPNOTSUPP, "no links")

            monkeypatch.setattr(os, "link", refuse)
        found = []
        threads = [threading.Thread(target=lambda: found.append(artifacts.add_file(folder, source))) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert 16 == len({file.name for file in found}) == len(names(folder / "files"))
        assert {b"weights"} == {(folder / "files" / name).read_bytes() for name in names(folder / "files")}


class TestResources:
    """A resource is kept once for all runs of the store, by its content."""

    def test_once_for_all(self, folder, source, tmp_path):
        """Two runs that read the same content share one copy, under its digest."""
        other = tmp_path / "runs" / "2"
        other.mkdir()
        digest = hashlib.sha256(b"weights").hexdigest()
        first, second = files.add_resource(folder, source), files.add_resource(other, source)

        assert isinstance(first, File)
        assert ("resource", str(source), digest, 7) == (first.kind, first.name, first.digest, first.size)
        assert first.path == second.path
        assert [f"{digest}.gz"] == names(tmp_path / "runs" / "_resources")

    def test_changed_content(self, folder, source):
        """Changed content is another file."""
        first = files.add_resource(folder, source).path
        source.write_bytes(b"other")

        assert first != files.add_resource(folder, source).path

    def test_what_cannot_be_read(self, folder, tmp_path):
        """A missing file is an error that names it."""
        with pytest.raises(SaveError, match=r"resource .*none.* cannot be stored"):
            files.add_resource(folder, tmp_path / "none")


@pytest.fixture
def within(tmp_path):
    """Do something in a run that keeps its files in `runs`, and return what it returns."""

    def go(function, **how):
        ex = Experiment("saving", store=tmp_path / "runs", **how)

        @ex.main
        def main(_run):
            return function(_run)

        return ex.run().result

    return go


class Hostile:
    """An object that raises whatever is asked of it."""

    def _fail(self, *args):
        raise RuntimeError("hostile")

    __repr__ = __str__ = __eq__ = __reduce__ = __reduce_ex__ = __getstate__ = __len__ = __iter__ = __bool__ = _fail
    __hash__ = None


class HostileError(Exception):
    """An exception whose text raises."""

    def __str__(self):
        raise RuntimeError("hostile")


class TestSave:
    """run.save puts an object among the run's files."""

    def test_where(self, within, tmp_path):
        """The path is returned, folders are made, and the fact is noted and counted."""
        first = within(lambda run: [str(run.save({"a": 1}, "sub/folder/a.json")), str(run.save(b"x", Path("b.bin")))])
        run = expframe.runs(tmp_path / "runs")[1]
        files = tmp_path / "runs" / "1" / "files"

        assert [str(files / "sub/folder/a.json"), str(files / "b.bin")] == first
        assert [("file", "sub/folder/a.json", 11), ("file", "b.bin", 1)] == [
            (file.kind, file.name, file.size) for file in run.files
        ]
        assert 2 == run.record.counts["files"]
        assert [{"a": 1}, b"x"] == [run.load("sub/folder/a.json"), run.load("b")]

    def test_a_taken_name(self, within):
        """A taken name gets a number, whoever took it, and never replaces what is there."""

        def save(run):
            run.path("a.json").mkdir()
            run.path("b.json").symlink_to("nothing")
            names = [run.save({"n": n}, name).name for n, name in enumerate(["a", "a.json", "b", "c", "c"])]
            return names, [run.load(name) for name in names]

        names, found = within(save)

        assert ["a (1).json", "a (2).json", "b (1).json", "c.json", "c (1).json"] == names
        assert [{"n": n} for n in range(5)] == found

    def test_overwriting(self, within, tmp_path):
        """With overwrite=True the file of this name is replaced, at once."""

        def save(run):
            paths = [run.save({"n": n}, "a", overwrite=True) for n in range(3)]
            return len(set(paths)), run.load("a")

        assert (1, {"n": 2}) == within(save)
        assert ["a.json"] == names(tmp_path / "runs" / "1" / "files")

    def test_many_of_one_name(self, folder):
        """The next free number is found in a few looks, whatever is there."""
        (folder / "files").mkdir()
        for number in range(1000):
            (folder / "files" / (f"a ({number}).txt" if number else "a.txt")).touch()
        looks = []
        lexists = os.path.lexists
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os.path, "lexists", lambda path: looks.append(path) or lexists(path))
            file = files.save(folder, "text", "a", overwrite=False, method=None)

        assert "a (1000).txt" == file.name
        assert len(looks) < 30

    def test_a_path(self, within, tmp_path):
        """A path stands for the file it names: copied, or only noted where it is that file already."""
        (tmp_path / "model.onnx").write_bytes(b"weights")

        def save(run):
            own = run.path("own.txt")
            own.write_text("own")
            names = [
                run.save(tmp_path / "model.onnx", "best").name,
                run.save(tmp_path / "model.onnx", "best.onnx").name,
                run.save(own, "own.txt").name,
                run.save(own, "other.txt").name,
            ]
            with pytest.raises(
                SaveError, match=rf"file 'best': cannot be stored \('{tmp_path / 'gone'}' is not there\)"
            ):
                run.save(tmp_path / "gone", "best")
            return names

        assert ["best.onnx", "best (1).onnx", "own.txt", "other.txt"] == within(save)
        assert ["best (1).onnx", "best.onnx", "other.txt", "own.txt"] == names(tmp_path / "runs" / "1" / "files")
        assert 4 == len(expframe.runs(tmp_path / "runs")[1].files)

    @pytest.mark.parametrize(
        "name",
        [
            'it\'s "quoted"',
            "two  spaces ",
            " ",
            "line\nbreak",
            "möwe 🐦",
            "-rf",
            "$(x)`y`",
            "a\\b",
            "*?",
            "é" * 120,
            "\udcff",
            "con.aux",
            "~",
            "a\x1b[2J",
            ".dot",
            "x (1)",
        ],
    )
    @pytest.mark.skipif(os.name == "nt", reason="Windows has fewer names")
    def test_names_of_all_kinds(self, within, tmp_path, name):
        """Whatever name the file system takes comes back as it was, in the run, in its list of files and on disk."""
        found = within(lambda run: [run.save([1], name).name, run.save([2], name).name, run.load(f"{name}.json")])

        assert [f"{name}.json", f"{name} (1).json", [1]] == found
        run = expframe.runs(tmp_path / "runs")[1]
        assert [f"{name}.json", f"{name} (1).json"] == [file.name for file in run.files]
        assert [[1], [2]] == [run.load(file.name) for file in run.files]

    @pytest.mark.parametrize("name", ["", ".", "..", "../x", "/x", "a/../../x", "a\0b", "out", "out/x", "out.json/x"])
    @pytest.mark.parametrize("value", [{}, b"x", Path("run.json")], ids=["object", "bytes", "path"])
    def test_names_that_leave_the_run(self, within, tmp_path, name, value):
        """A name that leads out is refused, for saving and loading; nothing is written or read outside."""
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "x").write_text("{}")

        def save(run):
            run.path().joinpath("out").symlink_to(outside)
            run.path().joinpath("out.json").symlink_to(outside)
            with pytest.raises(EscapingPathError):
                run.save(value, name)
            with pytest.raises(EscapingPathError):
                run.load(name)

        within(save)

        assert ["x"] == names(outside)

    def test_a_link_where_the_file_would_be(self, within, tmp_path):
        """A link out of the run under the name with its extension is not written through."""
        target = tmp_path / "precious.json"
        target.write_text("precious")

        def save(run):
            run.path("x.json").symlink_to(target)
            for overwrite in (False, True):
                with pytest.raises(EscapingPathError):
                    run.save({}, "x", overwrite=overwrite)

        within(save)

        assert "precious" == target.read_text()

    def test_bad_names(self, within):
        """A name that is none is an error at the call."""
        with pytest.raises(TypeError):
            within(lambda run: run.save({}, 3))

    def test_a_name_that_is_too_long(self, within, tmp_path):
        """What the file system refuses is a SaveError that says so."""
        with pytest.raises(SaveError, match="File name too long"):
            within(lambda run: run.save({}, "x" * 300))

        assert [] == names(tmp_path / "runs" / "1" / "files")

    def test_a_file_where_a_folder_is_wanted(self, within):
        """A file cannot be a folder too: a SaveError says so."""

        def save(run):
            run.save("text", "a")
            run.save("text", "a.txt/b")

        with pytest.raises(SaveError, match=r"file 'a\.txt/b': cannot be stored \((Not a directory|File exists)\)"):
            within(save)

    def test_where_nothing_is_kept(self, within, tmp_path):
        """A ghost saves and loads alike, in a folder that is gone afterwards."""
        path, found = within(lambda run: [str(run.save({"a": (1,)}, "a")), run.load("a")], ghost=True)

        assert {"a": (1,)} == found
        assert not Path(path).exists()
        assert not (tmp_path / "runs").exists()

    def test_in_the_deepest_run(self, tmp_path):
        """A child's files are its own."""
        ex = Experiment("nested", store=tmp_path)

        @ex.command
        def inner(_run):
            _run.save("inner", "a")

        @ex.main
        def main(_run):
            ex.run("inner")
            _run.save("outer", "a")

        ex.run()

        assert ["outer", "inner"] == [expframe.runs(tmp_path)[id].load("a") for id in (1, 2)]


class TestFailures:
    """What cannot be saved raises in the caller, and leaves nothing; the run goes on."""

    @pytest.mark.parametrize("name", ["x", "x.json", "x.pkl"])
    @pytest.mark.parametrize("wrap", [lambda value: value, lambda value: {"a": [value]}], ids=["alone", "inside"])
    def test_hostile_objects(self, within, tmp_path, name, wrap):
        """An object that raises whatever is asked of it is a SaveError."""

        def save(run):
            with pytest.raises(SaveError, match="Nothing was left behind"):
                run.save(wrap(Hostile()), name)
            return str(run.save(3, "three"))

        within(save)

        assert ["three.json"] == names(tmp_path / "runs" / "1" / "files")
        assert ["three.json"] == [file.name for file in expframe.runs(tmp_path / "runs")[1].files]

    def test_cyclic_objects(self, within):
        """JSON cannot hold what contains itself; objects that do, and pickles, can."""
        cyclic = [1]
        cyclic.append(cyclic)
        deep = []
        for _ in range(100_000):
            deep = [deep]

        class Node:
            pass

        node = Node()
        node.next = node

        def save(run):
            for value in (cyclic, {"a": cyclic}):
                with pytest.raises(SaveError, match=r"list \(it contains itself\) has no form in JSON"):
                    run.save(value, "x")
            for name in ("deep", "deep.pkl"):
                with pytest.raises(SaveError):
                    run.save(deep, name)
            run.save(node, "node")
            run.save(cyclic, "x.pkl")
            found = run.load("x", trust=True)
            return found[1] is found

        assert within(save) is True

    @pytest.mark.parametrize("problem", [ValueError("no"), HostileError(), RecursionError(), MemoryError("none")])
    def test_writers_that_fail_half_way(self, within, tmp_path, problem):
        """What an iterator raises half-way is the cause of a SaveError."""

        def pieces():
            yield b"half"
            raise problem

        def save(run):
            with pytest.raises(SaveError, match=type(problem).__name__) as caught:
                run.save(pieces(), "a/x.bin")
            assert caught.value.__cause__ is problem

        within(save)

        assert [] == names(tmp_path / "runs" / "1" / "files")

    def test_interrupts_pass(self, within, tmp_path):
        """An interrupt half-way is no SaveError, and leaves nothing half-written."""

        def pieces():
            yield b"half"
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            within(lambda run: run.save(pieces(), "x"))

        assert [] == names(tmp_path / "runs" / "1" / "files")

    def test_replacing_fails_half_way(self, within):
        """The old file stays whole when its replacement fails."""

        def save(run):
            run.save(b"old", "x", overwrite=True)
            with pytest.raises(SaveError):
                run.save(iter([b"new", 3]), "x", overwrite=True)
            return run.load("x")

        assert b"old" == within(save)

    def test_without_links(self, folder, monkeypatch):
        """Where the file system knows no links and the last step fails, the name is free again."""

        def refuse(*args, **kwargs):
            raise OSError(errno.EOPNOTSUPP, "no links")

        monkeypatch.setattr(os, "link", refuse)
        monkeypatch.setattr(Path, "replace", refuse)
        with pytest.raises(SaveError, match="no links"):
            files.save(folder, b"x", "x", overwrite=False, method=None)

        assert [] == names(folder)


class TestLoad:
    """run.load and StoredRun.load give back what was saved."""

    def test_without_the_extension(self, within, tmp_path):
        """The extension may be left out where one file is meant; where several are, the error names them."""

        def save(run):
            run.save([1], "a")
            run.save("text", "sub/b.md")
            run.save([2], "c")
            run.save("c", "c")
            run.path("plain").write_bytes(b"x")
            run.save([3], "plain")
            with pytest.raises(StoreError, match=r"file 'c': could be c\.json or c\.txt\. Give its extension\."):
                run.load("c")
            with pytest.raises(StoreError, match="no saver reads names without extension"):
                run.load("plain")
            return run.load("a"), run.load("sub/b")

        assert ([1], "text") == within(save)

    def test_what_is_not_there(self, within):
        """A missing file is an error that lists what is there."""

        def save(run):
            with pytest.raises(StoreError, match=r"file 'x': is not there\. .*files holds nothing\."):
                run.load("x")
            run.save([1], "a")
            run.save([1], "b/c")
            with pytest.raises(StoreError, match=r"file 'b': is not there\. .*files holds: a\.json, b\."):
                run.load("b")

        within(save)

    def test_artifacts(self, within, tmp_path):
        """Artifacts are loaded by their extension."""
        (tmp_path / "mine.json").write_text('{"a": 1}')

        def save(run):
            run.add_artifact(tmp_path / "mine.json", metadata={"saver": "nobody"})
            return run.load("mine.json")

        assert {"a": 1} == within(save)

    def test_trust(self, within, tmp_path):
        """Without trust nothing in a file is executed, whatever it says and whatever it is called."""
        import pickle

        class Bomb:
            def __reduce__(self):
                return os.mkdir, (str(tmp_path / "exploded"),)

        import numpy

        evil = pickle.dumps(Bomb())
        array = numpy.array([None], dtype=object)
        array[0] = Bomb()
        python = {"py/reduce": [{"py/function": "os.mkdir"}, {"py/tuple": [str(tmp_path / "exploded")]}]}
        tagged = json.dumps({"__type__": "jsonpickle", "name": "x:y", "state": python}).encode()
        named = json.dumps({"__type__": "reference", "name": "antigravity:x"}).encode()

        def save(run):
            for suffix in ("pkl", "npy", "npz", "json", "csv", "parquet", "png", "joblib", "pickle", "txt", "bin"):
                run.save(evil, f"evil.{suffix}", method="bytes")
            run.save(array, "array")
            run.save({"a": array}, "arrays.npz")
            run.save(tagged, "tagged.json")
            run.save(python, "python.json")
            run.save(named, "named.json")

        within(save)
        run = expframe.runs(tmp_path / "runs")[1]
        for file in run.files:
            for method in (None, "json", "numpy", "pandas", "pickle", "joblib", "images", "text", "polars", "arrow"):
                with contextlib.suppress(StoreError, ValueFormatError):
                    run.load(file.name, method=method)

        assert not (tmp_path / "exploded").exists()
        assert "antigravity" not in sys.modules
        with pytest.raises(StoreError, match="executes code"):
            run.load("evil.pkl", method="pickle")
        run.load("evil.pkl", method="pickle", trust=True)

        assert (tmp_path / "exploded").exists()

    def test_while_the_run_goes_on(self, within, tmp_path):
        """A stored run sees what was saved since it was looked at."""

        def save(run):
            stored = expframe.runs(tmp_path / "runs")[1]
            found = []
            for name in ("a.html", "b.html"):
                run.save(name, name)
                found.append(stored.load(name))
            return found

        assert ["a.html", "b.html"] == within(save)

    def test_damaged_notes(self, within, tmp_path):
        """Damaged lines in the list of files are skipped."""
        within(lambda run: str(run.save("page", "a.html")))
        path = tmp_path / "runs" / "1" / "files.jsonl"
        damage = [b'{"saver"', b'"saver"', b'{"kind": "file", "saver": 1}', b'{"kind": "file", "name": []}\xff "saver"']
        path.write_bytes(b"\n".join([*damage, path.read_bytes(), b'{"saver": "unfinished']))

        assert "page" == expframe.runs(tmp_path / "runs")[1].load("a.html")


class TestManyAtOnce:
    """Threads and processes that save at once have files of their own."""

    @pytest.mark.parametrize("links", [True, False])
    def test_threads(self, within, tmp_path, monkeypatch, links):
        """Sixteen threads that save one name get sixteen whole files, also where the file system knows no links."""
        if not links:

            def refuse(*args, **kwargs):
                raise OSError(errno.EOPNOTSUPP, "no links")

            monkeypatch.setattr(os, "link", refuse)

        def save(run):
            found = []
            gate = threading.Barrier(16)

            def one(number):
                gate.wait()
                for again in range(5):
                    found.append((run.save({"n": [number, again]}, "same").name, [number, again]))

            threads = [threading.Thread(target=run.bind(one), args=(number,)) for number in range(16)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return [(name, number, run.load(name)["n"]) for name, number in found]

        found = within(save)

        assert 80 == len({name for name, _, _ in found})
        assert all(written == loaded for _, written, loaded in found)
        assert {"same.json", *(f"same ({n}).json" for n in range(1, 80))} == set(
            names(tmp_path / "runs" / "1" / "files")
        )
        stored = expframe.runs(tmp_path / "runs")[1]
        assert (80, 80) == (len(stored.files), stored.record.counts["files"])

    def test_replacing(self, within, tmp_path):
        """While threads replace one file, whoever reads it finds one of them, whole."""

        def save(run):
            run.save(b"0" * 100_000, "x", overwrite=True)
            done = threading.Event()
            seen = []

            def read():
                while not done.is_set():
                    seen.append(run.load("x"))

            def write(number):
                for _ in range(20):
                    run.save(str(number).encode() * 100_000, "x", overwrite=True)

            reader = threading.Thread(target=run.bind(read))
            writers = [threading.Thread(target=run.bind(write), args=(number,)) for number in range(4)]
            reader.start()
            wait_until(lambda: seen)
            for thread in writers:
                thread.start()
            for thread in writers:
                thread.join()
            done.set()
            reader.join()
            return [len(seen) > 0, sorted({(len(content), len(set(content))) for content in seen})]

        assert [True, [(100_000, 1)]] == within(save)
        assert ["x.bin"] == names(tmp_path / "runs" / "1" / "files")

    @pytest.mark.parametrize("method", ["fork", "spawn"])
    @pytest.mark.skipif(os.name == "nt", reason="no fork")
    def test_processes(self, tmp_path, script, environment, method):
        """Workers save into their run, one name as often as they want."""
        path = script(f"""
            import multiprocessing
            from expframe import Experiment, current_run
            ex = Experiment("x", store="runs")

            def work(number):
                run = current_run()
                for _ in range(4):
                    run.save({{"n": number}}, "same")
                assert run.load("same.json")["n"] in range(4)

            @ex.main
            def main(_run):
                make = multiprocessing.get_context({method!r}).Process
                workers = [make(target=_run.bind(work), args=(n,)) for n in range(4)]
                for worker in workers:
                    worker.start()
                for worker in workers:
                    worker.join()
                    assert worker.exitcode == 0

            if __name__ == "__main__":
                ex.run()
        """)
        done = run_python([path], env=environment)

        assert ("", 0) == (done.stderr, done.returncode)
        run = expframe.runs(tmp_path / "runs")[1]
        assert sorted([0, 1, 2, 3] * 4) == sorted(run.load(file.name)["n"] for file in run.files)
        assert 16 == len(names(run.path()))


FULL = """
    import os, resource, sys
    import numpy, pandas, polars, pyarrow, plotly.graph_objects, PIL.Image, sklearn.neighbors
    from expframe import Experiment
    from expframe.errors import SaveError
    ex = Experiment("full", store=sys.argv[1])
    noise = numpy.random.default_rng(0).random(400_000)

    @ex.main
    def main(_run):
        if sys.argv[2] == "limit":
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
        _run.save("old", "kept.txt")
        values = {
            "a.npy": noise, "a.npz": {"a": noise}, "a.csv": pandas.DataFrame({"a": noise}),
            "a.parquet": pandas.DataFrame({"a": noise}), "b.parquet": polars.DataFrame({"a": noise}),
            "b.csv": polars.DataFrame({"a": noise}), "c.parquet": pyarrow.table({"a": noise}),
            "a.json": noise[:100_000].tolist(), "a.txt": "x" * 3_000_000, "a.bin": b"x" * 3_000_000,
            "b.bin": (b"x" * 100_000 for _ in range(30)), "a.pkl": noise, "a.joblib": noise,
            "a.png": PIL.Image.fromarray(numpy.frombuffer(noise.tobytes(), "uint8").reshape(1600, 2000)),
            "a.html": plotly.graph_objects.Figure(), "kept.txt": "x" * 3_000_000,
        }
        for name, value in values.items():
            try:
                _run.save(value, name, overwrite=True)
            except SaveError as problem:
                print(name, type(problem.__cause__).__name__, "Nothing was left behind." in str(problem))
            else:
                print(name, "saved")
        left = sorted(os.listdir(_run.path()))
        print(left, _run.load("kept"))
        _run.save([1], "small")
        print(_run.load("small"), _run.path("small.json").stat().st_size)

    ex.run()
"""


class TestFullDisk:
    """A disk that is full half-way."""

    def run_full(self, tmp_path, script, environment, way):
        path = script(FULL, "full.py")
        folder = tmp_path / "disk"
        folder.mkdir()
        command = [sys.executable, str(path), str(folder), way]
        if way == "mount":
            mounted = f'mount -t tmpfs -o size=1m none {folder}; exec "$@"'
            unshare = ["unshare", "--mount", "--map-root-user", "sh", "-ec"]
            possible = shutil.which("unshare") and not subprocess.call(
                [*unshare, mounted, "sh", "true"], stderr=subprocess.DEVNULL
            )
            command = [*unshare, mounted, "sh", *command] if possible else [*command[:-1], "limit"]
        return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)

    @pytest.mark.once
    @pytest.mark.parametrize("way", ["mount", "limit"])
    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs mounts or limits")
    def test_every_format(self, tmp_path, script, environment, way):
        """Each format is a SaveError, nothing is left, an old file stays, and what fits is saved afterwards."""
        done = self.run_full(tmp_path, script, environment, way)

        assert 0 == done.returncode, done.stderr
        # Output that is due just while a file fills the disk waits, and that is said.
        waits = "No space left on device; what was printed is kept in memory and tried again"
        assert [] == [line for line in done.stderr.splitlines() if not line.endswith(waits)]
        *tried, left, small = done.stdout.splitlines()
        assert 16 == len(tried)
        assert [] == [line for line in tried if not line.endswith(" True")]
        assert "['kept.txt'] old" == left
        assert "[1] 3" == small


def test_a_kill_leaves_no_part_under_the_name(tmp_path, script, environment):
    """A process that is killed half-way leaves nothing that looks like the file."""
    path = script("""
        import time
        from expframe import Experiment
        ex = Experiment("x", store="runs")

        def pieces():
            yield b"x" * 1_000_000
            print("half", flush=True)
            time.sleep(60)

        @ex.main
        def main(_run):
            _run.save(pieces(), "x")

        ex.run()
    """)
    with start_python([path], env=environment, stderr=None) as process:
        assert "half\n" == process.stdout.readline()
        process.kill()

    run = expframe.runs(tmp_path / "runs")[1]
    assert [] == [path.name for path in run.path().iterdir() if not path.name.startswith(".")]
    assert [] == run.files
    with pytest.raises(StoreError, match="is not there"):
        run.load("x")


@pytest.mark.slow
def test_a_million_saves(tmp_path):
    """The last of a million small saves cost at most twice what the first ones did, under one name or many."""
    ex = Experiment("million", store=tmp_path / "runs")

    @ex.main
    def main(_run):
        costs = {"same": [], "own": []}
        for number in range(500_000):
            for kind, name in (("same", "same.json"), ("own", f"own-{number}.json")):
                start = time.perf_counter()
                _run.save({"n": number}, name)
                costs[kind].append(time.perf_counter() - start)
        return {
            kind: [sorted(part)[len(part) // 4] for part in (times[10_000:60_000], times[-50_000:])]
            for kind, times in costs.items()
        }

    try:
        costs = ex.run().result
    finally:
        shutil.rmtree(tmp_path / "runs", ignore_errors=True)

    assert {kind: early * 2 > late for kind, (early, late) in costs.items()} == {"same": True, "own": True}, costs


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_ten_gigabytes(tmp_path, script, environment):
    """10 GB given piece by piece, then copied from their path, take under 200 MB of memory."""
    if shutil.disk_usage(tmp_path).free < 25e9:
        pytest.fail("needs 25 GB of disk")
    path = script("""
        from expframe import Experiment
        ex = Experiment("x", store="runs")

        @ex.main
        def main(_run):
            piece = bytes(10_000_000)
            path = _run.save((piece for _ in range(1000)), "large")
            print(path.stat().st_size)
            path.unlink()
            with open("sparse", "wb") as file:
                file.truncate(10_000_000_000)
            with open("sparse", "rb") as file:
                path = _run.save(file, "from-file")
                print(path.stat().st_size)
                path.unlink()
            # not ru_maxrss, which begins with what the parent had
            print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))

        ex.run()
    """)
    try:
        done = run_python([path], env=environment, timeout=1200)
    finally:
        shutil.rmtree(tmp_path / "runs", ignore_errors=True)

    assert "" == done.stderr
    first, second, peak = map(int, done.stdout.split())
    assert (10_000_000_000, 10_000_000_000) == (first, second)
    assert peak < 200_000
