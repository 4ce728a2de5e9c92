"""The report as it is printed and on a phone: nothing stays folded away on paper, nothing is wider than the screen."""

from __future__ import annotations

from typing import Any

import pytest

import midi_nb as mn


@pytest.fixture(scope="module")
def path(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The report of two submissions with six problems each: attributes that stay in another instance."""
    lost = {"action": "text_retained", "expected": "CHEST LOW" * 40, "actual": "CHEST", "verdict": "failed", "score": 0}
    rows = [
        lost | {"submission": name, "check": str(number), "series": f"E{number}", "instance": f"I{number}"}
        | {"tag_path": f"(0018,10{number}0)", "tag": f"(0018,10{number}0)", "name": "Name" * 12}
        for name in ("one", "two") for number in range(6)
    ]  # fmt: skip
    passed = [row | {"instance": "I", "actual": row["expected"], "verdict": "passed", "score": 1} for row in rows]
    return mn.write_html(make.results([*rows, *passed]), tmp_path_factory.mktemp("report") / "report.html")


def test_what_is_folded_on_the_screen_is_open_on_paper(chromium: Any, path: Any) -> None:
    page = chromium.new_page(viewport={"width": 1000, "height": 800})
    page.goto(f"file://{path}")
    folded = page.locator("details .fixes td:last-child")
    assert [cell.is_visible() for cell in folded.all()] == [False, False]
    page.emulate_media(media="print")
    assert [cell.is_visible() for cell in folded.all()] == [True, True]
    page.close()


def test_on_paper_two_pages_come_before_the_appendix(chromium: Any, path: Any) -> None:
    page = chromium.new_page(viewport={"width": 1000, "height": 800})
    page.goto(f"file://{path}")
    whole = page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n")
    page.add_style_tag(content=".appendix { display: none; }")
    assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 2 < whole
    page.emulate_media(media="print")
    breaks = page.locator(".appendix").evaluate_all("all => all.map((one) => getComputedStyle(one).breakBefore)")
    assert breaks == ["page", *["auto"] * (len(breaks) - 1)]
    page.close()


@pytest.mark.parametrize("width", [390, 700, 1280])
def test_a_screen_never_scrolls_sideways_however_long_a_name_is(chromium: Any, path: Any, width: int) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 800})
    page.goto(f"file://{path}")
    page.evaluate(
        """() => document.querySelectorAll("bdi, .compared th").forEach((one) => {
            if (one.textContent === "two") one.textContent = "team_mercury_run_".repeat(9);
        })"""
    )
    assert page.get_by_text("team_mercury").count() > 3
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator(".framed:has(.compared)").first.evaluate("(one) => one.scrollWidth") < 1.1 * max(width, 900)
    page.close()
