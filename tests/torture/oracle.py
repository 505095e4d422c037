"""Reads a store back, and says what of that a program under fire was promised does not hold."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import expframe
from expframe import StoredRun
from tests.torture.faults import Faults, Struck
from tests.torture.journal import Entry
from tests.torture.programs import METRICS, Plan, Program, content, points_of

TICKS = 10
"""Ticks of the journal, 10 ms each, after which what was logged is kept."""

_CODES = {"return": 0, "raise": 1}


class Ended(NamedTuple):
    """
    How a program ended.

    Attributes:
        killed: When it was killed, on the clock of the journal; None where it ended by itself.
        code: Its exit code.
        shown: What it printed where somebody read that; None where nobody did.
    """

    killed: float | None
    code: int
    shown: str | None


class Evidence(NamedTuple):
    """
    All that is known of a program that has ended.

    Attributes:
        program: The program.
        faults: How its storage was to fail.
        journal: What it did.
        struck: Which calls failed.
        ended: How it ended.
        store: Its runs.
        elsewhere: The folder for temporary files.
    """

    program: Program
    faults: Faults
    journal: list[Entry]
    struck: list[Struck]
    ended: Ended
    store: Path
    elsewhere: Path

    @property
    def is_lasting(self) -> bool:
        """Whether storage failed for good."""
        return self.faults.lasting >= 0 and any(each.what != "killed" for each in self.struck)

    def kept_until(self) -> float:
        """Return the time before which all that was logged is to be kept."""
        ticks = [entry.time for entry in self.journal if entry.word == "tick"]
        failed = [each.time for each in self.struck if each.what != "killed"]
        if self.is_lasting:
            ticks = [time for time in ticks if time < failed[0]]
        elif self.ended.killed is None:
            return float("inf")
        for begin, end in reversed(list(zip(ticks, ticks[TICKS:], strict=False))):
            if not any(begin <= time <= end for time in failed):
                return begin
        return 0.0


class Judgement:
    """
    What the store has of a program, against what it should have.

    Args:
        evidence: What is known of the program.

    Attributes:
        problems: What does not hold, in words.
        counts: How much was acknowledged, by kind.
    """

    def __init__(self, evidence: Evidence) -> None:
        self.problems: list[str] = []
        self.counts: Counter[str] = Counter()
        self._all = evidence
        self._until = evidence.kept_until()
        self._is_killed = evidence.ended.killed is not None
        self._begun: dict[int, list[str]] = {
            entry.plan: entry.more for entry in evidence.journal if entry.word == "begun"
        }
        self._stored: dict[str, StoredRun] = {run.id: run for run in expframe.runs(evidence.store)}
        self._judge()

    def _judge(self) -> None:
        plans = self._all.program.plans()
        self._check_end()
        for number, (id, uid) in self._begun.items():
            self.counts["runs"] += 1
            run = self._stored.pop(id, None)
            entries = [entry for entry in self._all.journal if entry.plan == number]
            try:
                if run is None or run.record.uid != uid:
                    self.problems.append(f"run {id} is not listed")
                else:
                    found = RunJudgement(self._all, plans[number], entries, run, self._until)
                    found.check()
                    self.counts += found.counts
                    self.problems += found.problems
            except Exception as problem:
                self.problems.append(f"run {id} cannot be read: {type(problem).__name__}: {problem}")
        is_one_too_many = self._is_killed and len(self._stored) == 1  # it was killed before it could say so
        if self._stored and not is_one_too_many:
            self.problems.append(f"runs are listed that never began: {sorted(self._stored)}")
        for run in self._stored.values():
            if run.status != "DIED":
                self.problems.append(f"run {run.id}, which had hardly begun, reads as {run.status}")

    def _check_end(self) -> None:
        ended, plan = self._all.ended, self._all.program.plan
        if self._is_killed:
            return
        if plan.number not in self._begun:
            if ended.code != 2 or not self._all.struck:
                self.problems.append(f"it could not begin, and ended with {ended.code}")
            return
        word, value = plan.ending
        expected = _CODES.get(word, value)
        if ended.code != expected:
            self.problems.append(f"it ended with {ended.code} instead of {expected}")
        if ended.shown is not None:
            found = re.findall(r"line \d+ \d+", ended.shown)  # another thread may say something before the line's end
            if found != (printed := list(_printed(self._all.program, self._all.journal))):
                self.problems.append(f"{len(found)} lines were shown of {len(printed)}")


class RunJudgement:
    """
    What is to be held by one run.

    Args:
        evidence: What is known of its program.
        plan: What it did.
        entries: What the journal says of that.
        run: The run.
        until: The time before which all that it logged is to be kept.

    Attributes:
        problems: What does not hold, in words.
        counts: How much was acknowledged, by kind.
    """

    def __init__(self, evidence: Evidence, plan: Plan, entries: list[Entry], run: StoredRun, until: float) -> None:
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []
        self._all = evidence
        self._plan = plan
        self._run = run
        self._until = until
        self._done = {entry.action: entry for entry in entries if entry.word in ("ok", "no")}
        self._ok = {number: entry for number, entry in self._done.items() if entry.word == "ok"}
        self._begun = {entry.action for entry in entries if entry.word == "do"}
        words = {entry.word: entry.time for entry in entries if entry.action < 0}
        self._has_left = "left" in words
        killed = evidence.ended.killed
        self._has_ended = "ended" in words or (killed is None and self._has_left)

    def check(self) -> None:
        """Note all that does not hold."""
        for number, entry in self._done.items():
            self.counts[f"{self._plan.actions[number][0]}{'' if entry.word == 'ok' else ' refused'}"] += 1
        self._check_status()
        self._check_points()
        self._check_output()
        self._check_info()
        self._check_files()
        self._check_checkpoints()
        self._check_children()

    def _say(self, text: str) -> None:
        self.problems.append(f"run {self._run.id} (plan {self._plan.number}): {text}")

    # --------------------------------------------------------------------------------------------------- the record

    def _check_status(self) -> None:
        record = self._run.record
        word, value = self._plan.ending
        final = "COMPLETED" if word == "return" or value == 0 else "FAILED"
        possible = {final} if self._has_ended else {final, "DIED"} if self._has_left else {"DIED"}
        if self._all.is_lasting and self._has_ended and record.status == "DIED":
            left = [json.loads(path.read_bytes()) for path in self._all.elsewhere.glob(f"expframe-{record.uid}-*.json")]
            if not any(data["status"] == final for data in left):
                self._say("it reads as DIED, and its end was left nowhere")
            return
        if record.status not in possible:
            self._say(f"it reads as {record.status} instead of {' or '.join(sorted(possible))}")
        if record.status == "COMPLETED" and word == "return" and self._run.result != value:
            self._say(f"its result is {self._run.result!r} instead of {value!r}")
        if record.status == "FAILED" and (record.failure is None or str(value) not in record.failure.message):
            self._say(f"its failure is {record.failure!r:.200}")
        if self._run.config["plan"] != self._plan.number:
            self._say(f"its config is {self._run.config!r:.200}")

    # ------------------------------------------------------------------------------------------------------ streams

    def _is_kept(self, number: int) -> bool:
        """Return whether what an action logged must be there."""
        return self._has_ended_well or (number in self._ok and self._ok[number].time < self._until)

    @property
    def _has_ended_well(self) -> bool:
        return self._has_ended and not self._all.is_lasting

    def _check_stream(self, name: str, found: list[Any], by_action: dict[int, list[Any]]) -> None:
        """Check that all is there, in order and once, but for what could be lost of its end."""
        everything = [item for items in by_action.values() for item in items]
        kept = sum(len(items) for number, items in by_action.items() if self._is_kept(number))
        self.counts["items"] += len(everything)
        self.counts["items lost"] += max(0, len(everything) - len(found))
        if found != everything[: len(found)]:
            place = next(
                (n for n, (a, b) in enumerate(zip(found, everything, strict=False)) if a != b), len(everything)
            )
            self._say(f"{name} differs at {place} of {len(found)}: {found[place : place + 3]}")
        elif len(found) < kept:
            self._say(f"{name} lost {kept - len(found)} of {kept}")

    def _actions(self, *words: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
        for number, action in enumerate(self._plan.actions):
            if number in self._begun and action[0] in words:
                yield number, action

    def _check_points(self) -> None:
        logged: dict[str, dict[int, list[int]]] = {name: {} for name in METRICS}
        for number, action in self._actions("point", "points", "threads"):
            for name, numbers in points_of(action).items():
                logged[name][number] = numbers
        curves = self._run.metrics()
        for name, by_action in logged.items():
            found = list(curves[name].values) if name in curves else []
            self._check_stream(f"metric {name}", found, by_action)
            if name in curves and list(curves[name].steps) != list(range(len(found))):
                self._say(f"the steps of metric {name} are not in order")
            summary = self._run.summaries.get(name)
            if (summary.count if summary else 0) != len(found):
                self._say(f"metric {name} has {len(found)} points, and its summary says {summary}")

    def _check_output(self) -> None:
        if self._all.program.capture == "no" and self._plan.number == 0:
            return
        begin = f"line {self._plan.number} "
        found = re.findall(rf"{begin}\d*", self._run.output(raw=True))
        if self._all.program.capture == "fd" and self._plan.number == 0 and self._all.struck:
            return
        printed = {n: [f"{begin}{value}" for value in action[1]] for n, action in self._actions("print")}
        if found and not self._has_ended and len(found[-1]) < len(begin) + 9:  # it may be cut off
            everything = [line for lines in printed.values() for line in lines]
            if len(found) <= len(everything) and everything[len(found) - 1].startswith(found[-1]):
                found[-1] = everything[len(found) - 1]
        self._check_stream("output", found, printed)

    def _check_info(self) -> None:
        states: list[dict[str, int]] = [{}]
        for _, (_, name, value) in self._actions("info"):
            states.append({**states[-1], name: value})
        info = self._run.info
        if info not in states:
            self._say(f"its info {info} is none that it ever was")
        elif self._has_ended_well and info != states[-1]:
            self._say(f"its info is {info} instead of {states[-1]}")

    # ----------------------------------------------------------------------------------------------------- promises

    def _check_files(self) -> None:
        expected: dict[str, list[Any]] = {}  # what each file may be
        wanted: dict[str, list[Any]] = {}
        for number, word, name, it, given in self._written():
            if given is not None:
                if word != "overwrite" and given in expected:
                    self._say(f"file {given} was given twice")
                expected[given] = [it]
            elif number not in self._done and word == "overwrite":
                expected.setdefault(name, [None]).append(it)
            elif number not in self._done:
                wanted.setdefault(name, []).append(it)
        for name, possible in expected.items():
            found = self._load(name)
            if found not in possible:
                self._say(f"file {name} is {'missing' if found is None else f'not what was saved: {found!r:.100}'}")
        begun = {name for name, possible in expected.items() if None in possible}
        self._check_listed(set(expected) - begun, begun, wanted)

    def _written(self) -> Iterator[tuple[int, str, str, Any, str | None]]:
        """Yield for each file the action, its word, the name that was asked for, the content, and the name given."""
        for number, (word, *arguments) in self._actions("save", "overwrite", "artifact", "folder", "threads"):
            given = self._ok[number].more if number in self._ok else None
            if word == "threads":
                for place, (_, _, name, value, size) in enumerate(arguments[0]):
                    yield number, word, name, content(name, value, size), given and given[place]
                continue
            name, value, size = arguments
            it = content(name if word in ("save", "overwrite") else ".bin", value, size)
            for part in ("/one.bin", "/inner/two.bin") if word == "folder" else ("",):
                yield number, word, name, it, given and given + part

    def _load(self, name: str) -> Any:
        return self._run.load(name) if self._run.path(name).exists() else None

    def _check_listed(self, known: set[str], begun: set[str], unacknowledged: dict[str, list[Any]]) -> None:
        base = self._run.path()
        there = {str(path.relative_to(base)) for path in base.rglob("*") if path.is_file()}
        visible = {name for name in there if not any(part.startswith(".") for part in Path(name).parts)}
        others = visible - known - begun
        if others and (len(unacknowledged) == 0 or not self._is_cut_off):
            self._say(f"files are there that were never promised: {sorted(others)}")
        contents = [it for found in unacknowledged.values() for it in found]
        for name in others:
            if self._load(name) not in contents:
                self._say(f"file {name}, of which nobody heard, is not whole")
        if self._is_at_rest and there != visible:
            self._say(f"half-written files are left: {sorted(there - visible)}")
        listed = self._run.files
        for file in listed:
            if file.name not in visible:
                self._say(f"file {file.name} is listed and not there")
        missing = known - {file.name for file in listed}
        acknowledged = {name for name in missing if self._is_noted(name)}
        if acknowledged:
            self._say(f"files are not listed: {sorted(acknowledged)}")

    def _is_noted(self, name: str) -> bool:
        """Return whether the list must have a file: storage did not fail when it was added."""
        return self._has_ended_well or not any(each.what != "killed" for each in self._all.struck)

    @property
    def _is_cut_off(self) -> bool:
        return not self._has_ended and self._all.ended.killed is not None

    @property
    def _is_at_rest(self) -> bool:
        """Whether nothing half-written may be left: nothing failed of what removes it, which lists folders first."""
        removal = (one for one in self._all.struck if one.kind == "unlink" or (one.kind == "read" and "/." in one.path))
        return self._has_ended and next(removal, None) is None

    def _check_checkpoints(self) -> None:
        kept: list[tuple[int, Any]] = []
        more: list[Any] = []
        lingering = 0  # refused, and said to be there all the same
        for number, action in self._actions("checkpoint"):
            if number in self._ok:
                kept = [*kept, (self._ok[number].more, action)][-(action[3] or 1000) :]
                more = []
            elif number not in self._done:
                more = [action]
            else:
                lingering += "cannot be removed" in self._done[number].more
        found = {point.number: point for point in self._run.checkpoints}
        least = more[0][3] - 1 if more and more[0][3] is not None else len(kept)  # others may have been removed for it
        for number, (_, value, size, _) in kept[len(kept) - max(0, min(least, len(kept)) - lingering) :]:
            self._check_checkpoint(found.pop(number, None), number, value, size)
        kept_numbers = {number for number, _ in kept}
        for number, point in found.items():
            if number in kept_numbers:
                continue
            if not any(point.step == action[1] for action in more) and not self._all.struck:
                self._say(f"checkpoint {number} at step {point.step} is there, and was never promised")
        last = self._run.last_checkpoint()
        if kept and (last is None or last.number < kept[-1][0]):
            self._say(f"the last checkpoint is {last} instead of {kept[-1]}")

    def _check_checkpoint(self, point: Any, number: int, value: int, size: int) -> None:
        if point is None:
            self._say(f"checkpoint {number} at step {value} is missing")
        elif point.step != value or point["state"] != content(".json", value, size):
            self._say(f"checkpoint {number} is at step {point.step} instead of {value}")
        elif point["text"] != content(".txt", value, size):
            self._say(f"checkpoint {number} has another text")

    # ----------------------------------------------------------------------------------------------------- children

    def _check_children(self) -> None:
        uids = {entry.plan: entry.more[1] for entry in self._all.journal if entry.word == "begun"}
        children = {child.record.uid for child in self._run.children}
        for number, (_, plan) in self._actions("child"):
            if plan.number in uids and uids[plan.number] not in children:
                self._say(f"plan {plan.number} is not among its children")
            if number not in self._ok:
                continue
            word, value = self._ok[number].more
            if word == "refused":
                if plan.number in uids or not self._all.struck:
                    self._say(f"plan {plan.number} was refused: {value}")
            elif (word, value) != plan.ending:
                self._say(f"plan {plan.number} came to {word} {value} instead of {plan.ending}")


def _printed(program: Program, journal: list[Entry]) -> Iterator[str]:
    plans = program.plans()
    for entry in journal:
        if entry.word == "do":
            word, *arguments = plans[entry.plan].actions[entry.action]
            if word == "print":
                yield from (f"line {entry.plan} {value}" for value in arguments[0])
