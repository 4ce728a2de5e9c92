"""Facets: the texts of a column as bars, each a button that filters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from .. import causes
from .page import Markup, bar, button, count, swatch, tag

__all__ = ["MEANINGS", "facet"]

#: Verdict → how it looks.
MEANINGS = {"failed": "fail", "blank": "blank", "passed": "pass", "lost": "blank"}

_ROWS = 60  # more than one would read; the search finds the others
_OPEN = ("submission", "verdict", "axis", "cause", "action")
_AXIS_OF = {cause.code: cause.axis for cause in causes.CAUSES}


def facet(name: str, texts: pd.Index, counts: np.ndarray, chosen: set[int], label: Callable[[str], str]) -> Markup:
    """The bars of one column, the longest first; those that are chosen are there even if nothing is left of them."""
    order = [int(code) for code in np.argsort(-counts, kind="stable")[:_ROWS]]
    codes = [*sorted(chosen.difference(order)), *(code for code in order if counts[code] or code in chosen)]
    most, kinds = max(int(counts.max(initial=0)), 1), int((counts > 0).sum())
    rows = [_row(name, code, str(texts[code]), int(counts[code]), most, code in chosen, label) for code in codes]
    more = f"and {count(kinds - _ROWS)} more: search for them" if kinds > _ROWS else None
    head = tag("summary", name.capitalize(), tag("span", count(kinds), class_="quiet"), data_id=f"facet-{name}")
    body = tag("ul", rows, tag("li", more, class_="quiet") if more else None, data_group=True)
    return tag("details", head, body, class_="facet", open=name in _OPEN or bool(chosen), data_id=name)


def _row(name: str, code: int, text: str, number: int, most: int, chosen: bool, label: Callable[[str], str]) -> Markup:
    meaning = _meaning(name, text)
    said = tag("span", swatch(meaning) if meaning else None, label(text), title=label(text))
    face = [
        tag("span", said, tag("span", count(number), class_="number"), class_="label"),
        bar(number / most if number else 0, meaning),
    ]
    state = {"aria_pressed": str(chosen).lower(), "class_": None if number else "empty"}
    return tag("li", button(face, "toggle", f"{name}:{code}", data_id=f"{name}:{code}", data_item=True, **state))


def _meaning(name: str, text: str) -> str:
    """The meaning whose colour a bar takes; none for what has no colour of its own."""
    if name == "cause":
        return _AXIS_OF.get(text, "")
    return text if name == "axis" else MEANINGS.get(text, "") if name == "verdict" else ""
