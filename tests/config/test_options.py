"""Options as Python values are read and checked as those of the command line."""

from pathlib import Path

import pytest

from expframe.errors import OptionError


@pytest.fixture
def options(ex):
    """Return the options that a run was given, by field."""
    ex.main(lambda: None)

    def ask(**given):
        return ex.run(options={"dry_run": True, **given}).request.options

    return ask


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("force", "no", False),
        ("force", "Yes", True),
        ("force", 1, True),
        ("force", "off", False),
        ("id", 7, "7"),
        ("comment", 3, "3"),
        ("file_storage", Path("there"), "there"),
        ("grace", "2.5", 2.5),
        ("grace", 2, 2.0),
        ("priority", "-1", -1.0),
        ("beat_interval", None, 10.0),
        ("tag", "a, b", ("a", "b")),
        ("tag", ["a", "b,c"], ("a", "b", "c")),
        ("loglevel", 10, 10),
        ("loglevel", "DEBUG", "DEBUG"),
    ],
)
def test_a_value_is_read_as_that_of_the_command_line(options, name, given, expected):
    """A text or a value in Python becomes what the flag of this name gives."""
    actual = getattr(options(**{name: given}), name)

    assert (expected, type(expected)) == (actual, type(actual))


@pytest.mark.parametrize("name", ["comment", "--comment", "-c"])
def test_an_option_is_named_by_its_field_or_by_a_flag(options, name):
    """Each spelling of a flag names its option, and so does its field."""
    assert "again" == options(**{name: "again"}).comment


@pytest.mark.parametrize(
    ("name", "says"), [("comet", "Did you mean 'comment'?"), ("-Z", "There are: ")], ids=["near", "far"]
)
def test_an_unknown_option_is_told_of_with_those_that_there_are(options, name, says):
    """An option that is none is an error that names what may be meant."""
    with pytest.raises(OptionError, match=f"option '{name}': is unknown. {says}"):
        options(**{name: 1})


@pytest.mark.parametrize(
    ("name", "given", "takes"),
    [
        ("force", "maybe", "True or False"),
        ("unobserved", 2, "True or False"),
        ("needed", [], "True or False"),
        ("grace", -3, "a number from 0 on"),
        ("grace", "nan", "a number from 0 on"),
        ("grace", True, "a number from 0 on"),
        ("beat_interval", "-1", "a number from 0 on"),
        ("priority", "high", "a number"),
        ("id", True, "a text"),
        ("id", 1.5, "a text"),
        ("comment", ["a"], "a text"),
        ("capture", "all", "no, sys or fd"),
        ("capture", ["fd"], "no, sys or fd"),
        ("tag", 7, "texts"),
        ("tag", [7], "texts"),
        ("loglevel", True, "a level"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(options, name, given, takes):
    """What the command line would not take is refused in Python too, and nothing is started."""
    with pytest.raises(OptionError, match=rf"--{name.replace('_', '-')}=.*: takes {takes}"):
        options(**{name: given})
