"""The explorer's Python: what its state leaves, which rows it answers with, the picture for readers without a kernel.

What the browser does of it is in ``tests/browser/test_filters.py`` and ``test_sieve.py``.
"""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from traitlets import TraitError

import midi_nb as mn
from midi_nb.causes import CAUSES
from midi_nb.coded import concat
from midi_nb.scores import score
from midi_nb.vocabulary import words_of
from midi_nb.widgets import explore
from midi_nb.widgets.practice import practice, rule

LEAK = {"expected": "DOE", "actual": "DOE X", "verdict": "failed", "score": 0.5}
BOX = LEAK | {"action": "pixels_hidden", "tag_path": "(7fe0,0010)", "name": "Pixel Data", "original": "REMOVED"}


def said(explorer):
    """All that the picture says, without markup."""
    return re.sub(r"<[^>]*>", "", explorer.as_html())


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


def test_it_can_open_on_the_first_problem_of_a_kind(results):
    explorer = explore(results)
    explorer.pick(axis="privacy", cause="leak_partial")
    assert explorer.filters == {"axis": ["privacy"], "cause": ["leak_partial"]}
    assert explorer.selection["cause"].tolist() == ["leak_partial"]


@pytest.mark.parametrize("table", ["problems", "failures"])
def test_it_opens_on_the_row_of_the_lowest_score(make, table):
    half = {"expected": "DOE^JANE", "actual": "DOE", "verdict": "failed", "score": 0.5}
    whole = half | {"tag_path": "(0010,1001)", "name": "Other Patient Names", "actual": "DOE^JANE", "score": 0.0}
    explorer = explore(make.results([half | {"check": "0"}, half | {"check": "1"}, whole | {"check": "2"}]))
    explorer.table = table
    explorer.pick(axis="privacy")
    assert explorer.selection["check"].tolist() == ["2"]


@pytest.mark.parametrize("kind", [{"axis": "privacy", "action": "uid_changed"}, {"axis": "key", "modality": "XX"}])
def test_it_opens_as_it_was_where_there_is_no_such_problem(results, kind):
    explorer = explore(results)
    explorer.pick(**kind)
    assert explorer.filters == {}
    assert explorer.picked == -1


def test_the_detail_shows_what_was_lost_or_left_by_more_than_colour(results):
    explorer = explore(results)
    explorer.set(table="failures", picked=0)
    for word in ("LOW", "DOSE"):
        assert (
            f'<del><span class="unseen">[lost: </span>{word}<span class="unseen">]</span></del>' in explorer.as_html()
        )
    assert "struck out: lost" in said(explorer)
    explorer.picked = 2
    assert "boxed: still there" in said(explorer)
    assert (
        '<mark><span class="unseen">[still there: </span>DOE<span class="unseen">]</span></mark>^X'
        in explorer.as_html()
    )
    explorer.picked = 3
    assert '<mark><span class="unseen">[still there: </span>20130829' in explorer.as_html()


@pytest.fixture
def sent():
    """A function that has an explorer send its data, and gives the messages since."""

    def listen(explorer):
        messages = []
        explorer.send = lambda content, buffers=None: messages.append((content, buffers or []))
        explorer.hear({"kind": "ready"})
        return messages

    return listen


def numbers(place, buffers):
    return np.frombuffer(buffers[place["buffer"]], f"<u{place['bytes']}")


@pytest.mark.parametrize(
    ("check", "says"),
    [
        ({"state": "absent", "actual": None}, "(attribute absent)"),
        ({"state": "empty", "actual": ""}, "(empty)"),
        ({"state": "value", "actual": None}, "(no value)"),
        (BOX | {"state": "empty", "actual": ""}, "(no text read)"),
    ],
)
def test_a_released_value_without_a_text_says_why(make, sent, check, says):
    explorer = explore(make.results([LEAK | check, LEAK | {"check": "1"}]))
    explorer.set(table="checks", picked=0)
    assert said(explorer).count(says) == 2, "in the row and in the card"
    data, buffers = sent(explorer)[0]
    column = data["data"]["rows"]["columns"]["absence"]
    assert [column["texts"][code] for code in numbers(column["codes"], buffers)] == [says, None]


