"""The runs of a store: found, sorted, compared; nothing is read before it is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from expframe.config.dotted import MISSING
from expframe.config.frozen import SCALARS
from expframe.errors import QueryError, RunNotFoundError, listed
from expframe.record.curves import Curves
from expframe.record.dataframes import column_of, frame_of
from expframe.record.figures import draw
from expframe.record.html import table
from expframe.store import foreign, ids
from expframe.store.index import rows
from expframe.store.reader import StoredRun, open_run
from expframe.store.rows import GROUPS, Row
from expframe.store.search.fields import Field, entries, unknown
from expframe.store.search.kinds import plain
from expframe.store.search.overview import overview
from expframe.store.search.query import Query
from expframe.store.search.selection import Children, Cut, Found, Newest, Sort, Step, Where, sort_key

_SHORTEST_UID = 4
_SHORTEST_UID_OF_DIGITS = 8
"""Fewer digits are the number of a run that is not there."""

_COLUMNS, _OF_SWEEP = (
    {name: Field.parse(name) for name in names}
    for names in (
        ("id", "name", "command", "status", "tags", "started", "duration"),
        ("sweep.trial", "sweep.configuration", "sweep.replicate", "sweep.excluded"),
    )
)
_RESULT = Field.parse("result")

_MOST_IN_HTML = 50


class RunCurves(dict[str, Curves]):
    """The points of many runs: for each run's id its Curves by metric."""

    def plot(self, *, log: bool = False, axes: Any = None) -> Any:
        """
        Draw all curves over the steps with matplotlib, and return the Axes.

        Args:
            log: Whether values are on a logarithmic scale.
            axes: The Axes that are drawn into; by default those of a new figure.

        Raises:
            MissingLibraryError: matplotlib is not installed.
        """
        names = {name for curves in self.values() for name in curves}
        lines = {
            f"run {id}" if len(names) == 1 else f"{name}, run {id}": curve
            for id, curves in self.items()
            for name, curve in curves.items()
        }
        return draw(lines, title=next(iter(names)) if len(names) == 1 else "value", log=log, axes=axes)

    def to_frame(self) -> Any:
        """
        Return a long frame of pandas or polars with the columns run, metric, step, time and value.

        Raises:
            MissingLibraryError: Neither is installed.
        """
        columns: dict[str, list[Any]] = {"run": [], "metric": [], "step": [], "time": [], "value": []}
        for id, curves in self.items():
            for name, curve in curves.items():
                columns["run"] += [id] * len(curve)
                columns["metric"] += [name] * len(curve)
                columns["step"] += curve.steps
                columns["time"] += curve.times
                columns["value"] += curve.values
        return frame_of({**columns, "step": column_of(columns["step"])})


