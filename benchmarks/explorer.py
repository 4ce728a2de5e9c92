"""How long the explorer takes in Chromium, from a click or a key to changed rows, at 200,000 failing checks.

    python benchmarks/explorer.py [--rows 1000000] [--failures 199000]

The frame is that of insight.py. Each figure is the median of seven, the time of drawing included.
"""

from __future__ import annotations

import argparse
import base64
import shutil
import statistics
import time
from typing import Any

from insight import make_results
from playwright.sync_api import sync_playwright

import midi_nb as mn
from midi_nb.widgets import explore

LOAD = """async ([esm, css, data, buffers]) => {
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
  const { explorer } = await import(URL.createObjectURL(new Blob([esm], { type: "text/javascript" })));
  const unpacked = (text) => new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
  const whole = explorer.unpacked(data, buffers.map(unpacked)), root = document.querySelector("#board");
  const start = performance.now();
  window.board = explorer.render(root, whole, { kernel: true, changed: () => {} });
  root.getBoundingClientRect();
  return performance.now() - start;
}"""
TIMED = """(states) => states.map((state) => {
  const start = performance.now();
  board.state(state);
  document.querySelector("#board").getBoundingClientRect();
  return performance.now() - start;
})"""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FAILURES = {"table": "failures", "filters": {}, "search": "", "sort": "", "page": 0, "picked": -1, "example": 0}


def medians(page: Any, what: str, *states: dict[str, Any]) -> None:
    """Prints the median of going through some states several times."""
    taken = page.evaluate(TIMED, [FAILURES | state for _ in range(7) for state in states])
    print(f"{what:<38}{statistics.median(taken):8.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--failures", type=int, default=199_000)
    asked = parser.parse_args()
    results = mn.explain(make_results(asked.rows, asked.failures))
    start = time.perf_counter()
    explorer, sent = explore(results), []
    explorer.send = lambda content, buffers=None: sent.append((content, buffers or []))
    explorer.hear({"kind": "ready"})
    data, buffers = sent[0]
    failing = int((results["verdict"] != "passed").sum())
    kinds = len(buffers[data["data"]["kinds"]["count"]["buffer"]]) // data["data"]["kinds"]["count"]["bytes"]
    print(f"{len(results):,} checks, {failing:,} failed or blank, {kinds:,} kinds, covers: {data['data']['covers']}")
    print(f"{'open, in Python':<38}{time.perf_counter() - start:8.2f} s")
    print(f"{'buffers':<38}{sum(map(len, buffers)) / 1e6:8.1f} MB")
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]).new_page()
        page.set_content('<!doctype html><div id="board"></div>')
        packed = [base64.b64encode(buffer).decode() for buffer in buffers]
        opened = page.evaluate(LOAD, [explorer._esm, explorer._css, data["data"], packed])
        print(f"{'open, in the browser':<38}{opened:8.1f} ms")
        one, two = {"filters": {"modality": [2]}}, {"filters": {"modality": [3], "action": [1, 2]}}
        medians(page, "problems, a filter", one | {"table": "problems"}, two | {"table": "problems"})
        medians(page, "failures, a filter", one, two)
        medians(page, "failures, a filter, sorted", one | {"sort": "expected"}, two | {"sort": "-expected"})
        medians(page, "failures, next page", {"page": 1}, {"page": 2})
        medians(page, "failures, a search", {"search": "meyer"}, {"search": "contrast 17"})
        medians(page, "map, a filter", one | {"table": "map"}, two | {"table": "map"})


if __name__ == "__main__":
    main()
