"""Devices: which GPUs a run may see, and whether libraries take their memory bit by bit."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable
from itertools import takewhile
from typing import Any, NamedTuple

from expframe.errors import OptionError
from expframe.process import context, locks

VISIBLE = "CUDA_VISIBLE_DEVICES"
_GROWTH_OF_TENSORFLOW = ("TF_FORCE_GPU_ALLOW_GROWTH", "true")
_GROWTH_OF_JAX = ("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
_READERS = {VISIBLE: ("torch", "tensorflow", "jax", "cupy"), _GROWTH_OF_JAX[0]: ("jax",)}
"""Which libraries look at a variable, once, when they look for GPUs first."""
_DEVICE = r"[0-9]+|(?:GPU|MIG)-[\w/.:-]+"


class Devices(NamedTuple):
    """
    What an experiment or a command line asks for.

    Attributes:
        visible: The GPUs by number or UUID, none at all where empty; None for whatever the process sees.
        memory_growth: Whether libraries are to take GPU memory as they need it, instead of all of it at once.
    """

    visible: tuple[str, ...] | None = None
    memory_growth: bool = False


def parse(value: Any) -> tuple[str, ...] | None:
    """
    Return GPUs that are given as a number, a text or several of them.

    Example:
        >>> parse("3, 4"), parse([0]), parse(""), parse(None)
        (('3', '4'), ('0',), (), None)

    Raises:
        OptionError: One is neither a number nor a UUID, or is given twice.
    """
    if value is None:
        return None
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, Iterable) else [value]
    names = tuple(str(part).strip() for part in parts if part != "")
    if not all(re.fullmatch(_DEVICE, name) for name in names) or len(set(names)) < len(names):
        hint = "Give each once, by number or UUID as nvidia-smi shows it: [0, 3] or '0,3'; an empty list hides all."
        raise OptionError(f"devices {value!r:.80}", f"are no GPUs. {hint}")
    return names


def visible_of(text: str) -> list[str]:
    """
    Return the GPUs of the environment variable, as CUDA reads it: those before the first that is none.

    Example:
        >>> visible_of("0, 2"), visible_of("1,-1,0"), visible_of("NoDevFiles")
        (['0', '2'], ['1'], [])
    """
    names = (name.strip() for name in text.split(","))
    return list(dict.fromkeys(takewhile(re.compile(_DEVICE).fullmatch, names)))


class Environment:
    """What the runs of this process have made of environment variables: the last one in force prevails."""

    def __init__(self) -> None:
        self._before: dict[str, str | None] = {}
        self._claims: list[tuple[Any, dict[str, str]]] = []
        self._lock = locks.lock()

    def claim(self, run: Any, changes: dict[str, str]) -> None:
        """
        Set variables for a run and those inside it.

        Raises:
            OptionError: A run that goes on beside it sees other devices.
        """
        with self._lock:
            if VISIBLE in changes:
                self._refuse_others(run, changes[VISIBLE])
            for name in changes:
                self._before.setdefault(name, os.environ.get(name))
            self._claims.append((run, changes))
            os.environ.update(changes)

    def release(self, changes: dict[str, str]) -> None:
        """Make the variables what they are without this claim."""
        with self._lock:
            self._claims = [claim for claim in self._claims if claim[1] is not changes]
            for name in changes:
                values = [claimed[name] for _, claimed in self._claims if name in claimed]
                value = values[-1] if values else self._before.pop(name)
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def _refuse_others(self, run: Any, wanted: str) -> None:
        around = context.chain(run)
        for other in context.active():
            if other in around or run in context.chain(other):
                continue
            seen = self._seen_by(other)
            if seen != wanted:
                raise OptionError(
                    f"devices {wanted!r}",
                    f"cannot be given to a run while {other.label} goes on beside it in this process and sees "
                    f"{'all' if seen is None else repr(seen)}: there is one {VISIBLE} for both. Start runs that see "
                    "different devices one after the other, or each in a process of its own.",
                )

    def _seen_by(self, run: Any) -> str | None:
        around = context.chain(run)
        seen = [claimed[VISIBLE] for owner, claimed in self._claims if VISIBLE in claimed and owner in around]
        return seen[-1] if seen else self._before.get(VISIBLE, os.environ.get(VISIBLE))


class DeviceVariables:
    """
    The environment variables that make a run's devices so, from its start to its end.

    Args:
        wanted: What was asked for.
        run: The run that sees them.
    """

    def __init__(self, wanted: Devices, run: Any = None) -> None:
        self._wanted = wanted
        self._run = run
        self._environment: Environment = context.one_per_process(Environment)
        self._claimed: dict[str, str] = {}

    def set(self, warn: Callable[[str], object]) -> dict[str, Any]:
        """
        Set what was asked for, and return it as facts for the Record; nothing if nothing was.

        Args:
            warn: Takes a text about what may be too late.

        Raises:
            OptionError: A run that goes on beside it sees other devices.
        """
        wanted, changes = self._wanted, {}
        if wanted.visible is not None:
            changes[VISIBLE] = ",".join(wanted.visible)
        if wanted.memory_growth:
            changes.update([_GROWTH_OF_JAX] if _let_tensorflow_grow(warn) else [_GROWTH_OF_JAX, _GROWTH_OF_TENSORFLOW])
        before = {name: os.environ.get(name) for name in changes}
        self._environment.claim(self._run, changes)
        self._claimed = changes
        changes = {name: value for name, value in changes.items() if before[name] != value}
        late = [name for name in _READERS[VISIBLE] if _reads(name, changes)]
        if late:
            settings = " and ".join(f"{name}={value}" for name, value in changes.items() if name in _READERS)
            warn(
                f"{' and '.join(late)} had been imported before {settings} was set, and may not see it. "
                "Import it inside the command, or set the variable where the script is started."
            )
        return self._facts(late)

    def _facts(self, late: list[str]) -> dict[str, Any]:
        facts: dict[str, Any] = {}
        if self._wanted.visible is not None:
            facts["visible"] = list(self._wanted.visible)
        if self._wanted.memory_growth:
            facts["memory_growth"] = True
        if late:
            facts["imported_before"] = late
        return facts

    def put_back(self) -> None:
        """Make the variables what they were before."""
        self._environment.release(self._claimed)
        self._claimed = {}


def _reads(library: str, variables: Iterable[str]) -> bool:
    """Return whether a library that is imported already looks at one of these variables."""
    return library in sys.modules and any(library in _READERS.get(name, ()) for name in variables)


def _let_tensorflow_grow(warn: Callable[[str], object]) -> bool:
    """Tell tensorflow itself if it is imported already, and return whether it is."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None:
        return False
    try:
        for gpu in tensorflow.config.list_physical_devices("GPU"):
            tensorflow.config.experimental.set_memory_growth(gpu, True)
    except Exception as problem:  # it has begun to use them
        warn(f"memory growth was refused by tensorflow ({problem}). Ask for it before GPUs are used.")
    return True
