"""Runs read back: damaged, foreign, read-only."""

import json
import os
import stat
from pathlib import Path

import pytest

import expframe
from expframe import Experiment
from expframe.errors import EscapingPathError, MetricError, RunNotFoundError, ValueFormatError
from expframe.store.editing import put_away
from expframe.store.reader import StoredRun


@pytest.fixture
def run(ex, tmp_path):
    """Return a stored run with everything in it, read back."""
    (tmp_path / "notes.txt").write_text("notes")

    @ex.config
    def config():
        lr = 0.1

    @ex.main
    def main(_run):
        _run.info["sizes"] = (1, 2)
        _run.log_scalar("loss", 0.5)
        _run.log_scalars({"loss": [0.25, 0.125]})
        _run.add_artifact("notes.txt", metadata={"of": "today"})
        print("printed")
        return {"best": 0.125}

    return StoredRun(ex.run(options={"capture": "sys"}).folder)


class TestStoredRun:
    """A run is read back as it was."""

    def test_everything(self, run):
        """Record, config, info, metrics, files and output are what the run had."""
        assert ("1", "COMPLETED", {"best": 0.125}) == (run.id, run.status, run.result)
        assert 0.1 == run.config["lr"]
        assert {"sizes": (1, 2)} == run.info
        assert ([0, 1, 2], [0.5, 0.25, 0.125]) == (run.metrics("loss").steps, run.metrics("loss").values)
        assert ["loss"] == list(run.metrics())
        assert [("artifact", "notes.txt", 5, {"of": "today"})] == [
            (file.kind, file.name, file.size, file.metadata) for file in run.files
        ]
        assert "printed\n" in run.output()
        assert "notes" == run.path("notes.txt").read_text()

    def test_a_run_read_back_answers_to_the_names_of_the_live_one(self, ex):
        """What `ex.run(needed=True)` returns has the same names, whether the run was done now or before."""
        made = []

        @ex.main
        def main(_run):
            if _run.depth == 0:
                made.append(ex.run(tags=["inner"], config_updates={"seed": 7}))

        names = ("folder", "dir", "id", "uid", "name", "command", "seed", "tags", "depth", "status")
        live = ex.run(tags=["outer"], options={"id": "outer"})
        inner = made[0]

        for run in (live, inner):
            stored = expframe.runs()[run.id]
            assert [getattr(run, name) for name in names] == [getattr(stored, name) for name in names]
            assert live.id == run.root.id == stored.root.id
        assert (1, ("inner",), 7) == (inner.depth, inner.tags, inner.seed)
        put_away(expframe.runs()["outer"])
        with pytest.raises(RunNotFoundError, match=live.uid):
            stored.root

    def test_a_missing_metric_names_the_others(self, run):
        """A metric that is not there is an error that lists those that are."""
        with pytest.raises(KeyError, match=r"no metric 'los'\. It has: loss"):
            run.metrics("los")

    @pytest.mark.parametrize("name", ["..", "../run.json", "/etc/passwd", "a/../../run.json", "a\0b"])
    def test_paths_stay_inside(self, run, name):
        """A path never leaves the run's files."""
        with pytest.raises(EscapingPathError):
            run.path(name)

    def test_a_link_out_of_the_folder(self, run, tmp_path):
        """Nor does it by a link."""
        (run.path() / "out").symlink_to(tmp_path)

        with pytest.raises(EscapingPathError):
            run.path("out", "notes.txt")

    def test_what_is_missing_is_empty(self, run):
        """Without their files, output, info, metrics and files are empty."""
        for name in ("output.txt", "info.json", "metrics.csv", "files.jsonl"):
            (run.folder / name).unlink()

        assert ("", {}, {}, []) == (run.output(), run.info, run.metrics(), run.files)

    @pytest.mark.parametrize("name", ["run.json", "config.json", "info.json"])
    def test_a_torn_file(self, run, name):
        """A JSON file that ends at any byte is an error that names it, never another one."""
        path = run.folder / name
        whole = json.loads(path.read_bytes())
        short = {key: value for key, value in whole.items() if key not in ("host", "packages", "sources", "argv")}
        path.write_text(json.dumps(short))
        for end in range(path.stat().st_size - 1, -1, -1):
            os.truncate(path, end)
            read = {"run.json": lambda: run.record, "config.json": lambda: StoredRun(run.folder).config}.get(
                name, lambda: run.info
            )
            with pytest.raises(ValueFormatError) as caught:
                read()

            assert str(path) in str(caught.value)

    @pytest.mark.parametrize(
        "text", ["[]", "null", "3", '"text"', "{}", "[" * 100_000, '{"status": {"__type__": "set"}}']
    )
    def test_a_file_of_something_else(self, run, text):
        """JSON that is no record or no config is the same error."""
        for name, read in (("run.json", lambda: run.record), ("config.json", lambda: StoredRun(run.folder).config)):
            whole = (run.folder / name).read_bytes()
            (run.folder / name).write_text(text)
            with pytest.raises(ValueFormatError):
                read()
            (run.folder / name).write_bytes(whole)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            *(("name", 5), ("status", None), ("parent_id", 7), ("worked", "x"), ("worked", -1.0), ("attempt", [])),
            *(("depth", None), ("tags", "x"), ("tags", [5]), ("comment", 3), ("started", "2026-01-02T03:04:05")),
            *(("sweep", {"trial": []}), ("counts", {"points": "many"}), ("failure", {"type": 1})),
        ],
    )
    def test_a_field_that_can_never_be_so(self, run, field, value):
        """A record with a field of another kind is the same error; lists of runs have it as one that cannot be read."""
        path = run.folder / "run.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))

        with pytest.raises(ValueFormatError):
            run.record
        assert f"<StoredRun 1 that cannot be read: {run.folder}>" == repr(run)
        for name in ("status", "parent", "duration", "tags", field.partition(".")[0]):
            if name in ("worked", "counts", "sweep"):
                continue
            assert ["1"] == expframe.runs(run.store).sort(f"-{name}").ids()

    def test_a_torn_metrics_file(self, run):
        """Cut at any byte, metrics are the points whose lines are whole."""
        path = run.folder / "metrics.csv"
        whole = path.read_bytes()
        for end in range(len(whole)):
            path.write_bytes(whole[:end])
            lines = max(0, whole[:end].count(b"\n") - 1)
            curve = run.metrics().get("loss")

            assert [0.5, 0.25, 0.125][:lines] == ([] if curve is None else curve.values)

    def test_a_torn_files_list(self, run):
        """Cut at any byte, the list of files has those whose lines are whole; garbage between them is skipped."""
        path = run.folder / "files.jsonl"
        line = path.read_bytes()
        for end in range(len(line)):
            path.write_bytes(line[:end])
            assert [] == run.files
        path.write_bytes(b'[]\n5\n{"kind": 1}\n\xff\n' + b"[" * 10_000 + b"\n" + line + line[:9] + b"\n" + line)

        assert ["notes.txt", "notes.txt"] == [file.name for file in run.files]

    @pytest.mark.parametrize("name", ["loss, total", 'a "b" c', "gut, größer 損失", "a,b,c,d", ",", '"', ' "x', "x "])
    def test_metric_names(self, ex, name):
        """A name with commas, quotes or other scripts comes back as it was."""

        @ex.main
        def main(_run):
            _run.log_scalar(name, 1.5, 3)
            _run.log_scalars({name: [2.5]}, [4])

        curves = StoredRun(ex.run().folder).metrics()

        assert [name] == list(curves)
        assert [(3, 1.5), (4, 2.5)] == list(curves[name])

    @pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\0", "\x1b[1m", "a\x85b", "a\u2028b", "", "\udc80", 3])
    def test_names_that_cannot_be(self, ex, name):
        """A name with control characters is refused at the call, and the run goes on."""

        @ex.main
        def main(_run):
            for log in (lambda: _run.log_scalar(name, 1), lambda: _run.log_scalars({name: [1]})):
                with pytest.raises(MetricError):
                    log()
            _run.log_scalar("fine", 1)

        assert ["fine"] == list(StoredRun(ex.run().folder).metrics())


class TestRuns:
    """The runs of a store are found by id, newest first."""

    @pytest.fixture
    def three(self, ex):
        """Make three runs, the last with a child."""

        @ex.command
        def inner(n=0):
            return n

        @ex.main
        def main():
            return [ex.run("inner", {"n": n}).id for n in (5, 6)]

        for _ in range(2):
            ex.run("inner")
        return ex.run()

    def test_newest_first(self, three):
        """Runs come newest first, and are as many as there are."""
        runs = expframe.runs(three.folder.parent)

        assert ["5", "4", "3", "2", "1"] == [run.id for run in runs]
        assert 5 == len(runs)
        assert "<5 runs in " in repr(runs)

    def test_named_ones_by_their_time(self, ex):
        """With names among them, the time of their start decides."""
        ex.main(lambda: None)
        ids = [None, "zebra", None, "ant"]
        for id in ids:
            ex.run(options={"id": id})

        assert ["ant", "2", "zebra", "1"] == [run.id for run in expframe.runs(ex.store)]

    def test_by_id(self, three):
        """An id may be a number or a text."""
        runs = expframe.runs(three.folder.parent)

        assert runs[3].folder == runs["3"].folder == three.folder
        assert (True, True, False) == (3 in runs, "3" in runs, "x" in runs)

    @pytest.mark.parametrize("id", ["9", 0, -1, "..", ".", "", "_sources", "3/../2", "a\0b", None])
    def test_an_unknown_id(self, three, id):
        """An unknown id is a KeyError that lists the newest ones."""
        with pytest.raises(RunNotFoundError) as caught:
            expframe.runs(three.folder.parent)[id]

        said = f"No run {str(id)!r} in {three.folder.parent}. Newest runs: 5, 4, 3, 2, 1."
        assert str(caught.value).startswith(said)
        assert isinstance(caught.value, KeyError)

    def test_children(self, three):
        """The runs inside a run are its children, in the order of their start, a damaged neighbour notwithstanding."""
        runs = expframe.runs(three.folder.parent)
        (three.folder.parent / "1" / "run.json").write_text("garbage")

        assert ["4", "5"] == [run.id for run in runs["3"].children]
        assert [5, 6] == [run.result for run in runs["3"].children]
        assert [] == runs["4"].children

    def test_other_folders_are_no_runs(self, three):
        """Folders without a record, files and hidden folders are passed over."""
        store = three.folder.parent
        for name in (".hidden", "_mine", "²"):
            (store / name).mkdir()
            (store / name / "run.json").write_text("{}")
        (store / "7").mkdir()
        (store / "8").write_text("")

        assert 5 == len(expframe.runs(store))

    def test_a_store_that_is_not_there(self, tmp_path):
        """No folder means no runs, and reading makes none."""
        assert [] == list(expframe.runs(tmp_path / "none"))
        assert not (tmp_path / "none").exists()

    def test_the_default_store(self, three, tmp_path, monkeypatch):
        """Without a folder it is that of the environment, else `runs` here."""
        assert 5 == len(expframe.runs())
        monkeypatch.setenv("EXPFRAME_STORE", str(tmp_path / "none"))
        assert 0 == len(expframe.runs())

    def test_a_copied_run(self, three, tmp_path):
        """A run that is copied to another store under another name is read there."""
        import shutil

        shutil.copytree(three.folder, tmp_path / "other" / "copy")

        assert three.uid == expframe.runs(tmp_path / "other")["copy"].record.uid


def test_reading_writes_nothing(run):
    """Reading leaves every file and folder as it was, also that of a run elsewhere that is RUNNING."""
    store = run.folder.parent
    record = json.loads((run.folder / "run.json").read_bytes())
    (run.folder / "run.json").write_text(json.dumps({**record, "status": "RUNNING", "ended": None}))
    (run.folder / "lease").write_text(json.dumps({"machine": "m", "pid": 1, "started": "1", "interval": 10.0}))

    def state():
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(run.folder.rglob("*"))}

    before = state(), sorted(store.iterdir())
    for found in expframe.runs(store):
        assert "RUNNING" == found.status
        found.config, found.info, found.files, found.metrics(), found.output(), found.children

    assert before == (state(), sorted(store.iterdir()))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="reads as another user")
