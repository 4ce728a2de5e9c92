"""The one model of a fix: scores by submission and category, and what they become as problems are fixed."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..coded import codes_at, first_rows, joint_codes, verdicts
from ..frames import CATEGORIES, VERDICTS, complete_rows, count_rows, scored
from ..scores import scoring
from .grouping import multiset

UNITS = ("instance", "series")

_OF_SERIES = ("patient", "study", "series", "released_patient", "released_study", "released_series", "state")


class Counts(NamedTuple):
    """Passes and all checks: arrays of submissions (or problems) × categories; missing where unknown."""

    passed: np.ndarray
    total: np.ndarray


class Model(NamedTuple):
    """What scores after fixes need: kinds of checks that problems touch, few of them however many checks there are.

    A check passes if one of its rows passes, before or after the fixes, and none of them still fails. Per series,
    the rows of one action and attribute are one check. `groups` are submission × 4 + category.
    """

    passed: np.ndarray  # of each group: what no problem touches; it passes, and goes on passing
    group: np.ndarray  # of each kind
    times: np.ndarray  # of each kind: how many checks it has
    sound: np.ndarray  # of each kind: whether something passes before any fix
    kind: np.ndarray  # of each pair of a kind and a problem that touches it
    problem: np.ndarray
    failed: np.ndarray  # whether it fails until the problem is fixed; else it is blank or lost
    counts: np.ndarray  # whether it is a check of the score before any fix

    def after(self, fixed: np.ndarray) -> Counts:
        """Passes and checks by submission and category with the problems of a mask fixed."""
        hit = fixed[self.problem]
        there = self.sound | self._any(hit)
        passes, counts = ~self._any(self.failed & ~hit) & there, there | self._any(self.counts)
        passed, total = (
            (self.passed + np.bincount(self.group, self.times * which, len(self.passed))).reshape(-1, len(CATEGORIES))
            for which in (passes, counts)
        )
        return Counts(passed, total)

    def _any(self, pairs: np.ndarray) -> np.ndarray:
        return np.bincount(self.kind[pairs], minlength=len(self.group)) > 0


class Fixes:
    """Counted once, then asked quickly: the passes and checks of `results` with any of their problems fixed.

    `rows` are the failing rows, `problem` the number of the problem of each, out of `count`.
    """

    def __init__(self, results: pd.DataFrame, rows: np.ndarray, problem: np.ndarray, count: int) -> None:
        self._results, self._rows, self._problem, self._count = results, rows, problem, count
        names = [None, *results["submission"].cat.categories] if "submission" in results else [None]
        present = np.flatnonzero(np.bincount(codes_at(results, "submission", slice(None)) + 1, minlength=len(names)))
        #: The names of the submissions, in the order of their codes; None for rows of none.
        self.submissions = [names[code] for code in present]
        self._place = np.full(len(names), -1)
        self._place[present] = np.arange(len(present))
        #: The submission of each problem, as a place in `submissions`.
        self.submission_of = np.zeros(count, dtype="intp")
        self.submission_of[problem] = self._place[codes_at(results, "submission", rows) + 1]
        self._known = [unit for unit in UNITS if unit in scoring.units_of(results)]
        #: The units that these results have the columns for.
        self.countable = UNITS if all(name in results for name in _OF_SERIES) else UNITS[:1]
        #: What can be counted of all submissions; beside a workbook of series the images of others can be counted too.
        self.units = [name for name in self._known if name in self.countable]
        self._models: dict[str, Model] = {}

    def model(self, unit: str) -> Model:
        """The model of a unit, made when it is first asked for: series take as long as everything else together."""
        if unit not in self._models:
            results, is_count = self._results, count_rows(self._results)
            submission = self._place[codes_at(results, "submission", slice(None)) + 1]
            group = submission * len(CATEGORIES) + _categories(results)
            counted = np.asarray(scored(results)) & ~is_count
            more = self._passes_beside(unit, is_count.any() and self._known == [unit])
            key = None if unit == "instance" else scoring.series_checks(results)
            self._models[unit] = _model(results, key, group, counted, self._rows, self._problem, more)
        return self._models[unit]

    def counts(self, unit: str, fixed: np.ndarray) -> Counts:
        """Passes and checks by submission and category with the problems of a mask fixed."""
        return self.model(unit).after(fixed)

    def gains(self, unit: str, weights: Mapping[str, float] | None = None) -> np.ndarray:
        """What the score of its submission would gain by each problem alone; missing where unknown."""
        if unit not in self.countable or not self._count:
            return np.full(self._count, np.nan)
        numbers = np.arange(self._count)
        before = weighted(self.counts(unit, numbers < 0), weights)
        after = [weighted(self.counts(unit, numbers == number), weights) for number in numbers]
        own = self.submission_of
        return np.array([scores[place] for scores, place in zip(after, own, strict=True)]) - before[own]

    def ordered(self, order: np.ndarray) -> Fixes:
        """The same with the problems in another order: `order` lists their present numbers."""
        place, other = np.argsort(order), copy(self)
        other.submission_of, other._problem = self.submission_of[order], place[self._problem]
        other._models = {unit: model._replace(problem=place[model.problem]) for unit, model in self._models.items()}
        return other

    def _passes_beside(self, unit: str, counted: bool) -> np.ndarray:
        """The passes that are known only as numbers, by group (their category is unknown); missing if there may be
        others."""
        results, place = self._results, self._place
        more = np.zeros((len(self.submissions), len(CATEGORIES)))
        more[place[codes_at(results, "submission", ~complete_rows(results)) + 1], -1] = np.nan
        if counted:
            _, of_workbook = scoring.known(results, unit)
            own = place[codes_at(of_workbook, "submission", slice(None)) + 1]
            more[own, -1] = 0
            np.add.at(more, (own, -1), of_workbook["passes"].to_numpy(dtype="float64"))
        return more.ravel()


def _categories(results: pd.DataFrame) -> np.ndarray:
    if "category" not in results:
        return np.full(len(results), len(CATEGORIES) - 1, dtype="intp")
    codes = pd.Categorical(results["category"], categories=list(CATEGORIES)).codes
    return np.where(codes < 0, len(CATEGORIES) - 1, codes)


def _model(
    results: pd.DataFrame,
    key: np.ndarray | None,
    group: np.ndarray,
    counted: np.ndarray,
    rows: np.ndarray,
    problem: np.ndarray,
    more: np.ndarray,
) -> Model:
    """The model of the checks that `key` numbers: the rows of a number are one check; without it each row is one."""
    verdict = verdicts(results)
    passes = verdict == VERDICTS.index("passed")
    if key is None:
        group_of, there, sound, touched, own = group, counted.copy(), passes, rows, np.arange(len(rows))
    else:
        count = int(key.max(initial=-1)) + 1
        group_of, there, sound = np.zeros(count, dtype="intp"), np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
        group_of[key] = group
        there[key[counted]] = True
        sound[key[passes]] = True
        touched, own = np.unique(key[rows], return_inverse=True)
    there[touched] = False
    failed = verdict[rows] == VERDICTS.index("failed")
    pairs = pd.DataFrame({"key": own, "problem": problem, "failed": failed, "counts": counted[rows]})
    if len(touched) < len(rows):
        pairs = pairs.groupby(["key", "problem"], sort=False, as_index=False).any()
    # Checks of one group that the same problems touch alike are one kind.
    alike = multiset(joint_codes([pairs[name].to_numpy() for name in ("problem", "failed", "counts")], len(pairs)),
                     pairs["key"].to_numpy())  # fmt: skip
    kind = joint_codes([group_of[touched], sound[touched], pd.factorize(alike)[0]], len(touched))
    first = first_rows(kind)
    pairs = pairs[np.isin(pairs["key"], first)]
    return Model(
        np.bincount(group_of[there], minlength=len(more)) + more,
        group_of[touched][first],
        np.bincount(kind, minlength=len(first)),
        sound[touched][first],
        kind[pairs["key"]],
        *(pairs[name].to_numpy() for name in ("problem", "failed", "counts")),
    )


def weighted(counts: Counts, weights: Mapping[str, float] | None = None) -> np.ndarray:
    """Scores of counts by category: all checks alike without weights, else the weighted mean of the categories' scores.

    A category without checks has no weight; the score of no checks is missing.

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
