"""The sampler: what CPU, memory, disk, network and GPUs do over time. The one door to psutil and NVML."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from expframe.disk import layout
from expframe.record.events import Points
from expframe.record.metric_file import MetricFile

_FIRST_RATE = 1.0
"""Seconds over which the first sample measures what is told per second."""


class Sampler:
    """
    Writes samples of the machine beside a run's metrics. A fault is a missing sample, never an error.

    Nothing is imported and no thread is started before the first interval is over: short runs pay nothing.

    Args:
        interval: Seconds between two samples; 0 for none.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._due: float | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self, folder: Path | None) -> None:
        """Begin to sample if it is time to; called often while the run goes on, with its folder, if it has one."""
        if self._thread is not None or folder is None or not self._interval:
            return
        if self._due is None:
            self._due = time.monotonic() + self._interval
        elif time.monotonic() >= self._due:
            self._thread = threading.Thread(
                target=self._work, args=(folder / layout.SYSTEM,), name="expframe-sampler", daemon=True
            )
            with suppress(RuntimeError):  # no threads to be had
                self._thread.start()

    def stop(self) -> None:
        """End, without waiting for a driver that hangs."""
        self._stop.set()
        if self._thread is not None and self._thread.is_alive():
            self._thread.join(2.0)

    def _work(self, path: Path) -> None:
        try:
            machine = _Machine()
        except ImportError:
            return
        file = MetricFile(path)
        with suppress(OSError):
            file.go_on(())  # after what earlier attempts of the run have sampled
        steps = count(int(max((summary.last_step or 0 for summary in file.summaries.values()), default=-1)) + 1)
        wait = min(self._interval, _FIRST_RATE)
        while not self._stop.wait(wait):
            wait, step = self._interval, next(steps)
            points = [(name, step, when, value) for name, when, value in machine.read()]
            with suppress(OSError):
                file.write(Points(points))
        with suppress(OSError):
            file.close()
        machine.close()


class _Machine:
    """
    What can be measured here.

    Raises:
        ImportError: psutil is not installed.
    """

    def __init__(self) -> None:
        import psutil

        self._psutil = psutil
        self._process = psutil.Process()
        self._counters: dict[str, tuple[float, float]] = {}
        self._gpus = _Gpus()
        for _ in self.read():  # what is told per second begins to count
            pass

    def read(self) -> Iterator[tuple[str, float, float]]:
        """Yield name, time and value of whatever can be told now."""
        for part in (self._cpu, self._memory, self._own, self._disk, self._network, self._gpus.read):
            found: list[tuple[str, float]] = []
            with suppress(Exception):
                found.extend(part())
            now = time.time()
            yield from ((name, now, value) for name, value in found)

    def close(self) -> None:
        """Let go of the driver."""
        self._gpus.close()

    def _cpu(self) -> Iterator[tuple[str, float]]:
        yield "cpu", self._psutil.cpu_percent()

    def _memory(self) -> Iterator[tuple[str, float]]:
        memory = self._psutil.virtual_memory()
        yield "memory/used", memory.total - memory.available
        yield "memory/percent", memory.percent

    def _own(self) -> Iterator[tuple[str, float]]:
        with self._process.oneshot():
            yield "process/cpu", self._process.cpu_percent()
            yield "process/memory", self._process.memory_info().rss

    def _disk(self) -> Iterator[tuple[str, float]]:
        counters = self._psutil.disk_io_counters()
        yield from self._rate("disk/read", counters.read_bytes)
        yield from self._rate("disk/written", counters.write_bytes)

    def _network(self) -> Iterator[tuple[str, float]]:
        counters = self._psutil.net_io_counters()
        yield from self._rate("network/received", counters.bytes_recv)
        yield from self._rate("network/sent", counters.bytes_sent)

    def _rate(self, name: str, counter: float) -> Iterator[tuple[str, float]]:
        """Yield how much a counter has grown in a second, but for the first time."""
        now = time.monotonic()
        before, when = self._counters.get(name, (counter, now))
        self._counters[name] = counter, now
        if now > when and counter >= before:
            yield name, (counter - before) / (now - when)


def gpus() -> list[str]:
    """Return the numbers of the GPUs that NVML knows; none where it or its driver is not installed."""
    found = _Gpus()
    try:
        return [str(number) for number in range(len(found))]
    finally:
        found.close()


class _Gpus:
    """The GPUs that NVML knows; none where it or its driver is not installed."""

    def __init__(self) -> None:
        self._handles: list[Any] = []
        with suppress(Exception):
            import pynvml

            self._nvml = pynvml
            pynvml.nvmlInit()
            self._handles = [pynvml.nvmlDeviceGetHandleByIndex(n) for n in range(pynvml.nvmlDeviceGetCount())]

    def __len__(self) -> int:
        return len(self._handles)

    def read(self) -> Iterator[tuple[str, float]]:
        """Yield what each of them does."""
        for number, handle in enumerate(self._handles):
            nvml = self._nvml
            parts: dict[str, Callable[[], float]] = {
                "use": lambda: nvml.nvmlDeviceGetUtilizationRates(handle).gpu,  # noqa: B023  called at once
                "memory": lambda: nvml.nvmlDeviceGetMemoryInfo(handle).used,  # noqa: B023
                "power": lambda: nvml.nvmlDeviceGetPowerUsage(handle) / 1000,  # noqa: B023
            }
            for name, ask in parts.items():
                with suppress(Exception):  # not every GPU tells everything
                    yield f"gpu/{number}/{name}", ask()

    def close(self) -> None:
        """Let go of the driver."""
        if self._handles:
            with suppress(Exception):
                self._nvml.nvmlShutdown()
