"""
Every command shown in an example prints what is shown there; the README's are read by the same means.

`python tests/test_examples.py` writes what is really printed into the examples; read the diff before you keep it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL

import pytest
from steps import ROOT, Step, environment, folder_with_examples, read_steps, wait_until, write_steps

import expframe

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def usage_of(script: Path) -> str:
    """Return the `Usage:` block of a script's docstring, without its indentation."""
    docstring = script.read_text(encoding="utf-8").split('"""')[1]
    block = docstring.partition("\nUsage:\n")[2]
    return "".join(line[4:] if line.startswith("    ") else line for line in block.splitlines(keepends=True))


ONCE = {name: pytest.mark.once for name in ("digits.py", "typed_digits.py")}  # they train


@pytest.mark.once
@pytest.mark.parametrize(
    "script", [pytest.param(script, id=script.name, marks=ONCE.get(script.name, ())) for script in EXAMPLES]
)
def test_usage_prints_what_is_shown(script: Path, tmp_path: Path) -> None:
    """Every command of an example's Usage block prints what stands below it, in the order in which they stand."""
    steps = read_steps(usage_of(script))

    assert steps
    assert all(f"python {script.name}" in step.command for step in steps)
    for step in steps:
        step.check(folder_with_examples(tmp_path))


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda script: script.name)
def test_docstring_has_title_and_paragraph(script: Path) -> None:
    """An example says in its title and in a paragraph what it shows."""
    title, paragraph, *_ = script.read_text(encoding="utf-8").split('"""')[1].strip().split("\n\n")

    assert re.fullmatch(r"[A-Z][^\n]{10,70}[.]", title)
    assert 150 < len(paragraph) < 600


# --------------------------------------------------------------------------------------------------------- digits

needs_posix = pytest.mark.skipif(os.name != "posix", reason="needs signals and terminals of POSIX")


