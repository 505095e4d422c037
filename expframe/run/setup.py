"""What all runs of an experiment share."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from expframe.facts.gathering import Known, Scope
from expframe.observers.base import Observer
from expframe.process.devices import Devices
from expframe.process.signals import GRACE
from expframe.recipe.registry import CliOption


class Setup(NamedTuple):
    """
    What all runs of an experiment share.

    Attributes:
        name: The experiment.
        observers: Where the facts go; empty for a ghost.
        scope: What facts are about.
        known: What was found out before in this process.
        max_depth: How deep names are searched where a function does not say.
        read_only: Whether values are handed out read-only where a function does not say.
        cli_options: The user's own options.
        store: The folder of runs.
        is_command_line: Whether the process is this run's own, started as a script.
        grace: Seconds that code which asks whether to stop has to do so.
        run_child: Does another command inside a run, given that run's Request; None where there is no experiment.
        devices: Which GPUs it may see.
        sample: Seconds between two samples of the machine; 0 for none.
        keep_checkpoints: How many checkpoints stay when the run is COMPLETED; None for those that it had kept.
    """

    name: str
    observers: Sequence[Observer] = ()
    scope: Scope | None = None
    known: Known | None = None
    max_depth: int = 1
    read_only: bool = True
    cli_options: Sequence[CliOption] = ()
    store: Path = Path()
    is_command_line: bool = False
    grace: float = GRACE
    run_child: Callable[..., Any] | None = None
    devices: Devices = Devices()
    sample: float = 0.0
    keep_checkpoints: int | None = None
