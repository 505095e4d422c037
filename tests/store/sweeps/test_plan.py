"""The frozen plan of a sweep: trials computed from their numbers, and the plan in a file and back."""

import random
import time
import tracemalloc

import pytest

from expframe.config.request import Override
from expframe.errors import SaveError, ValueFormatError
from expframe.store.sweeps import plan_file
from expframe.store.sweeps.axes import Choices, Interval, Range
from expframe.store.sweeps.plan import Goal, Plan, Start

LR = Choices(("lr",), (("0.1",), ("0.01",)))
SIZES = Range("size", 64, 192, 64)
SEEDS = Range("seed", 0, 1)
DATASETS = Choices(("data",), (("a",), ("b",)))


def shown(trial):
    """Return the words of a trial."""
    return " ".join([*trial.named, *(override.written for override in trial.overrides)])


def an_axis(rng):
    """Return an axis of any kind."""
    return rng.choice(
        [
            Choices(("a", "b.c"), ((1, "x"), (2.5, None), ((1, 2), {"k": [1]})), is_text=False),
            Choices((), (("small",), ("large",))),
            Range("n", rng.randrange(5), 5 + rng.randrange(90), 1 + rng.randrange(4)),
            Interval("x", 1e-5, 1e-1, is_log=True, count=rng.choice([None, 2, 5])),
            Interval("k", 1, 1000, is_log=rng.random() < 0.5, is_whole=True),
        ]
    )


def test_a_grid_is_walked_with_the_last_axis_fastest_and_replicates_together():
    """Trials of one configuration come one after another, and the last axis of a grid changes fastest."""
    plan = Plan(axes=(LR, SIZES), replicates=SEEDS)

    words = [shown(plan.trial(number)) for number in range(plan.size)]
    expected = [f"lr={lr} size={size} seed={seed}" for lr in (0.1, 0.01) for size in (64, 128, 192) for seed in (0, 1)]

    assert expected == words


