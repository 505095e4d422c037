"""The command line of a sweep, taken apart."""

import re

import pytest

from expframe.cli.runs.work import seconds_of
from expframe.cli.sweeps.arguments import FLAGS_OF_SWEEP, parse, usage
from expframe.errors import CommandLineError, OptionError, UsageError


def parsed(*line):
    """Return a command line taken apart."""
    return parse(line, "train.py")


def test_words_options_and_the_command_are_told_apart():
    """What stands behind `with` are words, what stands before it is the command, options stand anywhere."""
    request, asked = parsed(
        "-j", "2", "evaluate", "--seeds=3", "with", "lr=0.1,0.2", "small", "-F", "out", "--retry", "2"
    )

    assert ("evaluate", ("lr=0.1,0.2", "small"), 3, 2) == (request.command, request.words, request.seeds, request.retry)
    assert (2, "out", None) == (asked.jobs, asked.options.file_storage, request.options.file_storage)


def test_a_sweep_goes_on_as_it_was_planned():
    """Beside --resume stands how trials are done, --retry names statuses, and words and seeds make it wider."""
    request, asked = parsed(
        "--resume", "40", "--retry", "failed,DIED", "-j2", "--any-code", "--seeds=3", "with", "lr=1,2"
    )

    assert (("lr=1,2",), 3) == (request.words, request.seeds)
    assert ("40", ("failed", "died"), 2, True) == (asked.resume, asked.retry, asked.jobs, asked.any_code)


def test_where_workers_run_is_asked_for():
    """Words behind --slurm, up to the next option or `with`, are what sbatch is told; quoted ones too."""
    first = parsed(
        "with", "lr=1,2", "--on", "slurm", "--slurm", "partition=gpu", "time=4:00:00", "--array=8", "--gpus=1"
    )
    second = parsed("--on=slurm", "--slurm", "time=5 exclusive", "comment=two words", "with", "lr=1,2", "--detach")

    assert ("slurm", ("partition=gpu", "time=4:00:00"), 8) == (first.asked.on, first.asked.slurm, first.asked.array)
    assert (("lr=1,2",), 1.0, False) == (first.request.words, first.request.gpus, first.asked.detach)
    assert (("time=5", "exclusive", "comment=two words"), True) == (second.asked.slurm, second.asked.detach)
    assert ("lr=1,2",) == second.request.words


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (["lr=0.1"], "lr=0.1: goes after the word `with`."),
        (["with"], "with: is followed by overrides"),
        (["--sedes=3", "with", "lr=1,2"], "--sedes=3: no such flag. Did you mean --seeds?"),
        (["--queue", "with", "lr=1,2"], "--queue: no such flag."),
        (["--metric=a:max", "--metric=b", "with", "lr=1,2"], "--metric=b: is given twice. Give several with commas."),
        (["--seeds=0", "with", "lr=1,2"], "--seeds=0: takes a whole number from 1 on."),
        (["--retry=often", "with", "lr=1,2"], "--retry=often: takes a whole number."),
        (["-j0", "with", "lr=1,2"], "--jobs=0: takes a whole number from 1 on."),
        (["--resume=4", "train"], "--resume: goes on with the sweep as it was planned. Leave out train."),
        (["--resume=4", "--trials=3"], "--resume: goes on with the sweep as it was planned. Leave out --trials."),
        (["--more=3", "with", "lr=1,2"], "--more: is for a sweep that goes on: --resume ID."),
        (["--any-code", "with", "lr=1,2"], "--any-code: is for a sweep that goes on: --resume ID."),
        (["--gpus=-1", "with", "lr=1,2"], "--gpus=-1: takes a number from 0 on."),
        (["--resume=4", "--retry=3"], "--retry=3: names statuses beside --resume: --retry failed,died."),
    ],
)
def test_what_does_not_fit_is_refused(line, problem):
    """A command line that cannot be what it says says which word is wrong, and why."""
    with pytest.raises((CommandLineError, OptionError), match=re.escape(problem)):
        parsed(*line)


def test_every_option_is_in_the_help_and_can_be_given():
    """The help names each option, and no line of it is longer than a screen is wide."""
    text = usage("train.py")

    assert all(flag.long in text for flag in FLAGS_OF_SWEEP)
    assert 79 >= max(map(len, text.splitlines()))
    for flag in FLAGS_OF_SWEEP:
        value = {"capture": "sys", "max_time": "1h"}.get(flag.field, "1") if flag.value else None
        if flag.field not in ("resume", "any_code", "more"):
            parsed(flag.long, *([value] if value else []), "with", "lr=1,2")


@pytest.mark.parametrize(
    ("text", "seconds"), [("30m", 1800), ("30min", 1800), ("90", 90), ("1.5h", 5400), ("2d", 172800)]
)
def test_a_time_is_read_in_one_way(text, seconds):
    """What --max-time of a sweep takes that of `expframe work` takes, and the other way round."""
    request, _ = parsed("--max-time", text, "with", "lr=1,2")

    assert (seconds, seconds) == (request.max_time, seconds_of("--max-time", text))


@pytest.mark.parametrize("text", ["soon", "5w", "-1s", "inf", "nan", "h"])
def test_what_is_no_time_is_refused_everywhere(text):
    """What is no time is refused by both."""
    with pytest.raises(OptionError, match=re.escape(f"--max-time={text}: takes a time, as 8h, 30m or 90s.")):
        parsed(f"--max-time={text}", "with", "lr=1,2")
    with pytest.raises(UsageError, match=re.escape(f"--max-time={text}: takes a time: 90s, 30min, 8h, 2d.")):
        seconds_of("--max-time", text)
