"""The commands that every experiment has: what they print, and what they save."""

import json
import sys
from contextlib import redirect_stdout
from io import StringIO

import pytest
from interpreter import run_python

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
        """Entries stand in the order in which they are defined; comments are shown."""
        shown = run_cli(trained, "print_config with seed=1").stdout

        assert [
            "Configuration (modified, added, typechanged):",
            "  data:",
            "    size = 10                       # how many",
            "  seed = 1                          # the seed of all randomness in this run; command line, was",
            "  lr = 0.1                          # the learning rate",
            "  net:                              # of the network",
            "    width = 3",
            "    depth = 2",
            "  kind = None",
            "  sizes = (1, 2)",
            "  names = ['a']",
            "  empty = {}",
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

        two = f"'{'x' * 30}', '{'x' * 30}'"
        assert f"  names = [{two},\n     {two}]" in shown

    def test_long_lists_fill_their_lines(self, trained):
        """A list stands in one line where that fits 79 columns, else in as few as it needs."""
        short, long = list(range(15)), list(range(40))
        for numbers, lines in ((short, 1), (long, 3)):
            shown = run_cli(trained, ["print_config", "with", f"names={numbers}"]).stdout.splitlines()
            start = next(n for n, line in enumerate(shown) if line.startswith("  names = "))

            assert lines == shown.index("  empty = {}") - start
            assert (
                str(numbers)
                == " ".join(" ".join(shown[start : start + lines]).split("#")[0].split())[len("names = ") :]
            )

    def test_one_group(self, trained):
        """`print_config GROUP` shows one group or entry, an ingredient's too, with options before and after."""
        head = "Configuration (modified, added, typechanged):\n"

        assert f"{head}  net:                              # of the network\n    width = 3\n    depth = 2\n" == (
            run_cli(trained, "print_config net").stdout
        )
        assert f"{head}  net:                              # of the network\n    depth = 2\n" == (
            run_cli(trained, "-u print_config net.depth").stdout
        )
        assert f"{head}  data:\n    size = 10                       # how many\n" == (
            run_cli(trained, "print_config data with lr=1").stdout
        )

    def test_an_unknown_group(self, trained):
        """A group that is not there is an error that names the nearest."""
        result = run_cli(trained, "print_config nett")

        assert 2 == result.exit_code
        assert "print_config 'nett': there is no such group or entry. Did you mean 'net'?" in result.stderr
        assert "Failed" not in result.stderr

    def test_only_what_changed(self, trained):
        """`--changed` shows what differs from the defaults, by whomever it was set, and says where nothing does."""
        shown = run_cli(trained, "print_config --changed with net.depth=5 fast").stdout

        assert ["lr", "net", "depth"] == [line.split()[0].rstrip(":") for line in shown.splitlines()[1:]]
        assert (
            "Nothing differs from the defaults.\n" == run_cli(trained, "print_config data --changed with lr=1").stdout
        )

    def test_as_json(self, trained):
        """`--json` prints the values as JSON, of one group and of what changed too; secrets are masked."""
        assert {"net": {"width": 3, "depth": 2}} == json.loads(run_cli(trained, "print_config net --json").stdout)
        assert {"net": {"depth": 5}} == (
            json.loads(run_cli(trained, "print_config --json --changed with net.depth=5").stdout)
        )
        ex = Experiment("secret")
        ex.add_config(api_key="hunter2hunter2")
        assert "hunter2" not in run_cli(ex, "print_config --json").stdout

    def test_entries_of_the_commands_own_names(self):
        """An entry that is called as a parameter of ours is none of it; from Python they are arguments."""
        ex = Experiment("group", ghost=True)
        ex.add_config(group={"size": 3}, changed=True, lr=1)

        assert "size = 3" in run_cli(ex, "print_config").stdout
        with redirect_stdout(StringIO()) as shown:
            ex.run("print_config", kwargs={"group": "lr", "as_json": True})
        assert {"lr": 1} == json.loads(shown.getvalue())

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

        assert 2 == result.exit_code
        assert "Config file 'a.toml': '.toml' cannot be written. Known kinds: .json, .yaml, .yml." in result.stderr
        assert not (tmp_path / "a.toml").exists()

    def test_a_place_that_cannot_be_written(self, trained, tmp_path):
        """A folder that is not there is named, without a traceback, and with the exit code of bad usage."""
        result = run_cli(trained, "save_config with config_filename=nowhere/a.json")
        assert (2, 1) == (result.exit_code, len(result.stderr.splitlines())), result.stderr
        assert "Config file 'nowhere/a.json': cannot be written: No such file or directory." in result.stderr
        result = run_cli(trained, "save_config with config_filename=3")
        assert (2, True) == (result.exit_code, "Config file '3': '' cannot be written" in result.stderr)

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
    done = run_python([path, "print_dependencies"], env=environment)
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
