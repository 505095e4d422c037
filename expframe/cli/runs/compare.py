"""`expframe compare`: runs beside each other, for the eye and for a paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from expframe.cli.runs import select
from expframe.cli.runs.command import Answer, Asked, command
from expframe.cli.runs.forms import FORMS, checked
from expframe.cli.table import Cell, Style, cell, clean, table_lines, width_of, wrapped
from expframe.errors import UsageError, listed
from expframe.record.significance import Sample, Welch
from expframe.store.reader import StoredRun
from expframe.store.search import comparison
from expframe.store.search.comparison import Comparison, Group
from expframe.store.search.comparison_data import groups_data, runs_data
from expframe.store.search.differences import told, untold_note
from expframe.store.search.fields import Field

_COUNT = "n"
"""The title of the column that says how many runs a group has."""

USAGE = f"""\
Compare runs: the entries that differ, and what came of it. All runs, oldest first, where none is named. A sweep that is
named stands for its trials, grouped by configuration.

Usage:
  expframe compare [options] [ID...]

Options:
  -w FILTER --where=FILTER     Only those that it is true of: "command == 'train'".
  -m NAMES --metrics=NAMES     The metrics, with commas: acc.max,loss.last,result.score. Otherwise numbers in the
                               result, and the last value of metrics that most runs have and that differ.
  -e FIELDS --entries=FIELDS   The entries, with commas, instead of those that differ; or facts, such as tags.
  -g --groups                  Runs that are equal but for the seed are one line: mean, standard deviation,
                               confidence interval and count; two groups are tested for a difference. Of runs with
                               one seed, config, command and code the newest counts.
  -b FIELDS --by=FIELDS        Groups of runs that are equal in these, with commas: lr, model.hidden, tags, git.commit.
  --runs                       Each trial of a sweep that is named, in place of its configurations.
  --confidence=PART            Of the intervals [default: 0.95].
  -o FORM --form=FORM          text, csv, markdown or latex [default: text].

{select.HELP}"""


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Compare runs."""
    form = checked(asked["--form"])
    confidence = _confidence(asked["--confidence"])
    replicates: dict[str, set[str]] = {}

    def meant(run: StoredRun) -> list[StoredRun]:
        """Return the trials of a sweep in place of it."""
        if run.sweep is None:
            return [run]
        axis = run.sweep.plan.replicates
        replicates[run.id] = set(axis.names) if axis is not None else set()
        return sorted(select.trials_of(run), key=lambda trial: (trial.record.sweep["trial"], trial.record.attempt))

    ids = [run.id for run in select.select_all(asked, expand=meant)]
    if not asked["ID"]:
        ids.reverse()  # what came first is what later runs are measured by
    by = asked.names("--by")
    found = comparison.compare(asked.store, ids, asked.names("--metrics"), asked.names("--entries") or by)
    if asked["--groups"] or by or (replicates and not asked["--runs"]):
        titles = [Field.parse(name).title for name in by]
        apart = set().union(*replicates.values())
        return _answer_of_groups(comparison.groups(found, titles, confidence, apart), found, form, confidence)
    return Answer(runs_data(found), lambda style: [*_run_lines(found, form, style), *_notes(found, form, style)])


