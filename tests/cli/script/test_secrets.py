"""A secret is in no file of a run but what the user's own code writes, and in nothing that expframe prints."""

import json
import os
import subprocess

import pytest
from interpreter import run_python

import expframe
from expframe import Experiment

SCRIPT = '''
    from expframe import Experiment, Secret

    ex = Experiment("secretive", environment=["MY_*"])

    @ex.config
    def config():
        api_key = "unset-key"
        url = ""
        made = f"<{api_key}>"
        users = [{"name": "me", "password": "list-hunter"}]
        wrapped = Secret("wrapped-hunter")
        lr = 0.1

    @ex.cli_option("--api-token")
    def api_token(value, run):
        """A token."""
        run.info["options"] = {"token": value}

    class Client:
        def __init__(self, password):
            self.password = password

    @ex.command
    def fail(api_key, url):
        try:
            raise KeyError(api_key)
        except KeyError as problem:
            raise RuntimeError(f"cannot log in to {url} with {api_key!r}") from problem

    @ex.automain
    def main(_run, api_key, url, users, wrapped):
        _run.info["said"] = [api_key, f"{url} {wrapped}", {"nested": (users[0]["password"],)}]
        open("note.txt", "w").write("x")
        _run.add_artifact("note.txt", metadata={"with": api_key})
        return {"key": api_key, "url": url, "set": {f"a {api_key}"}, "of": Client("object-hunter")}
'''


@pytest.fixture
def go(script, environment, tmp_path):
    """Run the script with secrets everywhere; return what it printed."""
    path = script(SCRIPT, "secretive.py")
    variables = {"MY_API_KEY": "environment-hunter", "MY_URL": "https://u:environment-hunter@host", "MY_PATH": "shown"}

    def run(*words, expect=0):
        done = run_python([path.name, *words], cwd=tmp_path, env={**environment, **variables})

        assert expect == done.returncode, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


SECRETS = ["with", "api_key=argv-hunter", "url=postgres://me:url-hunter@host/db", "--api-token", "option-hunter"]


def everything_stored(folder):
    """Return the content of every JSON file in a run's folder, by name."""
    return {path.name: path.read_text() for path in folder.rglob("*") if path.suffix in (".json", ".jsonl")}


@pytest.mark.parametrize("words", [[], ["-q"], ["fail"], ["-p"], ["-u"], ["-d", "fail"], ["print_config"]])
def test_no_secret_is_stored_or_printed(go, tmp_path, words):
    """Secrets of config, options, environment, URLs, words, result, info, exception and traceback are masked."""
    git = ["git", "-c", "init.defaultBranch=main"]
    subprocess.run([*git, "init", "-q"], cwd=tmp_path, check=True)
    url = "https://me:git-hunter@example.org/a.git"
    subprocess.run([*git, "remote", "add", "origin", url], cwd=tmp_path, check=True)
    printed = go(*words, *SECRETS, expect=1 if "fail" in words else 0)

    assert "hunter" not in printed
    if words in (["-u"], ["print_config"]):
        assert not (tmp_path / "runs").exists()
        return
    stored = everything_stored(tmp_path / "runs" / "1")
    assert {"run.json", "config.json"} <= set(stored)
    for name, text in stored.items():
        assert "hunter" not in text, (name, [line for line in text.splitlines() if "hunter" in line])
    if words != ["-q"]:
        assert "shown" in stored["run.json"]
        assert "example.org/a.git" in stored["run.json"]


def test_functions_see_secrets(tmp_path):
    """A function is given the real value."""
    ex = Experiment("seeing", ghost=True)
    ex.add_config(api_key="", lr=1)
    ex.main(lambda api_key: len(api_key) == 7 and api_key.startswith("hunter"))

    assert ex.run(config_updates={"api_key": "hunter2"}).result is True


def test_what_was_refused_is_masked_as_well(go):
    """An error about a secret entry does not print its value."""
    shown = go("with", "db_password=argv-hunter", expect=2)

    assert "hunter" not in shown
    assert "no config entry 'db_password'" in shown


@pytest.mark.parametrize("name", ["main", "demo", "secretive", "COMPLETED"])
def test_a_secret_that_is_a_common_word_breaks_no_record(tmp_path, name):
    """A password that is the name of the command, the experiment or a status leaves the record readable."""
    ex = Experiment("demo", store=tmp_path / "runs")
    ex.add_config(password=name)

    @ex.main
    def main(password):
        return (1, password)

    run = expframe.runs(ex.run().folder.parent)[1]

    assert ("COMPLETED", "main", "demo", (1, name if len(name) < 8 else "********")) == (
        run.status,
        run.record.command,
        run.record.name,
        run.result,
    )


class TestAgain:
    """A stored config is used again only with its secrets supplied."""

    @pytest.fixture
    def stored(self, go):
        """Return a function that runs with the stored config of a run, and some words more."""
        go("-q", *SECRETS)
        return lambda *words, expect: go("-u", "-lERROR", "with", "runs/1/config.json", *words, expect=expect)

    def test_a_masked_entry_is_named(self, stored):
        """The first missing one is named, before any config function sees it."""
        shown = stored(expect=2)

        assert "MaskedEntryError: 'api_key' is a secret and was not stored. Supply it: with api_key=...\n" == shown

    def test_each_of_them(self, stored):
        """Masked parts of texts and of lists count as well."""
        words = ["api_key=new"]
        for path, word in (
            ("url", "url=x://h"),
            ("made", "made=x"),
            ("users.0.password", "users=[]"),
            ("wrapped", "wrapped=x"),
        ):
            assert f"MaskedEntryError: {path!r} is a secret" in stored(*words, expect=2)
            words.append(word)

    def test_supplied(self, stored, script, tmp_path):
        """With all of them supplied it runs, with the other values of the file."""
        path = tmp_path / "runs" / "1" / "config.json"
        data = json.loads(path.read_bytes())
        data["values"]["lr"] = 0.75
        path.write_text(json.dumps(data))
        (tmp_path / "secretive.py").write_text(
            (tmp_path / "secretive.py")
            .read_text()
            .replace("def main(_run,", "def main(_run, lr,")
            .replace('_run.info["said"]', 'print(lr, api_key, url); return\n    _run.info["said"]')
        )
        shown = stored("api_key=new", "url=x://h", "made=x", "users=[{'password': 'p'}]", "wrapped=w", expect=0)

        assert "0.75 new x://h\n" == shown


def test_environment_is_as_it_was(go):
    """Masking what is stored changes nothing in the process itself."""
    before = dict(os.environ)
    go("-u")

    assert before == dict(os.environ)
