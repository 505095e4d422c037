"""Folders that Sacred's file storage has written, read through `expframe.runs`."""

import datetime
import json
import os
import shutil
import time
from pathlib import Path

import pytest
import steps

import expframe
from expframe.config.json_values import Reference

GOLDEN = steps.ROOT / "tests" / "golden" / "sacred" / "file_storage"


@pytest.fixture
def store(tmp_path):
    """A copy of what Sacred 0.8.7 has written."""
    shutil.copytree(GOLDEN, tmp_path / "old")
    return tmp_path / "old"


def change(store, id, name="run.json", **facts):
    """Change a document of a run."""
    path = store / id / name
    path.write_text(json.dumps({**json.loads(path.read_text()), **facts}))


def test_sacreds_runs_are_runs(store):
    """A folder of Sacred's is read as it is."""
    before = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    runs = expframe.runs(store)
    run = runs["1"]

    assert {"1", "2", "waiting"} == {run.id for run in runs}
    record = run.record
    assert ("ex", "main", "COMPLETED", 7, 0.5) == (record.name, record.command, run.status, record.seed, run.result)
    assert datetime.datetime(2020, 1, 2, 3, 4, 5, 678, tzinfo=datetime.UTC) == record.started
    assert 7262 == int(record.duration)
    assert {"numpy": "1.26.0", "sacred": "0.8.7"} == record.packages
    assert ("c" * 40, True) == (record.git["commit"], record.git["dirty"])
    assert {"points": 7, "artifacts": 1, "resources": 1} == record.counts
    assert ((1, 2), 7) == (run.config["t"], run.config["seed"])
    assert {"note": "n", "sizes": [1, 2]} == run.info
    assert "one\ntwo é\n" == run.output()
    assert "one\ntwo é\r\n" == run.output(raw=True)
    assert before == {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}


def test_metrics_are_curves(store):
    """Points have steps, times and values; what is no number is left out."""
    run = expframe.runs(store)["1"]
    change(store, "1", "metrics.json", odd={"steps": [0, 1], "values": ["x", 2], "timestamps": ["bad", "bad"]})

    assert [0, 1, 2, 3, 4] == run.metrics("loss").steps
    assert pytest.approx([0, 0.1, 0.2, 0.3, 0.4]) == run.metrics("loss").values
    assert 1577934305.0 == run.metrics("loss").times[0]
    assert [(1, 2.0)] == list(run.metrics("odd"))
    assert {"loss", "acc, é", "odd"} == run.metrics().keys()
    with pytest.raises(KeyError, match="It has:"):
        run.metrics("none")


def test_files_are_found(store):
    """Artifacts are in the run's folder and resources among those of the store, wherever it has been moved."""
    run = expframe.runs(store)["1"]

    assert [("artifact", "model", 256), ("resource", "data.csv", 4)] == [(f.kind, f.name, f.size) for f in run.files]
    assert "1,2\n" == Path(run.files[1].path).read_text()
    assert store / "1" / "model" == run.path("model")
    with pytest.raises(expframe.errors.EscapingPathError):
        run.path("../2/run.json")
    with pytest.raises(expframe.errors.StoreError, match="model"):
        run.load("model")


def test_names_that_lead_out_are_not_followed(store):
    """What a folder says of files elsewhere is not believed."""
    change(store, "1", artifacts=["../../secret", 3, "model"], resources=[["/etc/passwd", "/etc/passwd"]])
    (store.parent / "secret").touch()

    assert ["model"] == [file.name for file in expframe.runs(store)["1"].files]


def test_an_import_takes_nothing_from_elsewhere(store, cli):
    """Sources and resources that a run says are outside of Sacred's folder are not taken in."""
    (store.parent / "secret").write_text("secret of somebody")
    experiment = json.loads((store / "1" / "run.json").read_text())["experiment"]
    resources = [["data", str(store / ".." / "secret")], ["more", "../secret"]]
    sources = [["a.py", "_sources/../../secret"], ["b.py", str(store.parent / "secret")]]
    change(store, "1", experiment={**experiment, "sources": sources}, resources=resources)
    cli("import", "sacred", store, "-F", "new")

    contents = [path.read_bytes() for path in Path("new").rglob("*") if path.is_file()]
    assert contents
    assert [] == [content for content in contents if b"secret of somebody" in content]


