"""
Fill the free parameters of a call: explicit argument, then special, then config entry, then default.

The registry finds a function's entries once per run; a call then costs a dict look-up.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import partial
from operator import length_hint
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

from expframe.config import dotted
from expframe.config.dotted import CHOICE
from expframe.config.frozen import FrozenDict
from expframe.config.libraries import when_imported
from expframe.errors import AmbiguousEntryError, ExpframeError, MissingArgumentError
from expframe.process import context
from expframe.process.seeds import drawn_seed, generators, in_turn
from expframe.recipe.references import BoundWrappedFunction, ByValue, Name, WrappedFunction, name_elsewhere, sent
from expframe.recipe.registry import Captured, CaptureOptions
from expframe.recipe.snapshot import Snapshot
from expframe.recipe.specials import SEEDED, SPECIALS, value_outside

if TYPE_CHECKING:
    from expframe.config.copies import Copiers
    from expframe.config.decided import Config


class Fill(NamedTuple):
    """
    What a call with some number of positional arguments needs.

    Attributes:
        filled: What is filled by keyword.
        must_be_named: What the call itself has to give by keyword, as nothing fills it.
        anew: What is filled with a value of each call's own.
    """

    filled: dict[str, Any]
    must_be_named: frozenset[str | None]
    anew: tuple[str, ...]


_WITH_CARE = Fill({}, frozenset({None}), ())
"""What sends each call to `Filling.arguments`: no call has an argument of this name."""
_DEEPEST = 100
"""A config has at most so many levels."""


class Filling:
    """
    How one captured function is filled in one run.

    Attributes:
        captured: The function.
        table: A Fill for each number of positional arguments.
        beyond: The Fill for more of them: for its `*args`, or for all calls where the table is empty.
        values: Every value that can be filled, by parameter.
        drawn: For `_seed` and `_rnd`, what gives them to one call after another; both count the same calls. For values
            that can be changed, what gives a copy to each.
        lacking: For each parameter that nothing fills what makes the error that a call without it raises.
        latest: The generator of the last call that was given one: of a function that is called once, its own.
    """

    __slots__ = (
        "_copiers",
        "_make",
        "_numbers",
        "_seed_of",
        "beyond",
        "captured",
        "drawn",
        "lacking",
        "latest",
        "table",
        "values",
    )

    def __init__(
        self,
        captured: Captured,
        values: Mapping[str, Any],
        lacking: Mapping[str, Callable[[], ExpframeError]],
        draw: Callable[[Captured], Callable[[int], int]],
        copiers: Copiers,
    ) -> None:
        self.captured: Captured = captured
        self._seed_of = draw(captured) if captured.seeded else int
        found = ((name, copiers.of(value)) for name, value in values.items())
        self._copiers = {name: copier for name, copier in found if copier is not None}
        self.drawn: dict[str, Iterator[Any]] = {
            name: map(copier, iter(dict, None)) for name, copier in self._copiers.items()
        }
        self.latest: Any = None
        if "_rnd" in captured.seeded:
            self._make = generators()
        self.go_on(0)
        self.values: Mapping[str, Any] = values
        self.lacking: Mapping[str, Callable[[], ExpframeError]] = lacking
        self.table: tuple[Fill, ...] = ()
        self.beyond: Fill = _WITH_CARE
        if not any(p.positional_only for p in captured.parameters):
            positional = [p.name for p in captured.parameters if p.positional]
            self.table = tuple(self._fill({*positional[:taken]}) for taken in range(len(positional) + 1))
            self.beyond = self.table[-1]

    def _fill(self, present: Set[str]) -> Fill:
        filled = {name: value for name, value in self.values.items() if name not in present}
        return Fill(
            {name: value for name, value in filled.items() if name not in self._copiers},
            frozenset(self.lacking.keys() - present - filled.keys()),
            tuple(name for name in (*self.captured.seeded, *self._copiers) if name not in present),
        )

    @property
    def calls(self) -> int:
        """How many calls were given a seed."""
        return sys.maxsize - length_hint(self._numbers)

    def go_on(self, calls: int) -> None:
        """Let the next call be given the seed that follows those of so many calls."""
        self._numbers = iter(range(calls, sys.maxsize))
        if "_seed" in self.captured.seeded:
            self.drawn["_seed"] = map(self._seed_of, self._numbers)
        if "_rnd" in self.captured.seeded:
            self.drawn["_rnd"] = map(self._generator, map(in_turn(self._seed_of), self._numbers))

    def _generator(self, seed: int) -> Any:
        self.latest = made = self._make(seed)
        return made

    def arguments(self, taken: int, given: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """
        Return the further positional and the keyword arguments of a call.

        Args:
            taken: How many positional parameters the call fills, `self` included.
            given: Its keyword arguments.

        Raises:
            InjectionError: A parameter is left without a value.
        """
        positional = [p for p in self.captured.parameters if p.positional]
        filled, must_be_named, anew = self._fill({p.name for p in positional[:taken]} | given.keys())
        if must_be_named:
            raise next(problem() for name, problem in self.lacking.items() if name in must_be_named)
        filled.update(self.of_one_call(anew, given))
        return _placed(positional[taken:], filled), {**filled, **given}

    def of_one_call(self, anew: Sequence[str], given: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the next call has of its own, but for what it gives itself."""
        memo: dict[int, Any] = {}
        made = {name: self._copiers[name](memo) for name in self._copiers if name in anew and name not in given}
        seeded = [name for name in anew if name not in self._copiers and name not in given]
        if len(seeded) > 1:  # of one number
            seed = next(self.drawn["_seed"])
            return {**made, **{name: seed if name == "_seed" else self._generator(seed) for name in seeded}}
        return {**made, **{name: next(self.drawn[name]) for name in seeded}}


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
        config: Config,
        special: Callable[[Captured, Any, str], Any],
        draw: Callable[[Captured], Callable[[int], int]],
        max_depth: int = 1,
        read_only: bool = True,
    ) -> None:
        from expframe.config.copies import Copiers  # with what a script that only defines needs not

        self._snapshot = snapshot
        self._config = config
        self._special = special
        self._draw = draw
        self._max_depth = max_depth
        self._read_only = read_only
        self._copiers = {plain: Copiers(plain) for plain in (False, True)}

    def plan(self, captured: Captured) -> Filling:
        """Return how a captured function is filled."""
        visible = self._snapshot.visible(self._config.values, captured.path)
        group = dotted.get(visible, captured.prefix)
        group = group if isinstance(group, dict) else FrozenDict()
        read_only = self._read_only if captured.read_only is None else captured.read_only
        values: dict[str, Any] = {}
        lacking: dict[str, Callable[[], ExpframeError]] = {}
        for number, parameter in enumerate(captured.parameters):
            name = parameter.name
            if name in SEEDED:
                continue
            if name in SPECIALS:
                values[name] = self._special(captured, group, name)
                continue
            meant = self._meant(captured, name, group)
            if len(meant) == 1:
                values[name] = meant[0][1]
            elif meant:
                lacking[name] = partial(_ambiguous, captured, name, [path for path, _ in meant])
            elif parameter.required and not (number == 0 and name in ("self", "cls")):
                lacking[name] = partial(_missing, captured, name, group)
        if captured.fill_kwargs:
            others = captured.entries or {name: (name,) for name in group if isinstance(name, str) and name != CHOICE}
            for name, path in others.items():
                value = self._value(captured, group, path)
                if name not in values and value is not dotted.MISSING:
                    values[name] = value
        return Filling(captured, values, lacking, self._draw, self._copiers[not read_only])

    def _value(self, captured: Captured, group: Any, found: dotted.Path) -> Any:
        """Return what is handed out for an entry: an instance, where it is one's group, in the place of the group."""
        if not self._config.instances:
            return dotted.get(group, found)
        return self._config.object_at(self._snapshot.place_of(captured.path, (*captured.prefix, *found)))

    def _meant(self, captured: Captured, name: str, group: Any) -> list[tuple[dotted.Path, Any]]:
        """Return what may fill a parameter, with its path: entries of its name, else instances of its class."""
        found = [
            ((*captured.path, *captured.prefix, *path), self._value(captured, group, path))
            for path in captured.find(name, group, captured.max_depth or self._max_depth)
        ]
        instances = self._config.instances
        kinds = captured.classes_of(name, {type(one) for _, one in instances}) if instances else ()
        if not kinds or (len(found) == 1 and isinstance(found[0][1], kinds)):
            return found
        return self._of_class(captured, kinds) or found

    def _of_class(self, captured: Captured, kinds: tuple[type, ...]) -> list[tuple[dotted.Path, Any]]:
        """Return the instances of some classes, with their paths: those below the function's prefix, else all."""
        instances = ((path, one) for path, one in self._config.instances if isinstance(one, kinds))
        meant = {id(one): (path, one) for path, one in instances}
        place = (*captured.path, *captured.prefix)
        return [item for item in meant.values() if item[0][: len(place)] == place] or [*meant.values()]


