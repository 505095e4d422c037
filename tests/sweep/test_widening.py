"""Sweeps that go on wider than they were planned."""

import itertools
import textwrap

import pytest
from interpreter import run_python

from expframe import Experiment, runs
from expframe.config.options import Options
from expframe.errors import ExpframeError, UsageError
from expframe.record.record import Status
from expframe.store.sweeps.plan import Plan
from expframe.sweep.judge import Judge, judge
from expframe.sweep.request import SweepRequest
from expframe.sweep.search.proposals import search_of
from expframe.sweep.search.samples import SearchSample
from expframe.sweep.widening import refuse_in_vain, widened, with_more


@pytest.fixture
def judged():
    """Return what plans words, and what makes them wider."""
    ex = Experiment("wide", ghost=True)

    @ex.config
    def config():
        lr = 0.1
        width = 64
        opt = "sgd"
        betas = (0.9, 0.999)

    @ex.named_config
    def small():
        width = 8

    @ex.named_config
    def large():
        width = 512

    @ex.named_config
    def huge():
        width = 1024

    ex.main(lambda lr, width, opt, betas: lr)
    by = Judge(ex, ex.prepare, None, Options())

    def plan(*words, **asked):
        return judge(SweepRequest(words, **{"search_seed": 1, **asked}), by).plan

    def wider(plan, *words, more=None, **asked):
        added = with_more(plan, more, "40") if more else {}
        return plan.changed(**widened(plan, SweepRequest(words, **asked), by, "40"), **added)

    return plan, wider


def words_of(plan: Plan, number):
    """Return the words of a trial."""
    trial = plan.trial(number)
    return " ".join([*trial.named, *(override.written for override in trial.overrides)])


def sorted_words(words):
    """Return words in an order of their own."""
    return tuple(sorted(words.split()))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["lr=0.1,0.01"], ["lr=0.001,0.01,0.1"]),
        (["lr=0.1,0.01", "width=8,16"], ["width=16,8,32", "lr=0.1,0.01,1"]),
        (["width=1..3", "lr=1,2"], ["width=0..5"]),
        (["width=2..6/2"], ["width=2..6"]),
        (["width=8,16"], ["width=8..32/8"]),
        (["lr=log:1e-3..1e-1:3"], ["lr=log:1e-4..1:5"]),
        (["small,large"], ["huge,small,large"]),
        (["lr:width=0.1:8,0.2:16"], ["lr:width=0.3:8,0.1:8,0.2:16"]),
        (["betas=(1,2),(3,4)"], ["betas=(1,2),(3,4),(5,6)"]),
        (["opt=sgd,adam", "lr=0.5"], ["opt=sgd,adam,rmsprop", "lr=0.5"]),
    ],
    ids=lambda words: " ".join(words),
)
def test_a_wider_grid_is_the_old_one_and_then_the_rest_of_the_new_one(judged, before, after):
    """Trials of a wider grid are those of the narrower one, and then each that a new sweep would have had besides."""
    plan, wider = judged
    narrow = plan(*before)
    wide = wider(narrow, *after)
    old = [words_of(narrow, number) for number in range(narrow.size)]
    new = [words_of(wide, number) for number in range(wide.size)]
    said = {word.partition("=")[0] for word in after if "=" in word}
    whole = plan(*after, *(word for word in before if "=" in word and word.partition("=")[0] not in said))

    assert old == new[: len(old)]
    assert len(set(new)) == len(new) == whole.size
    if "log:" not in after[0]:  # whose numbers are written otherwise
        assert set(map(sorted_words, new)) == {sorted_words(words_of(whole, number)) for number in range(whole.size)}


def test_a_plan_can_be_made_wider_again_and_again(judged):
    """A plan that was made wider is made wider as one that was not."""
    plan, wider = judged
    found = plan("width=2..3", "lr=1,2")
    shown = []
    for words in (["width=1..4"], ["lr=1,2,3"], ["width=0..9"], ["lr=1,2,3", "width=0..9"]):
        found = wider(found, *words)
        shown.append([words_of(found, number) for number in range(found.size)])

    assert [8, 12, 30, 30] == list(map(len, shown))
    assert all(len(set(now)) == len(now) for now in shown)
    assert all(now[: len(before)] == before for before, now in itertools.pairwise(shown))


