"""A config that is a dict from the start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expframe.compat.sacred.config.config_summary import ConfigSummary
from expframe.compat.sacred.config.custom_containers import dogmatize, undogmatize
from expframe.compat.sacred.config.utils import normalize_or_die, recursive_fill_in


class ConfigDict:
    """
    Entries to be called like a config scope.

    Args:
        d: The entries; they are normalised at once.

    Raises:
        KeyError: A key is not allowed.
    """

    def __init__(self, d: Mapping[Any, Any]) -> None:
        self._conf = normalize_or_die(dict(d))

    def __call__(
        self,
        fixed: Mapping[Any, Any] | None = None,
        preset: Mapping[Any, Any] | None = None,
        fallback: Mapping[Any, Any] | None = None,
    ) -> ConfigSummary:
        """
        Return the entries, in which fixed values prevail, and below them what is preset.

        Args:
            fixed: The values that prevail.
            preset: Entries to begin with.
            fallback: What a scope could read.
        """
        result = dogmatize(fixed or {})
        recursive_fill_in(result, undogmatize(self._conf))
        recursive_fill_in(result, preset or {})
        added = result.revelation()
        summary = ConfigSummary(added, result.modified, result.typechanges)
        summary.update(undogmatize(result))
        return summary
