"""The tour in a browser: as a file from the disk without a network, by mouse and by keys alone, and as a widget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import midi_nb as mn

BOX = {
    "action": "pixels_hidden", "tag_path": "(7fe0,0010)", "name": "Pixel Data", "expected": "DOE <b>JANE</b>",
    "x0": 8, "y0": 4, "x1": 40, "y1": 16,
}  # fmt: skip
READ = BOX | {"actual": "DOE <b>JANE</b>", "verdict": "failed", "score": 0.0}
HIDDEN = BOX | {"actual": "", "state": "empty"}
STEPS = ["1 Find", "2 Compare", "3 Why", "4 Fix"]


@pytest.fixture
def case(make: Any, tmp_path: Path) -> tuple[Any, Path, Path]:
    """Results, released and original files: a text that is dimmed in image 1, covered in images 2 and 3."""
    text = np.kron(np.random.default_rng(0).integers(0, 2, (6, 16)) * 200, np.ones((2, 2)))
    rows = []
    for number, (row, left) in enumerate([(READ, 0.5), (HIDDEN, 0), (HIDDEN, 0)], 1):
        for folder, new, share in (("original", "", 1), ("released", "9.", left)):
            values = np.full((48, 64), 40, "uint8")
            values[4:16, 8:40] = text * share
            make.file(tmp_path / folder / f"{number}.dcm", f"{new}1.2.{number}", pixels=values)
        names = {"instance": f"1.2.{number}", "released": f"9.1.2.{number}", "file": f"{number}.dcm"}
        rows.append(row | names | {"check": str(number)})
    return make.results(rows), tmp_path / "released", tmp_path / "original"


@pytest.fixture
def page(chromium: Any, case: Any, tmp_path: Path) -> Any:
    """The tour as a file, and the explorer it ends in; whatever they ask for or complain of fails the test."""
    mn.write_page(case[0], tmp_path / "explorer.html", *case[1:])
    path = mn.write_tour(case[0], tmp_path / "tour.html", *case[1:], explorer="explorer.html")
    page, wrong = chromium.new_page(viewport={"width": 1100, "height": 800}), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text))
    page.on("request", lambda asked: asked.url.startswith(("file:", "data:")) or wrong.append(asked.url))
    page.context.set_offline(True)
    page.goto(f"file://{path}")
    page.wait_for_selector(".choices img")
    yield page
    page.context.set_offline(False)
    page.close()
    assert not wrong


def steps(page: Any) -> dict[str, bool]:
    """The steps that can be gone to; True for the one that is shown."""
    buttons = page.locator(".midi-tour nav button:enabled")
    return {one.inner_text(): one.get_attribute("aria-pressed") == "true" for one in buttons.all()}


def choices(page: Any) -> tuple[Any, Any]:
    """The image to find, and a clean one."""
    buttons = page.locator(".choices button")
    buttons.nth(2).wait_for()
    # The text is as bright as half of what it was; where it is covered, the box is dark all over.
    inks = page.evaluate(
        """() => Promise.all([...document.querySelectorAll(".choices img")].map(async (image) => {
          await image.decode();
          const canvas = new OffscreenCanvas(64, 48), pen = canvas.getContext("2d");
          pen.drawImage(image, 0, 0);
          return Math.max(...pen.getImageData(8, 4, 32, 12).data.filter((_, at) => at % 4 === 0));
        }))"""
    )
    return buttons.nth(int(np.argmax(inks))), buttons.nth(int(np.argmin(inks)))


@pytest.mark.smoke
def test_it_is_played_by_mouse_from_the_disk_and_ends_in_the_explorer(page: Any) -> None:
    right, wrong = choices(page)
    assert page.locator("h2").inner_text() == "One of these three images still shows what had to be hidden. Which?"
    assert steps(page) == {"1 Find": True}
    wrong.click()
    assert page.get_by_role("status").inner_text() == "No text can be read in this one: it is covered. Try another one."
    assert "no text" in wrong.inner_text()
    assert steps(page) == {"1 Find": True}, "and may be tried again"
    right.click()
    assert page.locator("h2").inner_text() == "“DOE <b>JANE</b>” can still be read"
    assert not page.get_by_role("status").is_visible()
    assert steps(page) == dict.fromkeys(STEPS, False) | {"2 Compare": True}
    swipe = page.locator(".swipe").bounding_box()
    page.mouse.move(swipe["x"] + swipe["width"] / 2, swipe["y"] + 40)
    page.mouse.down()
    page.mouse.move(swipe["x"] + swipe["width"] * 0.8, swipe["y"] + 40)
    page.mouse.up()
    assert page.locator(".sides input").input_value() == "80"
    page.get_by_role("button", name="Next").click()
    assert "the cover is not opaque" in page.locator(".says").inner_text()
    page.get_by_role("button", name="Next").click()
    assert "66.67 % → 100 % +33.33" in page.locator(".says").inner_text()
    page.get_by_role("link", name="Open it in the explorer").click()
    page.wait_for_selector("section.card .texts")
    assert page.locator("tr[aria-selected=true]").count() == 1
    assert "covered but legible" in page.locator("section.card").inner_text()


def test_it_is_played_by_keys_alone(page: Any) -> None:
    right, wrong = choices(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    focused = ".choices button:focus"
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
    assert page.locator(focused).get_attribute("aria-label").startswith("Image 3")
    while not page.evaluate("(one) => one === document.activeElement", wrong.element_handle()):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.locator(focused).get_attribute("aria-label").endswith(", no text")
    while not page.evaluate("(one) => one === document.activeElement", right.element_handle()):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    assert page.locator("h2:focus").inner_text().endswith("can still be read"), "the focus goes to what is new"
    page.wait_for_function("() => document.querySelector('.sides input').value === '50'")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    assert page.locator(".sides input").input_value() == "49"
    page.keyboard.press("Escape")
    assert steps(page)["2 Compare"], "nothing is lost by Escape"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert steps(page)["3 Why"]
    for key in ("Tab", "Tab", "Tab", "Enter"):  # line, Next, Back
        page.keyboard.press(key)
    assert steps(page)["2 Compare"], "and back"


def test_who_cannot_see_it_is_shown_it(page: Any) -> None:
    page.get_by_role("button", name="Show me").click()
    assert steps(page)["2 Compare"]


@pytest.mark.parametrize(("width", "height"), [(390, 844), (640, 400)])
def test_it_fits_a_phone_and_a_window_at_200_percent(page: Any, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(reduced_motion="reduce", color_scheme="dark")
    page.get_by_role("button", name="Show me").click()
    for name in STEPS:
        page.get_by_role("button", name=name).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    page.get_by_role("button", name="2 Compare").click()
    assert page.locator(".swipe").bounding_box()["height"] < height * 0.8
    glides = "getComputedStyle(document.querySelector('.gliding .swipe'), '::after').transitionDuration"
    assert page.evaluate(glides) == "0s"
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(glides).startswith("0.9s")


def test_as_a_widget_it_ends_in_the_explorer_below_and_is_led_from_the_kernel(show: Any, case: Any) -> None:
    tour = mn.tour(*case)
    page = show(tour)
    page.wait_for_selector(".choices img")
    choices(page)[0].click()
    page.wait_for_selector("h2:text('can still be read')")
    assert tour.step == 1
    tour.step = 3
    page.wait_for_selector("h2:text('What fixing it gains')")
    assert page.locator(".midi-explorer").count() == 0
    page.get_by_role("button", name="Open it in the explorer").click()
    page.wait_for_selector("section.card .texts")
    assert tour.step == 4
    assert page.locator("tr[aria-selected=true]").count() == 1
    page.wait_for_selector(".midi-viewer .midi-label")
    page.get_by_role("button", name="Clear all").click()
    page.wait_for_selector("button.chip", state="detached")
    assert tour.filters == {}


def test_results_without_a_tour_open_in_the_explorer_at_once(show: Any, case: Any) -> None:
    page = show(mn.tour(case[0]))
    page.wait_for_selector("h2:text('There is no tour of these results')")
    page.wait_for_selector("tr[data-act=pick]")
    assert page.locator(".midi-tour button:visible").count() == 0
