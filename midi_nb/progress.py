"""The progress of a long verb, in one line of text.

A notebook shows the line by display updates, a terminal by overwriting it; any other output gets none. It is not a
widget: a saved notebook keeps the last line, "63 files judged in 2.6 s", and needs no kernel to show it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from . import amounts

__all__ = ["counted", "counting"]

_PAUSE = 0.1  # seconds between two updates of the line: more of them are not seen
_WIDTH = 24  # characters of the bar

Item = TypeVar("Item")


def counted(items: Sequence[Item], noun: str, done: str, shown: bool = True) -> Iterator[Item]:
    """The items one after another, while a line says how many are done.

    >>> list(counted("ab", "letter", "read"))
    ['a', 'b']
    """
    with counting(len(items), noun, done, shown) as step:
        for item in items:
            yield item
            step(1)


@contextmanager
def counting(total: int, noun: str, done: str, shown: bool = True) -> Iterator[Callable[[int], None]]:
    """A function that is given how many more are done; meanwhile, and at the end, a line says so.

    >>> with counting(63, "file", "judged") as step:
    ...     step(63)
    """
    write = _writer() if shown and total else None
    start = last = time.monotonic()
    count = 0

    def step(more: int) -> None:
        nonlocal count, last
        count += more
        now = time.monotonic()
        if write and now - last >= _PAUSE:
            last = now
            write(_running(count, total, noun, done, now - start), False)

    if write:
        write(_running(0, total, noun, done, 0.0), False)
    try:
        yield step
    except BaseException:
        if write:
            write(f"Stopped: {count:,} of {amounts.count(total, noun)} {done}.", True)
        raise
    if write:
        write(f"{amounts.count(count, noun)} {done} in {_duration(time.monotonic() - start)}", True)


def _running(count: int, total: int, noun: str, done: str, seconds: float) -> str:
    """The line while things go on.

    >>> _running(6, 12, "file", "judged", 2.0)
    '████████████░░░░░░░░░░░░ 6 of 12 files judged, 2.0 s left'
    """
    full = _WIDTH * count // total
    left = f", {_duration(seconds / count * (total - count))} left" if 0 < count < total and seconds > 1 else ""
    return f"{'█' * full}{'░' * (_WIDTH - full)} {count:,} of {amounts.count(total, noun)} {done}{left}"


def _duration(seconds: float) -> str:
    """Seconds for people.

    >>> _duration(2.61), _duration(59.96), _duration(3661)
    ('2.6 s', '1 min 0 s', '61 min 1 s')
    """
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:,} min {rest} s"


def _writer() -> Callable[[str, bool], None] | None:
    """A function that is given the line, and whether it is the last one; None where nobody would see it."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if getattr(shell, "kernel", None) is not None:
        return _notebook()
    return _terminal if sys.stderr.isatty() else None


def _terminal(line: str, last: bool) -> None:
    sys.stderr.write(f"\r\x1b[K{line}" + ("\n" if last else ""))
    sys.stderr.flush()


def _notebook() -> Callable[[str, bool], None]:
    from IPython.display import display

    handle: Any = None

    def write(line: str, last: bool) -> None:
        nonlocal handle
        if handle is None:
            handle = display({"text/plain": line}, raw=True, display_id=True)
        else:
            handle.update({"text/plain": line}, raw=True)

    return write
