"""The notebooks as a reader meets them: run all, click, page, press keys, in both themes; and the Voilà page.

The screenshots in build/screenshots are there to be looked at.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import harness
import pytest

import midi_nb as mn

pytestmark = pytest.mark.notebook
NOTEBOOKS = harness.REPOSITORY / "notebooks"
THEMES = ("light", pytest.param("dark", marks=pytest.mark.long))


@pytest.fixture(autouse=True, scope="module")
def _demo() -> None:
    mn.make_demo(progress=False)


@pytest.fixture
def opened(notebook: Callable[..., Any]) -> Callable[..., Any]:
    """Opens a notebook of ours and runs all of it."""

    def open_notebook(name: str, theme: str = "light") -> Any:
        return notebook(NOTEBOOKS / f"{name}.ipynb", width=1280, height=1000, theme=theme)

    return open_notebook


def explore(page: Any) -> None:
    """From a bar to a problem to its failures, as a visitor would."""
    page.wait_for_selector("tr[data-act=pick]")
    if page.locator("button.chip").count():
        page.get_by_role("button", name="Clear all").click()
    page.locator("[data-id=table-problems]").scroll_into_view_if_needed()
    page.locator(".facet button", has_text="privacy").first.click()
    page.kernel_has("explorer.filters", {"axis": ["privacy"]})
    page.kernel_has("set(explorer.selection['axis'])", {"privacy"})
    page.locator("tr[data-act=pick]").first.click()
    page.wait_for_selector(".midi-board section.card")


@pytest.mark.long  # test_visit opens it in CI
@pytest.mark.parametrize("theme", THEMES)
def test_start_here_shows_the_explorer_that_filters_and_tells(
    opened: Callable[..., Any], keep: Any, theme: str
) -> None:
    page = opened("00_start_here", theme)
    explore(page)
    keep(page, f"00_start_here-{theme}")


@pytest.mark.parametrize("theme", THEMES)
def test_why_it_failed_pages_and_adds_up_what_would_be_mended(
    opened: Callable[..., Any], keep: Any, theme: str
) -> None:
    page = opened("02_why_it_failed", theme)
    explore(page)
    keep(page, f"02_explorer-{theme}")
    page.locator("[data-id=table-failures]").click()
    page.kernel_has("explorer.table", "failures")  # on the page of the check that was picked as a problem
    page.kernel("explorer.set(picked=-1, page=0)")
    page.wait_for_selector("[data-id='Previous page']:disabled")
    page.locator("[data-id='Next page']").first.click()
    page.kernel_has("explorer.page", 1)
    box = page.locator("input[type=checkbox][data-act]").first
    box.scroll_into_view_if_needed()
    box.check()
    page.kernel_has("bool((widget.scores['gain'] > 0).all())", True)
    keep(page, f"02_what_if-{theme}")


@pytest.mark.parametrize("theme", THEMES)
def test_pixel_redaction_steps_compares_and_judges_by_keys(opened: Callable[..., Any], keep: Any, theme: str) -> None:
    page = opened("03_pixel_redaction", theme)
    cells = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"
    before = page.evaluate(cells)
    screen = page.locator(".midi-screen").first
    screen.scroll_into_view_if_needed()
    screen.focus()
    page.keyboard.press("ArrowRight")
    page.kernel_has("viewer.frame", 1)
    page.keyboard.press("2")
    page.kernel_has("viewer.mode", "before")
    keep(page, f"03_viewer-{theme}")
    page.locator("[data-keys*='h=']").first.focus()
    page.keyboard.press("v")
    page.keyboard.press("h")
    page.keyboard.press("z")
    page.kernel_has("deck.results['judged'].dropna().tolist()", ["visible"])
    page.locator("[data-keys*='h=']").first.scroll_into_view_if_needed()
    keep(page, f"03_deck-{theme}")
    assert page.evaluate(cells) == before, "no key of a widget reached JupyterLab"


@pytest.fixture
def voila(tmp_path: Path) -> Iterator[str]:
    """The address of the page without code."""
    if not find_spec("voila"):
        pytest.skip("voila is not installed")
    command = [
        sys.executable, "-m", "voila", str(harness.REPOSITORY / "docs" / "page.ipynb"), "--port={port}", "--no-browser",
        "--Voila.ip=127.0.0.1", "--theme=light",
    ]  # fmt: skip
    own = {name: str(tmp_path / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    with harness.served(command, tmp_path, own) as address:
        yield address


def test_voila_shows_a_page_without_code(voila: str, chromium: Any, keep: Any) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 1000})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(voila, wait_until="domcontentloaded", timeout=120_000)
    page.wait_for_selector("tr[data-act=pick]", timeout=120_000)
    tour = page.locator(".midi-tour")
    assert tour.locator("h2").inner_text() == "One of these six images still shows a name. Which?"
    tour.get_by_role("button", name="Show me").click()
    tour.locator("h2", has_text="can still be read").wait_for()
    assert page.locator("h1").first.inner_text().startswith("Did this tool really de-identify these images?")
    assert not page.locator("text=import midi_nb").count(), "no code is shown"
    assert not page.locator("body").get_by_text("None", exact=True).count()
    assert not page.get_by_text("Error displaying widget").count()
    assert not page.locator(".midi-still").filter(visible=True).count(), "where the widget lives, its picture does not"
    page.locator("tr[data-act=pick]").first.click()
    page.wait_for_selector(".midi-board section.card")
    keep(page, "voila", full_page=True)
    page.close()
    assert not errors