def test_an_imported_run_goes_on_elsewhere(store, cli):
    """A run that was imported is exported, and taken into another store, with its sources."""
    cli("import", "sacred", store, "-F", "here")
    (run,) = (run for run in expframe.runs("here") if run.status == "COMPLETED")
    cli("export", "out.zip", run.id, "-F", "here")
    cli("import", "out.zip", "-F", "elsewhere")

    assert (0, "") == (cli.code, cli.err)
    (taken,) = expframe.runs("elsewhere")
    assert run.record.sources == taken.record.sources
    assert [True, True] == [Path("elsewhere", "_sources", file).is_file() for _, file in taken.record.sources]


def test_failures_say_what_happened(store):
    """A failed run has its traceback."""
    failure = expframe.runs(store)["2"].record.failure

    assert ("ValueError", "no") == (failure.type, failure.message)
    assert failure.traceback.startswith("Traceback:\n")


def test_runs_without_a_sign_of_life_have_died(store):
    """A run that says RUNNING is believed as long as its record is written."""
    run = expframe.runs(store)["waiting"]
    os.utime(store / "waiting/run.json")
    assert "RUNNING" == run.status
    old = time.time() - 3600
    os.utime(store / "waiting/run.json", (old, old))

    assert "DIED" == run.status


def test_meta_facts_have_their_place(store):
    """Comment, options, named configs, updates and the time of queuing are where ours are."""
    queued = {"py/object": "datetime.datetime", "__reduce__": [{"py/type": "datetime.datetime"}, ["B+QBAgMEBQACpg=="]]}
    meta = {
        "comment": "note",
        "options": {"--force": True, "--debug": False},
        "named_configs": ["fast"],
        "config_updates": {"net": {"depth": 3}, "lr": 0.1},
        "queue_time": queued,
    }
    change(store, "1", meta=meta)
    record = expframe.runs(store)["1"].record

    assert ("note", {"--force": True}, ("fast",)) == (record.comment, record.options, record.named_configs)
    assert ("net.depth=3", "lr=0.1") == record.overrides
    assert datetime.datetime(2020, 1, 2, 3, 4, 5, 678, tzinfo=datetime.UTC) == record.queued


def test_reading_executes_nothing(store):
    """What needs code to come back stays inert."""
    bomb = {"py/reduce": [{"py/function": "os.mkdir"}, {"py/tuple": ["bomb"]}]}
    change(store, "1", "config.json", bomb=bomb, json={"py/object": "os.Thing"})
    run = expframe.runs(store)["1"]

    assert isinstance(run.config["bomb"], Reference)
    assert isinstance(run.config["json"], Reference)
    assert not Path("bomb").exists()


def test_damaged_documents_are_said(store):
    """A torn config is an error that names the file; missing documents are empty."""
    (store / "1/config.json").write_text('{"a": ')
    for name in ("metrics.json", "cout.txt", "info.json"):
        (store / "1" / name).unlink()
    run = expframe.runs(store)["1"]
    with pytest.raises(expframe.errors.ValueFormatError, match=r"config\.json"):
        run.record
    assert ({}, {}, "") == (run.info, run.metrics(), run.output())


def look(store):
    """Return all files of a store with their content."""
    return {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}


def test_what_sacreds_runs_use_is_kept(store, cli):
    """Sources and resources of Sacred's runs are in use: nothing is deleted as unused, and nothing looks broken."""
    before = look(store)
    (store / "_sources" / f"{'0' * 64}.py").write_text("nobody's")

    assert "1 unused" in cli("gc", "-F", store)
    assert [] == cli.json("doctor", "-F", store)["findings"]
    assert before == look(store)


@pytest.mark.parametrize("words", [("tag", "1", "new"), ("rename", "1", "other"), ("export", "out.zip", "1")])
def test_sacreds_files_stay_as_they_are(store, cli, words):
    """What would write our own form into a run of Sacred's is refused."""
    before = look(store)
    cli(*words, "-F", store)

    assert 0 != cli.code
    assert "another tool" in cli.err
    assert before == look(store)


def test_a_list_of_statuses_reads_no_metrics(store, monkeypatch):
    """Of a run of Sacred's no more is read than was asked for."""
    from expframe.compat.sacred.old_folders import SacredRun

    monkeypatch.setattr(SacredRun, "summaries", property(lambda run: pytest.fail("metrics were read")))

    assert 3 == len(list(expframe.runs(store).rows("id", "status")))


def test_a_run_that_had_waited_is_taken_in(store, cli):
    """A run that was queued, and has begun since, is new to the store that it comes into."""
    change(store, "1", meta={"queue_time": "2020-01-02T03:04:05"})
    cli("import", "sacred", store, "-F", "taken")
    (taken,) = expframe.runs("taken").where("status == 'COMPLETED'")

    assert (0, 0.5) == (cli.code, taken.result)
    assert taken.record.queued is not None
