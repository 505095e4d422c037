"""Command lines about a sweep that are shown to be copied."""

import shlex
from pathlib import Path

import pytest

from expframe.store.sweeps.command_lines import include_line, resume_line, sweep_line, work_line
from expframe.store.sweeps.plan import Plan, Start

LINES = {
    "resume": lambda sweep: resume_line(Plan(start=Start("/else/my train.py")), sweep, "--retry", "failed"),
    "why": lambda sweep: sweep_line(sweep, "why"),
    "work": work_line,
    "include": lambda sweep: include_line(sweep, [3, 5]),
}


@pytest.mark.parametrize("line", LINES)
def test_a_store_is_named_where_it_is_not_the_usual_one(line, tmp_path, monkeypatch):
    """A line holds where it is shown: the folder of runs is named unless the command would look there by itself."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EXPFRAME_STORE", raising=False)
    usual, other = tmp_path / "runs" / "7", tmp_path / "my runs" / "7"
    shown = shlex.split(LINES[line](usual))
    elsewhere = shlex.split(LINES[line](other))
    monkeypatch.setenv("EXPFRAME_STORE", str(other.parent))

    assert "expframe" == shown[0] and "7" in shown and "-F" not in shown
    assert [*shown, "-F", str(other.parent)] == elsewhere
    assert shown == shlex.split(LINES[line](other))


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (Start("HERE/my train.py"), ["my train.py"]),
        (Start("/else/train.py"), ["/else/train.py"]),
        (Start("HERE/pkg/train.py", module="pkg.train"), ["-m", "pkg.train"]),
        (Start(), ["SCRIPT"]),
    ],
)
def test_a_script_is_named_as_it_is_started(start, words, tmp_path, monkeypatch):
    """A script is named as from the working directory, a module by its name, and where none is known by a word."""
    monkeypatch.chdir(tmp_path)
    start = start._replace(script=start.script.replace("HERE", str(Path.cwd())))

    assert ["expframe", "sweep", *words, "--resume", "7"] == shlex.split(
        resume_line(Plan(start=start), Path("runs") / "7")
    )
