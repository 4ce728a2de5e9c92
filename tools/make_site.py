"""Build the site: notebooks with their outputs, a gallery, the reference, and pages that live without a kernel.

    python tools/make_site.py [FOLDER]     build/site unless another folder is named

Needs ``pip install 'midi_nb[docs]'``. Nothing is fetched; a warning of Sphinx, a link that leads nowhere or a page that
would load something from another host fails the build. Executed notebooks are kept in build/notebooks (by tests too),
and executed again only when they, or the package, are newer.
"""

from __future__ import annotations

import inspect
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import matplotlib.pyplot as plt
import nbformat
from nbclient import NotebookClient

import midi_nb as mn

sys.path.insert(0, str(Path(__file__).parent))
import make_figures

ROOT = Path(__file__).parents[1]
LIVE = {"explorer.html", "header.html", "report.html"}  # scripts make parts of these
#: Widgets of the gallery: picture in docs/images and what it shows.
WIDGETS = {
    "explorer": ("explore", "Failures, filtered, searched, opened down to the word and the pixel"),
    "viewer": ("view", "Original and released image, with the boxes that the key asks for"),
    "deck": ("review", "A person judges the burned-in text, card by card"),
    "what_if": ("what_if", "The score once the ticked problems are fixed"),
    "header": ("header", "Two headers as in a code review, each line with what the key asks"),
}


def main(target: Path) -> None:
    """Puts the sources together, builds, and checks what was built."""
    source = target.with_name(f"{target.name}-source")
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(ROOT / "docs" / "site", source)
    shutil.copytree(ROOT / "docs", source / "docs", ignore=shutil.ignore_patterns("site", "*.ipynb"))
    (source / "data").mkdir()
    shutil.copy(ROOT / "data" / "README.md", source / "data")
    shutil.copy(ROOT / "CHANGELOG.md", source)
    executed(sorted((ROOT / "notebooks").glob("*.ipynb")), ROOT / "build" / "notebooks", source / "notebooks")
    (source / "api.rst").write_text(reference(), encoding="utf-8")
    (source / "gallery.md").write_text(gallery(source / "gallery"), encoding="utf-8")
    live(source / "live")
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", source, target], check=True)
    shutil.rmtree(target / ".doctrees")
    if faults := sorted(broken(target)):
        sys.exit("\n".join(faults))
    print(f"{target / 'index.html'}: {len(list(target.rglob('*.html')))} pages")


def executed(notebooks: list[Path], kept: Path, into: Path) -> None:
    """Executes notebooks, two at a time, and puts them with their outputs into a folder."""
    package = max(path.stat().st_mtime for path in (ROOT / "midi_nb").rglob("*") if "__pycache__" not in path.parts)
    kept.mkdir(parents=True, exist_ok=True)
    into.mkdir()

    def run(path: Path) -> None:
        made = kept / path.name
        if not made.exists() or made.stat().st_mtime < max(package, path.stat().st_mtime):
            notebook = nbformat.read(path, as_version=4)
            NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}}).execute()
            nbformat.write(notebook, made)
            print(f"executed {path.name}", flush=True)
        shutil.copy(made, into)

    mn.make_demo(progress=False)  # once, before two of them ask for it
    os.environ.pop("MPLBACKEND", None)  # kernels draw into the notebook
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(run, notebooks))


def reference() -> str:
    """Every verb of the face and of its rooms, under the room it lives in."""
    rooms: dict[str, list[str]] = {}
    for name in mn.__all__:
        thing = getattr(mn, name)
        if inspect.ismodule(thing):
            rooms[thing.__name__] = [f"{thing.__name__}.{verb}" for verb in thing.__all__]
        else:
            rooms.setdefault(".".join(thing.__module__.split(".")[:2]), []).append(f"midi_nb.{name}")
    pieces = [
        "Reference",
        "=========",
        "",
        "``import midi_nb as mn``; everything here is asked of a plain DataFrame. In examples ``demo`` is",
        "``mn.make_demo()``, and ``results`` are those of its careless submission.",
        "",
    ]
    for room in sorted(rooms):
        title = room.removeprefix("midi_nb.")
        said = (inspect.getdoc(sys.modules[room]) or "").split("\n\n")[0]
        pieces += [title, "-" * len(title), "", said, ""]
        for verb in sorted(rooms[room]):
            thing = pkgutil.resolve_name(verb)
            if callable(thing):
                pieces += [f".. {'autoclass' if inspect.isclass(thing) else 'autofunction'}:: {verb}", ""]
    return "\n".join(pieces)


