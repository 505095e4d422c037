"""The checkpoints of a live run, and going on from one."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from expframe.process.signals import Stopping
from expframe.run.arguments import Arguments
from expframe.run.recorder import Recorder
from expframe.saving.checkpoints import KEEP, Checkpoint, Position, last_of

if TYPE_CHECKING:
    from expframe.run.resume import Resumed


class RunCheckpoints:
    """
    Keeps checkpoints together with how far the run is, and goes on from there.

    Args:
        recorder: What the run records with.
        arguments: How its functions are given seeds.
        stopping: Told that the run can end by itself.
        resumed: The run that is taken up; None in a first attempt.
    """

    def __init__(self, recorder: Recorder, arguments: Arguments, stopping: Stopping, resumed: Resumed | None) -> None:
        self._recorder = recorder
        self._arguments = arguments
        self._stopping = stopping
        self._resumed = resumed
        self._has_taken_up = False

    def checkpoint(
        self, step: int | float, objects: Mapping[str, Any] | None = None, /, *, keep: int | None = KEEP, **more: Any
    ) -> Checkpoint:
        """
        Keep what the run needs to go on from here, whole or not at all: `run.checkpoint(epoch, model=model)`.

        Data, text, bytes and arrays, and what torch, Keras and savers of your own write, are in their own formats; a
        name with an extension chooses one; a Path stands for the file it names; everything else is pickled. Modules and
        optimizers of torch come back as their state. From now on SIGTERM gives the run time to end by itself.

        Args:
            step: The step that is done, as a number.
            objects: By name, where names are no words of Python.
            keep: How many checkpoints are kept, this one included; None for all.
            more: Objects by name.

        Raises:
            RunError: The step is no number, or an object has no name.
            SaveError: It cannot be stored; nothing half-written is left, and earlier ones are there.
        """
        self._stopping.expect()
        recorder = self._recorder
        given: Any = (
            objects if objects is not None and not isinstance(objects, Mapping) else {**(objects or {}), **more}
        )
        return recorder.files.checkpoint(step, given, self._how_far, keep)

    def _how_far(self) -> Position:
        """
        Return how far the run is, after all that it has logged is written.

        Raises:
            OSError: That cannot be written; to go on from here would lose it.
        """
        recorder = self._recorder
        recorder.logbook.flush()
        if not recorder.catch_up():
            raise OSError(errno.EIO, "what was logged before it could not be written")
        arguments = self._arguments
        return Position(recorder.files.sizes(), arguments.calls(), recorder.children.counts(), arguments.generators())

    def last_checkpoint(self) -> Checkpoint | None:
        """
        Return the last checkpoint of the run, of this attempt or an earlier one; None where there is none.

        In a run that is resumed, seeds and children go on from here as they were at the checkpoint, and so does the
        `_rnd` of the last call of a function that goes on meanwhile, as that of the command: ask for it once, after
        what is to be done again and before what is not.
        """
        found = self._recorder.files.last_checkpoint()
        if self._resumed is None:
            return found
        found = found or last_of(self._resumed.run.folder, trust=True)  # where nothing is kept, or by other ranks
        if found is not None and not self._has_taken_up:
            self._arguments.go_on(found.position.calls, found.position.generators)
            self._recorder.children.go_on(found.position.children)
        self._has_taken_up = True
        return found
