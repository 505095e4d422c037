"""What is asked of a sweep, judged before anything starts."""

import enum
import random
import re

import pytest

from expframe import Experiment
from expframe.config.options import Options
from expframe.errors import ExpframeError, OptionError, SweepWordError, UsageError
from expframe.store.search.goals import goal
from expframe.store.sweeps.plan import Goal
from expframe.sweep.judge import Judge, judge
from expframe.sweep.request import FLAGS_OF_PLAN, SweepRequest
from expframe.sweep.skips import is_skipped


def script():
    """Return an experiment with an entry of each kind, named configs and two commands."""
    ex = Experiment("judged")

    @ex.config
    def config():
        lr = 0.1
        opt = "sgd"
        sizes = [1, 2]
        api_key = None
        net = {"layers": 2}

    @ex.named_config
    def small():
        net = {"layers": 1}

    @ex.named_config
    def deep():
        net = {"layers": 9}
        extra = 1

    @ex.main
    def main(lr, seed):
        """Nothing."""

    @ex.command
    def evaluate(lr, missing):
        """Needs what no entry gives."""

    return ex


def judged(*words, ex=None, command=None, **asked):
    """Return the judged plan of words."""
    ex = ex or script()
    by = Judge(ex, ex.prepare, command, Options())
    return judge(SweepRequest(words, command=command, **asked), by)


def plan_of(*words, **asked):
    """Return the plan of words."""
    return judged(*words, **asked).plan


def shown(plan):
    """Return the words of each trial."""
    trials = [plan.trial(number) for number in range(plan.size)]
    return [" ".join([*trial.named, *(override.written for override in trial.overrides)]) for trial in trials]


def test_words_are_crossed_in_the_order_in_which_they_are_written():
    """A grid has a trial for each combination; what is fixed is in all of them."""
    plan = plan_of("lr=0.1,0.01", "small,deep", "opt=adam")

    assert [f"{named} opt=adam lr={lr}" for lr in (0.1, 0.01) for named in ("small", "deep")] == shown(plan)


def test_all_configurations_have_the_same_seeds():
    """Seeds are drawn once, by the seed of the search, more of them begin as fewer do, and they are replicates."""
    plan = plan_of("lr=0.1,0.01", seeds=3, search_seed=5)
    seeds = [row[0] for row in plan.replicates.rows]
    more = plan_of("lr=0.1,0.01", seeds=5, search_seed=5)

    assert (6, 3, 3) == (plan.size, plan.replicate_count, len(set(seeds)))
    assert seeds == [row[0] for row in more.replicates.rows][:3]
    assert seeds != [row[0] for row in plan_of("lr=0.1", seeds=3, search_seed=6).replicates.rows]
    assert [f"lr={lr} seed={seed}" for lr in (0.1, 0.01) for seed in seeds] == shown(plan)


def test_a_seed_axis_is_one_of_replicates_unless_another_is_named():
    """`seed` is the replicate axis, or the entry that `--replicate` names."""
    by_seed = plan_of("lr=0.1,0.01", "seed=0..4")
    by_layers = plan_of("lr=0.1,0.01", "seed=0..4", "net.layers=1,2", replicate="net.layers")

    assert (("seed",), 5, 10) == (by_seed.replicates.names, by_seed.replicate_count, by_seed.size)
    assert (("net.layers",), 2, 20) == (by_layers.replicates.names, by_layers.replicate_count, by_layers.size)


def test_each_crosses_an_axis_with_every_sample():
    """Every point that is drawn is tried with each value of the axis."""
    plan = plan_of("lr=log:1e-5..1", "opt=sgd,adam", search="random", trials=3, each=("opt",), search_seed=1)
    words = shown(plan)

    assert 6 == len(words) == plan.size
    assert ["opt=sgd", "opt=adam"] * 3 == [word.split()[1] for word in words]
    assert words[0].split()[0] == words[1].split()[0] != words[2].split()[0]


def test_a_filter_of_decided_configs_leaves_trials_out():
    """A filter is asked of each trial's config, and refused where it asks for something else."""
    plan = plan_of("lr=0.1,0.01", "opt=sgd,adam", skip="config.opt == 'sgd' and config.lr < 0.05")
    ex = script()
    configs = [ex.resolve(*shown(plan)[number].split()) for number in range(4)]

    assert [False, False, True, False] == [is_skipped(plan, config) for config in configs]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("val.acc.max:max", Goal("metrics.val.acc.max", "max")),
        ("val.acc.max", Goal("metrics.val.acc.max", "max")),
        ("val.loss.min", Goal("metrics.val.loss.min", "min")),
        ("metrics.val.loss:min", Goal("metrics.val.loss.last", "min")),
        ("result:min", Goal("result", "min")),
        ("result.acc:max", Goal("result.acc", "max")),
        ("duration:min", Goal("duration", "min")),
    ],
)
def test_a_goal_is_a_field_and_a_direction(text, expected):
    """A name that nothing else has is that of a metric, and its greatest or least value says its direction."""
    assert expected == goal(text)


