"""Sacred's command line: words, usage text, the built-in commands, options, how errors are shown."""

import json
import logging
import os
import subprocess
import sys
import textwrap

import pytest
from interpreter import ROOT, run_python

from expframe.compat.sacred import SETTINGS, Experiment, Ingredient, cli_option
from expframe.compat.sacred._own.exceptions import InvalidConfigError
from expframe.compat.sacred.arg_parser import format_usage, get_config_updates, printable_usage
from expframe.compat.sacred.commandline_options import CLIOption, CommandLineOption, help_option
from expframe.compat.sacred.commands import (
    COLOR_ADDED,
    COLOR_DIRTY,
    COLOR_DOC,
    COLOR_MODIFIED,
    COLOR_TYPECHANGED,
    ENDC,
    LEGEND,
    ConfigEntry,
    PathEntry,
    _format_config,
    _format_entry,
    _format_named_configs,
    _iterate_marked,
    help_for_command,
)
from expframe.compat.sacred.config import ConfigDict, ConfigScope
from expframe.compat.sacred.config.config_summary import ConfigSummary
from expframe.compat.sacred.experiment import gather_command_line_options


@pytest.fixture
def ex():
    """Return a new experiment with a command."""
    ex = Experiment("line")
    ex.add_config(a=1, d={"x": 1})

    @ex.main
    def main(a, d):
        """Does it."""
        return a, d

    return ex


@pytest.fixture(autouse=True)
def quiet_root():
    """Leave the root logger as it was."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


# --------------------------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", {}),
        ("main", {"COMMAND": "main"}),
        ("with a=1 b", {"with": True, "UPDATE": ["a=1", "b"]}),
        ("main with a=1", {"COMMAND": "main", "with": True, "UPDATE": ["a=1"]}),
        (
            "main -f with a=1 -u b=2",
            {"COMMAND": "main", "--force": True, "--unobserved": True, "UPDATE": ["a=1", "b=2"]},
        ),
        ("-ud", {"--unobserved": True, "--debug": True}),
        ("-lERROR", {"--loglevel": "ERROR"}),
        ("-l 30 --comment=x", {"--loglevel": "30", "--comment": "x"}),
        ("--comment 'a b'", {"--comment": "a b"}),
        ("--log ERROR", {"--loglevel": "ERROR"}),
        ("with with --", {"with": True, "UPDATE": ["with"]}),
    ],
)
def test_words_become_options(ex, line, expected):
    """Options may be anywhere, short ones together, long ones abbreviated."""
    seen = {}
    ex.option_hook(lambda options: seen.update(options) or (_ for _ in ()).throw(StopHere))

    with pytest.raises(StopHere):
        ex.run_commandline("line.py --debug " + line if "-d" not in line and "-ud" not in line else "line.py " + line)

    for key, value in expected.items():
        assert value == seen[key] if key != "UPDATE" else value == [w for w in seen[key] if w != "--"]


class StopHere(Exception):
    """Ends a run before it starts."""


@pytest.mark.parametrize(
    "line", ["main with", "main a=1", "-C no -C sys", "--debug=3", "--nope", "--pri", "main -h", "--comment"]
)
def test_words_that_do_not_fit_are_refused(ex, line, capsys):
    """The message has the usage lines of `dummy`; the exit status is 1."""
    with pytest.raises(SystemExit) as ended:
        ex.run_commandline(f"line.py {line}")

    assert "Usage:\n  dummy [(with UPDATE...)] [options]\n  dummy help [COMMAND]" in str(ended.value)


def test_argv_is_text_or_texts(ex):
    """Anything else is an error; the first word is the program's name."""
    ex.run_commandline("line.py with a=2")
    assert 2 == ex.run_commandline(["line.py", "with", "a=2"]).result[0]
    with pytest.raises(ValueError, match=r"argv must be str or list, but was <class 'int'>"):
        ex.run_commandline(5)
    with pytest.raises(ValueError, match=r"argv must be list of str but contained the following elements: \[1\]"):
        ex.run_commandline(["x", 1])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("1_000", 1000),
        ("0x1F", 31),
        ("1.5", 1.5),
        ("True", True),
        ("None", None),
        ("'2'", "2"),
        ("[1, (2, 3)]", [1, [2, 3]]),
        ("{1: 2}", {"1": 2}),
        ("007", "007"),
        ("true", "true"),
        ("nan", "nan"),
        ("1 + 2", "1 + 2"),
        ("[1,2", "[1,2"),
        ("", ""),
        ('"a" "b"', "ab"),
        ("1e400", float("inf")),
        ('{"py/tuple": [1, 2]}', (1, 2)),
        ("a=b", "a=b"),
    ],
)
def test_values_are_literals_in_the_form_of_json(text, value):
    """What is no literal is a text."""
    assert ({"x": value}, []) == get_config_updates([f" x = {text}"])


