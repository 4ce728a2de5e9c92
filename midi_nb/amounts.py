"""Counts, rates and differences as people read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pandas as pd

__all__ = ["count", "percent", "points", "reasons"]


def count(number: float, what: str = "") -> str:
    """A number with its thousands separated, and what it counts.

    >>> count(8123456), count(1, "check"), count(0, "check"), count(2, "series")
    ('8,123,456', '1 check', '0 checks', '2 series')
    """
    plural = "" if number == 1 or what.endswith("series") else "es" if what.endswith("x") else "s"
    return f"{int(number):,} {what}{plural}" if what else f"{int(number):,}"


def reasons(given: Iterable[str], most: int | None = None) -> str:
    """The reasons with their counts, the most frequent first, so many at most.

    >>> reasons(["not DICOM", "no UID", "not DICOM"])
    '2 × not DICOM; 1 × no UID'
    """
    return "; ".join(f"{number:,} × {reason}" for reason, number in Counter(given).most_common(most))


def percent(rate: Any, digits: int = 2) -> str:
    """A rate in percent, shown as 100 or 0 only if it is exactly that; a dash if it is missing.

    >>> percent(0.98765), percent(0.999999), percent(1.0), percent(float("nan")), percent(0.0021, 0)
    ('98.77 %', '99.99 %', '100 %', '–', '< 1 %')
    """
    if rate is None or pd.isna(rate):
        return "–"
    if rate in (0, 1):
        return f"{rate:.0%}".replace("%", " %")
    step = 10**-digits
    if not digits and not step <= 100 * rate <= 100 - step:
        return "< 1 %" if rate < 0.5 else "> 99 %"
    return f"{min(max(100 * rate, step), 100 - step):.{digits}f} %"


def gained(before: Any, after: Any) -> str:
    """The gain from one rate to another in points of a percent: the difference of what `percent` shows of them.

    >>> gained(0.93704, 0.93716), gained(0.5, 0.50001), gained(0.99999, 1.0), gained(None, 1.0)
    ('+0.02', '< 0.01', '+0.01', '–')
    """
    shown = [percent(rate).removesuffix(" %") for rate in (before, after)]
    return points(None if "–" in shown else (float(shown[1]) - float(shown[0])) / 100 or after - before)


def points(gain: Any, unit: str = "") -> str:
    """A difference of scores in points of a percent; one too small for two digits says so, a missing one is a dash.

    >>> points(0.01511), points(-0.2, " points"), points(0.00004), points(0.0), points(None, " points")
    ('+1.51', '−20.00 points', '< 0.01', '0.00', '–')
    """
    if gain is None or pd.isna(gain):
        return "–"
    size = f"{abs(100 * gain):.2f}"
    if size == "0.00":
        size = size if gain == 0 else "< 0.01" if gain > 0 else "> −0.01"
        return size + unit
    return f"{'+' if gain > 0 else '−'}{size}{unit}"
