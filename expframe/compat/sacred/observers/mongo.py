"""Runs in MongoDB, at once or through a queue, and the flag for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expframe.compat.sacred._own.bson_values import (
    encoding,
    force_bson_encodeable,
    unencodable,
)
from expframe.compat.sacred._own.exceptions import ObserverError
from expframe.compat.sacred._own.mongo_address import parse_mongo_db_arg
from expframe.compat.sacred._own.mongo_documents import DEFAULT_MONGO_PRIORITY, MongoObserver
from expframe.compat.sacred.commandline_options import cli_option
from expframe.compat.sacred.observers.base import Facts
from expframe.compat.sacred.observers.queue import QueueObserver

__all__ = [
    "DEFAULT_MONGO_PRIORITY",
    "MongoObserver",
    "QueueCompatibleMongoObserver",
    "QueuedMongoObserver",
    "force_bson_encodeable",
    "mongo_db_option",
    "parse_mongo_db_arg",
]


class QueueCompatibleMongoObserver(MongoObserver):
    """A MongoObserver whose faults are seen, so that a queue tries again; it takes one metric at a time."""

    _named: list[Any]

    def log_metrics(  # type: ignore[override]  # one metric is what a queue hands on
        self, metric_name: str, metrics_values: Mapping[str, Any], info: Facts
    ) -> None:
        """Append the points of one metric."""
        self._push_points(metric_name, metrics_values, info)
        self._named = info.get("metrics", [])

    def heartbeat_event(self, info: Facts, captured_out: str, beat_time: Any, result: Any) -> None:
        """Store them, with which metrics there are: `info` is from before those were taken out of the queue."""
        known = {**info, "metrics": self._named} if self._named else info
        super().heartbeat_event(known, captured_out, beat_time, result)

    def _begin(self, facts: Facts, ex_info: Facts, _id: Any) -> Any:
        self._named = []
        return super()._begin(facts, ex_info, _id)

    def save(self) -> None:
        """
        Write the run's document.

        Raises:
            ObserverError: The document holds what MongoDB does not take.
        """
        with encoding():
            self._write()

    def final_save(self, attempts: int) -> None:
        """
        Write the run's document at its end.

        Raises:
            ObserverError: It could not be written.
        """
        import pymongo.errors

        for _ in range(attempts):
            try:
                self._write(is_final=True)
            except pymongo.errors.ConnectionFailure:
                continue
            except unencodable():
                self.run_entry: Any = force_bson_encodeable(self.run_entry)
            else:
                return
        raise ObserverError("Warning: saving to MongoDB failed!")


class QueuedMongoObserver(QueueObserver):
    """
    A MongoObserver that a thread of its own feeds, and that tries again while the database cannot be reached.

    Args:
        interval: Seconds between two times that the queue is emptied.
        retry_interval: Seconds before an event that failed is tried again.
        url: As for MongoObserver, like all that follows.
        db_name: The database.
        collection: The collection of runs.
        overwrite: The id of a run whose document is to be written over.
        priority: Observers with a higher one are told first.
        client: A `pymongo.MongoClient`, instead of `url`.
        **kwargs: What else MongoObserver takes.
    """

    def __init__(
        self,
        interval: float = 20.0,
        retry_interval: float = 10.0,
        url: str | None = None,
        db_name: str = "sacred",
        collection: str = "runs",
        overwrite: int | str | None = None,
        priority: int = DEFAULT_MONGO_PRIORITY,
        client: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs = {"db_name": db_name, "collection": collection, "overwrite": overwrite, "client": client, **kwargs}
        covered = QueueCompatibleMongoObserver(url, priority=priority, **kwargs)
        super().__init__(covered, interval=interval, retry_interval=retry_interval)


@cli_option("-m", "--mongo_db")
def mongo_db_option(args: str, run: Any) -> None:
    """Keep the run in MongoDB, at `[host:port:]db_name[.collection[:id]][!priority]`."""
    run.observers.append(MongoObserver(**parse_mongo_db_arg(args)))
