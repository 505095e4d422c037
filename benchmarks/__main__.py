"""
What expframe costs, beside Sacred 0.8.7 (for logging also tensorboardX and Trackio, for reading MLflow, Trackio and
Aim) and beside bare Python, in one go: `python -m benchmarks`.

The sides of each comparison take turns, each in a process of its own; figures are medians. `ratio` is expframe's figure
over that of the peer or the floor, whichever the target names.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import (
    calls,
    commands,
    curves,
    imports,
    logbook,
    loops,
    metrics,
    output,
    page,
    page_peers,
    reading,
    resolving,
    runs,
    sampling,
    saving,
    searches,
    sweeps,
)
from benchmarks.environments import Environments
from benchmarks.measuring import Bench, table

GROUPS = {
    "calls": calls.measure,
    "imports": imports.measure,
    "commands": commands.measure,
    "runs": runs.measure,
    "scalars": metrics.measure_scalars,
    "arrays": metrics.measure_arrays,
    "logging": logbook.measure,
    "saving": saving.measure,
    "loops": loops.measure,
    "output": output.measure,
    "reading": reading.measure,
    "resolve": resolving.measure,
    "sampling": sampling.measure,
    "sweeps": sweeps.measure,
    "searches": searches.measure,
    "curves": curves.measure,
    "page": page.measure,
    "page-peers": page_peers.measure,
}


def main() -> int:
    options = _parse()
    environments = Environments(options.here)
    names = [name for name in GROUPS if not options.only or any(name.startswith(part) for part in options.only)]
    rows = []
    with tempfile.TemporaryDirectory(prefix="benchmarks-", ignore_cleanup_errors=True) as folder:
        if not environments.of_expframe():
            print(*environments.problems, sep="\n", file=sys.stderr)
            return 1
        environments.python("sacred")
        bench = Bench(environments, 1 if options.quick else 7, Path(folder))
        for name in names:
            start = time.monotonic()
            rows += GROUPS[name](bench)
            print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr)
    if options.json:
        print(json.dumps([row.as_json() for row in rows], indent=2))
        return 0
    versions = [f"wrapt {environments.version(name, 'wrapt')}" for name in environments.of_expframe()]
    if peers := environments.versions():
        versions.append(f"peers: {', '.join(peers)}; Sacred where not said otherwise")
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, {', '.join(versions)}\n")
    print(table(rows))
    for problem in environments.problems:
        print(f"\n{problem} What needs it is left out.")
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="NAME", help=f"of {', '.join(GROUPS)}; beginnings will do")
    parser.add_argument("--quick", action="store_true", help="one round instead of seven, and smaller pages")
    parser.add_argument("--here", action="store_true", help="measure with this interpreter, make no environments")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    for part in options.only or ():
        if not any(name.startswith(part) for name in GROUPS):
            parser.error(f"{part!r} is none of {', '.join(GROUPS)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