def test_trials_name_their_sample_configuration_and_replicate():
    """`each` makes several configurations of one sample, and replicates several trials of one configuration."""
    plan = Plan(axes=(LR,), each=(DATASETS,), replicates=SEEDS)

    trials = [plan.trial(number) for number in range(plan.size)]

    assert [(n // 4, n // 2, n % 2) for n in range(8)] == [(t.sample, t.configuration, t.replicate) for t in trials]
    assert ["data=a", "data=a", "data=b", "data=b"] == [trial.overrides[1].written for trial in trials[:4]]


def test_what_all_trials_have_comes_first():
    """Named configs and overrides of all trials stand before those of the axes."""
    fixed = Override.parse("depth=3")
    plan = Plan(axes=(Choices((), (("small",), ("large",))), LR), named=("base",), overrides=(fixed,))

    trial = plan.trial(2)

    assert (("base", "large"), ["depth=3", "lr=0.1"]) == (trial.named, [o.written for o in trial.overrides])
    assert Override.parse("lr=0.1") == trial.overrides[1]


@pytest.mark.once
def test_a_random_walk_of_a_finite_space_meets_each_cell_once():
    """A random search of a finite space is a shuffled grid, another one for another seed."""
    rng = random.Random(1)
    for _ in range(30):
        sizes = [rng.randrange(1, 9) for _ in range(3)]
        spans = tuple(Range(f"x{number}", 1, size) for number, size in enumerate(sizes))
        walks = [Plan(axes=spans, search="random", search_seed=seed) for seed in (1, 2)]
        points = [[walk.trial(number).point for number in range(walk.size)] for walk in walks]
        grid = [Plan(axes=spans).trial(number).point for number in range(walks[0].size)]

        assert sorted(grid) == sorted(points[0]) == sorted(points[1])
        assert len(grid) < 20 or points[0] != points[1] != grid


def test_random_points_are_functions_of_the_seed_and_the_number():
    """The same seed and number give the same point, inside its interval; other numbers give others."""
    space = (Interval("lr", 1e-5, 1e-1, is_log=True), Interval("k", 2, 9, is_whole=True), LR)
    plan = Plan(axes=space, search="random", search_seed=3, samples=400)

    points = [plan.trial(number).point for number in range(400)]

    assert points == [plan.trial(number).point for number in range(400)]
    assert len(set(points)) == 400
    assert all(1e-5 <= lr <= 1e-1 and 2 <= k <= 9 and which in (0, 1) for lr, k, which in points)
    assert {2, 3, 4, 5, 6, 7, 8, 9} == {k for _, k, _ in points}
    assert 150 < sum(lr < 1e-3 for lr, _, _ in points) < 250  # half of the decades


def test_values_of_an_interval_by_number_are_round_and_keep_its_ends():
    """A counted interval has both ends, and numbers as one writes them between."""
    log = Interval("lr", 1e-5, 1e-1, is_log=True, count=5)
    linear = Interval("dropout", 0, 0.5, count=6)

    assert [1e-5, 1e-4, 1e-3, 1e-2, 1e-1] == [log.value(number) for number in range(5)]
    assert [0, 0.1, 0.2, 0.3, 0.4, 0.5] == [linear.value(number) for number in range(6)]


def test_a_grid_of_a_million_cells_starts_at_once_in_flat_memory():
    """Cells are computed, never listed: the first and the last of a million cost the same."""
    plan = Plan(axes=(Range("a", 1, 1000), Range("b", 1, 1000)), search="random", replicates=Range("seed", 0, 9999))
    tracemalloc.start()
    start = time.process_time()

    trials = [plan.trial(number) for number in (0, plan.size - 1)]

    assert time.process_time() - start < 0.5
    assert tracemalloc.get_traced_memory()[1] < 200_000
    tracemalloc.stop()
    assert 10_000_000_000 == plan.size
    assert trials[0].point != trials[1].point


def test_the_size_is_what_the_samples_and_the_space_allow():
    """As many trials as there are cells or samples, whichever is less, times what each is crossed with."""
    interval = Interval("lr", 0, 1)
    sizes = [
        Plan(axes=(LR, SIZES)).size,
        Plan(axes=(LR, SIZES), search="random", samples=4, replicates=SEEDS).size,
        Plan(axes=(LR,), search="random", samples=40).size,
        Plan(axes=(interval,), search="random", samples=40, each=(DATASETS,)).size,
        Plan(axes=(LR,), search="tpe", samples=40).size,
        Plan(axes=(interval,), search="tpe").size,
        Plan().size,
    ]

    assert [6, 8, 2, 80, 40, None, 1] == sizes


def test_the_point_that_a_search_has_said_makes_the_trial():
    """Where a sample needs history, the point is handed in: as it is, and as read back from JSON."""
    plan = Plan(axes=(LR, Interval("x", 0, 1)), search="tpe", samples=9, replicates=SEEDS)

    assert "lr=0.01 x=0.25 seed=1" == shown(plan.trial(5, [1, 0.25]))


def test_a_plan_is_read_as_it_was_written(tmp_path):
    """A plan goes into `sweep.json` and comes back equal, whatever its axes are."""
    rng = random.Random(7)
    for _ in range(200):
        plan = Plan(
            axes=tuple(an_axis(rng) for _ in range(rng.randrange(4))),
            each=tuple(an_axis(rng) for _ in range(rng.randrange(2))),
            replicates=rng.choice([None, SEEDS]),
            named=("base",),
            overrides=(Override.parse("a.b=1"), Override(("t",), (1, 2), written="t=(1, 2)")),
            command="train",
            search=rng.choice(["grid", "random", "tpe"]),
            search_seed=rng.randrange(2**31),
            samples=rng.choice([None, 50]),
            goals=(Goal("metrics.val.acc.max", "max"),),
            options={"force": True, "tag": ("a", "b")},
            start=Start("/x/train.py", "", "/x", "/usr/bin/python", ("/x",), {"train.py": "abc"}),
            told=(((0, 0.5), (1.5,)), ((1, 0.25), (0.1,))),
            gpus=0.5,
        )
        plan_file.write(tmp_path, plan)

        assert plan == plan_file.read(tmp_path)


def test_a_plan_that_cannot_be_stored_is_said(tmp_path):
    """Storage that refuses the plan of a sweep, or what it is to have otherwise, is an error that says so."""
    (tmp_path / "sweep.json" / "taken").mkdir(parents=True)
    (tmp_path / "changes").touch()

    for store in (lambda: plan_file.write(tmp_path, Plan()), lambda: plan_file.note_changes(tmp_path, samples=3)):
        with pytest.raises(SaveError, match=r"^the plan of a sweep: cannot be stored \(.*\)"):
            store()


def test_a_damaged_plan_and_one_of_a_later_version_are_refused(tmp_path):
    """What is no plan of this version says so."""
    for text, problem in [
        ('{"version": 2}', "has version 2"),
        ('{"version": 1}', "is damaged"),
        ("[]", "has version None"),
        ('{"version": 1', "is damaged"),
    ]:
        (tmp_path / "sweep.json").write_text(text)
        with pytest.raises(ValueFormatError, match=problem) as caught:
            plan_file.read(tmp_path)
        assert f"{tmp_path / 'sweep.json'}: " in str(caught.value)

    assert plan_file.is_sweep(tmp_path)
