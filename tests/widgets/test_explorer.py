"""The explorer without a browser: what its state leaves, what its pages say, how quick it is."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from traitlets import TraitError

import midi_nb as mn
from midi_nb.coded import concat
from midi_nb.widgets.explorer import PAGE, explore
from midi_nb.widgets.page import percent
from midi_nb.widgets.practice import practice, rule
from midi_nb.widgets.rows import Columns, Lot, sorted_rows


def said(explorer):
    """All that the pages say, without markup."""
    return re.sub(r"<[^>]*>", "", explorer.markup)


class Elements(HTMLParser):
    """The tags and the names of attributes of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes = set(), set()
        self.feed(page)
        assert len(self.tags) > 5

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def rows_of(explorer):
    """The numbers of what the table lists on its page."""
    return [int(number) for number in re.findall(r'data-act="pick" data-of="(\d+)"', explorer.markup)]


def test_nothing_picked_selects_every_failure(results):
    explorer = explore(results)
    assert explorer.selection.index.tolist() == [0, 1, 2, 3, 4, 5]
    assert {"cause", "words"} <= set(explorer.selection)
    assert "cause" not in results


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({"action": ["text_retained"]}, [0, 1, 4]),
        ({"action": ["text_retained"], "verdict": ["failed"]}, [0, 1]),
        ({"modality": ["MR"]}, [3]),
        ({"axis": ["privacy"]}, [2, 3, 5]),
        ({"axis": ["privacy"], "scope": ["Study", "Patient"]}, [2, 3]),
        ({"cause": ["date_unshifted", "leak_partial"]}, [2, 3]),
        ({"patient": ["P2"], "action": ["text_removed"]}, []),
        ({"attribute": ["(7fe0,0010)"]}, [5]),
        ({"submission": ["run"], "category": ["hipaa"]}, [2, 3, 5]),
        ({"action": []}, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_filters_leave_what_has_one_of_the_texts_of_each(results, filters, left):
    explorer = explore(results)
    explorer.filters = filters
    assert explorer.selection.index.tolist() == left


def test_all_checks_hold_the_passing_ones_too(results):
    explorer = explore(results)
    explorer.set(table="checks", filters={"action": ["pixels_hidden"]})
    assert explorer.selection.index.tolist() == [5, 6]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("dose", [0, 1]),
        ("doe", [2, 5]),
        ("Protocol", [0, 1, 4]),
        ("(0008,", [3]),
        ("no word", [4]),
        ("zebra", []),
        ("  ", [0, 1, 2, 3, 4, 5]),
    ],
)
def test_search_looks_at_tags_values_and_people(results, text, left):
    explorer = explore(results)
    explorer.search = text
    assert explorer.selection.index.tolist() == left


def test_without_values_a_search_does_not_tell_of_them(results):
    explorer = explore(results, values=False)
    explorer.search = "dose"
    assert explorer.selection.empty
    explorer.search = "protocol"
    assert len(explorer.selection) == 3


def test_bars_count_what_the_other_filters_leave(results):
    columns = Columns(mn.explain(results))
    lot = Lot(columns)
    counts = lot.counts({"action": ["text_retained"], "modality": ["CT"]})
    assert dict(zip(columns["modality"].categories, counts["modality"], strict=True)) == {"CT": 4, "MR": 1}
    assert dict(zip(columns["action"].categories, counts["action"], strict=True)) == {
        "text_retained": 4,
        "text_removed": 1,
        "date_shifted": 0,
        "pixels_hidden": 2,
    }
    assert dict(zip(columns["verdict"].categories, counts["verdict"], strict=True)) == {
        "failed": 2,
        "blank": 1,
        "passed": 1,
        "lost": 0,
    }


