"""
Programs under fire: killed at random moments, on storage that fails at random, or both; then their stores are read.
Sweeps are killed with some of their workers, and begun again, until all is done; of `sweep-fault` storage fails, too.

    python -m tests.torture (kill | fault | both | sweep | sweep-fault) [FIRST [LAST]] [--side N] [--folder FOLDER]

does the programs of these numbers, and prints a line of JSON for each that does not hold, and one of counts in the end.
A program is the same whenever its number is; so counts of several ranges can be added. What does not hold is left in
the folder.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.torture.faults import compile_library


def main() -> int:
    """Do what the command line asks for; return 1 where anything does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__.split("\n\n")[0])
    parser.add_argument("kind", choices=["kill", "fault", "both", "sweep", "sweep-fault"])
    parser.add_argument("first", type=int, nargs="?", default=0)
    parser.add_argument("last", type=int, nargs="?")
    parser.add_argument("--side", type=int, default=3, help="how many go on side by side")
    parser.add_argument("--folder", type=Path, help="where; by default a new one for temporary files")
    asked = parser.parse_args()
    folder = (asked.folder or Path(tempfile.mkdtemp(prefix="torture-"))).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if asked.kind.startswith("sweep"):
        from tests.torture import swept

        library = compile_library(folder) if asked.kind == "sweep-fault" else None
        numbers = range(asked.first, asked.last or asked.first + 1)
        return _said(asked.kind, numbers, partial(swept.under_fire, library=library), folder)
    if "faults.so" not in os.environ.get("LD_PRELOAD", ""):
        os.environ["LD_PRELOAD"] = str(compile_library(folder))
        words = ["-m", "tests.torture", asked.kind, str(asked.first), str(asked.last or asked.first + 1)]
        os.execv(sys.executable, [sys.executable, *words, f"--side={asked.side}", f"--folder={folder}"])
    from tests.torture import fire

    fire.prepare(folder)
    return _said(
        asked.kind, range(asked.first, asked.last), partial(fire.under_fire, asked.kind, side=asked.side), folder
    )


def _said(kind: str, numbers: range, under_fire: Callable[..., Any], folder: Path) -> int:
    """Do programs, and print what does not hold and what they did."""
    began = time.monotonic()
    counts: Counter[str] = Counter()
    for number, problems, found in under_fire(numbers, folder=folder):
        counts.update(found)
        if problems:
            counts["wrong"] += 1
            print(json.dumps({"kind": kind, "number": number, "problems": problems}), flush=True)
    counts["milliseconds"] = round(1000 * (time.monotonic() - began))
    print(json.dumps({"kind": kind, "numbers": [numbers.start, numbers.stop], "counts": dict(sorted(counts.items()))}))
    return 1 if counts["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
