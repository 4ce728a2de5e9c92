"""What a score would gain by each problem, under each denominator."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..frames import complete_rows, count_rows, scored
from ..scores import scoring
from .columns import codes_at
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
    keys, width = _series_keys(results, submission)
    size, count = int(submission.max()) + 1, len(of_problem)
    groups = pd.unique(keys[counted])
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
    total = np.bincount(groups // width, minlength=size) + more
    passes = total - np.bincount(pd.unique(pd.concat([failed["key"], undecided["key"]])) // width, minlength=size)
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


def _series_keys(results: pd.DataFrame, submission: np.ndarray) -> tuple[np.ndarray, int]:
    """A number for submission, series, action and attribute of each row; its quotient by the other the submission."""
    missing = (results["state"] == "missing").to_numpy()
    gone = np.flatnonzero(missing)
    key, width = missing.astype("int64"), 2
    for name in ("patient", "study", "series"):
        codes = results[f"released_{name}"].cat.codes.to_numpy()
        size = len(results[f"released_{name}"].cat.categories)
        if len(gone):  # a missing file has only the original identifiers
            old = results[name].cat.codes.to_numpy()
            codes = codes.astype(np.promote_types(codes.dtype, old.dtype))
            codes[gone], size = old[gone], max(size, len(results[name].cat.categories))
        key, width = _packed(key, width, codes, size)
    for name in ("action", "tag_path"):
        key, width = _packed(key, width, results[name].cat.codes.to_numpy(), len(results[name].cat.categories))
    key += submission * width
    return key, width


def _packed(key: np.ndarray, width: int, codes: np.ndarray, size: int) -> tuple[np.ndarray, int]:
    """`key` (below `width`; changed in place) and codes below `size` as one number, numbered anew if too large."""
    if width * (size + 1) > 2**40:
        key = pd.factorize(key)[0].astype("int64")
        width = int(key.max(initial=-1)) + 1
    key *= size + 1
    key += codes
    key += 1
    return key, width * (size + 1)
