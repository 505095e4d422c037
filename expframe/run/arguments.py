"""How a run fills the functions that are called in it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from expframe.config import dotted
from expframe.config.decided import Config
from expframe.config.request import Request
from expframe.config.signatures import signature_of
from expframe.errors import MissingArgumentError
from expframe.process.seeds import child_seeds
from expframe.recipe.injection import Filling, Injector
from expframe.recipe.registry import Captured
from expframe.recipe.snapshot import Snapshot
from expframe.recipe.specials import value_in_run
from expframe.run.setup import Setup


class Arguments:
    """
    The plans by which captured functions are filled.

    Args:
        run: What functions get as `_run`.
        snapshot: The recipes of the experiment.
        config: The decided values.
        setup: How names are searched and values handed out where a function does not say.

    Attributes:
        plans: For each captured function how it is filled; made at its first call.
    """

    def __init__(self, run: Any, snapshot: Snapshot, config: Config, setup: Setup) -> None:
        self.plans: dict[Captured, Filling] = {}
        self._run = run
        self._snapshot = snapshot
        self._config = config
        self._calls_before: Mapping[str, int] = {}
        self._apart: tuple[Any, ...] = ()
        self._injector = Injector(snapshot, config, self._special, self._draw, setup.max_depth, setup.read_only)

    def plan(self, captured: Captured) -> Filling:
        """Return, and remember, how the parameters of a captured function are filled in this run."""
        here = self._snapshot.here(captured)
        plan = self._injector.plan(here)
        plan.go_on(self._calls_before.get(_key_of(here), 0))
        return self.plans.setdefault(captured, plan)

    def draw_apart(self, mark: Any) -> None:
        """Let functions draw other numbers from now on than in processes with another mark."""
        self._apart = ("worker", mark)
        self._calls_before = {}
        self.plans.clear()

    def calls(self) -> dict[str, int]:
        """Return how often each function was given a seed; of those that are called alike, the most often."""
        counted = ((key, max(plan.calls for plan in plans)) for key, plans in self._by_key().items())
        return {key: calls for key, calls in counted if calls}

    def generators(self) -> dict[str, Any]:
        """Return how far the generator of each function's last call is, but of functions that are called alike."""
        drawing = ((key, plans[0].latest) for key, plans in self._by_key().items() if len(plans) == 1)
        return {key: _state_of(latest) for key, latest in drawing if latest is not None}

    def go_on(self, calls: Mapping[str, int], generators: Mapping[str, Any]) -> None:
        """
        Let seeds follow those of so many calls, and the generators of calls that go on now what those then had drawn.

        A call is the same one where its function was called as often by now as then.
        """
        self._calls_before = calls
        for key, plans in self._by_key().items():
            latest = plans[0].latest if len(plans) == 1 else None
            if latest is not None and key in generators and plans[0].calls == calls.get(key):
                _go_on_from(latest, generators[key])
            for plan in plans:
                plan.go_on(calls.get(key, 0))

    def _by_key(self) -> dict[str, list[Filling]]:
        """Return the plans that there are, those of functions that are called alike together."""
        found: dict[str, list[Filling]] = {}
        for plan in list(self.plans.values()):  # other threads may call further functions meanwhile
            found.setdefault(_key_of(plan.captured), []).append(plan)
        return found

    def check(self, captured: Captured, request: Request) -> None:
        """
        Check that every parameter of a command has a value.

        Raises:
            InjectionError: One has none.
            TypeError: The arguments that were given do not fit.
        """
        given = set(request.kwargs)
        if request.args or request.kwargs:
            given |= signature_of(captured.raw).bind_partial(*request.args, **request.kwargs).arguments.keys()
        lacking = [problem() for name, problem in self.plan(captured).lacking.items() if name not in given]
        missing = [problem for problem in lacking if isinstance(problem, MissingArgumentError)]
        if missing:
            names = tuple(name for problem in missing for name in problem.names)
            first = missing[0]
            deeper = tuple(path for problem in missing for path in problem.deeper)
            raise MissingArgumentError(
                first.function, first.where, names, first.group, first.available, deeper=deeper, entries=first.entries
            )
        for problem in lacking:
            raise problem

    def _special(self, captured: Captured, group: Any, name: str) -> Any:
        return value_in_run(name, self._run, group, captured.name)

    def _draw(self, captured: Captured) -> Callable[[int], int]:
        own = dotted.get(self._config.values, (*captured.path, "seed"))
        seed = self._config["seed"] if own is dotted.MISSING else own
        return child_seeds(seed, dotted.join(captured.path), captured.name_in_module, *self._apart)


def _state_of(generator: Any) -> Any:
    """Return how far a generator of numpy, or a random.Random, is."""
    return generator.getstate() if isinstance(generator, random.Random) else dict(generator.bit_generator.state)


def _go_on_from(generator: Any, state: Any) -> None:
    """Let a generator go on from a state; one of the other kind, where numpy has come or gone, is left as it is."""
    if isinstance(generator, random.Random) != isinstance(state, dict):
        if isinstance(state, dict):
            generator.bit_generator.state = state
        else:
            generator.setstate(state)


def _key_of(captured: Captured) -> str:
    """Return what a function is known by in a later attempt."""
    return f"{dotted.join((*captured.path, *captured.prefix))} {captured.full_name}".lstrip()