def test_updates_make_nested_dicts():
    """Dotted keys nest, later words win, words without `=` are named configs."""
    assert ({}, []) == get_config_updates(None) == get_config_updates([""])
    assert ({"a": {"b": 2}, "": 5}, ["named"]) == get_config_updates(["a.b=1", "named", "a.b=2", "=5"])
    assert {"a": {"x": 1, "y": 2}} == get_config_updates(['a={"x": 1}', "a.y=2"])[0]
    assert {"a": 2} == get_config_updates(["a.b=1", "a=2"])[0]
    assert {"a": {"0": 3}} == get_config_updates(["a.0=3"])[0]
    for words in (["a=2", "a.b=1"], ["a=b'x'"], ["a={1}"], ["a=..."]):
        with pytest.raises(TypeError):
            get_config_updates(words)


def test_strict_parsing_takes_literals_only(monkeypatch):
    """With the setting, a text must be quoted."""
    monkeypatch.setitem(SETTINGS.COMMAND_LINE, "STRICT_PARSING", True)
    with pytest.raises(ValueError):
        get_config_updates(["a=text"])


def test_code_in_a_value_is_never_executed(ex, tmp_path, monkeypatch, capsys):
    """Tags that would have to be executed are a clear error, and the program exits with 1."""
    monkeypatch.chdir(tmp_path)
    value = '{"py/reduce": [{"py/function": "os.mkdir"}, {"py/tuple": ["made"]}]}'
    with pytest.raises(InvalidConfigError, match=r"holds 'py/reduce': code, which is never executed"):
        get_config_updates([f"a={value}"])
    with pytest.raises(SystemExit) as ended:
        ex.run_commandline(["line.py", "with", f"a={value}"])

    assert 1 == ended.value.code
    assert "code, which is never executed. Write plain values." in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


# --------------------------------------------------------------------------------------------------------------- usage


def test_the_usage_text_has_all_parts():
    """Usage lines, description, options, arguments and commands, each in its form."""

    def short():
        """
        Say it.

        And more.
        """

    text = format_usage("my prog", "  The doc.\n", {"short": short, "another_command": len}, [help_option])

    assert (
        textwrap.dedent("""\
        Usage:
          'my prog' [(with UPDATE...)] [options]
          'my prog' help [COMMAND]
          'my prog' (-h | --help)
          'my prog' COMMAND [(with UPDATE...)] [options]

        The doc.

        Options:
          -h --help                     Show this text, or with COMMAND the text of a
                                        command.


        Arguments:
          COMMAND   The command to run, of those below
          UPDATE    A change of the config, such as foo.bar=17


        Commands:
          short            Say it.
          another_command  Return the number of items in a container.
        """)
        == text
    )
    assert printable_usage(text) == text.partition("\n\n")[0]


def test_a_docstring_is_no_grammar(ex):
    """Words of the module's docstring that look like usage or options change nothing."""
    ex.doc = "Usage: do this\n\n--strange VALUE  is no option\n-z also not"

    assert (1, {"x": 1}) == ex.run_commandline("line.py").result
    with pytest.raises(SystemExit):
        ex.run_commandline("line.py --strange 3")


def test_the_program_is_named_from_the_base_folder(ex):
    """The name in the usage lines is relative, and quoted for a shell."""
    assert ex.get_usage(f"{ex.base_dir}/some dir/x.py")[0].startswith("Usage:\n  'some dir/x.py' [(with")


def test_keys_of_mixed_kinds_are_shown(capsys):
    """`print_config` shows a dict whose keys have no order among each other."""
    ex = Experiment("mixed", save_git_info=False)
    ex.add_config(table={"b": 2, 1: "a", (3, 4): 5})
    ex.run("print_config")
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]

    assert {"b = 2", "1 = 'a'", "(3, 4) = 5"} <= {*lines}


def test_help_is_printed(ex, capsys):
    """Of the program, or of one command; of an unknown one the commands there are."""
    for line in ("help", "-h", "--help"):
        with pytest.raises(SystemExit) as ended:
            ex.run_commandline(f"line.py {line}")
        assert not ended.value.code
    shown = capsys.readouterr().out
    assert 3 == shown.count("Commands:\n  print_config         Show the config as it would be for a run.")
    with pytest.raises(SystemExit):
        ex.run_commandline("line.py help main")
    assert "main(a, d)\n    Does it.\n\n" == capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        ex.run_commandline("line.py help nope")
    assert 1 == ended.value.code
    assert 'Error: Command "nope" not found. Available commands are: print_config,' in capsys.readouterr().out


