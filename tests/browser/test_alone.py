"""The explorer as one file: opened from the disk without a network, by mouse and keys, its state in the address."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from markupsafe import escape

import midi_nb as mn
from midi_nb.amounts import percent
from midi_nb.widgets import explore
from midi_nb.widgets.detail import CheckTexts
from midi_nb.widgets.practice import practice, rule

MARK = '<img src=x onerror="document.title=1"><script>document.title=1</script>'
LEAK = {"expected": f"DOE {MARK}", "actual": f"DOE {MARK} X", "verdict": "failed", "score": 0.5}
LOST = {
    "action": "text_retained", "tag_path": "(0018,1030)", "name": "Protocol Name", "expected": "CHEST LOW",
    "actual": "CHEST", "verdict": "failed", "score": 0.5, "category": "tcia", "modality": "MR", "patient": "Ü2",
}  # fmt: skip
BOX = {
    "action": "pixels_hidden", "tag_path": "(7fe0,0010)", "name": "Pixel Data", "expected": "DOE", "actual": "DOE",
    "verdict": "failed", "score": 0.0, "x0": 8, "y0": 4, "x1": 40, "y1": 16, "file": "1.dcm", "released": "9.1",
}  # fmt: skip
PASSED = LOST | {"actual": "CHEST LOW", "verdict": "passed", "score": 1.0}


@pytest.fixture
def results(make: Any) -> pd.DataFrame:
    """A pass, a leak of what looks like markup, words lost twice, a box, passes."""
    rows = [PASSED, LEAK, LOST, LOST | {"instance": "1.2.9"}, BOX, PASSED, PASSED]
    return make.results([row | {"check": str(number)} for number, row in enumerate(rows)])


@pytest.fixture
def folder(make: Any, tmp_path: Path) -> Path:
    values = np.kron(np.random.default_rng(0).integers(0, 2, (12, 16)) * 200, np.ones((4, 4))).astype("uint8")
    make.file(tmp_path / "released" / "1.dcm", "9.1", pixels=values)
    return tmp_path / "released"


@pytest.fixture
def opened(chromium: Any) -> Any:
    """Opens a file from the disk; whatever it asks for, and every error it logs, fails the test."""
    pages, wrong = [], []

    def open_file(path: Path, hash: str = "") -> Any:
        page = chromium.new_page(viewport={"width": 1100, "height": 800})
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text))
        page.on("request", lambda asked: asked.url.startswith(("file:", "data:")) or wrong.append(asked.url))
        page.context.set_offline(True)
        page.goto(f"file://{path}{hash}")
        page.wait_for_selector(".big, .midi-viewer .midi-boxes li")
        pages.append(page)
        return page

    yield open_file
    for page in pages:
        page.context.set_offline(False)
        page.close()
    assert not wrong


@pytest.mark.smoke
def test_a_page_is_filtered_picked_and_sorted_without_kernel_and_network(
    opened: Any, results: pd.DataFrame, folder: Path, tmp_path: Path
) -> None:
    page = opened(mn.write_page(results, tmp_path / "explorer.html", folder))
    assert page.locator(".big").inner_text() == "Score 42.86 %"
    assert page.locator("[data-id=table-checks]").count() == 0, "passing checks are counted, not listed"
    assert page.locator("header p.quiet").all_inner_texts() == [
        "Causes were found without the original files; with these some could be more exact."
    ]
    page.locator(".facet button", has_text="utility").click()
    page.locator("tr[data-act=pick]").click()
    card = page.locator("section.card")
    card.wait_for()
    assert card.locator("del").first.text_content() == "[lost: LOW]"
    assert "check 1 of 2" in card.inner_text()
    assert re.search(r"Where\s+submission run · patient Ü2 · modality MR", card.inner_text())
    page.get_by_role("button", name="Next check of this problem").click()
    problem = page.locator("tr[data-act=pick]").get_attribute("data-of")
    assert page.url.endswith(f"#axis=utility&example=1&problem={problem}")
    page.keyboard.press("Escape")
    page.locator("section.card").wait_for(state="hidden")
    page.keyboard.press("/")
    page.keyboard.type("chest")
    page.wait_for_selector("[data-id=chip-search]")
    page.locator("[data-id=table-map]").click()
    page.get_by_role("button", name="Protocol Name (0018,1030), MR: 0 privacy, 2 other").click()
    assert page.locator("tr[data-act=pick]").count() == 2


def test_an_address_opens_on_its_filter_and_its_row(
    opened: Any, results: pd.DataFrame, folder: Path, tmp_path: Path
) -> None:
    path = mn.write_page(results, tmp_path / "explorer.html", folder)
    page = opened(path, "#axis=privacy&row=4")
    page.wait_for_selector(".pictures svg image")
    assert page.locator(".chip").inner_text() == "axis: privacy ✕"
    assert page.locator("tr[aria-selected=true]").get_attribute("data-of") == "4"
    assert page.locator("footer").inner_text() == "This page holds 1 picture of 1 failing box."
    page.goto(f"file://{path}#patient={'%C3%9C2'}&table=failures")
    page.wait_for_function("() => document.querySelector('.chip').textContent === 'patient: Ü2 ✕'")
    page.goto(f"file://{path}#axis=nonsense&row=999&sort=x&page=x&table=y")
    page.wait_for_function("() => !document.querySelector('.chip')")


def test_a_step_back_is_to_the_table_and_the_row_before(opened: Any, results: pd.DataFrame, tmp_path: Path) -> None:
    page = opened(mn.write_page(results, tmp_path / "explorer.html"))
    page.locator("[data-id=table-failures]").click()
    page.locator(".facet button", has_text="utility").click()
    page.locator("tr[data-act=pick]").first.click()
    page.locator("section.card").wait_for()
    page.locator("[data-id=table-map]").click()
    picked = "#axis=utility&table=failures&row=2"
    for step, hash, rows in ((-1, picked, 1), (-1, "#axis=utility&table=failures", 0), (-1, "", 0), (2, picked, 1)):
        page.evaluate("step => history.go(step)", step)
        page.wait_for_function("hash => location.hash === hash", arg=hash)
        page.wait_for_function(
            "rows => document.querySelectorAll('section.card:not([hidden])').length === rows", arg=rows
        )
        assert page.locator("tr[aria-selected=true]").count() == rows
        assert page.locator(".chip").count() == bool(hash)
        table = "Failures" if hash else "Problems"
        assert page.locator("[data-id^=table-][aria-pressed=true]").inner_text() == table


def test_what_is_ticked_as_fixed_is_kept_in_the_address(opened: Any, results: pd.DataFrame, tmp_path: Path) -> None:
    path = mn.write_page(results, tmp_path / "explorer.html")
    page = opened(path)
    page.locator("tr[data-act=pick]").first.focus()
    page.keyboard.press("f")
    page.wait_for_function("() => location.hash === '#fixed=0'")
    once = mn.what_if(results, mn.problems(results)["problem"].iloc[0]).set_index("unit")
    said = f"{percent(once.loc['instance', 'before'])} → {percent(once.loc['instance', 'after'])}"
    assert page.locator(".fixing .big").inner_text() == said
    page = opened(path, "#fixed=0,0,1,77,x&unit=series&weights=70,20,10")
    assert page.locator("[data-act=tick]:checked").count() == 2
    assert page.locator(".fixing [aria-pressed=true]").all_inner_texts() == [
        "HIPAA 70, DICOM 20, TCIA 10", "One per series"
    ]  # fmt: skip


def test_an_address_of_what_is_no_number_and_no_unit_changes_nothing(
    opened: Any, results: pd.DataFrame, tmp_path: Path
) -> None:
    path = mn.write_page(results, tmp_path / "explorer.html")
    for hash in ("#fixed=%20,1e0&unit=toString", "#unit=constructor&weights=Infinity"):
        page = opened(path, hash)
        page.wait_for_selector("[data-act=tick]")
        assert page.locator("[data-act=tick]:checked, .fixing [data-act=unit]").count() == 0


def test_a_report_with_its_workbook_can_be_ticked_in_its_unit(
    opened: Any, results: pd.DataFrame, tmp_path: Path
) -> None:
    folder = mn.write_official(results, tmp_path / "official")
    report = folder / "discrepancy_report_participant.csv"
    listed = mn.read_results(report, scores=folder / "scoring_report_series.xlsx")
    page = opened(mn.write_page(listed, tmp_path / "explorer.html"))
    before, after = mn.what_if(listed, mn.problems(listed)["problem"].iloc[0]).loc[0, ["before", "after"]].map(percent)
    assert page.locator(".big").inner_text() == f"Score {before}"
    page.locator("[data-act=tick]").first.check()
    assert page.locator(".fixing .big").inner_text() == f"{before} → {after}"
    assert page.url.endswith("#fixed=0")
    page.locator("[data-id=rules]").click()
    assert page.locator("[data-act=weights]").count() == 0
    assert page.locator("[data-act=unit]:enabled").all_inner_texts() == ["One per series"]


def test_what_looks_like_markup_stays_text(opened: Any, make: Any, tmp_path: Path) -> None:
    names = ("original", "patient", "name", "file", "submission", "modality", "error", "study", "instance", "series")
    results = make.results([LEAK | dict.fromkeys(names, MARK), {}])
    page = opened(mn.write_page(results, tmp_path / "explorer.html"), "#row=0")
    page.wait_for_selector("section.card .texts")
    assert MARK in page.locator("section.card").inner_text()
    assert page.title() == "Explorer"
    assert page.locator("#board :is(img, script, [onerror])").count() == 0


def test_each_card_says_what_the_kernel_says_and_each_value_is_in_the_page_once(
    opened: Any, make: Any, tmp_path: Path
) -> None:
    values = [MARK, "<!--actual-->", "!--error--", r"$& \1", "A\u00a0B  C", "'\"&amp;", "QWERTZ 12345"]
    columns = ("original", "expected", "actual", "error")
    blanks = [LOST | {"verdict": "blank"} | {name: f"{name} {value}" for name in columns} for value in values]
    leaks = [LEAK | dict.fromkeys(columns, value) for value in values]
    alike = [LEAK | {name: label} for name, label in (("original", "Rule"), ("error", "Released"), ("error", "Why"))]
    rows = [
        *alike,
        LEAK,
        *blanks,
        *leaks,
        LOST | {"actual": "LOW X"},
        LOST | {"actual": "", "state": "empty"},
        LEAK | {"actual": "DOE " * 999},
    ]
    results = make.results([row | {"check": str(number)} for number, row in enumerate(rows)])
    explorer, told = explore(results), {}
    explorer.send = lambda message, buffers=None: told.update({message["kind"]: message})
    explorer.table = "failures"
    page = opened(path := mn.write_page(results, tmp_path / "explorer.html"))
    for row in range(len(rows)):
        page.goto(f"file://{path}#row={row}")
        explorer.picked = row
        said = told["check"]
        page.wait_for_function(
            """(html) => {
              const said = document.createElement("div"), card = document.querySelector("section.card");
              const facts = (root) => [...root.querySelectorAll("dl")].slice(0, 2).map((list) => list.innerHTML);
              said.innerHTML = html;
              return card && facts(card).join() === facts(said).join();
            }""",
            arg=said["words"] + said["reasons"],
        )
    held = [everything(path).count(f"{name} QWERTZ 12345") for name in columns]
    assert held == [1, 1, 1, 2], "once in its column; an error is in the name of its problem, too"


LABELS = ["Rule", "Released", "Original", "Why", "Practice", "Error", "Where", "Must go", "Expected", "(empty)"]
KINDS = [
    {"expected": "DOE", "actual": "DOE X", "score": 0.5},
    {"action": "text_retained", "expected": "CHEST LOW", "actual": "CHEST", "score": 0.5},
    {"action": "date_shifted", "original": "20200101", "actual": "20200101"},
    {"action": "pixels_hidden", "expected": "DOE", "actual": "DOE"},
    {"action": "text_notnull", "actual": "", "state": "empty"},
    {"verdict": "blank", "score": np.nan, "error": "no word is left"},
]


@pytest.mark.parametrize("values", [True, False])
def test_a_value_that_is_a_label_or_a_sentence_of_its_card_stands_for_itself_alone(
    make: Any, tmp_path: Path, values: bool
) -> None:
    cause = next(cause for cause in mn.causes.CAUSES if cause.code == "leak_untouched")
    texts = [*LABELS, cause.sentence, cause.hint, rule("text_removed"), practice("text_removed"), "<!--actual-->", ""]
    columns = ("original", "expected", "actual", "error")
    rows = [{"verdict": "failed", "score": 0.0} | kind | {"actual": "DOE CHEST " * 400} for kind in KINDS]
    for number, text in enumerate(texts):
        for kind in KINDS:
            for at, names in enumerate([*([name] for name in columns), columns]):
                own = {"subcategory": f"{number} {at}", "tag_path": f"(0010,{number:04})"}
                alike = {"verdict": "failed", "score": 0.0} | kind | own
                rows += [alike | dict.fromkeys(names, cell) for cell in (text, "another", None)]
    results = mn.explain(make.results([row | {"check": str(number)} for number, row in enumerate(rows)]))
    content, buffers = held(mn.write_page(results, tmp_path / "explorer.html", values=values))
    check_texts = CheckTexts(results if values else mn.mask_values(results), values)
    cells = {
        name: [of["texts"][code] for code in numbers(of["codes"], buffers)]
        for name, of in content["data"]["rows"]["columns"].items()
    }
    for what, of in content["cards"].items():
        said = [card for block in of["blocks"] for card in json.loads(gzip.decompress(buffers[block["buffer"]]))]
        assert len(said) < len(rows) / 2, "rows share cards"
        for row, code in enumerate(numbers(of["codes"], buffers)):
            filled = re.sub(r"<!--(\w+)-->", lambda found, row=row: escape(cells[found[1]][row]), said[code])
            assert filled == str(check_texts.say(what, row))


def numbers(of: Any, buffers: list[bytes]) -> np.ndarray:
    return np.frombuffer(buffers[of["buffer"]], f"<u{of['bytes']}")


def held(path: Path) -> tuple[Any, list[bytes]]:
    """What a page holds, as alone.js reads it: (what is JSON, buffers)."""
    packed = gzip.decompress(base64.b64decode(re.search('id="data">([^<]+)', path.read_text("utf-8"))[1]))
    end = 4 + int.from_bytes(packed[:4], "little")
    content, buffers = json.loads(packed[4:end]), []
    for size in content["sizes"]:
        buffers.append(packed[end : end + size])
        end += size
    assert buffers
    assert end == len(packed)
    return content, buffers


def everything(path: Path) -> str:
    """All that a page holds, what it opens later included."""
    content, buffers = held(path)
    opened = [gzip.decompress(one) if one.startswith(b"\x1f\x8b") else one for one in buffers]
    return b"\n".join([json.dumps(content).encode(), *opened]).decode("latin-1")


def test_without_values_no_text_of_the_data_is_in_the_file(
    opened: Any, make: Any, folder: Path, tmp_path: Path
) -> None:
    planted = (
        "patient", "study", "series", "instance", "released_patient", "released_study", "released_series", "released",
        "original", "expected", "submission", "modality", "sop_class",
    )  # fmt: skip
    secret = dict.fromkeys(planted, "SECRET") | {"actual": "SECRET 2"}
    others = [row | secret | {"check": str(number)} for number, row in enumerate((LEAK, LOST, PASSED), 1)]
    rows = [BOX | {"submission": "SECRET"}, *others]
    path = mn.write_page(make.results(rows), tmp_path / "explorer.html", folder, values=False)
    page = opened(path, "#table=failures")
    held = everything(path)
    assert "Protocol Name" in held
    assert not re.search("SECRET|DOE|CHEST|1.dcm|data:image", held)
    page.locator("tr[data-act=pick]").first.click()
    page.wait_for_selector("section.card .texts")
    assert "patient 1" in page.locator("section.card").inner_text()


def test_a_viewer_works_without_kernel_and_network(opened: Any, make: Any, folder: Path, tmp_path: Path) -> None:
    values = np.full((48, 64), 90, "uint8")
    make.file(tmp_path / "original" / "1.dcm", "1.1", pixels=values)
    other = make.file(tmp_path / "other.dcm", "9.2", pixels=values)
    path = mn.write_view(
        [folder / "1.dcm", other],
        make.results([BOX | {"instance": "1.1"}]),
        tmp_path / "view.html",
        tmp_path / "original",
    )
    page = opened(path)
    page.wait_for_selector(".midi-label")
    screen = page.locator(".midi-screen")
    for key, shows in (("s", "swipe"), ("3", "beside"), ("d", "difference")):
        screen.press(key)
        page.wait_for_function(f"() => document.querySelector('.midi-screen').dataset.shown.startsWith('0 {shows}')")
    page.wait_for_function("() => document.querySelectorAll('.midi-strip img').length === 2")
    screen.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('.midi-screen').dataset.shown.startsWith('1 ')")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("no original of this image in the folder given.").wait_for()


def test_a_viewer_has_a_limit_and_says_what_to_do(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("midi_nb.widgets.alone._PIXELS", 2**20)
    image = np.zeros((800, 900), np.uint8)
    with pytest.raises(ValueError) as error:
        mn.write_view([image, image], None, tmp_path / "view.html")
    assert str(error.value) == (
        "write_view() takes at most 1 MB of pixels, reached at image 2 of 2; give fewer images."
    )
    assert not (tmp_path / "view.html").exists()


def test_a_page_has_a_limit_and_says_what_to_do(
    results: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("midi_nb.widgets.alone.MANY", 3)
    with pytest.raises(ValueError) as error:
        mn.write_page(results, tmp_path / "explorer.html")
    assert str(error.value) == (
        "write_page() takes at most 3 failed or blank checks, and these results have 4; select some of them."
    )
    assert not (tmp_path / "explorer.html").exists()


def test_time_lines_and_references_are_reached_by_keys(opened: Any, make: Any, tmp_path: Path) -> None:
    date = {"action": "date_shifted", "name": "Study Date", "tag_path": "(0008,0020)", "original": "20200101"}
    days = [date | {"patient": who, "actual": day} for who in "AB" for day in ("20210101", "20210101", "2020010" + who)]
    days += [date | {"patient": f"C{number}", "actual": "20210101"} for number in range(9)]
    uid = {"action": "uid_changed", "original": "I1", "tag_path": "(0008,1140)[0](0008,1155)", "modality": "CT"}
    rows = [*days, uid | {"actual": "9.77"}, uid | {"actual": "9.1.2.1", "released": "9.1.2.1"}]
    results = make.results([{"check": str(number)} | row for number, row in enumerate(rows)])
    page = opened(mn.write_page(results, tmp_path / "explorer.html"), "#table=dates")
    cards = page.locator("section.of-patient")
    assert cards.count() == 6
    said = "3 dates: 1 no date, 2 shifted as usual (+366 days)\nNot as usual: Study Date"
    assert said in cards.first.inner_text()
    assert cards.first.locator("svg g.pass title").text_content() == (
        "Study Date: 2020-01-01 → 2021-01-01, shifted as usual (+366 days); 2 checks"
    )
    page.get_by_role("button", name="Next page").press("Enter")
    assert page.locator(".pager .quiet").inner_text() == "7 to 11 of 11 patients, the worst first"
    page.get_by_role("button", name="Previous page").press("Enter")
    page.locator(".of-patient summary").first.press("Enter")
    assert page.locator(".of-patient details[open] li").all_inner_texts() == [
        "Study Date: 2020-01-01 → 2020010A, no date; 1 check"
    ]
    page.get_by_role("button", name="Next page").press("Enter")
    page.get_by_role("button", name="Previous page").press("Enter")
    page.locator("[data-id=table-dates]").focus()
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.closest('.of-patient') === null"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelectorAll('section.of-patient').length === 1")
    assert page.url.endswith("#patient=A&table=dates")
    page.keyboard.press("Enter")
    page.locator("[data-id=table-references]").press("Enter")
    page.wait_for_selector(".web li")
    assert page.locator(".web li").all_inner_texts() == ["Study 1", "CT series 11 to no released object"]
    assert page.locator(".web svg g.fail title").text_content() == (
        "CT series 1: 1 reference to no released object (Referenced SOP Instance UID)"
    )
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.locator(".web li").last.bounding_box()["height"] == 44, "what does not fit goes on in the next line"
    assert page.locator(".web svg").bounding_box()["height"] == 66


def test_what_a_view_has_drawn_is_the_same_after_filters_a_search_and_other_sizes(
    opened: Any, make: Any, tmp_path: Path
) -> None:
    uid = {"action": "uid_changed", "tag_path": "(0008,1140)[0](0008,1155)", "modality": "CT"}
    date = {"action": "date_shifted", "name": "Study Date", "tag_path": "(0008,0020)", "original": "20200101"}
    rows = [
        uid | {"patient": who, "instance": f"1.{who}", "released": f"9.{who}", "original": to, "actual": to}
        for who in "AB" for to in (f"9.{who}", "9.77")
    ]  # fmt: skip
    rows += [date | {"patient": who, "actual": day} for who in "AB" for day in ("20210101", "2021010" + who)]
    rows += [LEAK | {"patient": who} for who in "AB"]
    results = make.results([row | {"check": str(number)} for number, row in enumerate(rows)])
    shapes = "() => [...document.querySelectorAll('.time-lines, .web svg')].map((drawn) => drawn.outerHTML)"
    page = opened(mn.write_page(results, tmp_path / "explorer.html"))
    for table in ("dates", "references"):
        page.locator(f"[data-id=table-{table}]").press("Enter")
        page.wait_for_selector("section.of-patient")
        drawn, patient = page.evaluate(shapes), page.locator("section[aria-label=B] [data-act=toggle]")
        assert [svg.count("line-of") for svg in drawn] == [2, 2]
        for button in ("[data-id=copies]", "[data-page=side] [data-id=axis] [data-act=toggle]"):
            for _ in range(2):
                page.locator(button).first.press("Enter")
                assert page.evaluate(shapes) == drawn
        for text in ("DOE", ""):
            page.locator("[data-id=search]").fill(text)
            page.wait_for_function("gone => !document.querySelector('.chip') === gone", arg=not text)
            assert page.evaluate(shapes) == drawn
        patient.press("Enter")
        page.locator("section[aria-label=A]").wait_for(state="detached")
        assert page.evaluate(shapes) == drawn[1:]
        patient.press("Enter")
        page.locator("section[aria-label=A]").wait_for()
        assert page.evaluate(shapes) == drawn
    heights = [page.locator(".web svg").last.bounding_box()["height"]]
    for width in (320, 1000):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function("old => document.querySelector('.web svg').clientHeight !== old", arg=heights[-1])
        heights.append(page.locator(".web svg").last.bounding_box()["height"])
    assert heights == [44, 66, 44]
    assert page.evaluate(shapes) == drawn


def test_time_lines_name_the_submissions_and_say_why_there_are_none(opened: Any, make: Any, tmp_path: Path) -> None:
    date = {"action": "date_shifted", "name": "Study Date", "original": "20200101", "actual": "20210101"}
    rows = [date | {"patient": f"P{number % 4}", "submission": f"S{number // 4}", "check": "1"} for number in range(8)]
    rows.append({"submission": "S2", "check": "1"})
    page = opened(mn.write_page(make.results(rows), tmp_path / "both.html"), "#table=dates")
    assert page.locator("section.of-patient").first.get_attribute("aria-label") == "S0 · P0"
    assert page.locator(".pager .quiet").inner_text() == "1 to 6 of 8 patients by submission, the worst first"
    assert page.get_by_text("No date to compare: S2.").is_visible()
    page = opened(mn.write_page(make.results(rows).assign(patient=None), tmp_path / "none.html"), "#table=dates")
    assert page.locator("p.note").inner_text() == (
        "These results do not say which patient a date is of, or have no original date that can be read."
    )
