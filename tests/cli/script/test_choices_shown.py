"""What a command line shows of typed entries and choices: help, print_config and --dry-run."""

import enum
import functools
import operator
import re
from dataclasses import dataclass, make_dataclass
from typing import Annotated, Generic, Literal, TypeVar

import pytest

from expframe import Choice, Experiment, Ge, Gt, Le, Log
from expframe.cli.render import config_text
from expframe.errors import UnknownEntryError
from expframe.testing import run_cli

T = TypeVar("T")


@dataclass
class Resnet:
    """A residual network."""

    depth: int = 34  # how many layers
    width: int = 64


@dataclass(frozen=True)
class Vit:
    """
    A transformer.

    Of patches.
    """

    depth: int = 6
    patch: Annotated[int, Gt(0)] = 16
    """the side of a patch"""
    dropout: float | None = None


@dataclass
class Needy:
    """A network whose size must be given."""

    size: int
    depth: int = 1


@dataclass
class More:
    """A config with what must be given."""

    head: Needy


@dataclass
class Box(Generic[T]):
    """A box."""

    content: T  # what is in it


class Color(enum.Enum):
    """Some colours."""

    RED = 1
    GREEN = 2


@pytest.fixture
def ex():
    """Return an experiment with a typed config."""
    ex = Experiment("typed", ghost=True)

    @ex.config
    class Config:
        # how far to go
        lr: Annotated[float, Ge(1e-5), Le(1.0), Log] = 0.1
        layers: tuple[int, ...] = (64, 64)
        # which network
        model: Resnet | Vit | Needy | None = Resnet(depth=18)
        other: Annotated[object, Choice(Resnet, big="nowhere.at_all:BigNet")] = Resnet()
        maybe: Vit | None = None
        mode: Literal["fast", "slow"] = "fast"
        color: Color = Color.RED
        size: int  # of it all

    @ex.main
    def main(cfg: Config, lr):
        return cfg

    return ex


def lines_of(ex, words, **how):
    """Return the lines that a command line prints, with N for the numbers of lines of code."""
    result = run_cli(ex, words, **how)

    assert 0 == result.exit_code, result.stderr
    return re.sub(r"(?<=\.py:)\d+", "N", result.stdout).splitlines()


