"""The commands that every experiment has: what they print, and what they save."""

import json
import subprocess
import sys

import pytest

from expframe import Experiment, Ingredient, Secret
from expframe.testing import run_cli


@pytest.fixture
def trained(script, tmp_path, monkeypatch):
    """Return an experiment, in a file of its own, with entries of all kinds."""
    path = script(
        '''
        from expframe import Experiment, Ingredient

        data = Ingredient("data")

        @data.config
        def data_config():
            size = 10  # how many

        @data.named_config
        def small():
            """A few only."""
            size = 2

        ex = Experiment("trained", ingredients=[data])

        @ex.config
        def config():
            lr = 0.1  # the learning rate
            # of the network
            net = {"width": 3, "depth": 2}
            kind = None
            sizes = (1, 2)
            names = ["a"]
            empty = {}

        @ex.named_config
        def fast():
            """
            Fewer epochs.

            For trying out.
            """
            lr = 1.0

        ex.add_named_config("plain", kind="plain")

        @ex.main
        def main(lr):
            return lr

        @ex.capture
        def other(lr, unused=0):
            pass
        ''',
        "trained.py",
    )
    monkeypatch.syspath_prepend(str(path.parent))
    sys.modules.pop("trained", None)
    import trained as module

    yield module.ex
    sys.modules.pop("trained", None)


class TestPrintConfig:
    """Values with docs, and for what was changed: how, by whom and from what."""

    def test_as_it_is(self, trained):
        """Single values come first, then groups; comments are shown."""
        shown = run_cli(trained, "print_config with seed=1").stdout

        assert [
            "Configuration (modified, added, typechanged):",
            "  empty = {}",
            "  kind = None",
            "  lr = 0.1                          # the learning rate",
            "  names = ['a']",
            "  seed = 1                          # the seed of all randomness in this run; command line, was",
            "  sizes = (1, 2)",
            "  data:",
            "    size = 10                       # how many",
            "  net:                              # of the network",
            "    depth = 2",
            "    width = 3",
        ] == [line.partition(" was ")[0] + (" was" if " was " in line else "") for line in shown.splitlines()]

    @pytest.mark.parametrize(
        ("words", "line"),
        [
            (
                "lr=0.5",
                "  lr = 0.5                          # the learning rate; command line, was 0.1 (trained.py:19)",
            ),
            ("net.depth=5", "    depth = 5                       # command line, was 2 (trained.py:21)"),
            (
                "fast",
                "  lr = 1.0                          # the learning rate; named config fast (trained.py:34), was 0.1",
            ),
            (
                "data.small",
                "    size = 2                        # how many; named config small (trained.py:13), was 10",
            ),
            ("plain", "  kind = 'plain'                    # named config plain (trained.py:36), was None"),
            ("+net.new=1", "    new = 1                         # command line, new"),
            ("unused=3", "  unused = 3                        # command line, new"),
            ("sizes.1=7", "  sizes = (1, 7)"),
            (
                "file.json",
                "  lr = 0.25                         # the learning rate; file file.json, was 0.1 (trained.py:19)",
            ),
        ],
    )
    def test_changes(self, trained, tmp_path, words, line):
        """A changed entry says who changed it, where, and what it was."""
        (tmp_path / "file.json").write_text('{"lr": 0.25}')
        shown = run_cli(trained, ["print_config", "with", words]).stdout

        assert [line] == [
            found[: len(line)] for found in shown.splitlines() if found.startswith(line.split(" = ")[0] + " =")
        ]

    def test_long_values(self, trained):
        """A value of many lines is indented below its name."""
        shown = run_cli(trained, ["print_config", "with", f"names={['x' * 30] * 4}"]).stdout

        assert (
            "  names = ['"
            + "x" * 30
            + "',\n     '"
            + "x" * 30
            + "',\n     '"
            + "x" * 30
            + "',\n     '"
            + "x" * 30
            + "']"
        ) in shown

    def test_secrets(self):
        """Secrets are masked wherever they are, also what they were, and in values made of them."""
        ex = Experiment("secrets")

        @ex.config
        def config():
            api_key = "old-hunter2"
            token = ["hunter3"]
            users = [{"password": "hunter4"}]
            url = "postgres://me:hunter5@host/db"
            made = f"key={api_key}"
            own = Secret("hunter6")
            both = {"a": own}
            max_tokens = 5

        ex.main(lambda: None)
        shown = run_cli(ex, "print_config with api_key=hunter2-key url=http://u:hunter7@h").stdout

        assert "hunter" not in shown
        assert "  api_key = ********  " in shown
        assert "  made = ********\n" in shown
        assert "  url = 'http://********@h'" in shown
        assert "  max_tokens = 5" in shown


