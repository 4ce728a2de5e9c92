"""The header diff in a browser: folded, filtered and searched by mouse and keys, and opened from the explorer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

import midi_nb as mn

MARK = '<img src=x onerror="document.title=1">'
FOCUSED = "() => document.activeElement.innerText.replace(/\\s+/g, ' ')"


@pytest.fixture
def pair(make: Any) -> tuple[Dataset, Dataset]:
    """A name that is left, a reference in a sequence, a private block that is removed, a text like markup."""
    old, new = make.dataset("1.1", PatientName="DOE^JANE", KVP=120), make.dataset("9.1", PatientName="DOE", KVP=120)
    for dataset in (old, new):
        item = Dataset()
        item.ReferencedSOPInstanceUID = str(dataset.SOPInstanceUID)
        dataset.ReferencedImageSequence = [item]
    old.private_block(0x0019, "ACME", create=True).add_new(0x01, "LO", MARK)
    return old, new


def rows(page: Any) -> list[str]:
    return page.locator("tr[data-line] .name").evaluate_all("all => all.map((one) => one.innerText.split(' (')[0])")


@pytest.mark.smoke
def test_it_is_one_file_that_is_folded_filtered_and_searched(
    chromium: Any, pair: tuple[Dataset, Dataset], tmp_path: Path
) -> None:
    page, wrong = chromium.new_page(viewport={"width": 1000, "height": 700}), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text))
    page.on("request", lambda asked: asked.url.startswith("file:") or wrong.append(asked.url))
    page.goto(f"file://{mn.write_header(*pair, None, tmp_path / 'header.html')}")
    page.wait_for_selector("tr[data-line]")
    name = page.locator("tr.wrong", has_text="Patient's Name")
    assert name.locator("mark").first.text_content() == "[still there: DOE]"
    group = page.locator("tr.group", has_text="Private group 0019: ACME")
    assert group.get_attribute("aria-expanded") == "false"
    assert "2 inside" in group.inner_text()
    group.click()
    assert MARK in page.locator("tr.removed", has_text="Private attribute").inner_text()
    page.locator("[data-show=changed]").click()
    assert not any("KVP" in one for one in rows(page))
    page.locator("input[type=search]").fill("referenced sop")
    page.wait_for_function("() => document.querySelectorAll('tr[data-line]').length === 3")
    assert "Item 1" in rows(page)[1]
    assert "leads to this image" in page.locator("tr.replaced").inner_text()
    assert page.title() == "Header"
    page.close()
    assert not wrong


def test_keys_move_fold_and_open_and_the_kernel_knows(show: Any, pair: tuple[Dataset, Dataset]) -> None:
    widget = mn.widgets.header(*pair)
    page = show(widget, theme="dark", width=390)
    page.wait_for_selector("tr[data-line]")
    assert page.locator("tbody [tabindex='0']").count() == 1, "the tree is one stop of the Tab key"
    page.locator("tr[data-line]").first.focus()
    page.keyboard.press("End")
    page.wait_for_function("() => document.activeElement.matches('tr[data-line]')")
    group = page.locator("tr.group", has_text="ACME")
    group.focus()
    for key, expanded in ((" ", "true"), ("Enter", "false"), ("ArrowRight", "true")):
        page.keyboard.press(key)
        assert page.locator("tr.group", has_text="ACME").get_attribute("aria-expanded") == expanded
    page.keyboard.press("ArrowRight")
    assert "Private Creator" in page.evaluate(FOCUSED)
    page.keyboard.press("ArrowLeft")
    assert "Private group 0019: ACME" in page.evaluate(FOCUSED)
    page.locator("tr", has_text="Patient's Name").focus()
    page.keyboard.press("Enter")
    assert "The Basic Profile asks for" in page.locator("tr.more").inner_text()
    assert widget.selection["tag_path"].tolist() == ["(0010,0010)"]
    page.keyboard.press("Escape")
    assert widget.picked == -1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("/")
    page.keyboard.type("kvp")
    page.wait_for_function("() => document.querySelectorAll('tr[data-line]').length === 1")
    assert widget.search == "kvp"
    widget.set_trait("search", "")
    widget.show = "wrong"
    page.wait_for_function("() => document.querySelector('[data-show=wrong]').ariaPressed === 'true'")


def test_the_explorer_opens_it_at_the_attribute_of_the_check(show: Any, make: Any, tmp_path: Path) -> None:
    for number in (1, 2):
        item = Dataset()
        item.PatientName = f"DOE {number}"
        for side, uid in (("original", f"1.{number}"), ("released", f"9.{number}")):
            make.file(tmp_path / side / f"{number}.dcm", uid, ReferencedPatientSequence=[item])
    failed = {"tag_path": "(0008,1120)[0](0010,0010)", "verdict": "failed", "score": 0.0}
    results = make.results([
        failed | {"instance": f"1.{n}", "released": f"9.{n}", "file": f"{n}.dcm", "actual": f"DOE {n}"} for n in (1, 2)
    ])  # fmt: skip
    explorer = mn.widgets.explore(results, tmp_path / "released", tmp_path / "original")
    page = show(explorer)
    page.locator("[data-id=table-failures]").click()
    page.locator("tr[data-act=pick]").first.click()
    page.get_by_role("button", name="Header").click()
    picked = page.locator(".midi-header tr[aria-selected=true]")
    picked.wait_for()
    assert "1.1" in page.locator(".midi-header tr", has_text="SOP Instance UID").first.inner_text()
    assert "text must go" in picked.inner_text()
    page.locator("tr[data-act=pick]").nth(1).click()
    page.locator(".midi-header tr", has_text="9.2").first.wait_for()
    assert "Patient's Name" in picked.inner_text()
    page.get_by_role("button", name="Header").click()
    picked.wait_for(state="detached")
    assert not explorer.header


def test_it_lives_in_jupyterlab(notebook: Any, make: Any, pair: tuple[Dataset, Dataset], tmp_path: Path) -> None:
    files = [str(make.saved(dataset, tmp_path / f"{number}.dcm")) for number, dataset in enumerate(pair)]
    page = notebook([f"import midi_nb as mn\ndiff = mn.widgets.header(*{files})\ndiff"])
    page.locator("[data-show=wrong]").click()
    page.kernel_has("diff.show", "wrong")
    assert page.locator(".midi-still").is_hidden()
    page.locator("tr[data-line].wrong").first.focus()
    for key in ("b", "d", "d", "ArrowDown", " "):
        page.keyboard.press(key)
    assert page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length") == 1
