"""Which search a plan has, and the points that it proposes: each sample has one, whoever asks for it first."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from pathlib import Path

from expframe.config import json_values
from expframe.disk import layout
from expframe.disk.files import claim, replace_file
from expframe.errors import OptionError, ValueFormatError
from expframe.record.record import Status
from expframe.store.sweeps.journal import Journal
from expframe.store.sweeps.plan import GRID, RANDOM, Plan, Point
from expframe.store.sweeps.trials import Trials
from expframe.sweep.search.cma import CmaSearch
from expframe.sweep.search.optuna_search import OptunaSearch
from expframe.sweep.search.samples import Proposal, Search, SearchSample, history_of
from expframe.sweep.search.sobol import SobolSearch

BY_HISTORY = ("tpe", "cma", "gp", "nsga")
"""The searches that are told what samples came to."""

SEARCHES = (GRID, RANDOM, "sobol", *BY_HISTORY)
"""All searches."""


def search_of(plan: Plan) -> Search:
    """
    Return what proposes the points of a plan; what it needs is imported.

    Raises:
        MissingLibraryError: A library that it needs is not installed.
        OptionError: It cannot seek what the plan says.
    """
    if plan.search == "sobol":
        return SobolSearch(plan)
    told = [
        SearchSample(number - len(plan.told), Proposal(point), Status.COMPLETED, values)
        for number, (point, values) in enumerate(plan.told)
    ]
    if plan.search != "cma":
        return OptunaSearch(plan, told)
    if len(plan.goals) > 1:
        raise OptionError("--search=cma", "seeks one goal. Use nsga or tpe for several.")
    return CmaSearch(plan, told)


class Proposals:
    """
    The points that the search of a sweep proposes.

    Made before processes are forked, it has what it needs imported for all of them.

    Args:
        sweep: The folder of the sweep's run.
        plan: Its plan, of a search that is no function of the number alone.

    Raises:
        MissingLibraryError: A library that the search needs is not installed.
    """

    def __init__(self, sweep: Path, plan: Plan) -> None:
        self._folder = sweep / layout.POINTS_FOLDER
        self._plan = plan
        self._search = search_of(plan)

    def point(self, trial: int, trials: Trials, journal: Journal) -> Point:
        """
        Return the point of a trial's sample: what was proposed for it, else what the search proposes now.

        Of many that ask at the same time one proposes, and all others take that.

        Args:
            trial: The number of the trial.
            trials: What is known of the sweep's trials.
            journal: Where the proposal is noted.
        """
        sample = self._plan.place(trial).sample
        first = self._plan.first_of(sample)
        known = trials[first].proposed if trials[trial].proposed is None else trials[trial].proposed
        if known is not None:
            found = Proposal(tuple(known))
            self._note(found, trial, trials, journal)
            return found.point
        path = self._folder / f"{sample:06}.json"
        found = _read(path) or _publish(path, self._ask(sample, trials))
        self._note(found, first, trials, journal)
        self._note(found._replace(trial={}, study={}), trial, trials, journal)
        return found.point

    def _ask(self, sample: int, trials: Trials) -> Proposal:
        trials.refresh()
        return self._search.ask(sample, history_of(self._plan, trials) if self._plan.search in BY_HISTORY else ())

    def _note(self, found: Proposal, trial: int, trials: Trials, journal: Journal) -> None:
        """Note the point of a trial where nobody has."""
        if trials[trial].proposed is None:
            facts = {"trial": dict(found.trial), "study": dict(found.study)}
            journal.note("proposed", trial, point=[*found.point], search=facts if any(facts.values()) else None)
            trials.refresh(judge=False)


def _publish(path: Path, proposal: Proposal) -> Proposal:
    """Make a proposal that of its sample, unless there is one; return the one that there is."""
    path.parent.mkdir(exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        replace_file(aside, json_values.dump_plain(json_values.to_json(proposal.to_json())))
        if claim(aside, path):
            return proposal
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
    for _ in range(500):  # on a file system without links a name is there before its content
        if (found := _read(path)) is not None:
            return found
        time.sleep(0.01)
    raise ValueFormatError(f"the point {path}", "is damaged. Remove the file, and the sample is proposed anew.")


def _read(path: Path) -> Proposal | None:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return Proposal.from_json(json_values.from_json(data))