def test_counts_equal_those_of_pandas(many):
    columns = Columns(many)
    lot, found = Lot(columns), None
    choice = {"action": ["text_retained", "pixels_hidden"], "verdict": ["failed"]}
    found = lot.found("0001")
    mask = (
        many["action"].isin(choice["action"])
        & many["verdict"].eq("failed")
        & many[["original", "expected", "actual"]]
        .apply(lambda column: column.astype("str").str.contains("0001", regex=False))
        .any(axis=1)
    )
    assert np.array_equal(lot.kept(choice, found), mask.to_numpy())
    counted = dict(zip(columns["patient"].categories, lot.counts(choice, found)["patient"], strict=True))
    assert (
        counted == many["patient"][mask].value_counts().reindex(columns["patient"].categories, fill_value=0).to_dict()
    )


def test_it_can_open_on_the_first_problem_of_a_kind(results):
    explorer = explore(results)
    explorer.pick(axis="privacy", cause="leak_partial")
    assert explorer.filters == {"axis": ["privacy"], "cause": ["leak_partial"]}
    assert explorer.selection["cause"].tolist() == ["leak_partial"]


@pytest.mark.parametrize("kind", [{"axis": "privacy", "action": "uid_changed"}, {"axis": "key", "modality": "XX"}])
def test_it_opens_as_it_was_where_there_is_no_such_problem(results, kind):
    explorer = explore(results)
    explorer.pick(**kind)
    assert explorer.filters == {}
    assert explorer.picked == -1


def test_a_click_on_a_bar_filters_and_a_second_one_stops_it(results):
    explorer = explore(results)
    code = explorer.results["action"].cat.categories.get_loc("pixels_hidden")
    explorer.act("toggle", f"action:{code}")
    assert explorer.filters == {"action": ["pixels_hidden"]}
    assert 'aria-pressed="true"' in explorer.markup
    assert "action: text in pixels must go" in said(explorer)
    explorer.act("toggle", f"action:{code}")
    assert explorer.filters == {}


def test_problems_are_counted_as_the_verb_counts_them(results):
    explorer = explore(results)
    pd.testing.assert_frame_equal(explorer.problems, mn.problems(mn.explain(results)))
    assert len(rows_of(explorer)) == len(explorer.problems)
    for number, rows in enumerate(explorer.problems["rows"]):
        explorer.picked = number
        assert len(explorer.selection) == rows
        assert (explorer.selection["cause"] == explorer.problems["cause"][number]).all()


def test_a_problem_shows_its_checks_one_after_another(results):
    explorer = explore(results)
    explorer.picked = int(explorer.problems.index[explorer.problems["cause"] == "overclean_partial"][0])
    assert "check 1 of 2" in said(explorer)
    explorer.act("example", 1)
    assert "check 2 of 2" in said(explorer)
    assert "1.2.2" in said(explorer)
    explorer.act("list")
    assert (explorer.table, explorer.selection.index.tolist()) == ("failures", [0, 1])


def test_words_come_first_and_the_code_behind_them(results):
    explorer = explore(results)
    explorer.filters = {"cause": ["leak_partial"]}
    explorer.picked = rows_of(explorer)[0]
    assert "1 of 5 problems (1 failed or blank check)" in said(explorer)
    assert '</h4><code class="quiet">leak_partial</code>' in explorer.markup
    assert "text must go text_removed" in said(explorer)
    assert "+11.11 points if fixed" in said(explorer)


def test_the_detail_shows_what_was_lost_or_left_by_more_than_colour(results):
    explorer = explore(results)
    explorer.set(table="failures", picked=0)
    for word in ("LOW", "DOSE"):
        assert f'<del><span class="unseen">[lost: </span>{word}<span class="unseen">]</span></del>' in explorer.markup
    explorer.picked = 2
    assert (
        '<mark><span class="unseen">[still there: </span>DOE<span class="unseen">]</span></mark>^X' in explorer.markup
    )
    explorer.picked = 3
    assert '<mark><span class="unseen">[still there: </span>20130829' in explorer.markup


