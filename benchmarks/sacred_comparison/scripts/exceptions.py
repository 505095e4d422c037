# Exceptions.
# $ python exceptions.py
"""Classes, bases and texts of exceptions."""

from sacred import Ingredient, utils
from sacred.host_info import IgnoreHostInfo
from sacred.settings import SettingError

NAMES = """ObserverError SacredInterrupt TimeoutInterrupt SacredError CircularDependencyError ConfigError
InvalidConfigError ConfigAddedError MissingConfigError NamedConfigNotFoundError SignatureError""".split()

for kind in [getattr(utils, name) for name in NAMES] + [SettingError, IgnoreHostInfo]:
    print(kind.__name__, [base.__name__ for base in kind.__mro__[1:-2]], getattr(kind, "STATUS", ""), kind.__module__)

for error in [
    utils.SacredError("message"),
    utils.ConfigError("message", conflicting_configs=("a", "b.c"), config={"a": 3, "b": {"c": 4}}),
    utils.ConfigAddedError(conflicting_configs=("a",), config={"a": 3}),
    utils.ConfigAddedError(conflicting_configs="a", config={"a": 3}, captured_args=("x",), print_suggestions=True),
    utils.MissingConfigError(missing_configs=["x", "y"]),
    utils.MissingConfigError("lacks", missing_configs=["x"]),
    utils.CircularDependencyError(ingredients=[Ingredient("a"), Ingredient("b")]),
    utils.InvalidConfigError("bad", conflicting_configs=("a",), print_conflicting_configs=False),
]:
    flags = error.print_traceback, error.filter_traceback, error.print_usage
    print(type(error).__name__, flags, str(error).splitlines())

try:
    utils.SacredError("x", filter_traceback="sometimes")
except ValueError as error:
    print(error)
try:
    with utils.ConfigError.track({"a": 5}):
        raise utils.ConfigError("inside", conflicting_configs=("a",))
except utils.ConfigError as error:
    print(str(error).splitlines())


def filtered(mode):
    try:
        try:
            1 / 0
        except ZeroDivisionError as cause:
            raise KeyError("k") from cause
    except KeyError:
        return utils.format_filtered_stacktrace(mode)


print(filtered("default"))
print(filtered("always"))
try:
    filtered("sometimes")
except ValueError as error:
    print(error)
for flags in [{}, {"print_usage": True}, {"print_traceback": False}]:
    try:
        raise utils.SacredError("message", **flags)
    except utils.SacredError as error:
        print(utils.format_sacred_error(error, "USAGE"))
