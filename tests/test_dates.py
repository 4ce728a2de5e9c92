"""Dates: what is one, how far it was shifted, and which shift is the usual one of a patient."""

import numpy as np
import pandas as pd
import pytest

import midi_nb as mn
from midi_nb.dates import fits, is_date, shift, shifts, usual_shifts


@pytest.mark.parametrize(
    "text", ["20130829", "20130829101500.00+0100", "201308291015", "['20130829', '20150304']", "20130829 "]
)
def test_dates_of_dicom(text):
    assert is_date(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        None,
        "ANON",
        "20150230",
        "20131399",
        "2013.08.29",
        "20130829T10",
        "A20130829",
        "['20130829', 'ANON']",
        "٢٠١٣٠٨٢٩",
    ],
)
def test_what_is_no_date(text):
    assert not is_date(text)


@pytest.mark.parametrize(
    ("before", "after", "days"),
    [
        ("20130829", "20150304", 552),
        ("20130829", "20130828", -1),
        ("20130829101500.5+0100", "20130830", 1),
        ("['20130829', '20130101']", "['20130831', '20130103']", 2),
        ("['20130829', '20130101']", "['20130831', '20130104']", None),
        ("['20130829', '20130101']", "20130831", None),
        ("2013.08.29", "20130830", None),  # as ACR-NEMA wrote dates, long retired
        ("20130829", "20130229", None),
        ("20130829", "", None),
        (None, "20130829", None),
    ],
)
def test_shift_counts_days(before, after, days):
    assert shift(before, after) == days


def dates(*moves, **columns):
    """Checks of dates: (patient, released date) each, all of them 1 January 2020 before."""
    patients, after = zip(*moves, strict=True)
    return pd.DataFrame(
        {"action": "date_shifted", "patient": patients, "original": "20200101", "actual": after} | columns
    )


@pytest.mark.parametrize(
    ("after", "usual"),
    [
        (["20200111", "20200111", "20200121"], 10),
        (["20200121", "20191202"], 20),  # +20 and -30 are equally frequent: the one nearer to zero
        (["20200111", "20191222"], -10),
        (["20200101", "20200101", "20200111"], 10),  # a date that was not shifted does not count
        (["20200101", "", "ANON", None], None),
    ],
)
def test_the_usual_shift_is_the_most_frequent_one(after, usual):
    found = usual_shifts([shifts(dates(*[("A", day) for day in after]))])
    assert found.to_dict() == ({} if usual is None else {("", "A"): usual})


def test_patients_and_submissions_have_shifts_of_their_own():
    moves = [("A", "20200102"), ("B", "20200103"), ("A", "20200104"), (None, "20200105")]
    rows = shifts(dates(*moves, submission=["a", "a", "b", "b"]))
    usual = usual_shifts([rows])
    assert usual.to_dict() == {("a", "A"): 1, ("a", "B"): 2, ("b", "A"): 3}
    assert fits(rows, usual).all()


def test_parts_are_counted_together():
    parts = [
        shifts(dates(("A", day), ("A", other))) for day, other in (("20200102", "20200103"), ("20200104", "20200103"))
    ]
    usual = usual_shifts(parts)
    assert usual.to_dict() == {("", "A"): 2}
    assert [fits(part, usual).tolist() for part in parts] == [[False, True], [False, True]]


def test_shifts_keep_the_place_of_their_check():
    rows = dates(("A", "20200102"), ("A", "2020"), ("A", None), ("A", "20200102"), action=["date_shifted"] * 3 + ["x"])
    told = shifts(rows.set_index(pd.Index([7, 7, 7, 7])))
    assert told.drop(columns=["submission", "patient"]).reset_index().values.tolist() == [
        [0, True, True, 1.0],
        [1, True, False, pytest.approx(np.nan, nan_ok=True)],
        [2, True, False, pytest.approx(np.nan, nan_ok=True)],
    ]


def test_the_example_of_the_two_verdicts_strict_rules_and_audit_agree_on():
    """+20 against -30 days: whichever date is not the usual one, everybody names the same."""
    rows = dates(("A", "20200121"), ("A", "20191202"))
    assert fits(shifts(rows), usual_shifts([shifts(rows)])).tolist() == [True, False]
    results = rows.assign(
        submission="s", study="1", series="1", instance="1", tag_path="(0008,0020)", expected=None, state="value",
        verdict="passed", error=None, complete=True,
    )  # fmt: skip
    assert mn.audit(results)[["finding", "days"]].values.tolist() == [["date_inconsistent", -30]]


def test_no_dates_have_no_shifts():
    none = shifts(dates(("A", "x")).iloc[:0])
    assert none.empty
    assert fits(none, usual_shifts([none])).tolist() == []


def test_time_lines_say_what_became_of_each_date_the_worst_patient_first():
    moves = [("B", "20200111"), ("A", "20200121"), ("A", "20200121"), ("A", "20200122"), ("A", "20200101"), ("A", "x"),
             ("A", None), ("A", ""), (None, "20200121")]  # fmt: skip
    lines = mn.timelines(dates(*moves, complete=True, name="Study Date"))
    assert lines["patient"].tolist() == ["A"] * 6 + ["B"]
    assert dict(zip(lines["released"], lines["shift"], strict=True)) == {
        "20200121": "usual", "20200122": "other", "20200101": "kept", "x": "unreadable", np.nan: "gone", "": "gone",
        "20200111": "usual",
    }  # fmt: skip
    assert lines["checks"].tolist() == [2, 1, 1, 1, 1, 1, 1]
    assert lines[["days", "usual"]].iloc[1].tolist() == [21, 20]


def test_time_lines_count_days_from_the_first_original_date_of_the_patient():
    rows = dates(("A", "20210101"), ("A", "20210110"), complete=True, name="Study Date")
    rows["original"] = ["20200101", "20200110,20200111"]
    lines = mn.timelines(rows)
    assert lines[["was", "now", "usual"]].values.tolist() == [[0, 366, 366], [9, 375, 366]]
    assert lines["shift"].tolist() == ["usual", "other"]  # of two dates one is gone


def test_time_lines_need_dates():
    rows = dates(("A", "20200121"), complete=True, name="Study Date")
    with pytest.raises(ValueError, match="timelines") as error:
        mn.timelines(mn.mask_values(rows))
    assert str(error.value) == (
        "timelines() needs dates, and these results are without values; give those before mask_values()."
    )
    assert mn.timelines(rows.iloc[:0]).empty


def test_masked_time_lines_hold_neither_dates_nor_days():
    masked = mn.mask_values(mn.timelines(dates(("A", "20200121"), complete=True, name="Study Date")))
    assert masked[["was", "now", "days", "usual"]].isna().all(axis=None)
    assert masked["original"].tolist() == ["•••"]
