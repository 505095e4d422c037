"""Notes where TensorFlow writes its logs."""

from __future__ import annotations

from typing import Any

from expframe.compat.sacred.optional import get_tensorflow
from expframe.compat.sacred.stflow.internal import ContextMethodDecorator


class LogFileWriter(ContextMethodDecorator):
    """
    A block, or decorator, in which the folder of each `tf.summary.FileWriter` that is made goes into a run's info.

    It is `info["tensorflow"]["logdirs"]`. Blocks inside each other note a folder once.

    Args:
        experiment: The experiment, or anything that has `info`.

    Raises:
        ImportError: There is no TensorFlow.
    """

    def __init__(self, experiment: Any) -> None:
        self.experiment = experiment
        super().__init__(get_tensorflow().summary.FileWriter, "__init__", self._note)

    def _note(self, instance: Any, original: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        logdir = kwargs["logdir"] if "logdir" in kwargs else args[0]
        logdirs = self.experiment.info.setdefault("tensorflow", {}).setdefault("logdirs", [])
        if not getattr(original, "_notes_logdirs", False):
            logdirs.append(logdir)
        return original(instance, *args, **kwargs)

    def __enter__(self) -> LogFileWriter:
        super().__enter__()
        getattr(self.classx, self.method_name)._notes_logdirs = True
        return self
