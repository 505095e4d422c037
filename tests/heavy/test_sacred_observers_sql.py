"""Sacred's tables, in SQLite and in PostgreSQL."""

import json
import sqlite3
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest
import sacred_events as events
import sacred_servers
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import sessionmaker

from expframe.compat.sacred._own.documents import Pace
from expframe.compat.sacred.observers import SqlObserver
from expframe.compat.sacred.observers.sql import sql_option

GOLDEN = Path(__file__).parents[1] / "golden" / "sacred" / "sql.json"


@pytest.fixture(autouse=True)
def files(tmp_path):
    """The files of the run, in the working directory."""
    events.lay_out(tmp_path)


@pytest.fixture(scope="session")
def server():
    """A PostgreSQL server."""
    with sacred_servers.postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/runs.db"
        return
    server = request.getfixturevalue("server")
    name = "db_" + uuid.uuid4().hex
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    admin.dispose()
    yield server.rsplit("/", 1)[0] + "/" + name


@pytest.fixture
def observer(url):
    """An observer of an empty database."""
    observer = SqlObserver(url)
    yield observer
    observer.engine.dispose()


def _rows(observer, table):
    with observer.engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(sa.text(f"SELECT * FROM {table}"))]


def test_writes_what_sacred_writes(observer):
    """The same events make the same rows as with Sacred 0.8.7."""
    events.sql_runs(observer)

    expected = json.loads(GOLDEN.read_text())
    actual = events.tables(observer.engine)
    assert expected.keys() == actual.keys()
    for name in expected:
        assert expected[name] == actual[name], name


def test_the_tables_are_sacreds():
    """SQLite has the very statements with which Sacred makes its tables, so that either may begin a database."""
    observer = SqlObserver("sqlite:///runs.db")
    events.start(observer)
    with sqlite3.connect("runs.db") as connection:
        found = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    connection.close()

    expected = json.loads(GOLDEN.with_name("sql_tables.json").read_text())
    assert {name: sorted(_columns(text)) for name, text in expected.items()} == {
        name: sorted(_columns(text)) for name, text in found.items()
    }


def _columns(statement):
    return [line.strip().rstrip(",") for line in statement.splitlines()]


def test_ids_begin_as_sacreds_do(observer):
    """The first is `'0'`, others are one more than the last row; a taken one is passed over."""
    assert ["0", 2, 3] == [events.start(observer) for _ in range(3)]
    assert "5" == events.start(observer, "5")
    assert 6 == events.start(observer)  # the row's number is 5, and that id is taken
    with pytest.raises(IntegrityError):
        events.start(observer, "5")
    assert 7 == events.start(observer)


def test_a_failed_event_does_not_stop_later_ones(observer):
    """What the database refuses is taken back, and the next event is stored."""
    events.start(observer)
    with pytest.raises(FileNotFoundError):
        observer.artifact_event("gone", "no such file")
    observer.artifact_event("model", "model.bin")
    observer.completed_event(events.T2, {"not": "a number"})

    (run,) = _rows(observer, "run")
    assert "COMPLETED" == run["status"]
    assert run["result"] is None
    assert [bytes(range(256))] == [bytes(row["content"]) for row in _rows(observer, "artifact")]


