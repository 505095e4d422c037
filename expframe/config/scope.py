"""
Call a config function with pinned names.

The function is parsed once. After every statement the locals that it binds or mentions are pinned again, so that fixed
values win leaf by leaf and everything computed later sees them. The result is compiled with the original file name and
line numbers, against the real globals and closure cells, really called, and hands back its locals.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import re
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from expframe.config import dotted
from expframe.config.frozen import thaw
from expframe.config.model import Decided, Origin
from expframe.config.pins import Pins
from expframe.config.values import same
from expframe.errors import ConfigFunctionError, ConfigParameterError, IngredientEntryError

# Names that no Python source can contain, so that they never clash with a user's.
_PIN, _TOUCH, _LOCALS, _UNBOUND = "@pin", "@touch", "@locals", "@unbound"

_NO_DOC = re.compile(r"(noqa|type:|pylint:|pragma|fmt:|isort:|mypy:|ruff:|pyright:|!)", re.IGNORECASE)


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
        code = getattr(function, "__code__", None)
        if not isinstance(function, types.FunctionType) or code is None:
            raise ConfigFunctionError(f"{function!r}", "is no function. Decorate a function, or use add_config(...).")
        self.function = function
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self.origin = Origin(kind, function.__name__, code.co_filename, code.co_firstlineno)
        self._source = _Source(function)
        self.origin = self.origin.at(self._source.definition.lineno)
        self.parameters = _check(self._source.definition, self._fail)
        self._origins: dict[int, Origin] = {}

    def __repr__(self) -> str:
        return f"<{self.origin.kind} {self.__name__} ({self.origin.where})>"

    def decide(self, pins: Pins, entries: Mapping[str, Any], ingredients: Mapping[str, Any]) -> Decided:
        """
        Call the function and return its entries.

        Args:
            pins: The fixed values of this function's part.
            entries: Earlier entries by name.
            ingredients: The configs of ingredients, by the names this part calls them.

        Raises:
            ConfigParameterError: A parameter names nothing that is available.
            IngredientEntryError: The function assigned into an ingredient's config.
        """
        arguments = self._arguments({**entries, **ingredients})
        bound: dict[str, int] = {}
        touched: dict[dotted.Path, int] = {}
        for name, make in self._statements.annotations.items():
            pins.annotations[(*pins.path, name)] = lambda make=make: self._evaluate(make)  # type: ignore[misc]

        def pin(value: Any, name: str, binding: int) -> Any:
            if binding >= 0:
                bound[name] = binding
            return pins.fix(value, name)

        def touch(path: dotted.Path, line: int) -> None:
            touched[path] = line

        found = self._function(
            **thaw(arguments),
            **{_PIN: pin, _TOUCH: touch, _LOCALS: locals, _UNBOUND: NameError},
        )
        decided = Decided({})
        order = self._statements.order
        for name, value in sorted(found.items(), key=lambda item: order.get(item[0], -len(order))):
            if not self._statements.is_entry(name, value):
                continue
            unchanged = name in arguments and name not in bound and same(value, thaw(arguments[name]))
            if name in ingredients and not unchanged:
                raise IngredientEntryError(self.__name__, self.origin.where, name)
            if not unchanged:
                decided.values[name] = pins.fix(value, name)
                self._describe(decided, name, bound.get(name), touched)
        return decided

    def _describe(self, decided: Decided, name: str, binding: int | None, touched: dict[dotted.Path, int]) -> None:
        known = self._statements.bindings[binding] if binding is not None else None
        line = known.line if known else self.origin.line
        value = decided.values[name]
        leaves = [path for path, _ in dotted.walk(value, (name,))] if isinstance(value, dict) and value else [(name,)]
        for path in leaves:
            at = (known.lines.get(path[1:]) if known else None) or line
            for end in range(len(path), 0, -1) if touched else ():
                if path[:end] in touched:
                    at = touched[path[:end]]
                    break
            decided.origins[path] = self._origins.get(at) or self._origins.setdefault(at, self.origin.at(at))
        decided.docs.update(self._docs.get(name, {}))

    @cached_property
    def _docs(self) -> dict[str, dict[dotted.Path, str]]:
        docs: dict[str, dict[dotted.Path, str]] = {}
        for binding in self._statements.bindings:
            for below, line, end in binding.documented():
                if text := self._source.comment(line, end):
                    docs.setdefault(binding.name, {}).setdefault((binding.name, *below), text)
        return docs

    @cached_property
    def _statements(self) -> _Instrument:
        return _Instrument(self._source)

    def _arguments(self, available: Mapping[str, Any]) -> dict[str, Any]:
        for name in self.parameters:
            if name not in available:
                names = tuple(key for key in available if not key.startswith("_"))
                raise ConfigParameterError(self.__name__, self.origin.where, name, names)
        return {name: available[name] for name in self.parameters}

    @cached_property
    def _function(self) -> Callable[..., dict[str, Any]]:
        code = self._statements.compile(self.function.__code__)
        cells = dict(zip(self.function.__code__.co_freevars, self.function.__closure__ or (), strict=True))
        closure = tuple(cells[name] for name in code.co_freevars)
        return types.FunctionType(code, self.function.__globals__, self.__name__, None, closure)

    def _evaluate(self, annotation: ast.expr) -> Any:
        """Return the type an annotation names; MISSING where it cannot be evaluated."""
        names = inspect.getclosurevars(self.function)
        code = compile(ast.Expression(annotation), self.origin.file, "eval")
        try:
            found = eval(code, self.function.__globals__, dict(names.nonlocals))
            return eval(found, self.function.__globals__, dict(names.nonlocals)) if isinstance(found, str) else found
        except Exception:
            return dotted.MISSING

    def _fail(self, line: int, problem: str) -> None:
        subject = f"config function {self.__name__}() ({self.origin.at(line).where})"
        raise ConfigFunctionError(subject, problem)


# --------------------------------------------------------------------------------------------------------- source


class _Source:
    """The lines and the syntax tree of one function, with line numbers of its file."""

    def __init__(self, function: types.FunctionType) -> None:
        code = function.__code__
        self.file = code.co_filename
        first = code.co_firstlineno
        lines = linecache.getlines(self.file, function.__globals__)
        block = inspect.getblock(lines[first - 1 :]) if len(lines) >= first else []
        source = "".join(block)
        shift = first - 1
        if source[:1].isspace():  # an indented function stays as it is, below a line of its own
            source, shift = f"if 1:\n{source}", first - 2
        try:
            tree = ast.parse(source)
        except SyntaxError:
            tree = ast.Module([], [])
        found = next(
            (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)), None
        )
        if found is None or found.name != function.__name__:
            raise ConfigFunctionError(
                f"config function {function.__name__}() ({Origin('', '', self.file, first).where})",
                "its source cannot be read. Define it in a file with `def`, or use add_config(...).",
            )
        ast.increment_lineno(tree, shift)
        self.definition = found
        self._lines = {first + offset: line for offset, line in enumerate(block)}

    def comment(self, line: int, end: tuple[int, int]) -> str:
        """Return the comment after a statement (from its line to its `end`), else the block of comments above it."""
        rest = self._lines.get(end[0], "").encode()[end[1] :].decode(errors="replace").lstrip(" ,;)]}\t")
        text = _comment_text(rest)
        if text or end[0] == line and rest.startswith("#"):
            return text
        above: list[str] = []
        while (stripped := self._lines.get(line - 1, "").strip()).startswith("#"):
            if text := _comment_text(stripped):
                above.insert(0, text)
            line -= 1
        return " ".join(above)


def _comment_text(line: str) -> str:
    text = line.lstrip("#").strip() if line.startswith("#") else ""
    return "" if _NO_DOC.match(text) else text


def _check(definition: ast.FunctionDef | ast.AsyncFunctionDef, fail: Callable[[int, str], None]) -> tuple[str, ...]:
    """Return the parameters of a definition that can be pinned; call `fail` with line and problem for any other."""
    if isinstance(definition, ast.AsyncFunctionDef):
        fail(definition.lineno, "must not be `async`: entries are decided at once.")
    arguments = definition.args
    if arguments.vararg or arguments.kwarg:
        star = "*args" if arguments.vararg else "**kwargs"
        fail(definition.lineno, f"must not take {star}. Name the earlier entries it needs as parameters.")
    if arguments.defaults or any(default is not None for default in arguments.kw_defaults):
        fail(definition.lineno, "must not have default values: its parameters are earlier entries.")
    problems = {
        ast.Return: "must not `return`: its local variables are the entries. Leave the return out.",
        ast.Yield: "must not `yield`: its local variables are the entries.",
        ast.YieldFrom: "must not `yield`: its local variables are the entries.",
        ast.Await: "must not `await`: entries are decided at once.",
        ast.AsyncFor: "must not use `async for`: entries are decided at once.",
        ast.AsyncWith: "must not use `async with`: entries are decided at once.",
        ast.Global: "must not use `global`: entries are local variables.",
        ast.Nonlocal: "must not use `nonlocal`: entries are local variables.",
    }
    for node in _own_nodes(definition.body):
        if type(node) in problems:
            fail(node.lineno, problems[type(node)])  # type: ignore[attr-defined]
    return tuple(argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs))


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def _own_nodes(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes that belong to this function itself and not to one defined inside it."""
    for node in nodes:
        yield node
        if not isinstance(node, _SCOPES):
            yield from _own_nodes(ast.iter_child_nodes(node))


