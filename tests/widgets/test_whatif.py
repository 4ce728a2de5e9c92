"""The what-if without a browser: scores and ranks equal those of the verbs, whatever is ticked."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from traitlets import TraitError

import midi_nb as mn
from midi_nb.coded import concat
from midi_nb.widgets.whatif import WEIGHTS, what_if


def shown(widget):
    """The picture for readers without a kernel, without its style sheet."""
    return widget.as_html().partition("</style>")[2]


def table_of(widget):
    """The table of submissions in the picture for readers without a kernel: submission, score, rank."""
    cells = re.findall(r"<td[^>]*>([^<]*)", shown(widget).split('aria-label="Problems"')[0])
    return [cells[start : start + 3] for start in range(0, len(cells), 3)]


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
    widget = what_if(hard)
    widget.unit = unit
    names = widget.problems["problem"].tolist()
    assert len(names) > 6
    widget.fixed = [name for name in names if np.random.default_rng(seed + len(name)).random() < 0.2 * seed]
    expected = mn.what_if(hard, widget.fixed).set_index("unit").loc[unit]
    assert widget.scores[["before", "after"]].iloc[0].tolist() == pytest.approx(expected[["before", "after"]].tolist())


@pytest.mark.parametrize(("unit", "column"), [("instance", "gain"), ("series", "gain_series")])
def test_gains_equal_those_of_problems_and_come_largest_first(hard, unit, column):
    widget = what_if(hard)
    widget.unit = unit
    gains = widget.problems.set_index("problem")["gain"]
    assert gains.is_monotonic_decreasing
    assert gains.to_dict() == pytest.approx(mn.problems(hard).set_index("problem")[column].to_dict())


def test_ticking_all_gives_a_full_score(hard):
    widget = what_if(hard)
    widget.fixed = widget.problems["problem"].tolist()
    assert widget.scores["after"].tolist() == [1.0]


@pytest.mark.parametrize("unit", ["instance", "series"])
def test_weights_are_those_of_the_categories_scores(results, unit):
    widget = what_if(results)
    widget.set_trait("unit", unit)
    widget.weights = WEIGHTS["70/20/10"]
    by = mn.score(results, by="category", unit=unit).set_index("category")["score"]
    weights = pd.Series(WEIGHTS["70/20/10"]).reindex(by.index)
    assert widget.scores["before"].iloc[0] == pytest.approx((by * weights).sum() / weights.sum())
    alone = widget.problems["problem"].iloc[0]
    gain = widget.problems["gain"].iloc[0]
    widget.fixed = [alone]
    assert widget.scores["gain"].iloc[0] == pytest.approx(gain)


def test_other_weights_bring_another_order(results):
    widget = what_if(results)
    widget.weights = {"tcia": 100.0}
    assert widget.problems["cause"].iloc[0] == "overclean_partial"
    assert (widget.problems["gain"][widget.problems["action"] == "text_removed"] == 0).all()


@pytest.mark.parametrize("weights", [{"hipaa": 0.0}, {"hipaa": np.nan}, {"hipaa": np.inf}, {"hipaa": -5.0}])
def test_weights_that_weigh_nothing_are_refused(results, weights):
    widget = what_if(results)
    with pytest.raises(TraitError):
        widget.weights = weights
    assert widget.weights == {}


def test_gains_that_cannot_be_told_are_dashes(results):
    widget = what_if(results)
    widget.weights = {"dicom": 1.0}
    assert widget.problems["gain"].isna().all()
    assert "nan" not in shown(widget)
    assert "–" in shown(widget)


def test_weights_of_categories_without_checks_leave_no_score(results):
    widget = what_if(results[results["category"] == "tcia"])
    widget.weights = {"dicom": 1.0}
    assert widget.scores["before"].isna().all()
    assert "–" in shown(widget)


def test_the_rank_moves_as_problems_are_ticked(results):
    half = named(results, "half").assign(verdict=["passed", "passed", *results["verdict"][2:]])
    widget = what_if(concat([named(results, "mine"), half]), "mine")
    assert widget.scores.set_index("submission")["rank_after"].to_dict() == {"half": 1, "mine": 2}
    widget.fixed = widget.problems["problem"].tolist()
    scores = widget.scores.set_index("submission")
    assert scores.loc["mine", ["rank_before", "rank_after"]].tolist() == [2, 1]
    assert scores.loc["half", "gain"] == 0
    assert [cell for row in table_of(widget) for cell in row[::2]] == ["mine", "1", "half", "2"]


def test_checks_of_no_submission_have_no_score_among_others(results):
    some = named(results, "a")
    some["submission"] = some["submission"].where(np.arange(len(some)) > 3)
    assert what_if(some).scores["submission"].tolist() == ["a"]


def test_another_submission_brings_its_own_problems(results):
    widget = what_if(concat([named(results, "a"), named(results.iloc[2:], "b")]))
    widget.fixed = widget.problems["problem"].tolist()
    widget.submission = "b"
    assert widget.fixed == []
    assert (widget.problems["submission"] == "b").all()


def test_bad_input_is_refused_in_one_line(results):
    widget = what_if(results)
    with pytest.raises(
        TraitError, match=r"^1 of 1 names are no problems of this submission; take them from \.problems\.$"
    ):
        widget.fixed = ["bad luck"]
    with pytest.raises(TraitError, match=r"^submission must be one of run\.$"):
        widget.submission = "other"
    with pytest.raises(ValueError, match=r"^widgets\.what_if\(\) needs at least one check"):
        what_if(results.iloc[:0])
    failures = results.copy()
    failures["complete"] = False
    with pytest.raises(ValueError, match=r"^widgets\.what_if\(\) needs all checks, but 9 of 9 rows"):
        what_if(failures)


def test_no_problem_left_says_so(make):
    assert "This submission has no problem left." in shown(what_if(make.results([{}])))


def test_no_value_is_shown(results):
    widget = what_if(results)
    for value in ("DOE", "CHEST", "20130829", "P1<", "1.2.1"):
        assert value not in shown(widget)


def test_a_submission_alone_has_no_rank(make):
    one = make.results([{}, {"check": "1", "verdict": "failed", "score": 0.0}])
    assert table_of(what_if(one)) == []
    assert table_of(what_if(concat([one, named(one, "other")]))) == [["other", "50.00 %", "1"], ["run", "50.00 %", "1"]]


def test_the_picture_shows_what_is_ticked_and_by_which_rules(results):
    widget = what_if(results)
    widget.fixed = widget.problems["problem"].head(1).tolist()
    widget.set_trait("weights", {"hipaa": 70.0, "tcia": 30.0})
    said = re.sub(r"<[^>]*>", " ", shown(widget))
    assert "1 problem fixed Every check, weights: HIPAA 70, TCIA 30" in " ".join(said.split())
    assert (said.count("☑"), said.count("☐")) == (1, len(widget.problems) - 1)


def test_the_picture_is_of_the_submission_whose_problems_are_listed(make):
    one = make.results([{}, {"check": "1", "verdict": "failed", "score": 0.0}])
    both = concat([one, named(make.results([{}, {"check": "1"}, {"check": "2"}]), "all passed")])
    assert [re.search('class="big">(.*?)<', shown(what_if(both, name)))[1] for name in ("run", "all passed")] == [
        "50.00 %", "100 %"
    ]  # fmt: skip


@pytest.mark.long
def test_two_million_checks_come_to_the_browser_as_a_few_kinds(many):
    widget, sent = what_if(concat([many] * 10)), []
    widget.send = lambda content, buffers: sent.extend(buffers)
    widget.hear({"kind": "ready"})
    assert 0 < sum(map(len, sent)) < 200_000
