"""`script sweep ...`: words in, everything judged, and a sweep started or its plan shown."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from expframe.cli.render import write_out
from expframe.cli.sweeps.arguments import SweepWords
from expframe.cli.sweeps.preview import past_durations, preview_lines
from expframe.cli.sweeps.start import start_sweep
from expframe.config.request import Request
from expframe.store.sweeps.plan import Plan, Trial
from expframe.sweep.judge import Judge, judge
from expframe.sweep.skips import is_skipped
from expframe.sweep.widening import options_of, widened


def sweep(experiment: Any, prepare: Callable[[Request], Any], words: SweepWords) -> int:
    """
    Do what the command line of a sweep asks for, and return the exit code.

    Args:
        experiment: Whose command line it is.
        prepare: Makes a run, which is not started, of what is asked for.
        words: The command line.

    Raises:
        ExpframeError: Something cannot be what is asked for, or cannot be decided or kept.
    """
    asked = words.asked
    if asked.resume is not None:

        def widen(plan: Plan, sweep: str) -> Mapping[str, Any]:
            judge_of = Judge(experiment, prepare, plan.command, options_of(plan, asked.options))
            return widened(plan, words.request, judge_of, sweep)

        return start_sweep(experiment, Plan(), asked, widen=widen)
    by = Judge(experiment, prepare, words.request.command, asked.options._replace(dry_run=False, id=None))
    judged = judge(words.request, by)
    for warning in judged.warnings:
        logging.getLogger(experiment.name).warning(warning)
    if not asked.options.dry_run:
        return start_sweep(experiment, judged.plan, asked)
    run = by.first
    durations = past_durations(run.store, run.name, run.command)

    def is_left_out(trial: Trial) -> bool:
        return is_skipped(judged.plan, by.decide(trial))

    write_out("\n".join(preview_lines(judged.plan, durations, asked.jobs, is_left_out)))
    return 0
