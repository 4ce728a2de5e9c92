"""How far a score may be off, from the differences between patients. Numbers only: knows no frames.

The checks of a patient pass and fail together, so intervals are based on patients, not on checks. Each one starts from
an *influence*: the change of a rate when one patient is left out (the jackknife).
"""

from __future__ import annotations

from functools import cache
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np


class Intervals(NamedTuple):
    """One entry a group: its number of patients, and the ends of the interval, missing below two patients."""

    patients: Any
    low: Any
    high: Any


def intervals(passed: Any, total: Any, group: Any, groups: int, coverage: float = 0.95, named: Any = True) -> Intervals:
    """The intervals of the scores passed / total of `groups` groups, from the counts of each patient in each group.

    The narrower of two bounds counts, at each end:

    - *spread*: Wilson's interval for as many independent checks as would vary as the patients do, with Student's t
      of as many degrees of freedom as patients make up that variation (`contributing`), at most their number less one.
    - *patients*: the score is at least the share of patients without a failure, and at most that of patients with a
      pass: Wilson's interval for these shares, with the number of patients less one as trials, and t of as many degrees
      of freedom. Where nothing failed this is all that is known.

    The number of patients is Kish's here, (Σn)² / Σn² of their checks n: patients of unequal size count for fewer.
    Checks of nobody known vary together, as those of a patient do, and are none.

    Parameters
    ----------
    passed, total, group
        One entry for each patient of each group: passes, checks (above 0), and the number of the group.
    named
        Whether an entry is of a patient; False: of checks without one.

    Examples
    --------
    >>> four = intervals(passed=[90, 95, 100, 98], total=[100] * 4, group=[0] * 4, groups=1)
    >>> [round(float(end), 2) for end in (*four.low, *four.high)]
    [0.78, 0.99]
    """
    passed, total = np.asarray(passed, dtype="float64"), np.asarray(total, dtype="float64")

    def summed(values: Any) -> Any:
        return np.bincount(group, weights=values, minlength=groups)

    clusters = np.bincount(group, minlength=groups)
    patients = summed(np.broadcast_to(named, passed.shape)).astype("int64")
    with np.errstate(invalid="ignore", divide="ignore"):
        checks = summed(total)
        rate = summed(passed) / checks
        moves = influence(passed, total, rate[group], checks[group])
        variance = summed(moves**2) * (clusters - 1) / clusters
        others = np.fmin(checks**2 / summed(total**2), patients) - 1
        spread = wilson(
            np.where((rate > 0) & (rate < 1), rate, np.nan),
            np.fmin(rate * (1 - rate) / variance, checks),
            student(np.fmin(contributing(summed(moves**2), summed(moves**4)), others), coverage),
        )
        sure = student(others, coverage)
        without_failure = wilson(summed(total * (passed == total)) / checks, others, sure)
        with_pass = wilson(summed(total * (passed > 0)) / checks, others, sure)
    known = patients > 1
    low = np.where(known, np.fmin(np.fmax(spread[0], without_failure[0]), rate), np.nan)
    high = np.where(known, np.fmax(np.fmin(spread[1], with_pass[1]), rate), np.nan)  # rounding is no bound
    return Intervals(patients, low, high)


def influence(counts: Any, total: Any, rate: Any, checks: Any) -> Any:
    """By how much the rate of all `checks` changes without each patient, with the opposite sign."""
    off = counts - rate * total
    return np.where(np.abs(off) > 1e-9 * total, off, 0.0) / (checks - total)  # rounding is no difference


def contributing(squares: Any, fourths: Any) -> Any:
    """How many patients a spread comes from: Kish's effective number, from the sums of their squared influence.

    1 if one patient causes all of it, their number if all change the rate alike; missing without any variation.
    """
    return squares**2 / fourths


def wilson(rate: Any, trials: Any, quantile: Any) -> tuple[Any, Any]:
    """Wilson's interval for rates of so many trials each; `quantile` is 1.96 for 95 % where trials are many.

    >>> low, high = wilson(np.array([0.9]), np.array([10]), 1.959964)
    >>> [round(float(x), 4) for x in (*low, *high)]
    [0.5958, 0.9821]
    """
    rate, trials, z2 = (np.asarray(values, dtype="float64") for values in (rate, trials, np.square(quantile)))
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
        half = np.sqrt(z2) / (1 + z2 / trials) * np.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials**2))
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def student(freedom: Any, coverage: float = 0.95) -> Any:
    """How many standard errors to either side Student's t takes for this coverage, by degrees of freedom.

    Correct to four digits. Below half a degree it stays at that of a half: by then nothing is known.

    >>> [round(float(t), 2) for t in student([1, 2, 9, 215])]
    [12.71, 4.3, 2.26, 1.97]
    """
    inverse, logarithm = _student_table(coverage)
    return np.exp(np.interp(1 / np.fmax(freedom, 0.5), inverse, logarithm))


@cache
def _student_table(coverage: float) -> tuple[Any, Any]:
    """One over the degrees of freedom, and the logarithm of t: a line that is nearly straight."""
    inverse = np.linspace(0, 2, 401)
    normal = NormalDist().inv_cdf((1 + coverage) / 2)
    return inverse, np.log([normal, *(_student(1 / one, coverage) for one in inverse[1:])])


def _student(freedom: float, coverage: float) -> float:
    # With t = √ν sinh(y), the density is cosh(y)**-ν: smooth, and next to 0 at `end`.
    end = np.arccosh(1e14 ** (1 / freedom))
    y = np.linspace(0, end, 2001)
    density = np.cosh(y) ** -freedom
    below = np.concatenate([[0.0], np.cumsum(density[1:] + density[:-1])])
    return float(np.sqrt(freedom) * np.sinh(np.interp(coverage, below / below[-1], y)))


__all__ = ["Intervals", "contributing", "influence", "intervals", "student", "wilson"]