# --------------------------------------------------------------------------------------------------- instrumenting


class _Binding:
    """What one assignment says of an entry: its line, the lines of the keys in its dict literal, its end."""

    def __init__(self, name: str, statement: ast.stmt, value: ast.expr | None) -> None:
        self.name = name
        self.line = statement.lineno
        end = statement.lineno if isinstance(statement, ast.For | ast.With) else statement.end_lineno or 0
        self.end = (end, statement.end_col_offset or 0)
        self.lines: dict[dotted.Path, int] = {}
        self._ends: dict[dotted.Path, tuple[int, int]] = {}
        self._simple = isinstance(statement, ast.Assign | ast.AnnAssign)
        if isinstance(value, ast.Dict):
            self._add_keys(value, ())

    def _add_keys(self, literal: ast.Dict, path: dotted.Path) -> None:
        for key, value in zip(literal.keys, literal.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str | int):
                below = (*path, key.value)
                self.lines[below] = key.lineno
                if isinstance(value, ast.Dict):
                    self._add_keys(value, below)
                if key.lineno != self.line:
                    self._ends[below] = (value.end_lineno or 0, value.end_col_offset or 0)

    def documented(self) -> Iterator[tuple[dotted.Path, int, tuple[int, int]]]:
        """Yield (path below the entry, line, end) of everything a comment may stand at."""
        if self._simple:
            yield (), self.line, self.end
        for path, end in self._ends.items():
            yield path, self.lines[path], end