def test_the_detail_tells_the_rule_and_the_practice(results):
    explorer = explore(results)
    explorer.set(table="failures", picked=2)
    assert "Safe Harbor requires names to be removed (45 CFR 164.514(b)(2)(i)(A))." in said(explorer)
    assert "arXiv 2303.10473, best practice 1" in said(explorer)


def test_the_detail_lists_every_other_check_on_the_attribute(results):
    explorer = explore(results)
    explorer.set(table="failures", picked=0)
    assert "4 other checks on this attribute, 2 of them failed or blank" in said(explorer)
    explorer.picked = 3
    assert "This is the only check on this attribute." in said(explorer)


def test_every_action_and_subcategory_has_a_rule():
    from midi_nb.actions import ACTIONS

    assert len(ACTIONS) == 10
    for action in ACTIONS:
        assert rule(action, None).endswith(").")
        assert re.search(r"best practice \d+\)\.$", practice(action))
    letters = {rule("text_removed", f"HIPAA-{letter}") for letter in "ABCDEFGHIJKLMNOPQR"}
    assert len(letters) == 18
    codes = [
        f"TCIA-P15-{code}"
        for code in (
            "BASIC-D",
            "BASIC-X",
            "BASIC-Z",
            "BASIC-Z/D",
            "BASIC-X/Z/D",
            "DESC-C",
            "DEV-C",
            "DEV-K",
            "MOD-C",
            "PAT-K",
        )
    ]
    assert len({rule("text_removed", code) for code in codes}) == len(codes)
    assert "13" in practice("text_retained", private=True)