def test_more_seeds_are_drawn_after_those_that_there_are(judged):
    """With more seeds each configuration keeps those that it had, all have the same, and new trials are replicates."""
    plan, wider = judged
    two = plan("lr=0.1,0.2", seeds=2)
    three = wider(two, seeds=3)
    seeds = [three.trial(number).overrides[-1].value for number in range(6)]

    assert [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (1, 2)] == [three.place(number)[1:3] for number in range(6)]
    assert seeds[:2] == seeds[2:4]
    assert 1 == len(set(seeds[4:])) and 3 == len(set(seeds))
    assert plan("lr=0.1,0.2", seeds=3).replicates == three.replicates


def test_a_wider_interval_takes_more_samples(judged):
    """An interval that is wider is for samples that are added to those that there are."""
    plan, wider = judged
    narrow = plan("lr=0..1", search="random", trials=4)
    wide = wider(narrow, "lr=0..100", more=20)
    points = [wide.trial(number).point[0] for number in range(24)]

    assert points[:4] == [narrow.trial(number).point[0] for number in range(4)]
    assert max(points) > 10 > 1 > max(points[:4])
    with pytest.raises(UsageError, match=r"sweep 40: has taken its 4 samples already\. Take more, of the wider space"):
        refuse_in_vain(narrow, {"axes": wide.axes}, 4, "40")


@pytest.mark.once
@pytest.mark.parametrize("search", ["tpe", "cma", "nsga"])
def test_a_search_is_told_what_was_done_before(judged, search):
    """A search over what is wider knows what samples came to before, and proposes what is new."""
    plan, wider = judged
    narrow = plan("width=10..12", "lr=0..1", "opt=sgd,adam", search=search, trials=5, metric=("result:min",))
    wide = wider(narrow, "width=2..20", "lr=-10..1", "opt=adam,sgd,lion", more=40)
    asking = search_of(wide)
    samples, values = [], []
    for number in range(45):
        at = asking if number >= 5 else search_of(narrow)
        found = at.ask(number, samples)
        words = dict(word.written.split("=") for word in wide.trial(number, found.point).overrides)
        value = float(words["width"]) + float(words["lr"]) + (words["opt"] != "lion")
        samples.append(SearchSample(number, found, Status.COMPLETED, (value,)))
        values.append(value)

    assert min(values[5:]) < min(values[:5])
    assert {"lion"} <= {wide.trial(n, samples[n].proposal.point).overrides[2].value for n in range(5, 45)}


def test_rows_of_a_table_may_be_added(judged, tmp_path):
    """A table with more rows is wider; the rows that it had keep their numbers wherever they stand in it."""
    plan, wider = judged
    table = tmp_path / "trials.csv"
    table.write_text("lr,width\n0.1,8\n0.2,16\n")
    narrow = plan(f"@{table}")
    table.write_text("lr,width\n0.3,32\n0.1,8\n0.2,16\n")
    wide = wider(narrow, f"@{table}")

    assert ["lr=0.1 width=8", "lr=0.2 width=16", "lr=0.3 width=32"] == [words_of(wide, n) for n in range(3)]


