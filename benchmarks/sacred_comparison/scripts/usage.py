# Usage texts.
# $ python usage.py help
# $ python usage.py
# $ python usage.py help documented
# $ python usage.py help undocumented
# $ python usage.py nothing
# $ python usage.py format
"""
A docstring of several lines.

    With indented text,

and another paragraph.
"""

from sacred import Experiment
from sacred.arg_parser import format_usage, printable_usage

ex = Experiment("usage")


@ex.command
def documented(a, b=2):
    """
    The first line of a command.

    More of it.

    Args:
        a: Something.
    """


@ex.command
def undocumented(a):
    pass


@ex.command(unobserved=True)
def format():
    text = format_usage("prog.py", "  described  ", {"go": documented}, [])
    print(text)
    print("---")
    print(printable_usage(text))


if __name__ == "__main__":
    ex.run_commandline()
