"""Work that lets go of Python, such as SQLite's, Arrow's and hashing, made in threads before it is asked for."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")


def ahead(make: Callable[[_Item], _Made], items: Iterable[_Item]) -> Iterator[_Made]:
    """``make(item)`` for each item in order, a few made ahead; an error comes in its turn."""
    threads = min(4, os.cpu_count() or 1)
    rest = iter(items)
    with ThreadPoolExecutor(threads) as pool:
        asked = deque(pool.submit(make, item) for item in itertools.islice(rest, threads + 1))
        while asked:
            yield asked.popleft().result()
            asked.extend(pool.submit(make, item) for item in itertools.islice(rest, 1))
