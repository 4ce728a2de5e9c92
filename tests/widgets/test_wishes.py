"""The what-if without a browser: scores and ranks equal those of the verbs, whatever is ticked."""

from __future__ import annotations

import re
import time

import numpy as np
import pandas as pd
import pytest
from traitlets import TraitError

import midi_nb as mn
from midi_nb.coded import concat
from midi_nb.frames import CATEGORIES
from midi_nb.widgets.wishes import WEIGHTS, what_if


def named(results, name):
    return results.assign(submission=pd.Categorical([name] * len(results)))


@pytest.fixture
def hard(make, results):
    """All the series rule minds: a series partly missing, a lost check, blanks beside passes and alone."""
    blank = {"verdict": "blank", "score": np.nan, "error": "why"}
    more = make.results(
        [
            {"instance": "1", "check": "0", "tag_path": "(0008,1030)", "verdict": "passed"},
            {"instance": "2", "check": "0", "tag_path": "(0008,1030)", **blank},
            {
                "instance": "3",
                "check": "0",
                "state": "missing",
                "released": None,
                "released_series": None,
                "verdict": "failed",
                "score": 0.0,
                "action": "text_retained",
            },
            {"instance": "1", "check": "1", "tag_path": "(0008,0050)", **blank},
            {"instance": "2", "check": "1", "tag_path": "(0008,0050)", **blank, "error": "other"},
            {"instance": "1", "check": "2", "tag_path": "(0008,0080)", **blank, "error": "no official row: no pixels"},
            {
                "instance": "1",
                "check": "3",
                "tag_path": "(0008,0090)",
                "expected": "A B",
                "actual": "A",
                "verdict": "failed",
                "score": 0.5,
            },
            {
                "instance": "2",
                "check": "3",
                "tag_path": "(0008,0090)",
                "expected": "A B",
                "actual": "B",
                "verdict": "failed",
                "score": 0.5,
            },
            {
                "instance": "3",
                "check": "3",
                "tag_path": "(0008,0090)",
                "expected": "A B",
                "actual": "C",
                "verdict": "passed",
            },
        ]
    )
    return concat([results, more])


@pytest.mark.parametrize("unit", ["instance", "series"])
@pytest.mark.parametrize("seed", range(6))
def test_scores_equal_those_of_the_verb(hard, unit, seed):
    wishes = what_if(hard)
    wishes.unit = unit
    names = wishes.problems["problem"].tolist()
    assert len(names) > 6
    wishes.fixed = [name for name in names if np.random.default_rng(seed + len(name)).random() < 0.2 * seed]
    expected = mn.what_if(hard, wishes.fixed).set_index("unit").loc[unit]
    assert wishes.scores[["before", "after"]].iloc[0].tolist() == pytest.approx(expected[["before", "after"]].tolist())


@pytest.mark.parametrize(("unit", "column"), [("instance", "gain"), ("series", "gain_series")])
def test_gains_equal_those_of_problems_and_come_largest_first(hard, unit, column):
    wishes = what_if(hard)
    wishes.unit = unit
    gains = wishes.problems.set_index("problem")["gain"]
    assert gains.is_monotonic_decreasing
    assert gains.to_dict() == pytest.approx(mn.problems(hard).set_index("problem")[column].to_dict())


def test_ticking_all_gives_a_full_score(hard):
    wishes = what_if(hard)
    wishes.fixed = wishes.problems["problem"].tolist()
    assert wishes.scores["after"].tolist() == [1.0]


@pytest.mark.parametrize("unit", ["instance", "series"])
def test_weights_are_those_of_the_categories_scores(results, unit):
    wishes = what_if(results)
    wishes.set_trait("unit", unit)
    wishes.weights = WEIGHTS["70/20/10"]
    by = mn.score(results, by="category", unit=unit).set_index("category")["score"]
    weights = pd.Series(WEIGHTS["70/20/10"]).reindex(by.index)
    assert wishes.scores["before"].iloc[0] == pytest.approx((by * weights).sum() / weights.sum())
    alone = wishes.problems["problem"].iloc[0]
    gain = wishes.problems["gain"].iloc[0]
    wishes.fixed = [alone]
    assert wishes.scores["gain"].iloc[0] == pytest.approx(gain)


def test_other_weights_bring_another_order(results):
    wishes = what_if(results)
    wishes.weights = {"tcia": 100.0}
    assert wishes.problems["cause"].iloc[0] == "overclean_partial"
    assert (wishes.problems["gain"][wishes.problems["action"] == "text_removed"] == 0).all()


@pytest.mark.parametrize("weights", [{"hipaa": 0.0}, {"hipaa": np.nan}, {"hipaa": np.inf}, {"hipaa": -5.0}])
def test_weights_that_weigh_nothing_are_refused(results, weights):
    wishes = what_if(results)
    with pytest.raises(TraitError):
        wishes.weights = weights
    assert wishes.weights == {}


