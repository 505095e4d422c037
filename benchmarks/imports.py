"""`from expframe import Experiment`, net of bare Python, beside `import wrapt`, which every such library needs."""

from __future__ import annotations

from benchmarks.measuring import Bench, Medians, Row, Target

_ROUNDS = 4  # times those of others: the processes are short


def measure(bench: Bench) -> list[Row]:
    rows = []
    folder = bench.new_folder("imports")
    sacred = bench.environments.python("sacred")
    for environment in bench.environments.of_expframe():
        python = bench.environments.python(environment)
        sides = {
            "expframe": bench.process([python, "-c", "from expframe import Experiment"], folder),
            "bare": bench.process([python, "-c", "pass"], folder),
            "wrapt": bench.process([python, "-c", "import wrapt"], folder),
            "peer": bench.process([sacred, "-c", "from sacred import Experiment"], folder),
            "bare peer": bench.process([sacred, "-c", "pass"], folder),
        }
        for side in sides.values():  # once for the bytecode and the disk cache
            if side is not None:
                side()
        found = bench.compare(sides, _ROUNDS)
        version = bench.environments.version(environment, "wrapt")
        figures = [_net(found, "expframe", "bare"), _net(found, "peer", "bare peer"), _net(found, "wrapt", "bare")]
        bound = 2.0 if version.startswith("1.") else 1.3
        what = f"import, net of bare Python (floor: import wrapt {version})"
        rows.append(Row(what, "s", *figures, targets=(Target(bound, "floor"),)))
    return rows


def _net(found: Medians, side: str, bare: str) -> float | None:
    whole, start = found(side, "time"), found(bare, "time")
    return None if whole is None or start is None else whole - start
