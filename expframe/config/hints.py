"""What type hints say of values: whether one fits, what is chosen among, and what they say of the items inside."""

from __future__ import annotations

import enum
import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from expframe.config.choice import Choice, name_of
from expframe.config.classes import (
    fields_of,
    filled_in,
    is_config_class,
    is_read_by_pydantic,
    read_by_pydantic,
    takes_more,
)
from expframe.config.dotted import CHOICE, MISSING, Part, is_whole_number
from expframe.config.frozen import plain_kind

_UNION: Any = typing.Union
_NOTHING: Mapping[str, Any] = types.MappingProxyType({})
_ALSO_TAKES: dict[Any, tuple[type, ...]] = {float: (int,), complex: (int, float)}


_AROUND = (typing.Annotated, typing.Final, typing.ClassVar, typing.Required, typing.NotRequired)
"""What may stand around a type."""


def inner(annotation: Any) -> Any:
    """Return what is in the Annotated, Final, NewType, alias or the like that an annotation is; else itself."""
    origin = typing.get_origin(annotation)
    if origin in _AROUND:
        return typing.get_args(annotation)[0]
    if is_alias(origin):
        return origin.__value__[typing.get_args(annotation)]
    if annotation is typing.Final or annotation is typing.ClassVar:
        return MISSING
    if type(annotation).__module__ == "typing" and hasattr(annotation, "__supertype__"):
        return annotation.__supertype__
    return annotation.__value__ if is_alias(annotation) else annotation


def is_alias(annotation: Any) -> bool:
    """Return whether an annotation is what `type X = ...` defines, which may name itself."""
    return type(annotation).__name__ == "TypeAliasType"


def plain(annotation: Any) -> Any:
    """Return what an annotation says of values, without Annotated, Final, ClassVar, NewType and aliases around it."""
    while (found := inner(annotation)) is not annotation:
        annotation = found
    return types.NoneType if annotation is None else annotation


def is_union(annotation: Any) -> bool:
    """Return whether an annotation is a union, as it stands."""
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def options(annotation: Any) -> tuple[Any, ...]:
    """Return the options of a union, in order; of anything else, itself."""
    return tuple(map(plain, typing.get_args(annotation))) if is_union(annotation) else (annotation,)


def alternatives(annotation: Any) -> Mapping[str, Any]:
    """
    Return the classes of configs that an annotation takes, by the names by which one of them is chosen.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class ViT: ...
        >>> list(alternatives(ViT | None)), list(alternatives(int))
        (['vi_t'], [])
    """
    if annotation is MISSING or (type(annotation) is type and annotation.__module__ == "builtins"):
        return _NOTHING
    if (choice := choice_in(annotation)) is not None:
        return choice
    return {name_of(typing.get_origin(one) or one): one for one in options(plain(annotation)) if is_config_class(one)}


def known(annotation: Any) -> Mapping[str, Any]:
    """Return the alternatives of an annotation as they are known by now: a text that was not imported stays one."""
    found = alternatives(annotation)
    return {name: found.said(name) if isinstance(found, Choice) else found[name] for name in found}


def choice_in(annotation: Any) -> Choice | None:
    """Return the Choice that is written in an annotation, or in an option of it."""
    if typing.get_origin(annotation) is typing.Annotated:
        inner, *metadata = typing.get_args(annotation)
        return next((one for one in metadata if isinstance(one, Choice)), None) or choice_in(inner)
    if is_union(annotation):
        return next(filter(None, map(choice_in, typing.get_args(annotation))), None)
    return None


def is_chosen(annotation: Any) -> bool:
    """Return whether a group of an annotation says which of several classes it is of."""
    return choice_in(annotation) is not None or len(alternatives(annotation)) > 1


def chosen_in(group: Any, annotation: Any) -> str | None:
    """Return the name of the class of configs that a group is of; None where it is of none."""
    found = alternatives(annotation) if isinstance(group, dict) else {}
    if found and CHOICE in group:
        return group[CHOICE] if isinstance(group[CHOICE], str) and group[CHOICE] in found else None
    return next(iter(found)) if len(found) == 1 and choice_in(annotation) is None else None


def class_of(group: Any, annotation: Any) -> Any:
    """Return the class of configs that a group is of; None where it is of none."""
    name = chosen_in(group, annotation)
    return None if name is None else alternatives(annotation)[name]


def below(annotation: Any, value: Any, part: Part) -> Any:
    """Return what an annotation says of an item of a value; of the fields of the class that a group is of."""
    return below_of(annotation, value)(part)


def below_of(annotation: Any, value: Any) -> Callable[[Part], Any]:
    """Return what tells `below` of each item of a value, of which the class is looked up once."""
    if not alternatives(annotation):
        return partial(_inside_any, _meant(annotation, value))
    kind = class_of(value, annotation)
    fields = fields_of(kind) if kind is not None else {}
    return lambda part: fields[str(part)].annotation if str(part) in fields else MISSING


