"""One sample of the machine, which a run takes every ten seconds: 10 ms would be 0.1 % of a core."""

from __future__ import annotations

import time

from benchmarks.measuring import Bench, Row, Sample, Target, answer

_SAMPLES = 50


def measure(bench: Bench) -> list[Row]:
    found = bench.compare({"expframe": bench.side(bench.environments.of_expframe()[0], sampled)})
    return [Row("one sample of the machine, CPU time", "s", found("expframe", "sample"), targets=(Target(0.01),))]


def sampled() -> Sample:
    from expframe.run.sampler import _Machine

    machine = _Machine()
    start = time.process_time()
    for _ in range(_SAMPLES):
        list(machine.read())
    return {"sample": (time.process_time() - start) / _SAMPLES}


if __name__ == "__main__":
    answer(sampled)