@pytest.fixture
def endless(digits: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A run of digits.py that goes on for hours and has logged something."""
    command = [sys.executable, "digits.py", "with", "seed=1", "epochs=1000000"]
    process = subprocess.Popen(command, cwd=digits, env=environment(), stdout=DEVNULL, stderr=DEVNULL)
    metrics = digits / "runs" / "1" / "metrics.csv"
    deadline = time.monotonic() + 120
    while not (metrics.exists() and metrics.read_bytes().count(b"\n") > 20):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    yield process
    process.kill()
    process.wait()


@pytest.mark.once
def test_digits_learns(digits: Path) -> None:
    """The main job reaches 95 % on images it has not seen and keeps metrics, model and picture."""
    Step("python digits.py with seed=3", None).run(digits)
    run = expframe.runs(digits / "runs")[1]

    assert run.status == "COMPLETED"
    assert run.result > 0.95
    assert run.metrics("accuracy").values[-1] == run.result
    assert run.metrics("loss").steps == list(range(1, 21))
    assert run.metrics("loss").values[-1] < run.metrics("loss").values[0] / 3
    assert run.path("confusion.png").read_bytes().startswith(b"\x89PNG")
    assert {file.name for file in run.files} == {"confusion.png", "model.joblib"}


@pytest.mark.once
def test_digits_is_bit_equal_for_equal_seeds(digits: Path) -> None:
    """Two runs with one seed have the same metrics and the same model to the last bit."""
    for _ in range(2):
        Step("python digits.py with quick data.noise=0.1 seed=1", None).run(digits)
    first, again = (expframe.runs(digits / "runs")[number] for number in (1, 2))

    for name in ("loss", "accuracy"):
        assert first.metrics(name).values == again.metrics(name).values
    assert first.path("model.joblib").read_bytes() == again.path("model.joblib").read_bytes()


def origins_of(run: expframe.StoredRun) -> dict[str, tuple[str, str]]:
    """Return for each entry who set it, code being code, and with what the line begins that says so."""
    stored = json.loads((run.folder / "config.json").read_text(encoding="utf-8"))["origins"]
    return {
        entry: (
            "code" if kind in ("config function", "config class") else f"{kind} {name}",
            Path(file).read_text(encoding="utf-8").splitlines()[line - 1].split()[0].rstrip(":") if line else "",
        )
        for entry, (kind, name, file, line) in stored.items()
    }


@pytest.mark.once
def test_digits_with_classes_are_the_same(digits: Path) -> None:
    """A run of the example with classes decides, documents, measures and keeps what that with config functions does."""
    for script in ("digits.py", "typed_digits.py"):
        Step(f"python {script} with quick seed=1 data.noise=0.1 components=50", None).run(digits)
    plain, typed = (expframe.runs(digits / "runs")[number] for number in (1, 2))

    assert plain.config == typed.config
    assert list(plain.config) == list(typed.config)
    assert origins_of(plain) == origins_of(typed)
    assert ("code", "gamma") == origins_of(typed)["gamma"]
    assert ("named config quick", "epochs") == origins_of(typed)["epochs"]
    assert plain.metrics("loss").values == typed.metrics("loss").values
    assert plain.path("model.joblib").read_bytes() == typed.path("model.joblib").read_bytes()


@pytest.mark.once
@needs_posix
def test_digits_stops_when_asked(digits: Path, endless: subprocess.Popen[bytes]) -> None:
    """SIGTERM ends the training after the epoch, and what was learned until then is kept."""
    endless.send_signal(signal.SIGTERM)
    endless.wait(120)
    run = expframe.runs(digits / "runs")[1]

    assert run.path("model.joblib").exists()
    assert run.result == run.metrics("accuracy").values[-1]
    assert run.status != "DIED"


@pytest.mark.once
@needs_posix
def test_digits_is_interrupted(digits: Path, endless: subprocess.Popen[bytes]) -> None:
    """Ctrl-C ends the training at once."""
    endless.send_signal(signal.SIGINT)

    assert endless.wait(120) == 130
    assert expframe.runs(digits / "runs")[1].status == "INTERRUPTED"


@pytest.mark.once
@needs_posix
def test_digits_killed_keeps_its_metrics(digits: Path, endless: subprocess.Popen[bytes]) -> None:
    """After kill -9 in the middle of a run its points are readable, and the run reads as DIED."""
    run = expframe.runs(digits / "runs")[1]
    wait_until(lambda: "Started 'train'" in run.output())
    endless.kill()
    endless.wait()

    assert run.status == "DIED"
    assert len(run.metrics("loss")) > 5
    assert run.metrics("loss").steps == list(range(1, len(run.metrics("loss")) + 1))
    assert "Started 'train'" in run.output()


@pytest.mark.once
@needs_posix
def test_digits_keeps_one_line_alive(digits: Path) -> None:
    """On a terminal the epochs are one line that changes; the stored output has its last state alone."""
    import pty

    leader, follower = pty.openpty()
    command = [sys.executable, "digits.py", "with", "quick"]
    terminal = {"stdin": follower, "stdout": follower, "stderr": follower}
    with subprocess.Popen(command, cwd=digits, env=environment(), **terminal) as process:
        os.close(follower)
        shown = b""
        try:
            while data := os.read(leader, 4096):
                shown += data
        except OSError:  # Linux says so when the last writer has gone
            pass
        os.close(leader)

    assert process.returncode == 0
    assert [b"epoch" in line for line in shown.split(b"\n")].count(True) == 1
    assert shown.count(b"\repoch") > 1
    assert b"accuracy=0." in shown
    assert expframe.runs(digits / "runs")[1].output().count("epoch") == 1


def rewrite_examples() -> None:
    """Write what each command really prints into the examples."""
    for script in EXAMPLES:
        usage = usage_of(script)
        with tempfile.TemporaryDirectory() as folder:
            examples = folder_with_examples(Path(folder))
            text = write_steps([(step, step.run(examples)) for step in read_steps(usage)])
        indented = "".join(f"    {line}" if line.strip() else line for line in text.splitlines(keepends=True))
        head, start, rest = script.read_text(encoding="utf-8").partition("\nUsage:\n")
        script.write_text(f'{head}{start}{indented}"""{rest.partition(chr(34) * 3)[2]}', encoding="utf-8")


if __name__ == "__main__":
    rewrite_examples()
