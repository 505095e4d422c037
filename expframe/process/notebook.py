"""What a notebook, or IPython's prompt, knows of itself. Nothing here loads IPython."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

_SUFFIX = ".ipynb"


def find_shell() -> Any:
    """Return IPython's shell, or None outside of it."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None


def find_name(names: Mapping[str, Any]) -> str | None:
    """
    Return the notebook's name, without its suffix; None where the front end does not tell.

    Args:
        names: The top-level names of the notebook.
    """
    if find_shell() is None:
        return None
    told = (names.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME"))
    file = next((file for file in told if isinstance(file, str) and file.endswith(_SUFFIX)), None)
    return os.path.basename(file).removesuffix(_SUFFIX) if file else None


def find_cells() -> str:
    """Return what was run so far, cell by cell in the order of running, as Python; empty outside of IPython."""
    shell = find_shell()
    cells = list(shell.user_ns.get("In", ())) if shell is not None else []
    numbered = [(number, str(cell).strip("\n")) for number, cell in enumerate(cells)]
    return "\n\n".join(f"# In [{number}]:\n{cell}" for number, cell in numbered if cell) + "\n" if cells else ""


def place(file: str, line: int) -> str | None:
    """Return where a line of a cell stands, as `cell 3, line 5`; None for any other code."""
    numbers = getattr(getattr(find_shell(), "compile", None), "_filename_map", {})
    return f"cell {numbers[file]}, line {line}" if file in numbers else None


def is_cell(file: str) -> bool:
    """Return whether code of this file was typed in: in a cell or at a prompt."""
    return file.startswith("<") or "ipykernel" in file