def _meant(annotation: Any, value: Any) -> list[Any]:
    """Return the options of an annotation that a dict, or items, may be of; all where none says so."""
    found = options(plain(annotation))
    return [one for one in found if _may_hold(one, value)] or list(found)


def _may_hold(option: Any, value: Any) -> bool:
    kind = typing.get_origin(option) or option
    if not isinstance(kind, type) or issubclass(kind, str | bytes):
        return False
    is_group = issubclass(kind, Mapping) or is_config_class(kind)
    return is_group if isinstance(value, dict) else issubclass(kind, Iterable) and not is_group


def says_nothing(annotation: Any) -> bool:
    """Return whether an annotation leaves it open what a value is."""
    if annotation is MISSING or annotation is Any or annotation is object:
        return True
    is_known = isinstance(annotation, type) or typing.get_origin(annotation) is not None
    return not is_known or getattr(annotation, "_is_protocol", False)


def fits(value: Any, annotation: Any) -> bool:
    """Return whether `value` is what an annotation says. An annotation that cannot be checked fits all."""
    if isinstance(value, dict) and alternatives(annotation):
        if (kind := class_of(value, annotation)) is not None:
            return _fields_fit(value, kind)
        others = [one for one in options(plain(annotation)) if not is_config_class(one)]
        return any(fits(value, one) for one in others if not says_nothing(one))
    annotation = plain(annotation)
    if annotation is MISSING or annotation is Any:
        return True
    if annotation is types.NoneType:
        return value is None
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if is_union(annotation):
        return any(fits(value, option) for option in args)
    if origin is typing.Literal:
        return any(value == option and type(value) is type(option) for option in args)
    kind = origin or annotation
    if is_read_by_pydantic(kind):
        return isinstance(value, kind) or _is_read(value, annotation)
    try:
        return not isinstance(kind, type) or (_is_instance(value, kind) and _items_fit(value, kind, args))
    except TypeError:  # protocols and typed dicts refuse to be checked
        return True


def is_meant(value: Any, annotation: Any) -> bool:
    """Return whether an annotation, which is not that of a config class, says that a value may stand there."""
    is_said = not (says_nothing(plain(annotation)) or alternatives(annotation))
    return is_said and fits(value, annotation)


def is_of_items(annotation: Any) -> bool:
    """Return whether an annotation is that of a list, tuple or set, or of what each of them is, as `Sequence[int]`."""
    kind = typing.get_origin(annotation) or annotation
    is_said = isinstance(kind, type) and bool(typing.get_args(annotation)) and issubclass(kind, Iterable)
    return kind in (list, tuple, set, frozenset) or (is_said and not issubclass(kind, Mapping))


def takes_groups(annotation: Any) -> bool:
    """Return whether an annotation, which is not that of a config class, says that a dict may stand there."""
    if says_nothing(plain(annotation)) or alternatives(annotation):
        return False
    kinds = (typing.get_origin(one) or one for one in options(plain(annotation)))
    return any(isinstance(kind, type) and _takes_dicts(kind) for kind in kinds)


def key_types(annotation: Any) -> list[Any]:
    """
    Return what an annotation says of the keys of a dict that may have any of them.

    Nothing where it does not say what stands there: a mistyped name could be told by nothing then.

    Example:
        >>> [key_types(one) for one in (dict[str, int] | None, Mapping[int, float], dict[str, Any], list[int])]
        [[<class 'str'>], [<class 'int'>], [], []]
    """
    if says_nothing(annotation):
        return []
    found = ((typing.get_origin(one), typing.get_args(one)) for one in options(plain(annotation)))
    kinds = ((kind, args) for kind, args in found if len(args) == 2 and not says_nothing(args[1]))
    return [args[0] for kind, args in kinds if isinstance(kind, type) and issubclass(kind, Mapping)]


def _takes_dicts(kind: type) -> bool:
    if kind is object or getattr(kind, "_is_protocol", False):
        return False
    return _is_typed_dict(kind) or issubclass(dict, kind)


def _is_typed_dict(kind: type) -> bool:
    """Return whether a class is a TypedDict, of `typing` or of `typing_extensions`: it answers no `issubclass`."""
    return issubclass(kind, dict) and hasattr(kind, "__total__")


def _is_read(value: Any, annotation: Any) -> bool:
    try:
        read_by_pydantic(annotation, value)
    except ValueError:
        return False
    return True


def _fields_fit(group: Mapping[Any, Any], kind: Any) -> bool:
    fields = fields_of(kind)
    items = ((key, item) for key, item in group.items() if key != CHOICE)
    return all(fits(item, fields[key].annotation) if key in fields else takes_more(kind) for key, item in items)


def _is_instance(value: Any, kind: type) -> bool:
    own = plain_type(type(value))
    if own is bool and kind in (int, float, complex):
        return False
    return isinstance(value, kind) or issubclass(own, kind) or own in _ALSO_TAKES.get(kind, ())


