"""Whole numbers in an order drawn by a seed, computed one by one: a million of them take no memory."""

from __future__ import annotations

import hashlib

_ROUNDS = 4


def shuffled(number: int, size: int, seed: int) -> int:
    """
    Return what stands at a place of the numbers below `size` when a seed has shuffled them.

    Example:
        >>> sorted(shuffled(number, 10, seed=1) for number in range(10))
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    half = max((size - 1).bit_length() + 1, 2) // 2
    while True:  # the network shuffles a power of four that is at most four times as large
        number = _network(number, half, seed)
        if number < size:
            return number


def _network(number: int, half: int, seed: int) -> int:
    """Return a number's image under a Feistel network over twice `half` bits, which loses none."""
    mask = (1 << half) - 1
    left, right = number >> half, number & mask
    for turn in range(_ROUNDS):
        left, right = right, left ^ (_mixed(seed, turn, right) & mask)
    return left << half | right


def _mixed(seed: int, turn: int, part: int) -> int:
    digest = hashlib.blake2b(f"{seed}:{turn}:{part}".encode(), digest_size=8).digest()
    return int.from_bytes(digest)
