"""Whatever is chosen and set by whom: the highest choice counts, and fields are laid over what stood there."""

import json
from dataclasses import asdict, dataclass, field, make_dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expframe import Experiment, thaw
from expframe.errors import ChoiceError, EntryTypeError, MissingEntryError


@dataclass(frozen=True)
class Inner:
    """A part of a part."""

    size: int = 1
    name: str = "inner"


@dataclass(frozen=True)
class Small:
    """One alternative."""

    depth: int = 2
    inner: Inner = Inner(5)


@dataclass(frozen=True)
class Large:
    """Another, which shares a field."""

    depth: int = 9
    width: float = 0.5
    inner: Inner = Inner(7)


KINDS = {"small": Small, "large": Large}
STANDING = Small(depth=3)
SOURCES = ("named dict", "another named dict", "file", "words")
ORIGINS = {
    None: "config class",
    "named dict": "named config",
    "another named dict": "named config",
    "file": "file",
    "words": "command line",
}
FIELDS = {
    "depth": st.integers(0, 99),
    "width": st.floats(0, 1, allow_nan=False),
    "inner.size": st.integers(0, 99),
    "inner.name": st.sampled_from(["a", "b"]),
}


@st.composite
def tiers(draw):
    """Return, for some sources, what they choose and the fields that they set of what is chosen by then."""
    found, kind = {}, "small"
    for source in SOURCES:
        if draw(st.booleans()):
            choice = draw(st.sampled_from([None, *KINDS]))
            kind = choice or kind
            names = [name for name in FIELDS if name.partition(".")[0] in KINDS[kind].__dataclass_fields__]
            chosen = draw(st.lists(st.sampled_from(names), unique=True))
            if choice or chosen:
                found[source] = choice, {name: draw(FIELDS[name]) for name in chosen}
    return found


def laid(instance, fields):
    """Return an instance with some fields, which may be of its inner one, set."""
    for name, value in fields.items():
        outer, _, below = name.partition(".")
        instance = replace(instance, **{outer: replace(instance.inner, **{below: value}) if below else value})
    return instance


def nested(choice, fields):
    """Return what a dict says that chooses and sets fields."""
    found = {"_choice": choice} if choice else {}
    for name, value in fields.items():
        outer, _, below = name.partition(".")
        if below:
            found.setdefault(outer, {})[below] = value
        else:
            found[name] = value
    return found


@given(tiers(), st.randoms(use_true_random=False))
def test_choices_and_fields_by_precedence(tmp_path, found, random):
    """The highest choice counts, and of fields what was said of it, laid over its defaults or what stood there."""
    ex = Experiment("test", ghost=True)

    @ex.config
    class Config:
        model: Small | Large = STANDING

    @ex.main
    def main(model):
        return model

    kind, instances, named, words = "small", {"small": STANDING, "large": Large()}, [], []
    said_by = {"small": {}, "large": {}}
    for source, (choice, fields) in found.items():
        kind = choice or kind
        said_by[kind] |= dict.fromkeys(fields, source)
        instances[kind] = laid(instances[kind], fields)
        said = nested(choice, fields)
        if source == "words":
            words = [f"model={choice}"] * bool(choice) + [f"model.{name}={value!r}" for name, value in fields.items()]
            random.shuffle(words)
        elif source == "file":
            file = tmp_path / "config.json"
            file.write_text(json.dumps({"model": said}))
            named.append(str(file))
        else:
            ex.add_named_config(source.replace(" ", "_"), model=said)
            named.append(source.replace(" ", "_"))
    config, expected = ex.resolve(*words, named=named), instances[kind]

    assert expected == config.objects["model"]
    assert {"_choice": type(expected).__name__.lower(), **asdict(expected)} == thaw(config["model"])
    for name in ("depth", "inner.size", "inner.name"):
        assert ORIGINS[said_by[kind].get(name)] == config.origins[f"model.{name}"].kind, name


@dataclass(frozen=True)
class First:
    """A choice with a choice in it."""

    part: Small | Large = Small(depth=4)
    size: int = 1


