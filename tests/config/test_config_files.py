"""Config files in and out; reading one never runs code."""

import datetime
import json
import math

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st

from expframe import Experiment, Secret
from expframe.config import files
from expframe.config.equality import same
from expframe.config.secrets import Masked
from expframe.errors import ConfigFileError

ENTRIES = {
    "lr": 0.1,
    "name": "ädäm",
    "none": None,
    "flag": True,
    "sizes": [1, 2, [3]],
    "pair": (1, {2}),
    "net": {"depth": 3, "empty": {}},
    "schedule": {30: 0.1},
    "odd": {"yes": "no", "1": "0x10", "date": "2020-01-01", "text": "a: b\n  # c\n", "exp": "1e3"},
    "day": datetime.date(2020, 1, 2),
    "inf": math.inf,
}


def _of_the_one_before(level):
    """Return a line of YAML: a list of nine aliases of the line before."""
    return f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]"


@pytest.mark.parametrize("suffix", [".json", ".yaml", ".yml", ".JSON"])
def test_what_is_saved_is_read(tmp_path, suffix):
    """Entries are the same after a trip through a file, types and order included."""
    files.save(ENTRIES, tmp_path / f"c{suffix}")
    found = files.load(tmp_path / f"c{suffix}")

    assert same(ENTRIES, found)
    assert list(ENTRIES) == list(found)


@given(
    tree=st.dictionaries(
        st.text("abc", min_size=1),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.text(st.characters(codec="utf-8"))
            | st.binary(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text("xyz", min_size=1), inner) | st.tuples(inner),
            max_leaves=6,
        ),
    ),
    suffix=st.sampled_from([".json", ".yaml"]),
)
def test_any_values(tmp_path, tree, suffix):
    """So are any values."""
    files.save(tree, tmp_path / f"c{suffix}")

    assert same(tree, files.load(tmp_path / f"c{suffix}"))


def test_toml(tmp_path):
    """TOML is read, and not written."""
    (tmp_path / "c.toml").write_text(
        'lr = 0.1\nday = 2020-01-02\n[net]\nsizes = [1, 2]\nname = "ä"\n', encoding="utf-8"
    )

    assert {"lr": 0.1, "day": datetime.date(2020, 1, 2), "net": {"sizes": [1, 2], "name": "ä"}} == files.load(
        tmp_path / "c.toml"
    )
    with pytest.raises(ConfigFileError, match=r"'.toml' cannot be written. Known kinds: .json, .yaml, .yml"):
        files.save({}, tmp_path / "d.toml")


def test_byte_order_marks(tmp_path):
    """A byte order mark at the beginning of a file is no part of it."""
    for name, text in (("a.json", '{"x": 1}'), ("a.yaml", "x: 1"), ("a.toml", "x = 1")):
        (tmp_path / name).write_bytes(text.encode("utf-8-sig"))

        assert {"x": 1} == files.load(tmp_path / name)


def test_yaml_of_old_is_read_as_pyyaml_does():
    """In YAML 1.1 `yes` and `on` are true, 012 is octal, and `y`, `n` and numbers like 1e3 are text."""
    text = "a: yes\nb: on\nn: y\nc: 1e3\nd: 1.5e-3\ne: 012\nf: .inf\ng: 1:30\nh: .5\n"

    assert {
        "a": True,
        "b": True,
        "n": "y",
        "c": "1e3",
        "d": 0.0015,
        "e": 10,
        "f": float("inf"),
        "g": 90,
        "h": 0.5,
    } == files.from_yaml(text, version=(1, 1))


@pytest.mark.parametrize("text", ["yes", "No", "y", "n", "on", "OFF", "1:30", "-1:30.5", "012", "1e3", "null", "~"])
def test_text_is_text_to_readers_of_old_yaml_too(text):
    """What is written as YAML is read back as the same text, whichever version the reader has in mind."""
    written = files.to_yaml({text: [text]})

    assert {text: [text]} == files.from_yaml(written)
    assert {text: [text]} == files.from_yaml(written, version=(1, 1))


