"""Call a config function with fixed values and hand back its locals; comments become docs."""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from expframe.config import dotted
from expframe.config.dotted import MISSING, Path
from expframe.config.equality import same
from expframe.config.frozen import thaw
from expframe.config.layers import Decided, Unfinished
from expframe.config.request import Origin
from expframe.config.rewriting import ANNOTATE, LOCALS, PIN, TOUCH, UNBOUND, Binding, Instrument, own_nodes
from expframe.config.source import DefinitionSource, lines_of
from expframe.errors import ConfigFunctionError, ConfigParameterError, ExpframeError

if TYPE_CHECKING:  # a script that only defines needs nothing of what decides
    from expframe.config.annotations import Annotation
    from expframe.config.overlay import Overlay
    from expframe.config.pins import Pins


class ConfigFunction:
    """
    A decorated config function, as a layer.

    Args:
        function: The function; its source must be readable.
        kind: What it is called in origins: `config function` or `named config`.

    Raises:
        ConfigFunctionError: The function has no source, or does what cannot be pinned: `return`, `yield`, `await`,
            `global`, `nonlocal`, `*args`, `**kwargs` or defaults.
    """

    def __init__(self, function: Callable[..., Any], kind: str = "config function") -> None:
        function = inspect.unwrap(function)
        if not isinstance(function, types.FunctionType):
            raise ConfigFunctionError(f"{function!r}", "is no function. Decorate a function, or use add_config(...).")
        self.function = function
        self.__name__: str = function.__name__
        self.__doc__ = function.__doc__
        code = function.__code__
        self.origin: Origin = Origin(kind, self.__name__, code.co_filename, code.co_firstlineno)
        lines = lines_of(code.co_filename, function.__globals__)
        source = DefinitionSource.find(lines, code.co_firstlineno, code.co_name, ast.FunctionDef, ast.AsyncFunctionDef)
        if source is None:
            problem = "its source cannot be read. Define it in a file with `def`, or use add_config(...)."
            self._fail(code.co_firstlineno, problem)
        self._source = source
        self.origin = self.origin.at(self._source.definition.lineno)
        _check(self._source.definition, self._fail)
        self._origins: dict[int, Origin] = {}

    def __repr__(self) -> str:
        return f"<{self.origin.kind} {self.__name__} ({self.origin.where})>"

    @property
    def names(self) -> Collection[dotted.Part]:
        """The entries that it may decide."""
        return self._instrument.order.keys()

    def decide(self, pins: Pins, available: Mapping[str, Any]) -> Decided:
        """
        Call the function and return its entries.

        Args:
            pins: The fixed values of this function's part.
            available: What its parameters may name: earlier entries, and the configs of ingredients.

        Raises:
            ConfigParameterError: A parameter names nothing that is available.
            Unfinished: The function raises something.
        """
        from expframe.config.instances import RefusedFields
        from expframe.config.overlay import Overlay

        earlier = self._arguments(available)
        overlay = Overlay(pins)
        known = thaw(earlier)
        overlay.know(known)
        arguments = {name: overlay.seen(value, name) for name, value in known.items()}
        bindings = self._instrument.bindings
        done: dict[str, list[Binding]] = {}

        def pin(value: Any, name: str, number: int) -> Any:
            if number >= 0:
                done[name] = [bindings[number]]
            if name not in overlay.pins.names:
                return value
            group = overlay.group(value, name)
            fixed = overlay.fix(group, name)
            return value if fixed is group else overlay.seen(fixed, name)

        def touch(number: int) -> None:
            binding = bindings[number]
            done.setdefault(str(binding.path[0]), []).append(binding)

        def annotate(**types: Annotation) -> None:
            overlay.annotate(types)

        given = {PIN: pin, TOUCH: touch, ANNOTATE: annotate, LOCALS: locals, UNBOUND: NameError}
        try:
            found = self._function(**arguments, **given)
        except (ExpframeError, RefusedFields):
            raise
        except Exception as problem:
            lines = {name: bound[0].lines.get((), self.origin.line) for name, bound in done.items()}
            origins: dict[Path, Origin] = {(name,): self._origin_at(line) for name, line in lines.items()}
            known = Decided({}, origins, annotations=overlay.annotations, replaced=overlay.replaced)
            raise Unfinished(problem, known, overlay.fixed) from None
        return self._decided(found, earlier, overlay, done)

    def _decided(
        self, found: Mapping[str, Any], earlier: Mapping[str, Any], overlay: Overlay, done: Mapping[str, list[Binding]]
    ) -> Decided:
        """
        Return what the function's locals decide.

        Args:
            found: Its locals.
            earlier: Its arguments, as entries.
            overlay: What is fixed.
            done: What bound each entry.
        """
        order = self._instrument.order
        values: dict[Any, Any] = {}
        origins: dict[Path, Origin] = {}
        docs: dict[Path, str] = {}
        for name, value in sorted(found.items(), key=lambda item: order.get(item[0], -1)):
            if not self._instrument.is_entry(name, value):
                continue
            bound = done.get(name, [])
            line = bound[0].lines.get((), self.origin.line) if bound else self.origin.line
            if dotted.is_too_deep(value):
                self._fail(line, f"makes {name!r}, which {dotted.TOO_DEEP}")
            before = earlier.get(name, MISSING)
            fixed = overlay.fix(overlay.group(value, name), name)
            if before is MISSING or not same(fixed, thaw(before)):
                values[name] = fixed
                if isinstance(fixed, dict):
                    origins.update(self._origins_in(name, fixed, before, bound))
                else:
                    origins[(name,)] = self._origin_at(line)
                docs.update(self._docs.get(name, {}))
        return Decided(values, origins, docs, overlay.annotations, overlay.replaced, overlay.sums)

    def _origins_in(
        self, name: str, value: dict[Any, Any], before: Any, done: list[Binding]
    ) -> Iterator[tuple[Path, Origin]]:
        """Yield where the leaves of a group were assigned, but for those that are as they were."""
        lines = {(*b.path[1:], *below): line for b in done for below, line in b.lines.items()}
        for path, leaf in dotted.walk(value, (name,)) if value else [((name,), value)]:
            if before is not MISSING and same(dotted.get(before, path[1:]), leaf):
                continue
            ends = range(len(path), 0, -1)
            line = next((lines[path[1:end]] for end in ends if path[1:end] in lines), self.origin.line)
            yield path, self._origin_at(line)

    def _origin_at(self, line: int) -> Origin:
        return self._origins.get(line) or self._origins.setdefault(line, self.origin.at(line))

    def _arguments(self, available: Mapping[str, Any]) -> dict[str, Any]:
        for name in self._instrument.parameters:
            if name not in available:
                names = tuple(str(key) for key in available)
                raise ConfigParameterError(self.__name__, self.origin.where, name, names)
        return {name: available[name] for name in self._instrument.parameters}

    @cached_property
    def _instrument(self) -> Instrument:
        return Instrument(self._source.definition)

    @cached_property
    def _function(self) -> Callable[..., dict[str, Any]]:
        original = self.function
        code = self._instrument.compile(original)
        cells = dict(zip(original.__code__.co_freevars, original.__closure__ or (), strict=True))
        closure = tuple(cells[name] for name in code.co_freevars)
        return types.FunctionType(code, original.__globals__, self.__name__, None, closure)

    @cached_property
    def _docs(self) -> dict[str, dict[Path, str]]:
        """The comments of each entry, by path; the first one of a path counts."""
        docs: dict[str, dict[Path, str]] = {}
        for binding in self._instrument.bindings:
            for below, start, ends in binding.documented:
                if text := self._source.comment(start, ends):
                    docs.setdefault(str(binding.path[0]), {}).setdefault((*binding.path, *below), text)
        return docs

    def _fail(self, line: int, problem: str) -> NoReturn:
        subject = f"config function {self.__name__}() ({self.origin.at(line).where})"
        raise ConfigFunctionError(subject, problem)


