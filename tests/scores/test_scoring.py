import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from midi_nb import coded, frames, masking
from midi_nb.frames import CODES
from midi_nb.scores import scoring
from midi_nb.scores.intervals import intervals
from midi_nb.scores.scoring import COUNTS, UNITS, score, tally

PASSED, FAILED = {"verdict": "passed", "score": 1.0}, {"verdict": "failed", "score": 0.0, "actual": "DOE"}
BLANK = {"verdict": "blank", "score": np.nan, "error": "why"}
LOST_ROW = {**BLANK, "verdict": "lost", "error": "only stop words"}
VERDICTS = {"passed": PASSED, "failed": FAILED, "blank": BLANK}


def counts(scores):
    return scores[[*COUNTS, "total"]].to_numpy().tolist()


def test_a_blank_costs_as_much_as_a_failure(make):
    scores = score(make.results([PASSED, PASSED, FAILED, BLANK]))

    assert list(scores.columns) == ["passed", "failed", "blank", "total", "score", "low", "high", "patients"]
    assert counts(scores) == [[2, 1, 1, 4]]
    assert scores["score"].item() == 0.5


def test_rows_the_official_script_does_not_write_count_nowhere(make):
    results = make.results([PASSED, LOST_ROW, LOST_ROW])

    assert counts(score(results)) == [[1, 0, 0, 1]]
    assert counts(score(tally(results))) == [[1, 0, 0, 1]]


def test_a_score_of_no_checks_is_missing(make):
    for nothing in (make.results([]), tally([])):
        scores = score(nothing)
        assert counts(scores) == [[0, 0, 0, 0]]
        assert scores[["score", "low", "high"]].isna().all(axis=None)
        assert len(score(nothing, by="action")) == 0


def test_scores_by_columns_come_in_their_order(make):
    results = make.results(
        [
            {**PASSED, "category": "tcia", "scope": "Instance", "modality": "MR"},
            {**FAILED, "category": "hipaa", "scope": "Series", "modality": "MR"},
            {**PASSED, "category": "hipaa", "scope": "Patient", "modality": "CT"},
            {**BLANK, "category": "hipaa", "scope": "Patient", "modality": None},
        ]
    )

    assert list(score(results, by="category")["category"]) == ["hipaa", "tcia"]
    assert list(score(results, by="scope")["scope"]) == ["Patient", "Series", "Instance"]
    assert list(score(results, by="modality")["modality"].astype(object).fillna("none")) == ["CT", "MR", "none"]
    both = score(results, by=["modality", "scope"])
    assert list(both.columns[:3]) == ["modality", "scope", "passed"]
    assert both["total"].sum() == 4


# One series of four slices, asked for one attribute; the last column: what the three denominators see of it.
SERIES = {
    "fails once": (
        ["passed", "passed", "passed", "failed"],
        {"instance": [3, 1, 0], "series": [0, 1, 0], "series-2024": [1, 1, 0]},
    ),
    "passes": (["passed"] * 4, {"instance": [4, 0, 0], "series": [1, 0, 0], "series-2024": [1, 0, 0]}),
    "blank beside passes": (
        ["blank", "passed"],
        {"instance": [1, 0, 1], "series": [1, 0, 0], "series-2024": [1, 0, 1]},
    ),
    "all three": (
        ["blank", "passed", "failed"],
        {"instance": [1, 1, 1], "series": [0, 1, 0], "series-2024": [1, 1, 1]},
    ),
    "blank": (["blank", "blank"], {"instance": [0, 0, 2], "series": [0, 0, 1], "series-2024": [0, 0, 1]}),
}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(("verdicts", "expected"), SERIES.values(), ids=SERIES)
def test_a_series_counts_as_officially(make, verdicts, expected, unit):
    results = make.results(
        [{**VERDICTS[verdict], "instance": str(i), "released": f"N{i}"} for i, verdict in enumerate(verdicts)]
    )

    assert counts(score(results, unit=unit))[0][:3] == expected[unit]


