"""
How a function reaches another process: by name where it is found there, in a module or a script; else by value.

By value is what cloudpickle can do, and with it joblib and dask: it takes functions of notebooks, lambdas and inner
ones apart. What pickle is given for those is their name again, which a forked process knows.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from expframe.config.signatures import signature_of
from expframe.errors import BindError
from expframe.process import notebook

if TYPE_CHECKING:  # wrapt 1.17 has no types, wrapt 2 has generic ones

    class _ObjectProxy:
        """Is in all else what it wraps."""

        __wrapped__: Any
        __name__: str

        def __init__(self, wrapped: Any) -> None: ...
        def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
        def __getattr__(self, name: str) -> Any: ...

    class _BoundFunctionWrapper(_ObjectProxy): ...

    class _FunctionWrapper(_ObjectProxy):
        def __init__(self, wrapped: Any, wrapper: Callable[..., Any]) -> None: ...
else:
    from wrapt import BoundFunctionWrapper as _BoundFunctionWrapper
    from wrapt import FunctionWrapper as _FunctionWrapper
    from wrapt import ObjectProxy as _ObjectProxy


class Name(NamedTuple):
    """
    Where a process finds something: in a module, or in the script.

    Attributes:
        path: `module:qualname`.
        script: What a process that does not run the script needs to load it; None where it is in no script.
    """

    path: str
    script: dict[str, str] | None

    def find(self) -> Any:
        """Return what has the name, where need be after loading the script as a spawned process of Python's does."""
        from expframe.config.json_values import find_by_name

        if self.script is not None:
            from multiprocessing.spawn import prepare

            prepare(self.script)  # does nothing where it has been done
        return find_by_name(self.path)

    @property
    def is_known_elsewhere(self) -> bool:
        """Whether a process that was not forked from this one finds it."""
        return self.script is not None or not is_main(self.path.partition(":")[0])

    @property
    def is_in_class_of_script(self) -> bool:
        """Whether it is a method of a class of the script."""
        return self.script is not None and "." in self.path.partition(":")[2]


def is_main(module_name: str) -> bool:
    """Return whether a module is the script, in its own process or in one that loaded it to find a function."""
    return module_name in ("__main__", "__mp_main__")


def name_in(module_name: str, path: str, wanted: Any) -> Name | None:
    """
    Return the name of a function or object in its module, None where it has none.

    Args:
        module_name: The module.
        path: The name that it was given first.
        wanted: The function or object. It may have another name at the top level.
    """
    module = sys.modules.get(module_name)
    if module is None:
        return None
    found: Any = module
    for part in path.split("."):
        found = inspect.getattr_static(found, part, None)
    if found is not wanted and not (isinstance(found, _AROUND) and found.__wrapped__ is wanted):
        names = [name for name, value in vars(module).items() if value is wanted]
        if not names:
            return None
        path = names[0]
    return Name(f"{module_name}:{path}", _script(module) if is_main(module_name) else None)


def is_made_by_init(kind: Any) -> bool:
    """
    Return whether something is a class that is being defined, and made by an `__init__` that is written in Python.

    One that its module has already, as those of libraries, belongs to others too.
    """
    if not isinstance(kind, type):
        return False
    init, new = inspect.getattr_static(kind, "__init__"), inspect.getattr_static(kind, "__new__")
    is_by_init_alone = isinstance(init, FunctionType) and new is inspect.getattr_static(object, "__new__")
    if not is_by_init_alone or name_in(kind.__module__, kind.__qualname__, kind) is not None:
        return False
    return [*signature_of(kind).parameters] == [*signature_of(init).parameters][1:]


def _script(module: ModuleType) -> dict[str, str] | None:
    """Return what a process needs to load the script, None where there is none: in a notebook, or at a prompt."""
    main = sys.modules["__main__"]
    spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
    if notebook.find_shell() is not None or main is not module:
        return None
    if spec is not None:
        is_loaded = not spec.name.endswith("__main__")  # what a spawned process of Python's does not load either
        return {"init_main_from_name": spec.name} if is_loaded else None
    return {"init_main_from_path": os.path.abspath(file)} if file else None


def name_of(function: Any) -> Name:
    """
    Return the name of a function.

    Raises:
        BindError: It has none.
    """
    name = name_in(function.__module__, function.__qualname__, function)
    if name is None:
        problem = "cannot be found again in another process. Define it at the top level of a module."
        raise BindError(f"function {function.__module__}:{function.__qualname__}", problem)
    return name


def name_elsewhere(function: Any) -> Name | None:
    """Return the name by which any process finds a function, None where only one that was forked from here would."""
    name = name_in(function.__module__, function.__qualname__, function)
    return name if name is not None and name.is_known_elsewhere else None


def sent(function: Any) -> Any:
    """
    Return what another process is given for something to call: the name of a function, or what goes by value.

    What is no plain function, such as a partial or a method of an object, says itself how it is pickled.
    """
    if isinstance(function, WrappedFunction | BoundWrappedFunction) or not isinstance(function, FunctionType):
        return function
    return name_elsewhere(function) or ByValue(function)


def arrived(given: Any) -> Any:
    """Return, in the other process, the function for which `sent` was given."""
    return given.find() if isinstance(given, Name) else given


class ByValue(_ObjectProxy):
    """
    A function that cloudpickle takes for what it is, and sends along by value; pickle sends its name.

    Args:
        function: The function.
        name: The name of what stands around it, where it has none itself.
    """

    def __init__(self, function: Any, name: Name | None = None) -> None:
        super().__init__(function)
        self._self_name = name

    def __reduce_ex__(self, _protocol: Any) -> Any:
        return _find, (self._self_name or name_of(self.__wrapped__),)


class BoundWrappedFunction(_BoundFunctionWrapper):
    """A method with something around its calls, bound to its object."""

    def __reduce_ex__(self, _protocol: Any) -> Any:
        return getattr, (self._self_instance, self.__name__)


class WrappedFunction(_FunctionWrapper):
    """A function with something around its calls. Copies of it are itself; it is pickled by reference."""

    __bound_function_wrapper__ = BoundWrappedFunction

    def __copy__(self) -> WrappedFunction:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> WrappedFunction:
        return self

    def __reduce_ex__(self, _protocol: Any) -> Any:
        return _find, (name_of(self),)


_AROUND = (staticmethod, classmethod, WrappedFunction)


def _find(name: Name) -> Any:
    return name.find()
