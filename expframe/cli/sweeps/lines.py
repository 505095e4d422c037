"""What happens in a sweep, a line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expframe.cli.table import Style, clean, one_line, seconds_text, text_of
from expframe.record.record import Status
from expframe.store.sweeps.trials import SKIPPED

_KINDS = {Status.FAILED: "error", Status.DIED: "error", Status.INTERRUPTED: "typechanged"}


def line_of(event: Mapping[str, Any], style: Style) -> str:
    """Return what an event says to a person; empty where it says nothing."""
    kind = event.get("event")
    if kind in {"said", "worker"}:
        return clean(str(event.get("text", "")))
    if kind == "started":
        return f"{_place(event)} started"
    if kind != "ended":
        return ""
    status = str(event.get("status"))
    if status == SKIPPED:
        return f"{_place(event)} skipped"
    parts = [_place(event), style.paint(status, _KINDS.get(status, ""))]
    values = event.get("values") or {}
    parts += [f"{name}={text_of(value)}" if name != "result" else text_of(value) for name, value in values.items()]
    if event.get("seconds") is not None:
        parts.append(f"in {seconds_text(float(event['seconds']))}")
    if event.get("error"):
        parts.append(one_line(str(event["error"])))
    return " ".join(parts)


def _place(event: Mapping[str, Any]) -> str:
    if event.get("trial") is None:
        words = one_line(str(event.get("words", "")))
        return f"run {event.get('run')}: {words}" if words else f"run {event.get('run')}:"
    attempt = event.get("attempt", 1)
    again = f" (attempt {attempt})" if attempt != 1 else ""
    words = one_line(str(event.get("words", "")))
    run = f" run {event['run']}" if event.get("run") else ""
    return f"trial {event.get('trial')}{again}{run}: {words}" if words else f"trial {event.get('trial')}{again}{run}:"