@pytest.mark.parametrize("value", ["-5", "much", "inf", "0"])
def test_a_weight_that_is_refused_goes_from_its_field(results, value):
    wishes, sent = what_if(results), []
    wishes.weights = {"hipaa": 1.0}
    wishes.send = lambda content, buffers=None: sent.append(content)
    wishes.act("weight", "hipaa", value)
    assert wishes.weights == {"hipaa": 1.0}
    assert sent == [{"kind": "page", "page": "what_if", "html": wishes.markup, "refused": True}]


def test_gains_that_cannot_be_told_are_dashes(results):
    wishes = what_if(results)
    wishes.weights = {"dicom": 1.0}
    assert wishes.problems["gain"].isna().all()
    assert "nan" not in wishes.markup
    assert "width:0.0%" in wishes.markup


def test_weights_of_categories_without_checks_leave_no_score(results):
    wishes = what_if(results[results["category"] == "tcia"])
    wishes.weights = {"dicom": 1.0}
    assert wishes.scores["before"].isna().all()
    assert "–" in wishes.markup


def test_the_rank_moves_as_problems_are_ticked(results):
    half = named(results, "half").assign(verdict=["passed", "passed", *results["verdict"][2:]])
    wishes = what_if(concat([named(results, "mine"), half]), "mine")
    assert wishes.scores.set_index("submission")["rank_after"].to_dict() == {"half": 1, "mine": 2}
    wishes.fixed = wishes.problems["problem"].tolist()
    scores = wishes.scores.set_index("submission")
    assert scores.loc["mine", ["rank_before", "rank_after"]].tolist() == [2, 1]
    assert scores.loc["half", "gain"] == 0
    assert "rank 2 of 2 → 1 of 2" in re.sub(r"<[^>]*>", "", wishes.markup)


def test_another_submission_brings_its_own_problems(results):
    wishes = what_if(concat([named(results, "a"), named(results.iloc[2:], "b")]))
    wishes.fixed = wishes.problems["problem"].tolist()
    wishes.submission = "b"
    assert wishes.fixed == []
    assert (wishes.problems["submission"] == "b").all()


def test_clicks_do_what_they_say(results):
    wishes = what_if(results)
    (first, second) = (int(number) for number in wishes._listed[:2])
    wishes.act("tick", first, True)
    wishes.act("tick", second, True)
    wishes.act("tick", first, False)
    assert wishes.fixed == [wishes.problems["problem"].iloc[1]]
    wishes.act("weights", "70/20/10")
    assert wishes.weights == WEIGHTS["70/20/10"]
    wishes.act("weight", "dicom", "35")
    assert wishes.weights["dicom"] == 35
    wishes.act("unit", "series")
    assert wishes.unit == "series"
    wishes.act("none")
    assert wishes.fixed == []


@pytest.mark.parametrize(
    "message",
    [
        ("tick", "999", True),
        ("tick", "x", True),
        ("weight", "dicom", "-1"),
        ("weight", "dicom", "much"),
        ("weight", "other", "1"),
        ("unit", "year", None),
        ("submission", "", "nobody"),
        ("?", "", None),
    ],
)
def test_messages_that_make_no_sense_change_nothing(results, message):
    wishes = what_if(results)
    before = wishes.as_html()
    wishes.act(*message)
    assert wishes.as_html() == before


def test_bad_input_is_refused_in_one_line(results):
    wishes = what_if(results)
    with pytest.raises(
        TraitError, match=r"^1 of 1 names are no problems of this submission; take them from \.problems\.$"
    ):
        wishes.fixed = ["bad luck"]
    with pytest.raises(TraitError, match=r"^submission must be one of run\.$"):
        wishes.submission = "other"
    with pytest.raises(ValueError, match=r"^widgets\.what_if\(\) needs at least one check"):
        what_if(results.iloc[:0])
    failures = results.copy()
    failures["complete"] = False
    with pytest.raises(ValueError, match=r"^widgets\.what_if\(\) needs all checks, but 9 of 9 rows"):
        what_if(failures)


def test_no_problem_left_says_so(make):
    assert "This submission has no problem left." in what_if(make.results([{}])).markup


def test_no_value_is_shown(results):
    wishes = what_if(results)
    for value in ("DOE", "CHEST", "20130829", "P1<", "1.2.1"):
        assert value not in wishes.markup


@pytest.mark.long  # a time says little on a busy machine
def test_a_tick_among_two_million_checks_is_quick(many):
    wishes = what_if(concat([many] * 10))
    start = time.perf_counter()
    wishes.act("tick", int(wishes._listed[0]), True)
    assert time.perf_counter() - start < 0.3
    assert len(wishes.fixed) == 1
    assert set(CATEGORIES) > set(wishes.weights)


def test_a_submission_alone_has_no_rank(make):
    last = lambda *frames: re.findall(r'class="quiet">([^<]*)</span>', what_if(concat(frames)).markup)  # noqa: E731
    one = make.results([{}, {"check": "1", "verdict": "failed", "score": 0.0}])
    assert "1" not in last(one)
    assert "1" in last(one, named(one, "other"))
