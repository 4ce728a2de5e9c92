"""The what-if in JupyterLab: ticks move the score and the rank."""

from __future__ import annotations

import pandas as pd
import pytest

import midi_nb as mn
from midi_nb.coded import concat


@pytest.fixture
def results(make, tmp_path):
    """Results of two submissions, the one slightly better than the other."""
    rows = [
        {
            "verdict": "passed" if n > 4 else "failed",
            "score": float(n > 4),
            "actual": "DOE",
            "tag_path": f"(0010,10{n:02d})",
            "name": f"Name {n}",
            "check": str(n),
        }
        for n in range(20)
    ]
    # Each attribute passes somewhere too: what fails wherever it is asked about is one problem.
    rows += [
        row | {"verdict": "passed", "score": 1.0, "instance": "1.9", "check": f"{n}b"} for n, row in enumerate(rows[:5])
    ]
    better = make.results([row | {"verdict": "passed"} if n < 2 else row for n, row in enumerate(rows)])
    path = tmp_path / "results.pkl"
    concat([make.results(rows), better.assign(submission=pd.Categorical(["better"] * len(better)))]).to_pickle(path)
    return path


def test_ticks_move_score_and_rank(notebook, results):
    source = f"""
import pandas as pd, midi_nb as mn
widget = mn.widgets.what_if(pd.read_pickle({str(results)!r}), "run")
widget"""
    page = notebook([source])
    page.wait_for_selector("input[data-act=tick]")
    boxes = page.locator("input[data-act=tick]")
    for number in range(2):
        boxes.nth(number).check()
    page.kernel_has("widget.scores.set_index('submission')['after'].round(3).to_dict()", {"run": 0.88, "better": 0.88})
    page.locator("tr[data-act=tick]").nth(1).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.kernel_has("len(widget.fixed)", 3)
    page.wait_for_function("() => document.querySelector('.midi-board').textContent.includes('rank 2 of 2 → 1 of 2')")
    page.locator("[data-id='weights-70/20/10']").click()
    page.locator("input[data-of=dicom]").fill("45")
    page.keyboard.press("Tab")
    page.kernel_has("widget.weights", {"hipaa": 70.0, "dicom": 45.0, "tcia": 10.0})
    page.get_by_role("button", name="better").click()
    page.kernel_has("(widget.submission, widget.fixed)", ("better", []))
    page.wait_for_function("() => document.querySelectorAll('input[data-act=tick]').length === 3")


def test_a_weight_that_is_refused_goes_from_its_field(show, results):
    widget = mn.widgets.what_if(pd.read_pickle(results), "run")
    widget.weights = {"hipaa": 5.0}
    page = show(widget)
    field = page.locator("input[data-of=hipaa]")
    back = "() => document.querySelector('input[data-of=hipaa]').value === '5'"
    field.fill("-5")
    page.keyboard.press("Tab")
    page.wait_for_function(back)
    field.focus()
    page.keyboard.press("ArrowDown")  # to 0: nothing would weigh anything
    page.wait_for_function(back)
    assert widget.weights == {"hipaa": 5.0}
