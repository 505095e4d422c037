"""
A function whose variables are config entries.

Its body is executed as a module is: every name it binds is an entry. The variables live in a dogmatic dict, so that
fixed values win at once, and in the globals that the body sees, so that lambdas, comprehensions and nested functions
find them too.
"""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
import types
from collections.abc import Callable, Mapping, Sequence
from os.path import commonprefix
from typing import Any

from expframe.compat.sacred._own.exceptions import ConfigError
from expframe.compat.sacred.config.config_summary import ConfigSummary
from expframe.compat.sacred.config.custom_containers import DogmaticDict, dogmatize, undogmatize
from expframe.compat.sacred.config.utils import normalize_or_die, recursive_fill_in
from expframe.compat.sacred.settings import SETTINGS
from expframe.config.rewriting import own_nodes
from expframe.config.signatures import signature_of

SEED_DOC = "the random seed for this experiment"


class ConfigScope:
    """
    A config function, taken apart.

    Args:
        func: The function; its source must be readable. Its parameters name earlier entries and ingredients.

    Attributes:
        args: The names of its parameters.

    Raises:
        TypeError: It is no function.
        AssertionError: It has other than plain parameters.
        SyntaxError: It returns or yields something.
    """

    def __init__(self, func: Callable[..., Any]) -> None:
        signature = signature_of(func)
        for parameter in signature.parameters.values():
            assert parameter.kind is not parameter.VAR_POSITIONAL, "*args not allowed for ConfigScope functions"
            assert parameter.kind is not parameter.VAR_KEYWORD, "**kwargs not allowed for ConfigScope functions"
            assert parameter.default is parameter.empty, "default values are not allowed for ConfigScope functions"
        self.args: list[str] = list(signature.parameters)
        self._func = func
        self._body_code = get_function_body_code(func)
        self._var_docs = get_config_comments(func)
        self.__doc__ = func.__doc__

    def __call__(
        self,
        fixed: Mapping[Any, Any] | None = None,
        preset: Mapping[Any, Any] | None = None,
        fallback: Mapping[Any, Any] | None = None,
    ) -> ConfigSummary:
        """
        Execute the body and return its variables.

        Args:
            fixed: The values that prevail over what the body assigns.
            preset: Earlier entries; those that are parameters can be read.
            fallback: What else parameters can name; it does not become an entry.

        Raises:
            KeyError: A parameter names nothing.
        """
        preset, fallback = preset or {}, fallback or {}
        available = {*preset, *fallback}
        for name in self.args:
            if name not in available:
                raise KeyError(f"'{name}' not in preset for ConfigScope. Available options are: {available}")
        variables = _Variables(
            fixed or {}, {name: fallback[name] for name in self.args if name in fallback}, self._func
        )
        for name in self.args:
            if name in preset:
                variables[name] = preset[name]
        with ConfigError.track(variables):
            exec(self._body_code, variables.seen, variables)
        added = variables.revelation()
        recursive_fill_in(variables, preset)
        summary = ConfigSummary(
            added, variables.modified, variables.typechanges, variables.fallback_writes, self._var_docs
        )
        summary.update(normalize_or_die(undogmatize(variables)))
        variables.end(summary)
        return summary


class _Variables(DogmaticDict):
    """
    The variables of a scope while its body runs.

    Attributes:
        seen: The globals of the body: a copy of the function's, with the variables on top.
    """

    def __init__(self, fixed: Mapping[Any, Any], fallback: Mapping[Any, Any], function: Any) -> None:
        self.seen: dict[str, Any] = {}
        super().__init__(dogmatize(dict(fixed)).fixed, fallback)
        self._globals = function.__globals__
        self.seen = {**self._globals, **{name: self[name] for name in fallback}}

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        self.seen[key] = self[key]

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(key)
        if key not in self:
            self._uncover(key)

    def _uncover(self, key: Any) -> None:
        if key in self._globals:
            self.seen[key] = self._globals[key]
        else:
            self.seen.pop(key, None)

    def end(self, entries: Mapping[str, Any]) -> None:
        """Let functions that the body made see its entries as they were decided, which are plain."""
        self.seen.update(entries)


# ------------------------------------------------------------------------------------------------------------- source


def get_function_body(func: Callable[..., Any]) -> tuple[str, int]:
    """Return the text after the colon of a function's head, and the line of the file where it begins."""
    lines, start = inspect.getsourcelines(func)
    end_line, end_column = _find_colon("".join(lines), getattr(func, "__name__", ""))
    body = lines[end_line - 1][end_column:] + "".join(lines[end_line:])
    return body, max(start, 1) + end_line - 1