APART = {
    "another action": {"action": "text_retained"},
    "another attribute": {"tag_path": "(0010,0020)"},
    "another released patient": {"released_patient": "N2"},
    "another released study": {"released_study": "NS2"},
    "another released series": {"released_series": "NE2"},
    "another submission": {"submission": "other"},
}


@pytest.mark.parametrize("unit", ["series", "series-2024"])
@pytest.mark.parametrize("change", APART.values(), ids=APART)
def test_what_is_apart_counts_apart(make, change, unit):
    assert score(make.results([{}, change, {}, change]), unit=unit)["total"].item() == 2


@pytest.mark.parametrize("unit", ["series", "series-2024"])
def test_the_identifiers_of_the_key_do_not_tell_released_series_apart(make, unit):
    results = make.results(
        [{}, {"patient": "P2", "study": "S2", "series": "E2", "instance": "I2", "check": "7", "file": "b.dcm"}]
    )

    assert score(results, unit=unit)["total"].item() == 1


BOX = ("x0", "y0", "x1", "y1")
TOLD = ("actual", "expected", "original", "score", "name", "modality", "sop_class", "prev_cat", *BOX, *CODES)
SAME_OR_NOT = {**dict.fromkeys(TOLD, 2), "instance": 1, "check": 1, "file": 1}


@pytest.mark.parametrize(("column", "total"), SAME_OR_NOT.items())
def test_in_2024_rows_were_duplicates_if_all_but_their_place_was_equal(make, column, total):
    other = {"score": 0.5, **dict.fromkeys(BOX, 3)}.get(column, "other")
    assert score(make.results([{}, {column: other}]), unit="series-2024")["total"].item() == total


def test_masked_results_have_no_score_that_compares_values(make):
    results = make.results([{"actual": "A"}, {"actual": "B"}])
    masked = masking.mask_values(results)
    assert score(masked, unit="series").equals(score(results, unit="series"))
    with pytest.raises(ValueError, match=r"^score\(unit='series-2024'\) compares the values, and these are masked; "):
        score(masked, unit="series-2024")


def test_a_partly_missing_series_counts_twice(make):
    missing = {
        "state": "missing",
        "actual": None,
        "file": None,
        **dict.fromkeys(("released_patient", "released_study", "released_series", "released")),
    }
    results = make.results([PASSED, PASSED, {**PASSED, **missing}, {**PASSED, **missing, "instance": "I4"}])

    assert counts(score(results, unit="series")) == [[2, 0, 0, 2]]
    assert counts(score(results, unit="series-2024")) == [[2, 0, 0, 2]]


def test_missing_files_go_by_the_identifiers_of_the_key(make):
    missing = {
        "state": "missing",
        "actual": None,
        **dict.fromkeys(("released_patient", "released_study", "released_series", "released")),
    }
    results = make.results([{**missing, "series": "E1"}, {**missing, "series": "E2"}, {**missing, "series": "E2"}])

    assert score(results, unit="series")["total"].item() == 2


def test_by_cause_every_check_was_an_opportunity(make):
    results = make.results([PASSED] * 6 + [FAILED, FAILED, FAILED, BLANK])
    results["cause"] = coded.encode([None] * 6 + ["leak", "leak", "gone", "gone"])
    results["patient"] = coded.encode([f"P{i % 3}" for i in range(10)])  # neither cause is one of every patient

    scores = score(results, by="cause").set_index("cause")

    assert scores.loc["leak", [*COUNTS, "total"]].to_list() == [8, 2, 0, 10]
    assert scores.loc["gone", [*COUNTS, "total"]].to_list() == [8, 1, 1, 10]
    assert scores.loc["leak", "score"] == 0.8


MESSAGES = [
    ({"unit": "study"}, "unit must be one of instance, series, series-2024, got 'study'."),
    ({"interval": 95}, "interval must lie between 0 and 1, got 95."),
    ({"by": "shoe"}, "score(by=…) needs the column shoe, missing in this frame."),
    ({"by": "cause"}, "score(by=…) needs the column cause, missing in this frame; explain() makes it."),
]


