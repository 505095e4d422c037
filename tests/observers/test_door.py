"""The one way from a run to its observers: no secret passes, and what passes changes no more."""

import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import expframe
from expframe import Experiment, MemoryObserver, Secret
from expframe.compat.sacred.observers import FileStorageObserver
from expframe.config.masking import Masking
from expframe.config.secrets import MASK
from expframe.observers.door import Door
from expframe.record.events import Info, Points
from expframe.record.record import Record
from expframe.testing import run_cli

MARK = "hUnT" + "eR"
"""Stands in each secret, and in nothing else: not in this file either."""

KEYS = st.sampled_from(["a", "b", "deep", "items"])
SECRET_NAMES = st.sampled_from(["password", "db_passwd", "api_key", "hf_token", "token", "pin", "client_secret"])
SECRETS = st.tuples(st.text("xyz09 '\"\\\n/äß", max_size=12), st.text("abc19-_.", min_size=2, max_size=12)).map(
    lambda ends: f"{ends[0]}{MARK}{ends[1]}"
)


@st.composite
def trees(draw, depth=3):
    """Return a dict with secrets somewhere in it, under their names, as Secrets and in URLs."""
    found = draw(st.dictionaries(KEYS, st.integers() | st.text("abc", max_size=3) | st.none(), max_size=2))
    for name in draw(st.lists(SECRET_NAMES, min_size=1 if depth == 0 else 0, max_size=2, unique=True)):
        value = draw(SECRETS)
        found[name] = draw(st.sampled_from([value, [value, 1], (value,), value]))
    if draw(st.booleans()):
        found["wrapped"] = Secret(draw(SECRETS))
    if draw(st.booleans()):
        found["url"] = f"postgres://me:{draw(st.text('abc12', max_size=5))}{MARK}x@host/db"
    if depth:
        inner = draw(trees(depth - 1))
        found[draw(st.sampled_from(["group", "other"]))] = draw(st.sampled_from([inner, [inner], (1, inner)]))
    return found


def texts_of(value):
    """Return every secret text in a value."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts_of(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in texts_of(item)]
    return [str(value)] if isinstance(value, str) and MARK in value else []


@settings(max_examples=10, deadline=None, phases=[Phase.generate])
@given(tree=trees(), also=trees(), given_key=SECRETS)
def test_no_secret_leaves_a_run(tree, also, given_key):
    """Nothing that a store, an observer of any kind or a command shows holds a secret, wherever the run says it."""
    folder = Path(tempfile.mkdtemp())
    memory = MemoryObserver()
    observers = [memory, FileStorageObserver(folder / "sacred"), expframe.TensorBoard(folder / "board")]
    ex = Experiment("leak", store=folder / "runs", observers=observers, secret=["pin"], project_dir=folder)
    ex.add_config({"tree": tree, "api_key": "none", "named": also})
    seen = []

    @ex.command(unobserved=False)
    def tell(_run, _config, api_key):
        seen.append((_config, api_key))
        texts = [*texts_of(tree), *texts_of(also), given_key]
        said = [text for text in texts if "://" not in text]
        _run.info.update(said=said, tree=tree, of={text: 1 for text in said}, object=Thing(texts))
        for text in said:
            _run.log_text("text", text)
            _run.log_table("table", [[text, 1]], header=["a", "b"])
            print(f"it is {text}!")
        _run.log_scalar("loss", 1.0)
        (folder / "file.txt").write_text("x")
        _run.add_artifact(folder / "file.txt", metadata={"texts": said, **also})
        if len(said) % 2:
            raise ValueError(f"no login with {said}")
        return {"tree": tree, "texts": said, "thing": Thing(texts)}

    words = ["tell", "with", f"api_key={given_key!r}"]
    options = {"comment": f"with {given_key}", "capture": "sys"}
    argv, sys.argv = sys.argv, ["leak.py", *words]
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(ValueError):
            ex.run(
                "tell",
                {"api_key": given_key},
                options=options,
                tags=[given_key],
            )
        assert given_key == seen[0][1]
        (sink,) = memory.runs
        shown = [*sink.events, sink.record, sink.config.values, sink.config.changes, sink.config.warnings]
        for event in shown:
            assert MARK not in repr(event)
        assert MARK not in _json_of("show", "1", folder)
        for path in (path for path in folder.rglob("*") if path.is_file() and path.name not in OWN):
            assert MARK.encode() not in path.read_bytes(), path
    finally:
        sys.argv = argv
        shutil.rmtree(folder)


OWN = {"output.txt"}
"""What user's code printed is kept as it is."""


