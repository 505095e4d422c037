"""Fixtures that most tests use."""

import os
import textwrap
import threading
from pathlib import Path

import pytest

from expframe import Experiment, context


@pytest.fixture(autouse=True)
def _clean_world(tmp_path, monkeypatch):
    """Each test has a working directory of its own, no variables of ours, and leaves no run and no thread behind."""
    monkeypatch.chdir(tmp_path)
    for name in ("EXPFRAME_STORE", "EXPFRAME_GHOST", "NO_COLOR", "RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EXPFRAME_CACHE", str(tmp_path / "cache"))
    yield
    assert context.active() == ()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("expframe")]


@pytest.fixture
def ex(tmp_path):
    """A fresh experiment that keeps its runs in `runs` of the test's folder."""
    return Experiment("test", store=tmp_path / "runs", project_dir=tmp_path)


@pytest.fixture
def script(tmp_path):
    """Write a script into the test's folder and return its path."""

    def write(text, name="script.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return path

    return write


@pytest.fixture
def environment():
    """The environment for a subprocess that imports the package under test."""
    import expframe

    root = str(Path(expframe.__file__).parent.parent)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EXPFRAME", "COV_"))}
    return {**kept, "PYTHONPATH": root, "PYTHONDONTWRITEBYTECODE": "1"}
