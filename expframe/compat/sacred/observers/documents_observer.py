"""What all observers do that keep a run as files with names: in a folder, or in a bucket."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from expframe.compat.sacred.observers import documents
from expframe.compat.sacred.observers.base import RunKeeper
from expframe.compat.sacred.observers.documents import MetricsDocument, Pace, to_text


class DocumentsObserver(RunKeeper):
    """
    Keeps a run as files; a subclass says how a file is written.

    Attributes:
        dir: Where the files of the run are.
        run_entry: What `run.json` says.
        config: What `config.json` says.
        info: What `info.json` says.
        cout: What `cout.txt` says.
    """

    copy_sources = True
    """Whether source files are kept."""

    def _forget(self, folder: str) -> None:
        """Begin with a run's folder; nothing is left of the run before."""
        self.dir = folder
        self.run_entry: dict[str, Any] = {}
        self.config: dict[str, Any] = {}
        self.info: dict[str, Any] = {}
        self.cout = ""
        self._info_text = ""
        self._metrics = MetricsDocument()
        self._stored_points = -1
        self._metrics_pace = Pace()

    @abstractmethod
    def save_text(self, text: str, filename: str) -> None:
        """Write a text among the run's files."""

    @abstractmethod
    def save_file(self, filename: str, target_name: str | None = None) -> None:
        """Copy a file among the run's files."""

    @abstractmethod
    def save_cout(self, captured_out: str = "") -> None:
        """Write the output."""

    @abstractmethod
    def find_or_save(self, filename: str, store_dir: Any) -> Any:
        """Return where a content is kept that all runs share, after a copy if it is not there yet."""

    @abstractmethod
    def _write_metrics(self, pieces: Iterable[str]) -> None:
        """Write the document of the metrics."""

    @abstractmethod
    def save_sources(self, ex_info: Mapping[str, Any]) -> list[list[str]]:
        """Keep the source files, each content once; return (name, stored file from `basedir` on)."""

    @abstractmethod
    def _reserve(self, _id: Any, entry: Mapping[str, Any]) -> Any:
        """Begin with a place of its own for a run, which `entry` may hold meanwhile; return the run's id."""

    def queued_event(
        self,
        ex_info: dict[str, Any],
        command: str,
        host_info: dict[str, Any],
        queue_time: Any,
        config: dict[str, Any],
        meta_info: dict[str, Any],
        _id: Any,
    ) -> Any:
        """Write the documents of a run that waits, with the sources that it is to run."""
        entry = documents.queued_entry(ex_info, command, host_info, meta_info)
        run_id = self._reserve(_id, entry)
        self._write_first(entry, config)
        if self.copy_sources:
            for name, *_ in ex_info["sources"]:
                self.save_file(str(Path(ex_info["base_dir"], name)))
        return run_id

    def started_event(
        self,
        ex_info: dict[str, Any],
        command: str,
        host_info: dict[str, Any],
        start_time: Any,
        config: dict[str, Any],
        meta_info: dict[str, Any],
        _id: Any,
    ) -> Any:
        """Write the documents of a run that begins."""
        entry = documents.started_entry(ex_info, command, host_info, start_time, meta_info)
        run_id = self._reserve(_id, entry)
        ex_info["sources"] = self.save_sources(ex_info)  # Sacred hands these on to everybody who looks afterwards
        entry["experiment"] = dict(ex_info)
        self._write_first(entry, config)
        self.save_cout()
        return run_id

    def save_json(self, obj: Any, filename: str) -> None:
        """Write an object among the run's files as JSON."""
        self.save_text(to_text(obj), filename)

    def _write_first(self, entry: dict[str, Any], config: dict[str, Any]) -> None:
        self.run_entry = entry
        self.config = config
        self.save_json(entry, documents.RUN)
        self.save_json(config, documents.CONFIG)

    def heartbeat_event(self, info: dict[str, Any], captured_out: str, beat_time: Any, result: Any) -> None:
        """Write how the run stands."""
        self.save_cout(captured_out)
        if info:
            self.info = info
            text = to_text(info)
            if text != self._info_text:
                self.save_text(text, documents.INFO)
                self._info_text = text
        self.run_entry["heartbeat"] = beat_time.isoformat()
        self.run_entry["result"] = result
        self.save_json(self.run_entry, documents.RUN)

    def log_metrics(self, metrics_by_name: Mapping[str, Any], info: dict[str, Any]) -> None:
        """Add points to `metrics.json`, now or when it is next written."""
        self._metrics.add(metrics_by_name)
        if self._metrics.size != self._stored_points and self._metrics_pace.is_due(self._metrics.size):
            self._save_metrics()

    def _save_metrics(self) -> None:
        with self._metrics_pace.writing():
            self._write_metrics(self._metrics.pieces())
        self._stored_points = self._metrics.size

    def completed_event(self, stop_time: Any, result: Any) -> None:
        """Write that the run has ended well."""
        self._end(stop_time=stop_time.isoformat(), result=result, status="COMPLETED")

    def interrupted_event(self, interrupt_time: Any, status: str) -> None:
        """Write that the run was stopped."""
        self._end(stop_time=interrupt_time.isoformat(), status=status)

    def failed_event(self, fail_time: Any, fail_trace: Sequence[str]) -> None:
        """Write that the run has failed."""
        self._end(stop_time=fail_time.isoformat(), status="FAILED", fail_trace=fail_trace)

    def _end(self, **facts: Any) -> None:
        self.run_entry.update(facts)
        self.save_json(self.run_entry, documents.RUN)
        self.join()

    def join(self) -> None:
        """Write the points that wait."""
        if self._stored_points not in (-1, self._metrics.size):
            self._save_metrics()

    def resource_event(self, filename: str) -> None:
        """Keep a file that the run reads, each content once."""
        self.run_entry["resources"].append([filename, str(self.find_or_save(filename, self.resource_dir))])
        self.save_json(self.run_entry, documents.RUN)

    def artifact_event(
        self,
        name: str,
        filename: str,
        metadata: Mapping[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Keep a file that the run made, under its name."""
        self.save_file(filename, name)
        self.run_entry["artifacts"].append(name)
        self.save_json(self.run_entry, documents.RUN)

    resource_dir: Any
    """Where resources are kept."""
