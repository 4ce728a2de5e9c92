"""Scores by submission and category, and what they become as problems are fixed: counted once, then asked quickly."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..frames import CATEGORIES, scored
from ..scores.scoring import series_checks
from .rows import Problems

__all__ = ["UNITS", "Tally", "weighted"]

UNITS = ("instance", "series")

_OFFICIAL = (("patient", "released_patient"), ("study", "released_study"), ("series", "released_series"))


class Counts(NamedTuple):
    """Passes and all checks: arrays of submissions (or problems) × categories."""

    passed: np.ndarray
    total: np.ndarray


class Tally:
    """Passes and checks of explained results under both denominators, whatever problems are fixed."""

    def __init__(self, results: pd.DataFrame, problems: Problems) -> None:
        self.results, self.problems = results, problems
        self.submissions = _submissions(results)
        group = _codes(results, "submission") * len(CATEGORIES) + _codes(results, "category")
        counted = np.asarray(scored(results))
        passing = (results["verdict"] == "passed").to_numpy()
        self._units: dict[str, _Instances | _Series] = {"instance": _Instances(group, counted, problems, self._size)}
        if self.by_series:
            self._units["series"] = _Series(group, counted, passing, problems, series_checks(results), self._size)

    @property
    def by_series(self) -> bool:
        """Whether the results have what it takes to count by series."""
        return all(name in self.results for pair in _OFFICIAL for name in pair) and "state" in self.results

    @property
    def _size(self) -> int:
        return len(self.submissions) * len(CATEGORIES)

    @cached_property
    def submission_of(self) -> np.ndarray:
        """The submission of each problem, as a place in `submissions`."""
        found = np.zeros(len(self.problems), dtype="int64")
        found[self.problems.number] = _codes(self.results, "submission")[self.problems.rows]
        return found

    def counts(self, unit: str, fixed: np.ndarray) -> Counts:
        """Passes and checks by submission and category if the problems of a mask were fixed."""
        passed, total = self._units[unit].counts(fixed)
        shape = (len(self.submissions), len(CATEGORIES))
        return Counts(passed.reshape(shape), total.reshape(shape))

    def gains(self, unit: str, weights: Mapping[str, float]) -> np.ndarray:
        """What the score of its submission would gain by each problem alone."""
        nothing = self.counts(unit, np.zeros(len(self.problems), dtype=bool))
        base = Counts(nothing.passed[self.submission_of], nothing.total[self.submission_of])
        mended, added = self._units[unit].alone(len(self.problems))
        return weighted(Counts(base.passed + mended, base.total + added), weights) - weighted(base, weights)


def weighted(counts: Counts, weights: Mapping[str, float]) -> np.ndarray:
    """Scores of counts by category: all checks alike without weights, else the weighted mean of the categories' scores.

    A category without checks has no say; a score of no checks is missing.

    >>> counts = Counts(np.array([[9, 1, 0, 0]]), np.array([[10, 2, 0, 0]]))
    >>> weighted(counts, {}).round(3).tolist()
    [0.833]
    >>> weighted(counts, {"hipaa": 70, "dicom": 20, "tcia": 10}).round(3).tolist()
    [0.811]
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        if not weights:
            return np.asarray(counts.passed.sum(axis=-1) / counts.total.sum(axis=-1))
        share = np.array([weights.get(name, 0.0) for name in CATEGORIES]) * (counts.total > 0)
        return np.asarray((share * np.nan_to_num(counts.passed / counts.total)).sum(axis=-1) / share.sum(axis=-1))