def card(explorer, ask):
    """What a browser shows of the check that is picked."""
    return next(message for message in ask(explorer, kind="ready") if message["kind"] == "check")


def test_the_detail_shows_the_original_where_it_is_another_text_and_no_picture(make, ask):
    kept = {"action": "text_retained", "verdict": "failed", "score": 0.5, "expected": "HEAD AND", "actual": "HEAD"}
    for check, shown in (
        (kept | {"original": "HEAD AND NECK"}, ["Original", "Must stay", "Released"]),
        (kept | {"original": "HEAD AND"}, ["Must stay", "Released"]),
        (BOX, ["Must go", "Read now"]),
    ):
        explorer = explore(make.results([check]))
        explorer.set(table="checks", picked=0)
        assert re.findall("<dt>(.*?)</dt>", card(explorer, ask)["words"]) == shown


def test_the_detail_cuts_a_very_long_text_and_says_so(make, ask):
    explorer = explore(make.results([LEAK | {"actual": "DOE " * 1000}]))
    explorer.set(table="checks", picked=0)
    words = card(explorer, ask)["words"]
    assert "… (4,000 characters)</span>" in words
    assert words.rpartition("<dd>")[2].count("DOE<") == 750


def test_a_name_in_another_direction_turns_no_tag_around(make, ask):
    explorer = explore(make.results([LEAK | {"name": "\u202eשלום"}]))
    explorer.set(table="checks", picked=0)
    assert "<bdi>\u202eשלום</bdi>" in card(explorer, ask)["words"]


@pytest.mark.parametrize(("score", "says"), [(0.5, "50 %"), (0.999, "&gt; 99 %"), (0.001, "&lt; 1 %")])
def test_the_detail_says_which_part_of_the_words_is_right(make, score, says):
    explorer = explore(make.results([LEAK | {"score": score}]))
    explorer.set(table="checks", picked=0)
    assert f"({says} of the words right)" in said(explorer)


def test_the_detail_tells_the_rule_and_the_practice(results):
    explorer = explore(results)
    explorer.set(table="failures", picked=2)
    assert "Safe Harbor requires names to be removed (45 CFR 164.514(b)(2)(i)(A))." in said(explorer)
    assert "arXiv 2303.10473, best practice 1" in said(explorer)


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


@pytest.mark.parametrize(("table", "column"), [("problems", "expected"), ("checks", "gain"), ("failures", "x")])
def test_a_table_is_sorted_by_its_own_columns_alone(results, table, column):
    explorer = explore(results)
    explorer.table = table
    with pytest.raises(TraitError, match=rf"^explore\(\) cannot sort by {column}: this table has no such column\.$"):
        explorer.sort = f"-{column}"
    assert explorer.sort == ""


def test_a_check_of_pixels_shows_its_image(results, images):
    released, original = images
    explorer = explore(results, released, original)
    explorer.set(table="failures", picked=5)
    assert explorer.viewer.regions["verdict"].tolist() == ["failed"]
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
    with pytest.raises(ValueError, match=r"^explore\(\) needs the columns verdict, score, missing in this frame; "):
        explore(results.drop(columns=["verdict", "score"]))


@pytest.mark.parametrize(
    "state",
    [
        {"filters": {"x": [1]}},
        {"filters": {"action": [99, "x", -1, 0]}},
        {"picked": 999},
        {"picked": "x"},
        {"page": "x"},
        {"sort": "nothing"},
        {"sort": "expected"},
        {"table": "y"},
        {"search": 5},
        {"?": ""},
    ],
)
def test_messages_that_make_no_sense_change_nothing(results, ask, state):
    explorer = explore(results)
    before = explorer.as_html()
    for message in ({"kind": "explorer", "state": state}, {"kind": "explorer"}, "nonsense", {"viewer": 1}):
        ask(explorer, message)
    assert explorer.as_html() == before


def test_results_without_failures_and_without_checks_say_so(make):
    assert "All 2 checks passed." in said(explore(make.results([{}, {"check": "1"}])))
    assert "The only check passed." in said(explore(make.results([{}])))
    assert "No checks" in said(explore(make.results([{}]).iloc[:0]))


