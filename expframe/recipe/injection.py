"""
Fill the free parameters of a call: explicit argument, then special, then config entry, then default.

The registry finds a function's entries once per run; a call then costs a dict look-up.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import wrapt

from expframe.config import dotted
from expframe.config.frozen import FrozenDict, thaw
from expframe.errors import AmbiguousEntryError, BindError, ExpframeError, MissingArgumentError
from expframe.process import context
from expframe.process.seeds import drawn_seed, generator
from expframe.recipe.registry import SPECIALS, Captured, Snapshot


class Plan:
    """
    How one captured function is filled in one run.

    Attributes:
        table: For each number of positional arguments what is filled by keyword; None where a call needs more care.
        values: Every value that can be filled, by parameter.
        calls: How many calls were given a seed.
        lacking: For each parameter that nothing fills the error that a call without it raises.
    """

    __slots__ = ("_captured", "_draw", "_numbers", "_thawed", "calls", "lacking", "table", "values")

    def __init__(
        self,
        captured: Captured,
        values: Mapping[str, Any],
        lacking: Mapping[str, ExpframeError],
        draw: Callable[[Captured, int], int],
        thawed: bool,
    ) -> None:
        self._captured = captured
        self.go_on(0)
        self._draw = draw
        self._thawed = thawed and any(thaw(value) is not value for value in values.values())
        self.values = values
        self.lacking = lacking
        self.table: tuple[dict[str, Any], ...] | None = None
        positional = [p.name for p in captured.parameters if p.positional]
        awkward = any(p.positional_only for p in captured.parameters)
        if not (lacking or awkward or self._thawed or self._needs_seed):
            self.table = tuple(
                {name: value for name, value in values.items() if name not in positional[:taken]}
                for taken in range(len(positional) + 1)
            )

    def go_on(self, calls: int) -> None:
        """Let the next call be given the seed that follows those of so many calls."""
        self._numbers = count(calls)
        self.calls = calls

    @property
    def _needs_seed(self) -> bool:
        return any(p.name in ("_seed", "_rnd") for p in self._captured.parameters)

    def arguments(self, taken: int, given: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """
        Return the further positional and the keyword arguments of a call.

        Args:
            taken: How many positional parameters the call fills, `self` included.
            given: Its keyword arguments.

        Raises:
            InjectionError: A parameter is left without a value.
        """
        positional = [p for p in self._captured.parameters if p.positional]
        present = {p.name for p in positional[:taken]} | given.keys()
        filled = {name: value for name, value in self.values.items() if name not in present}
        if self._thawed:
            filled = {name: thaw(value) for name, value in filled.items()}
        if self._needs_seed:
            self._add_seed(filled, present)
        for name, problem in self.lacking.items():
            if name not in present and name not in filled:
                raise problem
        return _placed(positional[taken:], filled), {**filled, **given}

    def _add_seed(self, filled: dict[str, Any], present: set[str]) -> None:
        wanted = {p.name for p in self._captured.parameters} & {"_seed", "_rnd"} - present
        if wanted:
            number = next(self._numbers)
            self.calls = max(self.calls, number + 1)
            seed = self._draw(self._captured, number)
            if "_seed" in wanted:
                filled["_seed"] = seed
            if "_rnd" in wanted:
                filled["_rnd"] = generator(seed)


def _placed(free: list[Any], filled: dict[str, Any]) -> list[Any]:
    """Take the values of positional-only parameters out of `filled`, in order; defaults stand in for gaps."""
    only = [p for p in free if p.positional_only]
    last = max((number for number, p in enumerate(only) if p.name in filled), default=-1)
    return [filled.pop(p.name, p.default) for p in only[: last + 1]]


class Injector:
    """
    What fills the captured functions of one run.

    Args:
        snapshot: The recipes of the run.
        config: Its decided values.
        special: For a captured function, the values of `_run`, `_config` and `_log` by name.
        draw: For a captured function and the number of its call, the seed of that call.
        max_depth: How deep names are searched where a function does not say.
        read_only: Whether values are handed out read-only where a function does not say.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        config: Mapping[str, Any],
        special: Callable[[Captured, Any, str], Any],
        draw: Callable[[Captured, int], int],
        max_depth: int = 1,
        read_only: bool = True,
    ) -> None:
        self._snapshot = snapshot
        self._config = config
        self._special = special
        self._draw = draw
        self._max_depth = max_depth
        self._read_only = read_only

    def plan(self, captured: Captured) -> Plan:
        """Return how a captured function is filled."""
        visible = self._snapshot.visible(self._config, captured.path)
        group = dotted.get(visible, captured.prefix)
        group = group if isinstance(group, dict) else FrozenDict()
        read_only = self._read_only if captured.read_only is None else captured.read_only
        values: dict[str, Any] = {}
        lacking: dict[str, ExpframeError] = {}
        for number, parameter in enumerate(captured.parameters):
            name = parameter.name
            if name in ("_seed", "_rnd"):
                continue
            if name in SPECIALS:
                values[name] = self._special(captured, group, name)
                continue
            found = captured.find(name, group, captured.max_depth or self._max_depth)
            if len(found) == 1:
                values[name] = dotted.get(group, found[0])
            elif found:
                paths = tuple(dotted.join(captured.path, captured.prefix, path) for path in found)
                lacking[name] = AmbiguousEntryError(captured.name, captured.where, name, paths)
            elif parameter.required and not (number == 0 and name in ("self", "cls")):
                under = dotted.join(captured.path, captured.prefix)
                lacking[name] = MissingArgumentError(captured.name, captured.where, (name,), under, _names(group))
        if captured.fill_kwargs:
            others = captured.entries or {name: (name,) for name in group if isinstance(name, str)}
            for name, path in others.items():
                value = dotted.get(group, path)
                if name not in values and value is not dotted.MISSING:
                    values[name] = value
        return Plan(captured, values, lacking, self._draw, not read_only)