class TestSaveConfig:
    """The saved config is what `with FILE` reads back."""

    @pytest.mark.parametrize("name", ["config.json", "mine.yaml", "mine.yml", "sub/mine.json"])
    def test_round_trip(self, trained, tmp_path, name):
        """Every value comes back as it was, with its type."""
        (tmp_path / "sub").mkdir()
        words = ["lr=0.5", "net.depth=9", "fast", "seed=3", "names=['x', 'y']", "+new={'a': {1: (2, 3)}}"]
        assert (
            f"Saved the config to {name}\n"
            == run_cli(trained, ["save_config", "with", *words, f"config_filename={name}"]).stdout
        )
        expected = trained.resolve(*words[:2], *words[3:], named=["fast"])

        assert expected == trained.resolve(named=[name], force=True)
        assert expected["new"] == {"a": {1: (2, 3)}}

    def test_the_default_name(self, trained, tmp_path):
        """Without a name it is config.json, and the name is no entry."""
        run_cli(trained, "save_config")

        assert "config_filename" not in json.loads((tmp_path / "config.json").read_text())

    def test_a_kind_that_cannot_be_written(self, trained, tmp_path):
        """Another kind is refused, naming those that are possible."""
        result = run_cli(trained, "save_config with config_filename=a.toml")

        assert 0 != result.exit_code
        assert "Config file 'a.toml': '.toml' cannot be written. Known kinds: .json, .yaml, .yml." in result.stderr
        assert not (tmp_path / "a.toml").exists()

    def test_secrets_are_left_out(self, tmp_path):
        """A saved secret must be supplied when the file is used."""
        ex = Experiment("secrets")
        ex.add_config(api_key="", lr=1)

        @ex.config
        def config(api_key):
            made = f"<{api_key}>"

        ex.main(lambda api_key, lr: (api_key, lr))
        run_cli(ex, "save_config with api_key=hunter2-key lr=3")
        refused = run_cli(ex, "with config.json")

        assert "hunter2" not in (tmp_path / "config.json").read_text()
        assert 2 == refused.exit_code
        assert (
            "MaskedEntryError: 'api_key' is a secret and was not stored. Supply it: with api_key=...\n"
            == refused.stderr
        )
        assert ("again", 3) == run_cli(ex, "with config.json api_key=again made=").run.result


def test_print_named_configs(trained):
    """Named configs are listed with their docs, the experiment's first."""
    assert [
        "Named Configurations:",
        "  fast   # Fewer epochs.",
        "      ",
        "      For trying out.",
        "  plain",
        "  data.small   # A few only.",
    ] == run_cli(trained, "print_named_configs").stdout.splitlines()


def test_print_named_configs_without_any():
    """Without any it says so."""
    assert "No named configs\n" == run_cli(Experiment("none"), "print_named_configs").stdout


def test_print_dependencies(script, environment, tmp_path):
    """Packages with versions, sources with digests, and the repository are shown."""
    script("value = 1\n", "local_part.py")
    path = script(
        "import local_part, wrapt\nfrom expframe import Experiment\nex = Experiment('d')\nex.automain(lambda: 0)\n"
    )
    done = subprocess.run(
        [sys.executable, path, "print_dependencies"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    import wrapt

    assert f"\n  wrapt                == {wrapt.__version__}\n" in done.stdout
    assert "\nSources:\n" in done.stdout
    for name in ("local_part.py", "script.py"):
        assert [32] == [len(line.split()[1]) for line in done.stdout.splitlines() if line.startswith(f"  {name} ")]


def test_a_users_command_comes_first():
    """A command of the user that has the name of a built-in one takes its place."""
    ex = Experiment("own")

    @ex.command
    def print_config():
        return "own"

    assert "own" == run_cli(ex, "print_config").run.result


@pytest.mark.parametrize("name", ["print_config", "print_dependencies", "save_config", "print_named_configs"])
def test_nothing_is_stored(tmp_path, name):
    """The built-in commands leave no run behind."""
    ex = Experiment("empty", store=tmp_path / "runs", ingredients=[Ingredient("a")])
    ex.run_commandline(["empty", name])

    assert not (tmp_path / "runs").exists()
