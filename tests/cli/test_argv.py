"""Words of a command line, taken apart."""

import pytest

from expframe.cli.argv import parse, program_name, split_argv, usage
from expframe.config.options import FLAGS, Flag
from expframe.errors import CommandLineError, OptionError, UsageError
from expframe.recipe.registry import CliOption

EXTRA = CliOption(
    Flag(
        "-x", "--extra", "--extra", "Takes more words than fit into one line of help, and\n--other [default: 7].", True
    ),
    print,
)


def taken_apart(text, *cli_options):
    """Return what a command line's words mean."""
    return parse(text.split(), "prog", cli_options)


class TestGrammar:
    """Sacred's grammar: options anywhere, a command, and after `with` nothing but updates."""

    @pytest.mark.parametrize(
        ("text", "command", "overrides", "named"),
        [
            ("", None, [], []),
            ("train", "train", [], []),
            ("with lr=1", None, ["lr=1"], []),
            ("train with lr=1 fast a.yaml", "train", ["lr=1"], ["fast", "a.yaml"]),
            ("-u train -d with lr=1 -f fast -q", "train", ["lr=1"], ["fast"]),
            ("with with with=1 train", None, ["with=1"], ["with", "train"]),
            ("dataset.stats with a.b.0=1 +new=2 tags+=[1]", "dataset.stats", ["a.b.0=1", "+new=2", "tags+=[1]"], []),
            ("with lr=-1", None, ["lr=-1"], []),
        ],
    )
    def test_words(self, text, command, overrides, named):
        """The command, the overrides and the named configs are told apart."""
        words = taken_apart(text)

        assert (command, overrides, named) == (
            words.command,
            [override.written for override in words.overrides],
            list(words.named),
        )

    @pytest.mark.parametrize(
        ("text", "given"),
        [
            ("-ud", {"unobserved": True, "debug": True}),
            ("-lERROR", {"loglevel": "ERROR"}),
            ("-l30", {"loglevel": "30"}),
            ("-l ERROR", {"loglevel": "ERROR"}),
            ("--loglevel=ERROR", {"loglevel": "ERROR"}),
            ("--loglevel ERROR", {"loglevel": "ERROR"}),
            ("--log ERROR", {"loglevel": "ERROR"}),
            ("-udlERROR", {"unobserved": True, "debug": True, "loglevel": "ERROR"}),
            ("-c a=b", {"comment": "a=b"}),
            ("-b 2.5", {"beat_interval": 2.5}),
            ("-C sys", {"capture": "sys"}),
            ("-e", {"enforce_clean": True}),
            ("-F there", {"file_storage": "there"}),
            ("-f", {"force": True}),
            ("-i name", {"id": "name"}),
            ("-n other", {"name": "other"}),
            ("-D", {"pdb": True}),
            ("-p", {"print_config": True}),
            ("--print-config", {"print_config": True}),
            ("-P 2", {"priority": 2.0}),
            ("-q", {"queue": True}),
            ("-T a,b", {"tag": ("a", "b")}),
            ("--tag=a", {"tag": ("a",)}),
        ],
    )
    def test_options(self, text, given):
        """Flags combine, values are attached or follow, long flags may be shortened, all of it anywhere."""
        assert given == taken_apart(text).options.given()
        assert given == taken_apart(f"train {text} with lr=1").options.given()
        assert given == taken_apart(f"with lr=1 {text}").options.given()

    @pytest.mark.parametrize(
        ("text", "command"),
        [("help", None), ("-h", None), ("--help", None), ("help train", "train"), ("train -h", "train")],
    )
    def test_help(self, text, command):
        """Help is asked for by a word or a flag, for all or for one command."""
        words = taken_apart(text)

        assert (True, command) == (words.help, words.command)

    def test_every_flag_of_the_table_is_in_the_grammar(self):
        """Each flag can be given in its long spelling, and in its short one if it has any."""
        for flag in FLAGS:
            value = {"capture": "sys"}.get(flag.field, "1") if flag.value else None
            for spelled in filter(None, (flag.short, flag.long)):
                parse([spelled, *([value] if value else [])], "prog")

    def test_a_users_option_is_taken_whatever_its_help_says(self):
        """The help of an option adds neither flags nor defaults to the grammar."""
        assert {} == taken_apart("", EXTRA).options.extra
        assert {"--extra": "3"} == taken_apart("-x3", EXTRA).options.extra
        with pytest.raises(CommandLineError):
            taken_apart("--other", EXTRA)

    def test_the_description_is_no_part_of_the_grammar(self):
        """A docstring that holds usage lines and flags is shown as it is."""
        text = usage("prog", "Usage: prog nonsense\n  --bogus  No flag.\n", {}, [EXTRA])

        assert "Usage: prog nonsense\n  --bogus  No flag.\n" in text
        assert "  -x VALUE --extra=VALUE          Takes more words than fit into one line of" in text