@dataclass(frozen=True)
class Runs:
    """
    A selection of a store's runs, newest first where nothing else is said; read anew whenever it is asked.

    Newest first is by number, and by start in a store where not all ids are numbers.

    Attributes:
        store: The folder.
        steps: How the selection is made of all runs.
    """

    store: Path
    steps: tuple[Step, ...] = ()

    def where(self, filter: str) -> Runs:
        """
        Return those that a filter is true of.

        Args:
            filter: An expression of `id name command status tags comment time queued started ended duration attempt
                parent depth failure size`, `config.NAME`, `metrics.NAME.(last|min|max|mean|first|count)`,
                `host.NAME`, `git.(commit|branch|dirty)`, `info.NAME` and `result`, such as
                `status == 'COMPLETED' and lr < 0.1 and metrics.acc.max > 0.9`. A name that nothing else has is that
                of an entry. What a run does not have is equal to None and matches nothing else; nor does a run that
                cannot be read.

        Raises:
            QueryError: The filter is malformed. Names that no run has are found when runs are asked for.
        """
        return self._and(Where(Query(filter)))

    def sort(self, *fields: str) -> Runs:
        """
        Return them sorted by fields, the first one first; `-` before one is descending. What lacks it stands last.

        Raises:
            QueryError: No run can have such a field. Names that no run has are found when runs are asked for.
        """
        steps = [Sort(Field.parse(field.removeprefix("-")), field.startswith("-")) for field in fields]
        return self._and(*reversed(steps))

    @property
    def children(self) -> Runs:
        """The runs of the store that were started inside any of these."""
        return self._and(Children())

    @property
    def last(self) -> StoredRun:
        """
        The newest of them.

        Raises:
            RunNotFoundError: There is none.
        """
        ids = self._and(Newest()).ids() if self.steps else self.ids()
        if not ids:
            raise RunNotFoundError("last", str(self.store), ())
        return open_run(self.store / ids[0])

    def best(self, metric: str, mode: str = "max") -> StoredRun:
        """
        Return the one whose metric reached the greatest value, or with mode `min` the smallest.

        Raises:
            QueryError: No run has such a metric, or the mode is neither.
            RunNotFoundError: None of these has it.
        """
        if mode not in ("min", "max"):
            raise QueryError(f"mode {mode!r}", "is none. Give 'min' or 'max'.")
        field = Field.of_metric(metric, mode)
        found = [run for run in self._and(Sort(field, mode == "max"))._select() if run.is_readable]
        if not found or sort_key(field, found[0].values[field]) is None:
            raise RunNotFoundError(f"best:{metric}", str(self.store), tuple(self.ids()[:10]))
        return open_run(self.store / found[0].id)

    @overload
    def __getitem__(self, id: slice) -> Runs: ...

    @overload
    def __getitem__(self, id: str | int) -> StoredRun: ...

    def __getitem__(self, id: str | int | slice) -> Runs | StoredRun:
        """
        Return a run by its id, its uid or a beginning of that which no other has; or a slice, as of a list.

        Raises:
            RunNotFoundError: There is none among these.
            QueryError: Several uids begin so.
        """
        if isinstance(id, slice):
            return self._and(Cut(id.start, id.stop, id.step))
        found = self._find(id)
        if found is None:
            hint = "Runs are found by their ids here, not by place; .last is the newest." if _is_place(id) else ""
            raise RunNotFoundError(str(id), str(self.store), tuple(self.ids()[:10]), hint)
        return open_run(self.store / found)

    def __iter__(self) -> Iterator[StoredRun]:
        return (open_run(self.store / id) for id in self.ids())

    def __len__(self) -> int:
        return len(self.ids())

    def __contains__(self, id: object) -> bool:
        if isinstance(id, StoredRun):
            return id.folder.parent == self.store and id.id in self
        return isinstance(id, str | int) and self._find(id) is not None

    def ids(self) -> list[str]:
        """Return their ids, in order."""
        if not self.steps:
            ids = foreign.run_ids(self.store)
            if _are_numbers(ids):
                return sorted(ids, key=int, reverse=True)
        return [run.id for run in self._select()]

    def rows(self, *fields: str) -> Iterator[tuple[Any, ...]]:
        """
        Yield for each run the values of fields, None where it has none; cheaper than to open each run.

        Raises:
            QueryError: No run can have such a field, or none has.

        Example:
            >>> list(Runs(Path("nowhere")).rows("id", "status", "config.lr", "metrics.acc.max"))
            []
        """
        asked = [Field.parse(field) for field in fields]
        for run in self._select(asked):
            yield tuple(None if run.values[field] is MISSING else run.values[field] for field in asked)

    def frame(self, library: str | None = None) -> Any:
        """
        Return a frame of pandas or polars with a row for each run.

        Its columns are id, name, command, status, tags, started, duration, the trial, configuration and replicate of a
        sweep that it is and whether it is excluded there, each entry of config, each statistic of each metric, and the
        result, called as in filters.

        Args:
            library: `pandas` or `polars`; by default the one that is imported already, else the first installed.

        Raises:
            MissingLibraryError: It, or each of them, is not installed.
            QueryError: It is neither.
        """
        columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
        groups: dict[str, list[str]] = {group: [] for group in ("sweep", "config", "metrics", "result")}
        count = 0
        for row in rows(self.store, self.ids(), GROUPS):
            for name, group, value in _cells(row):
                if name not in columns:
                    columns[name] = []
                    groups[group].append(name)
                column = columns[name]
                if len(column) < count:
                    column += [None] * (count - len(column))
                column.append(value)
            count += 1
        names = [*_COLUMNS, *groups["sweep"], *groups["config"], *groups["metrics"], *groups["result"]]
        whole = {name: columns[name] + [None] * (count - len(columns[name])) for name in names}
        return frame_of({name: column_of(_as_filtered(column)) for name, column in whole.items()}, library)

    def metrics(self, *names: str) -> RunCurves:
        """
        Return the points of metrics of all these runs; of all metrics where none is named.

        Raises:
            QueryError: No run has a metric of such a name.
        """
        asked = [Field.of_metric(name, "last") for name in names]
        ids = [run.id for run in self._select(asked)] if names else self.ids()
        found = RunCurves()
        for id in ids:
            curves = open_run(self.store / id).metrics()
            found[id] = curves.only(names) if names else curves
        return found

    def plot(self, *names: str, log: bool = False, axes: Any = None) -> Any:
        """
        Draw metrics of all these runs over the steps with matplotlib, and return the Axes.

        Args:
            names: The metrics; all where none is named.
            log: Whether values are on a logarithmic scale.
            axes: The Axes that are drawn into; by default those of a new figure.

        Raises:
            QueryError: No run has a metric of such a name.
            MissingLibraryError: matplotlib is not installed.
        """
        return self.metrics(*names).plot(log=log, axes=axes)

    def _repr_html_(self) -> str:
        """Return the first of them as a table of what tells them apart and what came out, which notebooks show."""
        ids = self.ids()
        titles, cells = overview(list(rows(self.store, ids[:_MOST_IN_HTML], GROUPS)))
        return table(titles, cells, f"{len(cells)} of {len(ids)} runs in {self.store}")

    def __repr__(self) -> str:
        return f"<runs of {self.store}, selected>" if self.steps else f"<{len(self)} runs in {self.store}>"

    def _and(self, *steps: Step) -> Runs:
        return Runs(self.store, (*self.steps, *steps))

    def _find(self, id: str | int) -> str | None:
        """Return the id of the run that is meant among these; None if there is none."""
        text = str(id)
        if not self.steps and ids.is_name(text) and foreign.is_run(self.store / text):
            return text
        shortest = _SHORTEST_UID_OF_DIGITS if text.isdigit() else _SHORTEST_UID
        is_uid = isinstance(id, str) and len(text) >= shortest and text.isalnum()
        if not self.steps and not is_uid:
            return None
        uid = Field.parse("uid")
        selected = self._select([uid])
        for run in selected:
            if run.id == text:
                return text
        begun = [run for run in selected if is_uid and str(run.values[uid]).startswith(text)]
        if len(begun) > 1:
            raise QueryError(
                f"id {text!r}", f"begins the uid of several runs: {listed([run.id for run in begun])}. Give more of it."
            )
        return begun[0].id if begun else None

    def _select(self, fields: Sequence[Field] = ()) -> list[Found]:
        """Return these runs, each with the values of fields; every field is in some run of the store."""
        asked = list(dict.fromkeys([*fields, *(field for step in self.steps for field in step.fields)]))
        ids = foreign.run_ids(self.store)
        first = self._cut(asked, ids)
        if first is not None:
            return first
        everything = self._read(sorted(ids), asked)
        self._check(asked, everything)
        everything = _newest_first(everything)
        found = everything
        for step in self.steps:
            found = step.apply(found, everything)
        return found

    def _cut(self, asked: Sequence[Field], ids: Sequence[str]) -> list[Found] | None:
        """Return these runs without a look at others, where ids alone say which they are; None where that is not so."""
        cuts = [step for step in self.steps if isinstance(step, Cut)]
        if not cuts or len(cuts) < len(self.steps) or not _are_numbers(ids):
            return None
        meant = sorted(ids, key=int, reverse=True)
        for cut in cuts:
            meant = meant[cut.start : cut.stop : cut.step]
        found = self._read(meant, asked)
        free = [field for field in asked if field.group != "record"]
        is_in_some = all(any(run.values[field] is not MISSING for run in found) for field in free)
        return found if len(found) == len(meant) and is_in_some else None

    def _read(self, ids: Sequence[str], asked: Sequence[Field]) -> list[Found]:
        return [
            Found(row.id, row.record is not None, row.order, {field: field.of(row) for field in asked})
            for row in rows(self.store, ids, {field.group for field in asked})
        ]

    def _check(self, fields: Iterable[Field], everything: list[Found]) -> None:
        """See to it that every field is in some run, and can be compared as filters do, if there are any runs."""
        if not any(run.is_readable for run in everything):
            return
        words = {field for step in self.steps if isinstance(step, Where) for field in step.query.words}
        for field in fields:
            if all(run.values[field] is MISSING for run in everything):
                found = rows(self.store, [run.id for run in everything], {field.group, "metrics"})
                if problem := unknown(field, found, is_word=field in words):
                    raise problem
        for step in self.steps:
            if isinstance(step, Where):
                step.query.refuse_misfits(lambda: (run.values for run in everything if run.is_readable))


