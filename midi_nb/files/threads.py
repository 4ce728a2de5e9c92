"""Work that releases Python's lock (SQLite, Arrow, hashing), done in threads before its results are needed."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from threading import Thread
from typing import Any, TypeVar

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")


class _Here(Executor):
    """An executor that does each task at once, in this thread."""

    def submit(self, do: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(do(*args, **named))
        except Exception as error:
            done.set_exception(error)
        return done


def pool(threads: int | None = None) -> Executor:
    """An executor of so many threads; where none can be started, as in a browser (Pyodide), one that needs none."""
    try:
        thread = Thread(target=int)
        thread.start()
    except RuntimeError:
        return _Here()
    thread.join()
    return ThreadPoolExecutor(threads)


def ahead(make: Callable[[_Item], _Made], items: Iterable[_Item]) -> Iterator[_Made]:
    """``make(item)`` for each item in order, a few made ahead; an error comes in its turn."""
    threads = min(4, os.cpu_count() or 1)
    rest = iter(items)
    with pool(threads) as workers:
        asked = deque(workers.submit(make, item) for item in itertools.islice(rest, threads + 1))
        while asked:
            yield asked.popleft().result()
            asked.extend(workers.submit(make, item) for item in itertools.islice(rest, 1))
