"""Where workers run beside this machine and Slurm: Dask, Ray, and executors that other packages bring, by name."""

from __future__ import annotations

import importlib
import logging
import re
import socket
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from expframe.config import dotted
from expframe.errors import MissingLibraryError, UsageError, listed, one_of_type

GROUP = "expframe.executors"
"""The entry points of packages that bring executors: callables that return one, and take an address if one is given."""

_PATIENCE = 30.0
"""Seconds in which a machine is to answer."""

_LIBRARIES = {"dask": "distributed", "ray": "ray"}
_KNOWN = ("local", "slurm", *_LIBRARIES)


class Backend:
    """
    Where workers run, by name.

    Args:
        on: The name, and behind a colon an address: `dask:tcp://node7:8786`.

    Raises:
        MissingLibraryError: Its library is not installed.
        UsageError: There is none of that name.
    """

    def __init__(self, on: str) -> None:
        self._on = on
        self._name, _, self._address = on.partition(":")
        self._found: Any = None
        if self._name in _LIBRARIES:
            try:
                self._found = importlib.import_module(_LIBRARIES[self._name])
            except ImportError:
                raise MissingLibraryError(f"--on={self._name}", _LIBRARIES[self._name], self._name) from None
        else:
            self._found = _find(self._name, on)

    def executor(self, gpus: float | None) -> Executor:
        """
        Return a new executor, which is where its workers are.

        Args:
            gpus: How many GPUs a worker has, or what part of one; None where nothing was said.

        Raises:
            UsageError: It cannot be had.
        """
        try:
            if self._name == "dask":
                return _dask(self._found, self._address, gpus)
            if self._name == "ray":
                return RayExecutor(self._found, self._address, gpus)
            executor = self._found.load()(*([self._address] if self._address else []))
        except Exception as problem:
            raise UsageError(f"--on={self._on}", f"cannot be had: {type(problem).__name__}: {problem}") from problem
        if not isinstance(executor, Executor):
            raise UsageError(f"--on={self._on}", f"gives {one_of_type(executor)}, and no concurrent.futures.Executor.")
        return executor


def _find(name: str, on: str) -> Any:
    from importlib.metadata import entry_points

    added = {point.name: point for point in entry_points(group=GROUP)}
    if name in added:
        return added[name]
    known = sorted({*_KNOWN, *added})
    near = dotted.nearest(name, known)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise UsageError(f"--on={on}", f"is unknown.{hint} Workers run on: {listed(known)}.")


def _dask(distributed: Any, address: str, gpus: float | None) -> Executor:
    """Return what starts tasks of Dask's: at an address, or on this machine."""
    if not address:
        logging.getLogger(distributed.__name__).setLevel(logging.WARNING)  # its own scheduler tells each of its steps
    client = distributed.Client(address) if address else distributed.Client(dashboard_address=None)
    executor: Executor = client.get_executor(pure=False, **({"resources": {"GPU": gpus}} if gpus else {}))
    return executor


def _knock(address: str) -> None:
    """Raise an OSError where nobody answers at `host:port`: Ray tries it again for many minutes."""
    if place := re.fullmatch(r"(?:ray://)?\[?([^/\[\]]+)\]?:(\d+)", address):
        socket.create_connection((place[1], int(place[2])), _PATIENCE).close()


class RayExecutor(Executor):
    """
    Does each call as a task of Ray.

    Args:
        ray: The library.
        address: The cluster's; empty for the one that Ray finds, or for this machine.
        gpus: How many GPUs a task has, or what part of one; None for none.
    """

    def __init__(self, ray: Any, address: str, gpus: float | None) -> None:
        self._ray = ray
        self._options = {"num_gpus": gpus} if gpus else {}
        if not ray.is_initialized():
            _knock(address)
            ray.init(**({"address": address} if address else {"include_dashboard": False}), log_to_driver=False)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Start a call, again where its worker dies, and return its future."""
        task = self._ray.remote(fn).options(max_retries=-1, **self._options)
        found: Future[Any] = task.remote(*args, **kwargs).future()
        return found
