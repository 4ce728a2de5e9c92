"""Plots as drawings of the page: their ink is that of the page, so light, dark and paper all get the same ones."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import pandas as pd

from .. import plots
from ..frames import count_rows
from ..scores import ranking

__all__ = ["Figure", "of", "ranked"]


class Figure(NamedTuple):
    """The inside of an SVG, its view box and width, the finding it shows; or notes why there is none."""

    caption: str = ""
    drawing: Any = None
    box: str = ""
    width: int = 0
    notes: Sequence[str] = ()


def of(results: pd.DataFrame, problems: pd.DataFrame, several: bool, complete: bool) -> list[Figure]:
    """The failures of `results`: by cause, by problem, by attribute."""
    drawn: list[Callable[[], Any]] = [lambda: plots.causes(results, limit=15)]
    if len(problems) and not several:
        drawn.append(lambda: plots.pareto(problems, limit=12))
    if complete and not count_rows(results).any():
        across = "submission" if several else "modality"
        drawn.append(lambda: plots.heatmap(results, rows="tag", columns=across, limit=20))
    return [_drawn(draw) for draw in drawn]


def ranked(results: pd.DataFrame, names: Sequence[Any]) -> list[Figure]:
    """Who is first, and how sure that is; for two, what became of each check from the lower to the higher."""
    found = [_computed(lambda: ranking.rank(results), plots.ranking), _computed(lambda: results, plots.tradeoff)]
    if len(names) == 2:
        higher, lower = (results[results["submission"] == name] for name in names)
        found.append(_computed(lambda: ranking.compare(lower, higher), partial(plots.changes, by="action")))
    return found


def _computed(compute: Callable[[], pd.DataFrame], draw: Callable[[pd.DataFrame], Any]) -> Figure:
    """A picture of what is computed, with its warnings; or why there can be none."""
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            frame = compute()
        figure = _drawn(lambda: draw(frame))
    except ValueError as reason:
        return Figure(notes=[str(reason)])
    return figure._replace(notes=[str(one.message) for one in warned if one.category is UserWarning])


_INK, _PAPER, _VOID = "#010203", "#fdfefc", "#f2f2f2"  # colours no palette has: they become those of the page


def _drawn(draw: Callable[[], Any]) -> Figure:
    """A plot, its title as caption."""
    import matplotlib.pyplot as plt
    from matplotlib.colors import to_hex

    inks = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color", "grid.color")
    papers = ("axes.facecolor", "figure.facecolor", "savefig.facecolor")
    style = {**dict.fromkeys(inks, _INK), **dict.fromkeys(papers, _PAPER)}
    with plt.ioff(), plt.rc_context(style | {"svg.fonttype": "none", "svg.hashsalt": "midi_nb"}):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a label too long for its figure: nothing that a reader can fix
            spare = plt.figure()  # so that an empty Axes of the caller's is not the current one, to be drawn on
            spare.add_subplot().set_axis_off()
            ax = draw()
            finding = " ".join(ax.get_title("left").replace(r"\$", "$").split())
            ax.set_title("", loc="left")
            for part in (ax.figure, *ax.figure.axes):  # the page shades the edge where a picture goes on
                part.patch.set_visible(to_hex(part.get_facecolor()) != _PAPER)
            drawing = io.StringIO()
            ax.figure.savefig(drawing, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
        for figure in (ax.figure, spare):
            plt.close(figure)
    return _inline(drawing.getvalue(), finding)


def _inline(svg: str, finding: str) -> Figure:
    """A matplotlib figure as part of the page: its ids are its own, its colours and fonts those of the page."""
    from markupsafe import Markup

    opening, drawing = svg[svg.index("<svg") :].split(">", 1)
    for pattern in (r"<metadata>.*?</metadata>", r"<style.*?</style>", r' id="[a-zA-Z.]+\d?[a-zA-Z.]*_\d+"'):
        drawing = re.sub(pattern, "", drawing, flags=re.DOTALL)
    for ours, colour in {_INK: "currentColor", _PAPER: "var(--card)", _VOID: "var(--void)"}.items():
        drawing = drawing.replace(ours, colour)
    box = re.findall(r"[\d.]+", opening.split('viewBox="')[1].split('"')[0])
    inside = Markup(drawing.removesuffix("</svg>\n"))  # noqa: S704 (matplotlib escapes the texts it draws)
    return Figure(finding, inside, " ".join(box), round(float(box[2]) * 4 / 3))