def test_a_read_only_store(run, tmp_path):
    """Everything of a store that cannot be written can be read."""
    record = json.loads((run.folder / "run.json").read_bytes())
    (run.folder / "run.json").write_text(json.dumps({**record, "status": "RUNNING", "ended": None}))
    (run.folder / "lease").write_text(json.dumps({"machine": "m", "pid": 1, "started": "1", "interval": 10.0}))
    paths = [run.folder.parent, *run.folder.parent.rglob("*")]
    for path in paths:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o222 | 0o444)
    above = [parent for parent in run.folder.parents if parent.is_relative_to(tmp_path.parent)]
    for path in above:
        path.chmod(path.stat().st_mode | 0o555)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.chdir(run.folder)
            if os.getuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            found = StoredRun(Path("../" + run.id))
            found.info, found.files, found.metrics(), found.output(), found.config
            os.write(writing, found.status.encode())
        except BaseException as problem:
            os.write(writing, repr(problem).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        said = answer.read()
    os.waitpid(child, 0)
    for path in paths:
        path.chmod(stat.S_IMODE(path.stat().st_mode) | 0o700)

    assert b"RUNNING" == said


def test_nothing_read_is_executed(run):
    """A stored object comes back inert unless the reader trusts it."""
    tagged = {"__type__": "reference", "name": "os:getcwd"}
    path = run.folder / "config.json"
    data = json.loads(path.read_bytes())
    data["values"]["lr"] = tagged
    path.write_text(json.dumps(data))

    assert not callable(StoredRun(run.folder).config["lr"])


def test_an_experiment_of_any_name_is_stored(tmp_path):
    """The folder is named by the id, so an experiment's name may hold anything."""
    ex = Experiment("../a/b\0c\n", store=tmp_path / "runs")
    ex.main(lambda: None)

    assert "../a/b\0c\n" == StoredRun(ex.run().folder).record.name
    assert ["runs"] == [path.name for path in tmp_path.iterdir()]