class Thing:
    """An object of the user's."""

    def __init__(self, texts):
        self.password = texts[-1] if texts else None
        self.texts = list(texts)

    def __repr__(self):
        return f"Thing({self.texts})"


def _json_of(command, id, folder):
    from expframe.__main__ import main

    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        main([command, id, "-F", str(folder / "runs"), "--json"])
    assert json.loads(out.getvalue())
    return out.getvalue()


def test_points_pass_as_they_are():
    """Numbers are handed on by identity: they cost a type check."""
    event = Points((("loss", 0, 1.0, 0.5),))

    assert event is Door(Masking({"password": "hunter2-hunter2"})).event(event)


def test_info_is_a_snapshot():
    """What an observer has seen of `info` does not change with it."""
    info = {"epoch": 1, "losses": [1.0], "deep": {"a": [{"b": 1}]}}
    event = Door(Masking()).event(Info(info))
    info["epoch"] = 2
    info["losses"].append(2.0)
    info["deep"]["a"][0]["b"] = 2

    assert {"epoch": 1, "losses": [1.0], "deep": {"a": [{"b": 1}]}} == event.info


def test_environment_variables_are_masked_by_their_names():
    """A variable with a secret's name, and credentials in a URL, are masked among the facts of the machine."""
    record = Record("u", "n", "c", host={"environment": {"MY_API_KEY": "hunter2", "PROXY": "http://me:hunter2@proxy"}})
    shown = Door(Masking()).record(record)

    assert {"MY_API_KEY": MASK, "PROXY": f"http://{MASK}@proxy"} == shown.host["environment"]


def test_a_secret_that_is_a_common_word_hides_no_fact():
    """Names, ids and status stay what they are."""
    record = Record("training", "training", "training", status="training", id="training", tags=("training",))
    shown = Door(Masking({"password": "training"})).record(record)

    assert record._replace(tags=(MASK,)) == shown


def test_sacreds_observers_are_behind_it(tmp_path):
    """Sacred's file observer on a native run stores stars where functions see the secret."""
    ex = Experiment(
        "native", ghost=False, store=tmp_path / "runs", observers=[FileStorageObserver(tmp_path / "sacred")]
    )
    ex.add_config(api_key="hunter2", db={"url": "x://me:pw@host"})

    @ex.main
    def main(api_key, _run):
        _run.info["key"] = {"api_key": api_key}
        return api_key == "hunter2"

    assert ex.run().result is True
    stored = json.loads((tmp_path / "sacred" / "1" / "config.json").read_text())
    assert (MASK, f"x://{MASK}@host") == (stored["api_key"], stored["db"]["url"])
    assert {"key": {"api_key": MASK}} == json.loads((tmp_path / "sacred" / "1" / "info.json").read_text())


def test_the_salt_is_the_owners_alone(tmp_path):
    """It is made once, with the first secret; only the owner can read it, and no archive has it."""
    ex = Experiment("salted", store=tmp_path / "runs")
    ex.add_config(lr=1, api_key="")
    ex.main(lambda: None)
    ex.run()
    salt = tmp_path / "runs" / "_salt"

    assert not salt.exists()
    first, again, other = (ex.run(config_updates={"api_key": key}) for key in ("one", "one", "two"))
    assert (32, 0o600) == (salt.stat().st_size, salt.stat().st_mode & 0o777) or os.name == "nt"
    stored = [expframe.runs(tmp_path / "runs")[run.id].config["api_key"] for run in (first, again, other)]
    assert stored[0] == stored[1] != stored[2]
    assert [MASK] * 3 == [str(masked) for masked in stored]


def test_names_are_added_and_taken_away(tmp_path):
    """`secret` and `public` of the experiment hold for what is stored, shown and refused."""
    ex = Experiment("named", store=tmp_path / "runs", secret=["pin"], public=["page_token"])
    ex.add_config(pin="1234", page_token="abcdefghij0123456789", lr=1)
    ex.main(lambda pin: pin)
    shown = run_cli(ex, "print_config with pin=56789").stdout
    run = ex.run(config_updates={"pin": "my-own-pin"})
    stored = expframe.runs(tmp_path / "runs")[run.id]

    assert "  pin = ********" in shown
    assert "  page_token = 'abcdefghij0123456789'" in shown
    assert ("my-own-pin", MASK, MASK) == (run.result, stored.result, str(stored.config["pin"]))
    assert "my-own" not in "".join(path.read_text() for path in run.folder.glob("*.json"))
