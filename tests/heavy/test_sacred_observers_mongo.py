"""Runs in MongoDB, as its readers know them. A real server is used when EXPFRAME_TEST_MONGO names one."""

import datetime
import json
import os
import pickle
import subprocess
import sys
import uuid
from pathlib import Path

import bson
import gridfs
import mongomock
import mongomock.gridfs
import pymongo
import pytest
import sacred_events as events

from expframe.compat.sacred import Experiment
from expframe.compat.sacred._own.bson_values import fit_text
from expframe.compat.sacred._own.contents import guess_content_type
from expframe.compat.sacred._own.documents import Pace
from expframe.compat.sacred._own.exceptions import ObserverError
from expframe.compat.sacred.observers import MongoObserver, QueuedMongoObserver, QueueObserver
from expframe.compat.sacred.observers.mongo import (
    QueueCompatibleMongoObserver,
    force_bson_encodeable,
    mongo_db_option,
    parse_mongo_db_arg,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "sacred" / "mongo.json"
SERVER = os.environ.get("EXPFRAME_TEST_MONGO")
mongomock.gridfs.enable_gridfs_integration()


@pytest.fixture(autouse=True)
def files(tmp_path):
    """The files of the run, in the working directory."""
    events.lay_out(tmp_path)


@pytest.fixture
def database():
    """An empty database."""
    client = pymongo.MongoClient(SERVER) if SERVER else mongomock.MongoClient()
    name = "test_" + uuid.uuid4().hex
    yield client[name]
    client.drop_database(name)
    client.close()


def make(database, kind=MongoObserver, **kwargs):
    """Return an observer of a database."""
    return kind.create_from(database.runs, gridfs.GridFS(database), metrics_collection=database.metrics, **kwargs)


@pytest.fixture
def observer(database):
    """An observer of an empty database."""
    return make(database)


def test_writes_what_sacred_writes(database, observer):
    """The same events make the same documents as with Sacred 0.8.7."""
    events.mongo_runs(lambda: make(database))

    assert json.loads(GOLDEN.read_text()) == json.loads(json.dumps(events.collections(database), default=str))


def test_each_file_is_uploaded_once(database):
    """Sources and resources of one name and content are one file in GridFS, however many runs have them."""
    for _ in range(3):
        events.run_through(make(database))
    Path("data.csv").write_text("changed\n")
    events.run_through(make(database))

    names = sorted(file["filename"] for file in database.fs.files.find() if "://" not in file["filename"])
    assert ["data.csv", "data.csv", "src/helper.py", "src/train.py"] == names
    runs = list(database.runs.find())
    assert runs[0]["experiment"]["sources"] == runs[3]["experiment"]["sources"]
    assert runs[0]["resources"] != runs[3]["resources"]
    stored = gridfs.GridFS(database).find_one({"filename": "data.csv", "md5": runs[0]["resources"][0][1]})
    assert b"1,2\n" == stored.read()


def test_ids_follow_the_largest_number(database, observer):
    """Ids that are words do not stand in the way of numbers."""
    assert [1, "word", 2, 7, 8] == [events.start(observer, given) for given in (None, "word", None, 7, None)]
    with pytest.raises(pymongo.errors.DuplicateKeyError):
        events.start(observer, 7)


def test_artifacts_are_found_by_their_name(database, observer, capsys):
    """An artifact is a file in GridFS; its type is guessed where it is not given."""
    events.start(observer)
    observer.artifact_event("code", "src/train.py")
    observer.artifact_event("strange", "src/../data.csv", {"a": 1}, "x/y")
    Path("what").touch()
    observer.artifact_event("what", "what")

    first, second, third = database.runs.find_one()["artifacts"]
    files = {file["_id"]: file for file in database.fs.files.find()}
    assert ("artifact://runs/1/code", "text/x-python") == tuple(
        files[first["file_id"]][key] for key in ("filename", "contentType")
    )
    assert ({"a": 1}, "x/y") == tuple(files[second["file_id"]][key] for key in ("metadata", "contentType"))
    assert "Added text/x-python as content-type of artifact src/train.py." in capsys.readouterr().out
    assert files[third["file_id"]].get("contentType") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("notes.md", "text/markdown"),
        ("a.c", "text/x-csrc"),
        ("a.tex", "text/x-tex"),
        ("a.7z", "application/x-7z-compressed"),
        ("a.xml", "application/xml"),
        ("a.sh", "text/x-sh"),
        ("a.bat", "application/x-msdos-program"),
        ("a.xyz", "chemical/x-xyz"),
        ("PLOT.PNG", "image/png"),
        ("a.webp", "image/webp"),
        ("model.pt", None),
    ],
)
def test_content_types_are_sacreds(name, expected):
    """What the name of a file says of its type does not depend on the machine."""
    assert expected == guess_content_type(name)