@pytest.mark.parametrize(
    ("words", "asked", "problem"),
    [
        (["lrr=0.1,0.2"], {}, "no config entry 'lrr'. Did you mean 'lr'"),
        (["lr=0.1,fast"], {}, "'lr=fast': 'lr' (test_judge.py:"),
        (["smal,deep"], {}, "'smal'"),
        (["extra=1,2"], {}, "'extra'"),
        (["small,deep", "extra=1,2"], {}, "'extra'"),
        (["lr=log:1e-5..0.1"], {}, "'lr=log:1e-05..0.1': is an interval, and a grid has single values. Write"),
        (["lr=0..1"], {"search": "random"}, "--search=random: has no end over an interval. Say how many"),
        (["lr=1,2"], {"trials": 1}, "--trials=1: is for a search; a grid has all its 2 cells."),
        (
            ["lr=1,2"],
            {"search": "magic"},
            "is no search. There are: grid, random, sobol, tpe, cma, gp, nsga.",
        ),
        (["lr=1,2"], {"search": "tpee"}, "--search=tpee: is no search. Did you mean tpe?"),
        (["lr=0..1"], {"search": "sobol"}, "--search=sobol: has no end by itself. Say how many samples: --trials 50."),
        (["lr=0..1"], {"search": "tpe", "trials": 5}, "--search=tpe: learns from what trials come to."),
        (["lr=1,2"], {"warm": "status == 'COMPLETED'"}, "is for a search that learns: tpe, cma, gp, nsga."),
        (["lr=1,2"], {"each": ("opt",)}, "--each=opt: names no axis. Axes: lr."),
        (["lr=0..1"], {"each": ("lr",), "search": "random"}, "--each=lr: crosses single values"),
        (["lr=1,2"], {"replicate": "fold"}, "--replicate=fold: names no axis. Axes: lr."),
        (["seed=1,2"], {"seeds": 3}, "--seeds=3: says the seeds, and a word says them too."),
        (["seed=1"], {"seeds": 3}, "--seeds=3: says the seeds, and a word says them too."),
        (["lr=1,2"], {"seeds": 3, "replicate": "lr"}, "--seeds: goes with replicates in the seed"),
        (["api_key=a,b"], {}, "'api_key': is a secret, and a sweep's words are stored."),
        (["api_key=a"], {}, "'api_key': is a secret"),
        (["lr=1,2"], {"skip": "status == 'FAILED'"}, "asks for 'status'; before a run there is its config alone."),
        (["lr=1,2"], {"skip": "config.lrr > 1"}, "asks for 'config.lrr', which no config has. Did you mean 'lr'?"),
        (["lr=1,2"], {"skip": "lr > 0"}, "leaves no trial over."),
        (
            ["lr=1,2"],
            {"skip": "lr > 'a'"},
            "compares config.lr, a number such as 1.0, with 'a', a text, which is never",
        ),
        (["opt=a,b"], {"skip": "opt == 3 or lr > 1"}, "which is never true. A text stands in quotes: '3'."),
        (["lr=1,2"], {"skip": "lr >"}, "needs a field or a value at the end."),
        (["lr=1,2"], {"metric": ("val.acc",)}, "does not say whether the least or the greatest is sought."),
        (["lr=1,2"], {"metric": ("val.acc:Maximize",)}, "the least or the greatest is sought. Write val.acc:max."),
        (["lr=1,2"], {"command": "nope"}, "No command 'nope'"),
        (["lr=1,2"], {"command": "evaluate"}, "needs 'missing'"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_starts(words, asked, problem, tmp_path, monkeypatch):
    """Every word and option is judged, with the texts that a run has for it, and no run is made."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ExpframeError, match=re.escape(problem)):
        judged(*words, **asked)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("skip", "left"),
    [
        ("level > 2", ["level=LOW"]),
        ("level == 3 or level in [7, 9]", ["level=LOW"]),
        ("level == 'LOW'", ["level=HIGH"]),
        ("mode == 'fast' and level in [1]", ["level=HIGH"]),
        ("mode == 'FAST' and level != 3", ["level=HIGH"]),
    ],
)
def test_members_that_are_numbers_or_texts_are_left_out_as_these_too(skip, left):
    """A member of an IntEnum, or of an enum of texts, is compared by its value where that fits, or by its name."""
    level = enum.IntEnum("Level", {"LOW": 1, "HIGH": 3})
    mode = enum.Enum("Mode", {"FAST": "fast", "SLOW": "slow"}, type=str)
    ex = Experiment("members")
    ex.add_config(level=level.LOW, mode=mode.FAST)

    @ex.main
    def main(level, mode):
        """Nothing."""

    plan = judged("level=LOW,HIGH", ex=ex, skip=skip).plan
    by = Judge(ex, ex.prepare, None, Options())

    assert left == [word for n, word in enumerate(shown(plan)) if not is_skipped(plan, by.decide(plan.trial(n)))]


def test_values_that_only_look_like_mistakes_are_said_once():
    """A warning that a run would log is said for the sweep, not for each trial."""
    ex = Experiment("warned")

    @ex.config
    def config():
        n = 3

    @ex.main
    def main(n):
        """Nothing."""

    found = judged("n=0.5,1.5,2", ex=ex)

    assert {"Entry 'n' (test_judge.py"} == {warning.partition(":")[0] for warning in found.warnings}
    assert 2 == len(found.warnings)


def test_entries_that_are_computed_on_may_be_swept_though_the_default_cannot_be():
    """A config function that fails without the swept value is asked with its first one."""
    ex = Experiment("computed")

    @ex.config
    def config():
        width = None
        double = 2 * width

    @ex.main
    def main(double):
        """Nothing."""

    assert ["width=1", "width=2"] == shown(judged("width=1,2", ex=ex).plan)


def test_a_large_space_is_judged_in_its_corners():
    """Of a million cells each value is decided once, and a wrong one among them is found."""
    plan = plan_of("lr=0.1,0.2,0.3", "net.layers=1..1000000", "seed=0..9")

    assert 30_000_000 == plan.size
    with pytest.raises(ExpframeError, match="'lr=fast'"):
        judged("lr=0.1,0.2,fast", "net.layers=1..1000000")


@pytest.mark.once
def test_what_is_judged_is_what_trials_are():
    """Whatever the words, each trial that a plan has can be decided, and has the values that were written."""
    rng = random.Random(11)
    ex = script()
    for _ in range(60):
        lrs = sorted({round(rng.uniform(0.001, 1), 3) for _ in range(rng.randrange(1, 4))})
        layers = sorted({rng.randrange(1, 50) for _ in range(rng.randrange(1, 4))})
        opts = rng.sample(["sgd", "adam", "lion"], rng.randrange(1, 4))
        words = [f"lr={','.join(map(str, lrs))}", f"net.layers={','.join(map(str, layers))}", f"opt={','.join(opts)}"]
        rng.shuffle(words)
        asked = {"search": "random"} if rng.random() < 0.5 else {}
        plan = judged(*words, ex=ex, seeds=rng.choice([None, 2]), **asked).plan
        seen = set()
        for number in range(plan.size):
            trial = plan.trial(number)
            config = Judge(ex, ex.prepare, None, Options()).decide(trial)
            seen.add((config["lr"], config["net"]["layers"], config["opt"]))

        assert {(lr, layer, opt) for lr in lrs for layer in layers for opt in opts} == seen


def test_options_say_what_they_take():
    """An option of a sweep that cannot be what is given says what it takes."""
    flags = {flag.long: flag for flag in FLAGS_OF_PLAN}

    assert (3, ("a", "b"), 5400.0) == (
        flags["--seeds"].converted("3"),
        flags["--each"].converted("a, b"),
        flags["--max-time"].converted("1.5h"),
    )
    with pytest.raises(OptionError, match=re.escape("--seeds=0: takes a whole number from 1 on.")):
        flags["--seeds"].converted("0")
    with pytest.raises(OptionError, match=re.escape("--max-time=soon: takes a time, as 8h, 30m or 90s.")):
        flags["--max-time"].converted("soon")


def test_replicates_are_single_values():
    """An interval is no replicate axis."""
    with pytest.raises(SweepWordError, match="has replicates one by one"):
        judged("lr=0..1", "net.layers=1,2", replicate="lr")


def test_a_command_that_keeps_nothing_is_refused():
    """Trials are runs that are kept: a command of which nothing is kept has none."""
    ex = script()

    @ex.command(unobserved=True)
    def show(lr):
        """Keeps nothing."""

    for command in ("show", "print_config"):
        problem = (
            f"command '{command}': keeps nothing of its runs, and trials are runs. "
            "Commands that can be swept: main, evaluate."
        )
        with pytest.raises(UsageError, match=re.escape(problem)):
            judged("lr=1,2", ex=ex, command=command)