class TestErrors:
    """What fits no usage line is said by word and reason."""

    @pytest.mark.parametrize(
        ("text", "subject", "problem"),
        [
            ("--debgu", "--debgu", "no such flag. Did you mean --debug?"),
            (
                "--wild",
                "--wild",
                "no such flag. See --help for all flags. Entries are set after the word `with`: with wild=...",
            ),
            (
                "--wild=3",
                "--wild=3",
                "no such flag. See --help for all flags. Entries are set after the word `with`: with wild=3",
            ),
            ("-Z", "-Z", "no such flag. See --help for all flags."),
            ("-uZ", "-uZ", "no such flag as -Z. See --help for all flags."),
            ("--pri 3", "--pri", "could be --print-config or --priority. Write it out."),
            ("--debug=3", "--debug=3", "takes no value."),
            ("train -F", "-F", "needs a value."),
            ("train -uF", "-uF", "needs a value."),
            ("--comment", "--comment", "needs a value."),
            ("-T a -T b", "-T", "is given twice. Give several with commas."),
            ("-F a --file_storage=b", "--file_storage=b", "is given twice."),
            ("with", "with", "is followed by overrides, named configs or files, and none is there."),
            ("train with", "with", "is followed by overrides, named configs or files, and none is there."),
            ("train lr=1", "lr=1", "goes after the word `with`."),
            (
                "train test",
                "test",
                "is one word too many: one command, then `with` and what it is to be done with.",
            ),
            ("help a b", "help a b", "fits no usage line."),
        ],
    )
    def test_explains(self, text, subject, problem):
        """The error names the word, says what is wrong, and shows the usage lines."""
        with pytest.raises(CommandLineError) as caught:
            taken_apart(text)

        assert (subject, problem) == (caught.value.subject, caught.value.problem)
        assert str(caught.value).endswith("\n  prog COMMAND [(with UPDATE...)] [options]")

    @pytest.mark.parametrize("text", ["with =5", "with a..b=1", "with ++a=1", "with .a=1"])
    def test_an_override_needs_a_path(self, text):
        """A part of a path that is empty is refused."""
        with pytest.raises(UsageError, match="is no override"):
            taken_apart(text)

    @pytest.mark.parametrize("text", ["-b x", "-b nan", "-b -1", "-P high", "-C bogus"])
    def test_an_option_needs_a_value_it_can_take(self, text):
        """Numbers and choices are checked before anything is started."""
        with pytest.raises(OptionError, match="takes"):
            taken_apart(text)


class TestArgv:
    """A command line may be given as a text, a list, or not at all."""

    def test_forms(self, monkeypatch):
        """A text is split as a shell would, a list is taken as it is, None means the process's own."""
        monkeypatch.setattr("sys.argv", ["prog", "own"])

        assert ["prog", "with", "a=b c"] == split_argv("prog with 'a=b c'")
        assert ["prog", "a b"] == split_argv(["prog", "a b"])
        assert ["prog", "a"] == split_argv(("prog", "a"))
        assert ["prog", "own"] == split_argv(None)

    @pytest.mark.parametrize("argv", [3, {"a": 1}, ["prog", 3]])
    def test_others_are_refused(self, argv):
        """Anything else is an error that shows it."""
        with pytest.raises(CommandLineError, match="must be a text or a list of texts"):
            split_argv(argv)

    def test_program_name(self, tmp_path, monkeypatch):
        """A script is called as it can be called from here."""
        monkeypatch.chdir(tmp_path)

        assert "train.py" == program_name([str(tmp_path / "train.py")])
        assert "'my train.py'" == program_name(["my train.py"])
        assert "script" == program_name([])