@pytest.mark.parametrize(("options", "message"), MESSAGES)
def test_wrong_questions_are_answered_in_one_line(make, options, message):
    with pytest.raises(ValueError, match=r".") as raised:
        score(make.results([{}]), **options)
    assert str(raised.value) == message


def test_failures_alone_have_no_score(make):
    results = make.results([FAILED])
    results["complete"] = False
    for verb in (score, tally):
        with pytest.raises(ValueError, match=r".") as raised:
            verb(results)
        assert str(raised.value) == (
            f"{verb.__name__}() needs all checks, but 1 of 1 rows come from a file that does not hold all of them, "
            "such as a discrepancy report, so there is no denominator; read validation_results.db, or evaluate."
        )


@pytest.mark.parametrize("unit", UNITS[1:])
def test_a_tally_has_no_series_left(make, unit):
    with pytest.raises(
        ValueError, match=rf"^A tally has no single checks left: score\(unit='{unit}'\) needs results\.$"
    ):
        score(tally(make.results([{}])), unit=unit)


def test_no_results_are_needed_but_a_verdict_an_action_and_that_nothing_is_left_out():
    verdicts = ["passed", "failed", "passed"]
    plain = pd.DataFrame({"action": ["tag_retained"] * 3, "verdict": verdicts, "complete": True})

    assert counts(score(plain)) == [[2, 1, 0, 3]]
    assert counts(score(plain, by="action")) == [[2, 1, 0, 3]]
    assert list(tally(plain).columns) == ["action", *COUNTS]
    with pytest.raises(ValueError, match=r"^score\(\) needs the column verdict, missing in this frame; "):
        score(plain[["action"]])


CELL = st.fixed_dictionaries(
    {
        "patient": st.sampled_from(["P1", "P2", "P3"]),
        "series": st.sampled_from(["E1", "E2"]),
        "action": st.sampled_from(["text_removed", "date_shifted"]),
        "category": st.sampled_from(["hipaa", "tcia"]),
        "modality": st.sampled_from(["CT", None]),
        "verdict": st.sampled_from(["passed", "failed", "blank"]),
    }
)
ROWS = st.lists(CELL, max_size=30)


@pytest.fixture(scope="module")
def planted(make):
    return lambda rows: make.results([{**row, **VERDICTS[row["verdict"]]} for row in rows])


@given(
    ROWS,
    st.sampled_from([(), ("action",), ("modality", "category"), ("patient",), ("submission", "patient", "series")]),
)
def test_counts_are_those_of_the_rows(planted, rows, by):
    scores = score(planted(rows), by=list(by))

    expected = {}
    for row in rows:
        place = expected.setdefault(tuple({**row, "submission": "run"}[name] for name in by), dict.fromkeys(COUNTS, 0))
        place[row["verdict"]] += 1
    if not by:
        expected = expected or {(): dict.fromkeys(COUNTS, 0)}
    keys = scores[list(by)].astype(object)
    found = {
        tuple(key): dict(zip(COUNTS, numbers, strict=True))
        for key, numbers in zip(
            keys.where(keys.notna(), None).to_numpy().tolist(),
            scores[list(COUNTS)].to_numpy().tolist(),
            strict=True,
        )
    }
    assert found == expected
    assert (scores["total"] == scores[list(COUNTS)].sum(axis=1)).all()
    some = scores[scores["patients"] > 1]
    assert (some["low"] <= some["score"] + 1e-12).all()
    assert (some["score"] <= some["high"] + 1e-12).all()
    assert scores.loc[scores["patients"] < 2, ["low", "high"]].isna().all(axis=None)


@given(st.lists(ROWS, min_size=1, max_size=4))
def test_tallies_of_parts_add_up_to_that_of_the_whole(planted, parts):
    whole = planted([row for part in parts for row in part])
    summed = tally(planted(part) for part in parts)

    for by in ([], ["action"], ["modality", "category"], ["patient"]):
        pd.testing.assert_frame_equal(score(summed, by=by), score(whole, by=by), check_categorical=False)
    assert summed[list(COUNTS)].to_numpy().sum() == len(whole)


