"""
Whether a run is needed: not if one of the same command, config and code has been completed.

The same config: every value, as it is stored; the seed only where somebody chose it. Secrets are not stored: one is the
same as another where the store's own salt says so. The same code: every source file of the completed run is as it was.
"""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from expframe.config import equality, json_values
from expframe.config.decided import Config
from expframe.config.frozen import thaw
from expframe.config.masking import Masking
from expframe.errors import OptionError, ValueFormatError
from expframe.facts import sources
from expframe.record.record import Record, Status
from expframe.store.reader import StoredRun
from expframe.store.salt import salt_of
from expframe.store.search.collection import runs


def completed(run: Any) -> StoredRun | None:
    """
    Return the run that makes one which is decided and not started needless; None where it is needed, or must be done.

    Args:
        run: The Run.

    Raises:
        OptionError: It was given arguments, which are not stored.
    """
    request = run.request
    if not request.options.needed:
        return None
    if request.args or request.kwargs:
        raise OptionError("needed", "cannot be told of a run with arguments: they are not stored. Make them entries.")
    project = None if request.options.any_code else run.scope.find_project()
    return find(run.store, run.name, run.command, run.config, project)


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
