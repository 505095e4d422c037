"""
Observers across the border: one of Sacred's kind takes native runs, a native one takes runs of Sacred's kind.

In both directions there is one adapter for each run, so that what belongs to it is never shared.
"""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from expframe.compat.sacred.dependencies import collect_repositories, gather_sources_and_dependencies
from expframe.compat.sacred.host_info import get_host_info
from expframe.compat.sacred.observers.base import RunKeeper, RunObserver
from expframe.config.decided import Config
from expframe.config.equality import same
from expframe.config.frozen import thaw
from expframe.config.json_values import to_json
from expframe.disk import layout
from expframe.disk.files import replace_file
from expframe.errors import MetricError
from expframe.observers.base import Observer, Sink
from expframe.record.events import Beat, Event, File, Info, Output, Points, Series
from expframe.record.metrics import check_name, number
from expframe.record.record import Failure, Record, Status, now
from expframe.saving import files


def as_run_observer(observer: Any) -> Any:
    """Return who is told of a run in Sacred's way: a native observer wrapped, a copy of one that keeps another run."""
    if isinstance(observer, Observer):
        return NativeObserver(observer)
    return observer.taken() if isinstance(observer, RunKeeper) else observer


def give_back(observer: Any) -> None:
    """Take note that the run has ended which an observer was told of."""
    if isinstance(observer, RunKeeper):
        observer.given_back()


# -------------------------------------------------------------------------------------- native observer, Sacred's run