class _Instrument:
    """The body of a config function with pins after its statements."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        definition = source.definition
        self.bindings: list[_Binding] = []
        self.annotations: dict[str, ast.expr] = {}
        self._imported: set[str] = set()
        self._bound = {argument.arg for argument in ast.walk(definition.args) if isinstance(argument, ast.arg)}
        for statement in definition.body:
            self._bound |= set(_stored(statement))
        for node in _own_nodes(definition.body):
            self._note_names(node)
        self.body = self._block(definition.body)
        self.order = {name: -place for place, name in enumerate(reversed([b.name for b in self.bindings]))}
        """The order in which entries are first bound."""

    def is_entry(self, name: str, value: Any) -> bool:
        """Return whether a local of the called function is an entry."""
        return (
            name in self._bound
            and not name.startswith("_")
            and name not in self._imported
            and not isinstance(value, types.ModuleType)
        )

    def compile(self, original: types.CodeType) -> types.CodeType:
        """Return the code of the pinned function, with the free variables of the original one."""
        definition = self._source.definition
        given = definition.args
        names = [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
        arguments = ast.arguments(
            posonlyargs=[],
            args=[],
            vararg=None,
            kwonlyargs=[ast.arg(name) for name in (*names, _PIN, _TOUCH, _LOCALS, _UNBOUND)],
            kw_defaults=[None] * (len(names) + 4),
            kwarg=None,
            defaults=[],
        )
        last = _at(ast.Return(ast.Call(_load(_LOCALS), [], [])), definition.body[-1])
        inner: Any = ast.FunctionDef(definition.name, arguments, [*self.body, last], [], None)
        outer: Any = ast.FunctionDef("<cells>", _no_arguments(original.co_freevars), [inner], [], None)
        for node in (inner, outer):
            node.type_params = []
        module = ast.Module([_at(outer, definition)], [])
        code = compile(ast.fix_missing_locations(module), self._source.file, "exec", dont_inherit=True)
        return _find_code(_find_code(code, "<cells>"), definition.name)

    def _note_names(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._imported |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            self.annotations[node.target.id] = node.annotation

    def _block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        return [new for statement in statements for new in self._statement(statement)]

    def _statement(self, statement: ast.stmt) -> list[ast.stmt]:
        header = _header(statement)
        if header is None:
            return self._simple(statement)
        names = self._mentioned(header)
        targets = {name for node in header for name in _stored(node)}
        numbers = {name: self._bind(name, statement, None) for name in sorted(targets)}
        pins = [pin for name in names for pin in self._repin(name, statement, numbers.get(name, -1))]
        changed: Any = _copied(statement)
        for blocks in _blocks(changed):
            blocks[:] = self._block(blocks)
        for block in _first_blocks(changed):
            block[:0] = pins
        return [changed, *pins]

    def _simple(self, statement: ast.stmt) -> list[ast.stmt]:
        names = self._mentioned([statement])
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
            alone = isinstance(statement, ast.AnnAssign) or len(statement.targets) == 1
            if alone and isinstance(target, ast.Name) and target.id in names:
                number = self._bind(target.id, statement, statement.value)
                pinned = _at(self._call(statement.value, target.id, number), statement.value)
                plain = _at(ast.Assign([target], pinned), statement)
                others = [pin for name in names if name != target.id for pin in self._repin(name, statement, -1)]
                return [plain, *others]
        if isinstance(statement, ast.AnnAssign) and statement.value is None:
            return [_at(ast.Pass(), statement)]  # a bare annotation in a function is never evaluated by Python either
        value = statement.value if isinstance(statement, ast.Assign) else None
        stored = [name for name in dict.fromkeys(_stored(statement)) if name in names]
        numbers = {name: self._bind(name, statement, value) for name in stored}
        result: list[ast.stmt] = [statement, *self._touches(statement)]
        for name in names:
            result += self._repin(name, statement, numbers.get(name, -1))
        return result

    def _bind(self, name: str, statement: ast.stmt, value: ast.expr | None) -> int:
        self.bindings.append(_Binding(name, statement, value))
        return len(self.bindings) - 1

    def _touches(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return calls that note the line of `d["x"] = 1`."""
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        paths = [path for target in targets if isinstance(target, ast.Subscript) and (path := _constant_path(target))]
        notes = (ast.Call(_load(_TOUCH), [ast.Constant(path), ast.Constant(statement.lineno)], []) for path in paths)
        return [_at(ast.Expr(note), statement) for note in notes]

    def _mentioned(self, nodes: Iterable[ast.AST]) -> list[str]:
        """Return the entries that nodes bind or mention, nested scopes included: they may change what they see."""
        names = {node.id: None for top in nodes for node in ast.walk(top) if isinstance(node, ast.Name)}
        names.update(dict.fromkeys(name for node in nodes for name in _stored(node)))
        return [n for n in names if n in self._bound and n not in self._imported and not n.startswith("_")]

    def _call(self, value: ast.expr, name: str, number: int) -> ast.expr:
        return ast.Call(_load(_PIN), [value, ast.Constant(name), ast.Constant(number)], [])

    def _repin(self, name: str, statement: ast.stmt, number: int) -> list[ast.stmt]:
        """Return `try: name = pin(name) / except NameError: pass`: a branch not taken leaves its names unbound."""
        assign = ast.Assign([ast.Name(name, ast.Store())], self._call(_load(name), name, number))
        handler = ast.ExceptHandler(_load(_UNBOUND), None, [ast.Pass()])
        return [_at(ast.Try([assign], [handler], [], []), statement)]