def _missing(captured: Captured, name: str, group: Mapping[Any, Any]) -> MissingArgumentError:
    """Return the error of a parameter that nothing fills, with what is where it was looked for."""
    taken = captured.entries or {}
    way = taken.get(name, ())[:-1]
    under = dotted.join(captured.path, captured.prefix, way)
    deeper = captured.find(name, group, _DEEPEST)
    paths = tuple(dotted.join(under, path) for path in deeper) if len(deeper) == 1 else ()
    there = dotted.get(group, way)
    known = tuple(map(str, there)) if isinstance(there, dict) else ()
    entries = tuple(map(dotted.join, taken.values()))
    return MissingArgumentError(
        captured.shown_name, captured.where, (name,), under, known, deeper=paths, entries=entries
    )


def _ambiguous(captured: Captured, name: str, paths: Sequence[dotted.Path]) -> AmbiguousEntryError:
    """Return the error of a parameter that several entries could fill."""
    found = tuple(dotted.join(path) or "the whole config" for path in paths)
    return AmbiguousEntryError(captured.shown_name, captured.where, name, found)


def capture(captured: Captured, function: Any = None) -> Any:
    """
    Return the function wrapped so that its free parameters are filled from the current run.

    Args:
        captured: How it is captured.
        function: The function, where it is not the one that was captured first.
    """
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
        try:
            filled, must_be_named, anew = plan.table[taken]
        except IndexError:
            filled, must_be_named, anew = plan.beyond
        if not must_be_named or must_be_named <= kwargs.keys():
            if anew:
                if kwargs or len(anew) > 1:
                    return wrapped(*args, **{**filled, **plan.of_one_call(anew, kwargs), **kwargs})
                return wrapped(*args, **filled, **{anew[0]: next(plan.drawn[anew[0]])})
            return wrapped(*args, **{**filled, **kwargs}) if kwargs else wrapped(*args, **filled)
        more, filled = plan.arguments(taken, kwargs)
        return wrapped(*args, *more, **filled)

    return CapturedFunction(captured.function if function is None else function, inject, captured)


