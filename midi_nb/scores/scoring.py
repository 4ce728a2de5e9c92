"""score(): counts, rates and intervals of results, under each of the official denominators."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..coded import coded, concat, first_rows, joint_codes, tidy, verdicts
from ..frames import (
    CODES,
    EXPLAINED,
    RESULTS,
    VERDICTS,
    complete_rows,
    count_rows,
    require_columns,
    require_complete,
    require_frame,
    scored,
)
from ..masking import is_masked
from .intervals import intervals

UNITS = ("instance", "series", "series-2024")
COUNTS = ("passed", "failed", "blank")
#: The columns of scores beside those that they are broken down by.
SCORES = (*COUNTS, "total", "score", "low", "high", "patients")

#: The columns a tally keeps: enough for every breakdown of the notebooks and for resampling patients.
TALLIED = (
    "submission", "patient", "series", "action", "category", "subcategory", "scope", "modality", "tag", "name",
    "private",
)  # fmt: skip


def score(
    results: pd.DataFrame, by: str | Sequence[str] | None = None, *, unit: str = "instance", interval: float = 0.95
) -> pd.DataFrame:
    """Passed, failed and blank checks with their score, over all or by any columns.

    The score is passed / (passed + failed + blank), as officially: a blank costs as much as a failure. Checks for which
    the official script writes no row are excluded from every score.

    Parameters
    ----------
    results
        Results, or the tally of some.
    by
        Column or columns of `results` to break down by. By ``cause`` or ``axis`` every row of the group is an
        opportunity to fail so, and the score is what it would be if nothing else had failed.
    unit
        ``"instance"``: every check counts. ``"series"``: the official rule since November 2024, one check per action,
        attribute and series, failed if it failed once, blank only if nothing else. ``"series-2024"``: the rule of the
        published challenge scores, duplicates among the slices of a series dropped.
    interval
        Coverage of ``low`` to ``high``: Wilson's interval, with an effective sample size estimated from the variation
        between patients, and Student's t for few patients. The checks of a patient fail together, so an interval that
        counts checks would be far too narrow. It assumes that no patient still unseen fails in a way none here did.

    Returns
    -------
    DataFrame
        The columns of `by`, then passed, failed, blank, total, score, low, high, patients. A score of no checks is
        missing, and so is the interval of a single patient.

    Examples
    --------
    >>> mn.score(results, by="category")["category"].tolist()
    ['hipaa', 'dicom', 'tcia']
    """
    columns = [by] if isinstance(by, str) else list(by or ())
    if not 0 < interval < 1:
        raise ValueError(f"interval must lie between 0 and 1, got {interval}.")
    given = [name for name in columns if name in SCORES]
    if given:
        raise ValueError(f"score() cannot break down by {', '.join(given)}: these are columns it gives.")
    return _with_scores(_counts(results, columns, unit), columns, interval)


def tally(results: pd.DataFrame | Iterable[pd.DataFrame], by: Sequence[str] = TALLIED) -> pd.DataFrame:
    """The counts of results by many columns at once: small, and `score` takes it as it takes results.

    Tallies add: given the parts of a run (``read_parts``) it never holds more than one of them.

    Returns
    -------
    DataFrame
        The columns of `by` that `results` has, then passed, failed, blank.

    Examples
    --------
    >>> halves = results.iloc[: len(results) // 2], results.iloc[len(results) // 2 :]
    >>> mn.score(mn.tally(halves)).equals(mn.score(results))
    True
    """
    if isinstance(results, str | Path):
        require_frame(results, "tally()")
    if isinstance(results, pd.DataFrame):
        require_complete(results, "tally()")
        require_columns(results, COUNTS if is_tally(results) else ["verdict", "action"], "tally()")
        columns = [name for name in by if name in results.columns]
        return _grouped(results if is_tally(results) else counted(results, "instance"), columns)
    parts = [tally(part, by) for part in results]
    return tally(concat(parts), by) if parts else tally(tidy({}, RESULTS, 0), by)


def is_tally(frame: pd.DataFrame) -> bool:
    """Whether `frame` holds counts rather than checks."""
    return set(COUNTS) <= set(frame.columns)


def _counts(results: pd.DataFrame, columns: list[str], unit: str) -> pd.DataFrame:
    if unit not in UNITS:
        raise ValueError(f"unit must be one of {', '.join(UNITS)}, got {unit!r}.")
    require_complete(results, "score()", or_counts=True)
    if is_tally(results):
        if unit != "instance":
            raise ValueError(f"A tally has no single checks left: score(unit={unit!r}) needs results.")
        rows = results
    elif count_rows(results).any():
        rows = _with_passes(results, columns, unit)
    else:
        rows = counted(results, unit)
    clusters = ["patient"] if "patient" in rows.columns and "patient" not in columns else []
    require_columns(rows, columns, "score(by=…)")
    causal = [name for name in columns if name in EXPLAINED]
    if not causal:
        return _grouped(rows, columns + clusters)
    return _opportunities(rows, [name for name in columns if name not in causal], causal, clusters)


def _with_passes(results: pd.DataFrame, columns: list[str], unit: str) -> pd.DataFrame:
    """The tally of checks, and of passes that a scoring workbook has counted; whose passes these are is not known."""
    checks, counts = known(results, unit, [name for name in columns if name not in EXPLAINED])
    require_columns(checks, columns, "score(by=…)")
    verdict = verdicts(checks)
    listed = checks[columns].assign(**{name: (verdict == VERDICTS.index(name)).astype("int64") for name in COUNTS})
    return concat([listed, counts[columns].assign(passed=counts["passes"].astype("int64"), failed=0, blank=0)])


def known(results: pd.DataFrame, unit: str, by: Sequence[str] = ()) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The checks of `results` that count by `unit`, and the rows of passes that go with them, each once.

    Raises a ValueError if there are none for this unit or for the columns `by`, or if rows were removed since the
    workbook was read: the passes of a part of the checks are not known.
    """
    results = coded(results)
    is_count = count_rows(results)
    checks, counts = unique(results[~is_count], unit), results[is_count]
    units = ", ".join(counts["unit"].astype(str).unique())
    if units != unit:
        raise ValueError(
            f"score(unit={unit!r}) needs passes counted by {unit}; the scoring workbook of these results counts by "
            f"{units}."
        )
    sheet = next((names for names in _SHEETS if _has(counts, names, by)), None)
    if sheet is None:
        raise ValueError(
            f"score() cannot break down by {', '.join(by) or 'nothing'}: a scoring workbook counts passes by "
            "action or by category and subcategory. Read validation_results.db, or evaluate."
        )
    counts = counts[counts[sheet[0]].notna()]
    keys = [name for name in ("submission", *sheet) if name in results]
    partial = checks[~complete_rows(checks)]
    listed, wanted = (
        rows[keys].astype(object).fillna("").assign(rows=number).groupby(keys)["rows"].sum()
        for rows, number in ((partial, 1), (counts, counts["checks"] - counts["passes"]))
    )
    if (listed.sub(wanted, fill_value=0) != 0).any():
        raise ValueError(
            f"score() finds {len(partial):,} failed or blank checks by {unit} where the scoring workbook of these "
            f"results has {int(wanted.sum()):,}, or others: of a part of the checks the passes are not known."
        )
    return checks, counts


#: What the sheets of a scoring workbook count by.
_SHEETS = (("action",), ("category", "subcategory"))


def _has(counts: pd.DataFrame, sheet: Sequence[str], by: Sequence[str]) -> bool:
    return {*by} - {"submission"} <= {*sheet} and bool(counts[sheet[0]].notna().any())


def units_of(results: pd.DataFrame) -> list[str]:
    """What `score` can count of `results`: where passes are known as numbers, only what the workbook counts."""
    is_count = count_rows(results)
    return [unit for unit in UNITS if not is_count.any() or (results["unit"] == unit).any()]


def _opportunities(rows: pd.DataFrame, plain: list[str], causal: list[str], clusters: list[str]) -> pd.DataFrame:
    """Counts by cause: failures of the cause out of all checks there were."""
    everything = _grouped(rows, plain + clusters)
    everything["all"] = everything[list(COUNTS)].sum(axis=1)
    fallen = _grouped(rows[rows[causal].notna().all(axis=1)], plain + clusters + causal)
    kinds = fallen[causal].drop_duplicates()
    spread = everything[[*plain, *clusters, "all"]].merge(kinds, how="cross")
    fallen = spread.merge(fallen.drop(columns="passed"), how="left", on=plain + clusters + causal).fillna(
        {"failed": 0, "blank": 0}
    )
    fallen[["failed", "blank"]] = fallen[["failed", "blank"]].astype("int64")
    fallen["passed"] = fallen["all"] - fallen["failed"] - fallen["blank"]
    return fallen.drop(columns="all")


def counted(results: pd.DataFrame, unit: str) -> pd.DataFrame:
    """The rows of `results` that count under a denominator."""
    require_complete(results, "score()")
    return unique(results, unit)


def unique(results: pd.DataFrame, unit: str) -> pd.DataFrame:
    """The rows of `results` that count once each by `unit`, whether or not passes are among them."""
    require_columns(results, ["verdict", "action"], "score()")
    results = coded(results)
    known = scored(results)
    rows = results if bool(np.all(known)) else results[known]
    return rows if unit == "instance" else _deduplicated(rows, unit)


_OFFICIAL = ("released_patient", "released_study", "released_series")
_SAME_ROW = (
    "verdict", "score", "action", "expected", "x0", "y0", "x1", "y1", "actual", "state", "original", "tag_path", "name",
    "modality", "sop_class", "prev_cat", *CODES,
)  # fmt: skip


def _deduplicated(rows: pd.DataFrame, unit: str) -> pd.DataFrame:
    """One row per check of a series, by the official rules and the official identifiers.

    These are the released identifiers, and for a missing file the original ones: a series that is partly missing counts
    twice.
    """
    require_columns(rows, ["tag_path", "state", "patient", "study", "series", *_OFFICIAL], f"score(unit={unit!r})")
    if unit == "series-2024" and is_masked(rows):
        raise ValueError("score(unit='series-2024') compares the values, and these are masked; score them before.")
    place = series_checks(rows, _SAME_ROW if unit == "series-2024" else ("action", "tag_path"))
    if unit == "series-2024":
        return rows[~pd.Series(place).duplicated().to_numpy()]
    worst_first = np.argsort(_WORST_FIRST[verdicts(rows)], kind="stable")
    first = ~pd.Series(place[worst_first]).duplicated().to_numpy()
    return rows.iloc[np.sort(worst_first[first])]


def series_checks(results: pd.DataFrame, same: Sequence[str] = ("action", "tag_path")) -> np.ndarray:
    """One number for each check of a series, by the identifiers that officially count and the columns `same`."""
    missing = (results["state"] == "missing").to_numpy(dtype=bool)
    ids = zip(("patient", "study", "series"), _OFFICIAL, strict=True)
    series = [missing, *(np.where(missing, _codes(results[old]), _codes(results[new])) for old, new in ids)]
    named = [_codes(results[name]) for name in ("submission", *same) if name in results.columns]
    return joint_codes([*series, *named], len(results))


#: The official order of a series: it has failed if it failed once, and is blank only if nothing else. By `VERDICTS`.
_WORST_FIRST = np.array([("failed", "passed", "blank", "lost").index(verdict) for verdict in VERDICTS], dtype="int8")


def _codes(values: pd.Series) -> Any:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.codes.to_numpy()
    return pd.factorize(values)[0]


def _grouped(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """passed, failed and blank by `columns`, every combination that occurs."""
    place = joint_codes([_codes(rows[name]) for name in columns], len(rows))
    first = first_rows(place)
    groups = len(first)
    if is_tally(rows):
        counts = [
            np.bincount(place, weights=rows[name].to_numpy(), minlength=groups).astype("int64") for name in COUNTS
        ]
    else:
        verdict = verdicts(rows)
        counts = [np.bincount(place[verdict == VERDICTS.index(name)], minlength=groups) for name in COUNTS]
    keys = rows[columns].iloc[first].reset_index(drop=True)
    return keys.assign(**dict(zip(COUNTS, counts, strict=True)))


def _with_scores(counts: pd.DataFrame, columns: list[str], interval: float) -> pd.DataFrame:
    place = joint_codes([_codes(counts[name]) for name in columns], len(counts))
    scores = _grouped(counts, columns)
    if not columns and scores.empty:
        scores = pd.DataFrame({name: np.zeros(1, dtype="int64") for name in COUNTS})
    scores["total"] = scores[list(COUNTS)].sum(axis=1)
    scores["score"] = (scores["passed"] / scores["total"]).astype("float64")
    trials = counts[list(COUNTS)].sum(axis=1)
    named = counts["patient"].notna() if "patient" in counts else True
    found = intervals(counts["passed"], trials, place, len(scores), interval, named)
    patients, scores["low"], scores["high"] = found
    scores["patients"] = pd.array(patients, dtype="Int64")
    if "patient" not in counts:
        scores["patients"] = scores["patients"].mask(scores["total"] > 0)
    return _sorted(scores, columns)


def _sorted(scores: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """By the columns' own order where they have one, else by text."""
    if not columns:
        return scores.reset_index(drop=True)

    def order(column: pd.Series) -> pd.Series:
        own = column.name in ("scope", "category") or not isinstance(column.dtype, pd.CategoricalDtype)
        return column if own else column.astype("str")

    return scores.sort_values(columns, key=order, kind="stable", ignore_index=True)
