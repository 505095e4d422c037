"""`expframe open ID`: a run's folder in the system's file browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from expframe.cli.runs import select
from expframe.cli.runs.command import Answer, Asked, command

USAGE = f"""\
Open the folder of a run in the system's file browser; print its path where there is none.

Usage:
  expframe open [options] ID

{select.HELP}"""


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Open a run's folder."""
    run = select.select_one(asked.runs, asked["ID"])
    is_open = _open(run.folder)
    data = {"id": run.id, "path": str(run.folder), "opened": is_open}
    return Answer(data, lambda style: [] if is_open else [str(run.folder)])


def _open(folder: Path) -> bool:
    """Open a folder, and return whether there was something to open it with."""
    if sys.platform == "win32":
        os.startfile(folder)
        return True
    name = "open" if sys.platform == "darwin" else "xdg-open"
    opener = shutil.which(name)
    has_screen = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if opener is None or not has_screen:
        return False
    done = subprocess.run([opener, str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0