def gallery(into: Path) -> str:
    """Cards of all plots, drawn from the demo, and of the widgets."""
    into.mkdir()
    results, cards = make_figures.compared(), []
    plots = {name for name in mn.plots.__all__ if callable(getattr(mn.plots, name))}
    if unseen := plots - set(make_figures.PLOTS) | set(mn.widgets.__all__) - {verb for verb, _ in WIDGETS.values()}:
        sys.exit(f"The gallery has no picture of {', '.join(sorted(unseen))}: see PLOTS, WIDGETS.")
    for name, draw in make_figures.PLOTS.items():
        draw(results, make_figures.of(results, "careless")).figure.savefig(into / f"{name}.svg", bbox_inches="tight")
        plt.close("all")
        said = (getattr(mn.plots, name).__doc__ or "").split("\n")[0]
        cards.append(card(f"plots.{name}", f"gallery/{name}.svg", said))
    shown = [card(f"widgets.{verb}", f"docs/images/{name}.png", said) for name, (verb, said) in WIDGETS.items()]
    parts = ["# Gallery", "## Plots", *grid(cards), "## Widgets", *grid(shown)]
    return "\n\n".join(parts) + "\n"


def card(verb: str, picture: str, said: str) -> str:
    head = f":::{{grid-item-card}} `mn.{verb}`\n:link: midi_nb.{verb}\n:link-type: any\n:class-card: gallery"
    return f"{head}\n![{said}]({picture})\n\n{said}\n:::"


def grid(cards: list[str]) -> list[str]:
    return ["::::{grid} 1 2 2 2\n:gutter: 3", *cards, "::::"]


def live(into: Path) -> None:
    """Pages of the demo that need no kernel: explorer, report, header diff; and the tour, a block of the front page."""
    into.mkdir()
    demo = mn.make_demo(progress=False)
    careless = demo.submissions["careless"]
    results = mn.explain(mn.evaluate(careless, demo.key, progress=False), released=careless, original=demo.original)
    mn.write_page(results, into / "explorer.html", released=careless, original=demo.original)
    mn.write_html(results, into / "report.html", released=careless, original=demo.original)
    tour = into.parent / "tour.html"
    mn.write_tour(results, tour, careless, demo.original, explorer="explorer.html", block=True)
    uids = mn.read_mapping(careless.uids)
    instance, file = results.loc[results["verdict"] == "failed", ["instance", "file"]].dropna().iloc[0]
    original = next(path for path in demo.original.rglob("*.dcm") if instance in uids and is_instance(path, instance))
    mn.write_header(original, careless.folder / file, results, into / "header.html")


def is_instance(path: Path, uid: str) -> bool:
    import pydicom

    return pydicom.dcmread(path, specific_tags=["SOPInstanceUID"], stop_before_pixels=True).SOPInstanceUID == uid


class Links(HTMLParser):
    """What a page links to, and what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids.update(str(given[name]) for name in ("id", "name") if given.get(name))
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        elif tag in ("script", "img", "iframe", "source") and given.get("src"):
            self.loads.append(str(given["src"]))
        elif tag == "link" and given.get("rel") in ("stylesheet", "icon", "preload"):
            self.loads.append(str(given["href"]))


def broken(site: Path) -> Iterator[str]:
    """Links of the site that lead nowhere, and what would be loaded from elsewhere."""
    pages = {}
    for path in site.rglob("*.html"):
        pages[path] = Links()
        pages[path].feed(path.read_text("utf-8"))
    for path, page in pages.items():
        name = path.relative_to(site)
        yield from (f"{name}: loads {one} from another host" for one in page.loads if re.match(r"(https?:)?//", one))
        for link in (*page.links, *page.loads):
            url = urlsplit(link)
            if url.scheme or url.netloc:
                continue
            there = (path.parent / unquote(url.path)).resolve() if url.path else path
            there = there / "index.html" if there.is_dir() else there
            if not there.exists():
                yield f"{name}: {link} leads nowhere"
            elif url.fragment and not {name.name, there.name} & LIVE and there in pages:
                known = pages[there].ids
                if unquote(url.fragment) not in known:
                    yield f"{name}: {link} leads to no part of the page"


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT / "build" / "site")
