"""What a run logs step by step: metrics, and whatever else belongs to a step."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from expframe.errors import MetricError, SaveError, one_of_type
from expframe.process import locks
from expframe.process.signals import DeferredSignals
from expframe.record.events import BINS, Event, Histogram, Media, Table
from expframe.record.metrics import MetricLog, Steps, check_name, number
from expframe.record.summaries import Summary
from expframe.run.files import RunFiles
from expframe.run.ledger import Ledger
from expframe.saving import files

if TYPE_CHECKING:
    from expframe.record.curves import Curve, Curves
    from expframe.store.reader import StoredRun


class Logbook:
    """
    Takes what is logged, and reads it back while the run goes on.

    Steps count by themselves for each name, from 0, also after a step that was given.

    Args:
        emit: Hands on what happened; never raises.
        files: The run's files.
        ledger: Counts, and says what could not be recorded.
        unbuffered: Hand on each point at once.
    """

    def __init__(
        self, emit: Callable[[Event], None], files: RunFiles, ledger: Ledger, *, unbuffered: bool = False
    ) -> None:
        self._emit = emit
        self._files = files
        self._ledger = ledger
        self._metrics = MetricLog(emit, DeferredSignals, unbuffered=unbuffered)
        self._media_steps = Steps(locks.lock())

    def go_on(self, stored: StoredRun) -> None:
        """Go on after what earlier attempts logged; what is superseded does not count."""
        summaries = stored.summaries
        last_steps = {name: summary.last_step for name, summary in summaries.items()}
        self._metrics.go_on({name: step for name, step in last_steps.items() if step is not None})
        self._ledger.count("points", sum(summary.count for summary in summaries.values()))
        logged = stored.media()
        self._media_steps.go_on(logged)
        self._ledger.count("media", len(logged))

    def latest(self) -> Mapping[str, int | float]:
        """Return the last value of each metric."""
        return self._metrics.latest()

    def flush(self) -> None:
        """Hand on all points that wait."""
        self._metrics.flush()

    def flush_waiting(self) -> None:
        """Hand on the points that wait, if any do; leave it to another thread that is doing it already."""
        self._metrics.flush_waiting()

    def forked(self) -> None:
        """Go on in a forked child: what waits is the parent's to hand on."""
        self._metrics = MetricLog(self._emit, DeferredSignals, unbuffered=True)

    # ------------------------------------------------------------------------------------------------- metrics

    def log_scalar(self, name: str, value: Any, step: Any = None) -> None:
        """
        Log one value of a metric.

        Args:
            name: The metric.
            value: A real number of Python, numpy, torch or jax; nan and infinities are kept.
            step: When it was, as a number; by default the metric's last step + 1, from 0.

        Raises:
            MetricError: The name, value or step cannot be logged.
        """
        self._metrics.log(name, value, step)

    def log_scalars(self, values: Mapping[str, Any], step: Any = None) -> None:
        """
        Log values of several metrics, single ones or whole arrays.

        Args:
            values: For each metric a number, or a one-dimensional array of n numbers.
            step: A number for single values, n numbers for arrays; by default each metric's next ones.

        Raises:
            MetricError: A name, value or step cannot be logged; nothing of the call is then logged.
        """
        if not isinstance(values, Mapping):
            raise MetricError(f"log_scalars({type(values).__name__})", "takes a dict: {'loss': 0.3, 'accuracy': 0.9}.")
        self._metrics.log_many(values, step)

    @overload
    def metrics(self, name: str) -> Curve: ...

    @overload
    def metrics(self, name: None = None) -> Curves: ...

    def metrics(self, name: str | None = None) -> Curve | Curves:
        """
        Return the points of one metric so far as a Curve, or of all by name.

        Raises:
            KeyError: There is no metric of this name.
        """
        self.flush()
        from expframe.store.points import curves_of

        curves = curves_of(self._files.base(), self._ledger.label)
        return curves if name is None else curves[name]

    @property
    def summaries(self) -> Mapping[str, Summary]:
        """For each metric its count, first, last, smallest and greatest value and mean so far."""
        self.flush()
        from expframe.store.points import summaries_of

        return summaries_of(self._files.base())

    # -------------------------------------------------------------------------------------------------- others

    def log_table(self, name: str, rows: Any, header: Sequence[str] | None = None, step: Any = None) -> None:
        """
        Log rows of several columns under one name.

        Args:
            name: The table.
            rows: Rows as sequences or as dicts, a dict of columns, or a frame of pandas or polars.
            header: The names of the columns; not needed where the rows have them.
            step: When it was, as a number; by default the table's last step + 1, from 0.

        Raises:
            MetricError: Name, rows, header or step cannot be logged.
        """
        from expframe.record.media import table_of

        self._log("table", name, step, table_of(name, rows, header))

    def log_histogram(self, name: str, values: Any, bins: int | Sequence[float] = BINS, step: Any = None) -> None:
        """
        Log how values are distributed: the edges of bins, and how many values are in each.

        Args:
            name: The histogram.
            values: Numbers in an array or tensor of any shape, or in lists; NaN and infinities are counted apart.
            bins: How many bins of one width, or their n + 1 edges, ascending.
            step: When it was, as a number; by default the histogram's last step + 1, from 0.

        Raises:
            MetricError: Name, values, bins or step cannot be logged.
        """
        from expframe.record.media import histogram_of

        self._log("histogram", name, step, histogram_of(name, values, bins))

    def log_text(self, name: str, text: str, step: Any = None) -> None:
        """
        Log a text.

        Args:
            name: What it is called.
            text: The text.
            step: When it was, as a number; by default the name's last step + 1, from 0.

        Raises:
            MetricError: Name, text or step cannot be logged.
        """
        if not isinstance(text, str):
            raise MetricError(f"text {name!r:.80}", f"is {one_of_type(text)}. Give a str.")
        self._log("text", name, step, text)

    def log_image(self, name: str, image: Any, step: Any = None) -> None:
        """
        Log an image; it becomes a PNG file among the run's files.

        Args:
            name: What it is called.
            image: One of Pillow; or an array of rows x columns, or rows x columns x 1, 3 or 4 channels, of whole
                numbers up to 255 or floats up to 1; or a tensor, whose channels may also come first.
            step: When it was, as a number; by default the name's last step + 1, from 0.

        Raises:
            MetricError: Name, image or step cannot be logged.
            MissingLibraryError: Pillow is not installed.
        """
        from expframe.record.media import picture_of

        self._log_file("image", name, step, picture_of(name, image), ".png")

    def log_figure(self, name: str, figure: Any, step: Any = None) -> None:
        """
        Log a figure of matplotlib as a PNG file, or one of plotly as a page, among the run's files.

        Args:
            name: What it is called.
            figure: The figure.
            step: When it was, as a number; by default the name's last step + 1, from 0.

        Raises:
            MetricError: Name, figure or step cannot be logged.
        """
        libraries = {base.__module__.partition(".")[0] for base in type(figure).__mro__}
        if not libraries & {"matplotlib", "plotly"}:
            problem = f"is {one_of_type(figure)}. Give one of matplotlib or plotly."
            raise MetricError(f"figure {name!r:.80}", problem)
        self._log_file("figure", name, step, figure, ".html" if "plotly" in libraries else ".png")

    def media(self, name: str | None = None) -> list[Media]:
        """Return the tables, histograms, texts, images and figures logged so far, all or of one name, in order."""
        from expframe.store.points import media_of

        return media_of(self._files.base(), name)

    def _log_file(self, kind: str, name: str, step: Any, picture: Any, suffix: str) -> None:
        """Put a picture among the run's files and log it; a fault of the storage is said, as for a metric."""
        from expframe.record.media import file_name

        step = self._media_step(name, step)
        try:
            file = files.save(self._files.base(), picture, file_name(name, step, suffix), overwrite=False, method=None)
        except SaveError as problem:
            if isinstance(problem.__cause__, OSError):
                self._ledger.say(f"{kind} {name!r} was not stored ({problem.__cause__.strerror})")
                return
            raise MetricError(f"{kind} {name!r}", str(problem.problem)) from problem
        self._take(Media(kind, name, step, time.time(), Path(file.path)))

    def _log(self, kind: str, name: str, step: Any, content: Table | Histogram | str) -> None:
        self._take(Media(kind, name, self._media_step(name, step), time.time(), content))

    def _media_step(self, name: str, step: Any) -> int | float:
        return self._media_steps.take(check_name(name), None if step is None else number(step, "step"))

    def _take(self, event: Media) -> None:
        self._ledger.count("media")
        self._emit(event)
