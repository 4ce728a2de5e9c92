"""What a notebook works on: paths of one's own or the demo, several submissions, counts."""

import re

import pandas as pd
import pytest

from midi_nb import cases
from midi_nb.answers import read_key
from midi_nb.coded import concat
from midi_nb.folders import Submission


@pytest.fixture
def own(bench, make):
    """A submission of two files, one of which leaks."""
    bench.ask("1.1", make.check("text_removed", "(0010,0010)", "DOE", "DOE^JANE"))
    bench.ask("1.2", make.check("text_removed", "(0010,0010)", "DOE", "DOE^JANE"))
    bench.release("a.dcm", "1.1", PatientName="DOE")
    bench.release("b.dcm", "1.2", PatientName="ANON")
    return bench


def test_nothing_given_is_the_demo():
    case = cases.open_case()
    assert case.submission.folder.is_dir()
    assert case.key.is_file()
    assert case.original.is_dir()
    assert case.run is None
    assert cases.open_case(demo="reference").submission.folder != case.submission.folder


def test_paths_of_ones_own_are_taken_as_they_are(own):
    case = cases.open_case(own.released, str(own.key), own.uids, own.patients)
    assert case == (Submission(own.released, own.uids, own.patients), own.key, None, None)
    results = cases.results_of(case, progress=False)
    assert results["verdict"].tolist() == ["failed", "passed"]
    assert results["submission"].unique().tolist() == ["released"]


def test_results_that_are_there_are_read_and_not_made_anew(own, tmp_path):
    from midi_nb import evaluate

    evaluate(own.released, own.key, uids=own.uids, name="mine", out=tmp_path / "run", progress=False)
    results = cases.results_of(cases.open_case(run=tmp_path / "run"))
    assert results["submission"].unique().tolist() == ["mine"]
    assert results["verdict"].tolist() == ["failed", "passed"]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (
            {"key": "{key}"},
            ValueError,
            "A case of your own needs released= and key=, or run=; with nothing given it is the demo's.",
        ),
        (
            {"released": "nowhere", "key": "{key}"},
            FileNotFoundError,
            "nowhere (released=) does not exist; leave all at None to see the demo.",
        ),
        ({"demo": "flawless"}, ValueError, "The demo has no submission 'flawless' (it has careless, "),
    ],
)
def test_half_a_case_is_refused_with_the_remedy(own, given, error, message):
    given = {name: value.format(key=own.key) for name, value in given.items()}
    with pytest.raises(error, match="^" + re.escape(message)):
        cases.open_case(**given)


def test_a_key_may_be_a_frame_and_a_submission_of_a_contest_a_folder(own):
    key = read_key(own.key)
    case = cases.open_case(Submission(own.released, own.uids, own.patients), key)
    assert cases.results_of(case, progress=False)["verdict"].tolist() == ["failed", "passed"]
    contest = cases.open_contest({"ours": str(own.released)}, key)
    assert contest.submissions == {"ours": Submission(own.released)}
    results = cases.evaluate_all(contest.submissions, contest.key, uids=own.uids, progress=False)
    assert results["verdict"].tolist() == ["failed", "passed"]


def test_a_contest_is_the_demo_or_what_is_given(own):
    assert set(cases.open_contest().submissions) >= {"careless", "emptied", "reference", "untouched"}
    given = {"ours": Submission(own.released, own.uids, own.patients)}
    assert cases.open_contest(given, own.key) == (given, own.key, None)
    with pytest.raises(ValueError, match=r"^A comparison of your own needs"):
        cases.open_contest(given)
    with pytest.raises(ValueError, match=r"^A comparison of your own needs"):
        cases.open_contest(original="/no/such")


def test_submissions_are_evaluated_into_one_frame(own):
    one = Submission(own.released, own.uids, own.patients)
    both = cases.evaluate_all({"ours": one, "theirs": one}, own.key, progress=False)
    assert both.groupby("submission", observed=True)["verdict"].apply(list).to_dict() == {
        "ours": ["failed", "passed"],
        "theirs": ["failed", "passed"],
    }
    ours, theirs = (cases.evaluate_all({name: one}, own.key, progress=False) for name in ("ours", "theirs"))
    pd.testing.assert_frame_equal(concat([ours, theirs]), both)
    with pytest.raises(ValueError, match=r"^evaluate_all\(\) needs at least one submission\.$"):
        cases.evaluate_all({}, own.key)


def test_counts_are_of_what_occurs_the_most_frequent_first(make):
    results = make.results(
        [
            {"action": "text_removed", "series": "E1", "verdict": "failed"},
            {"action": "text_retained", "series": "E1", "patient": "P1"},
            {"action": "text_retained", "series": "E2", "patient": "P2"},
            {"action": "text_retained", "series": "E2", "patient": "P2", "expected": None},
        ]
    )
    before = results.copy(deep=True)
    by_action = cases.counts(results, "action")
    assert by_action.to_dict("list") == {
        "action": ["text_retained", "text_removed"],
        "rows": [3, 1],
        "series": [2, 1],
        "patients": [2, 1],
    }
    assert cases.counts(results, ["series", "verdict"])["rows"].tolist() == [2, 1, 1]
    assert cases.counts(results, "expected")["expected"].isna().sum() == 1, "what is missing is a kind too"
    assert cases.counts(results.iloc[:0], "action").empty
    pd.testing.assert_frame_equal(results, before)


def test_a_count_of_a_column_that_is_not_there_is_told(make):
    with pytest.raises(
        ValueError, match=r"^counts\(\) needs the column cause, missing in this frame; explain\(\) makes"
    ):
        cases.counts(make.results([{}]), "cause")


def test_what_all_fail_is_what_no_submission_passes(make):
    rows = [
        {"submission": "a", "check": "0", "verdict": "failed"},
        {"submission": "a", "check": "1", "verdict": "failed"},
        {"submission": "a", "check": "2", "verdict": "blank"},
        {"submission": "b", "check": "0", "verdict": "passed"},
        {"submission": "b", "check": "1", "verdict": "failed"},
        {"submission": "b", "check": "2", "verdict": "failed"},
    ]
    found = cases.failed_by_all(make.results(rows))
    assert found["check"].tolist() == ["1", "2"]
    with pytest.raises(ValueError, match=r"^failed_by_all\(\) needs at least 2 submissions, but the frame holds 1\.$"):
        cases.failed_by_all(make.results(rows[:3]))
