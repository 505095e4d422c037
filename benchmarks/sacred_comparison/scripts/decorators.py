# Decorators.
# $ python decorators.py
# $ python decorators.py bare
# $ python decorators.py called
# $ python decorators.py prefixed
# $ python decorators.py replaced
# $ python decorators.py "<lambda>"
"""Every way to write a decorator."""

from sacred import Experiment

ex = Experiment("decorators")


@ex.config
def numbers():
    a = 1
    group = {"a": 10, "inner": {"a": 100}}


def attempt(what, function):
    try:
        result = function()
    except Exception as error:
        print(f"{what}: {type(error).__name__}: {error}")
    else:
        print(f"{what}: {type(result).__name__}")


@ex.capture
def plain(a):
    return a


@ex.capture()
def parentheses(a):
    return a


@ex.capture(prefix="group")
def below(a):
    return a


@ex.capture(prefix="group.inner")
def deeper(a):
    return a


@ex.command
def bare(a):
    print("bare", a)


@ex.command()
def called(a):
    print("called", a)


@ex.command(prefix="group", unobserved=True)
def prefixed(a):
    """A command of a group."""
    print("prefixed", a)


@ex.command
def replaced():
    print("the first")


@ex.command  # noqa: F811
def replaced(a):  # noqa: F811
    print("the second", a)


@ex.pre_run_hook
def before(a):
    print("before", a)


@ex.post_run_hook(prefix="group")
def after(a):
    print("after", a)


print(type(numbers).__name__, numbers()["group"]["inner"])
print(ex.capture(plain) is plain, len(ex.captured_functions), prefixed.unobserved, bare.unobserved, prefixed.prefix)
print(plain.__name__, below.__doc__, prefixed.__doc__, [hook.__name__ for hook in ex.pre_run_hooks])
attempt("hook with too little", lambda: ex.config_hook(lambda config: config))
attempt("hook with defaults", lambda: ex.config_hook(lambda config, command_name, logger=None: config))
attempt("option hook without options", lambda: ex.option_hook(lambda args: None))


@ex.named_config
def twice():
    a = 2


attempt("named config twice", lambda: ex.add_named_config("twice", {"a": 3}))
ex.command(lambda a: print("lambda", a))


@ex.automain
def main(a):
    print("main", a, plain(), parentheses(), below(), deeper(), ex.default_command)
    return a
