"""The widgets elsewhere than in JupyterLab: converted to HTML, under Notebook 7, under marimo.

Notebook 7 and marimo are no part of the development environment; where they are installed, they are tried.
"""

from __future__ import annotations

import json
import sys
from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import harness
import numpy as np
import pytest

CELL = """import pandas as pd, midi_nb as mn
results = pd.read_pickle({path!r})
explorer = mn.widgets.explore(results, {folder!r})
explorer.set(table="failures", picked=0)
explorer"""
AFTERWARDS = """explorer.filters = {"action": ["pixels_hidden"]}"""
LEAK = {"verdict": "failed", "score": 0.0, "expected": "DOE", "actual": "DOE"}
BOX = {"action": "pixels_hidden", "x0": 8, "y0": 4, "x1": 40, "y1": 16, "file": "1.dcm", "released": "9.1"}


@pytest.fixture
def cell(make, tmp_path) -> str:
    """A cell that shows an explorer of two failures, one of them in an image."""
    make.file(tmp_path / "1.dcm", "9.1", pixels=np.arange(48 * 64, dtype="uint16").reshape(48, 64))
    make.results([LEAK | BOX, LEAK | {"check": "1"}]).to_pickle(tmp_path / "results.pkl")
    return CELL.format(path=str(tmp_path / "results.pkl"), folder=str(tmp_path))


def try_out(page: Any) -> None:
    """A filter, a row, its image, and a key in it: what only a live widget does."""
    page.wait_for_selector("tr[data-act=pick]", timeout=60_000)
    page.wait_for_selector(".midi-viewer .midi-label")
    if page.locator("button.fold").is_visible():
        page.locator("button.fold").click()
    page.locator(".facet button", has_text="text must go").click()
    page.wait_for_selector("button.chip")
    page.locator("tr[data-act=pick]").click()
    page.wait_for_selector(".midi-viewer", state="detached")
    page.locator("button.chip").click()
    page.wait_for_selector("button.chip", state="detached")
    page.locator("tr[data-act=pick]").first.click()
    page.wait_for_selector(".midi-viewer .midi-label")
    page.locator(".midi-screen").focus()
    page.keyboard.press("n")
    page.wait_for_selector(".midi-boxes [aria-pressed=true]")
    assert not page.locator(".midi-still:visible").count()
    left = [page.locator(f"table.grid {cell}").nth(2).bounding_box()["x"] for cell in ("th", "td")]
    assert left[0] == left[1], "a head stands above its column"


def test_a_converted_notebook_shows_the_picture_with_the_state_of_widgets_and_without(
    cell: str, chromium: Any, keep: Any, tmp_path: Path
) -> None:
    import nbformat
    from nbclient import NotebookClient
    from nbconvert import HTMLExporter

    notebook = nbformat.from_dict(harness.as_notebook([cell, AFTERWARDS]))
    NotebookClient(notebook, timeout=120).execute()
    without = deepcopy(notebook)
    del without.metadata["widgets"]
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    for state, book in {"with": notebook, "without": without}.items():
        (tmp_path / "page.html").write_text(HTMLExporter().from_notebook_node(book)[0], encoding="utf-8")
        page.goto(f"file://{tmp_path}/page.html", wait_until="domcontentloaded")
        page.locator(".midi-still").wait_for()
        assert page.get_by_text("This is a picture. Run the cell to use it.").is_visible()
        assert page.locator(".midi-still .chip").inner_text() == "action: text in pixels must go"
        keep(page, f"nbconvert-{state}-state", full_page=True)
    page.close()


@pytest.mark.skipif(not find_spec("notebook"), reason="Notebook 7 is not installed")
def test_notebook_7(cell: str, chromium: Any, keep: Any, tmp_path: Path) -> None:
    (tmp_path / "own.ipynb").write_text(json.dumps(harness.as_notebook([cell])))
    command = [
        sys.executable, "-m", "notebook", "--no-browser", "--ip=127.0.0.1", "--port={port}", "--allow-root",
        "--IdentityProvider.token=", "--expose-app-in-browser",
    ]  # fmt: skip
    with harness.served(command, tmp_path) as address:
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/notebooks/own.ipynb", wait_until="domcontentloaded")
        page.wait_for_function("() => window.jupyterapp", timeout=60_000)
        assert page.evaluate(harness.READY) == "connected/idle"
        page.evaluate(harness.RUN_ALL)
        try_out(page)
        keep(page, "notebook-7")
        page.close()


APP = """import marimo
app = marimo.App()

@app.cell
def _():
{cell}
    return
"""


@pytest.mark.skipif(not find_spec("marimo"), reason="marimo is not installed")
def test_marimo(cell: str, chromium: Any, keep: Any, tmp_path: Path) -> None:
    body = "\n".join(f"    {line}" for line in cell.splitlines())
    (tmp_path / "app.py").write_text(APP.format(cell=body))
    command = [sys.executable, "-m", "marimo", "run", "app.py", "--headless", "--no-token", "--port={port}"]
    with harness.served(command, tmp_path) as address:
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        page.goto(address, wait_until="domcontentloaded")
        try_out(page)
        keep(page, "marimo")
        page.close()
