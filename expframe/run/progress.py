"""Progress of loops: a live line on a terminal, a widget in Jupyter, plain lines elsewhere. The one door to tqdm."""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from time import monotonic
from typing import Any, TypeVar

from expframe.process import notebook
from expframe.record.metrics import TIMES
from expframe.run.timers import clock_text

T = TypeVar("T")
Latest = Callable[[], Mapping[str, "int | float"]]

LIVE_INTERVAL = 0.1
"""Seconds between two states of a live line."""
LINE_INTERVAL = 5.0
"""Seconds between two plain lines; more and more of them in a long loop, up to a minute."""
_FIGURES = 6
"""Metrics that are shown at most."""


class Progress:
    """
    The loops of a run that show how far they are.

    Args:
        latest: Returns the last value of each metric.
    """

    def __init__(self, latest: Latest) -> None:
        self._latest = latest
        self._shown: list[_Display] = []

    def track(self, iterable: Iterable[T], description: str | None = None, total: float | None = None) -> Iterator[T]:
        """
        Iterate, and show how far it is, how fast, how long it will take, and the last value of each metric.

        On a terminal that is a line that changes (with tqdm, the extra `progress`), in Jupyter a widget; elsewhere a
        line every few seconds and one at the end. It goes to standard error; the log makes room for other lines.

        Args:
            iterable: What is iterated over.
            description: What it is called: `"epoch"`.
            total: How many items there are, where `len` cannot tell.

        Example:
            >>> from expframe import Experiment
            >>> ex = Experiment("tracked", ghost=True)
            >>> @ex.main
            ... def main(_run):
            ...     for epoch in _run.track(range(3), "epoch"):  # epoch: 3/3 (100%) in 0:00:00, 1.2e+05/s
            ...         pass
            >>> run = ex.run()

        Raises:
            TypeError: It is not iterable.
        """
        iterator = iter(iterable)
        if total is None:
            with suppress(TypeError):
                total = len(iterable)  # type: ignore[arg-type]
        return self._follow(iterator, description or "", total)

    def _follow(self, iterator: Iterator[T], description: str, total: float | None) -> Iterator[T]:
        is_inner = any(other.thread == threading.get_ident() for other in self._shown)
        display = _open(description, total, self._latest, is_inner=is_inner)
        self._shown.append(display)
        done = 0
        try:
            for item in iterator:
                yield item
                done += 1
                if monotonic() >= display.due:
                    display.show(done)
        finally:
            display.close(done)
            self._shown.remove(display)

    def close(self) -> None:
        """Leave the last state of what is still shown: the run ends, though somebody keeps an iterator."""
        for display in reversed(self._shown):
            display.close(display.done)


@contextmanager
def aside(stream: Any) -> Iterator[None]:
    """Let live lines make room for other text on a stream."""
    tqdm = sys.modules.get("tqdm")
    room = ExitStack()
    if tqdm is not None:
        with suppress(Exception):  # without its lock, which a process that was killed may hold
            room.enter_context(tqdm.tqdm.external_write_mode(file=stream, nolock=True))
    try:
        yield
    finally:
        with suppress(Exception):
            room.close()


# -------------------------------------------------------------------------------------------------------- displays


class _Display:
    """
    How one loop is shown. What goes wrong with it ends the display and not the loop.

    Attributes:
        due: When the next state is to be shown.
        done: How many items were done when it was shown last.
        thread: The thread that iterates.
    """

    interval = LIVE_INTERVAL

    def __init__(self) -> None:
        self.due = monotonic() + self.interval
        self.done = 0
        self.thread = threading.get_ident()
        self._is_open = True

    def show(self, done: int) -> None:
        """Show a state."""
        self.done = done
        try:
            self._show(done)
            self.due = monotonic() + self.interval
        except Exception:
            self.due = float("inf")

    def close(self, done: int) -> None:
        """Show the last state."""
        if self._is_open:
            self._is_open = False
            self.due = float("inf")
            with suppress(Exception):
                self._close(done)

    def _show(self, done: int) -> None:
        """Do what a display shows with; where nothing can be shown, nothing."""

    def _close(self, done: int) -> None:
        """Do what a display ends with."""


