"""Runs as documents of MongoDB."""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
import time
import warnings
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from expframe.compat.sacred._own.bson_values import encoding, fit_text, force_bson_encodeable, unencodable
from expframe.compat.sacred._own.contents import guess_content_type
from expframe.compat.sacred._own.documents import Pace, flatten_live
from expframe.compat.sacred._own.libraries import needed_by
from expframe.compat.sacred._own.run_document import RunDocument
from expframe.compat.sacred.dependencies import get_digest
from expframe.compat.sacred.observers.base import Facts

DEFAULT_MONGO_PRIORITY = 30

_MOST_OUTPUT = 12 << 20
"""Bytes of output in a document, which can have 16 MiB."""
_FINAL_ATTEMPTS = {"COMPLETED": 10, "FAILED": 1}
_OTHER_ATTEMPTS = 3
"""How often the end of a run is tried that was stopped."""


class MongoObserver(RunDocument):
    """
    Keeps each run as a document, its files in GridFS and its metrics in a collection of their own.

    A beat sends points once, and the output only when it has grown; long output at growing intervals and at the end.

    Args:
        url: Of the server, as `pymongo.MongoClient` takes it; by default the local one.
        db_name: The database.
        collection: The collection of runs; `collection_prefix` has taken its place.
        collection_prefix: Makes the collections `PREFIX_runs` and `PREFIX_metrics`.
        overwrite: The id of a run whose document is to be written over.
        priority: Observers with a higher one are told first.
        client: A `pymongo.MongoClient`, instead of `url`.
        failure_dir: Where a run goes, as a pickle, that the database did not take at its end; by default the folder of
            temporary files.
        **kwargs: What else `pymongo.MongoClient` takes.

    Raises:
        MissingLibraryError: pymongo is not installed.
        ValueError: Arguments exclude each other, or `client` is none.
        KeyError: The collection's name is taken by the database.
        RuntimeError: There is no run to overwrite.
    """

    COLLECTION_NAME_BLACKLIST = frozenset(
        {"fs.files", "fs.chunks", "_properties", "system.indexes", "search_space", "search_spaces"}
    )
    VERSION = "MongoObserver-0.7.0"

    def __init__(
        self,
        url: str | None = None,
        db_name: str = "sacred",
        collection: str = "runs",
        collection_prefix: str = "",
        overwrite: int | str | None = None,
        priority: int = DEFAULT_MONGO_PRIORITY,
        client: Any = None,
        failure_dir: str | os.PathLike[str] | None = None,
        **kwargs: Any,
    ) -> None:
        with needed_by(type(self).__name__, "mongo"):
            import gridfs
            import pymongo

        runs, metrics = self._collection_names(collection, collection_prefix)
        if client is None:
            client = pymongo.MongoClient(url, **kwargs)
            weakref.finalize(self, client.close)
        elif not isinstance(client, pymongo.MongoClient):
            raise ValueError(f"client needs to be a pymongo.MongoClient, but is {type(client)} instead")
        elif url is not None:
            raise ValueError("Cannot pass both a client and a url.")
        self._client = client
        database = client[db_name]
        self.initialize(
            database[runs], gridfs.GridFS(database), overwrite, database[metrics], failure_dir, priority=priority
        )

    @classmethod
    def _collection_names(cls, collection: str, prefix: str) -> tuple[str, str]:
        if collection != "runs":
            if prefix:
                raise ValueError("Cannot pass both collection and a collection prefix.")
            warnings.warn(
                'Argument "collection" is deprecated. Please use "collection_prefix" instead.',
                DeprecationWarning,
                stacklevel=1,  # for tests, as Sacred: no lines more from a script
            )
        runs, metrics = (f"{prefix}_runs", f"{prefix}_metrics") if prefix else (collection, "metrics")
        if runs in cls.COLLECTION_NAME_BLACKLIST:
            raise KeyError(f'Collection name "{runs}" is reserved. Please use a different one.')
        return runs, metrics

    def initialize(
        self,
        runs_collection: Any,
        fs: Any,
        overwrite: int | str | None = None,
        metrics_collection: Any = None,
        failure_dir: str | os.PathLike[str] | None = None,
        priority: int = DEFAULT_MONGO_PRIORITY,
    ) -> None:
        """Set everything that the observer needs to know."""
        self.runs = runs_collection
        self.metrics = metrics_collection
        self.fs = fs
        self.overwrite: Any = None
        if overwrite is not None:
            self.overwrite = runs_collection.find_one({"_id": _as_id(overwrite)})
            if self.overwrite is None:
                raise RuntimeError(f"Couldn't find run to overwrite with _id='{overwrite}'")
        self.run_entry: Any = None
        self.priority = priority
        self.failure_dir = failure_dir
        self._pace = Pace()

    # ---------------------------------------------------------------------------------------------------- begin

    def _value(self, value: Any) -> Any:
        return flatten_live(value)

    def _begin(self, facts: Facts, ex_info: Facts, _id: Any) -> Any:
        """Insert a run, or write over the one that is to be overwritten, which keeps its id."""
        if self.overwrite is not None and facts["status"] == "QUEUED":
            raise RuntimeError("Can't overwrite with QUEUED run.")
        if self.overwrite is not None and self.run_entry is not None:
            raise RuntimeError("Cannot overwrite more than once!")
        facts["experiment"]["sources"] = self.save_sources(ex_info)
        self.run_entry = {**(self.overwrite or {}), **self._inside(facts)}
        if _id is not None and self.overwrite is None:
            self.run_entry["_id"] = _id
        self._sent_output: str | None = None
        self.insert()
        return self.run_entry["_id"]

    def insert(self) -> None:
        """
        Insert the run; without an id it gets one more than the largest number.

        Raises:
            ObserverError: The document holds what MongoDB does not take.
            DuplicateKeyError: There is a run of the given id.
        """
        if self.overwrite is not None:
            self.save()
            return
        import pymongo.errors

        is_given = "_id" in self.run_entry
        while True:
            if not is_given:
                last = self.runs.find_one({"_id": {"$type": "number"}}, {"_id": 1}, sort=[("_id", -1)])
                self.run_entry["_id"] = int(last["_id"]) + 1 if last else 1
            try:
                with encoding():
                    self.runs.insert_one(self.run_entry)
            except pymongo.errors.DuplicateKeyError:  # another run was faster
                if is_given:
                    raise
            else:
                return

    # ---------------------------------------------------------------------------------------------------- files

    def save_sources(self, ex_info: Facts) -> list[list[Any]]:
        """Keep the source files, each name and content once; return (name, id in GridFS)."""
        base = ex_info["base_dir"]
        return [[name, self._find_or_put(os.path.join(base, name))] for name, *_ in ex_info["sources"]]

    def _find_or_put(self, filename: str, digest: str | None = None) -> Any:
        digest = digest or get_digest(filename)
        found = self.fs.find_one({"filename": filename, "md5": digest})
        if found is not None:
            return found._id
        with Path(filename).open("rb") as file:
            return self.fs.put(file, filename=filename, md5=digest)  # pymongo itself stores no digest any more

    def _keep_resource(self, filename: str) -> list[str]:
        digest = get_digest(filename)
        self._find_or_put(filename, digest)
        return [filename, digest]

    def _is_known(self, row: Any, rows: list[Any]) -> bool:
        return row in rows

    def _keep_artifact(
        self, name: str, filename: str, metadata: Mapping[str, Any] | None, content_type: str | None
    ) -> dict[str, Any]:
        kind = content_type or self._try_to_detect_content_type(filename)
        place = f"artifact://{self.runs.name}/{self.run_entry['_id']}/{name}"
        with Path(filename).open("rb") as file:
            key = self.fs.put(file, filename=place, metadata=metadata, content_type=kind)
        return {"name": name, "file_id": key}

    @staticmethod
    def _try_to_detect_content_type(filename: str) -> str | None:
        found = guess_content_type(filename)
        if found is None:
            print(f"Failed to detect content-type automatically for artifact {filename}.")
        else:
            print(f"Added {found} as content-type of artifact {filename}.")
        return found

    # --------------------------------------------------------------------------------------------------- storing

    def log_metrics(self, metrics_by_name: Mapping[str, Any], info: Facts) -> None:
        """Append points to the documents of their metrics; `info` is told which ones these are."""
        for name, metric in metrics_by_name.items():
            self._push_points(name, metric, info)

    def _push_points(self, name: str, metric: Mapping[str, Any], info: Facts) -> None:
        if self.metrics is None:
            return
        lists = {part: {"$each": list(metric[part])} for part in ("steps", "values", "timestamps")}
        key = {"run_id": self.run_entry["_id"], "name": name}
        done = self.metrics.update_one(key, {"$push": lists}, upsert=True)
        if done.upserted_id is not None:
            info.setdefault("metrics", []).append({"name": name, "id": str(done.upserted_id)})

    def _store(self, facts: Facts, *, is_last: bool = False) -> None:
        if is_last:
            self.final_save(_FINAL_ATTEMPTS.get(facts["status"], _OTHER_ATTEMPTS))
        else:
            self.save()

    def save(self) -> None:
        """
        Write the run's document; a lost connection is for the next beat.

        Raises:
            ObserverError: The document holds what MongoDB does not take.
        """
        import pymongo.errors

        try:
            with encoding():
                self._write()
        except pymongo.errors.AutoReconnect:
            pass

    def _write(self, *, is_final: bool = False) -> None:
        output = self.run_entry.get("captured_out", "")
        has_output = is_final or (output != self._sent_output and self._pace.is_due(len(output)))
        facts = {name: value for name, value in self.run_entry.items() if name not in ("_id", "captured_out")}
        if has_output and "captured_out" in self.run_entry:
            facts["captured_out"] = fit_text(output, _MOST_OUTPUT)
            with self._pace.writing():
                self._update(facts, upsert=is_final)
            self._sent_output = output
        else:
            self._update(facts, upsert=is_final)

    def _update(self, facts: Facts, *, upsert: bool) -> None:
        self.runs.update_one({"_id": self.run_entry["_id"]}, {"$set": facts}, upsert=upsert)

    def final_save(self, attempts: int) -> None:
        """
        Write the run's document at its end, all of it, for somebody may have deleted it.

        What MongoDB does not take is changed, and the last resort is a file.
        """
        import pymongo.errors

        for attempt in range(attempts):
            try:
                self._write(is_final=True)
            except pymongo.errors.AutoReconnect:
                if attempt < attempts - 1:
                    time.sleep(1)
            except unencodable():
                self.run_entry = force_bson_encodeable(self.run_entry)
                print(
                    "Warning: Some of the entries of the run were not BSON-serializable!\n They have been altered such "
                    "that they can be stored, but you should fix your experiment!"
                    "Most likely it is either the 'info' or the 'result'.",
                    file=sys.stderr,
                )
            except pymongo.errors.PyMongoError:
                pass
            else:
                return
        self._save_pickle()

    def _save_pickle(self) -> None:
        folder = Path(self.failure_dir or tempfile.gettempdir())
        folder.mkdir(parents=True, exist_ok=True)
        prefix = f"sacred_mongo_fail_{self.run_entry['_id']}_"
        with tempfile.NamedTemporaryFile(dir=folder, delete=False, prefix=prefix, suffix=".pickle") as file:
            pickle.dump(self.run_entry, file)
        print(f"Warning: saving to MongoDB failed! Stored experiment entry in '{file.name}'", file=sys.stderr)

    def _place(self) -> tuple[str, Any]:
        return "MongoDB", self.runs


def _as_id(word: int | str) -> int | str:
    try:
        return int(word)
    except ValueError:
        return word
