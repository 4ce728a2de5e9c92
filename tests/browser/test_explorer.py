"""The explorer in JupyterLab: clicks, keys, focus, and what the kernel knows of them."""

from __future__ import annotations

import numpy as np
import pytest

SCRIPT = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
SHORTCUTS = ["b", "a", "d", "d", "x", "m"]  # JupyterLab's: insert, cut, delete and turn cells
CELLS = "() => window.jupyterapp.shell.currentWidget.content.widgets.map((cell) => cell.model.type).join()"


@pytest.fixture
def files(make, tmp_path):
    """A folder with results of 40 checks and the image that one of them is about."""
    text = np.kron(np.random.default_rng(0).integers(0, 2, (6, 16)) * 200, np.ones((2, 2)))
    values = np.full((48, 64), 40, "uint8")
    values[4:16, 8:40] = text
    make.file(tmp_path / "1.dcm", "9.1", pixels=values)
    lost = {
        "action": "text_retained",
        "tag_path": "(0018,1030)",
        "name": "Protocol Name",
        "category": "tcia",
        "verdict": "failed",
        "score": 0.0,
    }
    rows = [lost | {"expected": f"WORD{n} CHEST", "actual": f"CHEST{n}"} for n in range(30)]
    rows.append(
        lost
        | {
            "name": SCRIPT,
            "expected": SCRIPT,
            "actual": SCRIPT + "X",
            "patient": SCRIPT,
            "modality": SCRIPT,
            "tag_path": "(0018,1031)",
        }
    )
    rows.append(
        {
            "action": "pixels_hidden",
            "tag_path": "(7fe0,0010)",
            "name": "Pixel Data",
            "expected": "DOE",
            "actual": "DOE",
            "verdict": "failed",
            "score": 0.0,
            "x0": 8,
            "y0": 4,
            "x1": 40,
            "y1": 16,
            "file": "1.dcm",
            "instance": "1",
            "released": "9.1",
        }
    )
    rows += [{"verdict": "passed"}] * 8
    make.results([row | {"check": str(number)} for number, row in enumerate(rows)]).to_pickle(tmp_path / "results.pkl")
    return tmp_path


@pytest.fixture
def page(notebook, files):
    source = f"""
import pandas as pd, midi_nb as mn
explorer = mn.widgets.explore(pd.read_pickle({str(files / "results.pkl")!r}), {str(files)!r})
explorer"""
    page = notebook([source])
    page.wait_for_selector("tr[data-act=pick]")
    return page


@pytest.mark.smoke
def test_from_the_score_to_the_image_in_two_clicks_and_back(page):
    page.locator(".facet button", has_text="text in pixels must go").click()
    page.kernel_has("explorer.filters", {"action": ["pixels_hidden"]})
    page.wait_for_function("() => document.querySelectorAll('tr[data-act=pick]').length === 1")
    page.locator("tr[data-act=pick]").click()
    page.wait_for_selector(".midi-viewer canvas")
    page.kernel_has("explorer.selection['expected'].tolist()", ["DOE"])
    page.locator("button.chip").click()
    page.kernel_has("len(explorer.selection)", 32)
    page.wait_for_selector(".midi-viewer", state="detached")

    # Markup in values is text, wherever it stands.
    page.locator("[data-id=table-failures]").click()
    page.fill("[data-id=search]", "onerror")
    page.wait_for_function("() => document.querySelectorAll('tr[data-act=pick]').length === 1")
    page.locator("tr[data-act=pick]").click()
    page.wait_for_selector(".midi-board section.card")
    assert page.locator(".midi-board section.card").inner_text().count("<script>") >= 2
    assert page.title() != "run"

    # Typing is not disturbed by what arrives meanwhile, and the pages follow it.
    page.fill("[data-id=search]", "")
    page.locator("[data-id=search]").press_sequentially("word1", delay=60)
    page.kernel_has("(explorer.search, len(explorer.filtered))", ("word1", 11))
    assert page.evaluate("() => document.activeElement.type + document.activeElement.value") == "searchword1"

    # Every part is reached by keys, and JupyterLab's own keys are kept away from it.
    page.fill("[data-id=search]", "")
    page.kernel_has("len(explorer.filtered)", 32)
    before = page.evaluate(CELLS)
    row = page.locator("tr[data-act=pick]").first
    row.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.kernel_has("explorer.picked", 2)
    assert page.evaluate("() => document.activeElement.dataset.id") == "row-2"
    stray = (
        "() => [...document.querySelectorAll('.midi-board :is(button, input, select, summary, a[href], [tabindex])')]"
    )
    assert page.evaluate(f"() => ({stray})().length") > 30
    assert page.evaluate(f"() => ({stray})().filter((e) => !e.hasAttribute('data-lm-suppress-shortcuts')).length") == 0
    for element in ("tr[data-act=pick]", ".facet summary", ".facet button", "[data-id=table-problems]"):
        page.locator(element).first.focus()
        for key in SHORTCUTS:
            page.keyboard.press(key)
    assert page.evaluate(CELLS) == before

    # What the kernel sets is shown.
    page.locator("[data-id='Next page']").click()
    page.kernel_has("explorer.page", 1)
    page.kernel("explorer.set(table='problems')")
    page.wait_for_function(
        "() => document.querySelector('[data-id=table-problems]').getAttribute('aria-pressed') === 'true'"
    )
    assert page.locator("[role=region][aria-label='Results']").count() == 1