_PROBLEMS = {
    ast.Return: "must not `return`: its local variables are the entries. Leave the return out.",
    ast.Yield: "must not `yield`: its local variables are the entries.",
    ast.YieldFrom: "must not `yield`: its local variables are the entries.",
    ast.Await: "must not `await`: entries are decided at once.",
    ast.AsyncFor: "must not use `async for`: entries are decided at once.",
    ast.AsyncWith: "must not use `async with`: entries are decided at once.",
    ast.Global: "must not use `global`: entries are local variables.",
    ast.Nonlocal: "must not use `nonlocal`: entries are local variables.",
}


def _check(definition: ast.FunctionDef | ast.AsyncFunctionDef, fail: Callable[[int, str], None]) -> None:
    """Call `fail` with line and problem for what cannot be run with pinned values."""
    if isinstance(definition, ast.AsyncFunctionDef):
        fail(definition.lineno, "must not be `async`: entries are decided at once.")
    arguments = definition.args
    if arguments.vararg or arguments.kwarg:
        star = "*args" if arguments.vararg else "**kwargs"
        fail(definition.lineno, f"must not take {star}. Name the earlier entries it needs as parameters.")
    if arguments.defaults or any(default is not None for default in arguments.kw_defaults):
        fail(definition.lineno, "must not have default values: its parameters are earlier entries.")
    for node in own_nodes(definition.body):
        if type(node) in _PROBLEMS:
            fail(node.lineno, _PROBLEMS[type(node)])
