"""What a score would gain by each problem, under each denominator."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..coded import codes_at
from ..frames import complete_rows, count_rows, scored
from ..scores import scoring
from .grouping import Grouped

_OF_SERIES = ("patient", "study", "series", "released_patient", "released_study", "released_series", "state")


def gains_of(failures: Grouped, count: int) -> dict[str, np.ndarray]:
    """What the score of its submission would gain by each problem, under each denominator; missing where unknown."""
    results = failures.results
    unknown = np.full(count, np.nan)
    if not count:
        return {"instance": unknown, "series": unknown}
    submission = codes_at(results, "submission", slice(None)) + 1
    counted = np.asarray(scored(results)) & ~count_rows(results)
    of_problem = np.zeros(count, dtype="int64")
    of_problem[failures.problem] = submission[failures.rows]
    by_series = all(name in results for name in _OF_SERIES)
    more = {unit: _more_passes(results, submission, unit) for unit in ("instance", "series")}
    gains = {
        "instance": _gain_instances(failures, submission, counted, of_problem, more["instance"]),
        "series": _gain_series(failures, submission, counted, of_problem, more["series"]) if by_series else unknown,
    }
    return {unit: np.where(np.isnan(more[unit][of_problem]), np.nan, gain) for unit, gain in gains.items()}


def _more_passes(results: pd.DataFrame, submission: np.ndarray, unit: str) -> np.ndarray:
    """How many passes each submission has besides those that are rows; missing where nobody says."""
    more = np.zeros(int(submission.max()) + 1)
    more[submission[~complete_rows(results)]] = np.nan
    if count_rows(results).any() and scoring.units_of(results) == [unit]:
        _, counts = scoring.known(results, unit)
        place = codes_at(counts, "submission", slice(None)) + 1
        more[np.unique(place)] = 0
        np.add.at(more, place, counts["passes"])
    return more


def _gain_instances(
    failures: Grouped, submission: np.ndarray, counted: np.ndarray, of_problem: np.ndarray, more: np.ndarray
) -> np.ndarray:
    size, count = int(submission.max()) + 1, len(of_problem)
    total = np.bincount(submission[counted], minlength=size) + more
    standing = counted[failures.rows]
    passes = total - np.bincount(submission[failures.rows[standing]], minlength=size)
    mended = np.bincount(failures.problem, minlength=count)
    added = np.bincount(failures.problem[~standing], minlength=count)
    return _gained(passes[of_problem], total[of_problem], mended, added)


def _gain_series(
    failures: Grouped, submission: np.ndarray, counted: np.ndarray, of_problem: np.ndarray, more: np.ndarray
) -> np.ndarray:
    """As the official rule since November 2024 counts: one check per action, attribute and series, its worst."""
    results, rows, problem = failures.results, failures.rows, failures.problem
    keys = scoring.series_checks(results)
    whose = np.zeros(int(keys.max(initial=-1)) + 1, dtype="int64")
    whose[keys] = submission
    size, count = int(submission.max()) + 1, len(of_problem)
    groups = np.flatnonzero(np.bincount(keys[counted]))
    blank = (results["verdict"] == "blank").to_numpy()[rows]
    standing = counted[rows]
    failed = pd.DataFrame({"key": keys[rows], "problem": problem})[standing & ~blank]
    undecided = pd.DataFrame({"key": keys[rows], "problem": problem})[standing & blank]
    if len(undecided):
        passing = counted.copy()
        passing[rows] = False
        passing &= pd.Series(keys, copy=False).isin(undecided["key"]).to_numpy()
        hidden = np.concatenate([failed["key"].to_numpy(), keys[passing]])
        undecided = undecided[~undecided["key"].isin(hidden)]
    lost = pd.DataFrame({"key": keys[rows], "problem": problem})[~standing]
    # A lost check that passes is a pass too: in a group of its own, or in one that had only blanks.
    undecided = pd.concat([undecided, lost[lost["key"].isin(undecided["key"])]])
    lost = lost[~lost["key"].isin(groups)]
    total = np.bincount(whose[groups], minlength=size) + more
    passes = total - np.bincount(whose[pd.unique(pd.concat([failed["key"], undecided["key"]]))], minlength=size)
    # One pass is enough where nothing failed; a failure goes only with the last of its group.
    added = _shared(lost, count)
    mended = _sole(failed, count) + _shared(undecided, count) + added
    return _gained(passes[of_problem], total[of_problem], mended, added)


def _gained(passes: np.ndarray, total: np.ndarray, mended: np.ndarray, added: np.ndarray) -> np.ndarray:
    """The rise of passes / total when `mended` more pass, `added` of which are new; missing without a total."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((passes + mended) / (total + added) - passes / total)


def _sole(part: pd.DataFrame, count: int) -> np.ndarray:
    """For each problem, how many keys it has to itself."""
    distinct = part.drop_duplicates()
    alone = distinct[~distinct["key"].duplicated(keep=False)]
    return np.bincount(alone["problem"], minlength=count)


def _shared(part: pd.DataFrame, count: int) -> np.ndarray:
    """For each problem, how many keys it has a row in."""
    return np.bincount(part.drop_duplicates()["problem"], minlength=count)