def test_a_beat_sends_the_output_when_it_has_grown(observer, monkeypatch):
    """Output that has not changed is not sent again; long output waits, at most for the end."""
    sent = []
    real = observer._update

    def note(facts, **kwargs):
        sent.append("captured_out" in facts)
        real(facts, **kwargs)

    monkeypatch.setattr(observer, "_update", note)
    events.start(observer)
    observer.heartbeat_event({}, "a", events.T0, None)
    observer.heartbeat_event({}, "a", events.T1, None)
    monkeypatch.setattr(Pace, "is_due", lambda self, size: False)
    observer.heartbeat_event({}, "ab", events.T1, None)
    observer.completed_event(events.T2, None)

    assert [True, False, False, True] == sent
    assert "ab" == observer.runs.find_one()["captured_out"]


def test_output_fits_into_a_document():
    """Output beyond what a document takes is cut in its middle, which is said."""
    text = "é" * 100

    assert text == fit_text(text, 1000)
    assert len(fit_text(text, 100).encode()) < 160
    assert fit_text(text, 100).startswith("é" * 25 + "\n[... 100 bytes were left out ...]\n")


def test_metrics_go_where_readers_look(database, observer):
    """Each metric is a document, which the info of the run refers to; a beat appends to it."""
    info = {"mine": 1}
    events.start(observer)
    observer.log_metrics(events.metrics(0, 2), info)
    observer.log_metrics(events.metrics(2, 1), info)
    observer.heartbeat_event(info, "", events.T1, None)

    loss = database.metrics.find_one({"name": "loss"})
    assert [0, 1, 2] == loss["steps"]
    assert isinstance(loss["timestamps"][0], datetime.datetime)
    assert {"name": "loss", "id": str(loss["_id"])} in database.runs.find_one()["info"]["metrics"]


def test_a_run_can_be_written_over_once(database):
    """`overwrite` names a run that is there; its document is changed in place, once."""
    events.run_through(make(database))
    observer = make(database, overwrite="1")

    assert 1 == events.start(observer)
    assert 1 == database.runs.count_documents({})
    assert ("RUNNING", 0.5) == tuple(database.runs.find_one()[key] for key in ("status", "result"))
    with pytest.raises(RuntimeError, match="Cannot overwrite more than once!"):
        events.start(observer)
    with pytest.raises(RuntimeError, match=r"Can't overwrite with QUEUED run\."):
        events.queue(observer)
    with pytest.raises(RuntimeError, match="Couldn't find run to overwrite with _id='12'"):
        make(database, overwrite=12)


def test_a_run_that_is_written_over_keeps_its_id(database):
    """An id that is given, by hand or by another observer, does not lead the run away from the document."""
    events.run_through(make(database), 3)
    observer = make(database, overwrite=3)

    assert 3 == events.start(observer, 99)
    observer.log_metrics(events.metrics(5, 1), {})
    observer.completed_event(events.T2, "new")
    (run,) = database.runs.find()
    assert (3, "COMPLETED", "new") == (run["_id"], run["status"], run["result"])
    assert {3} == {metric["run_id"] for metric in database.metrics.find()}


