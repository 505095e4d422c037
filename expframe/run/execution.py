"""The execution of a run: its command, from the last checks to how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from expframe.config.groups import by_name
from expframe.facts.gathering import require_clean
from expframe.facts.sources import module_of
from expframe.process import context
from expframe.process.signals import Stopping
from expframe.recipe.registry import Command
from expframe.record.record import Status, now
from expframe.run.arguments import Arguments
from expframe.run.coroutines import call
from expframe.run.life import Life
from expframe.run.outcome import Outcome
from expframe.run.parts import shown
from expframe.run.recorder import Recorder
from expframe.run.setup import Setup


class Execution:
    """
    Does what a run was asked for, inside its life.

    Args:
        run: The run.
        command: Its command; None in a worker, which has no say in it.
        recorder: What it records with.
        arguments: How its functions are filled.
        setup: What runs of its experiment share.
        life: Its parts, from start to end.
        stopping: Whether it is asked to end.
    """

    def __init__(
        self,
        run: Any,
        command: Command | None,
        recorder: Recorder,
        arguments: Arguments,
        setup: Setup,
        life: Life,
        stopping: Stopping,
    ) -> None:
        self._run = run
        self._command = command
        self._recorder = recorder
        self._arguments = arguments
        self._setup = setup
        self._life = life
        self._stopping = stopping

    def do(self) -> None:
        """
        Open the run's sinks, call its command, close them; or only note that it waits to be done.

        Raises:
            StoreError: Nothing can be kept where it should; nothing was started.
            BaseException: What the command raises, unchanged, after it has been recorded.
        """
        __tracebackhide__ = True
        run = self._run
        self.check_arguments()
        self.make_ready()
        if run.status == Status.QUEUED:
            self._queue()
            return
        with self.begun():
            try:
                self._life.admit_signals()
                self.call_command(run.request.args, run.request.kwargs, self._keep)
            finally:  # here and once more below: a second signal may come before the first call of this
                self._life.defer_signals()

    def check_arguments(self) -> None:
        """
        Check that every parameter of the command has a value.

        Raises:
            InjectionError: One has none.
            TypeError: The arguments that were given do not fit.
        """
        assert self._command is not None
        self._arguments.check(self._command.captured, self._run.request)

    def make_ready(self) -> None:
        """Refuse what cannot be run, before anything is started."""
        options = self._run.request.options
        for option in self._setup.cli_options:
            value = options.extra.get(option.flag.long)
            if value:
                option.apply(value, self._run)
        if options.enforce_clean:
            require_clean(self._run.scope)

    @contextmanager
    def begun(self) -> Iterator[None]:
        """Let the block be the run's work, which admits signals."""
        self._recorder.ledger.advance(**{"resumed" if self._run.attempt > 1 else "started": now()})
        with self._life.from_start_to_end(self.conclude):
            yield

    def call_command(self, args: Sequence[Any], kwargs: Mapping[str, Any], keep: Callable[[Any], object]) -> Any:
        """
        Call the command between its hooks, and return what it returns.

        Args:
            args: Arguments that prevail over the config.
            kwargs: Arguments that prevail over the config.
            keep: Takes the result, whatever the hooks do.
        """
        __tracebackhide__ = True
        assert self._command is not None
        snapshot = self._run.snapshot
        for hook in snapshot.pre_run_hooks:
            call(hook)
        result = call(self._command.function, *args, **kwargs)
        keep(result)
        for hook in snapshot.post_run_hooks:
            call(hook)
        return result

    def _keep(self, result: Any) -> None:
        self._run.result = result

    def _queue(self) -> None:
        run = self._run
        file = run.scope.main_file
        self._recorder.ledger.advance(queued=now(), module=module_of(file) if file is not None else None)
        storage = self._life.storage()
        storage.begin()
        storage.end()
        run.log.info("Queued run %s%s", run.id or "(not kept)", f" in {shown(run.folder)}" if run.folder else "")

    def conclude(self, ended: BaseException | None) -> None:
        """Note how the work ended, before anything else does."""
        run = self._run
        for inner in reversed(context.opened()):
            if inner.parent is run:
                inner.close()
        outcome: Outcome = run.outcome(ended)
        if self._stopping.explains(outcome.status):
            outcome = Outcome(self._stopping.status)
        changes = {"status": outcome.status, "result": by_name(run.result), "failure": outcome.failure}
        self._recorder.ledger.advance(ended=now(), **changes)