def _call_outside(captured: Captured, wrapped: Any, taken: int, args: Any, kwargs: Any) -> Any:
    """Call the function as an ordinary one; specials are empty ones."""
    if not captured.has_asked:
        captured.has_asked = True
        captured.filled_elsewhere.update(_filled_in_parent(captured))
    if not captured.filled_elsewhere and not any(p.required or p.name in SPECIALS for p in captured.parameters):
        return wrapped(*args, **kwargs)
    from expframe.config.copies import Copiers  # as in each run

    values: dict[str, Any] = {}
    lacking: dict[str, Callable[[], ExpframeError]] = {}
    for parameter in captured.parameters:
        name = parameter.name
        if name in SPECIALS:
            values[name] = value_outside(name, captured.name)
        elif parameter.required:
            lacking[name] = partial(_missing_outside, captured, name)
    plan = Filling(captured, {k: v for k, v in values.items() if k not in SEEDED}, lacking, _any_seeds, Copiers(False))
    more, filled = plan.arguments(taken, kwargs)
    present = {p.name for p in [p for p in captured.parameters if p.positional][:taken]} | kwargs.keys()
    _say_what_is_not_filled(captured, captured.filled_elsewhere - present)
    return wrapped(*args, *more, **filled)


def _missing_outside(captured: Captured, name: str) -> MissingArgumentError:
    return MissingArgumentError(captured.shown_name, captured.where, (name,), in_run=False)


def _any_seeds(_captured: Captured) -> Callable[[int], int]:
    return lambda _number: drawn_seed()


# ----------------------------------------------------------------------------------------------- between processes


def _class_seen(wrapper: Any) -> type:
    """Return what isinstance() takes a wrapper for: a function, but for cloudpickle, which would send the bare one."""
    asking = sys._getframe(1).f_globals.get("__name__", "")
    return type(wrapper) if "cloudpickle" in asking else type(wrapper.__wrapped__)


class CapturedMethod(BoundWrappedFunction):
    """A captured method, bound to its object."""

    __class__ = property(_class_seen)

    def __reduce_ex__(self, protocol: Any) -> Any:
        function, owner = self._self_parent, getattr(self.__wrapped__, "__self__", None)
        if owner is None:  # of a staticmethod, or of the class
            return function.__reduce_ex__(protocol)
        return _method_found_again, (owner, self.__name__, _filled_now(function._self_captured))


