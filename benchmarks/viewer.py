"""How long the redaction viewer takes from a hand's move to changed pixels, in JupyterLab in headless Chromium.

    python benchmarks/viewer.py                     # 2048 × 2048, 16 bit, software rendering: the worst case
    python benchmarks/viewer.py --size 1024 --slices 12

Times run from the event to the animation frame after the one that drew it, as median and 95th percentile.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "browser"))
import harness

NOTEBOOK = """
import numpy as np
from midi_nb.widgets import view
y, x = np.mgrid[:{size}, :{size}]
before = [(2000 + 1500 * np.sin(x / 90 + n) * np.cos(y / 70)).astype(np.uint16) for n in range({slices})]
after = [values.copy() for values in before]
for values in after:
    values[100:160, 100:900] = 0
viewer = view(after, original=before)
viewer
"""

# Does something and gives the milliseconds until the screen has been drawn anew (slice: until that one is drawn).
TIMED = """async ([what, argument]) => {
  const canvas = document.querySelector('.midi-screen');
  const box = canvas.getBoundingClientRect();
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  const at = (type, dx, dy) => canvas.dispatchEvent(
    new PointerEvent(type, { bubbles: true, pointerId: 1, button: 0, clientX: x + dx, clientY: y + dy }));
  canvas.setPointerCapture = () => {};
  const key = (name, shiftKey = false) =>
    canvas.dispatchEvent(new KeyboardEvent('keydown', { key: name, shiftKey, bubbles: true }));
  if (what === 'drag') at('pointerdown', 0, 0);
  const drawn = canvas.dataset.drawn, started = performance.now();
  if (what === 'drag') at('pointermove', argument, argument);
  else key(argument.key, argument.shift);
  const there = () => argument.slice === undefined || canvas.dataset.shown.startsWith(argument.slice + ' ');
  const done = () => canvas.dataset.drawn !== drawn && there();
  while (!done()) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  const spent = performance.now() - started;
  if (what === 'drag') at('pointerup', argument, argument);
  await new Promise((later) => setTimeout(later, 250));
  return spent;
}"""
IDLE = "() => new Promise((done) => setTimeout(done, 2500))"


def timings(page: Any, slices: int) -> dict[str, list[float]]:
    """Milliseconds by what was done, in the order it was done."""
    page.wait_for_function("() => document.querySelector('.midi-screen')?.dataset.drawn > 1")
    page.evaluate(IDLE)

    def timed(what: str, argument: Any) -> float:
        return float(page.evaluate(TIMED, [what, argument]))

    found: dict[str, list[float]] = {}
    found["window by drag"] = [timed("drag", 10 + 7 * (n % 5)) for n in range(15)]
    found["zoom"] = [timed("key", {"key": "+" if n % 2 else "-"}) for n in range(10)]
    found["pan"] = [timed("key", {"key": "ArrowLeft", "shift": True}) for _ in range(10)]
    page.keyboard.press("r")
    found["before / after, first"] = [timed("key", {"key": "2"})]
    found["before / after"] = [timed("key", {"key": "12"[n % 2]}) for n in range(10)]
    found["swipe"] = [timed("key", {"key": "s"})] + [timed("key", {"key": ".,"[n % 2]}) for n in range(10)]
    found["difference"] = [timed("key", {"key": "d"})]
    timed("key", {"key": "1"})
    found["slice, first visit"] = [timed("key", {"key": "End", "slice": slices - 1})]
    page.evaluate(IDLE)
    found["slice, again"] = [
        timed("key", {"key": k, "slice": s}) for _ in range(4) for k, s in (("Home", 0), ("End", slices - 1))
    ]
    found["slice, next one (fetched ahead)"] = [timed("key", {"key": "ArrowLeft", "slice": slices - 2})]
    return found


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--size", type=int, default=2048)
    arguments.add_argument("--slices", type=int, default=6)
    asked = arguments.parse_args()
    if reason := harness.missing():
        arguments.exit(2, f"{reason}\n")
    cells = [NOTEBOOK.format(size=asked.size, slices=asked.slices)]
    with harness.lab() as server, harness.chromium() as browser:
        page = harness.open_notebook(server, browser, "viewer.ipynb", cells, width=1400, height=1000, theme="light")
        rows = timings(page, asked.slices)
        harness.close(page)
    print(f"{asked.size} × {asked.size}, 16 bit\n{'':34}{'times':>6}{'ms':>8}{'p95 ms':>8}")
    for name, values in rows.items():
        print(f"{name:34}{len(values):6}{statistics.median(values):8.0f}{np.percentile(values, 95):8.0f}")


if __name__ == "__main__":
    main()