def _confidence(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.0 < number < 1.0:
        raise UsageError(f"--confidence={text}", "takes a part of 1, such as 0.95.")
    return number


def _run_lines(found: Comparison, form: str, style: Style) -> list[str]:
    titles = ["id", *found.entries, *found.metrics]
    columns = [*found.entries.values(), *found.metrics.values()]
    rows = [[id, *(_entry(own, id, form) for own in columns)] for id in found.runs]
    return FORMS[form](titles, rows, style)


def _entry(own: Any, id: str, form: str) -> Any:
    """Return the value of a run, in short but for CSV; nothing where it has none."""
    value = told(own.get(id))
    if form == "csv":
        return value
    is_plain = value is None or isinstance(value, bool | int | float)
    return value if is_plain else cell(value).text


def _notes(found: Comparison, form: str, style: Style) -> Iterator[str]:
    if form == "text":
        for name in found.namesakes:
            yield from wrapped(f"{name} is a fact of runs; the entry is config.{name}.", style)
    if form == "text" and found.untold:
        yield from wrapped(clean(f"{untold_note(found.untold)}."), style)
    if form == "text" and found.excluded:
        are = "is" if len(found.excluded) == 1 else "are"
        counted = ", and counted in no group"
        yield from wrapped(f"{clean(listed(found.excluded))} {are} excluded from the sweep{counted}.", style)
    if form == "text" and found.left_out:
        more = f" and {len(found.left_out) - 5} more" if len(found.left_out) > 5 else ""
        yield from wrapped(f"Left out: {clean(', '.join(found.left_out[:5]))}{more}. Choose with --metrics.", style)


# ---------------------------------------------------------------------------------------------------------- groups


def _answer_of_groups(groups: Sequence[Group], found: Comparison, form: str, confidence: float) -> Answer:
    tests = comparison.tests(groups, confidence)
    data = groups_data(groups, tests, found, confidence)

    def lines(style: Style) -> Iterator[str]:
        if form == "csv":
            yield from _exact_lines(groups, style)
            return
        yield from _group_lines(groups, form, confidence, style)
        if tests:
            yield ""
            yield from _test_lines(groups, tests, form, confidence, style)
        yield from _repetition_notes(groups, form, style)
        yield from _notes(found, form, style)

    return Answer(data, lines)


def _repetition_notes(groups: Sequence[Group], form: str, style: Style) -> Iterator[str]:
    left_out = [id for group in groups for id in group.repetitions]
    if form == "text" and (unfinished := [id for group in groups for id in group.unfinished]):
        yield from wrapped(f"Not completed, and counted in no group: {clean(listed(unfinished))}.", style)
    if form == "text" and left_out:
        are = "is a repetition" if len(left_out) == 1 else "are repetitions"
        count = f"{len(left_out)} {'run' if len(left_out) == 1 else 'runs'}"
        yield from wrapped(
            f"Not counted: {count} ({clean(listed(left_out))}), which {are} of another with its seed, config, command "
            "and code.",
            style,
        )


def _group_lines(groups: Sequence[Group], form: str, confidence: float, style: Style) -> list[str]:
    """Return a line for each group; where its entries leave no room for a number, groups are told by a number."""
    names = list(dict.fromkeys(name for group in groups for name in group.entries))
    metrics = list(groups[0].metrics) if groups else []
    titles = [*map(_title, names), _COUNT, *(f"{name}: mean ± sd ({100 * confidence:g}% CI)" for name in metrics)]
    rows = [
        [
            *(_entry(group.entries, name, form) for name in names),
            len(group.runs),
            *(_sample_cell(group.metrics[name], len(group.runs)) for name in metrics),
        ]
        for group in groups
    ]
    if form != "text":
        return FORMS[form](titles, rows, style)
    keys = len(names) + 1
    lines = table_lines(titles, rows, style, keys=keys)
    if style.width is None or all(width_of(line) <= style.width for line in lines):
        return lines
    numbered = [[number, *row] for number, row in enumerate(rows, start=1)]
    return table_lines(["#", *titles], numbered, style)


def _title(name: str) -> str:
    """Return the title of an entry's column, which is no other's."""
    return f"config.{name}" if name == _COUNT else name


def _sample_cell(sample: Sample, runs: int) -> Cell:
    if sample.mean is None:
        return Cell("", is_right=True)
    text = f"{sample.mean:.4g}"
    if sample.sd is not None:
        text += f" ± {sample.sd:.2g} ({sample.low:.4g} to {sample.high:.4g})"
    return Cell(text if sample.n == runs else f"{text}, n = {sample.n}", is_right=True)


def _exact_lines(groups: Sequence[Group], style: Style) -> list[str]:
    """Return groups with a column for each number, in full."""
    names = list(dict.fromkeys(name for group in groups for name in group.entries))
    metrics = list(groups[0].metrics) if groups else []
    titles = [*map(_title, names), _COUNT, *(f"{name} {part}" for name in metrics for part in Sample._fields)]
    rows = [
        [
            *(_entry(group.entries, name, "csv") for name in names),
            len(group.runs),
            *(number for name in metrics for number in group.metrics[name]),
        ]
        for group in groups
    ]
    return FORMS["csv"](titles, rows, style)


def _test_lines(
    groups: Sequence[Group], tests: dict[str, Welch], form: str, confidence: float, style: Style
) -> list[str]:
    first, second = (_name_of(group) for group in groups)
    titles = [f"{second} less {first}", f"difference ({100 * confidence:g}% CI)", "Welch's t", "df", "p"]
    rows = [
        [
            name,
            Cell(f"{test.difference:.4g} ({test.low:.4g} to {test.high:.4g})", is_right=True),
            Cell(f"{test.t:.3g}", is_right=True),
            Cell(f"{test.freedom:.3g}", is_right=True),
            Cell(f"{test.p:.2g}", is_right=True),
        ]
        for name, test in tests.items()
    ]
    return FORMS[form](titles, rows, style)


def _name_of(group: Group) -> str:
    """Return what a group is called: by its entries, if it is told by few."""
    if not 0 < len(group.entries) <= 3:
        return f"runs {listed(group.runs, most=3)}"
    return ", ".join(f"{name}={cell(told(value)).text}" for name, value in group.entries.items())