def test_help_needs_no_main_function(capsys):
    """`--help` and `help` work alike."""
    for line in ("--help", "help"):
        with pytest.raises(SystemExit) as ended:
            Experiment("none").run_commandline(f"x.py {line}")
        assert not ended.value.code
    with pytest.raises(SystemExit) as ended:
        Experiment("none").run_commandline("x.py")
    assert 1 == ended.value.code
    assert "Error: No command found to be run. Specify a command or define main function." in capsys.readouterr().out


# ------------------------------------------------------------------------------------------------------------- options


def test_options_of_ones_own_are_applied(capsys):
    """A flag gets True, others their text; both spellings work; the docstring is the help."""
    seen = []

    @cli_option("-w", "--warn-level")
    def warn(args, run):
        """How loud."""
        seen.append((args, run.config["a"]))

    @cli_option("-y", "--yes", is_flag=True)
    def yes(args, run):
        seen.append(args)

    ex = Experiment("own", additional_cli_options=[warn, yes])
    ex.add_config(a=3)
    ex.main(lambda: 1)
    ex.run_commandline("x.py -w 5 --yes")
    ex.run_commandline("x.py --warn-level=6")
    ex.run(options={"--yes": True})

    assert [("5", 3), True, ("6", 3), True] == seen
    assert "  -w VALUE --warn-level=VALUE   How loud." in ex.get_usage()[1]
    assert {"--warn-level": None, "--yes": False}.items() <= ex.get_default_options().items()
    assert ("-w", "--warn-level") == warn.get_flags() == (warn.get_short_flag(), warn.get_flag())
    warn("7", ex.current_run)
    assert ("7", 3) == seen[-1]


@pytest.mark.parametrize(
    ("short", "long", "text"),
    [
        ("-jk", "--job", "Short flag malformed. One correct short flag would be: `-j`."),
        ("j", "--job", "Short flag malformed"),
        ("-j", "-job", "Long flag malformed. One correct long flag would be: `--my-pretty-flag`"),
        ("-j", "--j", "Long flag malformed"),
    ],
)
def test_malformed_flags_are_refused(short, long, text):
    """A short flag has one letter, a long one at least two."""
    with pytest.raises(ValueError, match=text):
        cli_option(short, long)(lambda args, run: None)


def test_subclasses_of_the_old_class_are_options():
    """They are found by themselves, with a warning, and named after the class."""
    seen = []

    class GoFastOption(CommandLineOption):
        """Go fast."""

        arg = "SPEED"
        arg_description = "how fast"

        @classmethod
        def apply(cls, args, run):
            seen.append(args)

    try:
        with pytest.warns(UserWarning, match="GoFastOption"):
            ex = Experiment("old")
        ex.main(lambda: 1)
        ex.run_commandline("x.py --go_fast 9")
        assert (["9"], "-g", "--go_fast") == (seen, *GoFastOption.get_flags())
        assert "-g" == GoFastOption.get_short_flag()
        assert "  SPEED     how fast" in ex.get_usage()[1]
        GoFastOption._enabled = False
        with pytest.warns(UserWarning):
            assert GoFastOption not in gather_command_line_options(filter_disabled=True)
    finally:
        del GoFastOption, ex
        import gc

        gc.collect()


def test_options_change_the_run(ex, capsys):
    """Id, name, comment, interval, capture and debug are taken from the command line."""
    run = ex.run_commandline("x.py -i 12 -n other -c why -b 2.5 -C sys -d")

    assert ("12", "other", "why", 2.5, "sys", True) == (
        run._id,
        run.experiment_info["name"],
        run.meta_info["comment"],
        run.beat_interval,
        run.capture_mode,
        run.debug,
    )
    ex.run_commandline("x.py -p")
    assert capsys.readouterr().out.startswith(f"Configuration {LEGEND}:\n")
    with pytest.raises(SystemExit):
        ex.run_commandline("x.py -l FOO")


def test_a_dirty_repository_can_be_refused(ex):
    """Without a repository, or with changes in one, `--enforce_clean` is an error."""
    ex.get_experiment_info = lambda: {"name": "x", "repositories": []}
    with pytest.raises(RuntimeError, match=r"No version control detected. Cannot enforce clean repository"):
        ex.run(options={"--enforce_clean": True})
    ex.get_experiment_info = lambda: {"name": "x", "repositories": [{"url": "u", "commit": "c", "dirty": True}]}
    with pytest.raises(RuntimeError, match=r"""EnforceClean: Uncommited changes in the "{.url.: .u.,.*" repository."""):
        ex.run(options={"--enforce_clean": True})


