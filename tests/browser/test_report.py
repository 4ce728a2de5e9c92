"""The report as it is printed: nothing stays folded away on paper."""

from __future__ import annotations

from typing import Any

import midi_nb as mn


def test_what_is_folded_on_the_screen_is_open_on_paper(chromium: Any, make: Any, tmp_path: Any) -> None:
    lost = {"action": "text_retained", "expected": "CHEST LOW", "actual": "CHEST", "verdict": "failed", "score": 0.5}
    rows = [lost | {"submission": name, "check": str(number)} for number, name in enumerate(("one", "two"))]
    path = mn.write_html(make.results(rows), tmp_path / "report.html")

    page = chromium.new_page(viewport={"width": 1000, "height": 800})
    page.goto(f"file://{path}")
    folded = page.locator("details .fixes td:last-child")
    assert [cell.is_visible() for cell in folded.all()] == [False, False]
    page.emulate_media(media="print")
    assert [cell.is_visible() for cell in folded.all()] == [True, True]
    page.close()
