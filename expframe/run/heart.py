"""The heart: the thread that keeps what is stored close to the truth."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from expframe.record.metrics import DELAY


class Heart:
    """
    Flushes many times a second, and beats once each interval. A fault is said, and the next beat comes all the same.

    Args:
        flush: Hands on what has waited long enough.
        beat: Says that the run is alive, and stores what has changed.
        interval: Seconds between two beats; 0 for none.
        say: Takes the text of a problem; says each once.
    """

    def __init__(
        self, flush: Callable[[], object], beat: Callable[[], object], interval: float, say: Callable[[str], None]
    ) -> None:
        self._flush = flush
        self._beat = beat
        self._interval = interval
        self._say = say
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live, name="expframe-beat", daemon=True)

    def begin(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def end(self) -> None:
        """Flush a last time and stop, without waiting for storage that hangs: what else ends may take its time."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5.0)
        if not self._thread.is_alive():
            self._attempt(self._flush)

    def _live(self) -> None:
        last = time.monotonic()
        while not self._stop.wait(DELAY):
            self._attempt(self._flush)
            if self._interval and time.monotonic() - last >= self._interval:
                last = time.monotonic()
                self._attempt(self._beat)

    def _attempt(self, action: Callable[[], object]) -> None:
        try:
            action()
        except Exception as problem:
            self._say(f"the beat met a fault ({type(problem).__name__}: {problem}); it goes on")
