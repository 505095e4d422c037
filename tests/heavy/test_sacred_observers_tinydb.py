"""Runs in a TinyDB, as Sacred writes and reads them."""

import copy
import datetime
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sacred_events as events
from tinydb import Query

from expframe.compat.sacred._own.documents import Pace
from expframe.compat.sacred.observers import TinyDbObserver, TinyDbReader
from expframe.compat.sacred.observers.tinydb_hashfs import bases, tiny_db_option

GOLDEN = Path(__file__).parents[1] / "golden" / "sacred" / "tinydb.json"


@pytest.fixture(autouse=True)
def files(tmp_path):
    """The files of the run, in the working directory."""
    events.lay_out(tmp_path)


@pytest.fixture
def reader():
    """A reader of three runs: two of the experiment `ex`, one of another."""
    events.run_through(TinyDbObserver("db"), "first")
    facts = events.facts()
    facts["ex_info"]["name"] = "another"
    TinyDbObserver("db").started_event(**facts, start_time=events.T0, _id="second")
    events.fail(TinyDbObserver("db"), "third")
    return TinyDbReader("db")


def test_writes_what_sacred_writes():
    """The same events make the same file as with Sacred 0.8.7, and files in the same places."""
    events.run_through(TinyDbObserver("db"), "first")
    events.fail(TinyDbObserver("db"), "second")

    assert GOLDEN.read_text() == Path("db/metadata.json").read_text() + "\n"
    assert "1,2\n" == Path("db/hashfs/3e/cf/ad/755fa825f7a17c5526ec44e651").read_text()


def test_reads_what_sacred_has_written():
    """A database of Sacred's is read, and goes on."""
    Path("db").mkdir()
    Path("db/metadata.json").write_text(GOLDEN.read_text())
    events.run_through(TinyDbObserver("db"), "third")
    runs = TinyDbReader("db").fetch_metadata(exp_name="ex")

    assert ["first", "second", "third"] == [run["_id"] for run in runs]
    assert events.T0 == runs[0]["start_time"]


def test_ids_are_unique():
    """Without an id, a run gets one that no other has."""
    given = {events.start(TinyDbObserver("db")) for _ in range(3)}

    assert 3 == len(given)
    assert all(len(word) == 32 for word in given)