def _find_colon(source: str, name: str) -> tuple[int, int]:
    """Return line and column after the colon that ends the head of `def name(...):`."""
    depth, head = 0, False
    before = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NAME and before == "def" and token.string == name:
                head = True
            if head and token.type == tokenize.OP:
                depth += (token.string in "([{") - (token.string in ")]}")
                if token.string == ":" and depth == 0:
                    return token.end
            before = token.string
    except (tokenize.TokenError, IndentationError):
        pass
    raise ValueError(f"The source of {name!r} cannot be read. Define it in a file with `def`, or use add_config().")


def is_empty_or_comment(line: str) -> bool:
    """Return whether a line holds no code."""
    line = line.strip()
    return not line or line.startswith("#")


def dedent_line(line: str, indent: str) -> str:
    """Return a line without what it has of an indentation."""
    return line[len(commonprefix([line, indent])) :]  # noqa: RUF071  they are no paths


def dedent_function_body(body: str) -> str:
    """Return the text of a body without the indentation of its first line of code."""
    indent = _indent_of(body)
    return "\n".join(dedent_line(line, indent) for line in body.split("\n"))


def _indent_of(body: str) -> str:
    """Return the indentation of the first line of code."""
    first = next((line for line in body.split("\n") if not is_empty_or_comment(line)), "")
    return first[: len(first) - len(first.lstrip())]


def get_function_body_code(func: Callable[..., Any]) -> types.CodeType:
    """
    Return the compiled body of a function; file, lines and columns are those of the source.

    Raises:
        SyntaxError: It returns or yields something.
    """
    filename = inspect.getfile(func)
    body, offset = get_function_body(func)
    dedented = dedent_function_body(body)
    try:
        tree = ast.parse(dedented)
    except SyntaxError as error:
        raise SyntaxError(error.msg, (filename, (error.lineno or 1) + offset - 1, error.offset, error.text)) from None
    width = len(_indent_of(body))
    for node in ast.walk(tree):
        if hasattr(node, "col_offset"):
            node.col_offset += width
            node.end_col_offset = (node.end_col_offset or 0) + width  # type: ignore[attr-defined]
    ast.increment_lineno(tree, offset - 1)
    for node in own_nodes(tree.body):
        if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom):
            kind = "return" if isinstance(node, ast.Return) else "yield"
            place = f"('{func.__name__}' in File \"{filename}\", line {node.lineno})"
            raise SyntaxError(f"No {kind} statements allowed in ConfigScopes\n{place}")
    return compile(tree, filename, "exec", dont_inherit=True)


# ----------------------------------------------------------------------------------------------------------- comments


def get_config_comments(func: Callable[..., Any]) -> dict[str, str]:
    """Return the comments that stand at assignments, by variable."""
    docs = {"seed": SEED_DOC}
    body = dedent_function_body(get_function_body(func)[0])
    lines = body.split("\n")
    for statement in ast.parse(body).body:
        for node in (statement, *ast.iter_child_nodes(statement)):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if doc := _doc_at(target, lines):
                        for name in _names_of(target):
                            docs.setdefault(name, doc)
    return docs


def _names_of(target: ast.expr) -> list[str]:
    if isinstance(target, ast.Tuple):
        return [name for element in target.elts for name in _names_of(element)]
    return [target.id] if isinstance(target, ast.Name) else []


def _doc_at(target: ast.expr, lines: Sequence[str]) -> str:
    """Return the comment on the line of a target, else the one in the line above it."""
    number = target.lineno - 1
    text = _inline_comment(lines[number])
    if text and not is_ignored(text):
        return text
    above = next((line for line in reversed(lines[:number]) if line.strip()), "")
    text = above.strip("# ") if above.strip().startswith("#") else ""
    return "" if is_ignored(text) else text


def _inline_comment(line: str) -> str:
    """Return the comment at the end of a line; nothing where its code goes on in the next one."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(line.strip()).readline))
    except (tokenize.TokenError, SyntaxError):
        return ""
    comments = (token.string for token in tokens if token.type == tokenize.COMMENT)
    return next(comments, "").removeprefix("#").strip()


def is_ignored(line: str) -> bool:
    """Return whether a comment is meant for another tool."""
    return any(re.match(pattern, line) for pattern in SETTINGS.CONFIG.IGNORED_COMMENTS)
