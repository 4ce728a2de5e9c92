"""A visit of two minutes: notebook 00 as Binder opens it, Run All, and two clicks to a name that is still legible.

Screenshots of each step are in build/screenshots, to be looked at.
"""

from __future__ import annotations

from typing import Any

import pytest
from test_notebooks import NOTEBOOKS

pytestmark = pytest.mark.notebook

#: The windows of visitors; 200 % zoom is half a window with two points a pixel.
WINDOWS = {
    "1280-light": {"width": 1280, "height": 800, "theme": "light", "files": True},
    "1280-dark": {"width": 1280, "height": 800, "theme": "dark", "files": True},
    "700": {"width": 700, "height": 900, "theme": "light"},
    "zoom": {"width": 640, "height": 400, "theme": "light", "scale": 2},
    "phone": {"width": 390, "height": 844, "theme": "dark", "scale": 2},
}
USUAL = ("1280-light", "phone")

# How much of an element is within the window and the notebook's scrolled part, from 0 to 1.
SEEN = """(selector) => {
  const element = document.querySelector(selector), { top, bottom, height } = element.getBoundingClientRect();
  const outer = document.querySelector('.jp-WindowedPanel-outer').getBoundingClientRect();
  return Math.max(0, Math.min(bottom, outer.bottom) - Math.max(top, outer.top)) / height;
}"""


def windows() -> list[Any]:
    return [pytest.param(name, marks=[] if name in USUAL else pytest.mark.long) for name in WINDOWS]


@pytest.mark.parametrize("window", windows())
def test_run_all_and_at_most_two_clicks_show_a_legible_name_in_its_box(notebook: Any, keep: Any, window: str) -> None:
    page = notebook(NOTEBOOKS / "00_start_here.ipynb", **WINDOWS[window])
    page.wait_for_selector("tr[data-act=pick]")
    keep(page, f"visit-{window}-1-run-all")
    # JupyterLab scrolls to the last cell once more when the widget has its height.
    page.wait_for_function(f"() => ({SEEN})('.midi-board .big') === 1")  # the score is on the screen
    assert page.evaluate(SEEN, "tr[data-act=pick]") > 0, "and the first row"

    page.locator("tr[data-act=pick]", has_text="Burned-in text legible").click()
    page.wait_for_function("() => document.querySelector('.midi-label')?.textContent.includes('✖ legible')")
    keep(page, f"visit-{window}-2-image")
    assert page.evaluate(SEEN, ".midi-viewer rect.midi-fail") == 1, "the box is on the screen"

    page.get_by_role("button", name="Clear all").click()
    page.wait_for_selector("button.chip", state="detached")
    page.locator("tr[data-act=pick]").first.click()
    page.wait_for_selector(".midi-board section.card")
    keep(page, f"visit-{window}-3-words")
    assert page.evaluate(SEEN, ".midi-board .texts") == 1, "the words are on the screen"