@pytest.mark.parametrize("kind", [MongoObserver, QueueCompatibleMongoObserver])
def test_a_document_that_was_deleted_is_back_at_the_end(database, kind):
    """The end of a run stores all that is known of it, whatever became of its document meanwhile."""
    observer = make(database, kind)
    events.start(observer)
    observer.heartbeat_event({"a": 1}, "out", events.T1, None)
    database.runs.delete_many({})
    observer.heartbeat_event({"a": 1}, "out", events.T1, None)
    assert 0 == database.runs.count_documents({})
    observer.completed_event(events.T2, 1)

    (run,) = database.runs.find()
    assert (1, "main", "COMPLETED", "out") == tuple(run[key] for key in ("_id", "command", "status", "captured_out"))


def test_a_resource_that_is_told_again_is_one(database, observer):
    """An event that failed half-way may be told once more."""
    events.start(observer)
    for _ in range(2):
        observer.resource_event("data.csv")

    assert 1 == len(database.runs.find_one()["resources"])


def test_values_that_mongo_refuses_are_changed():
    """Keys and values that BSON has no form for get one."""
    strange = {"$illegal": 1, "il.legal": 2, 12.7: "x", "deep": [{"$a": os, "big": 1 << 70}], None: (1, {2})}

    assert {
        "@illegal": 1,
        "il,legal": 2,
        "12,7": "x",
        "deep": [{"@a": str(os), "big": str(1 << 70)}],
        "None": "(1, {2})",
    } == force_bson_encodeable(strange)


class Faulty:
    """A collection that fails, a number of times or for ever."""

    name = "runs"

    def __init__(self, real, problem, times=10**6):
        self.real, self.problem, self.times = real, problem, times

    def __getattr__(self, name):
        return getattr(self.real, name)

    def update_one(self, *args, **kwargs):
        """Fail while there are times left."""
        if self.times:
            self.times -= 1
            raise self.problem
        return self.real.update_one(*args, **kwargs)


@pytest.fixture
def no_pause(monkeypatch):
    """Attempts follow at once."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def test_a_lost_connection_waits_for_the_next_beat(database, observer):
    """A beat that finds no server raises nothing, and the next one sends all."""
    events.start(observer)
    observer.runs = Faulty(database.runs, pymongo.errors.AutoReconnect("gone"), times=1)
    observer.heartbeat_event({"a": 1}, "out", events.T1, 1)
    assert {} == database.runs.find_one()["info"]
    observer.heartbeat_event({"a": 1}, "out", events.T1, 1)

    assert ({"a": 1}, "out") == tuple(database.runs.find_one()[key] for key in ("info", "captured_out"))


def test_the_end_is_tried_again(database, observer, no_pause):
    """The end of a run is tried ten times."""
    events.start(observer)
    observer.runs = Faulty(database.runs, pymongo.errors.AutoReconnect("gone"), times=9)
    observer.completed_event(events.T2, 1)

    assert "COMPLETED" == database.runs.find_one()["status"]


@pytest.mark.parametrize("folder", ["fails", None])
def test_a_run_that_no_server_takes_becomes_a_file(database, no_pause, folder, monkeypatch, tmp_path, capsys):
    """What could not be stored is pickled into `failure_dir`, or among temporary files."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    observer = make(database, failure_dir=folder)
    events.start(observer)
    observer.runs = Faulty(database.runs, pymongo.errors.ServerSelectionTimeoutError("gone"))
    observer.failed_event(events.T2, ["trace"])

    (file,) = (tmp_path / (folder or "temporary")).glob("sacred_mongo_fail_1_*.pickle")
    assert "FAILED" == pickle.loads(file.read_bytes())["status"]
    assert str(file) in capsys.readouterr().err


def test_strange_values_do_not_lose_the_end(database, observer, capsys):
    """What BSON refuses is an ObserverError in a beat, and is changed at the end."""
    events.start(observer)
    real = database.runs
    observer.run_entry["meta"] = {"strange": object()}
    observer.runs = Checked(real)
    with pytest.raises(ObserverError, match="unserializable"):
        observer.heartbeat_event({}, "", events.T1, None)
    observer.completed_event(events.T2, 1)

    assert "COMPLETED" == real.find_one()["status"]
    assert real.find_one()["meta"]["strange"].startswith("<object object")
    assert "not BSON-serializable" in capsys.readouterr().err


