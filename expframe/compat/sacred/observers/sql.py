"""Runs in a relational database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from expframe.compat.sacred._own.contents import storable_text
from expframe.compat.sacred._own.documents import Pace, to_text
from expframe.compat.sacred._own.libraries import needed_by
from expframe.compat.sacred._own.run_document import RunDocument
from expframe.compat.sacred.commandline_options import cli_option
from expframe.compat.sacred.observers.base import Facts

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from expframe.compat.sacred.observers.sql_bases import AnySession

DEFAULT_SQL_PRIORITY = 40

_ATTEMPTS = 1000
_PATIENCE = 60.0
"""Seconds that a file of SQLite is waited for while others write it."""


class SqlObserver(RunDocument):
    """
    Keeps runs in a relational database, in Sacred's tables, which are made with the first run.

    Output is appended to what the database has. A run with a status of its own is stored as INTERRUPTED, a result that
    is no number as none, for that is all that the columns take. Metrics have no table.

    Args:
        url: Of the database, as SQLAlchemy has it: `sqlite:///runs.db`, `postgresql://user:password@host/name`.
        echo: Whether SQLAlchemy logs its statements.
        priority: Observers with a higher one are told first.

    Raises:
        MissingLibraryError: SQLAlchemy is not installed.
    """

    def __init__(self, url: str, echo: bool = False, priority: int = DEFAULT_SQL_PRIORITY) -> None:
        with needed_by("SqlObserver", "sql"):
            from sqlalchemy.orm import scoped_session, sessionmaker
        engine = _make_engine(url, echo)
        self.initialize(engine, scoped_session(sessionmaker(bind=engine)), priority)
        self._closes = engine.url.get_backend_name() != "sqlite"

    def initialize(self, engine: Engine, session: AnySession, priority: int = DEFAULT_SQL_PRIORITY) -> None:
        """Set everything that the observer needs to know."""
        self.engine = engine
        self.session = session
        self.priority = priority
        self.lock: threading.Lock = threading.Lock()
        self._closes = False
        self._key: int | None = None
        self._run_id = ""
        self._cout: str | None = None
        """The output that the database has."""
        self._pace = Pace()

    @property
    def run(self) -> Any:
        """The run's row as it is now, until the next event; None before a run. `save` keeps what is set in it."""
        from expframe.compat.sacred.observers.sql_bases import Run

        with self.lock:
            return None if self._key is None else self.session.get(Run, self._key)

    def save(self) -> None:
        """Store what was set in `run`."""
        with self._transaction():
            pass

    # ---------------------------------------------------------------------------------------------------- begin

    def _begin(self, facts: Facts, ex_info: Facts, _id: Any) -> Any:
        from sqlalchemy.exc import IntegrityError

        from expframe.compat.sacred.observers.sql_bases import Base

        Base.metadata.create_all(self.engine)
        self.run_entry: Any = {**facts, "captured_out": None}
        for attempt in range(_ATTEMPTS):
            given = self._next_id(attempt) if _id is None else _id
            try:
                self._insert(facts, ex_info, str(given))
            except IntegrityError:  # another run was faster, or has been given this id by hand
                if _id is not None or attempt == _ATTEMPTS - 1:
                    raise
            else:
                break
        return given

    def _insert(self, facts: Facts, ex_info: Facts, run_id: str) -> None:
        from expframe.compat.sacred.observers.sql_bases import Experiment, Host, Run

        with self._transaction() as session:
            run = Run(
                run_id=run_id,
                command=Run.fitting("command", facts["command"]),
                config=_to_line(facts["config"]),
                priority=facts["meta"].get("priority", 0),
                comment=storable_text(facts["meta"].get("comment", "")),
                host=Host.get_or_create(facts["host"], session),
                experiment=Experiment.get_or_create(ex_info, session),
                status=facts["status"],
                queue_time=facts.get("queue_time"),
                start_time=facts.get("start_time"),
            )
            session.add(run)
            session.flush()
            self._key, self._run_id, self._cout = run.id, run_id, None

    def _next_id(self, attempt: int) -> str | int:
        """Return one more than the last row's key; the very first run is `'0'`, as with Sacred."""
        import sqlalchemy as sa

        from expframe.compat.sacred.observers.sql_bases import Run

        with self._transaction() as session:
            last = session.scalar(sa.select(sa.func.max(Run.id)))
        return "0" if last is None and attempt == 0 else (last or 0) + 1 + attempt

    @contextmanager
    def _transaction(self) -> Iterator[AnySession]:
        """Commit what the block does, or take all of it back."""
        with self.lock:
            try:
                yield self.session
                self.session.commit()
            except BaseException:
                self.session.rollback()
                raise
            finally:
                self.session.close()

    # ---------------------------------------------------------------------------------------------------- events

    def _store(self, facts: Facts, *, is_last: bool = False) -> None:
        columns = {name: _FORMS[name](fact) for name, fact in facts.items() if name in _FORMS}
        if not columns:  # a file, which has a row of its own
            return
        output = self.run_entry["captured_out"]
        if is_last or self._pace.is_due(len(output or "")):
            with self._pace.writing():
                self._update(columns | self._grown(output))
            self._cout = output
        else:
            self._update(columns)

    def _grown(self, output: Any) -> Facts:
        """Return what the column of the output becomes; nothing where it is that already."""
        from expframe.compat.sacred.observers.sql_bases import Run

        if output == self._cout:
            return {}
        if self._cout and output.startswith(self._cout):
            return {"captured_out": Run.captured_out + storable_text(output[len(self._cout) :])}
        return {"captured_out": storable_text(output)}

    def _update(self, columns: Facts) -> None:
        import sqlalchemy as sa

        from expframe.compat.sacred.observers.sql_bases import Run

        with self._transaction() as session:
            session.execute(sa.update(Run).where(Run.id == self._key).values(**columns))

    def _keep_resource(self, filename: str) -> str:
        import sqlalchemy as sa

        from expframe.compat.sacred.observers.sql_bases import Base, Resource

        with self._transaction() as session:
            resource = Resource.get_or_create(filename, session)
            session.flush()
            link = {"run_id": self._run_id, "resource_id": resource.resource_id}
            table = Base.metadata.tables["runs_resources"]
            if session.execute(sa.select(table).filter_by(**link)).first() is None:
                session.execute(sa.insert(table).values(**link))
        return filename

    def _keep_artifact(self, name: str, filename: str, *about: Any) -> str:
        from expframe.compat.sacred.observers.sql_bases import Artifact

        with self._transaction() as session:
            artifact = Artifact.create(name, filename)
            artifact.run_id = self._run_id
            session.add(artifact)
        return name

    def join(self) -> None:
        """Close the connections that the observer has opened; another run opens new ones."""
        if self._closes:
            self.engine.dispose()

    def query(self, _id: int) -> dict[str, Any]:
        """Return the facts of a run by the number of its row."""
        import sqlalchemy as sa

        from expframe.compat.sacred.observers.sql_bases import Run

        with self._transaction() as session:
            return session.scalars(sa.select(Run).filter_by(id=_id)).one().to_json()

    def _place(self) -> tuple[str, int, int]:
        return "SQL", id(self.engine), id(self.session)