class _Instances:
    """Every check counts."""

    def __init__(self, group: np.ndarray, counted: np.ndarray, problems: Problems, size: int) -> None:
        self._group, self._number, self._size = group[problems.rows], problems.number, size
        self._standing = counted[problems.rows]
        self._total = np.bincount(group[counted], minlength=size)
        self._passed = self._total - np.bincount(self._group[self._standing], minlength=size)

    def counts(self, fixed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        hit = fixed[self._number]
        passed = self._passed + np.bincount(self._group[hit], minlength=self._size)
        return passed, self._total + np.bincount(self._group[hit & ~self._standing], minlength=self._size)

    def alone(self, problems: int) -> tuple[np.ndarray, np.ndarray]:
        return tuple(
            _by_category(self._number[rows], self._group[rows], problems) for rows in (slice(None), ~self._standing)
        )  # type: ignore[return-value]


class _Series:
    """One check counts for each action, attribute and series: its worst, blank only if there is nothing else."""

    def __init__(
        self,
        group: np.ndarray,
        counted: np.ndarray,
        passing: np.ndarray,
        problems: Problems,
        keys: np.ndarray,
        size: int,
    ) -> None:
        self._size = size
        touched, key = np.unique(keys[problems.rows], return_inverse=True)
        place = np.full(int(keys.max(initial=-1)) + 1, -1)
        place[touched] = np.arange(len(touched))
        # A series that no problem touches passes, and goes on passing.
        first = np.full(len(place), -1)
        order = np.flatnonzero(counted)[::-1]
        first[keys[order]] = order
        untouched = first[(first >= 0) & (place < 0)]
        self._passed = np.bincount(group[untouched], minlength=size)
        self._group = np.zeros(len(touched), dtype="int64")
        self._group[key[::-1]] = group[problems.rows[::-1]]
        among = np.flatnonzero(counted & passing & (place[keys] >= 0))
        self._sound = np.bincount(place[keys[among]], minlength=len(touched)) > 0
        standing = counted[problems.rows]
        pairs = pd.DataFrame({"key": key, "problem": problems.number, "failed": problems.failed, "standing": standing})
        pairs = pairs.groupby(["key", "problem"], sort=False, as_index=False).any()
        self._key, self._problem = pairs["key"].to_numpy(), pairs["problem"].to_numpy()
        self._failed, self._standing = pairs["failed"].to_numpy(), pairs["standing"].to_numpy()

    def _any(self, pairs: np.ndarray) -> np.ndarray:
        return np.bincount(self._key[pairs], minlength=len(self._group)) > 0

    def _judged(self, hit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(which touched keys pass, which count) if the problems of the pairs `hit` are fixed."""
        failing = self._any(self._failed & ~hit)
        there = self._sound | self._any(hit)
        return ~failing & there, there | self._any(self._standing)

    def counts(self, fixed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        passes, counting = self._judged(fixed[self._problem])
        passed = self._passed + np.bincount(self._group[passes], minlength=self._size)
        return passed, self._passed + np.bincount(self._group[counting], minlength=self._size)

    def alone(self, problems: int) -> tuple[np.ndarray, np.ndarray]:
        passes, counting = self._judged(np.zeros(len(self._key), dtype=bool))
        rivals = np.bincount(self._key[self._failed], minlength=len(self._group))[self._key] - self._failed
        mended = ~passes[self._key] & (rivals == 0)
        added = ~counting[self._key]
        return tuple(
            _by_category(self._problem[rows], self._group[self._key[rows]], problems) for rows in (mended, added)
        )  # type: ignore[return-value]


def _by_category(problem: np.ndarray, group: np.ndarray, problems: int) -> np.ndarray:
    """How often each problem (rows) meets each category (columns)."""
    place = problem * len(CATEGORIES) + group % len(CATEGORIES)
    return np.bincount(place, minlength=problems * len(CATEGORIES)).reshape(problems, len(CATEGORIES))


def _submissions(results: pd.DataFrame) -> list[str]:
    return [str(name) for name in results["submission"].cat.categories] if "submission" in results else [""]


def _codes(results: pd.DataFrame, name: str) -> Any:
    """The codes of a column; what is missing, or has no column, goes to the last (unknown) or the only place."""
    if name not in results:
        return np.full(len(results), len(CATEGORIES) - 1 if name == "category" else 0, dtype="int64")
    values = pd.Categorical(results[name], categories=list(CATEGORIES)) if name == "category" else results[name].array
    codes = np.asarray(values.codes).astype("int64")
    return np.where(codes < 0, len(values.categories) - 1, codes)
