"""
Damage what is read, for as long as you like, and say what breaks.

Usage:
  python tests/fuzz --keep
  python tests/fuzz [NAME ...] [--seconds N] [--seed N] [--findings DIR] [--engine blind|guided]

With --keep it damages nothing: the store that a real experiment fills is written into `material.zip`, for the tests.
The engine `guided` goes by coverage, and needs atheris: `pip install atheris`.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import warnings
from pathlib import Path


def main() -> int:
    """Fuzz targets one after the other, and return how many faults were found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--findings", type=Path, default=Path("findings"))
    parser.add_argument("--engine", choices=["blind", "guided"], default="blind")
    asked = parser.parse_args()
    engine = importlib.import_module(asked.engine)  # which sees what is imported from here on
    import material
    import targets
    from findings import Findings

    warnings.simplefilter("error")  # as in tests
    with tempfile.TemporaryDirectory() as folder:
        os.environ["EXPFRAME_CACHE"] = f"{folder}/cache"
        store = targets.filled(Path(folder))
        if asked.keep:
            material.keep(store, targets.CORPUS.with_name("material.zip"))
            return 0
        found = targets.all_of(store, Path(folder) / "work", asked.names)
        return sum(engine.fuzz(Findings(one, asked.findings), asked.seconds, asked.seed) for one in found)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