@cli_option("-s", "--sql")
def sql_option(args: str, run: Any) -> None:
    """Keep the run in the relational database with this URL: dialect://username:password@host:port/database."""
    run.observers.append(SqlObserver(args))


def _make_engine(url: str, echo: bool) -> Engine:
    """Return an engine whose connections serve the beats' thread too, and do not stay open where that is cheap."""
    import sqlalchemy as sa
    from sqlalchemy.pool import NullPool, StaticPool

    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(parsed, echo=echo)
    if parsed.database in (None, "", ":memory:"):
        return sa.create_engine(parsed, echo=echo, poolclass=StaticPool, connect_args={"check_same_thread": False})
    patience = {} if "timeout" in parsed.query else {"timeout": _PATIENCE}
    return sa.create_engine(parsed, echo=echo, poolclass=NullPool, connect_args=patience)


def _to_line(obj: Any) -> str:
    return to_text(obj, sort_keys=False, indent=None)


def _number(result: Any) -> float | None:
    """Return a result as the column takes it; None where it is no number."""
    try:
        return None if isinstance(result, str | bytes) else float(result)
    except (TypeError, ValueError, OverflowError):
        return None


def _status(word: str) -> str:
    """Return a status as the column takes it; one that is not Sacred's own is an interrupt."""
    from expframe.compat.sacred.observers.sql_bases import STATUSES

    return word if word in STATUSES else "INTERRUPTED"


def _trace(lines: Sequence[str]) -> str:
    return storable_text("\n".join(lines))


def _as_it_is(value: Any) -> Any:
    return value


_FORMS: dict[str, Callable[[Any], Any]] = {
    "heartbeat": _as_it_is,
    "stop_time": _as_it_is,
    "info": _to_line,
    "result": _number,
    "status": _status,
    "fail_trace": _trace,
}
"""The columns that events change, and how facts stand in them."""
