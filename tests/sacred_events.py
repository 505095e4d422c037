"""
A run as the events that an observer is told, for tests of ours and of Sacred alike.

`python sacred_events.py FOLDER`, where `sacred` can be imported, writes what Sacred's own observers make of it: the
files in `tests/golden/sacred` are from Sacred 0.8.7.
"""

import datetime
import json
import sys
from pathlib import Path

T0 = datetime.datetime(2020, 1, 2, 3, 4, 5, 678)
T1 = datetime.datetime(2020, 1, 2, 3, 5, 5)
T2 = datetime.datetime(2020, 1, 2, 5, 5, 7, 200000)


def lay_out(folder):
    """Write the files that the run is about into a folder."""
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "src" / "train.py").write_text("print(1)\n")
    (folder / "src" / "helper.py").write_text("h = 'é'\n", encoding="utf-8")
    (folder / "data.csv").write_text("1,2\n")
    (folder / "model.bin").write_bytes(bytes(range(256)))


def ex_info():
    """Return the facts of the experiment; its files are looked for from the working directory on."""
    return {
        "name": "ex",
        "base_dir": "src",
        "sources": [
            ("train.py", "dee5c46989f5ec092311188f4fe829c3"),
            ("helper.py", "614609332ce610c63628b32ff92c57e0"),
        ],
        "dependencies": ["numpy==1.26.0", "sacred==0.8.7"],
        "repositories": [{"url": "git@host:x.git", "commit": "c" * 40, "dirty": True}],
        "mainfile": "train.py",
    }


def facts():
    """Return what a run begins with, besides its id and time."""
    return {
        "ex_info": ex_info(),
        "command": "main",
        "host_info": {"hostname": "h", "os": ["Linux", "Linux-6"], "python_version": "3.11.7", "cpu": "c", "ENV": {}},
        "config": {"a": 1, "t": (1, 2), "nan": float("nan"), "word": "é", "net": {"sizes": [1, 2]}, "seed": 7},
        "meta_info": {"command": "main", "options": {"--force": False, "--comment": "hi"}, "named_configs": []},
    }


def metrics(first, count):
    """Return points of two metrics, as `log_metrics` takes them."""
    steps = list(range(first, first + count))
    return {
        "loss": {
            "name": "loss",
            "steps": steps,
            "values": [0.1 * step for step in steps],
            "timestamps": [T1 + datetime.timedelta(seconds=step) for step in steps],
        },
        "acc, é": {"name": "acc, é", "steps": [first + 0.5], "values": [float("nan")], "timestamps": [T1]},
    }


def start(observer, _id=None, **changes):
    """Begin a run and return its id."""
    return observer.started_event(**{**facts(), "start_time": T0, "_id": _id, **changes})


def run_through(observer, _id=None):
    """Tell an observer a whole run that ends well, and return its id."""
    given = start(observer, _id)
    info = {}
    observer.log_metrics({}, info)
    observer.heartbeat_event(info=info, captured_out="", beat_time=T0, result=None)
    observer.resource_event(filename="data.csv")
    observer.artifact_event(name="model", filename="model.bin", metadata={"best": True}, content_type="x/model")
    info.update(note="n", sizes=[1, 2])
    observer.log_metrics(metrics(0, 3), info)
    observer.heartbeat_event(info=info, captured_out="one\n", beat_time=T1, result=None)
    observer.log_metrics(metrics(3, 2), info)
    observer.heartbeat_event(info=info, captured_out="one\ntwo é\r\n", beat_time=T1, result=0.5)
    observer.completed_event(stop_time=T2, result=0.5)
    observer.join()
    return given


def fail(observer, _id=None):
    """Tell an observer a run that fails."""
    given = start(observer, _id)
    observer.failed_event(fail_time=T2, fail_trace=["Traceback:\n", "  File x\n", "ValueError: no\n"])
    observer.join()
    return given


