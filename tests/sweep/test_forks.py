"""Whether a process may be forked."""

import os
import sys

import pytest

from expframe.sweep import forks


@pytest.mark.parametrize(
    ("variables", "threads", "more"),
    [
        ({}, 3, 0),
        ({}, 4, 1),
        ({"OMP_NUM_THREADS": "2"}, 3, 1),
        ({"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "3"}, 2, 1),
        ({"OPENBLAS_NUM_THREADS": "64"}, 4, 1),
        ({"OPENBLAS_NUM_THREADS": "many"}, 3, 0),
        ({"OPENBLAS_NUM_THREADS": "-1", "OMP_NUM_THREADS": "9" * 5000}, 3, 0),
    ],
)
def test_openblas_has_no_more_threads_than_it_was_given(monkeypatch, variables, threads, more):
    """Without threadpoolctl OpenBLAS has as many as a variable says, and as processors may be used, at most: 3 here."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(forks.threading, "active_count", lambda: 1)
    monkeypatch.setattr(forks, "threads", lambda: threads)
    monkeypatch.setattr(forks, "_openblas_libraries", lambda: 1)
    problem = f"importing the script has left {more} threads of libraries" if more else None

    assert problem == forks.unsafe(1)