def test_failures_only_have_no_score(results):
    failures = results[results["verdict"] != "passed"].reset_index(drop=True)
    failures["complete"] = False
    assert "there is no score" in said(explore(failures))


def test_several_submissions_can_be_told_apart(make, results):
    both = concat([results, results.assign(submission=pd.Categorical(["other"] * len(results)))])
    explorer = explore(both)
    explorer.filters = {"submission": ["other"]}
    assert (explorer.selection["submission"] == "other").all()
    assert len(explorer.selection) == 6


def test_what_is_picked_stays_picked_in_another_table(results):
    explorer = explore(results)
    explorer.picked = int(explorer.problems.index[explorer.problems["cause"] == "overclean_partial"][0])
    problem = explorer.picked
    explorer.example = 1
    explorer.table = "failures"
    assert explorer.picked == 1
    explorer.table = "checks"
    assert explorer.picked == 1
    explorer.table = "problems"
    assert (explorer.picked, explorer.example) == (problem, 1)
    explorer.set(table="checks", picked=7)  # a check that passed
    explorer.table = "problems"
    assert explorer.picked == -1


def test_a_browser_gets_every_check_of_a_small_frame(results, sent):
    explorer = explore(results)
    explorer.set(filters={"modality": ["MR"]}, search="chest")
    ((data, buffers),) = sent(explorer)
    assert data["kind"] == "data"
    assert data["state"]["search"] == "chest"
    ((name, (code,)),) = data["state"]["filters"].items()
    assert data["data"]["facets"][name]["texts"][code] == "MR"
    rows = data["data"]["rows"]
    assert numbers(rows["position"], buffers).tolist() == list(range(9))
    column = rows["columns"]["expected"]
    texts = [column["texts"][code] for code in numbers(column["codes"], buffers)]
    assert texts == [None if pd.isna(text) else text for text in results["expected"]]
    assert numbers(data["data"]["kinds"]["count"], buffers).sum() == len(results)


def test_a_browser_gets_the_failing_checks_of_a_large_frame_and_asks_for_pages_of_all(many, sent):
    explorer = explore(many)
    messages = sent(explorer)
    data, buffers = messages.pop(0)
    failing = np.flatnonzero(many["verdict"] == "failed")
    assert np.array_equal(numbers(data["data"]["rows"]["position"], buffers), failing)
    assert numbers(data["data"]["kinds"]["count"], buffers).sum() == len(many)
    messages.clear()
    explorer.set(table="failures", filters={"modality": ["MR"]})
    assert not [message for message, _ in messages if message["kind"] == "rows"]

    state = {"table": "checks", "filters": {}, "search": "text 0001", "sort": "-patient", "page": 1}
    explorer.hear({"kind": "explorer", "state": state, "view": "a", "turn": 7})
    (state, _), (answer, buffers) = messages[-2:]
    assert (state["kind"], state["view"], state["turn"]) == ("explorer", "a", 7)
    assert answer["kind"] == "rows"
    cells = many[["original", "expected", "actual"]].apply(lambda column: column.str.lower().str.contains("text 0001"))
    found = many[cells.any(axis=1)].sort_values("patient", key=lambda column: column.astype(str), ascending=False,
                                                kind="stable")  # fmt: skip
    assert answer["total"] == len(found)
    assert numbers(answer["weights"], buffers).sum() == len(found)
    assert numbers(answer["rows"]["position"], buffers).tolist() == found.index[12:24].tolist()


def test_time_lines_and_references_are_sent_when_they_are_looked_at(results, sent):
    explorer = explore(results)
    (data, _), *_ = sent(explorer)
    assert [data["data"]["views"], data["data"]["lines"]] == [["dates"], {}]
    messages = sent(explorer)
    explorer.table = "dates"
    explorer.table = "references"
    dates, references = (message["lines"] for message, _ in messages if message["kind"] == "lines")
    assert [one["counts"] for one in dates["dates"]["patients"]] == [[0, 1, 0, 0, 0]]
    assert references == {"references": {"patients": [], "of": 0, "kinds": []}}