def test_runs_of_many_observers_do_not_mix():
    """Observers that write at once lose none of each other's runs."""
    threads = [
        threading.Thread(target=lambda name=name: events.run_through(TinyDbObserver("db"), name)) for name in "abcd"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    runs = TinyDbReader("db").search(Query().status == "COMPLETED")
    assert ["a", "b", "c", "d"] == sorted(run["_id"] for run in runs)


def test_one_observer_serves_one_run_after_another():
    """Each run has a document of its own."""
    observer = TinyDbObserver("db")
    events.run_through(observer, "a")
    events.fail(observer, "b")

    assert ["COMPLETED", "FAILED"] == [run["status"] for run in TinyDbReader("db").fetch_metadata(indices=[0, 1])]


def test_a_large_database_is_written_at_the_end(monkeypatch):
    """Beats that are not due are not lost: the end of the run writes them."""
    observer = TinyDbObserver("db")
    events.start(observer)
    monkeypatch.setattr(Pace, "is_due", lambda self, size: False)
    before = Path("db/metadata.json").read_text()
    observer.heartbeat_event({}, "out", events.T1, None)
    observer.artifact_event("model", "model.bin")
    assert before == Path("db/metadata.json").read_text()
    observer.interrupted_event(events.T2, "INTERRUPTED")

    (run,) = TinyDbReader("db").fetch_metadata(indices=[0])
    assert ("out", "model") == (run["captured_out"], run["artifacts"][0][0])


def test_runs_cannot_be_queued():
    """The format has no place for a run that waits."""
    with pytest.raises(NotImplementedError):
        events.queue(TinyDbObserver("db"))


def test_equal_files_are_kept_once():
    """A resource that is added twice is one."""
    observer = TinyDbObserver("db")
    events.start(observer)
    observer.resource_event("data.csv")
    observer.resource_event("data.csv")

    assert 1 == len(observer.run_entry["resources"])


def test_files_are_asked_for_as_with_hashfs():
    """Contents are found and opened by their digests, or by their paths."""
    files = TinyDbObserver("db").fs
    address = files.put("data.csv")
    with files.open(address.id) as file:
        assert b"1,2\n" == file.read()

    assert address == files.get(address.abspath) == files.get(address.relpath)
    assert files.exists(address.id)
    assert not files.exists("nothing")
    with pytest.raises(FileNotFoundError, match="nothing"):
        files.open("nothing")


# ------------------------------------------------------------------------------------------------------ the reader


def test_files_are_open(reader):
    """Sources, resources and artifacts of a run are given open, by their names."""
    first, second = reader.fetch_files(indices=[0, 1])

    assert ("ex", "first", events.T0) == (first["exp_name"], first["exp_id"], first["date"])
    assert bytes(range(256)) == first["artifacts"]["model"].read()
    assert b"1,2\n" == copy.copy(first["resources"]["data.csv"]).read()
    assert "e2c865db4162bed963bfaa9ef6ac18f0" == first["artifacts"]["model"].hash
    assert {"train.py", "helper.py"} == second["sources"].keys()
    assert "artifacts" not in second


def test_a_database_may_name_more_files_than_can_be_open():
    """Files are opened when they are read."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    observer = TinyDbObserver("db")
    events.start(observer)
    entry = ["many", "many", *observer._keep("model.bin")]
    observer.run_entry["artifacts"] = [entry] * 500
    observer.save()
    highest = max(map(int, os.listdir("/dev/fd")))  # other tests may have left some open in this process
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 50, hard))
    try:
        (run,) = TinyDbReader("db").fetch_metadata(indices=[0])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert 256 == len(run["artifacts"][499][-1].read())


def test_runs_are_found(reader):
    """By a name's part, by number from both ends, or by a query."""
    assert ["first", "third"] == [run["_id"] for run in reader.fetch_metadata(exp_name="^e")]
    assert ["third", "first"] == [run["_id"] for run in reader.fetch_metadata(indices=[-1, 0])]
    assert ["third"] == [run["_id"] for run in reader.fetch_metadata(query=Query().status == "FAILED")]
    assert [] == reader.fetch_metadata(exp_name="nothing")


def test_a_query_goes_before_a_name_and_a_name_before_numbers(reader):
    """Of several ways to find runs, one is taken."""
    assert ["first", "third"] == [run["_id"] for run in reader.fetch_metadata(exp_name="^ex", indices=1)]
    assert ["second"] == [run["_id"] for run in reader.fetch_metadata("^ex", Query()._id == "second", 0)]


def test_what_is_not_there_is_said(reader):
    """A number beyond the last, nothing asked for, and no folder are errors."""
    with pytest.raises(ValueError, match=r"Index value \(4\) must be less than number of records \(3\)"):
        reader.fetch_metadata(indices=4)
    with pytest.raises(ValueError, match="Must specify an experiment name, indicies or pass custom query"):
        reader.fetch_files()
    with pytest.raises(OSError, match="Path does not exist: nope"):
        TinyDbReader("nope")


def test_reports_are_sacreds(reader):
    """A report on the same run is the same text as Sacred's; a run without end or result has one, too."""
    assert GOLDEN.with_name("tinydb.txt").read_text(encoding="utf-8") == reader.fetch_report(indices=0)[0]
    assert "Result:\n    None\n" in reader.fetch_report(exp_name="another")[0]


def test_reports_have_lines_that_can_be_read():
    """A long value takes several lines of a report."""
    events.start(TinyDbObserver("db"), "long", config={"words": "word " * 40})
    (report,) = TinyDbReader("db").fetch_report(indices=0)
    lines = report.partition("Parameters:\n")[2].splitlines()

    assert ["    words: " + "word " * 27 + "word", "    " + "word " * 11 + "word"] == lines[:2]


# --------------------------------------------------------------------------------------------------------- values


def test_values_come_back(tmp_path):
    """Times, arrays, frames and series are tagged texts; a text that looks like one stays a text."""
    stored = {
        "when": datetime.datetime(2020, 1, 2, 3, 4, 5, 6),
        "array": np.arange(6).reshape(2, 3),
        "frame": pd.DataFrame({"x": [1, 2]}),
        "series": pd.Series([1.5, 2.5]),
        "text": "{TinyDate}:no date",
        "number": np.int64(3),
    }
    db, _ = bases.get_db_file_manager(tmp_path)
    db.insert(stored)
    (found,) = db.all()

    assert (stored["when"], stored["text"], 3) == (found["when"], found["text"], found["number"])
    assert np.array_equal(stored["array"], found["array"])
    assert stored["frame"].equals(found["frame"])
    assert stored["series"].equals(found["series"])
    text = json.loads(Path("metadata.json").read_text())["_default"]["1"]
    assert "{TinyDate}:2020-01-02T03:04:05.000006" == text["when"]
    assert "{TinyArray}:[[0, 1, 2], [3, 4, 5]]" == text["array"]
    assert '{TinyDataFrame}:{"x":{"0":1,"1":2}}' == text["frame"]


def test_serializers_do_without_packages_that_nobody_has_imported(environment):
    """No value is an array where numpy is not loaded, so that any middleware may ask."""
    code = (
        "from expframe.compat.sacred.observers.tinydb_hashfs import bases\n"
        "for kind in (bases.NdArraySerializer, bases.DataFrameSerializer, bases.SeriesSerializer):\n"
        "    print(isinstance([], kind().OBJ_CLASS), end=' ')\n"
        "import sys; print('numpy' in sys.modules)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)

    assert "False False False False\n" == told.stdout


def test_a_wrapped_file_is_left_open():
    """Whoever opened a file goes on with it."""
    with Path("data.csv").open("rb") as file, bases.BufferedReaderWrapper(file) as wrapped:
        assert b"1,2\n" == wrapped.read() == file.read()


def test_a_content_that_is_gone_is_none(reader):
    """A run whose files were removed can still be read."""
    Path("db/hashfs/e2/c8/65/db4162bed963bfaa9ef6ac18f0").unlink()

    assert reader.fetch_files(indices=0)[0]["artifacts"]["model"] is None


def test_old_ways_to_make_one_work(tmp_path):
    """`create` warns; `create_from` takes a database and files; `-t` adds one."""
    with pytest.warns(DeprecationWarning, match="TinyDbObserver"):
        created = TinyDbObserver.create("db")
    made = TinyDbObserver.create_from(*bases.get_db_file_manager("db"), root="a label")
    events.run_through(made, "x")

    class Run:
        observers = []

    tiny_db_option("db", Run)
    assert Run.observers == [created]
    assert created == made == TinyDbObserver("db")
    assert created != TinyDbObserver("other")
    assert (str(tmp_path / "db"), "a label") == (created.root, made.root)
    assert "x" == created.runs.all()[0]["_id"]
