"""What a run consists of between its start and its end: each part begins and ends by itself."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from contextvars import Token
from pathlib import Path
from typing import Any

from expframe.config.decided import Config
from expframe.config.json_values import short_repr
from expframe.config.masking import Masking
from expframe.disk import layout
from expframe.errors import SaveError
from expframe.facts.gathering import Gathering
from expframe.observers.fanout import Sinks
from expframe.process import context, seeds
from expframe.process.devices import DeviceVariables
from expframe.process.log_lines import NOTICE, name_level
from expframe.process.output.capture import Capture, open_capture
from expframe.process.signals import DeferredSignals
from expframe.process.terminal import collapse_file
from expframe.record.events import Output
from expframe.record.record import Status, now
from expframe.run.files import RunFiles
from expframe.run.ledger import Ledger
from expframe.run.outcome import failure_of, status_of
from expframe.run.timers import Timers, clock_text


class Storage:
    """
    The run's sinks: opened with its first record, closed with its last one.

    Args:
        sinks: The sinks.
        ledger: Whose record they are given.
        config: The run's config.
        files: Told of the folder.
        masking: What must not be shown.
        opened: Takes up what earlier attempts left, once the folder is there.
        keep_checkpoints: How many checkpoints stay when the run is COMPLETED; None for those that it had kept.
    """

    def __init__(
        self,
        sinks: Sinks,
        ledger: Ledger,
        config: Config,
        files: RunFiles,
        masking: Masking,
        opened: Callable[[], None],
        keep_checkpoints: int | None = None,
    ) -> None:
        self._keep_checkpoints = keep_checkpoints
        self._sinks = sinks
        self._ledger = ledger
        self._config = config
        self._files = files
        self._masking = masking
        self._opened = opened

    def begin(self) -> None:
        """Open the sinks. What one raises is told to those that are open already."""
        sinks, ledger = self._sinks, self._ledger
        try:
            ledger.record = sinks.open(ledger.record, self._config)
            ledger.id, self._files.folder = sinks.id, sinks.folder
            self._opened()
        except BaseException as problem:
            failure = failure_of(problem, self._masking)
            ledger.advance(status=status_of(problem), ended=now(), failure=failure, id=sinks.id)
            sinks.close(ledger.record)
            raise

    def end(self) -> None:
        """Store the final record, whole also where Ctrl-C comes again and again."""
        with DeferredSignals():
            self._sinks.shut()
            self._ledger.advance()
            self._sinks.close(self._ledger.record)
            self._files.close()
            if self._keep_checkpoints is not None:
                self._files.leave_checkpoints(self._keep_checkpoints)


class Presence:
    """Makes a run the current one."""

    def __init__(self, run: Any) -> None:
        self._run = run
        self._token: Token[Any] | None = None

    def begin(self) -> None:
        """Make it the current run of this context, active in this process."""
        self._token = context.enter(self._run)

    def end(self) -> None:
        """Make what was current before so again."""
        assert self._token is not None
        context.leave(self._run, self._token)


class Seeding:
    """
    Seeds the global generators of the process.

    Args:
        seed: The run's.
        is_inside: Whether there is a run around it, which draws on afterwards as if this one had not been.
    """

    def __init__(self, seed: Any, *, is_inside: bool) -> None:
        self._seed = seed
        self._is_inside = is_inside
        self._go_on: Callable[[], None] | None = None

    def begin(self) -> None:
        """Seed those that are imported."""
        self._go_on = seeds.kept_generators().keep() if self._is_inside else None
        seeds.seed_globals(self._seed)

    def end(self) -> None:
        """Let the run around this one draw on."""
        if self._go_on is not None:
            self._go_on()


class Capturing:
    """
    Copies what is printed into the run's output file, and sends it to sinks that have no folder.

    Args:
        mode: `no`, `sys` or `fd`.
        files: Where the file is.
        sinks: Take the output, where they want it.
        say: Takes the text of a problem.
        run: Whose output it is.
    """

    def __init__(self, mode: str, files: RunFiles, sinks: Sinks, say: Callable[[str], None], run: Any) -> None:
        self._mode = mode
        self._run = run
        self._files = files
        self._sinks = sinks
        self._say = say
        self._path: Path | None = None
        self._capture: Capture | None = None
        self._sent = 0
        self._is_left_running = False

    def go_on(self, stored: Path) -> None:
        """Send nothing of what an earlier attempt printed, in its folder."""
        with suppress(OSError):
            self._sent = (stored / layout.OUTPUT).stat().st_size

    def begin(self) -> None:
        """Begin to copy."""
        if self._mode != "no":
            self._path = self._files.base() / layout.OUTPUT
        self._capture = open_capture(self._mode, self._path or Path(os.devnull), self._run)

    def push(self) -> None:
        """Push on what Python's own streams hold; from any thread."""
        if self._capture is not None:
            self._capture.push()

    def flush(self) -> None:
        """Push on what all streams hold, for the thread that prints."""
        if self._capture is not None:
            self._capture.flush()

    def send(self, *, last: bool = False) -> None:
        """Send what was printed since the last time to sinks that have no folder."""
        if not self._sinks.wants_output:
            return
        data = self.since(self._sent)
        if not last:  # a character may be written only in part
            data = data[: data.rfind(b"\n") + 1]
        self._sent += len(data)
        if data:
            self._sinks.write(Output(data.decode("utf-8", "replace")))

    def since(self, place: int) -> bytes:
        """Return what is in the file from a place on; nothing where it cannot be read."""
        if self._path is not None:
            with suppress(OSError), self._path.open("rb") as file:
                file.seek(place)
                return file.read()
        return b""

    def end(self) -> None:
        """Copy no more."""
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.close()
            self._is_left_running = capture.is_left_running
            if capture.fault:
                self._say(capture.fault)
            self.send(last=True)

    def collapse(self) -> None:
        """Leave in the file what a terminal would show of it in the end, unless somebody still writes into it."""
        if self._files.folder is not None and self._path is not None and not self._is_left_running:
            with suppress(OSError, SaveError):
                collapse_file(self._files.base() / layout.OUTPUT)

    def hold(self) -> None:
        """Finish what is being written: the process is about to fork."""
        if self._capture is not None:
            self._capture.hold()

    def resume(self) -> None:
        """Go on after a fork, in the parent."""
        if self._capture is not None:
            self._capture.resume()

    def forked(self) -> None:
        """Go on in a forked child, which leaves the file to its parent."""
        if self._capture is not None:
            self._capture.forked()


