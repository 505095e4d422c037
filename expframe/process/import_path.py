"""In which folders this process looks for modules: the script's first, then others."""

from __future__ import annotations

import sys


def look_first_in(folder: str) -> None:
    """Have modules looked for where Python does: in a folder in place of the one that this process was started from."""
    sys.path[:] = [folder, *(other for other in others() if other != folder)]


def others() -> list[str]:
    """Return the folders after the script's; under `python -P` that is none of them, so that these are all."""
    return sys.path[0 if sys.flags.safe_path else 1 :]