def test_what_cannot_be_inserted_is_named(database, observer):
    """A run that BSON refuses does not begin, and the error names the value."""
    observer.runs = Checked(database.runs)
    with pytest.raises(ObserverError, match=r"unserializable entry.*\n.*cannot encode object: <object object"):
        events.start(observer, meta_info={"strange": object()})


class Checked:
    """A collection that encodes documents as a real one does."""

    def __init__(self, real):
        self.real = real

    def __getattr__(self, name):
        return getattr(self.real, name)

    def insert_one(self, document):
        """Encode, then write."""
        bson.encode(document)
        return self.real.insert_one(document)

    def update_one(self, key, update, **kwargs):
        """Encode, then write."""
        bson.encode(update["$set"])
        return self.real.update_one(key, update, **kwargs)


@pytest.mark.parametrize(
    ("arguments", "kind", "text"),
    [
        ({"client": 3}, ValueError, "client needs to be a pymongo.MongoClient, but is <class 'int'> instead"),
        ({"collection": "a", "collection_prefix": "b"}, ValueError, "Cannot pass both collection and a collection"),
        ({"collection": "fs.files"}, KeyError, 'Collection name \\"fs.files\\" is reserved'),
    ],
)
@pytest.mark.filterwarnings('ignore:Argument "collection":DeprecationWarning')
def test_arguments_that_exclude_each_other_are_refused(arguments, kind, text):
    """A client that is none, two collections, or a reserved one are said."""
    with pytest.raises(kind, match=text.replace("\\", "")):
        MongoObserver(**arguments)


def test_a_client_may_be_given():
    """A client of one's own is used; a url beside it is refused; nothing connects before a run begins."""
    with pymongo.MongoClient("127.0.0.1:1", serverSelectionTimeoutMS=1) as client:
        observer = MongoObserver(client=client, db_name="d", collection_prefix="p", priority=3)
        assert ("p_runs", "p_metrics", 3) == (observer.runs.name, observer.metrics.name, observer.priority)
        assert observer == MongoObserver(client=client, db_name="d", collection_prefix="p")
        assert observer != MongoObserver(client=client, db_name="d")
        with pytest.raises(ValueError, match="Cannot pass both a client and a url"):
            MongoObserver("url", client=client)
        with pytest.warns(DeprecationWarning, match='"collection" is deprecated. Please use "collection_prefix"'):
            old = MongoObserver(client=client, collection="old")
        assert ("old", "metrics") == (old.runs.name, old.metrics.name)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("foo", {"db_name": "foo"}),
        ("foo.bar", {"db_name": "foo", "collection": "bar"}),
        ("h:1:foo.bar:12!5", {"url": "h:1", "priority": 5, "db_name": "foo", "collection": "bar", "overwrite": "12"}),
        ("h:1", {"url": "h:1"}),
        ("127.0.0.1:27017:foo", {"url": "127.0.0.1:27017", "db_name": "foo"}),
        ("foo.bar:12", {"url": "foo.bar:12"}),
        ("foo.bar:12!4", {"priority": 4, "db_name": "foo", "collection": "bar", "overwrite": "12"}),
        ("localhost:12!4", {"priority": 4, "url": "localhost:12"}),
        ("foo.bar!", {"db_name": "foo", "collection": "bar"}),
        ("foo!-3", {"priority": -3, "db_name": "foo"}),
        ("mongodb://u:p@h:1/db?x=y!7", {"url": "mongodb://u:p@h:1/db?x=y", "db_name": "db", "priority": 7}),
        ("mongodb://h", {"url": "mongodb://h"}),
    ],
)
def test_the_flag_names_a_database(word, expected):
    """Server, database, collection, run and priority are read from one word; URIs too."""
    assert expected == parse_mongo_db_arg(word)


