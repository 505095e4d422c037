# The commands that every experiment has, byte for byte.
# $ python built_in_commands.py print_config with seed=1
# $ python built_in_commands.py print_config with seed=1 a=7 d.x=text new=3 d.sub.k=9 -f
# $ python built_in_commands.py print_config with seed=1 long.text=short tuple=5
# $ python built_in_commands.py print_named_configs
# $ python built_in_commands.py save_config with seed=1
# $ python built_in_commands.py save_config with seed=1 config_filename=other.json a=9
# $ python built_in_commands.py -p with seed=1 a=2
# $ python built_in_commands.py formatted
"""Commands of every experiment."""

from sacred import Experiment
from sacred.commands import COLOR_ADDED, COLOR_MODIFIED, ENDC, LEGEND, _format_config, help_for_command
from sacred.config.config_summary import ConfigSummary

ex = Experiment("built_in")


@ex.config
def own():
    """
    Documented entries.

    In several lines.
    """
    a = 1  # the a
    b = None
    zeta = "last"
    a_name_that_goes_on_and_on_and_on = 1  # far right
    text = "quote ' and \" and ümlaut"
    # a dict
    d = {"x": 1, "sub": {"k": [1, 2, 3], "empty": {}}, "e": {}}
    long = {"text": "word " * 30, "numbers": list(range(40)), "pairs": {str(n): n for n in range(3)}}
    tuple = (1, 2)
    f = 1e-7
    flag = False


@ex.named_config
def short():
    """One line."""
    a = 2


@ex.named_config
def undocumented():
    a = 3


@ex.named_config
def long_text():
    """
    Several lines
      with indentation

    and a paragraph.
    """
    a = 4


ex.add_named_config("from_dict", {"a": 5})


@ex.command(unobserved=True)
def formatted():
    summary = ConfigSummary(added={"new"}, modified={"a"}, typechanged={"t": (int, str)}, docs={"a": "the a"})
    summary.update({"a": 1, "new": 2, "t": "x"})
    print(repr(_format_config({"a": 1, "new": 2, "t": "x"}, summary)))
    print(repr(LEGEND), repr(COLOR_ADDED), repr(COLOR_MODIFIED), repr(ENDC))
    print(repr(help_for_command(formatted)))


@ex.automain
def main(a):
    print(a)