def _items_fit(value: Any, kind: type, args: tuple[Any, ...]) -> bool:
    if not args or hasattr(kind, "_fields"):  # the items of a named tuple are judged one by one
        return True
    if issubclass(kind, tuple) and not (len(args) == 2 and args[1] is ...):
        return len(value) == len(args) and all(map(fits, value, args))
    if issubclass(kind, Mapping) and len(args) == 2:
        return all(fits(key, args[0]) and fits(item, args[1]) for key, item in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return all(fits(item, args[0]) for item in value)
    return not isinstance(value, str)  # of `Sequence[str]` too, though one is a sequence of its letters


def inside(annotation: Any, part: Part) -> Any:
    """Return what an annotation says of the item that a part of a path names; MISSING where it says nothing."""
    return _inside_any(options(plain(annotation)), part)


def _inside_any(options: Iterable[Any], part: Part) -> Any:
    """Return what is said of an item by options of which any may be meant: a union; of classes what the first says."""
    found = [said for said in (_inside(option, part) for option in options) if said is not MISSING]
    others = [said for said in found if said != found[0]]
    if not others:
        return found[0] if found else MISSING
    try:
        joined = _UNION[(found[0], *others)]
    except TypeError:  # what stands beside a type in Annotated has no hash, for which older Pythons ask
        return found[0]
    # a group in `list[Cat] | list[Dog]` does not say of which class it is, as one in `list[Cat | Dog]` does
    return found[0] if is_chosen(joined) and not is_chosen(found[0]) else joined


def _inside(option: Any, part: Part) -> Any:
    kind, args = typing.get_origin(option) or option, typing.get_args(option)
    if not isinstance(kind, type):
        return MISSING
    if hasattr(kind, "_fields") or _is_typed_dict(kind):
        names = getattr(kind, "_fields", ())
        is_place = is_whole_number(part) and -len(names) <= int(part) < len(names)
        return of_fields(option).get(names[int(part)] if is_place else str(part), MISSING)
    if args and issubclass(kind, Mapping):
        return args[-1]
    if (len(args) == 2 and issubclass(kind, tuple) and args[1] is not ...) or len(args) > 2:
        number = int(part) if is_whole_number(part) else len(args)
        return args[number] if -len(args) <= number < len(args) else MISSING
    return args[0] if args else of_fields(kind).get(str(part), MISSING)


def of_fields(kind: Any) -> Mapping[str, Any]:
    """Return what a class of configs, named tuple or typed dict says of its fields; nothing for other classes."""
    if is_config_class(kind):
        return {name: field.annotation for name, field in fields_of(kind).items()}
    made = typing.get_origin(kind) or kind
    if not (hasattr(made, "_fields") or _is_typed_dict(made)):
        return {}
    try:
        said = typing.get_type_hints(made, include_extras=True)
    except Exception:  # a name that is not there at run time
        return {}
    variables = dict(zip(getattr(made, "__parameters__", ()), typing.get_args(kind), strict=False))
    return {name: filled_in(one, variables) for name, one in said.items()} if variables else said


def plain_type(kind: type) -> type:
    """Return the type of the standard library that a read-only or numpy one stands for."""
    kind = plain_kind(kind)
    if kind.__module__ == "numpy" and "numpy" in sys.modules:
        numpy = sys.modules["numpy"]
        for abstract, plain in ((numpy.bool_, bool), (numpy.integer, int), (numpy.floating, float), (numpy.str_, str)):
            if issubclass(kind, abstract):
                return plain
    return kind


def shown(annotation: Any) -> str:
    """
    Return an annotation as a user writes it, without what stands beside types; an alias as what it stands for.

    Example:
        >>> shown(typing.Optional[int]), shown(typing.Annotated[list[float], "of all"]), shown(typing.Literal["a", 1])
        ('int | None', 'list[float]', "Literal['a', 1]")
    """
    return _shown(annotation, ())


def _shown(annotation: Any, around: tuple[Any, ...]) -> str:
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is None or annotation is types.NoneType:
        return "None"
    if annotation is ...:
        return "..."
    if isinstance(annotation, list):  # of a Callable
        return f"[{_all_shown(annotation, around)}]"
    if origin in _AROUND:
        choice = choice_in(annotation)
        return _shown(args[0], around) if choice is None else repr(choice)
    if is_union(annotation):
        return " | ".join(_shown(one, around) for one in args)
    if origin is typing.Literal:
        return f"Literal[{', '.join(map(_written, args))}]"
    meant = inner(annotation)
    if meant is not annotation and meant is not MISSING and annotation not in around:  # it may name itself
        return _shown(meant, (*around, annotation))
    if args:
        return f"{_shown(origin, around)}[{_all_shown(args, around)}]"
    name = getattr(annotation, "__name__", None) or getattr(annotation, "__forward_arg__", None)
    if name in ("PosixPath", "WindowsPath"):  # which nobody writes
        return "Path"
    return str(name or annotation).replace("typing.", "")


def _all_shown(annotations: Iterable[Any], around: tuple[Any, ...]) -> str:
    return ", ".join(_shown(one, around) for one in annotations)


def _written(value: Any) -> str:
    return f"{type(value).__name__}.{value.name}" if isinstance(value, enum.Enum) else repr(value)
