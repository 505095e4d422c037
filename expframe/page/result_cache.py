"""Results that take long to make, kept while there is room for them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar, cast

T = TypeVar("T")

_MOST = 96 << 20


class ResultCache:
    """
    Results that take long to make; those asked for longest ago are forgotten first. Safe to use from many threads.

    Args:
        most: How many bytes there is room for.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._size = 0
        self._found: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()
        self._lock = threading.Lock()
        self._making = threading.RLock()  # what is made may be made of what is kept

    def get(self, key: Hashable, make: Callable[[], T], size: Callable[[T], int]) -> T:
        """Return the result that a key stands for; one at a time is made, since each takes memory meanwhile."""
        found = self._known(key)
        if found is None:
            with self._making:
                found = self._known(key)  # somebody else has just made it
                if found is None:
                    result = make()
                    self._keep(key, result, size(result))
                    return result
        return cast(T, found[0])

    def _known(self, key: Hashable) -> tuple[object, int] | None:
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
            return found

    def _keep(self, key: Hashable, result: object, size: int) -> None:
        with self._lock:
            self._found[key] = result, size
            self._size += size
            while self._size > self._most:
                _, (_, gone) = self._found.popitem(last=False)
                self._size -= gone