@dataclass(frozen=True)
class Second:
    """Another one, in which another part stands."""

    part: Small | Large = Large(width=0.25)
    size: int = 2


@st.composite
def groups(draw):
    """Return a dict of fields of a choice with a choice in it, where a choice alone may be a word."""
    found = {"_choice": draw(st.sampled_from(["first", "second"]))} if draw(st.booleans()) else {}
    if draw(st.booleans()):
        found["size"] = draw(st.integers(0, 99))
    chosen = draw(st.sampled_from([None, *KINDS]))
    depth = {"depth": draw(st.integers(0, 99))} if draw(st.booleans()) else {}
    part = {**({"_choice": chosen} if chosen else {}), **depth}
    if part:
        found["part"] = chosen if chosen and not depth and draw(st.booleans()) else part
    return found


def words_of(found, path):
    """Return the words of a command line that say what a dict does, one for each leaf."""
    if not isinstance(found, dict):
        return [f"{path}={found}"]
    items = ((path if key == "_choice" else f"{path}.{key}", item) for key, item in found.items())
    return [word for below, item in items for word in words_of(item, below)]


@given(groups(), st.sampled_from(["text", "data", "dict of the text", "file"]), st.booleans())
def test_a_dict_is_its_fields(tmp_path, found, form, is_in_dict):
    """A dict is laid over what stands there as its fields are one by one: in a text, data or a file, at any depth."""
    ex = Experiment("test", ghost=True)

    @ex.config
    class Config:
        model: First | Second = First(part=Large(depth=1), size=7)
        models: dict[str, First | Second] = {"one": Second(part=Small(depth=6))}

    path = "models.one" if is_in_dict else "model"
    said = {"models": {"one": found}} if is_in_dict else {"model": found}
    if form == "text":
        config = ex.resolve(f"{path}={found!r}")
    elif form == "dict of the text":
        config = ex.resolve(*(f"{name}={item!r}" for name, item in said.items()))
    elif form == "data":
        config = ex.resolve(config_updates=said)
    else:
        (tmp_path / "config.json").write_text(json.dumps(said))
        config = ex.resolve(named=[str(tmp_path / "config.json")])
    expected = ex.resolve(*words_of(found, path))

    assert thaw(expected.values) == thaw({**config.values, "seed": expected["seed"]})
    assert expected.changes == config.changes


@dataclass(frozen=True)
class Needy:
    """A part that has to be given, with one of its own."""

    name: str
    part: Small | Large
    inner: Inner = Inner(3)


def test_fields_of_what_must_be_given_change_defaults():
    """Of a group that has to be given the fields that have defaults are shown as changed from these."""
    ex = Experiment("test", ghost=True)

    @ex.config
    class Config:
        needy: Needy

    config = ex.resolve("needy.name=a", "needy.part=large", "needy.part.depth=4", "needy.inner.size=8")

    assert {"needy.part.depth": 9, "needy.inner.size": 3} == {
        name: change.default for name, change in config.changes.items()
    }


def test_what_must_be_given_is_named_to_its_fields():
    """Who gives nothing is told the fields to give, also those of classes in classes, once each."""
    ex = Experiment("test", ghost=True)

    @ex.config
    class Config:
        needy: Needy
        inner: Inner

    with pytest.raises(MissingEntryError) as caught:
        ex.resolve()

    assert ["needy.name", "needy.part", "inner"] == [name for name, _ in caught.value.entries]


@pytest.mark.parametrize("slots", [True, False])
def test_a_class_is_called_by_its_own_name_whatever_its_fields(slots):
    """A field `path` says nothing of what its class is called among the choices."""
    csv = make_dataclass("CsvFile", [("path", str, "data.csv")], slots=slots)
    sql = make_dataclass("Sql", [("path", str, "users"), ("url", str, "localhost")], slots=slots)
    ex = Experiment("test", ghost=True)
    ex.config(make_dataclass("Config", [("data", csv | sql, field(default_factory=csv))]))

    assert {"_choice": "csv_file", "path": "data.csv"} == ex.resolve()["data"]
    assert {"_choice": "sql", "path": "users", "url": "localhost"} == ex.resolve("data=sql")["data"]