def test_without_values_none_is_sent_to_the_browser(make, sent):
    secret = dict.fromkeys(
        ("original", "expected", "patient", "study", "series", "instance", "released_patient", "file"), "SECRET"
    )
    leak = {**secret, "actual": "SECRET ONE", "verdict": "failed", "score": 0.0}
    explorer = explore(make.results([leak, leak | {"action": "text_retained", "actual": "no"}]), values=False)
    messages = sent(explorer)
    for table, picked in (("problems", 0), ("failures", 1), ("checks", 1), ("map", 0), ("dates", 0)):
        explorer.set(table=table, picked=picked)
    assert [message["kind"] for message, _ in messages].count("check") == 5
    assert "SECRET" not in str(messages)
    assert "patient 1" in str(messages)


def test_checks_of_several_sources_are_filtered_by_them_and_a_derived_key_says_so(make):
    says = "derived: PS3.15 2024e, basic+retain_uids"
    rows = [{"source": source, "verdict": "failed", "prev_cat": says} for source in ("header", "iod", "iod")]
    explorer = explore(make.results(rows))
    explorer.filters = {"source": ["iod"]}

    assert explorer.selection["source"].tolist() == ["iod", "iod"]
    assert "The key is derived, nobody published it: PS3.15 2024e, basic+retain_uids." in explorer.as_html()
    explorer.set(filters={}, table="failures", picked=0)
    assert 'source </span><span class="value">header' in explorer.as_html()


def test_causes_found_without_the_originals_say_so_where_these_could_make_a_difference(make):
    says = "Causes were found without the original files; with these some could be more exact."
    lost = make.results([{"action": "text_retained", "expected": "CHEST", "actual": "", "verdict": "failed"}])

    assert says in explore(lost).as_html()
    assert says not in explore(mn.explain(lost)).as_html(), "nobody knows with which files"
    assert says not in explore(lost, original={}).as_html()
    for other in ({"action": "text_removed"}, {"verdict": "passed"}, {"state": "missing", "verdict": "failed"}):
        assert says not in explore(make.results([{"action": "text_retained"} | other])).as_html()


def test_checks_of_one_source_have_no_such_filter(make):
    explorer = explore(make.results([{"verdict": "failed"}]))

    with pytest.raises(TraitError, match="has no filter source"):
        explorer.filters = {"source": ["published"]}
    assert "The key is derived" not in explorer.as_html()


def test_the_picture_counts_as_score_does_and_says_what_a_number_is_of(make):
    leak = {"expected": "DOE^JANE", "actual": "DOE^X", "verdict": "failed", "score": 0.5}
    rows = [
        leak | {"check": "0", "patient": "P1"},
        leak | {"check": "1", "patient": "P2"},
        {"check": "2"},
        {"check": "3", "verdict": "lost"},
    ]
    explorer = explore(make.results(rows))
    assert f"of all {score(explorer.results)['total'].iloc[0]} checks" in said(explorer)
    explorer.filters = {"patient": ["P2"]}
    assert re.search(r"1 of 2\+\d\d\.\d\d of all", said(explorer))


def test_lost_checks_are_counted_as_such_and_have_no_score(make, ask):
    lost = [{"check": str(number), "verdict": "lost", "score": np.nan} for number in range(14)]
    explorer = explore(make.results(lost))
    explorer.table = "failures"
    assert "14 failed, blank or lost checks, the first 12" in said(explorer)
    assert "No score" in said(explorer)
    assert ask(explorer, kind="ready")[0]["data"]["failure"] == "failed, blank or lost check"


@pytest.mark.parametrize(("table", "what"), [("problems", "problem"), ("failures", "failed or blank check")])
def test_the_picture_shows_a_page_of_the_table_and_says_how_much_there_is(make, table, what):
    rows = [LEAK | {"submission": f"run {number}", "name": f"Name {number}"} for number in range(13)]
    explorer = explore(make.results(rows))
    explorer.table = table
    assert f"13 {what}s, the first 12" in said(explorer)
    assert explorer.as_html().count("<tr>") == 1 + 12
    explorer.search = "Name 1"
    assert "search: Name 1" in said(explorer)
    assert re.search(rf"4 {what}s\s", said(explorer))


