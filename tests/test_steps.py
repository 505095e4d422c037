"""What is shown of a command is compared with what it prints anywhere, on any day, as anybody."""

from __future__ import annotations

import datetime
import os
import subprocess

import pytest
from blocks import Reader, read_blocks
from hypothesis import given
from hypothesis import strategies as st
from steps import Step, alone, environment, normalise

from expframe.cli.table import seconds_text
from expframe.run.timers import clock_text, shown_seconds

INSTANTS = st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(2999, 12, 31))
SECONDS = st.floats(0, 4e5)
SEEDS = st.integers(0, 2**31 - 1)


def report(instant: datetime.datetime, seconds: float, seed: int) -> str:
    """Return what commands print of one moment, one duration and one seed, in all the forms that there are."""
    rows = [
        f"  started   {instant:%Y-%m-%d %H:%M:%S}",
        f"  took      {seconds_text(seconds)}",
        f"  seed = {seed:<20} # the seed of all randomness in this run",
        f"--- attempt 2, from the checkpoint at step 3, {instant:%Y-%m-%d %H:%M:%S} UTC ---",
        f"{instant.isoformat(timespec='microseconds')}+02:00 and {instant:%Y-%m-%d}",
        f"NOTICE - train[1] - Completed 'main' after {datetime.timedelta(seconds=round(seconds))}",
        f"epoch: 3/3 (100%) in {clock_text(seconds)}, loss=0.3333",
        f"epoch       3  {shown_seconds(min(seconds, 99)):>8}  {shown_seconds(min(seconds / 3, 99)):>8}",
        f"1   old   COMPLETED  {instant:%Y-%m-%d %H:%M:%S}    {seconds_text(seconds)}  slow",
        f"{abs(instant.timestamp()) % 9e9 + 1e9:.6f}",
    ]
    return "\n".join(rows) + "\n"


reports = st.builds(report, INSTANTS, SECONDS, SEEDS)


@given(reports, reports)
def test_what_is_shown_of_one_time_fits_every_other(shown: str, printed: str) -> None:
    """A text that was written on one day, of one duration and with one drawn seed is matched by that of another."""
    assert Step("python train.py", shown).is_shown_by(printed)


@given(reports)
def test_normal_form_is_a_fixed_point(text: str) -> None:
    """What stands for a time is itself what stands for it."""
    assert normalise(text) == normalise(normalise(text))


@given(reports)
def test_what_still_fits_is_not_written_anew(printed: str) -> None:
    """Writing the output of another day changes nothing, so that a reader of the diff sees real changes alone."""
    shown = report(datetime.datetime(2026, 11, 25, 1, 24, 3), 0.01, 298975831)

    assert shown == Step("python train.py", shown).renewed(printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("started 2026-11-25 01:24:03", "started 01:24:03"),
        ("took  0.01 s", "took  0.01 kB"),
        ("loss 0.5", "loss 0.6"),
        ("epochs = 3", "epochs = 4"),
        ("Completed 'main' after 0:00:00", "Failed 'main' after 0:00:00"),
        ("id  lr\n1   0.1", "id  lr\n2   0.1"),
        ("day 2026-11-25", "day 2026-11-25 01:24:03"),
    ],
)
def test_nothing_else_may_differ(shown: str, printed: str) -> None:
    """A time is not matched by half of one, and numbers, words and units are what is shown."""
    assert not Step("python train.py", shown).is_shown_by(printed)


STRANGE = {
    "TZ": "Pacific/Kiritimati",
    "LC_ALL": "C",
    "COLUMNS": "37",
    "LINES": "5",
    "FORCE_COLOR": "1",
    "TQDM_NCOLS": "20",
    "PYTHONIOENCODING": "latin-1",
    "PYTHONSTARTUP": "/nowhere.py",
    "RANK": "3",
    "WORLD_SIZE": "4",
    "EXPFRAME_STORE": "/nowhere",
    "GIT_DIR": "/nowhere",
}
PAGE = """
```python
# tell.py
import argparse, os, shutil, sys
from expframe import Experiment

ex = Experiment("tell")

@ex.automain
def main(_run):
    print("\\u00fc", shutil.get_terminal_size().columns, os.path.isabs(os.getcwd()))
    print(argparse.ArgumentParser("tell", description="word " * 20, add_help=False).format_help())
```

```console
$ python tell.py
NOTICE - tell[1] - Started 'main' in runs/1
\u00fc 80 True
usage: tell

word word word word word word word word word word word word word word word
word word word word word

NOTICE - tell[1] - Completed 'main' after 0:00:00

$ expframe show 1 --json
{...
  "git": null,
...}
```

```pycon
>>> import expframe, os
>>> print(expframe.runs()[1].path("run.json"))
.../runs/1/files/run.json
```
"""


@pytest.mark.once
def test_page_is_the_same_anywhere(tmp_path, monkeypatch) -> None:
    """What people have in their environment, and a repository of git around the folder, change no shown output."""
    for name, text in STRANGE.items():
        monkeypatch.setenv(name, text)
    subprocess.run(
        ["git", "init", "-q", str(tmp_path)], env={**os.environ, "GIT_DIR": str(tmp_path / ".git")}, check=True
    )
    (tmp_path / "real name of it").mkdir()
    (tmp_path / "page").symlink_to("real name of it")
    (tmp_path / "page.md").write_text(PAGE, encoding="utf-8")

    with Reader(tmp_path / "page") as reader:
        for block in read_blocks(tmp_path / "page.md"):
            for step, actual in reader.do(block):
                step.compare(actual)


def test_environment_of_commands_has_the_readers_home_and_zone(tmp_path, monkeypatch) -> None:
    """Only what shapes output is kept from commands: where a user is at home, and in which zone, they see."""
    for name in ("HOME", "TZ", "LC_ALL", "PATH"):
        monkeypatch.setenv(name, "as it was")

    for found in (environment(), alone(tmp_path)):
        assert ["as it was"] * 4 == [found[name] for name in ("HOME", "TZ", "LC_ALL", "PATH")]
