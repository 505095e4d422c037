# Options of one's own.
# $ python custom_options.py with seed=1
# $ python custom_options.py -w -j 3 --many_words=x with seed=1
# $ python custom_options.py --warning --jobs=7 with seed=1
# $ python custom_options.py help
# $ python custom_options.py -C sys -F stored -w with seed=1
"""Flags that a script adds to the command line."""

import warnings

from sacred import Experiment, cli_option
from sacred.commandline_options import CommandLineOption, loglevel_option

warnings.simplefilter("ignore")


@cli_option("-w", "--warning", is_flag=True)
def warning_option(args, run):
    """Warn about everything."""
    run.info["warning"] = args


@cli_option("-j", "--jobs")
def jobs_option(args, run):
    """Do so many things at once, which is described in words that need more than one line to be said completely."""
    run.info["jobs"] = int(args)


class ManyWordsOption(CommandLineOption):
    """An option in the old style."""

    short_flag = "x"
    arg = "WORDS"
    arg_description = "Some words"

    @classmethod
    def apply(cls, args, run):
        run.info["words"] = args


ex = Experiment("options", additional_cli_options=[warning_option, jobs_option])

for flags in [("j", "--jobs"), ("-j", "jobs"), ("-jj", "--jobs"), ("-j", "--j")]:
    try:
        cli_option(*flags)
    except ValueError as error:
        print(flags, error)
print(
    warning_option.get_flag(), warning_option.get_flags(), jobs_option.get_flags(), jobs_option.arg, jobs_option.is_flag
)
print(jobs_option.short_flag, jobs_option.long_flag, jobs_option.get_name(), jobs_option.get_description()[:20])
print(loglevel_option.get_flags(), ManyWordsOption.get_flag(), ManyWordsOption.get_flags())


@ex.automain
def main(_run):
    print(sorted(_run.info.items()))
