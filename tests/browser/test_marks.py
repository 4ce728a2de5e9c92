"""The viewer's marks: they stay where the focus goes, and nothing said of one image stays with the next."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from midi_nb.widgets import view

BOX = {
    "action": "pixels_hidden",
    "x0": 8,
    "y0": 4,
    "x1": 40,
    "y1": 16,
    "expected": "DOE",
    "actual": "DOE",
    "verdict": "failed",
}
ON_TOP = """(selector) => {
  const { x, y, width, height } = document.querySelector(selector).getBoundingClientRect();
  const marks = document.querySelector(".midi-stage").querySelectorAll("svg, svg *, .midi-divider");
  marks.forEach((mark) => { mark.style.pointerEvents = "auto"; });
  const found = document.elementFromPoint(x + width / 2, y + height / 2);
  marks.forEach((mark) => { mark.style.pointerEvents = ""; });
  return found.closest("svg, .midi-divider, canvas").getAttribute("class");
}"""


@pytest.fixture
def images(make, tmp_path):
    """Two images of two patients: paths of the released files, of the originals, and the results of a check of each."""
    paths = {"released": [], "original": []}
    for number in (1, 2):
        for side, prefix in (("released", "9."), ("original", "")):
            paths[side].append(tmp_path / f"{side}{number}.dcm")
            make.file(paths[side][-1], f"{prefix}1.{number}", pixels=np.full((48, 64), 40 * number, "uint8"))
    results = make.results([BOX | {"instance": f"1.{n}", "released": f"9.1.{n}", "check": str(n)} for n in (1, 2)])
    return paths["released"], paths["original"], results


@pytest.mark.smoke
def test_boxes_labels_and_the_swipe_line_stay_on_the_image_that_has_the_focus(show: Any, images: Any) -> None:
    released, original, results = images
    page = show(view(released, results, original))
    page.wait_for_selector(".midi-label")
    page.locator(".midi-screen").focus()
    page.keyboard.press("s")
    page.wait_for_selector(".midi-divider:visible")
    assert page.evaluate("document.activeElement.matches('.midi-screen:focus-visible')")
    assert page.evaluate(ON_TOP, ".midi-label") == "midi-marks"
    assert page.evaluate(ON_TOP, ".midi-divider") == "midi-divider"


def test_the_value_under_the_mouse_is_that_of_the_image_that_is_shown(show: Any, images: Any) -> None:
    released, _, results = images
    page = show(view(released, results))
    page.wait_for_selector(".midi-label")
    page.locator(".midi-screen").hover()
    page.wait_for_function("() => document.querySelector('.midi-probe').textContent.includes(': 40 ·')")
    page.keyboard.press("Tab")
    page.locator(".midi-screen").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('.midi-screen').dataset.shown.startsWith('1 ')")
    assert ": 80 ·" in page.locator(".midi-probe").inner_text()


def test_a_stack_of_images_says_what_it_counts(show: Any, make: Any, tmp_path: Any) -> None:
    for number, series in enumerate(("3.1", "3.1", "3.2"), 1):
        pixels = np.zeros((48, 64), "uint8")
        make.file(tmp_path / f"{number}.dcm", f"9.{number}", pixels=pixels, SeriesInstanceUID=series)
    paths = [tmp_path / f"{number}.dcm" for number in (1, 2, 3)]

    for stack, counted in (
        (paths, "image 1 of 3, 0 boxes"),
        (paths[:2], "slice 1 of 2, 0 boxes"),
        (paths[:1], "0 boxes"),
    ):
        page = show(view(stack))
        page.wait_for_function("(said) => document.querySelector('.midi-status').textContent === said", arg=counted)
