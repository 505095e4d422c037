"""Names as people look for them."""

from __future__ import annotations

import re


def natural_order(name: str) -> tuple[tuple[int, str], ...]:
    """
    Return what names are sorted by, so that layer 2 is before layer 10.

    Example:
        >>> sorted(["layer10/w", "Layer2/w", "acc"], key=natural_order)
        ['acc', 'Layer2/w', 'layer10/w']
    """
    pieces = re.split(r"([0-9]+)", name.casefold())
    return (*((-1, piece) if number % 2 == 0 else _number(piece) for number, piece in enumerate(pieces)), (0, name))


def _number(digits: str) -> tuple[int, str]:
    """Return what whole numbers are sorted by, of however many digits."""
    significant = digits.lstrip("0")
    return len(significant), significant