def test_many_threads_share_an_observer(url):
    """Events may come from the beats' thread, and runs may begin at once."""
    ids, observers = [], [SqlObserver(url) for _ in range(4)]
    events.start(observers[0], "first")

    def work(observer):
        ids.append(events.start(observer))
        beat = threading.Thread(target=observer.heartbeat_event, args=({}, "out", events.T1, 1))
        beat.start()
        beat.join()
        observer.completed_event(events.T2, 2)

    threads = [threading.Thread(target=work, args=(observer,)) for observer in observers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    runs = [row for row in _rows(observers[0], "run") if row["run_id"] != "first"]
    for observer in observers:
        observer.join()

    assert 4 == len(set(ids))
    assert [("COMPLETED", "out", 2.0)] * 4 == [(row["status"], row["captured_out"], row["result"]) for row in runs]


@pytest.mark.parametrize(("more", "seconds"), [("", 60), ("?timeout=2", 2)])
def test_a_file_that_others_write_is_waited_for(tmp_path, more, seconds):
    """Many runs may write one SQLite file at once, on a slow disk too; the URL may say how long one waits."""
    observer = SqlObserver(f"sqlite:///{tmp_path}/runs.db{more}")
    with observer.engine.connect() as connection:
        waits = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()

    assert 1000 * seconds == waits


def test_output_is_sent_once(observer):
    """A beat sends what is new in the output; a filter's changes are followed."""
    sent = []
    events.start(observer)
    sa.event.listen(observer.engine, "before_cursor_execute", lambda *call: sent.append(str(call[3])))
    text = ""
    for number in range(4):
        text += f"line {number}\n"
        observer.heartbeat_event({}, text, events.T1, None)

    assert text == _rows(observer, "run")[0]["captured_out"]
    assert 1 == sum("line 0" in statement for statement in sent)
    observer.heartbeat_event({}, "changed\0\ud800", events.T1, None)
    assert "changed\\x00\\ud800" == _rows(observer, "run")[0]["captured_out"]


def test_output_that_waits_is_stored_at_the_end(observer, monkeypatch):
    """However long the output is, all of it is there when the run ends."""
    events.start(observer)
    monkeypatch.setattr(Pace, "is_due", lambda self, size: size == 0)
    observer.heartbeat_event({}, "long", events.T1, None)
    assert _rows(observer, "run")[0]["captured_out"] is None
    observer.interrupted_event(events.T2, "INTERRUPTED")

    assert "long" == _rows(observer, "run")[0]["captured_out"]


def test_long_facts_are_cut(observer):
    """Facts that are longer than their columns do not stop a run."""
    info = {
        **events.ex_info(),
        "name": "n" * 50,
        "base_dir": "src/" + "./" * 60,
        "dependencies": ["d" * 40 + "==" + "1" * 20],
    }
    host = {"os": ["Linux", "L" * 100], "hostname": "h"}
    events.start(observer, ex_info=info, host_info=host)
    events.start(observer, ex_info=info, host_info=host)

    assert ["n" * 32] == [row["name"] for row in _rows(observer, "experiment")]
    assert [("h", "L" * 64, None)] == [(row["hostname"], row["os_info"], row["cpu"]) for row in _rows(observer, "host")]


def test_a_status_of_its_own_is_an_interrupt(observer):
    """The column takes six words; any other status is stored as INTERRUPTED."""
    for status in ("TIMEOUT", "EARLY_STOP"):
        events.start(observer)
        observer.interrupted_event(events.T2, status)

    assert ["TIMEOUT", "INTERRUPTED"] == [row["status"] for row in _rows(observer, "run")]


def test_a_queued_run_has_its_time(observer):
    """A run that waits is QUEUED since a time."""
    events.queue(observer)

    (run,) = _rows(observer, "run")
    assert ("QUEUED", None) == (run["status"], run["start_time"])
    assert str(events.T0) in str(run["queue_time"])


def test_changed_sources_are_refused():
    """A source file that is not what its digest says stops the run."""
    Path("src/train.py").write_text("print(2)\n")
    with pytest.raises(AssertionError, match=r"found md5 mismatch for train\.py"):
        events.start(SqlObserver("sqlite:///runs.db"))


def test_sources_may_have_been_stored_by_another_observer():
    """Names of stored files in the place of digests are no mismatch."""
    info = {**events.ex_info(), "sources": [["train.py", "_sources/train_x.py"], ["helper.py", "_sources/y"]]}
    observer = SqlObserver("sqlite:///runs.db")
    events.start(observer, ex_info=info)

    assert {"dee5c46989f5ec092311188f4fe829c3", "614609332ce610c63628b32ff92c57e0"} == {
        row["md5sum"] for row in _rows(observer, "source")
    }


def test_runs_are_told_by_number(observer):
    """`query` gives the facts of a row; tuples in its config are tuples."""
    events.run_through(observer)
    found = observer.query(1)

    assert "0" == found["_id"]
    assert (1, 2) == found["config"]["t"]
    assert [{"_id": 1, "filename": "model"}] == found["artifacts"]
    assert "ex" == found["experiment"]["name"]


def test_the_row_of_the_run_is_there(observer):
    """`run` is none before a run, and then its row; what is set in it is kept by `save`."""
    assert observer.run is None
    events.start(observer)
    assert ("0", "RUNNING", "h") == (observer.run.run_id, observer.run.status, observer.run.host.hostname)
    observer.run.comment = "changed"
    observer.save()
    observer.completed_event(events.T2, 1)

    assert ("COMPLETED", "changed") == (observer.run.status, observer.run.comment)
    observer.session.close()


def test_a_database_may_be_in_memory():
    """A database in memory is the same one in all threads."""
    observer = SqlObserver("sqlite://")
    events.start(observer)
    beat = threading.Thread(target=observer.heartbeat_event, args=({"a": 1}, "out", events.T1, 1))
    beat.start()
    beat.join()

    assert '{"a": 1}' == _rows(observer, "run")[0]["info"]
    observer.engine.dispose()


def test_old_ways_to_make_one_work():
    """`create` warns; `create_from` takes an engine and a session, by which observers are equal."""
    with pytest.warns(DeprecationWarning, match="SqlObserver"):
        created = SqlObserver.create("sqlite:///runs.db")
    engine = sa.create_engine("sqlite:///runs.db", poolclass=sa.pool.NullPool)
    session = sessionmaker(bind=engine)()
    made = SqlObserver.create_from(engine, session, priority=7)

    assert "0" == events.run_through(made)
    assert "COMPLETED" == created.query(1)["status"]
    assert 7 == made.priority
    assert made == SqlObserver.create_from(engine, session)
    assert made != created


def test_the_flag_adds_an_observer():
    """`-s` appends an observer to the run's."""

    class Run:
        observers = []

    sql_option("sqlite:///runs.db", Run)

    assert "runs.db" == Run.observers[0].engine.url.database
    assert ("-s", "--sql") == sql_option.get_flags()


def test_a_missing_library_is_named(environment):
    """The module imports without SQLAlchemy; making an observer says what to install."""
    code = (
        "import sys; sys.modules['sqlalchemy'] = None\n"
        "from expframe.compat.sacred.observers import SqlObserver\n"
        "try: SqlObserver('sqlite://')\n"
        "except ImportError as problem: print(problem)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)

    assert "SqlObserver needs sqlalchemy" in told.stdout
    assert "expframe[sql]" in told.stdout
