"""Long text in the pager of the user, as git shows it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from contextlib import suppress


def page(text: str) -> bool:
    """Show text in the pager of EXPFRAME_PAGER or PAGER, else `less`, and return whether there is one."""
    asked = next((os.environ[name] for name in ("EXPFRAME_PAGER", "PAGER") if name in os.environ), "less")
    words = shlex.split(asked)
    if not words or words[0] == "cat" or shutil.which(words[0]) is None or os.environ.get("TERM") == "dumb":
        return False
    environment = {"LESS": "FRX", "LV": "-c", **os.environ}  # ends by itself where all fits, and shows colours
    try:
        pager = subprocess.Popen(words, stdin=subprocess.PIPE, env=environment)
    except OSError:
        return False
    with suppress(BrokenPipeError, KeyboardInterrupt):  # whoever reads has seen enough
        pager.communicate(text.encode("utf-8", "surrogateescape"))
    while pager.poll() is None:
        with suppress(KeyboardInterrupt):  # which is the pager's to hear
            pager.wait()
    return True