class CapturedFunction(WrappedFunction):
    """A captured function."""

    __bound_function_wrapper__ = CapturedMethod
    __class__ = property(_class_seen)

    def __init__(self, function: Any, inject: Callable[..., Any], captured: Captured) -> None:
        super().__init__(function, inject)
        self._self_captured = captured

    def __reduce_ex__(self, _protocol: Any) -> Any:
        captured = self._self_captured
        filled = _filled_now(captured)
        name = name_elsewhere(self)
        if name is None:
            return _made_again, (sent(captured.raw), captured.options, filled)
        if name.is_in_class_of_script and isinstance(captured.raw, FunctionType):
            # cloudpickle sends that class by value, and what calls super() in it must be of the same one
            return _made_again, (ByValue(captured.raw, name), captured.options, filled)
        return _found_again, (name, filled)


def _filled_now(captured: Captured) -> tuple[str, ...]:
    """Return which parameters config entries fill in the current run."""
    try:
        run = context.current()
        plan = run and (run.plans.get(captured) or run.plan(captured))
    except ExpframeError:
        return ()
    return tuple(sorted(set(plan.values) - {*SPECIALS})) if plan else ()


class _Filled:
    """
    Which parameters the current run fills, of all captured functions, for a process that starts without it.

    A worker of a DataLoader is sent a dataset, whose class it imports: nothing of ours travels with that. What does
    is the configuration of a `multiprocessing` process, of which this is a part; pickled it is a plain tuple.

    Args:
        inherited: What the process that started this one has sent.
    """

    def __init__(self, inherited: tuple[Any, ...]) -> None:
        self.inherited = inherited

    def __reduce__(self) -> Any:
        try:
            run = context.current()
            captured = run.snapshot.captured if run else ()
        except ExpframeError:
            captured = ()
        found = ((_key(one), _filled_now(one)) for one in captured)
        return tuple, (tuple((key, names) for key, names in found if names),)


def _let_processes_know(processes: Any) -> None:
    config = getattr(processes.current_process(), "_config", None)
    if isinstance(config, dict):  # it is Python's own affair
        config[_Filled.__module__] = _Filled(config.get(_Filled.__module__, ()))


when_imported("multiprocessing.process", _let_processes_know)


def _filled_in_parent(captured: Captured) -> Set[str]:
    """Return which parameters were filled in the process that started this one, with no more than a class to import."""
    processes = sys.modules.get("multiprocessing.process")
    config = getattr(processes.current_process(), "_config", {}) if processes is not None else {}
    known = config.get(_Filled.__module__, ())
    return set(dict(known.inherited if isinstance(known, _Filled) else known).get(_key(captured), ()))


def _key(captured: Captured) -> tuple[str, str]:
    return getattr(captured.raw, "__qualname__", captured.name), captured.where


def _remember(function: Any, filled: tuple[str, ...]) -> Any:
    """Return a captured function that has come from another process, and remember what its run would have filled."""
    wrapper = function._self_parent if isinstance(function, CapturedMethod) else function
    if filled and not context.active() and isinstance(wrapper, CapturedFunction):
        captured = wrapper._self_captured
        if not captured.has_told:
            captured.filled_elsewhere.update(filled)
    return function


def _found_again(name: Name, filled: tuple[str, ...]) -> Any:
    return _remember(name.find(), filled)


def _method_found_again(owner: Any, name: str, filled: tuple[str, ...]) -> Any:
    return _remember(getattr(owner, name), filled)


def _made_again(function: Any, options: CaptureOptions, filled: tuple[str, ...]) -> Any:
    """Capture a function that came by value as it was captured; those of one origin number their calls as one."""
    if isinstance(function, CapturedFunction | CapturedMethod):  # found by name, in a forked process
        return function
    if options.kind is not None:
        function = options.kind(function)
    captured = context.one_per_process(partial(Captured.again, function, options), options.mark)
    return _remember(capture(captured, function), filled)


def _say_what_is_not_filled(captured: Captured, names: set[str]) -> None:
    """Warn once of defaults that stand where the sending process had config entries."""
    used = sorted(name for name in names if any(p.name == name and not p.required for p in captured.parameters))
    if used:
        captured.filled_elsewhere.clear()
        captured.has_told = True
        text = (
            f"{captured.shown_name}() ({captured.where}) uses its defaults for {', '.join(used)} in this process, "
            f"where no run is active. Send run.bind({captured.shown_name}) instead, or start the process with "
            "run.bind_worker(), so that the config goes along."
        )
        warnings.warn(text, RuntimeWarning, stacklevel=5)