@given(ROWS, st.randoms())
def test_the_order_of_rows_changes_no_score(planted, rows, random):
    shuffled = random.sample(rows, len(rows))
    for unit in UNITS:
        assert counts(score(planted(rows), unit=unit)) == counts(score(planted(shuffled), unit=unit))


@given(ROWS)
def test_denominators_get_smaller(planted, rows):
    results = planted(rows)
    instance, series, older = (score(results, unit=unit)["total"].item() for unit in UNITS)

    assert series <= older <= instance


def test_arguments_are_left_alone(make):
    results = make.results([PASSED, FAILED, LOST_ROW])
    before = results.copy(deep=True)
    for unit in UNITS:
        score(results, by=["action"], unit=unit)
    tally(results)

    pd.testing.assert_frame_equal(results, before)


# Intervals


def failing(make, failures, each=20):
    """Results of patients of so many checks, of whom so many fail; the cause of each failure is a leak."""
    rows = [
        {**(FAILED if i < failed else PASSED), "patient": f"P{patient}", "modality": "CT" if patient < 3 else "MR"}
        for patient, failed in enumerate(failures)
        for i in range(each)
    ]
    results = make.results(rows)
    results["cause"] = coded.encode(["leak" if row["score"] == 0 else None for row in rows])
    return results


def ends(failures, each=20, coverage=0.95):
    total = np.full(len(failures), each)
    found = intervals(total - failures, total, np.zeros(len(failures), dtype=int), 1, coverage)
    return found.low[0], found.high[0]


FAILURES = np.array([1, 0, 4, 2, 2, 0, 1])


@pytest.mark.parametrize("coverage", [0.8, 0.95])
def test_the_interval_comes_from_the_patients(make, coverage):
    scores = score(failing(make, FAILURES), interval=coverage)
    assert scores["patients"].item() == 7
    assert scores[["low", "high"]].iloc[0].tolist() == pytest.approx(ends(FAILURES, coverage=coverage))


def test_each_group_has_the_interval_of_its_patients(make):
    scores = score(failing(make, FAILURES), by="modality").set_index("modality")
    assert scores["patients"].to_dict() == {"CT": 3, "MR": 4}
    for modality, failures in (("CT", FAILURES[:3]), ("MR", FAILURES[3:])):
        assert scores.loc[modality, ["low", "high"]].tolist() == pytest.approx(ends(failures))


def test_by_cause_all_patients_tell_even_those_without_it(make):
    results = failing(make, FAILURES)
    scores = score(results, by="cause")
    assert scores["patients"].item() == 7
    pd.testing.assert_frame_equal(scores.drop(columns="cause"), score(results))
    pd.testing.assert_frame_equal(scores, score(tally(results, by=["patient", "cause"]), by="cause"))


def test_one_patient_has_no_interval(make):
    scores = score(failing(make, [2, 3]), by="patient")
    assert scores["patients"].tolist() == [1, 1]
    assert scores["score"].tolist() == [0.9, 0.85]
    assert scores[["low", "high"]].isna().all(axis=None)


def test_checks_of_no_patient_vary_together_but_are_no_patient(make):
    results = failing(make, FAILURES)
    unknown = results.assign(patient=results["patient"].cat.remove_categories("P0"))
    assert score(unknown)["patients"].item() == score(results)["patients"].item() - 1
    pd.testing.assert_frame_equal(score(unknown).drop(columns="patients"), score(results).drop(columns="patients"))
    assert score(unknown, by="patient")["patients"].tolist() == [1] * 6 + [0]


def test_without_a_column_of_patients_nothing_is_known_of_the_interval(make):
    results = failing(make, FAILURES)
    for frame in (results.drop(columns="patient"), tally(results, by=["modality"])):
        scores = score(frame)
        assert scores["score"].notna().all()
        assert scores[["patients", "low", "high"]].isna().all(axis=None)


def test_tallied_columns_are_columns_of_results():
    assert set(scoring.TALLIED) <= set(frames.RESULTS)