def _names(group: Mapping[Any, Any]) -> tuple[str, ...]:
    return tuple(map(str, group))


def capture(captured: Captured) -> Any:
    """Return the function wrapped so that its free parameters are filled from the current run."""
    in_context = context.in_context
    deepest_of_process = context.deepest_of_process

    # The last parameter is for notebooks and pytest: they leave out frames that have a local of this name.
    def inject(wrapped: Any, instance: Any, args: Any, kwargs: Any, __tracebackhide__: bool = True) -> Any:
        run = in_context() or deepest_of_process()
        if run is None:
            return _call_outside(captured, wrapped, instance, args, kwargs)
        plan = run.plans.get(captured) or run.plan(captured)
        table = plan.table
        if table is not None:
            taken = len(args) if instance is None else len(args) + 1
            filled = table[taken if taken < len(table) else -1]
            if kwargs:
                filled = {**filled, **kwargs}
            return wrapped(*args, **filled)
        more, filled = plan.arguments(len(args) + _bound(captured, instance), kwargs)
        return wrapped(*args, *more, **filled)

    return CapturedFunction(captured.function, inject, captured)


def _bound(captured: Captured, instance: Any) -> int:
    return 0 if instance is None or hasattr(captured.raw, "__self__") else 1


def _call_outside(captured: Captured, wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
    """Call the function as an ordinary one; specials are empty ones."""
    if not captured.filled_elsewhere and not any(p.required or p.name in SPECIALS for p in captured.parameters):
        return wrapped(*args, **kwargs)
    values: dict[str, Any] = {}
    lacking: dict[str, ExpframeError] = {}
    for number, parameter in enumerate(captured.parameters):
        name = parameter.name
        if name == "_log":
            import logging

            values[name] = logging.getLogger(captured.name)
        elif name in SPECIALS:
            values[name] = FrozenDict() if name == "_config" else None
        elif parameter.required and not (number == 0 and instance is not None):
            lacking[name] = MissingArgumentError(captured.name, captured.where, (name,), in_run=False)
    plan = Plan(captured, {k: v for k, v in values.items() if k not in ("_seed", "_rnd")}, lacking, _any_seed, False)
    taken = len(args) + _bound(captured, instance)
    more, filled = plan.arguments(taken, kwargs)
    present = {p.name for p in [p for p in captured.parameters if p.positional][:taken]} | kwargs.keys()
    _say_what_is_not_filled(captured, captured.filled_elsewhere - present)
    return wrapped(*args, *more, **filled)


def _any_seed(_captured: Captured, _number: int) -> int:
    return drawn_seed({})


# ----------------------------------------------------------------------------------------------- between processes


class BoundWrappedFunction(wrapt.BoundFunctionWrapper):  # type: ignore[misc, type-arg, unused-ignore]
    """Such a method, bound to its object."""

    def __reduce_ex__(self, _protocol: Any) -> Any:
        return getattr, (self._self_instance, self.__name__)


class WrappedFunction(wrapt.FunctionWrapper):  # type: ignore[misc, type-arg, unused-ignore]
    """A function with something around its calls. Copies of it are itself; it is pickled by reference."""

    __bound_function_wrapper__ = BoundWrappedFunction

    def __copy__(self) -> WrappedFunction:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> WrappedFunction:
        return self

    def __reduce_ex__(self, _protocol: Any) -> Any:
        from expframe.config.json_values import find_by_name

        return find_by_name, (reference(self),)


class CapturedFunction(WrappedFunction):
    """A captured function."""

    def __init__(self, function: Any, inject: Callable[..., Any], captured: Captured) -> None:
        super().__init__(function, inject)
        self._self_captured = captured

    def __reduce_ex__(self, _protocol: Any) -> Any:
        captured = self._self_captured
        try:
            run = context.current()
        except ExpframeError:
            run = None
        filled = tuple(sorted(set((run.plans.get(captured) or run.plan(captured)).values) - {*SPECIALS})) if run else ()
        return _found_again, (reference(self), filled)


def reference(function: Any) -> str:
    """
    Return `module:qualname` of a function that another process can import.

    Raises:
        BindError: It is not found under its name.
    """
    name = f"{function.__module__}:{function.__qualname__}"
    module = sys.modules.get(function.__module__)
    found: Any = module
    for part in function.__qualname__.split("."):
        found = getattr(found, part, None)
    if found is None or getattr(found, "__wrapped__", found) is not getattr(function, "__wrapped__", function):
        problem = "cannot be found again in another process. Define it at the top level of a module."
        raise BindError(f"function {name}", problem)
    return name


def _found_again(name: str, filled: tuple[str, ...]) -> Any:
    """Import a captured function in another process, and remember what its run would have filled."""
    from expframe.config.json_values import find_by_name

    function = find_by_name(name)
    if filled and not context.active() and isinstance(function, CapturedFunction):
        function._self_captured.filled_elsewhere.update(filled)
    return function


def _say_what_is_not_filled(captured: Captured, names: set[str]) -> None:
    """Warn once of defaults that stand where the sending process had config entries."""
    used = sorted(name for name in names if any(p.name == name and not p.required for p in captured.parameters))
    if used:
        captured.filled_elsewhere.clear()
        text = (
            f"{captured.name}() ({captured.where}) uses its defaults for {', '.join(used)} in this process, "
            f"where no run is active. Send run.bind({captured.name}) instead, so that the config goes along."
        )
        warnings.warn(text, RuntimeWarning, stacklevel=5)
