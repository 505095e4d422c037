"""Plans that were made wider."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expframe.store.sweeps import plan_file
from expframe.store.sweeps.axes import Choices, Interval, Range, Widened, of_rank, rank_of
from expframe.store.sweeps.plan import Plan

once = pytest.mark.once  # they are many processes, and the same on all Pythons


def choices(name, size):
    """Return an axis of so many values."""
    return Choices((name,), tuple((str(number),) for number in range(size)))


def plan_of(sizes, search, seed, samples):
    """Return a plan with two axes, an axis of `each`, and seeds."""
    first, second, each, seeds = sizes
    return Plan(
        axes=(choices("a", first), choices("b", second)),
        each=(choices("c", each),),
        replicates=Range("seed", 1, seeds) if seeds > 1 else choices("seed", 1),
        search=search,
        search_seed=seed,
        samples=samples,
    )


@st.composite
def widenings(draw):
    """A plan, and what it becomes once, twice or three times."""
    search, seed = draw(st.sampled_from(["grid", "random"])), draw(st.integers(0, 9))
    sizes = [draw(st.integers(1, 3)) for _ in range(3)] + [draw(st.integers(2, 3))]
    samples = draw(st.integers(1, 5)) if search == "random" and draw(st.booleans()) else None
    found = [plan_of(sizes, search, seed, samples)]
    for _ in range(draw(st.integers(1, 3))):
        sizes = [size + draw(st.integers(0, 2)) for size in sizes]
        samples = None if samples is None else samples + draw(st.integers(0, 3))
        wide = plan_of(sizes, search, seed, samples)
        found.append(
            found[-1].changed(axes=wide.axes, each=wide.each, replicates=wide.replicates, samples=wide.samples)
        )
    return found


def cell(plan, number):
    """Return what a trial is: its positions everywhere."""
    trial = plan.trial(number)
    return (*trial.point, *plan.place(number).each, trial.replicate)


@once
@given(widenings())
def test_old_trials_keep_their_numbers_and_new_ones_cover_what_is_new(plans):
    """A wider plan has all that the narrower ones had under the same numbers, and each cell of its own once."""
    wide = plans[-1]
    cells = [cell(wide, number) for number in range(wide.size)]
    samples = {trial[:2] for trial in cells}

    assert len(set(cells)) == wide.size
    assert wide.size == len(samples) * wide.each_count * wide.replicate_count
    assert wide.search != "grid" or len(samples) == wide.cells
    for plan in plans[:-1]:
        for number in range(plan.size):
            trial, now = plan.trial(number), wide.trial(number)
            assert (trial, plan.place(number)) == (now, wide.place(number))


@once
@given(widenings())
def test_configurations_are_trials_that_differ_in_the_replicate_alone(plans):
    """However wide a plan has become, trials of one configuration have all but the replicate in common."""
    wide = plans[-1]
    groups = {}
    for number in range(wide.size):
        place = wide.place(number)
        groups.setdefault(place.configuration, []).append((cell(wide, number)[:-1], place.sample, place.replicate))

    assert sorted(groups) == list(range(len(groups)))
    assert {wide.replicate_count} == {len(group) for group in groups.values()}
    assert all(len({(own, sample) for own, sample, _ in group}) == 1 for group in groups.values())
    assert [wide.first_of(sample) for sample in range(wide.size // wide.each_count // wide.replicate_count)] == [
        next(number for number in range(wide.size) if wide.place(number).sample == sample)
        for sample in range(wide.size // wide.each_count // wide.replicate_count)
    ]


def test_a_wider_interval_is_drawn_from_by_new_samples_alone():
    """Samples of a random search keep their points when an interval is wider, and others are drawn in all of it."""
    plan = Plan(axes=(Interval("x", 0, 1),), search="random", search_seed=3, samples=20)
    wide = plan.changed(axes=(Interval("x", 0, 100),), samples=60)
    points = [wide.trial(number).point[0] for number in range(60)]

    assert points[:20] == [plan.trial(number).point[0] for number in range(20)]
    assert 30 < sum(point > 10 for point in points[20:]) <= 40


def test_more_samples_of_the_same_space_are_those_of_a_longer_search():
    """Samples that are added to a space that stays as it is are those which more samples had brought at once."""
    plan = Plan(axes=(choices("a", 5), choices("b", 4)), search="random", search_seed=3, samples=6)
    longer = Plan(axes=plan.axes, search="random", search_seed=3, samples=15)

    assert [longer.trial(n) for n in range(15)] == [plan.changed(samples=15).trial(n) for n in range(15)]


def test_a_plan_is_read_with_what_it_has_become(tmp_path):
    """`sweep.json` stays as it was written, and each change is in a file of its own, read in their order."""
    plan = plan_of((2, 2, 1, 2), "random", 4, 3)
    plan_file.write(tmp_path, plan)
    frozen = (tmp_path / "sweep.json").read_bytes()
    wide = Widened((Range("b", 0, 1), choices("b", 2)))
    changes = [{"samples": 5}, {"axes": (choices("a", 3), wide), "replicates": Range("seed", 1, 4)}, {"any_code": True}]
    for change in changes:
        plan_file.note_changes(tmp_path, **change)
        plan = plan.changed(**change)

    assert plan == plan_file.read(tmp_path)
    assert 2 == len(plan.before)
    assert frozen == (tmp_path / "sweep.json").read_bytes()
    assert {f"00000{number}.json" for number in (1, 2, 3)} == {path.name for path in (tmp_path / "changes").iterdir()}


@given(st.permutations(list(range(6))))
def test_a_search_sees_the_order_of_values_and_not_that_of_their_coming(values):
    """Numbers that came later have the rank among all that they have by their value, and positions are found again."""
    later = Choices(("x",), tuple((value,) for value in values), is_text=False)
    axis = Widened((Range("x", 10, 12), later))
    order = sorted(range(axis.size), key=axis.value)

    assert list(range(9)) == [rank_of(axis, position) for position in order]
    assert order == [of_rank(axis, rank) for rank in range(9)]
    assert [f"x={value}" for value in [10, 11, 12, *values]] == [
        word.written for position in range(9) for word in axis.words(position)
    ]
    assert list(itertools.chain([10, 11, 12], values)) == [axis.value(position) for position in range(9)]