@given(st.floats(allow_nan=False))
def test_floats_are_floats_to_readers_of_old_yaml_too(number):
    """A float is read back as the same float: 1e-05 without a dot would be text in YAML 1.1."""
    written = files.to_yaml({"lr": number})

    read = [files.from_yaml(written), files.from_yaml(written, version=(1, 1)), pyyaml.safe_load(written)]
    assert [repr(number)] * 3 == [repr(found["lr"]) for found in read]


def test_tags_of_pyyaml_for_plain_values_are_known():
    """What PyYAML writes of tuples is read as tuples, and of equal keys the last prevails; code is refused."""
    value = {"a": (1, (2.5, "x")), "b": 1j}

    assert value == files.from_yaml(pyyaml.dump(value), version=(1, 1))
    assert {"a": 2} == files.from_yaml("a: 1\na: 2\n", version=(1, 1))
    assert {"m": {"a": 1}, "n": {"a": 2}} == files.from_yaml("m: &m {a: 1}\nn: {<<: *m, a: 2}\n", version=(1, 1))
    assert {"a": 1.0} == files.from_yaml("a: !!float 1\n", version=(1, 1))
    with pytest.raises(ConfigFileError, match="python/object"):
        files.from_yaml(pyyaml.dump({"a": ValueError()}), version=(1, 1))