@pytest.mark.parametrize(
    "words",
    [
        ("model.depth=9", "model=large"),
        ("model={'depth': 9}", "model=large"),
        ("model={'depth': 8}", "model=small", "model={'depth': 9}", "model=large"),
        ("model={'_choice': 'small', 'depth': 3}", "model=large", "model.depth=9"),
    ],
)
def test_fields_that_are_said_before_the_word_are_of_what_it_chooses(words):
    """Whether fields are said one by one or as a dict, they and the word may stand in any order."""
    ex = Experiment("test", ghost=True)

    @ex.config
    class Config:
        model: Small | Large = STANDING

    found = ex.resolve(*words)["model"]

    assert ("large", 9) == (found["_choice"], found["depth"])


@pytest.mark.parametrize(
    ("word", "error", "words"),
    [
        ("model=3", ChoiceError, "Choices: small, large."),
        ("part.depth=3", EntryTypeError, "Choose one of them by name: part=small."),
        ("parts=[{'nope': 3}]", EntryTypeError, "Choose one of them in it: {'_choice': 'small', ...}."),
    ],
)
def test_what_chooses_nothing_names_choices(word, error, words):
    """A value, or fields alone, for what is chosen by name are refused with the names."""
    ex = Experiment("test", ghost=True)

    @ex.config
    class Config:
        part: Small | Large
        model: Small | Large = STANDING
        parts: list[Small | Large] = []

    with pytest.raises(error) as caught:
        ex.resolve(word)

    assert words in str(caught.value)


def test_where_defaults_in_lists_stand():
    """A default in a list stands where the list does, but for fields of what was chosen instead."""
    ex = Experiment("test", ghost=True)

    @ex.config
    class Config:
        parts: tuple[Small | Large, ...] = (Small(depth=3), Small(depth=4))

    changes = ex.resolve("parts.0.depth=1", "parts.1=large", "parts.1.depth=2").changes
    places = {name: change.where.rpartition(":")[2] for name, change in changes.items()}
    own = places["parts.0.depth"]

    assert own == places["parts.1._choice"] != places["parts.1.depth"]
    assert {"parts.0.depth": 3, "parts.1._choice": "small", "parts.1.depth": 9} == {
        name: change.default for name, change in changes.items()
    }


@dataclass
class Rounded:
    """A class that changes what it is made of."""

    size: float = 4.0

    def __post_init__(self):
        self.size = round(self.size, 1)


@given(st.floats(0, 9, allow_nan=False))
def test_a_class_that_changes_values_is_no_default(size):
    """A value that a class makes of what is given is never told as the default, whoever reads the instance."""
    ex = Experiment("test", ghost=True)

    @ex.config
    class Config:
        part: Rounded = Rounded(3.0)

    @ex.config
    def function(part):
        half = part.size / 2
        own = Rounded(half)
        again = own.size

    config = ex.resolve(f"part.size={size!r}", f"own.size={size!r}")

    assert round(size, 1) == config["part"]["size"] == config["again"]
    assert {"part.size": 3.0, "own.size": round(round(size, 1) / 2, 1)}.items() >= {
        name: change.default for name, change in config.changes.items()
    }.items()


def test_what_is_added_beside_fields_is_said():
    """Who adds an entry on purpose where a class has no such field is told that instances do not have it."""
    ex = Experiment("test", ghost=True)

    @ex.config
    class Config:
        part: Small | Large = Small()

    config = ex.resolve("+part.extra=3")

    assert ("part.extra is no field of Small: functions get an instance without it.",) == config.warnings
    assert () == ex.resolve("+part.depth=3").warnings


def test_refusals_name_choices_as_people_write_them():
    """What a named config chooses wrongly is told by the name of the group, without the leaf that stores it."""
    ex = Experiment("test", ghost=True)

    @ex.config
    class Config:
        part: Small | Large = Small()

    ex.add_named_config("wrong", part={"_choice": "none"})
    with pytest.raises(ChoiceError) as caught:
        ex.resolve(named=["wrong"])

    assert "part in wrong" == caught.value.written
