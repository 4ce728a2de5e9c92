"""What a notebook keeps of a widget: a picture that follows what is done on it, no error when it is opened again."""

from __future__ import annotations

import re
from typing import Any

import harness

SETUP = """
import numpy as np, pandas as pd, midi_nb as mn
from midi_nb import progress
results = pd.read_pickle({path!r})
for _ in progress.counted(range(3), "file", "judged"):
    pass
explorer = mn.widgets.explore(results)
explorer
"""
VIEWER = "viewer = mn.widgets.view(np.arange(4096, dtype='uint16').reshape(64, 64))\nviewer"


def test_an_opened_notebook_shows_pictures_with_the_present_filters_and_no_error(
    notebook: Any, make: Any, keep: Any, tmp_path: Any
) -> None:
    leak = {"verdict": "failed", "score": 0.0, "expected": "DOE"}
    lost = leak | {"action": "text_retained", "tag_path": "(0018,1030)", "name": "Protocol Name"}
    make.results([leak, lost | {"check": "1"}]).to_pickle(tmp_path / "results.pkl")
    page = notebook([SETUP.format(path=str(tmp_path / "results.pkl")), VIEWER])
    pictures, lines = page.locator(".midi-still"), page.locator(".jp-OutputArea pre")
    page.wait_for_selector("tr[data-act=pick]")
    page.wait_for_selector(".midi-screen[data-shown]")
    assert [picture.is_visible() for picture in pictures.all()] == [False, False]

    page.locator(".facet button", has_text="text must go").click()
    page.wait_for_function("() => document.querySelector('.midi-still').textContent.includes('action: text must go')")
    assert not pictures.first.is_visible()

    harness.reopen(page)
    pictures.first.wait_for()
    assert [picture.is_visible() for picture in pictures.all()] == [True, True]
    assert pictures.first.locator(".chip").inner_text() == "action: text must go"
    keep(page, "reopened")
    assert page.get_by_text(re.compile("Error displaying|Loading widget")).filter(visible=True).count() == 0
    assert [line.inner_text().split(" in ")[0] for line in lines.all() if line.is_visible()] == ["3 files judged"]
