"""Objects and files put into a stored run: by `save` and `add_artifact`, and by Sacred's artifacts."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measuring import Bench, Row, Sample, answer
from benchmarks.stored import in_expframe, in_sacred

_JSON = {"accuracy": 0.9, "classes": ["cat", "dog"], "confusion": [[5, 1], [2, 7]], "note": "some text"}
_TEXT = "a line of some sixty characters, as it stands in many logs\n" * 100
_REPEATS = {"small JSON": 100, "text of 6 kB": 100, "array of 10 MB": 10, "artifact of 100 MB": 3}


def measure(bench: Bench) -> list[Row]:
    environment = bench.environments.of_expframe()[0]
    found = bench.compare(
        {
            "expframe": bench.side(environment, by_expframe),
            "peer": bench.side("sacred_numpy", by_sacred),
            "floor": bench.side(environment, by_hand),
        }
    )
    return [
        Row(f"saved: {kind}", "s", *(found(side, kind) for side in ("expframe", "peer", "floor"))) for kind in _REPEATS
    ]


def by_expframe() -> Sample:
    found: dict[str, float] = {}

    def work(run: Any) -> None:
        _time(
            found,
            {
                "small JSON": lambda name: run.save(_JSON, f"{name}.json"),
                "text of 6 kB": lambda name: run.save(_TEXT, f"{name}.txt"),
                "array of 10 MB": lambda name: run.save(_array(), f"{name}.npy"),
                "artifact of 100 MB": lambda name: run.add_artifact(_artifact(), name),
            },
        )

    in_expframe(work)
    return found


def by_sacred() -> Sample:
    """Do what its users do: write a file and add it as an artifact, which copies it."""
    found: dict[str, float] = {}

    def work(run: Any) -> None:
        kept = Path(run.observers[0].dir)

        def keep(write: Callable[[Path], Any], name: str) -> Path:
            file = Path("aside")
            write(file)
            run.add_artifact(file, name)
            file.unlink()
            return kept / name

        def add(name: str) -> Path:
            run.add_artifact(_artifact(), name)
            return kept / name

        ways: dict[str, Callable[[str], Path]] = {
            kind: lambda name, write=write: keep(write, name) for kind, write in _writers().items()
        }
        _time(found, {**ways, "artifact of 100 MB": add})

    in_sacred(work)
    return found


def by_hand() -> Sample:
    """Write each file aside and rename it: the least that saving whole or not at all can be."""
    found: dict[str, float] = {}

    def keep(write: Callable[[Path], Any], name: str) -> Path:
        write(Path("aside"))
        return Path("aside").replace(name)

    ways: dict[str, Callable[[str], Path]] = {
        kind: lambda name, write=write: keep(write, name) for kind, write in _writers().items()
    }
    copy = lambda name: keep(lambda aside: shutil.copyfile(_artifact(), aside), name)  # noqa: E731
    _time(found, {**ways, "artifact of 100 MB": copy})
    return found


def _time(found: dict[str, float], ways: dict[str, Callable[[str], Path]]) -> None:
    """Note the median time of each way; what it wrote is removed, so that the disk does not fill."""
    with _prepared():
        for kind, way in ways.items():
            times = []
            for number in range(_REPEATS[kind] + 1):
                start = time.perf_counter()
                path = way(f"{kind.partition(' ')[0]}{number}")
                times.append(time.perf_counter() - start)
                path.unlink()
            found[kind] = median(times[1:])  # the first one imports what it needs


@contextmanager
def _prepared() -> Iterator[None]:
    """Have the file that is to be an artifact while the block runs; its content is not compressible."""
    with _artifact().open("wb") as file:
        for _ in range(100):
            file.write(os.urandom(1_000_000))
    try:
        yield
    finally:
        _artifact().unlink()


def _artifact() -> Path:
    return Path("artifact.bin")


def _array() -> Any:
    import numpy

    return numpy.ones(1_250_000)


def _writers() -> dict[str, Callable[[Path], Any]]:
    def write_array(path: Path) -> None:
        import numpy

        with path.open("wb") as file:
            numpy.save(file, _array())

    return {
        "small JSON": lambda path: path.write_text(json.dumps(_JSON, indent=2), encoding="utf-8"),
        "text of 6 kB": lambda path: path.write_text(_TEXT, encoding="utf-8"),
        "array of 10 MB": write_array,
    }


if __name__ == "__main__":
    answer(by_expframe, by_sacred, by_hand)