def test_yaml_is_of_today(tmp_path):
    """YAML is 1.2: `yes` is a text, `1e3` a number; an empty file holds no entries."""
    (tmp_path / "c.yaml").write_text("a: yes\nb: on\nc: 1e3\nd: 0o17\ne: 012\nf: ~\n30: x\n")
    (tmp_path / "empty.yaml").write_text("# nothing\n")

    assert {"a": "yes", "b": "on", "c": 1000.0, "d": 15, "e": 12, "f": None, 30: "x"} == files.load(tmp_path / "c.yaml")
    assert {} == files.load(tmp_path / "empty.yaml")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("c.ini", b"x=1", "unknown kind '.ini'. Known kinds: .json, .yaml, .yml, .toml"),
        ("c", b"x=1", "unknown kind ''"),
        ("c.json", b"{", "malformed json"),
        ("c.json", b"", "malformed json"),
        ("c.json", b"\xff\xfe\xfa", "malformed json"),
        ("c.json", b"[" * 100_000, "malformed json"),
        ("c.yaml", b"a: [", "malformed yaml"),
        ("c.yaml", b"a: 1\na: 2", "duplicate key"),
        ("c.json", b'{"a": {"b": 1, "b": 2}}', "duplicate key 'b'"),
        ("c.toml", b"a = 1\na = 2", "malformed toml: Cannot overwrite"),
        ("c.yaml", b"a: &a [*a]", "malformed yaml"),
        ("c.yaml", b"\xff", "malformed yaml"),
        ("c.toml", b"a = ", "malformed toml"),
        ("c.json", b"[1]", "holds a list, not entries"),
        ("c.json", b"null", "holds nothing, not entries"),
        ("c.yaml", b"text", "holds a str, not entries"),
        ("c.json", b'{"expframe.config": 1}', "holds nothing, not entries"),
        ("c.json", b'{"expframe.config": 1, "values": 3}', "holds an int, not entries"),
        ("c.json", b'{"x": {"__type__": "bytes", "base64": "*"}}', "stored value of type 'bytes'"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said(tmp_path, name, content, says):
    """A file that is malformed or of unknown kind is an error that names it and says what is wrong."""
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(ConfigFileError) as caught:
        files.load(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("c.json", '{"password": "a", "password": "hunter2secret"}'),
        ("c.yaml", "password: a\npassword: hunter2secret"),
        ("c.yaml", "password: hunter2secret: b"),
        ("c.toml", 'password = "a"\npassword = "hunter2secret"'),
    ],
)
def test_no_secret_is_said(tmp_path, name, content):
    """What is said of a malformed file has none of its values, any of which may be secret."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")

    with pytest.raises(ConfigFileError) as caught:
        files.load(path)
    assert "hunter2secret" not in str(caught.value)


def test_missing(tmp_path):
    """A missing file says where it was looked for; a folder cannot be read."""
    with pytest.raises(ConfigFileError, match="not found"):
        files.load("nowhere.yaml")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(ConfigFileError, match="cannot be read"):
        files.load(tmp_path / "folder.json")


ATTACKS = {
    "object.json": '{"x": {"py/object": "os.system"}}',
    "reduce.json": '{"x": [{"py/reduce": [{"py/type": "os.system"}, {"py/tuple": ["touch made"]}]}]}',
    "apply.yaml": "x: !!python/object/apply:os.system ['touch made']",
    "new.yaml": "x: !!python/object/new:os.system ['touch made']",
    "name.yaml": "x: !!python/name:os.system",
    "module.yaml": "x: !!python/module:antigravity",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_nothing_is_executed(tmp_path, name):
    """What is written as code is refused."""
    path = tmp_path / name
    path.write_text(ATTACKS[name])
    ex = Experiment("test")
    ex.add_config(x=1)

    with pytest.raises(ConfigFileError):
        files.load(path)
    with pytest.raises(ConfigFileError):
        ex.resolve(named=[str(path)])
    with pytest.raises(ConfigFileError):
        ex.add_config(path)
    assert [path] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.yaml", "x: {py/object: os.system, py/newargs: ['touch made']}"),
        ("c.toml", "x = {'py/object' = 'os.system'}"),
        ("c.json", '{"x": {"__type__": "reference", "name": "os:system"}}'),
        ("c.json", "{\"x\": \"__import__('os').system('touch made')\"}"),
    ],
)
def test_or_is_plain_data(tmp_path, name, text):
    """What looks like code elsewhere is data, and stays it."""
    (tmp_path / name).write_text(text)
    ex = Experiment("test")
    ex.add_config(x=None)
    ex.resolve(named=[name])

    assert [name] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "\n".join(_of_the_one_before(level) for level in range(1, 30)),
            "aliases",
        ),
        ("a: &a {b: *a}", "what contains it"),
    ],
)
def test_aliases_stand_for_a_bounded_whole(tmp_path, text, said):
    """A YAML file of a few lines whose aliases stand for billions of values, or for themselves, is refused."""
    (tmp_path / "c.yaml").write_text(text)

    with pytest.raises(ConfigFileError, match=said):
        files.load(tmp_path / "c.yaml")


def test_secrets_are_not_saved(tmp_path):
    """A saved config holds no Secret, and what is read says so."""
    files.save({"api_key": Secret("hunter2")}, tmp_path / "c.yaml")

    assert "hunter2" not in (tmp_path / "c.yaml").read_text()
    assert isinstance(files.load(tmp_path / "c.yaml")["api_key"], Masked)


def test_saving_is_whole_or_not_at_all(tmp_path):
    """A file takes the place of the old one when it is whole, and nothing is left beside it."""
    path = tmp_path / "c.json"
    files.save({"a": 1}, path)
    files.save({"a": 2}, path)

    assert ({"a": 2}, ["c.json"]) == (json.loads(path.read_text()), [file.name for file in tmp_path.iterdir()])
    with pytest.raises(OSError, match="nowhere"):
        files.save({"a": 3}, tmp_path / "nowhere" / "c.json")


@pytest.mark.parametrize(
    ("name", "found"), [("a.json", True), ("A.YML", True), ("a.toml", True), ("json", False), ("a", False)]
)
def test_is_config_file(name, found):
    """A config file is known by its suffix."""
    assert found == files.is_config_file(name)
