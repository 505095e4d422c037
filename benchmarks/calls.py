"""A captured call, beside one filled by Sacred and one filled by hand."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks.measuring import Bench, Row, Sample, Target, answer

_CALLS = 2_000
_BURSTS = 50


def measure(bench: Bench) -> list[Row]:
    rows = []
    for environment in bench.environments.of_expframe():
        wrapt = bench.environments.version(environment, "wrapt")
        for entries in (10, 10_000):
            found = bench.compare(
                {
                    "expframe": bench.side(environment, by_expframe, entries),
                    "peer": bench.side("sacred", by_sacred, entries),
                }
            )
            figures = found("expframe", "call"), found("peer", "call"), found("expframe", "floor")
            what = f"captured call, {entries:,} entries (wrapt {wrapt})"
            rows.append(Row(what, "s", *figures, targets=(Target(1.5, "floor"), Target(0.2, "peer"))))
    return rows


def by_expframe(entries: int) -> Sample:
    from expframe import Experiment

    return _by(Experiment("calls", ghost=True), entries)


def by_sacred(entries: int) -> Sample:
    from sacred import Experiment

    return _by(Experiment("calls", save_git_info=False), entries)


def _by(ex: Any, entries: int) -> Sample:
    ex.add_config({"lr": 0.1, "momentum": 0.9, **{f"entry{number}": number for number in range(entries - 2)}})
    found: dict[str, float] = {}

    @ex.capture
    def step(lr: float, momentum: float) -> None:
        pass

    @ex.main
    def main() -> None:
        found.update(_time({"call": step, "floor": _by_hand()}))

    ex.run()
    return found


def _by_hand() -> Callable[[], None]:
    """Return an empty function whose two keyword arguments a decorator fills."""
    import wrapt

    @wrapt.decorator
    def fill(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        return wrapped(*args, lr=0.1, momentum=0.9, **kwargs)

    @fill
    def step(lr: float, momentum: float) -> None:
        pass

    return step


def _time(functions: dict[str, Callable[[], None]]) -> Sample:
    """Return the seconds of one call of each, by bursts that take turns."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(_BURSTS):
        for name, function in functions.items():
            times[name].append(timeit.timeit(function, number=_CALLS) / _CALLS)
    return {name: median(taken) for name, taken in times.items()}


if __name__ == "__main__":
    answer(by_expframe, by_sacred)
