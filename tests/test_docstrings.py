"""What docstrings show is what happens."""

import doctest
import importlib
from contextlib import suppress

import pytest
from steps import ROOT

SHOWN = sorted(path for path in (ROOT / "expframe").rglob("*.py") if ">>> " in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: path.relative_to(ROOT / "expframe").as_posix())
def test_docstrings_show_what_happens(path):
    """Each example in a docstring prints what stands below it, wherever the module's libraries are installed."""
    with suppress(ImportError):
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        found = doctest.testmod(module, optionflags=doctest.ELLIPSIS)

        assert found.attempted and not found.failed