# ------------------------------------------------------------------------------------------------------------ commands


def test_a_config_is_shown_with_marks_and_docs():
    """Values come before dicts, the docstring first of all; a changed line is coloured as a whole."""
    mods = ConfigSummary(added={"b.c"}, modified={"m"}, typechanged={"t": (int, str)}, docs={"a": "the a"})
    config = {"a": 1, "b": {"c": 2, "e": {}}, "__doc__": "One\ntwo", "m": [1], "t": "x"}

    expected = [
        f"Configuration {LEGEND}:",
        f'{COLOR_DOC}  """One\n  two"""{ENDC}',
        f"  a = 1{' ' * 30}{COLOR_DOC}# the a{ENDC}",
        f"{COLOR_MODIFIED}  m = [1]{ENDC}",
        f"{COLOR_TYPECHANGED}  t = 'x'{ENDC}",
        f"{COLOR_MODIFIED}  b:{ENDC}",
        f"{COLOR_ADDED}    c = 2{ENDC}",
        "    e = {}",
    ]
    assert "\n".join(expected) == _format_config(config, mods)
    assert ["__doc__", "a", "m", "t", "b", "b.c", "b.e"] == [path for path, _ in _iterate_marked(config, mods)]


def test_marks_have_an_order():
    """Changed type goes before added, added before modified."""
    assert f"{COLOR_TYPECHANGED}  a = 1{ENDC}" == _format_entry(2, ConfigEntry("a", 1, True, True, (int, str), None))
    assert f"{COLOR_ADDED}  a:{ENDC}" == _format_entry(2, PathEntry("a", True, True, None, None))
    long = "x" * 40
    assert f"  a = '{long}'    {COLOR_DOC}# d{ENDC}" == _format_entry(
        2, ConfigEntry("a", long, False, False, None, "d")
    )


def test_named_configs_are_listed_with_their_docs():
    """A docstring of one line stands behind the name, a longer one below it."""

    def one():
        """One line."""
        a = 1

    def bare():
        a = 1

    named = {"one": ConfigScope(one), "bare": ConfigScope(bare), "dict": ConfigDict({"a": 1})}
    shown = _format_named_configs(named)

    assert (
        f"Named Configurations ({COLOR_DOC}doc{ENDC}):\n  one{COLOR_DOC}   # One line.{ENDC}\n  bare\n  dict" == shown
    )
    assert _format_named_configs({}).endswith("\n  No named configs")


MODULE = '''
"""A module."""
from expframe.compat.sacred import Experiment, Ingredient

ing = Ingredient("data")
ex = Experiment("shown", ingredients=[ing])


@ex.named_config
def longer():
    """Two
    lines."""
    a = 2


@ing.named_config
def big():
    size = 100


@ex.command
def cmd(a=1):
    """Help text."""


@ex.main
def main():
    pass


if __name__ == "__main__":
    ex.run_commandline()
'''


def shown_by(script, *words, **environment):
    """Return exit code, output and error output of a script."""
    done = run_python([script, *words], env={**os.environ, "PYTHONPATH": str(ROOT), **environment})
    return done.returncode, done.stdout, done.stderr


@pytest.mark.once
def test_commands_print_with_colours_unless_told_otherwise(tmp_path):
    """The codes are there without a terminal; NO_COLOR takes them away."""
    script = tmp_path / "shown.py"
    script.write_text(MODULE)

    code, out, _ = shown_by(script, "print_named_configs")
    longer = f'  longer{COLOR_DOC}\n    """Two\n      lines."""{ENDC}'
    assert (0, f"Named Configurations ({COLOR_DOC}doc{ENDC}):\n{longer}\n  data.big\n") == (code, out)
    assert "Named Configurations (doc):" in shown_by(script, "print_named_configs", NO_COLOR="1")[1]
    code, out, _ = shown_by(script, "print_dependencies")
    assert out.startswith("Dependencies:\n  expframe             == 0.1.0\n  numpy                == ")
    assert "\nSources:\n  shown.py                                     " in out
    assert f"shown.py{' ' * 37}"[:45] in out


