"""Dates: what is one, by how many days it was shifted, and the one shift that the dates of a patient share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd

from .coded import first_rows, joint_codes
from .frames import require_columns, require_complete
from .masking import is_masked
from .text import values

__all__ = ["SHIFTS", "fits", "is_date", "places", "shift", "shifts", "timelines", "usual_shifts"]

#: What became of a date, the worst first → how it looks.
SHIFTS = {"other": "fail", "kept": "privacy", "unreadable": "validity", "gone": "utility", "usual": "pass"}


def is_date(text: str | None) -> bool:
    """Whether each value of `text` is a DICOM date, or date and time.

    >>> is_date("20130829"), is_date("20130829101500.00+0100"), is_date("20150230"), is_date("2013.08.29")
    (True, True, False, False)
    """
    return _days(text) is not None


def shift(before: str | None, after: str | None) -> int | None:
    """Days from the dates `before` to the dates `after`; None where they are not dates, or not one number of days.

    >>> shift("20130829", "20150304"), shift("20130829", "ANON"), shift("['20130829', '20130101']", "20150304")
    (552, None, None)
    """
    old, new = _days(before), _days(after)
    if old is None or new is None or len(old) != len(new):
        return None
    found = {after - before for before, after in zip(old, new, strict=True)}
    return found.pop() if len(found) == 1 else None


def _days(text: str | None) -> list[int] | None:
    """The days (since the year 1) of the dates in `text`; None where one of its values is not a date."""
    days = [_day(value) for value in values(text or "")]
    return None if None in days else days  # type: ignore[return-value]


def _day(value: str) -> int | None:
    match = _DATE.fullmatch(value)
    try:
        return date(*map(int, match.group(1, 2, 3))).toordinal() if match else None
    except ValueError:  # the 30th of February
        return None


_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)(\d{2,6}(\.\d{1,6})?)?([+-]\d{4})?", re.ASCII)


def shifts(results: pd.DataFrame) -> pd.DataFrame:
    """The ``date_shifted`` checks of `results`, by their place there: submission, patient, and what became of the date.

    ``was`` and ``now``: whether the original and the released text are dates. ``days``: how far the date was shifted;
    missing where one of them is not, or where its values were not shifted by one number of days.
    """
    rows = np.flatnonzero((results["action"] == "date_shifted").to_numpy(dtype=bool, na_value=False))
    dates = results.iloc[rows]
    pair = ["original", "actual"]
    of_row = joint_codes([dates[name].astype("category").cat.codes.to_numpy() for name in pair], len(dates))
    distinct = dates[pair].iloc[first_rows(of_row)].astype(object)
    texts = [tuple(text if isinstance(text, str) else None for text in pair) for pair in distinct.to_numpy()]
    who = {name: dates[name].astype(object).to_numpy() if name in dates else None for name in _WHO}
    found = {
        "was": np.array([is_date(before) for before, _ in texts], dtype=bool)[of_row],
        "now": np.array([is_date(after) for _, after in texts], dtype=bool)[of_row],
        "days": np.array([shift(*pair) for pair in texts], dtype="float64")[of_row],
    }
    return pd.DataFrame({**who, **found}, index=rows).fillna({"submission": ""})


_WHO = ["submission", "patient"]


def usual_shifts(parts: Iterable[pd.DataFrame]) -> pd.Series:
    """(submission, patient) → the number of days by which most of its dates were shifted.

    `parts` are what `shifts` returns. A date that kept its day does not count; of two numbers that are equally frequent
    the one nearer to zero is taken.
    """
    counts = pd.concat([part[part["days"] != 0].groupby([*_WHO, "days"]).size() for part in parts])
    counts = counts.groupby(level=[*_WHO, "days"]).sum().rename("dates").reset_index()
    order = counts.assign(far=counts["days"].abs()).sort_values(["dates", "far", "days"], ascending=[False, True, True])
    return order.drop_duplicates(_WHO).set_index(_WHO)["days"]


def fits(dates: pd.DataFrame, usual: pd.Series) -> np.ndarray:
    """Where a date of `shifts` was shifted, and by the usual number of days of its patient (where that has one)."""
    days, of_patient = dates["days"].to_numpy(), usual.reindex(pd.MultiIndex.from_frame(dates[_WHO])).to_numpy()
    return np.isfinite(days) & (days != 0) & ((days == of_patient) | np.isnan(of_patient))


def timelines(results: pd.DataFrame) -> pd.DataFrame:
    """The original and the released dates of each patient as pairs: lines from one time line to the other.

    Parameters
    ----------
    results
        What ``evaluate`` or ``read_results`` returns. Its ``date_shifted`` checks on original dates are taken.

    Returns
    -------
    DataFrame
        submission, patient, name (of the attribute), original, released (the texts), was, now (days since the first
        original date of the patient), days (how far it was shifted), usual (how far most of the patient's dates were),
        shift (usual; other; kept: not shifted; unreadable: no date any more; gone), checks (how many have this pair).
        Patients with most checks that are not as usual come first; within each the earliest date. Of several dates in
        one attribute the first stands for all.

    Examples
    --------
    >>> sorted(mn.timelines(results)["shift"].unique())
    ['gone', 'kept', 'other', 'unreadable', 'usual']
    """
    require_complete(results, "timelines()")
    require_columns(results, ["patient", "name", "action", "original", "actual"], "timelines()")
    if is_masked(results):
        raise ValueError(
            "timelines() needs dates, and these results are without values; give those before mask_values()."
        )
    dates = shifts(results)
    usual = usual_shifts([dates])
    dates["fits"] = fits(dates, usual)
    texts = results[["name", "original", "actual"]].iloc[dates.index].astype(object)
    dates = dates.assign(**{name: texts[name].to_numpy() for name in texts}).rename(columns={"actual": "released"})
    dates = dates[dates["was"] & dates["patient"].notna()]
    gone = dates["released"].isna() | (dates["released"] == "")
    became = np.select(
        [gone, ~dates["now"], dates["days"] == 0, dates["fits"]], ["gone", "unreadable", "kept", "usual"], "other"
    )
    dates["shift"] = pd.Categorical(became, list(SHIFTS))
    pair = [*_WHO, "name", "original", "released", "days", "shift"]
    lines = dates.groupby(pair, observed=True, dropna=False, sort=False).size().rename("checks").reset_index()
    days = [
        [(_days(text) or [pd.NA])[0] if isinstance(text, str) else pd.NA for text in lines[name]]
        for name in ("original", "released")
    ]
    lines["was"], lines["now"] = (pd.array(column, dtype="Int64") for column in days)
    of_patient = lines.groupby(_WHO, sort=False)
    first, odd = of_patient["was"].transform("min"), lines["checks"].where(lines["shift"] != "usual", 0)
    lines["usual"] = usual.reindex(pd.MultiIndex.from_frame(lines[_WHO])).to_numpy()
    lines = lines.assign(
        was=lines["was"] - first,
        now=lines["now"] - first,
        odd=odd.groupby([lines[name] for name in _WHO]).transform("sum"),
    )
    lines = lines.sort_values(
        ["odd", *_WHO, "was"], ascending=[False, True, True, True], kind="stable", ignore_index=True
    )
    return lines[_LINES].astype({"days": "Int64", "usual": "Int64"})


_LINES = [*_WHO, "name", "original", "released", "was", "now", "days", "usual", "shift", "checks"]


def places(lines: pd.DataFrame, values: bool = True) -> pd.DataFrame:
    """start, end: where each of `timelines` starts above and ends below, upright if it was shifted as usual.

    In days after the first original date of the patient; missing where there is no date. Without values only their
    order is given, because days would be enough to restore dates: one date that was not shifted gives all others. For
    the same reason such a date has no end then: its distance is the usual shift.
    """
    end = (lines["now"] - lines["usual"].fillna(0)).astype("float64")
    found = pd.DataFrame({"start": lines["was"].astype("float64"), "end": end})
    if values:
        return found
    found["end"] = found["end"].where(lines["shift"] != "kept")
    for own in lines.groupby(_WHO, observed=True, sort=False).indices.values():
        days = found.to_numpy()[own]
        order = np.searchsorted(np.unique(days[np.isfinite(days)]), days).astype("float64")
        found.iloc[own] = np.where(np.isfinite(days), order, np.nan)
    return found
