"""What a function takes, and how a call of it is completed from options."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from expframe.compat.sacred._own.exceptions import MissingConfigError, SignatureError
from expframe.config.signatures import signature_of


class Signature:
    """
    What a function takes.

    Attributes:
        name: The function's name.
        arguments: The names of its parameters, without `*args` and `**kwargs`.
        vararg_name: That of `*args`, or None.
        kw_wildcard_name: That of `**kwargs`, or None.
        positional_args: The positional ones without default.
        kwargs: Those with a default, and the default.
    """

    def __init__(self, f: Callable[..., Any]) -> None:
        self.name: str = getattr(f, "__name__", type(f).__name__)
        parameters = signature_of(f).parameters.values()
        named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        self.arguments: list[str] = [p.name for p in named]
        self.vararg_name: str | None = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)
        self.kw_wildcard_name: str | None = next((p.name for p in parameters if p.kind is p.VAR_KEYWORD), None)
        self.kwargs: dict[str, Any] = {p.name: p.default for p in named if p.default is not p.empty}
        self._positional = [p.name for p in named if p.kind is not p.KEYWORD_ONLY]
        self._keyword_only = [p.name for p in named if p.kind is p.KEYWORD_ONLY]
        self._positional_only = {p.name for p in named if p.kind is p.POSITIONAL_ONLY}
        self.positional_args: list[str] = [name for name in self._positional if name not in self.kwargs]

    def get_free_parameters(self, args: Sequence[Any], kwargs: Mapping[str, Any], bound: bool = False) -> list[str]:
        """
        Return the names that a call leaves free.

        Args:
            args: Its positional arguments.
            kwargs: Its keyword arguments.
            bound: Whether the first parameter is taken by the object that the function is a method of.
        """
        names = self.arguments[1:] if bound else self.arguments
        return [name for name in names[len(args) :] if name not in kwargs]

    def free_after(self, taken: int) -> tuple[Set[str], Set[str]]:
        """
        Return the names that may follow by keyword so many positional arguments, and those of them without default.

        Where more is to be looked at, a name that nobody can give is among the latter.
        """
        if self._positional_only or (taken > len(self._positional) and self.vararg_name is None):
            return set(), {""}
        free = {*self._positional[taken:], *self._keyword_only}
        return free, free - self.kwargs.keys()

    def construct_arguments(
        self, args: Sequence[Any], kwargs: Mapping[str, Any], options: Mapping[str, Any], bound: bool = False
    ) -> tuple[list[Any], dict[str, Any]]:
        """
        Return the arguments of a call, completed: explicit ones, then options, then defaults.

        Args:
            args: The positional arguments that were given.
            kwargs: The keyword arguments that were given.
            options: What free parameters are filled with, by name.
            bound: Whether the first parameter is taken already.

        Raises:
            SignatureError: The function does not take these arguments.
            MissingConfigError: A parameter has neither argument nor option nor default.
        """
        positional = self._positional[1:] if bound else self._positional
        if kwargs or len(args) > len(positional):
            self._check(args, kwargs, positional)
        free = [*positional[len(args) :], *self._keyword_only]
        filled = {**kwargs, **{name: options[name] for name in free if name not in kwargs and name in options}}
        missing = [name for name in free if name not in filled and name not in self.kwargs]
        if missing:
            raise MissingConfigError(f"{self.name} is missing value(s):", missing_configs=missing)
        return self._place([*args], positional[len(args) :], filled) if self._positional_only else ([*args], filled)

    def _check(self, args: Sequence[Any], kwargs: Mapping[str, Any], positional: Sequence[str]) -> None:
        unexpected = args[len(positional) :]
        if unexpected and self.vararg_name is None:
            raise SignatureError(f"{self.name} got unexpected argument(s): {unexpected}")
        known = {*positional, *self._keyword_only} - self._positional_only
        unknown = [name for name in kwargs if name not in known]
        if unknown and self.kw_wildcard_name is None:
            raise SignatureError(f"{self.name} got unexpected kwarg(s): {sorted(unknown)}")
        twice = [name for name in positional[: len(args)] if name in kwargs and name not in self._positional_only]
        if twice:
            raise SignatureError(f"{self.name} got multiple values for argument(s) {twice}")

    def _place(self, given: list[Any], free: Sequence[str], filled: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Take the values of positional-only parameters out of the keywords."""
        only = [name for name in free if name in self._positional_only]
        last = max((number for number, name in enumerate(only) if name in filled), default=-1)
        given += [filled.pop(name) if name in filled else self.kwargs[name] for name in only[: last + 1]]
        return given, filled

    def __str__(self) -> str:
        varargs = [f"*{self.vararg_name}"] if self.vararg_name else []
        defaults = [f"{name}={value!r}" for name, value in self.kwargs.items()]
        wildcard = [f"**{self.kw_wildcard_name}"] if self.kw_wildcard_name else []
        return f"{self.name}({', '.join([*self.positional_args, *varargs, *defaults, *wildcard])})"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at 0x{id(self):x} for {self.name!r}>"
