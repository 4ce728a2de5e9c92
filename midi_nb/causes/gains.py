"""The one model of a fix: scores by submission and category, and what they become as problems are fixed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..coded import codes_at
from ..frames import CATEGORIES, VERDICTS, complete_rows, count_rows, scored
from ..scores import scoring

UNITS = ("instance", "series")

_OF_SERIES = ("patient", "study", "series", "released_patient", "released_study", "released_series", "state")


class Counts(NamedTuple):
    """Passes and all checks: arrays of submissions (or problems) × categories; missing where nobody says."""

    passed: np.ndarray
    total: np.ndarray


class Fixes:
    """Counted once, then asked quickly: the passes and checks of `results` with any of their problems fixed.

    `rows` are the failing rows, `problem` the number of the problem of each, out of `count`.
    """

    def __init__(self, results: pd.DataFrame, rows: np.ndarray, problem: np.ndarray, count: int) -> None:
        self._count = count
        code = codes_at(results, "submission", slice(None)) + 1
        names = [None, *results["submission"].cat.categories] if "submission" in results else [None]
        present = np.flatnonzero(np.bincount(code, minlength=len(names)))
        #: The names of the submissions, in the order of their codes; None for rows of none.
        self.submissions = [names[code] for code in present]
        self._place = np.full(len(names), -1)
        self._place[present] = np.arange(len(present))
        self._submission = self._place[code]
        #: The submission of each problem, as a place in `submissions`.
        self.submission_of = np.zeros(count, dtype="intp")
        self.submission_of[problem] = self._submission[rows]
        self._results, self._rows, self._problem = results, rows, problem
        is_count = count_rows(results)
        self._counted = np.asarray(scored(results)) & ~is_count
        known = [unit for unit in UNITS if unit in scoring.units_of(results)]
        self._countable = UNITS if all(name in results for name in _OF_SERIES) else UNITS[:1]
        #: What can be counted of all submissions; beside a workbook of series the images of others can be counted too.
        self.units = [name for name in known if name in self._countable]
        counted = {known[0]} if is_count.any() and len(known) == 1 else set()
        self._more = {unit: self._passes_beside(results, unit, unit in counted) for unit in UNITS}

    def counts(self, unit: str, fixed: np.ndarray) -> Counts:
        """Passes and checks by submission and category with the problems of a mask fixed."""
        passed, total = (part.reshape(-1, len(CATEGORIES)) for part in self._units[unit].counts(fixed))
        return Counts(passed + self._more[unit], total + self._more[unit])

    def gains(self, unit: str, weights: Mapping[str, float] | None = None) -> np.ndarray:
        """What the score of its submission would gain by each problem alone; missing where unknown."""
        if unit not in self._countable or not self._count:
            return np.full(self._count, np.nan)
        nothing = self.counts(unit, np.zeros(self._count, dtype=bool))
        before = Counts(*(part[self.submission_of] for part in nothing))
        fixed, added = (_by_category(*pairs, self._count) for pairs in self._units[unit].alone())
        return weighted(Counts(before.passed + fixed, before.total + added), weights) - weighted(before, weights)

    def _passes_beside(self, results: pd.DataFrame, unit: str, counted: bool) -> np.ndarray:
        """The passes that are no rows, by submission and category (which is unknown); missing where nobody says."""
        more = np.zeros((len(self.submissions), len(CATEGORIES)))
        more[self._submission[~complete_rows(results)], -1] = np.nan
        if counted:
            _, of_workbook = scoring.known(results, unit)
            place = self._place[codes_at(of_workbook, "submission", slice(None)) + 1]
            more[place, -1] = 0
            np.add.at(more, (place, -1), of_workbook["passes"].to_numpy(dtype="float64"))
        return more

    @cached_property
    def _units(self) -> dict[str, _Instances | _Series]:
        category = np.full(len(self._results), len(CATEGORIES) - 1, dtype="intp")
        if "category" in self._results:
            codes = pd.Categorical(self._results["category"], categories=list(CATEGORIES)).codes
            category = np.where(codes < 0, len(CATEGORIES) - 1, codes)
        size = len(self.submissions) * len(CATEGORIES)
        counted = _Counted(
            self._submission * len(CATEGORIES) + category, size, self._counted, self._rows, self._problem
        )
        units: dict[str, _Instances | _Series] = {"instance": _Instances(counted)}
        return units | ({"series": _Series(counted, self._results)} if "series" in self._countable else {})


def weighted(counts: Counts, weights: Mapping[str, float] | None = None) -> np.ndarray:
    """Scores of counts by category: all checks alike without weights, else the weighted mean of the categories' scores.

    A category without checks has no say; a score of no checks is missing.

    >>> counts = Counts(np.array([[9, 1, 0, 0]]), np.array([[10, 2, 0, 0]]))
    >>> weighted(counts).round(3).tolist()
    [0.833]
    >>> weighted(counts, {"hipaa": 70, "dicom": 20, "tcia": 10}).round(3).tolist()
    [0.811]
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        if not weights:
            return np.asarray(counts.passed.sum(axis=-1) / counts.total.sum(axis=-1))
        share = np.array([weights.get(name, 0.0) for name in CATEGORIES]) * (counts.total > 0)
        return np.asarray((share * np.nan_to_num(counts.passed / counts.total)).sum(axis=-1) / share.sum(axis=-1))


