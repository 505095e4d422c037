"""The benchmarks run and print their table."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import against
from benchmarks.__main__ import GROUPS
from benchmarks.calls import SHAPES
from benchmarks.measuring import Row

pytestmark = pytest.mark.once  # they take long

ROOT = Path(__file__).parent.parent


def test_a_group_of_benchmarks_prints_its_table_without_sacred():
    """`python -m benchmarks` measures a group with the interpreter at hand and prints figures beside targets."""
    command = [sys.executable, "-m", "benchmarks", "--here", "--quick", "--only", "call"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)

    assert done.returncode == 0, done.stderr
    heading, _, *lines = done.stdout.split("\n\n")[1].splitlines()
    assert [cell.strip() for cell in heading.split("|")] == [
        "what",
        "expframe",
        "peer",
        "floor",
        "ratio",
        "target",
        "reached",
    ]
    assert {"<= 1.5 x floor", "<= 3 x floor", "<= 0.2 x peer"} == {line.split("|")[5].strip() for line in lines}
    floors = [line.split("|") for line in lines if "floor" in line.split("|")[5]]
    with_few_with_many_and_in_sacred_mode = 3 * len(SHAPES)
    assert with_few_with_many_and_in_sacred_mode + 1 == len(floors)  # and one where a point is logged
    assert all(cells[6].strip() in ("yes", "NO") for cells in floors)


def test_the_page_of_benchmarks_names_every_group():
    """The table of `benchmarks/README.md` names each group of benchmarks once, and no other."""
    page = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]

    assert sorted(GROUPS) == sorted(name.strip("` ") for row in rows for name in row.split(","))


@pytest.mark.slow
def test_rows_are_left_out_where_a_peer_is_missing():
    """A peer of the logging group that cannot be had has no rows, and the reason is said below the table."""
    command = [sys.executable, "-m", "benchmarks", "--here", "--quick", "--only", "logging"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)

    assert done.returncode == 0, done.stderr
    for module, shown in (("sacred", "Sacred"), ("tensorboardX", "tensorboardX"), ("trackio", "Trackio")):
        has_rows = f"log_scalar, the call (peer: {shown})" in done.stdout
        has_reason = f"{module} cannot be imported here. What needs it is left out." in done.stdout
        assert has_rows != has_reason


def test_the_structure_of_the_package_is_printed():
    """`python -m benchmarks.structure` shows size and fan-in of each folder, and what is longest."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.structure"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    folders = dict(line.split(maxsplit=1) for line in done.stdout.split("\n\n")[0].splitlines()[1:])

    assert {"config", "store/search", "compat/sacred/observers", "total"} <= folders.keys()
    assert all(number.isdecimal() for numbers in folders.values() for number in numbers.split())
    assert "longest classes" in done.stdout


def test_what_costs_a_quarter_more_than_stored_is_shown(tmp_path):
    """A row is shown whose ratio is a quarter above the stored one in two measurements; other rows are not."""
    stored = tmp_path / "ratios.json"
    before = {"calls": [Row("call (wrapt 1.17.3)", "s", 1.0, floor=1.0), Row("... again", "s", 2.0, floor=1.0)]}
    against.write(stored, before)
    now = {"calls": [Row("call (wrapt 1.17.4)", "s", 1.3, floor=1.0), Row("... again", "s", 2.6, floor=1.0)]}
    once_more = [Row("call (wrapt 1.17.4)", "s", 1.1, floor=1.0), Row("... again", "s", 2.7, floor=1.0)]
    shown = against.slower(against.read(stored), now, {"calls": once_more}.__getitem__)

    assert "call (wrapt 1) ... again    |   2.6 |      2" == shown.splitlines()[-1]
    assert 2 == len(shown.splitlines())


def test_points_per_second_are_slower_where_they_are_fewer(tmp_path):
    """What counts per second costs more where its ratio is smaller; and where nothing does, that is said."""
    stored = tmp_path / "ratios.json"
    against.write(stored, {"arrays": [Row("points", "/s", 40.0, peer=4.0)]})
    fewer, more = ({"arrays": [Row("points", "/s", count, peer=4.0)]} for count in (30.0, 80.0))

    assert "points" in against.slower(against.read(stored), fewer, fewer.__getitem__)
    assert "Nothing is slower by a quarter than it was." == against.slower(against.read(stored), more, more.__getitem__)
