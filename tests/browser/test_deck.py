"""The review deck in JupyterLab: judged by keys, kept on the disk, gone on with after a restart."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from midi_nb.widgets import review

CELLS = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"


@pytest.fixture
def files(make, tmp_path):
    """A folder with four images and the results of a check of each."""
    rows = []
    for number in range(1, 5):
        make.file(
            tmp_path / f"{number}.dcm",
            f"9.{number}",
            pixels=np.random.default_rng(number).integers(0, 255, (48, 64)).astype("uint8"),
        )
        rows.append(
            {
                "action": "pixels_hidden",
                "tag_path": "(7fe0,0010)",
                "expected": "DOE",
                "actual": "DOE",
                "verdict": "failed",
                "score": 0.0,
                "x0": 8,
                "y0": 4,
                "x1": 40,
                "y1": 16,
                "file": f"{number}.dcm",
                "instance": f"1.{number}",
                "released": f"9.{number}",
                "check": str(number),
            }
        )
    make.results(rows).to_pickle(tmp_path / "results.pkl")
    return tmp_path


def test_keys_judge_and_the_next_process_goes_on(notebook, show, files):
    source = f"""
import pandas as pd, midi_nb as mn
results = pd.read_pickle({str(files / "results.pkl")!r})
deck = mn.widgets.review(results, {str(files)!r}, log={str(files / "verdicts.jsonl")!r})
deck"""
    page = notebook([source])
    page.wait_for_selector(".midi-board .deck figure")
    cells = page.evaluate(CELLS)
    page.locator(".midi-board .deck h4").click()
    page.locator(".midi-board .deck").focus()
    for number, key in enumerate("hvu", 1):
        page.keyboard.press(key)
        page.wait_for_function(
            f"() => document.querySelector('.midi-board .big').textContent.startsWith('{number} of 4')"
        )
    page.kernel_has("deck.checks['judged'].tolist()[:3]", ["hidden", "visible", "unsure"])
    assert page.evaluate("() => document.activeElement.className") == "deck"
    page.keyboard.press("z")
    page.kernel_has("(deck.place, int(deck.checks['judged'].notna().sum()))", (2, 2))
    page.keyboard.press("ArrowLeft")
    page.kernel_has("deck.place", 1)
    page.keyboard.press("c")
    page.kernel_has("deck.contrast", True)
    for key in "badxm":
        page.keyboard.press(key)
    assert page.evaluate(CELLS) == cells
    page.locator("[data-id=visible]").click()
    page.kernel_has("deck.checks['judged'].tolist()[1]", "visible")
    assert [json.loads(line).get("verdict") for line in (files / "verdicts.jsonl").read_text().splitlines()] == [
        "hidden",
        "visible",
        "unsure",
        None,
        "visible",
    ]

    again = review(pd.read_pickle(files / "results.pkl"), files, log=files / "verdicts.jsonl")
    assert (again.place, again.results["verdict"].tolist()[:2]) == (2, ["passed", "failed"])
    show(again).wait_for_selector(".deck figure")


def test_keys_work_from_every_part_of_the_deck(show, files):
    deck = review(pd.read_pickle(files / "results.pkl"), files, log=files / "verdicts.jsonl")
    page = show(deck)
    for number, part in enumerate(("[data-id=go1]", "header .big"), 1):
        page.locator(part).click()
        page.keyboard.press("h")
        page.wait_for_function(f"() => document.querySelector('.big').textContent.startsWith('{number} of 4')")
    assert deck.checks["judged"].tolist()[1:3] == ["hidden", "hidden"]


@pytest.mark.smoke
def test_after_the_last_card_a_key_overwrites_nothing(show, files):
    deck = review(pd.read_pickle(files / "results.pkl"), files, log=files / "verdicts.jsonl")
    page = show(deck)
    page.locator(".deck").focus()
    for number, key in enumerate("hhhv", 1):
        page.keyboard.press(key)
        page.wait_for_function(f"() => document.querySelector('.big').textContent.startsWith('{number} of 4')")
    page.get_by_text("All 4 checks judged").wait_for()
    assert page.get_by_text("3 failed → passed").is_visible()
    page.keyboard.press("h")
    page.keyboard.press("z")
    page.wait_for_function("() => document.querySelector('.big').textContent.startsWith('3 of 4')")
    assert deck.checks["judged"].isna().tolist() == [False, False, False, True]
    assert len((files / "verdicts.jsonl").read_text().splitlines()) == 5
