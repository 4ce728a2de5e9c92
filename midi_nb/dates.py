"""Dates: what is one, by how many days it was shifted, and the one shift that the dates of a patient share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd

from .coded import first_rows, joint_codes
from .text import values

__all__ = ["fits", "is_date", "shift", "shifts", "usual_shifts"]


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
    """(submission, patient) → the number of days that most of its dates were shifted by.

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