@pytest.mark.parametrize(
    ("words", "asked", "problem"),
    [
        (["lr=0.1"], {}, "'lr=0.1': leaves out 0.01 of lr=0.1,0.01, which sweep 40 has. It keeps what it has"),
        (["lr=0.1,0.5"], {}, "'lr=0.1,0.5': leaves out 0.01 of lr=0.1,0.01, which sweep 40 has."),
        (["lr=0..1"], {}, "'lr=0..1': sweep 40 has lr=0.1,0.01: these are kept."),
        (["width=16"], {}, "'width=16': is width=8 in all trials of sweep 40. Start another sweep for another value."),
        (["width=8,16"], {}, "'width=8,16': is width=8 in all trials of sweep 40. Start another sweep"),
        (["opt=sgd,adam"], {}, "'opt=sgd,adam': is not in the plan of sweep 40, which can be wider in lr, seed."),
        (["huge"], {}, "'huge': is not in the plan of sweep 40"),
        ([], {"seeds": 1}, "--seeds=1: sweep 40 has 2 seeds already, and keeps them."),
        (["lr=0.1,0.01,fast"], {}, "fast"),
    ],
    ids=lambda case: str(case) if isinstance(case, list) else None,
)
def test_what_is_narrower_or_another_plan_is_refused_with_the_difference(judged, words, asked, problem):
    """A plan keeps what it has: a word that leaves something out, or says something else, is refused."""
    plan, wider = judged
    with pytest.raises(ExpframeError) as refused:
        wider(plan("lr=0.1,0.01", "width=8", seeds=2), *words, **asked)

    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("lr=0..1", "lr=0..0.5", "'lr=0..0.5': sweep 40 has lr=0..1: a wider one keeps its ends inside, and its kind."),
        ("lr=log:1e-3..1", "lr=0..1", "'lr=0..1': sweep 40 has lr=log:0.001..1: a wider one keeps"),
        ("lr=0..1", "lr=0,1", "'lr=0,1': sweep 40 has lr=0..1: a wider one keeps"),
    ],
)
def test_an_interval_stays_one(judged, before, after, problem):
    """An interval becomes a wider one of its kind, or is refused."""
    plan, wider = judged
    with pytest.raises(UsageError) as refused:
        wider(plan(before, search="random", trials=3), after)

    assert problem in str(refused.value)


def test_seeds_that_were_not_drawn_are_written(judged):
    """Where the replicates were written words add to them, and --seeds does not; where there are none, nothing does."""
    plan, wider = judged
    written = plan("lr=1,2", "seed=1..2")

    assert [1, 2, 1, 2, 3, 3] == [wider(written, "seed=1..3").trial(n).overrides[-1].value for n in range(6)]
    with pytest.raises(UsageError, match=r"--seeds=3: sweep 40 has seed=1\.\.2, which --seeds has not drawn"):
        wider(written, seeds=3)
    with pytest.raises(UsageError, match="--seeds=3: sweep 40 has one run of each configuration"):
        wider(plan("lr=1,2"), seeds=3)


SCRIPT = textwrap.dedent("""
    from expframe import Experiment

    ex = Experiment("wide")


    @ex.config
    def config():
        lr = 0.1
        width = 8


    @ex.automain
    def main(lr, width, seed):
        return lr * width + seed % 2
    """)


@pytest.mark.once
def test_a_sweep_goes_on_wider(tmp_path, environment):
    """What was done is kept, as the same runs under the same numbers; only what is new is done, and `show` has all."""
    script = tmp_path / "wide.py"
    script.write_text(SCRIPT)

    def sweep(*words):
        done = run_python([script, "sweep", *words, "-l", "ERROR"], cwd=tmp_path, env=environment)
        return done.returncode, done.stdout + done.stderr

    def trials():
        return [
            (state.run, run.config["lr"], run.config["width"], run.seed)
            for state in runs(tmp_path / "runs")[1].sweep.trials
            for run in [runs(tmp_path / "runs")[state.run]]
        ]

    assert 0 == sweep("with", "lr=0.1,0.2", "width=8,16", "--seeds=2", "--search-seed=1")[0]
    before = trials()
    frozen = (tmp_path / "runs/1/sweep.json").read_bytes()
    code, text = sweep("--resume=1", "--dry-run", "with", "lr=0.1,0.2,0.3")

    assert (0, before) == (code, trials()), text
    assert "12 trials: 6 configurations x 2 seeds, 4 of them new; nothing is started:\n" in text
    assert "\n  8  lr=0.3 width=8 seed=" in text

    code, text = sweep("--resume=1", "--seeds=3", "with", "lr=0.1,0.2,0.3")
    after = trials()

    assert 0 == code, text
    assert (8, 18) == (len(before), len(after))
    assert before == after[:8]
    assert 18 == len({trial[1:] for trial in after}) == len(runs(tmp_path / "runs")) - 1
    assert "3 of 3" in text
    assert "18 trials: 18 completed" in text
    assert frozen == (tmp_path / "runs/1/sweep.json").read_bytes()
    assert {3} == {group.value.n for group in runs(tmp_path / "runs")[1].sweep.groups()}

    code, text = sweep("--resume=1", "with", "lr=0.1")

    assert 2 == code
    assert "'lr=0.1': leaves out 0.2, 0.3 of lr=0.1,0.2,0.3, which sweep 1 has." in text