def test_dirty_repositories_are_marked(ex, capsys):
    """Version control is listed where there is any."""
    from expframe.compat.sacred.commands import print_dependencies

    run = type("FakeRun", (), {})()
    run.experiment_info = {
        "dependencies": ["a==1"],
        "sources": [("x.py", "md5")],
        "repositories": [{"url": "git@x", "commit": "c1", "dirty": True}, {"url": "y", "commit": "c2", "dirty": False}],
    }
    print_dependencies(run)

    assert (
        f"\nVersion Control:\n{COLOR_DIRTY}M git@x{' ' * 38}  c1{ENDC}\n  y{' ' * 42}  c2{ENDC}\n\n"
        in capsys.readouterr().out
    )


def test_a_saved_config_can_be_given_again(ex, tmp_path, monkeypatch):
    """`save_config` writes what was decided, `with FILE` takes it."""
    monkeypatch.chdir(tmp_path)
    ex.run_commandline("x.py save_config with a=5 seed=3")
    ex.run_commandline("x.py save_config with d.x=7 seed=3 config_filename=other.yaml")

    assert {"a": 5, "d": {"x": 1}, "seed": 3} == json.loads((tmp_path / "config.json").read_text())
    assert "a: 1\nd:\n  x: 7\nseed: 3\n" == (tmp_path / "other.yaml").read_text()
    assert (5, {"x": 1}) == ex.run_commandline("x.py with config.json").result
    assert (1, {"x": 7}) == ex.run_commandline("x.py with other.yaml").result


def test_help_of_a_command_is_plain_text():
    """Signature and docstring, without overstrikes."""

    def command(a, b=3):
        """
        Do.

        More.
        """

    assert "command(a, b=3)\n    Do.\n\n    More.\n" == "\n".join(
        line.rstrip() for line in help_for_command(command).split("\n")
    )


# -------------------------------------------------------------------------------------------------------------- errors


ERRORS = """
from expframe.compat.sacred import Experiment
from expframe.compat.sacred.utils import MissingConfigError, SacredError

ex = Experiment("errors")


@ex.capture
def lacks(b):
    return b


@ex.command
def missing():
    lacks()


@ex.command
def chained():
    try:
        1 / 0
    except ZeroDivisionError as problem:
        raise ValueError("outer") from problem


@ex.command
def left():
    raise SystemExit(7)


@ex.command
def stopped():
    raise KeyboardInterrupt


@ex.command
def shown():
    raise SacredError("msg", print_usage=True)


if __name__ == "__main__":
    ex.run_commandline()
"""


@pytest.fixture(scope="module")
def errors(tmp_path_factory):
    """Return a script whose commands fail."""
    script = tmp_path_factory.mktemp("errors") / "errors.py"
    script.write_text(ERRORS)
    return script


def test_errors_of_the_user_show_the_users_frames(errors):
    """Frames of the framework are left out all along the chain."""
    code, _, err = shown_by(errors, "chained")

    header = "Traceback (most recent calls WITHOUT Sacred internals):\n"
    assert 1 == code
    assert 2 == err.count(header)
    assert "The above exception was the direct cause of the following exception" in err
    assert err.endswith("ValueError: outer\n\n")
    assert "expframe" not in err.partition(header)[2]


@pytest.mark.once
def test_errors_say_how_they_are_shown(errors):
    """A missing value shows usage and message; unknown entries the message; `--debug` everything."""
    code, _, err = shown_by(errors, "missing")
    assert 1 == code
    assert "Usage:\n  errors.py [(with UPDATE...)] [options]\n" in err
    assert err.endswith("sacred.utils.MissingConfigError: lacks is missing value(s): ['b']\n\n")
    assert "Traceback" not in err
    assert "Traceback (most recent call last)" in shown_by(errors, "missing", "-d")[2]
    err = shown_by(errors, "chained", "with", "new=1")[2]
    assert "sacred.utils.ConfigAddedError: Added new config entry that is not used anywhere\n" in err
    assert "Usage:" in shown_by(errors, "shown")[2]
    within = shown_by(errors, "chained", "with", "x.y")[2]
    assert within.startswith("Exception originated from within Sacred.\nTraceback (most recent calls):\n")
    assert within.endswith("KeyError: 'Ingredient for named config \"x.y\" not found'\n")


def test_exit_codes(errors):
    """What the command exits with is the program's; Ctrl-C is 130; a debugger leaves 0."""
    assert 7 == shown_by(errors, "left")[0]
    assert 130 == shown_by(errors, "stopped")[0] % 256 or -2 == shown_by(errors, "stopped")[0]
    assert 1 == shown_by(errors, "nope")[0]
    done = subprocess.run(
        [sys.executable, errors, "chained", "--pdb"], input="q\n", capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode
    assert "(Pdb)" in done.stdout