def test_a_browser_gets_the_problems_as_the_verb_gives_them(results, ask):
    sent = ask(explore(results), kind="ready")[0]["data"]["problems"]
    known = mn.problems(results)
    for name in ("problem", "cause", "axis", "submission", "name", "rows", "series", "patients", "gain"):
        assert [one[name] for one in sent] == known[name].tolist()
    assert [one["label"] for one in sent] == [words_of("cause", code) for code in known["cause"]]
    json.dumps(sent)


def test_bars_of_axis_cause_and_verdict_have_colours(results, ask):
    facets = ask(explore(results), kind="ready")[0]["data"]["facets"]
    verdicts = {"failed": "fail", "blank": "blank", "passed": "pass", "lost": "blank"}
    causes = {cause.code: cause.axis for cause in CAUSES}
    for name, meaning in (("axis", str), ("cause", causes.get), ("verdict", verdicts.get), ("patient", lambda _: "")):
        assert facets[name]["meanings"][1:] == [meaning(text) for text in facets[name]["texts"][1:]]


def runs(make, verdicts):
    """Results of several submissions: of each check f, p, b, or a space where it is not there."""
    words = {"f": "failed", "p": "passed", "b": "blank"}
    return make.results(
        [
            {"submission": name, "check": str(check), "verdict": words[letter], "score": float(letter == "p")}
            for name, letters in verdicts.items()
            for check, letter in enumerate(letters)
            if letter != " "
        ]
    )


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({"submission": ["a"], "passes_in": ["b"]}, [("a", "1"), ("a", "3")]),
        ({"passes_in": ["b", "c"], "submission": ["a"]}, [("a", "0"), ("a", "1"), ("a", "3")]),
        ({"also_fails_in": ["only here"]}, [("a", "1"), ("a", "3"), ("c", "4")]),
        ({"also_fails_in": ["b"]}, [("a", "0"), ("c", "2")]),
    ],
)
def test_filters_say_where_else_a_check_fails_or_passes(make, filters, left):
    explorer = explore(runs(make, {"a": "ffpfp", "b": "bpfp ", "c": "p fpf"}))
    explorer.filters = filters
    assert list(zip(explorer.selection["submission"], explorer.selection["check"], strict=True)) == left


@pytest.mark.parametrize("seed", range(4))
def test_where_else_a_check_fails_is_what_compare_says(make, seed):
    random = np.random.default_rng(seed)
    rows = [
        {"submission": name, "instance": f"1.{n % 3}", "check": str(n % 4), "expected": f"TEXT {n % 7}",
         "tag_path": f"(0010,100{n % 2})", "verdict": str(random.choice(["failed", "blank", "passed"])), "score": 0.0}
        for name in "abc" for n in range(40)
    ]  # fmt: skip
    results = make.results(rows).sample(frac=1, random_state=seed, ignore_index=True)
    explorer = explore(results)
    of = {name: results[results["submission"] == name] for name in "abc"}
    for one, other in ("ab", "bc", "ca"):
        counts = mn.compare(of[one], of[other]).value_counts("change")
        for name, change in (("also_fails_in", "still failing"), ("passes_in", "fixed")):
            explorer.filters = {"submission": [one], name: [other]}
            assert len(explorer.selection) == counts.get(change, 0)


def test_a_check_that_others_were_not_judged_on_is_not_only_here(make):
    explorer = explore(runs(make, {"a": "ffff", "b": "pf  ", "c": "p   "}))
    for text, left in (("only here", ["0"]), ("not judged elsewhere", ["2", "3"])):
        explorer.filters = {"submission": ["a"], "also_fails_in": [text]}
        assert explorer.selection["check"].tolist() == left


def test_a_submission_may_be_called_like_what_says_where_a_check_fails(make, ask):
    explorer = explore(runs(make, {"only here": "ffffp", "not judged elsewhere": "fpp p"}))
    facet = ask(explorer, kind="ready")[0]["data"]["facets"]["also_fails_in"]
    assert facet["texts"][1:] == ["only here*", "not judged elsewhere*", "only here", "not judged elsewhere"]
    for text, left in {
        "only here": [("not judged elsewhere", "0")],
        "not judged elsewhere": [("only here", "0")],
        "only here*": [("only here", "1"), ("only here", "2")],
        "not judged elsewhere*": [("only here", "3")],
    }.items():
        explorer.filters = {"also_fails_in": [text]}
        assert list(zip(explorer.selection["submission"], explorer.selection["check"], strict=True)) == left