def _newest_first(found: list[Found]) -> list[Found]:
    if _are_numbers(run.id for run in found):
        return sorted(found, key=lambda run: int(run.id), reverse=True)
    return sorted(found, key=lambda run: run.order, reverse=True)


def _is_place(id: object) -> bool:
    """Return whether somebody asks as of a list: the first one, the last one."""
    return id == "last" or (isinstance(id, int) and id <= 0)


def _are_numbers(ids: Iterable[str]) -> bool:
    return all(id.isdecimal() for id in ids)


def _as_filtered(column: list[Any]) -> list[Any]:
    """Return cells as a filter writes them: a path as its text, an enum's member as its name, a Decimal as a number."""
    return [cell if type(cell) in SCALARS else plain(cell) for cell in column]


def _cells(row: Row) -> Iterator[tuple[str, str, Any]]:
    """Yield the name, group and value of each cell that a run has in a frame."""
    for name, field in _COLUMNS.items():
        value = field.of(row)
        yield name, "", None if value is MISSING else value
    for name, field in _OF_SWEEP.items():
        if (value := field.of(row)) is not MISSING:
            yield name, "sweep", value
    for group in ("config", "metrics"):
        for name, value in entries(row, group):
            yield name, group, value
    result = _RESULT.of(row)
    if isinstance(result, dict) and result:
        for name, value in entries(row, "result"):
            yield name, "result", value
    elif result is not MISSING:
        yield "result", "result", result


def runs(store: str | os.PathLike[str] | None = None) -> Runs:
    """
    Return the runs of a store, newest first.

    Args:
        store: Its folder; by default that of EXPFRAME_STORE, else `./runs`.
    """
    return Runs(ids.resolve_store(store))
