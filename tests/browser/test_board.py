"""Boards in the smallest front end: narrow and wide, nothing cut, a viewer inside, a picture that is none of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import midi_nb as mn
from midi_nb.coded import concat
from midi_nb.widgets import explore, what_if

KEEP = {
    "action": "text_retained",
    "tag_path": "(0018,1030)",
    "name": "Protocol Name",
    "verdict": "failed",
    "score": 0.0,
}
BOX = {
    "action": "pixels_hidden", "tag_path": "(7fe0,0010)", "name": "Pixel Data", "expected": "DOE", "actual": "DOE",
    "verdict": "failed", "score": 0.0, "x0": 8, "y0": 4, "x1": 40, "y1": 16, "file": "1.dcm", "released": "9.1",
}  # fmt: skip
# Cells whose text does not fit, and those beyond the edge of their board.
CUT = """() => [...document.querySelectorAll('table.grid td, table.grid th')].filter((cell) => {
  const [inner, outer] = [cell, cell.closest('.midi-board')].map((element) => element.getBoundingClientRect());
  return inner.width && (cell.scrollWidth > cell.clientWidth || inner.right > outer.right + 1);
}).map((cell) => cell.innerText)"""
# Words of some elements that go over two lines, and buttons beyond the edge.
BROKEN = """(selector) => [...document.querySelectorAll(selector)].flatMap((cell) => {
  const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), broken = [];
  for (let text = walker.nextNode(); text; text = walker.nextNode())
    for (const word of text.data.matchAll(/[^\\s-]+/g)) {
      const range = document.createRange();
      range.setStart(text, word.index), range.setEnd(text, word.index + word[0].length);
      if (range.getClientRects().length > 1) broken.push(word[0]);
    }
  return broken;
})"""
BEYOND = """() => [...document.querySelectorAll('.midi-board button')].filter((button) => {
  const [inner, outer] = [button, button.closest('.midi-board')].map((element) => element.getBoundingClientRect());
  return inner.width && inner.right > outer.right + 1;
}).map((button) => button.innerText)"""
WIDTHS = {"beside the file browser": 848, "700 px": 584, "200 % zoom": 524, "phone": 366}


@pytest.fixture
def board(make, tmp_path):
    """An explorer of a burned-in name and of words lost in twelve attributes with long names; thousands of passes."""
    values = np.kron(np.random.default_rng(0).integers(0, 2, (12, 16)) * 200, np.ones((4, 4))).astype("uint8")
    make.file(tmp_path / "1.dcm", "9.1", pixels=values)
    rows = [
        KEEP | {"tag_path": f"(0018,{number:04d})", "name": f"{number} Radiopharmaceutical Start Date And Time",
                "expected": "A SENTENCE THAT IS LOST " * 4, "actual": "", "state": "empty"}
        for number in range(12)
    ]  # fmt: skip
    kept = [row | {"instance": "1.2.9", "verdict": "passed", "score": 1.0} for row in rows]  # each is its own problem
    every = [BOX, *rows, *kept, *[{}] * 3000]
    results = make.results([row | {"check": str(number)} for number, row in enumerate(every)])
    return explore(results, tmp_path)


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_nothing_in_a_table_is_cut_and_every_cell_has_a_title(show: Any, board: Any, width: int) -> None:
    page = show(board, width=width + 24)
    for table in ("problems", "failures", "checks"):
        board.set(table=table)
        page.wait_for_selector(f"[data-id=table-{table}][aria-pressed=true]")
        assert page.evaluate(CUT) == []
        assert page.locator("table.grid td").count() > 30
        assert page.locator("table.grid td:not(:empty):not([title])").all_inner_texts() == []
    board.table = "problems"
    page.wait_for_selector("[data-id=table-problems][aria-pressed=true]")
    assert page.locator("table.grid td:last-child").first.inner_text() == "+0.03"


@pytest.mark.parametrize("width", [366, 274], ids=["phone", "JupyterLab on a phone"])
def test_on_a_phone_no_word_of_a_cause_is_broken_and_every_button_is_whole(show: Any, board: Any, width: int) -> None:
    page = show(board, width=width + 24)
    page.wait_for_selector("table.grid td .signed")
    assert page.evaluate(BROKEN, "table.grid td .signed") == []
    page.locator("tr[data-act=pick]", has_text="Pixel Data").click()
    page.wait_for_selector(".midi-viewer canvas")
    page.eval_on_selector_all(".midi-viewer button", "all => all.forEach((button) => { button.hidden = false; })")
    assert page.evaluate(BEYOND) == []
    assert page.evaluate(CUT) == []


@pytest.mark.parametrize("shown", [explore, what_if])
def test_on_a_phone_no_word_is_broken_however_long_a_submission_is_called(show: Any, board: Any, shown: Any) -> None:
    long = board.results.assign(submission=pd.Categorical(["team_mercury_run_" * 5] * len(board.results)))
    page = show(shown(concat([board.results.assign(submission="careless"), long])), width=390)
    page.wait_for_selector("table.grid td")
    words = "table.grid th, table.grid:not(.ranks) td:nth-child(-n + 3)"
    assert page.evaluate(BROKEN, words) == []
    for width in (390, 700, 1000, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(CUT) == []
        assert page.evaluate("() => document.documentElement.scrollWidth") == width


def wider(page: Any, board: Any) -> list[str]:
    """The lists that make the page wider than its window, with a row picked and without; or wider than their frame."""
    found = []
    for table in page.eval_on_selector_all("[data-id^=table-]", "tabs => tabs.map((tab) => tab.dataset.of)"):
        board.set(table=table, picked=-1)
        page.wait_for_selector(f"[data-id=table-{table}][aria-pressed=true]")
        page.wait_for_function("() => document.querySelector('tbody, .of-patient, .note')")
        if page.locator("tr[data-act=pick]").count():
            page.locator("tr[data-act=pick]").first.click()
            page.wait_for_selector("section.card .reasons dd")
            page.eval_on_selector_all("details", "all => all.forEach((one) => { one.open = true; })")
        frames = page.eval_on_selector_all(
            ".scroll:has(table:not(.map-of))", "all => all.map((one) => one.scrollWidth)"
        )
        widths = [page.evaluate("document.documentElement.scrollWidth"), *frames]
        if max(widths) > page.viewport_size["width"]:
            found.append(table)
    return found


@pytest.mark.parametrize("width", [390, 320])
def test_on_a_phone_all_lists_of_the_demo_fit(show: Any, small_demo: Any, width: int) -> None:
    board = explore(mn.evaluate(small_demo.submissions["careless"], small_demo.key, progress=False))
    page = show(board, width=width)
    assert page.locator("[data-id^=table-]").all_inner_texts() == [
        "Problems", "Failures", "All checks", "Map", "Dates", "References"
    ]  # fmt: skip
    assert wider(page, board) == []


@pytest.mark.parametrize("column", ["name", "tag_path", "patient", "expected", "actual", "error", "file"])
def test_a_value_of_thousands_of_letters_makes_no_page_wider(show: Any, make: Any, column: str) -> None:
    leak = {"verdict": "failed", "score": 0.0, "tag_path": "(0008,1030)", "name": "Study Description"}
    rows = [
        leak | {"action": "text_removed", "error": "none"},
        leak | {"action": "date_shifted", "original": "20200101", "actual": "20200101"},
        leak | {"action": "uid_changed", "original": "I1", "tag_path": "(0008,1140)[0](0008,1155)", "actual": "9.77"},
    ]
    board = explore(make.results([row | {"check": str(number), column: "W" * 3000} for number, row in enumerate(rows)]))
    assert wider(show(board, width=390), board) == []


@pytest.mark.smoke
def test_the_gain_of_what_if_is_not_cut_either(show: Any, board: Any) -> None:
    page = show(what_if(board.results))
    page.wait_for_selector("table.grid")
    for width in (*WIDTHS.values(), 436, 332):
        page.set_viewport_size({"width": width + 24, "height": 800})
        assert page.evaluate(CUT) == []
        assert page.evaluate(BROKEN, "table.grid th, table.grid .signed") == []


@pytest.mark.parametrize("width", [700, 390])
def test_on_a_narrow_board_facets_fold_behind_one_button(show: Any, board: Any, width: int) -> None:
    page = show(board, width=width)
    rows, facets = page.locator("tr[data-act=pick]"), page.locator(".facet").first
    rows.first.wait_for()
    assert rows.first.bounding_box()["y"] < 400
    assert not facets.is_visible()
    fold = page.get_by_role("button", name="Filters")
    assert fold.get_attribute("aria-expanded") == "false"
    fold.click()
    facets.wait_for()
    page.locator(".facet button", has_text="privacy").click()
    page.get_by_role("button", name="Filters (1)").wait_for()
    assert board.filters == {"axis": ["privacy"]}
    assert fold.get_attribute("aria-expanded") == "true"
    fold.click()
    facets.wait_for(state="hidden")
    assert rows.count() == 1


def test_in_a_low_window_rows_are_on_screen(show: Any, board: Any) -> None:
    board.pick(axis="privacy", action="pixels_hidden")
    page = show(board, width=420, height=290)  # what JupyterLab leaves of 640x400, a window at 200 %
    box = page.locator("tr[aria-selected=true]").bounding_box()
    assert box["y"] + box["height"] <= 290


def test_on_a_wide_board_facets_stand_beside_the_table(show: Any, board: Any) -> None:
    page = show(board, width=872)
    page.wait_for_selector("tr[data-act=pick]")
    side, table = page.locator(".facet").first.bounding_box(), page.locator("table.grid").bounding_box()
    assert side["x"] + side["width"] < table["x"]
    assert not page.get_by_role("button", name="Filters").is_visible()


def test_a_button_that_moves_while_it_is_pressed_is_clicked_all_the_same(show: Any, board: Any) -> None:
    board.table = "checks"
    page = show(board, width=872)
    page.locator("[data-id='Next page']").hover()
    page.mouse.down()
    board.filters = {"verdict": ["passed"]}  # the answer to the last click, or another cell of the notebook
    page.wait_for_timeout(50)
    page.mouse.up()
    page.locator("button.chip").wait_for()
    for _ in range(600):  # the kernel hears of the click a moment after it is seen
        if board.page == 1:
            break
        page.wait_for_timeout(50)
    assert board.page == 1


def test_a_viewer_in_a_board_and_the_kernel_follow_each_other(show: Any, board: Any) -> None:
    board.set(table="failures", picked=0)
    page = show(board)
    page.wait_for_selector(".midi-label")
    screen = page.locator(".midi-screen")
    screen.focus()
    page.keyboard.press("n")
    page.wait_for_selector(".midi-boxes [aria-pressed=true]")
    assert board.viewer.selection["expected"].tolist() == ["DOE"]
    board.viewer.window = [100.0, 50.0]
    page.wait_for_function(
        "() => document.querySelector('.midi-screen').dataset.shown.startsWith('0 after 100.00 50.00')"
    )
    board.picked = 1
    page.wait_for_selector(".midi-screen", state="detached")
    board.picked = 0
    page.wait_for_selector(".midi-label")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picture_of_a_board_says_so_and_offers_nothing_to_use(chromium: Any, board: Any, theme: str) -> None:
    board.set(filters={"axis": ["privacy"]}, table="failures", picked=0)
    page = chromium.new_page(viewport={"width": 872, "height": 900}, color_scheme=theme)
    page.set_content(f'<!doctype html><meta name="color-scheme" content="light dark">{board.as_html()}')
    assert page.locator("text=This is a picture. Run the cell to use it.").is_visible()
    assert page.locator("text=axis: privacy").is_visible()
    assert page.locator("svg image").is_visible()
    assert page.locator("button, input, select, [tabindex], canvas").count() == 0
    page.close()