class Visibility:
    """Lets the run see the devices that it was given."""

    def __init__(self, variables: DeviceVariables, ledger: Ledger) -> None:
        self._variables = variables
        self._ledger = ledger

    def begin(self) -> None:
        """Set the variables, and note them."""
        if chosen := self._variables.set(self._ledger.log.warning):
            self._ledger.learn({"extra": {**self._ledger.record.extra, "devices": chosen}})

    def end(self) -> None:
        """Put them back."""
        self._variables.put_back()


class Facts:
    """Gathers what is true of this machine and this code, beside the run's work."""

    def __init__(self, make: Callable[[Callable[[], Path | None]], Gathering], sinks: Sinks, ledger: Ledger) -> None:
        self._make = make
        self._sinks = sinks
        self._ledger = ledger
        self._gathering: Gathering | None = None

    def begin(self) -> None:
        """Begin to gather, where anybody takes it."""
        if self._sinks:
            self._gathering = self._make(self._sources_folder)
            self._gathering.start()

    def end(self) -> None:
        """Wait for what is still under way, and note what can only be known now."""
        if self._gathering is not None:
            self._ledger.learn(self._gathering.finish())

    def _sources_folder(self) -> Path | None:
        folder = self._sinks.folder
        return folder.parent / layout.SOURCES_FOLDER if folder else None


class Announcement:
    """
    Says in the log that the run begins and how it ended.

    Args:
        ledger: The run's record.
        files: Where it is kept.
        config: The run's config, which has notices and warnings.
        timers: Shown at the end.
        title: What the run is called: its command, or the script of a run without one.
        level: How loud the run is, as a log level.
        is_recorded: Whether anybody takes the run's facts.
        is_of_script: Whether it is the run of a whole script, which sets up no logging: its end is said to stderr then.
        masking: What must not be shown.
    """

    def __init__(
        self,
        ledger: Ledger,
        files: RunFiles,
        config: Config,
        timers: Timers,
        title: str,
        level: int = NOTICE,
        *,
        is_recorded: bool,
        is_of_script: bool,
        masking: Masking,
    ) -> None:
        self._ledger = ledger
        self._files = files
        self._config = config
        self._timers = timers
        self._title = title
        self._level = level
        self._is_recorded = is_recorded
        self._is_of_script = is_of_script
        self._masking = masking

    def begin(self) -> None:
        """Say what is to be known of the config, and that the run begins."""
        name_level()
        record, log = self._ledger.record, self._ledger.log
        for notice in self._config.notices:
            log.log(self._level, "%s", notice)
        for warning in self._config.warnings:
            log.warning("%s", warning)
        folder = self._files.folder
        if folder is not None and record.attempt > 1:
            log.log(self._level, "Resumed %s in %s, attempt %s", self._title, shown(folder), record.attempt)
        elif folder is not None:
            log.log(self._level, "Started %s in %s", self._title, shown(folder))
        elif self._is_recorded:
            log.log(self._level, "Started %s", self._title)
        else:
            log.log(self._level, "Started %s; nothing is kept", self._title)

    def end(self) -> None:
        """Say what came out, how long things took and how the run ended."""
        record, log = self._ledger.record, self._ledger.log
        took = clock_text(record.duration or 0.0)
        if record.failure is None and record.result is not None:
            log.log(min(self._level, 20), "Result: %s", self._masking.text(short_repr(record.result)))
        if table := self._timers.table():
            log.log(self._level, "Timers:\n%s", table)
        folder = self._files.folder
        where = f": run {record.id} in {shown(folder)}" if self._is_of_script and folder is not None else ""
        if record.status == Status.COMPLETED:
            self._say(self._level, "Completed %s after %s%s", self._title, took, where)
        elif record.status == Status.FAILED:
            level = logging.ERROR if self._level >= NOTICE else self._level  # the command line says why
            self._say(level, "Failed %s after %s%s", self._title, took, where)
        else:
            self._say(logging.WARNING, "Ended %s as %s after %s%s", self._title, record.status, took, where)

    def _say(self, level: int, text: str, *parts: str) -> None:
        log = self._ledger.log
        if self._is_of_script and self._files.folder is not None and not log.hasHandlers() and logging.lastResort:
            logging.lastResort.handle(log.makeRecord(log.name, level, "", 0, text, parts, None))
        else:
            log.log(level, text, *parts)


class Ending:
    """Does something when the run ends: what has nothing to begin."""

    def __init__(self, end: Callable[[], Any]) -> None:
        self._end = end

    def begin(self) -> None:
        """Do nothing."""

    def end(self) -> None:
        """Do it."""
        self._end()


def shown(path: Path) -> str:
    """Return a path as it is said to a person: from the working directory on, where it is below that."""
    with suppress(ValueError, OSError):  # nor is there one where it was removed
        return str(path.relative_to(Path.cwd()))
    return str(path)
