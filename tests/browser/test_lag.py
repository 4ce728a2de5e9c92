"""The explorer over a slow line: whatever is done in the browser and in the kernel, both come to the same."""

from __future__ import annotations

import random
from typing import Any

import pandas as pd
import pytest

import midi_nb as mn
from midi_nb.widgets import explore

CLICKS = [
    "[data-id^=table-]", ".facet [data-act=toggle]", "tr[data-act=pick]", "[data-act=sort]", ".chip",
    "[data-act=page]:not([disabled])", "[data-act=example]:not([disabled])", "[data-act=toggle][data-id^=only-]",
]  # fmt: skip
CLICK = """([selector, number]) => {
  const all = [...document.querySelectorAll(selector)].filter((one) => one.getClientRects().length);
  all[number % all.length]?.click();
}"""
SEEN = """() => ({
  chips: [...document.querySelectorAll(".chip")].map((chip) => chip.dataset.id).sort(),
  search: document.querySelector("[data-id=search]").value,
  table: document.querySelector("[data-id^=table-][aria-pressed=true]").dataset.id,
  card: document.querySelector("section.card").innerText,
  said: document.querySelector("[data-page=main] .tabs .quiet").innerText,
  rows: [...document.querySelectorAll("tr[data-act=pick]")].map((row) => [row.dataset.of, row.ariaSelected]),
})"""


@pytest.fixture
def careless(small_demo: Any) -> pd.DataFrame:
    return mn.evaluate(small_demo.submissions["careless"], small_demo.key, progress=False)


@pytest.mark.parametrize("few", [True, False], ids=["all rows in the browser", "a page of rows at a time"])
@pytest.mark.parametrize("seed", [7, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(20) if seed != 7)])
def test_what_is_done_in_both_at_once_ends_alike(
    show: Any, careless: pd.DataFrame, seed: int, few: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not few:
        for name in ("MANY", "_FEW"):
            monkeypatch.setattr(f"midi_nb.widgets.rows.{name}", 5)
    explorer = explore(careless)
    page = show(explorer, lag=100)
    page.wait_for_selector("tr[data-act=pick]")
    chance = random.Random(seed)
    for _ in range(20):
        if chance.random() < 0.7:
            page.evaluate(CLICK, [chance.choice(CLICKS), chance.randrange(1000)])
        else:
            explorer.set(**chance.choice(cell(careless)))
        page.wait_for_timeout(chance.choice([0, 0, 10, 60, 200]))
    before = None
    while before != (seen := page.evaluate(SEEN)):
        before = seen
        page.wait_for_timeout(1000)
    fresh = show(explorer)  # what the kernel knows
    fresh.wait_for_selector("[data-id^=table-]")
    assert seen == fresh.evaluate(SEEN)


def test_filters_in_another_order_are_the_same_ones(
    show: Any, careless: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MANY", "_FEW"):
        monkeypatch.setattr(f"midi_nb.widgets.rows.{name}", 5)
    explorer = explore(careless)
    page = show(explorer)
    first = explorer.results[explorer.results["verdict"] == "failed"].iloc[0]
    modality, action = {"modality": [first["modality"]]}, {"action": [first["action"]]}
    explorer.set(table="failures", filters=modality | action)
    page.wait_for_selector("tr[data-act=pick]")
    explorer.filters = action | modality
    explorer.header = True
    assert page.locator("tr[data-act=pick]").count() > 0


def cell(results: pd.DataFrame) -> list[dict[str, Any]]:
    """What a cell of a notebook may set."""
    filters = [{"filters": {"modality": [text]}} for text in results["modality"].cat.categories]
    tables = [{"table": name} for name in ("problems", "failures", "checks", "map")]
    return [*filters, *tables, {"filters": {}}, {"search": "study"}, {"search": ""}, {"picked": 3}, {"page": 2}]