class _Lines(_Display):
    """A line every few seconds, and one at the end; for a loop inside another only the former."""

    interval = LINE_INTERVAL

    def __init__(self, stream: Any, description: str, total: float | None, latest: Latest, *, is_inner: bool) -> None:
        super().__init__()
        self._stream = stream
        self._description = description
        self._total = total
        self._latest = latest
        self._is_inner = is_inner
        self._start = monotonic()
        self._written = -1

    def _show(self, done: int) -> None:
        seconds = monotonic() - self._start
        self.interval = min(max(LINE_INTERVAL, seconds / 20), 60.0)
        self._stream.write(self._line(done, seconds) + "\n")
        self._stream.flush()
        self._written = done

    def _close(self, done: int) -> None:
        if not self._is_inner and done != self._written:
            self._show(done)

    def _line(self, done: int, seconds: float) -> str:
        total, rate = self._total, done / seconds if seconds > 0 else 0.0
        count = f"{done}/{total} ({done / total:.0%})" if total else str(done)
        parts = [f"{self._description}: {count}" if self._description else count, f"in {clock_text(seconds)}"]
        text = " ".join(parts)
        if rate:
            text += f", {rate:.3g}/s" if rate >= 1 else f", {1 / rate:.3g} s each"
        if rate and total and done < total and self._is_open:
            text += f", {clock_text((total - done) / rate)} left"
        figures = _figures(self._latest())
        return f"{text}, {figures}" if figures else text


class _Bar(_Display):
    """A line or widget of tqdm that changes; one inside another goes when it is done."""

    def __init__(self, bar: Any) -> None:
        super().__init__()
        self._bar = bar

    def _show(self, done: int) -> None:
        self._bar.update(done - self._bar.n)

    def _close(self, done: int) -> None:
        self._bar.n = done
        self._bar.close()


def _open(description: str, total: float | None, latest: Latest, *, is_inner: bool) -> _Display:
    """Return what suits the place: a terminal, a notebook, or something else."""
    stream = sys.stderr
    try:
        in_kernel = _is_in_kernel()
        if (in_kernel or stream.isatty()) and (bar := _bar_class(latest, in_kernel=in_kernel)):
            options = {"desc": description or None, "total": total, "leave": not is_inner}
            return _Bar(bar(**options, file=stream, mininterval=0, miniters=1))
        return _Lines(stream, description, total, latest, is_inner=is_inner)
    except Exception:  # no standard error, or one that is closed
        return _Display()


def _bar_class(latest: Latest, *, in_kernel: bool) -> Any:
    """Return tqdm's class for here, with the metrics in each state; None if tqdm is not installed."""
    is_widget = in_kernel and importlib.util.find_spec("ipywidgets") is not None
    try:
        if is_widget:
            from tqdm.notebook import tqdm
        else:
            from tqdm import tqdm
    except ImportError:
        return None

    class Bar(tqdm):  # type: ignore[misc, unused-ignore]
        monitor_interval = 0  # no thread that watches the loop: each state is asked for

        @property
        def format_dict(self) -> dict[str, Any]:
            """What a state is made of; asked for when it is shown."""
            width = {} if is_widget else {"ncols": _columns(sys.stderr)}
            return {**super().format_dict, "postfix": _figures(latest()), **width}

    return Bar


def _figures(latest: Mapping[str, int | float]) -> str:
    shown = [f"{name}={value:.4g}" for name, value in latest.items() if not name.startswith(TIMES)]
    return ", ".join(shown[:_FIGURES])


def _is_in_kernel() -> bool:
    """Return whether this is a notebook, whose front end shows widgets."""
    shell = notebook.find_shell()
    return shell is not None and "IPKernelApp" in shell.config


def _columns(stream: Any) -> int:
    """Return how wide the terminal is. Where output is captured, standard error itself leads into a pipe."""
    for find in (stream.fileno, lambda: 0):
        with suppress(OSError, ValueError, AttributeError):
            if columns := os.get_terminal_size(find()).columns:
                return columns
    with suppress(OSError), open("/dev/tty", "rb", buffering=0) as terminal:  # ten times a second
        return os.get_terminal_size(terminal.fileno()).columns or 80
    return 80