def test_the_picture_of_a_list_of_failures_counts_failures(make):
    results = runs(make, {"a": "ffbp", "b": "fppp"})
    listed = results[(results["submission"] == "b") | (results["verdict"] != "passed")]
    mixed = listed.assign(complete=listed["submission"] == "b")
    assert "4 failed or blank checksof some submissions there are failures only" in said(explore(mixed))


@pytest.fixture
def reported(make, tmp_path):
    """(all checks, the same as a report of failures with a workbook that counts series)."""
    fails = {"expected": "DOE", "actual": "DOE", "verdict": "failed", "score": 0.0, "name": "Patient's Name"}
    checks = [fails | {"instance": f"1.{n}", "check": str(n)} for n in range(2)]
    checks += [
        {"instance": f"1.{n}", "check": "3", "tag_path": f"(0018,103{n})", "verdict": "passed"} for n in range(3)
    ]
    results = make.results(checks)
    folder = mn.write_official(results, tmp_path / "official")
    report = folder / "discrepancy_report_participant.csv"
    return results, mn.read_results(report, scores=folder / "scoring_report_series.xlsx")


def test_a_report_with_its_workbook_is_scored_in_the_unit_of_the_workbook(reported, ask):
    results, listed = reported
    explorer, whole = explore(listed), explore(results)
    assert explorer.unit == "series"
    assert "Score 75.00 %one per series counted; 2 failed or blank checks" in said(explorer)
    assert "+25.00" in said(explorer)
    whole.unit = "series"
    explorer.fixed = whole.fixed = [0]
    scores = ["before", "after", "gain"]
    assert explorer.scores[scores].iloc[0].tolist() == whole.scores[scores].iloc[0].tolist() == [0.75, 1.0, 0.25]
    sent = ask(explorer, kind="ready")[0]["data"]
    assert (sent["fixes"]["unit"], list(sent["fixes"]["units"]), sent["problems"][0]["gain"]) == (
        "series",
        ["series"],
        0.25,
    )


def test_what_a_workbook_does_not_count_is_refused(reported):
    explorer = explore(reported[1])
    with pytest.raises(TraitError, match=r"^unit='instance' needs passes counted by instance, which these results do"):
        explorer.unit = "instance"
    with pytest.raises(
        TraitError, match=r"^weights need all checks: the categories of those that passed are not known"
    ):
        explorer.weights = {"hipaa": 70.0}
    assert (explorer.unit, explorer.weights) == ("series", {})


def test_what_a_list_of_failures_does_not_hold_passed(make):
    results = runs(make, {"a": "ff", "b": "fp"})
    results["complete"] = results["submission"] == "a"
    explorer = explore(results[(results["verdict"] != "passed")])
    explorer.filters = {"passes_in": ["b"]}
    assert explorer.selection["check"].tolist() == ["1"]


@pytest.mark.parametrize("name", ["also_fails_in", "passes_in"])
def test_a_submission_alone_is_compared_with_nothing(results, name):
    with pytest.raises(TraitError, match=f"^explore\\(\\) has no filter {name}; there are submission, verdict"):
        explore(results).filters = {name: ["run"]}


def test_submissions_that_share_no_check_are_not_compared(make):
    results = runs(make, {"a": "fp", "b": "pf"})
    results["instance"] = [f"{name}.1" for name in results["submission"]]
    with pytest.raises(TraitError, match=r"^explore\(\) has no filter passes_in"):
        explore(results).filters = {"passes_in": ["b"]}
    explorer = explore(runs(make, {"a": "pp", "b": "pp"}))
    explorer.filters = {"passes_in": ["b"]}
    assert explorer.selection.empty


def test_without_values_a_card_hides_a_modality_that_dicom_does_not_define(make):
    explorer = explore(make.results([{"modality": "SMITH^JOHN", "verdict": "failed", "score": 0.0}]), values=False)
    explorer.picked = 0
    assert "modality" in explorer.as_html()
    assert "SMITH" not in explorer.as_html()