def queue(observer, _id=None):
    """Tell an observer a run that waits."""
    changed = facts()
    changed["meta_info"]["queue_time"] = T0
    return observer.queued_event(**changed, queue_time=T0, _id=_id)


def store_files(basedir="stored"):
    """Write the runs that `tests/golden/sacred/file_storage` holds."""
    from sacred.observers import FileStorageObserver

    run_through(FileStorageObserver(basedir))
    fail(FileStorageObserver(basedir, copy_sources=False))
    FileStorageObserver(basedir).started_event(**facts(), start_time=T0, _id="waiting")


def sql_runs(observer):
    """Tell an observer the runs that `tests/golden/sacred/sql.json` holds."""
    run_through(observer)
    run_through(observer)
    fail(observer, "named")


def tables(engine):
    """Return what is in the tables of a database, in no order, keys that the database gives left out."""
    import sqlalchemy as sa

    found = {}
    metadata = sa.MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            rows = [dict(row._mapping) for row in connection.execute(sa.select(table))]
            for row in rows:
                for name, value in row.items():
                    row[name] = bytes(value).hex() if isinstance(value, bytes | memoryview) else value
                    row[name] = "row" if name.endswith("_id") and isinstance(value, int) else row[name]
            found[table.name] = sorted(json.dumps(row, sort_keys=True, default=str) for row in rows)
    return found


def store_tables():
    """Write what `tests/golden/sacred/sql.json` and `sql_tables.json` hold."""
    import sqlite3

    from sacred.observers import SqlObserver

    observer = SqlObserver("sqlite:///runs.db")
    sql_runs(observer)
    Path("sql.json").write_text(json.dumps(tables(observer.engine), indent=1, sort_keys=True) + "\n")
    with sqlite3.connect("runs.db") as connection:
        made = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    Path("sql_tables.json").write_text(json.dumps(made, indent=1, sort_keys=True) + "\n")


def mongo_runs(make):
    """Tell observers of a MongoDB the runs that `tests/golden/sacred/mongo.json` holds."""
    run_through(make())
    fail(make())
    queue(make())


def collections(database):
    """Return what is in the collections of a MongoDB, keys that it gives left out."""
    from bson import ObjectId

    def plain(value):
        if isinstance(value, dict):
            return {name: "key" if name == "id" else plain(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [plain(item) for item in value]
        return "key" if isinstance(value, ObjectId) else "NaN" if value != value else value

    found = {name: [plain(item) for item in database[name].find()] for name in ("runs", "metrics")}
    found["artifacts"] = [
        {name: plain(item) for name, item in file.items() if name != "uploadDate"}
        for file in database.fs.files.find()
        if "://" in file["filename"]
    ]
    return found


def store_documents():
    """Write what `tests/golden/sacred/mongo.json` holds."""
    import gridfs
    import mongomock.gridfs
    from sacred.observers import MongoObserver

    mongomock.gridfs.enable_gridfs_integration()
    database = mongomock.MongoClient().sacred
    files = gridfs.GridFS(database)
    mongo_runs(lambda: MongoObserver.create_from(database.runs, files, metrics_collection=database.metrics))
    text = json.dumps(collections(database), indent=1, sort_keys=True, default=str)
    Path("mongo.json").write_text(text + "\n")


def store_tinydb():
    """Write what `tests/golden/sacred/tinydb.json` and `tinydb.txt` hold."""
    from sacred.observers import TinyDbObserver, TinyDbReader

    run_through(TinyDbObserver("tinydb"), "first")
    fail(TinyDbObserver("tinydb"), "second")
    Path("tinydb.json").write_text(Path("tinydb/metadata.json").read_text() + "\n")
    Path("tinydb.txt").write_text(TinyDbReader("tinydb").fetch_report(indices=0)[0], encoding="utf-8")


if __name__ == "__main__":
    import os

    target = Path(sys.argv[1])
    lay_out(target)
    os.chdir(target)
    store_files()
    store_tables()
    store_documents()
    store_tinydb()
