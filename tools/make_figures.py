"""Make the pictures of the README from the demo: plots drawn here, widgets photographed and filmed in a real browser.

    python tools/make_figures.py [NAME …]     those of the README, or those named

They go to docs/images. Widgets need Chromium and playwright (``pip install 'midi_nb[dev]'``); where these are missing
their pictures are left as they are, and said so.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from PIL import Image, ImageOps

import midi_nb as mn

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
LARGEST = 300_000  # bytes

sys.path.insert(0, str(ROOT / "tests" / "browser"))
import harness  # noqa: E402 - the browser of the tests

SETUP = """
import midi_nb as mn
demo = mn.make_demo(progress=False)
careless = demo.submissions["careless"]
results = mn.explain(mn.evaluate(careless, demo.key, progress=False), released=careless, original=demo.original)
boxes = results[results["action"] == "pixels_hidden"]
images = [careless.folder / file for file in boxes["file"].dropna().unique()]
"""
HEADER = """
import pydicom
instance, file = results.loc[results["verdict"] == "failed", ["instance", "file"]].dropna().iloc[0]
originals = (path for path in demo.original.rglob("*.dcm") if pydicom.dcmread(path).SOPInstanceUID == instance)
mn.widgets.header(next(originals), careless.folder / file, results)
"""


def explorer(page: Any) -> Any:
    """A leak, its words and its rule."""
    page.locator(".facet button", has_text="privacy").first.click()
    page.kernel_has("explorer.filters", {"axis": ["privacy"]})
    page.locator("tr[data-act=pick]", has_text="Part of the text left").first.click()
    page.wait_for_selector(".midi-board section.card")
    return page.locator(".midi-board")


def viewer(page: Any) -> Any:
    """A box that was redacted in part, the original to its left."""
    page.wait_for_selector(".midi-viewer .midi-boxes li")
    page.kernel("[viewer.set_trait('frame', 3), viewer.set_trait('mode', 'swipe')]")
    page.wait_for_function("() => document.querySelector('.midi-screen').dataset.shown.startsWith('3 swipe')")
    page.wait_for_timeout(1000)
    return page.locator(".midi-viewer")


def deck(page: Any) -> Any:
    """A region to judge, released and original."""
    page.wait_for_selector(".midi-board .deck")
    page.locator(".midi-board .deck").focus()
    page.keyboard.press("ArrowRight")
    page.kernel_has("deck.place", 1)
    return page.locator(".midi-board")


def what_if(page: Any) -> Any:
    """Two problems ticked as fixed, and the score that follows."""
    page.wait_for_selector("input[data-act=tick]")
    page.locator("input[data-act=tick]").first.check()
    page.kernel_has("len(widget.fixed)", 1)
    page.locator("input[data-act=tick]").nth(1).check()
    page.kernel_has("len(widget.fixed)", 2)
    return page.locator(".midi-board")


def header(page: Any) -> Any:
    """Two headers side by side, the lines that failed first to be seen."""
    page.wait_for_selector(".midi-board .midi-header tbody tr")
    return page.locator(".midi-board")


#: Picture → the cell that shows the widget, what is done on it, and what is photographed.
WIDGETS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "explorer": ("explorer = mn.widgets.explore(results, careless, demo.original)\nexplorer", explorer),
    "viewer": ("viewer = mn.widgets.view(images, results, demo.original, height=460)\nviewer", viewer),
    "deck": ("deck = mn.widgets.review(results, careless, demo.original, log='verdicts.jsonl')\ndeck", deck),
    "what_if": ("widget = mn.widgets.what_if(results)\nwidget", what_if),
    "header": (HEADER, header),
}


def tour(page: Any) -> Iterator[int]:
    """The tour in moments, each so many milliseconds long: from six images to a name on an X-ray, and why."""
    page.wait_for_selector(".choices img")
    page.locator(".midi-board .midi-tour").evaluate("tour => tour.closest('.jp-Cell').scrollIntoView()")
    yield 2000
    choices, right = (
        page.locator(".choices button"),
        page.kernel("[not one['says'] for one in tour.content()['choices']]"),
    )
    choices.nth(right.index(False)).click()
    page.get_by_role("status").get_by_text("text").wait_for()
    yield 1800
    page.emulate_media(reduced_motion="reduce")
    choices.nth(right.index(True)).click()
    line = page.locator(".swipe + input")
    for place in (0, *range(15, 100, 15), 100, 72, 45):
        line.fill(str(place))
        yield 160 if 0 < place < 100 and place != 45 else 900
    page.get_by_role("button", name="Next").click()
    yield 2600
    page.get_by_role("button", name="Next").click()
    yield 2400
    page.get_by_role("button", name="Open it in the explorer").click()
    page.wait_for_selector(".midi-explorer section.card .texts")
    page.wait_for_timeout(1000)
    yield 2400


#: Film → the cell that shows the widget, and what is done in it.
FILMS: dict[str, tuple[str, Callable[[Any], Iterator[int]]]] = {
    "tour": ("tour = mn.tour(results, careless, demo.original)\ntour", tour),
}
#: Plot → what it is drawn from: explained results of all submissions, or those of `careless`.
PLOTS: dict[str, Callable[[Any, Any], Any]] = {
    "score": lambda _, one: mn.plots.score(mn.score(one, by="category")),
    "tradeoff": lambda results, _: mn.plots.tradeoff(results),
    "ranking": lambda results, _: mn.plots.ranking(mn.rank(results)),
    "causes": lambda _, one: mn.plots.causes(one, limit=10),
    "pareto": lambda _, one: mn.plots.pareto(mn.problems(one)),
    "heatmap": lambda results, _: mn.plots.heatmap(results, rows="action", columns="submission"),
    "changes": lambda results, one: mn.plots.changes(mn.compare(of(results, "untouched"), one)),
    "partial_scores": lambda _, one: mn.plots.partial_scores(one),
    "date_shifts": lambda _, one: mn.plots.date_shifts(one),
    "word_diff": lambda _, one: mn.plots.word_diff(one[one["cause"] == "leak_partial"].iloc[0]),
    "timelines": lambda _, one: mn.plots.timelines(mn.timelines(one)),
    "references": lambda _, one: mn.plots.references(mn.references(one, released=_careless())),
}
README = ("tradeoff", "ranking", "causes", "heatmap")


def _careless() -> Any:
    return mn.make_demo(progress=False).submissions["careless"]


def of(results: Any, submission: str) -> Any:
    """The results of one submission."""
    return results[results["submission"] == submission]


def compared() -> Any:
    """Explained results of all submissions of the demo."""
    demo = mn.make_demo(progress=False)
    runs = [mn.evaluate(one, demo.key, name=name, progress=False) for name, one in demo.submissions.items()]
    return mn.explain(mn.concat(runs))


def write(name: str, png: bytes) -> None:
    """Writes a picture with as few colours as it needs; one that is too large is refused."""
    small = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    if small.tell() > LARGEST:
        raise SystemExit(f"{name}.png would have {small.tell():,} bytes, more than {LARGEST:,}.")
    IMAGES.mkdir(parents=True, exist_ok=True)
    (IMAGES / f"{name}.png").write_bytes(small.getvalue())
    print(f"docs/images/{name}.png  {picture.width} × {picture.height}, {small.tell() // 1000} kB")


def framed(png: bytes) -> bytes:
    """A photograph with a margin round it."""
    inside, outside = Image.open(io.BytesIO(png)).convert("RGB"), io.BytesIO()
    ImageOps.expand(inside, border=20, fill="white").save(outside, "PNG")
    return outside.getvalue()


def draw(names: list[str]) -> None:
    """Draws plots of the demo."""
    results = compared()
    for name in names:
        axes = PLOTS[name](results, of(results, "careless"))
        picture = io.BytesIO()
        axes.figure.savefig(picture, format="png", dpi=120, bbox_inches="tight", facecolor="white")
        plt.close(axes.figure)
        write(name, picture.getvalue())


def photograph(names: list[str]) -> None:
    """Photographs widgets in JupyterLab; what the browser complains of ends it."""
    if why := harness.missing():
        print(f"Left as they are, for {why}: {', '.join(names)}")
        return
    mn.make_demo(progress=False)
    with harness.lab() as server, harness.chromium() as browser:
        for name in names:
            cell, act = WIDGETS[name]
            page = harness.open_notebook(
                server, browser, f"{name}.ipynb", [SETUP, cell], width=1280, height=1500, theme="light"
            )
            target = act(page)
            page.mouse.move(0, 0)
            page.wait_for_timeout(500)
            write(name, framed(target.screenshot()))
            harness.close(page)


def film(names: list[str]) -> None:
    """Films widgets: what the window shows, from the board on down."""
    if why := harness.missing():
        print(f"Left as they are, for {why}: {', '.join(names)}")
        return
    mn.make_demo(progress=False)
    with harness.lab() as server, harness.chromium() as browser:
        for name in names:
            cell, moments = FILMS[name]
            page = harness.open_notebook(
                server, browser, f"{name}.ipynb", [SETUP, cell], width=1180, height=860, theme="light"
            )
            pictures, lengths = [], []
            for length in moments(page):
                page.mouse.move(0, 0)
                shown = page.locator(".jp-WindowedPanel-outer").bounding_box()
                pictures.append(Image.open(io.BytesIO(page.screenshot(clip=shown))).convert("RGB"))
                lengths.append(length)
            harness.close(page)
            path = IMAGES / f"{name}.webp"
            first, *others = pictures
            first.save(path, save_all=True, append_images=others, duration=lengths, loop=0, quality=80, method=6)
            if path.stat().st_size > 4 * LARGEST:
                raise SystemExit(f"{path.name} has {path.stat().st_size:,} bytes, more than {4 * LARGEST:,}.")
            print(f"docs/images/{path.name}  {first.width} × {first.height}, {path.stat().st_size // 1000} kB")


def main(names: list[str]) -> None:
    known_names = [*PLOTS, *WIDGETS, *FILMS]
    if unknown := set(names) - {*known_names}:
        raise SystemExit(f"There is no picture {', '.join(sorted(unknown))}; there are {', '.join(known_names)}.")
    os.chdir(tempfile.mkdtemp())
    for make, known in ((draw, PLOTS), (photograph, WIDGETS), (film, FILMS)):
        if wanted := [name for name in known if name in (names or [*README, *WIDGETS, *FILMS])]:
            make(wanted)


if __name__ == "__main__":
    main(sys.argv[1:])