class TestHelp:
    """Help shows what was chosen, and the rest where it is asked for."""

    def test_types_are_shown_as_they_are_written(self, ex):
        """An entry has its annotation, its bounds and its doc; a choice the names of the others."""
        shown = lines_of(ex, "help config")

        assert [
            "Config entries:",
            "  seed = drawn            the seed of all randomness in this run (int)",
            "  lr = 0.1                how far to go (float in [1e-05, 1.0], log)",
            "  layers = (64, 64)       (tuple[int, ...])",
            "  model = resnet          which network (or vit, needy, None)",
            "  model.depth = 18        how many layers (int)",
            "  model.width = 64        (int)",
            "  other = resnet          (or big)",
            "  other.depth = 34        how many layers (int)",
            "  other.width = 64        (int)",
            "  maybe = None            (or vit)",
            "  mode = 'fast'           (Literal['fast', 'slow'])",
            "  color = <Color.RED: 1>  (Color: RED, GREEN)",
            "  size = (required)       of it all (int)",
            "  Fields of others: typed help model",
        ] == [line for line in shown if line]

    def test_what_is_required_is_always_shown(self, ex):
        """A field that has no value and needs one is in a list that is cut, too."""
        ex.add_config({f"entry{number}": number for number in range(20)})
        shown = lines_of(ex, "--help")

        assert any(line.startswith("  size = (required) ") for line in shown)
        assert not any(line.startswith("  entry19 ") for line in shown)

    def test_thirty_alternatives_fit_a_screen(self):
        """Of thirty classes with ten fields each, help takes at most sixty lines for the config, all names in it."""
        fields = [(f"field{number}", float, number / 10) for number in range(10)]
        kinds = [make_dataclass(f"Network{number}", fields, frozen=True) for number in range(30)]
        ex = Experiment("thirty", ghost=True)
        ex.config(make_dataclass("Config", [("model", functools.reduce(operator.or_, kinds), kinds[3]())]))
        shown = lines_of(ex, "--help")
        config = shown[shown.index("Config entries:") :]

        assert len(config) <= 60
        assert len(lines_of(ex, "help model")) <= 60
        assert all(f"network{number}" in " ".join(config) for number in range(30))

    def test_of_what_is_chosen(self, ex):
        """`help model` shows the class that is chosen, its fields, and the others with their docs."""
        first, *shown = lines_of(ex, "help model")

        assert "model = resnet  (or vit, needy, None)" == first
        assert [
            "    which network",
            "",
            "Resnet (test_choices_shown.py:N): A residual network.",
            "",
            "  model.depth = 18  how many layers (int)",
            "  model.width = 64  (int)",
            "",
            "Others:",
            "  vit    A transformer.",
            "  needy  A network whose size must be given.",
            "  Their fields: typed help model=vit",
        ] == shown

    def test_of_another(self, ex):
        """`help model=vit` shows the fields, defaults, bounds and docs of that one."""
        shown = lines_of(ex, "help model=vit")

        assert "Vit (test_choices_shown.py:N): A transformer." in shown
        assert "    Of patches." in shown
        assert "  model.patch = 16      the side of a patch (int above 0)" in shown
        assert "  model.dropout = None  (float | None)" in shown
        assert "  model.size = (required)  (int)" in lines_of(ex, "help model=needy")
        assert "  maybe.depth = 6       (int)" in lines_of(ex, "help maybe=vit")

    def test_texts_are_imported_only_when_they_are_asked_for(self, ex):
        """An alternative that is a text is shown as that; asking for it imports it."""
        assert "  big  (nowhere.at_all:BigNet)" in lines_of(ex, "help other")
        refused = run_cli(ex, "help other=big")

        assert (2, "") == (refused.exit_code, refused.stdout)
        assert refused.stderr.startswith("DefinitionError: choice 'big' (nowhere.at_all:BigNet): cannot be imported: ")

    def test_code_that_puts_another_class_there_imports_no_text(self):
        """An instance of a class that the choice does not name is one more alternative; texts stay texts."""
        ex = Experiment("late", ghost=True)

        @ex.config
        class Config:
            other: Annotated[object, Choice(Resnet, big="nowhere.at_all:BigNet")] = Resnet()

        @ex.config
        def put():
            other = Vit()

        assert "vit" == ex.resolve()["other"]["_choice"]
        assert "other = vit  (or resnet, big)" == lines_of(ex, "help other")[0]

    def test_of_generic_classes(self):
        """Of `Box[int]` the class is shown as any other, with its doc, its place and its fields."""
        ex = Experiment("generic", ghost=True)

        @ex.config
        class Config:
            one: Box[int] | Vit = Box(3)
            two: Vit | Box[str] = Vit()

        head = [
            "one = box  (or vit)",
            "",
            "Box (test_choices_shown.py:N): A box.",
            "",
            "  one.content = 3  what is in it (int)",
        ]
        assert head == lines_of(ex, "help one")[:5]
        assert "  box  A box." in lines_of(ex, "help two")
        assert "  two.content = (required)  what is in it (str)" in lines_of(ex, "help two=box")

    def test_of_an_only_choice(self):
        """Where nothing else can be chosen, nothing is said of others."""
        ex = Experiment("only", ghost=True)

        @ex.config
        def config():
            model = Vit()

        assert "model = vit" == lines_of(ex, "help model")[0]
        assert not [line for line in lines_of(ex, "help config") if "(or" in line or "others" in line]

    def test_of_one_entry(self, ex):
        """`help lr` shows one entry."""
        assert ["lr = 0.1  (float in [1e-05, 1.0], log)", "    how far to go"] == lines_of(ex, "help lr")[:2]
        assert ["model.width = 64  (int)"] == lines_of(ex, "help model.width")[:1]

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            ("help mdoel", "UnknownTopicError: No command and no config entry 'mdoel'. Did you mean 'model'?"),
            ("help model.dept", "No command and no config entry 'model.dept'. Did you mean 'model.depth'"),
            ("help model=vt", "ChoiceError: 'model=vt': 'model' (test_choices_shown.py:"),
            ("help model=vt", "has no such choice. Did you mean 'vit'? Choices: resnet, vit, needy."),
            ("help lr=3", "UsageError: help lr=3: 'lr' is no choice among groups of entries. Ask: help lr"),
        ],
    )
    def test_what_is_not_there(self, ex, words, says):
        """An unknown name is refused, with the nearest that there is."""
        refused = run_cli(ex, words)

        assert 2 == refused.exit_code
        assert says in refused.stderr


