"""The explorer in the smallest front end: every control, by mouse and by key, and what the kernel knows of it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

import midi_nb as mn
from midi_nb.amounts import percent
from midi_nb.coded import concat
from midi_nb.widgets import explore

LEAK = {"expected": "DOE^JANE", "actual": "DOE^X", "verdict": "failed", "score": 0.5}
LOST = {
    "action": "text_retained", "tag_path": "(0018,1030)", "name": "Protocol Name", "category": "tcia",
    "scope": "Series", "expected": "CHEST LOW DOSE", "actual": "CHEST", "verdict": "failed", "score": 1 / 3,
}  # fmt: skip
DATE = {
    "action": "date_shifted", "tag_path": "(0008,0020)", "name": "Study Date", "scope": "Study", "patient": "P2",
    "original": "20130829", "expected": None, "actual": "20130829", "verdict": "failed", "score": 0.0, "modality": "MR",
}  # fmt: skip
KEEP = LOST | {"actual": "CHEST LOW DOSE", "verdict": "passed", "score": 1.0}
FOCUS = "() => document.activeElement.dataset.id"
TABLE = "() => [...document.querySelectorAll('tr[data-act=pick]')].map((row) => Number(row.dataset.of))"


FEW = [LEAK, LOST, LOST | {"instance": "1.2.2"}, LOST | {"instance": "1.2.3"}, DATE, KEEP, KEEP | {"patient": "P2"}]
MANY = [
    LOST | {"tag_path": f"(0018,{number:04x})", "name": f"Attribute {number:02}", "expected": f"WORD{number} CHEST"}
    for number in range(0x2000, 0x2000 + 30)
]


def numbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {"check": str(number)} for number, row in enumerate(rows)]


@pytest.fixture
def results(make: Any) -> pd.DataFrame:
    """A leak, words lost in three instances and a date; two passes, and thirty words lost in as many attributes."""
    return make.results(numbered(FEW + MANY))


@pytest.fixture
def explorer(results: pd.DataFrame) -> Any:
    return explore(results)


@pytest.fixture
def long(make: Any) -> Any:
    """The same, and each of the many attributes kept in another instance: each is a problem of its own."""
    kept = [row | {"instance": "1.2.9", "actual": row["expected"], "verdict": "passed", "score": 1.0} for row in MANY]
    return explore(make.results(numbered(FEW + MANY + kept)))


@pytest.fixture
def long_page(show: Any, long: Any) -> Any:
    page = show(long, width=1000)
    page.wait_for_selector("tr[data-act=pick]")
    return page


@pytest.fixture
def page(show: Any, explorer: Any) -> Any:
    page = show(explorer, width=1000)
    page.wait_for_selector("tr[data-act=pick]")
    return page


def bar(page: Any, text: str) -> Any:
    return page.locator(".facet button", has_text=text).first


def has(page: Any, text: str) -> None:
    page.get_by_text(text).first.wait_for()


@pytest.mark.smoke
def test_a_click_on_a_bar_filters_and_a_second_one_stops_it(page: Any, explorer: Any) -> None:
    bar(page, "date must be shifted").click()
    assert page.evaluate(TABLE) == [explorer.problems.index[explorer.problems["action"] == "date_shifted"][0]]
    assert bar(page, "date must be shifted").get_attribute("aria-pressed") == "true"
    assert page.locator(".chip").inner_text() == "action: date must be shifted ✕"
    assert explorer.filters == {"action": ["date_shifted"]}
    bar(page, "date must be shifted").click()
    assert page.locator(".chip").count() == 0
    assert explorer.filters == {}


def test_a_page_of_problems_says_how_many_checks_the_others_make_up(long_page: Any, long: Any) -> None:
    others = long.problems["rows"].iloc[12:]
    assert len(others) > 12
    has(long_page, f"1 to 12 of {12 + len(others)}; the other {len(others)} make up {others.sum()} checks")


def test_a_facet_shows_six_bars_and_how_many_more_there_are(page: Any) -> None:
    page.locator("summary", has_text="Attribute").click()
    bars = page.locator("details[data-id=attribute] [data-act=toggle]")
    assert bars.count() == 6
    more = page.locator("details[data-id=attribute]").get_by_role("button", name="27 more")
    more.click()
    assert bars.count() == 33
    page.locator("details[data-id=attribute]").get_by_role("button", name="Fewer").click()
    assert bars.count() == 6


def test_categories_axes_and_causes_are_called_by_their_names(page: Any) -> None:
    page.locator("summary", has_text="Category").click()
    assert bar(page, "TCIA").inner_text().split() == ["TCIA", "33"]
    assert bar(page, "Part of the text left").is_visible()


def test_words_come_first_then_reasons_and_the_other_checks_on_the_attribute(page: Any, explorer: Any) -> None:
    page.locator("[data-id=table-failures]").click()
    page.locator("tr[data-act=pick]", has_text="Protocol Name").first.click()
    card = page.locator("section.card")
    card.wait_for()
    said = card.inner_text()
    assert (
        re.sub(r"\s+", " ", card.locator("dt:has-text('Must stay') + dd").text_content())
        == "CHEST [lost: LOW] [lost: DOSE]"
    )
    assert card.locator("del").all_text_contents() == ["[lost: LOW]", "[lost: DOSE]"]
    places = [said.index(text) for text in ("failed: Cleaned too much", "Must stay", "Why", "Rule", "Practice")]
    assert places == sorted(places)
    assert "4 other checks on this attribute, 2 of them failed or blank" in said
    page.locator("summary", has_text="4 other checks").click()
    assert page.locator("table[aria-label='Other checks on this attribute'] tbody tr").count() == 4
    assert explorer.selection.index.tolist() == [1]
    page.locator("tr[data-act=pick]", has_text="Study Date").click()
    has(page, "This is the only check on this attribute.")


def test_a_problem_goes_through_its_checks_and_lists_them(page: Any, explorer: Any) -> None:
    number = int(explorer.problems.index[explorer.problems["rows"] == 3][0])
    page.locator(f"tr[data-of='{number}']").click()
    has(page, "check 1 of 3")
    assert re.search(r"Protocol Name: 3 checks in 1 series of 1 patient, \+\d\.\d\d points if fixed",
                     page.locator("section.card").inner_text())  # fmt: skip
    page.get_by_role("button", name="Next check of this problem").click()
    has(page, "check 2 of 3")
    assert explorer.example == 1
    page.get_by_role("button", name="List its checks").click()
    assert page.evaluate(TABLE) == [1, 2, 3]
    assert explorer.filtered.index.tolist() == [1, 2, 3]


def test_what_is_picked_stays_so_in_another_table_on_the_page_where_it_is(long_page: Any, long: Any) -> None:
    long_page.locator("[data-id=table-failures]").click()
    long_page.locator("[data-id='Last page']").click()
    long_page.locator("tr[data-of='36']").click()
    long_page.wait_for_selector("section.card")
    long_page.locator("[data-id=table-checks]").click()
    assert long_page.locator("tr[data-of='36'][aria-selected=true]").count() == 1
    long_page.locator("[data-id=table-problems]").click()
    assert long_page.locator("tr[aria-selected=true]").count() == 1
    assert (long.table, long.selection.index.tolist()) == ("problems", [36])
    long_page.locator("[data-id=table-failures]").click()
    long_page.locator("tr[data-of='36'][aria-selected=true]").wait_for()
    assert long.picked == 36


def test_a_heading_sorts_and_once_more_the_other_way(page: Any, explorer: Any) -> None:
    page.locator("[data-id=sort-rows]").click()
    rows = explorer.problems["rows"].iloc[page.evaluate(TABLE)]
    assert rows.is_monotonic_decreasing
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("Checks")
    page.locator("[data-id=sort-rows]").click()
    assert explorer.problems["rows"].iloc[page.evaluate(TABLE)].is_monotonic_increasing
    assert explorer.sort == "rows"


def test_pages_hold_a_few_rows_and_say_where_they_are(page: Any, explorer: Any) -> None:
    page.locator("[data-id=table-failures]").click()
    assert page.evaluate(TABLE) == [0, 1, 2, 3, 4, *range(7, 14)]
    page.locator("[data-id='Last page']").click()
    has(page, "25 to 35 of 35")
    assert explorer.page == 2
    page.fill("[data-id=search]", "word8199")
    page.wait_for_function("() => document.querySelectorAll('tr[data-act=pick]').length === 1")
    assert (explorer.search, explorer.page, page.evaluate(TABLE)) == ("word8199", 0, [14])


def test_the_score_is_that_of_all_checks_and_the_selection_says_its_own(page: Any, explorer: Any) -> None:
    results = explorer.results
    score = mn.score(results)["score"].iloc[0]
    assert page.locator(".big").inner_text() == f"Score {percent(score)}"
    bar(page, "text must stay").click()
    assert page.locator(".big").inner_text() == f"Score {percent(score)}"
    kept = mn.score(results[results["action"] == "text_retained"])["score"].iloc[0]
    has(page, f"{percent(kept)} of the 35 checks selected passed")
    page.get_by_role("button", name="Clear all").click()
    bar(page, "privacy").click()
    privacy = mn.score(results, by="axis").set_index("axis").loc["privacy", "score"]
    has(page, f"{percent(privacy)} of the 37 checks would pass if only these failed")


def lines(page: Any) -> list[list[str]]:
    """The table of submissions, without the scale."""
    rows = page.locator(".ranks tbody tr")
    return [rows.nth(at).locator("td:not(.track-of)").all_inner_texts() for at in range(rows.count())]


def test_several_submissions_have_a_score_each_under_the_same_filters(show: Any, results: pd.DataFrame) -> None:
    better = results.assign(submission=pd.Categorical(["better"] * len(results)))
    better.loc[better["modality"] == "MR", "verdict"] = "passed"
    both = concat([results, better])
    page = show(explore(both))
    page.wait_for_selector(".ranks button")
    assert page.locator(".big").inner_text() == "2 submissions"
    page.locator("summary", has_text="Modality").click()
    bar(page, "MR").click()
    whole = mn.score(both, by="submission").set_index("submission")["score"].map(percent)
    assert lines(page) == [
        ["better", whole["better"], "1", "100 %", "0", "0"], ["run", whole["run"], "2", "0 %", "1", "1"]
    ]  # fmt: skip
    page.locator(".ranks button").first.click()
    assert page.locator(".big").inner_text().startswith("Score ")


def test_the_map_counts_failures_and_a_click_filters_by_them(page: Any, explorer: Any) -> None:
    page.locator("[data-id=table-map]").click()
    assert page.get_by_role("button", name="Study Date (0008,0020), MR: 1 privacy, 0 other").is_visible()
    assert page.get_by_text("… and 13 more with 13 failures").is_visible()
    page.get_by_role("button", name="Causes").click()
    page.get_by_role("button", name="Cleaned too much, CT: 0 privacy, 33 other").click()
    assert explorer.table == "failures"
    assert explorer.filters == {"cause": ["overclean_partial"], "modality": ["CT"]}
    assert page.evaluate(TABLE) == explorer.filtered.index.tolist()[:12] == [1, 2, 3, *range(7, 16)]


def test_equal_numbers_have_equal_bars_on_the_map(show: Any, make: Any) -> None:
    both = LOST | {"tag_path": "(0010,0010)", "name": "Patient's Name"}
    page = show(explore(make.results(numbered([LEAK, both, LOST]))))
    page.locator("[data-id=table-map]").click()
    page.get_by_role("button", name="Patient's Name (0010,0010), CT: 1 privacy, 1 other").wait_for()
    widths = page.locator(".half .bar").evaluate_all("(all) => all.map((one) => one.offsetWidth)")
    assert len(widths) == 3
    assert len(set(widths)) == 1


def test_without_a_modality_the_map_is_by_requirement(show: Any, results: pd.DataFrame) -> None:
    explorer = explore(results.drop(columns="modality"))
    page = show(explorer)
    page.locator("[data-id=table-map]").click()
    page.get_by_role("button", name="Study Date (0008,0020), date must be shifted: 1 privacy, 0 other").click()
    assert explorer.filters == {"attribute": ["(0008,0020)"], "action": ["date_shifted"]}
    assert page.evaluate(TABLE) == [4]


def test_the_page_scrolls_to_a_row_that_is_picked_and_stays_where_a_tab_was_clicked(long_page: Any) -> None:
    long_page.set_viewport_size({"width": 1000, "height": 500})
    long_page.locator("tr[data-act=pick]").first.click()
    long_page.wait_for_function("() => scrollY > 0")
    for table in ("map", "failures", "problems"):
        long_page.evaluate("() => scrollTo(0, 0)")
        long_page.locator(f"[data-id=table-{table}]").click()
        long_page.wait_for_selector("section.card")
        long_page.wait_for_timeout(100)
        assert long_page.evaluate("() => scrollY") == 0


def test_rows_columns_and_code_can_be_copied(page: Any, explorer: Any) -> None:
    page.evaluate("""() => Object.defineProperty(navigator, "clipboard", {
      value: { writeText: async (text) => { window.copied = text; } },
    })""")
    bar(page, "privacy").click()
    page.locator("[data-id=table-failures]").click()
    page.locator("tr[data-act=pick]").first.click()

    def copied(name: str) -> str:
        page.locator("[data-id=copies]").click()
        page.locator(".copies").get_by_role("button", name=name, exact=True).click()
        page.locator(".copies").wait_for(state="detached")
        return page.evaluate("() => window.copied")

    assert copied("Row") == "Part of the text left\ttext must go\tPatient's Name\tDOE^JANE\tDOE^X\tP1"
    assert copied("All rows as CSV").splitlines() == [
        "Cause,Action,Attribute,Expected,Released,Patient",
        "Part of the text left,text must go,Patient's Name,DOE^JANE,DOE^X,P1",
        "Date not shifted,date must be shifted,Study Date,,20130829,P2",
    ]
    assert copied("Patient") == "P1\nP2"
    selection, code = explorer.selection, copied("Selection as code")
    again: dict[str, Any] = {"mn": mn, "results": explorer.results}
    exec(code.rpartition("\n")[0], again)
    pd.testing.assert_frame_equal(again["explorer"].selection, selection)


def test_every_part_is_one_stop_of_the_tab_key_and_arrows_move_in_it(long_page: Any, long: Any) -> None:
    long_page.locator("[data-id=search]").focus()
    stops = []
    for _ in range(15):
        long_page.keyboard.press("Tab")
        stops.append(long_page.evaluate(FOCUS))
    facets = ["axis", "cause", "action", "category", "scope", "modality", "attribute", "patient"]
    assert stops == ["help", *(f"facet-{name}" for name in facets), "table-problems", "copies", "rules", "row-0",
                     "Next page", "Last page"]  # fmt: skip
    long_page.locator("[data-id=row-0]").focus()
    for key, place in (("ArrowDown", "row-1"), ("End", "row-11"), ("Home", "row-0"), ("ArrowUp", "sort-cause"),
                       ("ArrowRight", "sort-name"), ("ArrowDown", "row-0"), ("PageDown", "row-12"),
                       ("PageUp", "row-0")):  # fmt: skip
        long_page.keyboard.press(key)
        assert long_page.evaluate(FOCUS) == place, key
    long_page.locator("[data-id=facet-axis]").focus()
    long_page.keyboard.press("ArrowDown")
    long_page.keyboard.press("Enter")
    assert list(long.filters) == ["axis"]
    long_page.keyboard.press("Shift+Tab")
    long_page.keyboard.press("Tab")
    assert long_page.evaluate(FOCUS).startswith("axis:"), "a list is entered where it was left"


def test_the_focus_goes_to_the_neighbour_of_a_button_that_is_disabled(long_page: Any) -> None:
    long_page.locator("input[data-act=tick]").first.check()
    for name, neighbour in (("Next page", "Next page"), ("Next page", "Previous page"), ("First page", "Next page"),
                            ("none", "rules")):  # fmt: skip
        long_page.locator(f"[data-id='{name}']").press("Enter")
        long_page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert long_page.evaluate(FOCUS) == neighbour, name


def test_slash_searches_escape_goes_back_and_a_question_mark_helps(page: Any, explorer: Any) -> None:
    page.locator("[data-id=row-1]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("section.card")
    assert page.evaluate(FOCUS) == "row-1"
    page.keyboard.press("?")
    assert page.locator("dl.help kbd", has_text="Esc").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("dl.help").count() == 0
    assert explorer.picked >= 0
    page.keyboard.press("Escape")
    page.locator("section.card").wait_for(state="hidden")
    assert (explorer.picked, page.evaluate(FOCUS)) == (-1, "row-1")
    page.keyboard.press("/")
    page.keyboard.type("dose")
    page.wait_for_selector("[data-id=chip-search]")
    page.keyboard.press("Escape")
    page.locator("[data-id=chip-search]").wait_for(state="detached")
    assert explorer.search == ""


def test_a_card_comes_into_view_when_its_row_is_picked(show: Any, explorer: Any) -> None:
    page = show(explorer, width=1000, height=420)
    page.locator("tr[data-act=pick]").first.click()
    page.wait_for_selector("section.card .texts")
    page.wait_for_function("""() => {
      const { top, bottom } = document.querySelector(".card .texts").getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    }""")


def test_of_a_frame_with_very_many_failures_the_kernel_gives_each_page(
    show: Any, results: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("midi_nb.widgets.rows._FEW", 10)
    monkeypatch.setattr("midi_nb.widgets.rows.MANY", 10)
    explorer = explore(results)
    page = show(explorer, width=1000)
    page.wait_for_selector("tr[data-act=pick]")
    bar(page, "text must stay").click()
    page.locator("[data-id=table-failures]").click()
    page.wait_for_selector("tr[data-of='1']")
    page.locator("[data-id='Next page']").click()
    page.wait_for_selector("tr[data-of='16']")
    has(page, "13 to 24 of 33")
    page.locator("[data-id=sort-name]").click()
    page.locator("[data-id=sort-name]").click()
    page.wait_for_selector("tr[data-of='3']")
    page.fill("[data-id=search]", "word820")
    page.wait_for_function("() => document.querySelectorAll('tr[data-act=pick]').length === 10")
    assert bar(page, "utility").inner_text().split()[1:] == ["utility", "10"]
    page.locator("tr[data-act=pick]").first.click()
    page.wait_for_selector("section.card .texts")
    assert explorer.picked in explorer.filtered.index


def test_two_views_of_one_explorer_and_the_kernel_show_the_same(page: Any, explorer: Any) -> None:
    explorer.set(table="checks", filters={"verdict": ["passed"]}, page=0, picked=5)
    page.wait_for_selector("tr[data-of='5'][aria-selected=true]")
    assert page.evaluate(TABLE) == [5, 6]
    assert page.locator(".chip").inner_text() == "verdict: passed ✕"
    page.wait_for_selector("section.card .texts")


def test_results_without_failures_and_without_checks_say_so(show: Any, make: Any) -> None:
    page = show(explore(make.results([{}, {"check": "1"}])))
    has(page, "All 2 checks passed.")
    page = show(explore(make.results([{}])))
    has(page, "The only check passed.")
    has(page, "of the only check:")
    page = show(explore(make.results([{}]).iloc[:0]))
    has(page, "There are no checks.")
    assert page.locator(".big").inner_text() == "No checks"


def test_failures_only_have_no_score(show: Any, results: pd.DataFrame) -> None:
    failures = results[results["verdict"] != "passed"].reset_index(drop=True).assign(complete=False)
    page = show(explore(failures))
    has(page, "these results hold failures only, so there is no score")
    assert page.locator(".big").inner_text() == f"{len(failures)} failed or blank checks"
    mixed = concat([failures, results.assign(submission=pd.Categorical(["whole"] * len(results)))])
    page = show(explore(mixed))
    page.wait_for_selector(".ranks")
    assert page.locator(".big").inner_text() == f"{2 * len(failures)} failed or blank checks"
    assert [row[:3] for row in lines(page)] == [
        ["whole", percent(mn.score(results)["score"].iloc[0]), "1"],
        ["run", "–", "–"],
    ]
    page.get_by_role("button", name="whole", exact=True).first.click()
    has(page, "Score ")


@pytest.mark.parametrize("script", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'&lt;"])
def test_what_looks_like_markup_is_shown_never_run(show: Any, make: Any, script: str) -> None:
    names = ("expected", "original", "patient", "name", "file", "submission", "modality", "error", "study")
    odd = {**dict.fromkeys(names, script), "actual": f"{script} X", "verdict": "failed", "score": 0.0}
    explorer = explore(make.results([odd, {}]))
    page = show(explorer)
    for table in ("problems", "failures", "map"):
        explorer.set(table=table, filters={"patient": [script]}, search=script, picked=-1)
        page.wait_for_selector(f"[data-id=table-{table}][aria-pressed=true]")
        if table != "map":
            page.locator("tr[data-act=pick]").first.click()
            page.wait_for_selector("section.card .texts")
    assert script in page.locator(".midi-board").inner_text()
    assert page.locator(".midi-board :is(script, img, [onerror])").count() == 0


def test_without_values_the_browser_shows_none(show: Any, make: Any) -> None:
    secret = dict.fromkeys(("original", "expected", "actual", "patient", "study", "series", "instance"), "SECRET")
    page = show(explore(make.results([secret | {"verdict": "failed", "score": np.nan}]), values=False))
    page.locator("[data-id=table-failures]").click()
    page.locator("tr[data-act=pick]").click()
    page.wait_for_selector("section.card .texts")
    page.locator("summary", has_text="Patient").click()
    assert "SECRET" not in page.content()
    assert page.locator(".midi-board").inner_text().count("patient 1") >= 2


def test_the_score_of_the_selection_is_searched_too(page: Any, explorer: Any) -> None:
    results = explorer.results
    page.fill("[data-id=search]", "chest low")
    held = results[(results["actual"].astype(str) + results["expected"].astype(str)).str.contains("CHEST LOW")]
    has(page, f"{percent(mn.score(held)['score'].iloc[0])} of the {len(held)} checks selected passed")
    page.fill("[data-id=search]", "no such text")
    has(page, "No check is selected.")


def test_where_passes_are_not_searched_a_selection_has_no_score(
    show: Any, results: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("midi_nb.widgets.rows._FEW", 10)
    page = show(explore(results))
    bar(page, "utility").click()
    has(page, "would pass if only these failed")
    page.fill("[data-id=search]", "chest")
    has(page, "No score of the selection: passed checks are not searched.")
    assert page.get_by_text("would pass").count() == 0


def test_under_a_filter_every_number_of_a_problem_says_what_it_is_of(show: Any, results: pd.DataFrame) -> None:
    results.loc[3, "series"] = results["series"].iloc[0]
    results["patient"] = results["patient"].cat.add_categories("P9")
    results.loc[3, "patient"] = "P9"
    page = show(explore(results), width=1300)
    page.locator("summary", has_text="Patient").click()
    bar(page, "P9").click()
    page.locator(".chip").wait_for()
    cells = page.locator("tr[data-act=pick] td.number").all_inner_texts()
    assert cells[:3] == ["1 of 3", "1", "1 of 2"]
    assert re.fullmatch(r"\+\d\.\d\d of all", cells[3])


def test_the_table_of_submissions_says_what_is_of_the_selection(show: Any, results: pd.DataFrame) -> None:
    other = results.assign(submission=pd.Categorical(["other"] * len(results)))
    page = show(explore(concat([results, other])))
    page.wait_for_selector(".ranks")
    assert page.locator(".ranks th", has_text="Selected").count() == 0
    bar(page, "text must stay").click()
    has(page, "5.71 % of the 70 checks selected passed")
    page.locator(".ranks th", has_text="Selected").wait_for()
    page.fill("[data-id=search]", "no such text")
    has(page, "No check is selected.")


def test_a_check_that_others_were_not_judged_on_is_not_only_here(show: Any, results: pd.DataFrame) -> None:
    part = results.iloc[:5].assign(submission=pd.Categorical(["part"] * 5))
    page = show(explore(concat([results, part])))
    page.get_by_role("button", name="0 only in run").wait_for()
    has(page, "different numbers of checks (5 to 37): one that is asked less may score higher only for that.")
    assert bar(page, "not judged elsewhere").inner_text().split()[-1] == "30"


@pytest.mark.parametrize("name", ["privacy", "text must go"])
def test_a_second_click_on_the_same_spot_undoes_the_first(page: Any, explorer: Any, name: str) -> None:
    box = bar(page, name).bounding_box()
    spot = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(*spot)
    page.locator(".chip").wait_for()
    page.mouse.click(*spot)
    page.locator(".chip").wait_for(state="detached")
    assert explorer.filters == {}


def test_a_run_without_a_failure_says_so_and_warns_of_nothing(show: Any, make: Any) -> None:
    page = show(explore(make.results([{}, {}])))
    has(page, "All 2 checks passed.")
    assert page.locator(".note, .facet").count() == 0


def test_escape_closes_the_menu_of_copies_and_gives_the_focus_back(page: Any) -> None:
    page.locator("[data-id=copies]").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    assert page.locator(".copies").count() == 0
    assert page.evaluate(FOCUS) == "copies"


def test_problems_are_ticked_as_fixed_by_mouse_and_key(show: Any, results: pd.DataFrame) -> None:
    explorer = explore(results)
    page = show(explorer)
    has(page, "What if? Tick problems as fixed.")
    live = page.locator(".fixing [aria-live]").element_handle()
    page.locator("input[data-act=tick]").nth(1).check()
    page.locator("[data-id=row-0]").focus()
    page.keyboard.press("f")
    page.wait_for_function("() => document.querySelectorAll('[data-act=tick]:checked').length === 2")
    assert explorer.fixed == [1, 0]
    assert explorer.picked == -1
    before, after = explorer.scores.loc[0, ["before", "after"]]
    has(page, f"{percent(before)} → {percent(after)}")
    has(page, "2 problems fixed")
    assert live.inner_text().split("\n") == [f"{percent(before)} → {percent(after)}", "2 problems fixed"]
    page.locator("[data-id=rules]").click()
    page.get_by_role("button", name="One per series").click()
    page.wait_for_selector("[data-id=unit-series][aria-pressed=true]")
    page.locator("[data-id='weights-70/20/10']").click()
    has(page, "(one per series, weights HIPAA 70, DICOM 20, TCIA 10)")
    has(page, percent(explorer.scores["after"].iloc[0]))
    page.get_by_role("button", name="Clear", exact=True).click()
    page.wait_for_function("() => !document.querySelector('[data-act=tick]:checked')")
    assert (explorer.fixed, explorer.unit) == ([], "series")


def test_a_list_of_failures_has_nothing_to_tick(show: Any, results: pd.DataFrame) -> None:
    page = show(explore(results[results["verdict"] != "passed"].assign(complete=False)))
    page.wait_for_selector("tr[data-act=pick]")
    assert page.locator("[data-act=tick], .fixing").count() == 0


def test_a_page_and_a_busy_kernel_that_change_at_the_same_time_end_alike(show: Any, explorer: Any) -> None:
    page = show(explorer)
    page.wait_for_selector("tr[data-act=pick]")
    waiting: list[Any] = []
    hear, explorer.hear = explorer.hear, waiting.append
    bar(page, "date must be shifted").click()
    page.locator("[data-id=table-map]").click()
    explorer.search = "study"
    assert page.locator(".chip").all_inner_texts() == ["action: date must be shifted ✕"]
    for message in waiting:
        hear(message)
    assert page.locator(".chip").all_inner_texts() == ["action: date must be shifted ✕", "search: study ✕"]
    assert (explorer.filters, explorer.search, explorer.table) == ({"action": ["date_shifted"]}, "study", "map")
    assert page.locator("[data-id=table-map]").get_attribute("aria-pressed") == "true"


def test_what_one_submission_fails_and_another_passes_is_one_click(show: Any, results: pd.DataFrame) -> None:
    better = results.assign(submission=pd.Categorical(["better"] * len(results)))
    better.loc[better["modality"] == "MR", "verdict"] = "passed"
    explorer = explore(concat([results, better]))
    page = show(explorer)
    page.locator("details[data-id=passes_in]").get_by_role("button", name="better").click()
    page.wait_for_selector("[data-id^=chip-passes_in]")
    assert explorer.selection[["submission", "modality"]].drop_duplicates().to_numpy().tolist() == [["run", "MR"]]
    page.get_by_role("button", name="Clear all").click()
    page.get_by_role("button", name="1 only in run").click()
    page.wait_for_selector("[data-id^=chip-also_fails_in]")
    assert explorer.filters == {"submission": ["run"], "also_fails_in": ["only here"]}
    assert len(explorer.selection) == 1
    page.get_by_role("button", name="1 only in run").click()
    page.locator(".chip").first.wait_for(state="detached")
    assert explorer.filters == {}
