"""Experiments with a command line, a decided configuration, injected parameters and runs that record themselves."""

from typing import TYPE_CHECKING, Any

from expframe._version import VERSION as __version__  # noqa: F401  it is in `__all__`

if TYPE_CHECKING:
    from expframe import errors as errors
    from expframe.config.frozen import thaw as thaw
    from expframe.config.model import Config as Config
    from expframe.experiment import Experiment as Experiment
    from expframe.experiment import Ingredient as Ingredient
    from expframe.experiment import start as start
    from expframe.logs import NOTICE as NOTICE
    from expframe.masking import Secret as Secret
    from expframe.observers.base import Observer as Observer
    from expframe.observers.base import Sink as Sink
    from expframe.observers.memory import MemoryObserver as MemoryObserver
    from expframe.observers.tensorboard import TensorBoard as TensorBoard
    from expframe.record import Record as Record
    from expframe.record import Status as Status
    from expframe.rerunning import rerun as rerun
    from expframe.run import Run as Run
    from expframe.savers import saver as saver
    from expframe.store.collection import runs as runs
    from expframe.store.reader import StoredRun as StoredRun

_PLACES = {
    "Config": "expframe.config.model",
    "Experiment": "expframe.experiment",
    "Ingredient": "expframe.experiment",
    "MemoryObserver": "expframe.observers.memory",
    "NOTICE": "expframe.logs",
    "Observer": "expframe.observers.base",
    "Record": "expframe.record",
    "Run": "expframe.run",
    "RunInterrupt": "expframe.errors",
    "RunTimeout": "expframe.errors",
    "Secret": "expframe.masking",
    "Sink": "expframe.observers.base",
    "Status": "expframe.record",
    "StoredRun": "expframe.store.reader",
    "TensorBoard": "expframe.observers.tensorboard",
    "errors": "expframe.errors",
    "rerun": "expframe.rerunning",
    "runs": "expframe.store.collection",
    "saver": "expframe.savers",
    "start": "expframe.experiment",
    "thaw": "expframe.config.frozen",
}

__all__ = sorted([*_PLACES, "__version__", "current_run"])  # noqa: PLE0605  each name is resolved on first use


def current_run() -> Any:
    """
    Return the run that this code belongs to, or None outside of any.

    Raises:
        UnrelatedRunsError: This thread belongs to none, and several unrelated ones are active.
    """
    from expframe.context import current

    return current()


def __getattr__(name: str) -> Any:
    import importlib

    if name not in _PLACES:
        raise AttributeError(f"module 'expframe' has no attribute {name!r}")
    module = importlib.import_module(_PLACES[name])
    found = module if name == "errors" else getattr(module, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