class NativeObserver(RunObserver):
    """Hands one run of Sacred's kind on to a native observer."""

    def __init__(self, observer: Observer) -> None:
        self.observer = observer
        self.priority = observer.priority
        self._record: Record | None = None
        self._sink: Sink | None = None
        self._output = ""
        self._info: Any = {}

    def __repr__(self) -> str:
        return repr(self.observer)

    def _open(self, status: str, facts: Mapping[str, Any], **when: Any) -> str | None:
        ex_info, config, meta = facts["ex_info"], facts["config"], facts["meta_info"]
        repositories = ex_info.get("repositories") or ()
        uid = os.urandom(16).hex()
        record = Record(
            uid=uid,
            root=uid,
            name=ex_info.get("name", ""),
            command=facts["command"],
            status=status,
            id=None if facts["_id"] is None else str(facts["_id"]),
            seed=config.get("seed"),
            comment=meta.get("comment"),
            options={key: value for key, value in (meta.get("options") or {}).items() if value},
            named_configs=tuple(meta.get("named_configs") or ()),
            argv=tuple(sys.argv),
            host=facts["host_info"],
            git=dict(repositories[0]) if repositories else None,
            packages=dict(text.partition("==")[::2] for text in ex_info.get("dependencies") or ()),
            **when,
        )
        self._sink = self.observer.open(record, Config(config))
        self._record = record._replace(id=self._sink.id or record.id)
        return self._sink.id

    def queued_event(self, *args: Any, **facts: Any) -> str | None:
        """Keep a run that is to be made later."""
        given = self._open(Status.QUEUED, facts, queued=_aware(facts["queue_time"]))
        self._close()
        return given

    def started_event(self, *args: Any, **facts: Any) -> str | None:
        """Open the sink of the run."""
        return self._open(Status.RUNNING, facts, started=_aware(facts["start_time"]))

    def log_metrics(self, metrics_by_name: Mapping[str, Any], info: dict[str, Any]) -> None:
        """Hand on the values that are numbers."""
        points = []
        for name, metric in metrics_by_name.items():
            for step, when, value in zip(metric["steps"], metric["timestamps"], metric["values"], strict=True):
                with suppress(MetricError):
                    points.append((check_name(name), number(step), _aware(when).timestamp(), number(value)))
        if points:
            self._write(Points(points))

    def heartbeat_event(
        self, info: dict[str, Any], captured_out: str, beat_time: datetime.datetime, result: Any
    ) -> None:
        """Hand on what was printed since the last beat, and the info where it is another."""
        kept, self._output = self._output, captured_out
        is_longer = captured_out.startswith(kept)
        text = captured_out[len(kept) :] if is_longer else captured_out
        folder = self._sink.folder if self._sink else None
        if folder is not None and not is_longer:  # a filter has changed what was there
            replace_file(folder / layout.OUTPUT, text.encode())
        elif text and folder is not None:
            with (folder / layout.OUTPUT).open("a", encoding="utf-8", newline="") as file:
                file.write(text)
        elif text:
            self._write(Output(text))
        seen = to_json(info)
        if not same(seen, self._info):
            self._info = seen
            self._write(Info(info))
        if self._record is not None:
            self._record = self._record._replace(result=result)
            self._write(Beat(self._record))

    def resource_event(self, filename: str) -> None:
        """Hand on a file that the run reads."""
        self._write(files.add_resource(self._sink.folder if self._sink else None, filename))

    def artifact_event(
        self,
        name: str,
        filename: str,
        metadata: Mapping[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Hand on a file that the run made; it is copied where the sink has a folder."""
        folder = self._sink.folder if self._sink else None
        if folder is not None:
            self._write(files.add_artifact(folder, filename, name, content_type, metadata))
        else:
            size, when = Path(filename).stat().st_size, now().timestamp()
            self._write(File("artifact", name, filename, size, when, "", content_type, metadata or {}))

    def completed_event(self, stop_time: datetime.datetime, result: Any) -> None:
        """Close the sink."""
        self._close(status=Status.COMPLETED, ended=_aware(stop_time), result=result)

    def interrupted_event(self, interrupt_time: datetime.datetime, status: str) -> None:
        """Close the sink."""
        self._close(status=status, ended=_aware(interrupt_time))

    def failed_event(self, fail_time: datetime.datetime, fail_trace: Any) -> None:
        """Close the sink; the last line of the trace says what was raised."""
        kind, _, message = (fail_trace[-1] if fail_trace else "").strip().partition(": ")
        failure = Failure(kind, message, "".join(fail_trace))
        self._close(status=Status.FAILED, ended=_aware(fail_time), failure=failure)

    def _write(self, event: Event) -> None:
        if self._sink is not None:
            self._sink.write(event)

    def _close(self, **changes: Any) -> None:
        if self._sink is not None and self._record is not None:
            sink, self._sink = self._sink, None
            sink.close(self._record._replace(**changes))


def _aware(time: datetime.datetime) -> datetime.datetime:
    return time.replace(tzinfo=datetime.UTC)


# -------------------------------------------------------------------------------------- Sacred's observer, native run


class SacredObserver(Observer):
    """Hands native runs on to one of Sacred's observers, one after the other."""

    def __init__(self, observer: RunObserver) -> None:
        self.observer = observer
        self.priority = observer.priority

    def __repr__(self) -> str:
        return repr(self.observer)

    def open(self, record: Record, config: Config) -> Sink:
        """Tell the observer that a run was started or queued."""
        keeper = as_run_observer(self.observer)
        try:
            return SacredSink(keeper, record, config)
        except BaseException:
            give_back(keeper)
            raise


class SacredSink(Sink):
    """Tells one of Sacred's observers what happens in one native run, in live dicts, output as a whole."""

    def __init__(self, observer: RunObserver, record: Record, config: Config) -> None:
        self._observer = observer
        self._info: dict[str, Any] = {}
        self._output = ""
        is_queued = record.status == Status.QUEUED
        when = {"queue_time": _naive(record.queued)} if is_queued else {"start_time": _naive(record.started)}
        tell: Any = observer.queued_event if is_queued else observer.started_event
        given = tell(
            ex_info=_experiment_info(record),
            command=record.command,
            host_info=get_host_info(),
            config=thaw(config.values),
            meta_info={
                "command": record.command,
                "options": dict(record.options),
                "named_configs": list(record.named_configs),
                **({"comment": record.comment} if record.comment else {}),
            },
            _id=record.id,
            **when,
        )
        self.id = None if given is None else str(given)

    def write(self, event: Event) -> None:
        """Tell of one event."""
        if isinstance(event, Points | Series):
            self._observer.log_metrics(metrics_by_name=_by_name(event), info=self._info)
        elif isinstance(event, Output):
            self._output += event.text
        elif isinstance(event, Info):
            self._info.update(event.info)
        elif isinstance(event, File):
            self._tell_of_file(event)
        elif isinstance(event, Beat):
            self._beat(event.record)

    def _tell_of_file(self, file: File) -> None:
        if file.kind == "resource":
            self._observer.resource_event(filename=file.path)
        else:
            self._observer.artifact_event(
                name=file.name, filename=file.path, metadata=dict(file.metadata), content_type=file.content_type
            )

    def _beat(self, record: Record) -> None:
        beat_time = _naive(now())
        self._observer.heartbeat_event(
            info=self._info, captured_out=self._output, beat_time=beat_time, result=record.result
        )

    def close(self, record: Record) -> None:
        """Tell how the run ended, and wait until the observer has stored it."""
        try:
            if record.status != Status.QUEUED:
                self._tell_of_end(record)
        finally:
            give_back(self._observer)

    def _tell_of_end(self, record: Record) -> None:
        self._beat(record)
        end = _naive(record.ended)
        if record.status == Status.COMPLETED:
            self._observer.completed_event(stop_time=end, result=record.result)
        elif record.status == Status.FAILED:
            trace = record.failure.traceback.splitlines(keepends=True) if record.failure else []
            self._observer.failed_event(fail_time=end, fail_trace=trace)
        else:
            self._observer.interrupted_event(interrupt_time=end, status=record.status)
        self._observer.join()


def _naive(time: datetime.datetime | None) -> datetime.datetime:
    return (time or now()).astimezone(datetime.UTC).replace(tzinfo=None)


def _by_name(event: Points | Series) -> dict[str, dict[str, Any]]:
    if isinstance(event, Series):
        steps = zip(event.steps, event.values, strict=True)
        points: Any = ((event.name, step, event.time, value) for step, value in steps)
    else:
        points = event.points
    found: dict[str, dict[str, Any]] = {}
    for name, step, when, value in points:
        metric = found.setdefault(name, {"steps": [], "values": [], "timestamps": [], "name": name})
        metric["steps"].append(step)
        metric["values"].append(value)
        metric["timestamps"].append(_naive(datetime.datetime.fromtimestamp(when, datetime.UTC)))
    return found


def _experiment_info(record: Record) -> dict[str, Any]:
    """Return what Sacred's observers are told of the code: that of the script of this process."""
    try:
        main, found, packages = gather_sources_and_dependencies(vars(sys.modules["__main__"]), save_git_info=True)
    except (ValueError, AssertionError, OSError):  # a main module that is no file
        main, found, packages = None, set(), set()
    sources = sorted(found)
    base = str(Path(main.filename).parent if main else Path.cwd())
    return {
        "name": record.name,
        "base_dir": base,
        "sources": [source.to_json(base) for source in sources],
        "dependencies": sorted((package.to_json() for package in packages), key=str.lower),
        "repositories": collect_repositories(sources),
        "mainfile": main.to_json(base)[0] if main else None,
    }
