"""The benchmarks of the page run and print their table."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent


def test_the_page_is_measured_in_a_browser():
    """`python -m benchmarks --only page` prints a figure for each target of the page."""
    command = [sys.executable, "-m", "benchmarks", "--here", "--quick", "--json", "--only", "page"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)

    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert {
        "expframe ui answers after",
        "... index cold: all runs",
        "... zoom, the server's part",
        "... of a core, %",
    } <= {row["what"] for row in rows}
    assert [] == [row["what"] for row in rows if row["expframe"] is None]
