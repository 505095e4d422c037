"""
Fill the free parameters of a call: explicit argument, then special, then config entry, then default.

The registry finds a function's entries once per run; a call then costs a dict look-up.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Set
from itertools import count
from typing import Any, NamedTuple

import wrapt

from expframe.config import dotted
from expframe.config.frozen import FrozenDict, thaw
from expframe.errors import AmbiguousEntryError, BindError, ExpframeError, MissingArgumentError
from expframe.process import context
from expframe.process.seeds import drawn_seed, generator
from expframe.recipe.registry import Captured, Snapshot
from expframe.recipe.specials import SEEDED, SPECIALS, value_outside


class Fill(NamedTuple):
    """
    What a call with some number of positional arguments needs.

    Attributes:
        filled: What is filled by keyword.
        must_be_named: What the call itself has to give by keyword, as nothing fills it.
        seeded: Which of `_seed` and `_rnd` are to be filled.
    """

    filled: dict[str, Any]
    must_be_named: frozenset[str]
    seeded: tuple[str, ...]


class Filling:
    """
    How one captured function is filled in one run.

    Attributes:
        table: A Fill for each number of positional arguments; empty where a call needs more care.
        values: Every value that can be filled, by parameter.
        calls: How many calls were given a seed.
        lacking: For each parameter that nothing fills the error that a call without it raises.
    """

    __slots__ = ("_captured", "_numbers", "_seed_of", "_thawed", "calls", "lacking", "table", "values")

    def __init__(
        self,
        captured: Captured,
        values: Mapping[str, Any],
        lacking: Mapping[str, ExpframeError],
        draw: Callable[[Captured], Callable[[int], int]],
        thawed: bool,
    ) -> None:
        self._captured = captured
        self.go_on(0)
        self._seed_of = draw(captured)
        self._thawed = thawed and any(thaw(value) is not value for value in values.values())
        self.values = values
        self.lacking = lacking
        self.table: tuple[Fill, ...] = ()
        if not (self._thawed or any(p.positional_only for p in captured.parameters)):
            positional = [p.name for p in captured.parameters if p.positional]
            self.table = tuple(self._fill({*positional[:taken]}) for taken in range(len(positional) + 1))

    def _fill(self, present: Set[str]) -> Fill:
        filled = {name: value for name, value in self.values.items() if name not in present}
        return Fill(
            filled,
            frozenset(self.lacking.keys() - present - filled.keys()),
            tuple(name for name in self._captured.seeded if name not in present),
        )

    def go_on(self, calls: int) -> None:
        """Let the next call be given the seed that follows those of so many calls."""
        self._numbers = count(calls)
        self.calls = calls

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
        filled, must_be_named, seeded = self._fill({p.name for p in positional[:taken]} | given.keys())
        if must_be_named:
            raise next(problem for name, problem in self.lacking.items() if name in must_be_named)
        if self._thawed:
            filled = {name: thaw(value) for name, value in filled.items()}
        filled.update(self.randomness(seeded, given))
        return _placed(positional[taken:], filled), {**filled, **given}

    def randomness(self, seeded: Iterable[str], given: Mapping[str, Any]) -> dict[str, Any]:
        """Return `_seed` and `_rnd` of the next call, those of them that it does not give itself."""
        wanted = [name for name in seeded if name not in given]
        if not wanted:
            return {}
        number = next(self._numbers)
        self.calls = max(self.calls, number + 1)
        seed = self._seed_of(number)
        return {name: seed if name == "_seed" else generator(seed) for name in wanted}


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
        draw: For a captured function, what gives the seed of a call by its number.
        max_depth: How deep names are searched where a function does not say.
        read_only: Whether values are handed out read-only where a function does not say.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        config: Mapping[str, Any],
        special: Callable[[Captured, Any, str], Any],
        draw: Callable[[Captured], Callable[[int], int]],
        max_depth: int = 1,
        read_only: bool = True,
    ) -> None:
        self._snapshot = snapshot
        self._config = config
        self._special = special
        self._draw = draw
        self._max_depth = max_depth
        self._read_only = read_only

    def plan(self, captured: Captured) -> Filling:
        """Return how a captured function is filled."""
        visible = self._snapshot.visible(self._config, captured.path)
        group = dotted.get(visible, captured.prefix)
        group = group if isinstance(group, dict) else FrozenDict()
        read_only = self._read_only if captured.read_only is None else captured.read_only
        values: dict[str, Any] = {}
        lacking: dict[str, ExpframeError] = {}
        for number, parameter in enumerate(captured.parameters):
            name = parameter.name
            if name in SEEDED:
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
        return Filling(captured, values, lacking, self._draw, not read_only)


def _names(group: Mapping[Any, Any]) -> tuple[str, ...]:
    return tuple(map(str, group))


def capture(captured: Captured) -> Any:
    """Return the function wrapped so that its free parameters are filled from the current run."""
    in_context = context.in_context
    deepest_of_process = context.deepest_of_process
    takes_instance = 0 if hasattr(captured.raw, "__self__") else 1

    # The last parameter is for notebooks and pytest: they leave out frames that have a local of this name.
    def inject(wrapped: Any, instance: Any, args: Any, kwargs: Any, __tracebackhide__: bool = True) -> Any:
        run = in_context() or deepest_of_process()
        taken = len(args) if instance is None else len(args) + takes_instance
        if run is None:
            return _call_outside(captured, wrapped, taken, args, kwargs)
        plan = run.plans.get(captured) or run.plan(captured)
        if table := plan.table:
            filled, must_be_named, seeded = table[taken if taken < len(table) else -1]
            if not must_be_named or must_be_named <= kwargs.keys():
                if seeded:
                    filled = {**filled, **plan.randomness(seeded, kwargs)}
                return wrapped(*args, **{**filled, **kwargs}) if kwargs else wrapped(*args, **filled)
        more, filled = plan.arguments(taken, kwargs)
        return wrapped(*args, *more, **filled)

    return CapturedFunction(captured.function, inject, captured)


def _call_outside(captured: Captured, wrapped: Any, taken: int, args: Any, kwargs: Any) -> Any:
    """Call the function as an ordinary one; specials are empty ones."""
    if not captured.filled_elsewhere and not any(p.required or p.name in SPECIALS for p in captured.parameters):
        return wrapped(*args, **kwargs)
    values: dict[str, Any] = {}
    lacking: dict[str, ExpframeError] = {}
    for parameter in captured.parameters:
        name = parameter.name
        if name in SPECIALS:
            values[name] = value_outside(name, captured.name)
        elif parameter.required:
            lacking[name] = MissingArgumentError(captured.name, captured.where, (name,), in_run=False)
    plan = Filling(captured, {k: v for k, v in values.items() if k not in SEEDED}, lacking, _any_seeds, False)
    more, filled = plan.arguments(taken, kwargs)
    present = {p.name for p in [p for p in captured.parameters if p.positional][:taken]} | kwargs.keys()
    _say_what_is_not_filled(captured, captured.filled_elsewhere - present)
    return wrapped(*args, *more, **filled)


def _any_seeds(_captured: Captured) -> Callable[[int], int]:
    return lambda _number: drawn_seed()


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
        return find_again, (reference(self), *main_script(self))


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
        return _found_again, (reference(self), filled, *main_script(self))


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


def main_script(function: Any) -> tuple[dict[str, str], ...]:
    """Return, for a function of the script, what a process that does not run the script needs to find its names."""
    main = sys.modules["__main__"]
    if function.__module__ != "__main__" or hasattr(main, "__IPYTHON__"):
        return ()
    spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
    if spec is not None:
        return ({"init_main_from_name": spec.name},)
    return ({"init_main_from_path": os.path.abspath(file)},) if file else ()


def find_again(name: str, main: dict[str, str] | None = None) -> Any:
    """Return the function of a name, where need be after loading the script as a spawned process of Python's does."""
    from expframe.config.json_values import find_by_name

    if main is not None:
        from multiprocessing.spawn import prepare

        prepare(main)  # does nothing where it has been done
    return find_by_name(name)


def _found_again(name: str, filled: tuple[str, ...], main: dict[str, str] | None = None) -> Any:
    """Import a captured function in another process, and remember what its run would have filled."""
    function = find_again(name, main)
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