class TestPrinted:
    """A group that is a choice is one line with what is chosen, and its fields below."""

    def test_print_config(self, ex):
        """The choice is shown in the line of its group, with who made it; no line shows how it is stored."""
        shown = lines_of(ex, "print_config with model=vit size=3 model.depth=7")
        start = next(number for number, line in enumerate(shown) if line.startswith("  model"))

        assert shown[start].startswith(
            "  model = vit                       # which network; command line, was resnet (test_choices_shown.py:"
        )
        assert shown[start + 1].startswith("    depth = 7                       # command line, was 6")
        assert "    patch = 16                      # the side of a patch" == shown[start + 2]
        assert not any("_choice =" in line for line in shown)

    def test_choices_in_lists(self):
        """What is chosen for an element of a list is named by the element."""
        ex = Experiment("lists", ghost=True)

        @ex.config
        class Config:
            models: list[Resnet | Vit] = [Resnet()]

        shown = "\n".join(lines_of(ex, "print_config with models.0=vit"))

        assert ".0 by command line, was resnet (" in shown

    def test_colours(self, ex):
        """A choice that was changed has the colour of what was changed, one in which a field was changed likewise."""
        config = ex.resolve("model=vit", "other.depth=3", "size=3")
        shown = config_text(config, colour=True).splitlines()

        assert any(line.startswith("\x1b[38;5;33m  model = vit\x1b[0m") for line in shown)
        assert any(line.startswith("\x1b[38;5;33m  other = resnet\x1b[0m") for line in shown)

    def test_what_is_printed_can_be_asked_for(self, ex):
        """The lines of --dry-run, up to the comments, decide the same config when they are given."""
        words = ["model=vit", "size=3", "model.depth=7", "seed=1"]
        lines = lines_of(ex, ["with", *words, "--dry-run"])[1:]
        given = [line.partition("  #")[0].strip().replace(" = ", "=") for line in lines if " = " in line]
        read = [word for word in given if not word.startswith(("color", "seed"))]

        assert "model=vit" in read
        assert ex.resolve(*words) == ex.resolve(*read, "seed=1")


class TestUnknown:
    """What is no field is refused, with the fields that there are."""

    @pytest.mark.parametrize(
        ("words", "near"),
        [
            (["model.widht=3"], r"'model\.width' \(test_choices_shown.py:\d+\)"),
            (["model=needy", "model.siz=3"], r"'model\.size' \(test_choices_shown.py:\d+\)"),
            (["maybe.drop=0.1"], r"'maybe\.dropout' \(test_choices_shown.py:\d+\)"),
            (["head.siz=3"], r"'head\.size' \(test_choices_shown.py:\d+\)"),
            (["head.size=3", "head.dept=3"], r"'head\.depth' \(test_choices_shown.py:\d+\)"),
            (["head={'size': 3, 'dept': 3}"], r"'head\.depth' \(test_choices_shown.py:\d+\)"),
        ],
    )
    def test_fields_are_suggested_with_their_places(self, ex, words, near):
        """Fields that have no value yet are suggested too; nothing unknown is taken for a field that needs a value."""
        ex.config(More)

        with pytest.raises(UnknownEntryError, match=f"Did you mean {near}"):
            ex.resolve("size=1", *words)