@pytest.mark.parametrize("column", ["cause", "action", "name", "expected", "actual", "patient"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_tables_of_checks_sort_by_text_with_missing_ones_last(results, column, sign):
    columns = Columns(mn.explain(results))
    rows = sorted_rows(columns, np.arange(len(results)), sign + column)
    texts = columns.results[column].iloc[rows]
    known = texts.dropna().astype("str").str.lower().tolist()
    assert known == sorted(known, reverse=sign == "-")
    assert texts.isna().tolist() == sorted(texts.isna())


@pytest.mark.parametrize(("table", "column"), [("problems", "expected"), ("checks", "gain"), ("failures", "x")])
def test_a_table_is_sorted_by_its_own_columns_alone(results, table, column):
    explorer = explore(results)
    explorer.table = table
    with pytest.raises(TraitError, match=rf"^explore\(\) cannot sort by {column}: this table has no such column\.$"):
        explorer.sort = f"-{column}"
    assert explorer.sort == ""
    explorer.search = "CHEST"
    assert rows_of(explorer)


def test_problems_sort_by_a_click_on_a_heading(results):
    explorer = explore(results)
    explorer.act("sort", "rows")
    assert explorer.sort == "-rows"
    assert explorer.problems["rows"].iloc[rows_of(explorer)].is_monotonic_decreasing
    assert 'aria-sort="descending"' in explorer.markup
    explorer.act("sort", "rows")
    assert explorer.problems["rows"].iloc[rows_of(explorer)].is_monotonic_increasing


def test_pages_hold_a_few_rows_and_say_where_they_are(make):
    results = make.results(
        [
            {"check": str(n), "expected": f"WORD{n}", "actual": f"WORD{n} X", "verdict": "failed", "score": 0.0}
            for n in range(30)
        ]
    )
    explorer = explore(results)
    explorer.table = "failures"
    assert rows_of(explorer) == list(range(PAGE))
    explorer.act("page", 2)
    assert rows_of(explorer) == list(range(2 * PAGE, 30))
    assert "25 to 30 of 30" in said(explorer)
    explorer.page = 99
    assert explorer.page == 2
    explorer.search = "word7"
    assert (explorer.page, rows_of(explorer)) == (0, [7])


def test_a_check_of_pixels_shows_its_image(results, images):
    released, original = images
    explorer = explore(results, released, original)
    explorer.set(table="failures", picked=5)
    assert explorer.viewer.regions["verdict"].tolist() == ["fail"]
    assert explorer.viewer.comparable
    explorer.picked = 0
    assert explorer.viewer is None


@pytest.mark.parametrize(
    ("options", "note"),
    [
        ({}, "To see the image give the folder of the released files: released=…"),
        ({"released": {"other": "."}}, "released= has no folder for this submission."),
        ({"released": "."}, "The file is not in the folder of the released files."),
    ],
)
def test_without_an_image_the_detail_says_why(results, make, options, note, tmp_path, monkeypatch):
    make.file(tmp_path / "2.dcm", "9.1.2.2")
    monkeypatch.chdir(tmp_path)
    explorer = explore(results, **options)
    explorer.set(table="failures", picked=5)
    assert explorer.viewer is None
    assert note in said(explorer)


def test_folders_that_do_not_exist_are_refused(results, images, tmp_path):
    with pytest.raises(
        FileNotFoundError, match=re.escape(f"The folder of released files {tmp_path / 'no'} does not exist.")
    ):
        explore(results, tmp_path / "no")
    with pytest.raises(
        FileNotFoundError, match=re.escape(f"The folder of original files {tmp_path / 'no'} does not exist.")
    ):
        explore(results, images[0], tmp_path / "no")


@pytest.mark.parametrize("script", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'&lt;"])
def test_what_looks_like_markup_is_shown_never_run(make, script):
    odd = {
        "expected": script,
        "actual": f"{script} X",
        "original": script,
        "patient": script,
        "name": script,
        "file": script,
        "submission": script,
        "modality": script,
        "error": script,
        "verdict": "failed",
        "score": 0.0,
    }
    explorer = explore(make.results([odd, {}]))
    explorer.set(search=script, table="failures", filters={"patient": [script]}, picked=0)
    pages = explorer.as_html()
    assert script not in pages
    found = Elements(pages)
    assert not {"script", "img"} & found.tags
    assert not [name for name in found.attributes if name.startswith("on")]
    assert explorer.selection.index.tolist() == [0]


def test_without_values_no_value_is_on_any_page(make, results):
    secret = {
        "original": "SECRET",
        "expected": "SECRET",
        "actual": "SECRET ONE",
        "patient": "SECRET",
        "study": "SECRET",
        "series": "SECRET",
        "instance": "SECRET",
        "released_patient": "SECRET",
        "file": "SECRET/1.dcm",
        "verdict": "failed",
        "score": 0.0,
    }
    explorer = explore(make.results([secret, secret | {"action": "text_retained"}]), values=False)
    for table, picked in (("problems", 0), ("problems", 1), ("failures", 0), ("failures", 1), ("checks", 1)):
        explorer.set(table=table, picked=picked)
        assert "SECRET" not in explorer.as_html()
    assert "patient 1" in said(explorer)
    assert "•••" in said(explorer)


def test_unknown_state_is_refused_in_one_line(results):
    explorer = explore(results)
    with pytest.raises(TraitError, match=r"explore\(\) has no filter colour; there are submission, verdict, "):
        explorer.filters = {"colour": ["red"]}
    with pytest.raises(TraitError, match=r"explore\(\): 1 of 1 texts for the filter patient are not in that column\."):
        explorer.filters = {"patient": ["DOE^JOHN"]}
    with pytest.raises(ValueError, match=r"^explore\(\) needs the columns verdict, score, which this frame lacks; "):
        explore(results.drop(columns=["verdict", "score"]))


@pytest.mark.parametrize(
    "act",
    [
        ("toggle", "x"),
        ("toggle", "action:99"),
        ("pick", "999"),
        ("pick", "-5"),
        ("page", "x"),
        ("sort", "nothing"),
        ("sort", "expected"),
        ("table", "y"),
        ("?", ""),
    ],
)
def test_messages_that_make_no_sense_change_nothing(results, act):
    explorer = explore(results)
    before = explorer.as_html()
    for message in ({"kind": "act", "act": act[0], "of": act[1]}, "nonsense", {"kind": "act", "act": 5}, {"viewer": 1}):
        explorer._hear(None, message, [])
    assert explorer.as_html() == before


def test_results_without_failures_and_without_checks_say_so(make):
    assert "All 2 checks passed." in said(explore(make.results([{}, {"check": "1"}])))
    assert "No checks" in said(explore(make.results([{}]).iloc[:0]))


def test_failures_only_have_no_score(results):
    failures = results[results["verdict"] != "passed"].reset_index(drop=True)
    failures["complete"] = False
    assert "there is no score" in said(explore(failures))


@pytest.mark.parametrize(
    ("filters", "checks"),
    [
        ({}, "9 checks:"),
        ({"action": ["text_retained"]}, "5 checks selected:"),
        ({"axis": ["privacy"]}, "9 checks selected, no other failure counted:"),
        ({"axis": ["privacy"], "modality": ["MR"]}, "2 checks selected, no other failure counted:"),
    ],
)
def test_the_score_is_that_of_the_selection(results, filters, checks):
    explorer = explore(results)
    explorer.filters = filters
    rows = explorer.results
    for name in set(filters) - {"axis"}:
        rows = rows[rows[name].isin(filters[name])]
    scores = mn.score(rows, by="axis" if "axis" in filters else None)
    score = scores.loc[scores["axis"] == "privacy", "score"].iloc[0] if "axis" in filters else scores["score"].iloc[0]
    assert f"Score {percent(score)}{checks}" in said(explorer)
    everything = f"all checks: {percent(mn.score(results)['score'].iloc[0])}"
    assert (everything in said(explorer)) == bool(filters), "a score of a few checks is never alone"


def test_several_submissions_have_a_score_each_under_the_same_filters(results):
    better = results.assign(submission=pd.Categorical(["better"] * len(results)))
    better.loc[better["modality"] == "MR", "verdict"] = "passed"
    explorer = explore(concat([results, better]))
    explorer.filters = {"modality": ["MR"]}
    code = explorer.results["submission"].cat.categories.get_loc("better")
    head = said(explorer)[: said(explorer).index("modality: MR")]
    assert "2 submissions" in head
    assert "Score" not in head, "there is none of several tools together"
    assert head.index("better100 %") < head.index(
        percent(mn.score(results[results["modality"] == "MR"])["score"].iloc[0])
    )
    explorer.act("toggle", f"submission:{code}")
    assert "Score 100 %" in said(explorer)


def test_several_submissions_can_be_told_apart(make, results):
    both = concat([results, results.assign(submission=pd.Categorical(["other"] * len(results)))])
    explorer = explore(both)
    explorer.filters = {"submission": ["other"]}
    assert (explorer.selection["submission"] == "other").all()
    assert len(explorer.selection) == 6
    explorer.set(table="failures", picked=9)
    assert "4 other checks on this attribute" in said(explorer)


def quickest(act, times=3):
    """Milliseconds of the quickest of several runs: other work on the machine only ever adds to them."""
    taken = []
    for number in range(times):
        start = time.perf_counter()
        act(number)
        taken.append(1000 * (time.perf_counter() - start))
    return min(taken)


@pytest.mark.long  # a time says little on a busy machine
def test_two_million_checks_are_filtered_and_turned_over_quickly(many):
    explorer = explore(many)
    explorer.table = "checks"
    actions = [["text_retained"], ["text_removed"], ["pixels_hidden", "text_retained"]]
    assert quickest(lambda n: setattr(explorer, "filters", {"action": actions[n], "modality": ["CT"]})) < 300
    assert len(explorer.filtered) > 500_000
    assert quickest(lambda n: setattr(explorer, "page", n + 1)) < 50
    assert quickest(lambda n: setattr(explorer, "search", f"TEXT 00{n}")) < 600
    assert quickest(lambda n: setattr(explorer, "sort", ["patient", "-action", "patient"][n])) < 600
    explorer.table = "failures"
    assert quickest(lambda n: setattr(explorer, "search", f"TEXT 01{n}")) < 300