class _Counted(NamedTuple):
    """Submission and category of each row as one number below `size`, whether it counts; the rows that fail."""

    group: np.ndarray
    size: int
    counted: np.ndarray
    rows: np.ndarray
    problem: np.ndarray


_Pairs = tuple[np.ndarray, np.ndarray]  # a problem and a group, as often as a check of the group is the problem's


class _Instances:
    """Every check counts."""

    def __init__(self, counted: _Counted) -> None:
        self._group, self._problem, self._size = counted.group[counted.rows], counted.problem, counted.size
        self._counts = counted.counted[counted.rows]
        self._total = np.bincount(counted.group[counted.counted], minlength=self._size)
        self._passed = self._total - np.bincount(self._group[self._counts], minlength=self._size)

    def counts(self, fixed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(passes, checks) of each group."""
        hit = fixed[self._problem]  # a lost check that passes is a check like any other
        passed = self._passed + np.bincount(self._group[hit], minlength=self._size)
        return passed, self._total + np.bincount(self._group[hit & ~self._counts], minlength=self._size)

    def alone(self) -> tuple[_Pairs, _Pairs]:
        """(checks that pass, checks that are new) if one problem is fixed."""
        new = ~self._counts
        return (self._problem, self._group), (self._problem[new], self._group[new])


class _Series:
    """One check counts for each action, attribute and series: its worst, blank only if there is nothing else."""

    def __init__(self, counted: _Counted, results: pd.DataFrame) -> None:
        keys, rows, self._size = scoring.series_checks(results), counted.rows, counted.size
        group = np.zeros(int(keys.max(initial=-1)) + 1, dtype="intp")
        group[keys] = counted.group
        there, sound = np.zeros(len(group), dtype=bool), np.zeros(len(group), dtype=bool)
        there[keys[counted.counted]] = True
        verdict = codes_at(results, "verdict", slice(None))
        sound[keys[verdict == VERDICTS.index("passed")]] = True
        touched, key = np.unique(keys[rows], return_inverse=True)
        there[touched] = False  # what no problem touches passes, and goes on passing
        self._passed = np.bincount(group[there], minlength=self._size)
        self._group, self._sound = group[touched], sound[touched]
        failed = verdict[rows] == VERDICTS.index("failed")
        pairs = pd.DataFrame(
            {"key": key, "problem": counted.problem, "failed": failed, "counts": counted.counted[rows]}
        )
        pairs = pairs.groupby(["key", "problem"], sort=False, as_index=False).any()
        self._key, self._problem, self._failed, self._counts = (pairs[name].to_numpy() for name in pairs)

    def counts(self, fixed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(passes, checks) of each group."""
        found = self._judged(fixed[self._problem])
        passed, total = (self._passed + np.bincount(self._group[keys], minlength=self._size) for keys in found)
        return passed, total

    def alone(self) -> tuple[_Pairs, _Pairs]:
        """(checks that pass, checks that are new) if one problem is fixed."""
        passes, counts = self._judged(np.zeros(len(self._key), dtype=bool))
        others = np.bincount(self._key[self._failed], minlength=len(self._group))[self._key] - self._failed
        # One pass is enough where nothing failed; a failure goes only with the last of its series.
        fixed, new = ~passes[self._key] & (others == 0), ~counts[self._key]
        group = self._group[self._key]
        return (self._problem[fixed], group[fixed]), (self._problem[new], group[new])

    def _judged(self, hit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(which touched keys pass, which count) if the problems of the pairs `hit` are fixed."""
        there = self._sound | self._any(hit)
        return ~self._any(self._failed & ~hit) & there, there | self._any(self._counts)

    def _any(self, pairs: np.ndarray) -> np.ndarray:
        return np.bincount(self._key[pairs], minlength=len(self._group)) > 0


def _by_category(problem: np.ndarray, group: np.ndarray, count: int) -> np.ndarray:
    """How often each problem (rows) is in each category (columns)."""
    place = problem * len(CATEGORIES) + group % len(CATEGORIES)
    return np.bincount(place, minlength=count * len(CATEGORIES)).reshape(count, len(CATEGORIES))
