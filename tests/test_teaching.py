"""Exercises that mark themselves, and that can be failed."""

import re

import pandas as pd
import pytest

from midi_nb import teaching
from midi_nb.causes import explain


def reached(results):
    table = teaching.goals(results)
    return {
        goal.split(",")[0]: bool(done)
        for goal, done in zip(table["goal"], table["reached"], strict=True)
        if done is not pd.NA
    }


@pytest.mark.parametrize(
    ("row", "goal"),
    [
        ({"action": "text_removed", "name": "Patient's Name"}, "The patient's names"),
        ({"action": "text_removed", "name": "Referring Physician's Name"}, "Other people and institutions are gone"),
        ({"action": "date_shifted", "name": "Study Date"}, "All dates are shifted"),
        ({"action": "uid_changed", "name": "Study Instance UID"}, "UIDs are new"),
        ({"action": "uid_consistent", "name": "Study Instance UID"}, "UIDs are new"),
        ({"action": "patid_consistent", "name": "Patient ID"}, "Each patient has one new identifier"),
        ({"action": "tag_retained", "name": "Study ID"}, "Every object is still valid"),
        ({"action": "text_notnull", "name": "Modality"}, "Every object is still valid"),
        ({"action": "text_retained", "name": "Study Description"}, "Descriptions keep what research needs"),
        (
            {"action": "text_retained", "name": "Pitch", "private": True},
            "Private attributes that are safe are still there",
        ),
        (
            {"action": "text_removed", "name": "Service Id", "private": True},
            "Private attributes that identify are gone",
        ),
        ({"action": "pixels_hidden", "name": "Pixel Data"}, "No text is left in the pixels"),
        ({"action": "pixels_retained", "name": "Pixel Data"}, "Pixels without text are as they were"),
    ],
)
def test_a_check_belongs_to_one_goal_and_reaches_it_by_passing(make, row, goal):
    assert reached(make.results([row])) == {goal: True}
    assert reached(make.results([row, {**row, "verdict": "failed"}])) == {goal: False}
    assert reached(make.results([{**row, "verdict": "blank"}])) == {goal: False}


@pytest.mark.parametrize("action", ["date_shifted", "uid_changed", "uid_consistent", "patid_consistent"])
@pytest.mark.parametrize(
    ("state", "expected"), [("value", True), ("absent", False), ("empty", False), ("missing", False)]
)
def test_what_is_gone_was_not_shifted_or_mapped_though_the_check_passed(make, action, state, expected):
    (done,) = reached(make.results([{"action": action, "state": state, "verdict": "passed"}])).values()
    assert done is expected


def test_a_hint_stands_only_where_a_goal_is_not_reached(make):
    table = teaching.goals(make.results([{}, {"action": "date_shifted", "verdict": "failed"}]))
    assert table["hint"].astype(bool).tolist() == (table["failed"] > 0).tolist()
    assert table["reached"].isna().sum() == len(teaching.GOALS) - 2, "what nobody asked for is neither"


@pytest.fixture
def failures(make):
    value = {"state": "value", "verdict": "failed", "score": 0.0}
    return make.results(
        [
            {"verdict": "passed"},
            {**value, "expected": "DOE", "original": "DOE^JANE", "actual": "DOE^JANE", "check": "1"},
            {**value, "expected": "DOE ROE", "original": "a DOE ROE", "actual": "b DOE", "score": 0.5, "check": "2"},
            {**value, "action": "text_retained", "expected": "CHEST", "actual": None, "state": "absent", "check": "3"},
            {**value, "expected": "ROE", "original": "ROE", "actual": "ROE", "check": "5"},
            {**value, "action": "uid_changed", "original": "1.2", "actual": "1.2", "expected": None, "check": "4"},
        ]
    )


def test_cards_are_failures_of_different_causes_without_their_cause(failures):
    cards = teaching.quiz(failures)
    assert cards["card"].tolist() == [1, 2, 3]
    assert sorted(explain(failures).loc[cards.index, "cause"].astype("str")) == [
        "leak_partial",
        "leak_untouched",
        "tag_dropped",
    ]
    assert not {"cause", "axis", "words"} & set(cards)
    assert teaching.quiz(failures, n=1, actions=["uid_changed"])["action"].tolist() == ["uid_changed"]
    assert teaching.quiz(failures, seed=3).equals(teaching.quiz(explain(failures), seed=3))


def test_guesses_are_marked_and_only_they_are_revealed(failures):
    cards = teaching.quiz(failures, seed=1)
    truth = explain(failures).loc[cards.index, "cause"].astype("str").tolist()
    marked = teaching.marks(failures, cards, {1: truth[0], 2: "missing_file"})
    assert marked["right"].tolist() == [True, False, pd.NA]
    assert marked["cause"].tolist() == [truth[0], truth[1], "?"]
    assert marked["explanation"].astype(bool).tolist() == [True, True, False]


def test_without_failures_there_is_no_card_to_mark(failures):
    passed = failures.iloc[:1]
    marked = teaching.marks(passed, teaching.quiz(passed), {})
    assert list(marked.columns) == ["card", "guess", "right", "cause", "explanation", "fix"]
    assert marked.empty


def test_quiz_names_the_columns_it_misses(failures):
    with pytest.raises(ValueError) as told:
        teaching.quiz(failures.drop(columns="name"))
    assert str(told.value) == (
        "quiz() needs the column name, missing in this frame; evaluate() or read_results() makes it."
    )


def test_a_guess_that_is_no_cause_is_told(failures):
    cards = teaching.quiz(failures)
    with pytest.raises(ValueError, match="^" + re.escape("'leak' is no cause; the causes are not_judged, ")):
        teaching.marks(failures, cards, {1: "leak"})