def _load(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def _at(node: Any, where: ast.AST) -> Any:
    """Give a new node, and all new nodes in it, the place of an existing one."""
    for child in ast.walk(node):
        if not hasattr(child, "lineno"):
            ast.copy_location(child, where)
    return node


def _copied(node: Any) -> Any:
    """Return a shallow copy of a statement whose blocks may be changed."""
    copied = type(node)(**dict(ast.iter_fields(node)))
    ast.copy_location(copied, node)
    for name, value in ast.iter_fields(copied):
        if isinstance(value, list):
            setattr(
                copied, name, [_copied(i) if isinstance(i, ast.ExceptHandler | ast.match_case) else i for i in value]
            )
    return copied


def _no_arguments(names: Iterable[str]) -> ast.arguments:
    args = [ast.arg(name) for name in names]
    return ast.arguments(posonlyargs=[], args=args, vararg=None, kwonlyargs=[], kw_defaults=[], kwarg=None, defaults=[])


def _find_code(code: types.CodeType, name: str) -> types.CodeType:
    return next(item for item in code.co_consts if isinstance(item, types.CodeType) and item.co_name == name)


def _header(statement: Any) -> list[ast.AST] | None:
    """Return what a compound statement evaluates or binds before its blocks; None for a simple statement."""
    if isinstance(statement, ast.For):
        return [statement.target, statement.iter]
    if isinstance(statement, ast.While | ast.If):
        return [statement.test]
    if isinstance(statement, ast.With):
        return list(statement.items)
    if isinstance(statement, ast.Match):
        return [statement.subject, *(case.pattern for case in statement.cases)]
    return [] if hasattr(statement, "handlers") else None


def _blocks(statement: Any) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        if getattr(statement, name, None):
            yield getattr(statement, name)
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body


def _first_blocks(statement: Any) -> Iterator[list[ast.stmt]]:
    """Yield the blocks that run right after the header."""
    if isinstance(statement, ast.Match):
        yield from (case.body for case in statement.cases)
    elif not hasattr(statement, "handlers"):
        yield statement.body
        if isinstance(statement, ast.If | ast.While | ast.For) and statement.orelse:
            yield statement.orelse


def _stored(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node binds in its own scope; the targets of comprehensions are not of it."""
    if isinstance(node, ast.Name):
        if isinstance(node.ctx, ast.Store):
            yield node.id
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.comprehension):
        for part in (node.iter, *node.ifs):
            yield from _stored(part)
    elif not isinstance(node, ast.Lambda):
        name = getattr(node, "rest", None) if isinstance(node, ast.MatchMapping) else getattr(node, "name", None)
        if isinstance(node, ast.MatchAs | ast.MatchStar | ast.MatchMapping) and name:
            yield name
        for child in ast.iter_child_nodes(node):
            yield from _stored(child)


def _constant_path(target: ast.Subscript) -> dotted.Path | None:
    parts: list[Any] = []
    node: ast.expr = target
    while isinstance(node, ast.Subscript):
        if not (isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str | int)):
            return None
        parts.insert(0, node.slice.value)
        node = node.value
    return (node.id, *parts) if isinstance(node, ast.Name) else None
