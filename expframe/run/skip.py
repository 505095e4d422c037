"""
Whether a run is needed: not if one of the same command, config and code has been completed.

The same config: every value, as it is stored; the seed only where somebody chose it. Secrets are not stored: one is the
same as another where the store's own salt says so. The same code: every source file of the completed run is as it was.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expframe.config import equality, json_values
from expframe.config.decided import Config
from expframe.config.frozen import thaw
from expframe.config.masking import Masking
from expframe.disk import layout
from expframe.errors import OptionError, ValueFormatError
from expframe.facts import sources
from expframe.process.log_lines import NOTICE
from expframe.record.record import Record, Status
from expframe.store.claims import Claim
from expframe.store.salt import salt_of

if TYPE_CHECKING:
    from expframe.store.reader import StoredRun

_PAUSE = 0.2
"""Seconds between two looks at whether another process is done."""


def completed(run: Any) -> StoredRun | None:
    """
    Return the run that makes one which is decided and not started needless; None where it is needed, or must be done.

    Args:
        run: The Run.

    Raises:
        OptionError: It was given arguments, which are not stored.
    """
    request = run.request
    if request.args or request.kwargs:
        raise OptionError("needed", "cannot be told of a run with arguments: they are not stored. Make them entries.")
    project = None if request.options.any_code else run.scope.find_project()
    return find(run.store, run.name, run.command, run.config, project)


@contextmanager
def turn(run: Any, *, is_stored: bool) -> Iterator[StoredRun | None]:
    """
    Yield the run that makes another one needless; None while nobody else may do the same: here, or in other processes.

    Args:
        run: A Run that is decided and not started.
        is_stored: Whether others will find it when it is done.

    Raises:
        OptionError: It was given arguments, which are not stored.
    """
    found = completed(run)
    claim = _claim_of(run)
    if found is not None or not is_stored or _is_done_around(run, claim.path):
        yield found
        return
    has_said = False
    while not claim.take():
        if not has_said:
            has_said = True
            run.log.log(NOTICE, "The same is being done by another process: waiting for it")
        time.sleep(_PAUSE)
    try:
        yield completed(run)
    finally:
        claim.release()


def _claim_of(run: Any) -> Claim:
    config = run.config.masked(Masking(run.config.values, run.config.names))  # one secret is as another here
    wanted = json_values.to_json(_comparable(config))
    text = json.dumps([run.name, run.command, wanted], sort_keys=True)
    import hashlib

    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    path = run.store / layout.CLAIMS_FOLDER / digest
    return Claim(run.store, path, run.uid, run.request.options.beat_interval)


def _is_done_around(run: Any, claim: Path) -> bool:
    """Return whether a run around it has claimed the same, which would wait for itself."""
    around = run.parent
    while around is not None:
        if around.request.options.needed and _claim_of(around).path == claim:
            return True
        around = around.parent
    return False


def find(store: Path, experiment: str, command: str, config: Config, project: Path | None) -> StoredRun | None:
    """
    Return the newest completed run that makes another one needless.

    Args:
        store: The folder of runs.
        experiment: Whose run it must be.
        command: Which command's.
        config: Its config.
        project: The folder that source files are in; None for whatever code.
    """
    from expframe.store.search.collection import runs

    wanted = _comparable(config.masked(Masking(config.values, config.names, salt=partial(salt_of, store))))
    told = {"status": Status.COMPLETED, "name": experiment, "command": command}
    digests: dict[str, str | None] = {}
    for run in runs(store).where(
        " and ".join(f"{field} == {json.dumps(text, ensure_ascii=False)}" for field, text in told.items())
    ):
        with suppress(ValueFormatError, OSError, KeyError):  # a damaged run says nothing
            if equality.same(wanted, _comparable(run.config, like=config)) and (
                project is None or _is_code_of(run.record, project, digests)
            ):
                return run
    return None


def _comparable(config: Config, like: Config | None = None) -> Any:
    """Return the values of a config as they are stored, without a seed that nobody chose."""
    found = thaw(json_values.from_json(json_values.to_json(config.values)))
    if (like or config).origins["seed"].kind == "drawn":
        del found["seed"]
    return found


def _is_code_of(record: Record, project: Path, digests: dict[str, str | None]) -> bool:
    """Return whether all sources of a run are as they were; what is looked at is remembered."""
    stored = {**dict(record.sources_at_end), **dict(record.sources)}
    for name, file in stored.items():
        if name not in digests:
            digests[name] = sources.digest_of(name, project)
        if digests[name] != file.partition(".")[0]:
            return False
    return bool(stored)