@pytest.mark.parametrize("word", ["a.b.c", "foo!1.5", "", "a b"])
def test_a_flag_that_names_none_is_refused(word):
    """The error shows the forms."""
    with pytest.raises(ValueError, match=r"\[host:port:\]db_name"):
        parse_mongo_db_arg(word)


def test_the_flag_adds_an_observer():
    """`-m` appends an observer to the run's."""

    class Run:
        observers = []

    mongo_db_option("127.0.0.1:1:db!4", Run)
    (observer,) = Run.observers

    assert ("db", 4) == (observer.runs.database.name, observer.priority)
    assert ("-m", "--mongo_db") == mongo_db_option.get_flags()


def test_a_missing_library_is_named(environment):
    """The module imports without pymongo; making an observer says what to install."""
    code = (
        "import sys; sys.modules['pymongo'] = sys.modules['gridfs'] = None\n"
        "from expframe.compat.sacred.observers import QueuedMongoObserver\n"
        "try: QueuedMongoObserver()\n"
        "except ImportError as problem: print(problem)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)

    assert "QueueCompatibleMongoObserver needs gridfs" in told.stdout
    assert "expframe[mongo]" in told.stdout


# --------------------------------------------------------------------------------------------------------- queued


def test_a_queue_stores_the_same(database):
    """A queue around the observer makes the same documents."""
    from expframe.compat.sacred.observers import QueueObserver

    covered = [make(database, QueueCompatibleMongoObserver) for _ in range(3)]
    queues = [QueueObserver(observer, interval=0.01, retry_interval=0.01) for observer in covered]
    events.mongo_runs(iter(queues).__next__)

    expected, actual = json.loads(GOLDEN.read_text()), json.loads(json.dumps(events.collections(database), default=str))
    assert expected == actual
    assert 30 == queues[0].priority
    assert queues[0] == covered[0]
    assert queues[0] == queues[1]


def test_a_queue_waits_for_the_server(database):
    """Events that fail are tried again until the server is back; the end is tried, too."""
    from expframe.compat.sacred.observers import QueueObserver

    covered = make(database, QueueCompatibleMongoObserver)
    observer = QueueObserver(covered, interval=0.01, retry_interval=0.001)
    events.start(observer)
    covered.runs = Faulty(database.runs, pymongo.errors.AutoReconnect("gone"), times=30)
    observer.heartbeat_event(info={"a": 1}, captured_out="x", beat_time=events.T1, result=None)
    observer.completed_event(stop_time=events.T2, result=2)

    assert ("COMPLETED", {"a": 1}) == tuple(database.runs.find_one()[key] for key in ("status", "info"))


def test_the_queued_observer_stores_which_metrics_there_are(database):
    """`info` names metrics that were logged after the last beat but one, as with the observer that has no queue."""
    covered = make(database, QueueCompatibleMongoObserver)
    ex = Experiment("queued", interactive=True)
    ex.observers.append(QueueObserver(covered, interval=0.01))

    @ex.main
    def main(_run):
        _run.log_scalar("loss", 0.5)
        _run.info["a"] = 1

    for _ in range(2):
        ex.run(options={"--loglevel": "ERROR"})
    infos = [(run["info"]["a"], [metric["name"] for metric in run["info"]["metrics"]]) for run in database.runs.find()]

    assert [(1, ["loss"])] * 2 == infos


def test_the_queued_observer_takes_what_mongo_takes():
    """Its arguments are those of the observer that it covers; attributes are, too."""
    with pymongo.MongoClient("127.0.0.1:1", serverSelectionTimeoutMS=1) as client:
        observer = QueuedMongoObserver(client=client, db_name="d", collection_prefix="p", failure_dir="f", priority=9)

        assert ("p_runs", "f", 9) == (observer.runs.name, observer.failure_dir, observer.priority)
        with pytest.warns(DeprecationWarning, match="QueuedMongoObserver"):
            assert observer == QueuedMongoObserver.create(client=client, db_name="d", collection_prefix="p")
