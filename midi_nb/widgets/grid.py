"""Tables as markup, for readers without a kernel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..vocabulary import head_of
from .page import Markup, join, plain, tag

__all__ = ["grid"]

_NUMBERS = ("rows", "gain", "score", "rank")  # columns of numbers


def grid(label: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Markup:
    """A table of columns by their names, with their heads from the vocabulary."""
    looks = ["number" if name in _NUMBERS else None for name in names]
    heads = [
        tag("th", tag("span", head_of(name)), class_=look, scope="col") for name, look in zip(names, looks, strict=True)
    ]
    lines = [
        tag("tr", [tag("td", cell, class_=look, title=plain(join([cell])) or None)
                   for cell, look in zip(row, looks, strict=True)]) for row in rows
    ]  # fmt: skip
    table = tag("table", tag("thead", tag("tr", heads)), tag("tbody", lines), class_="grid", aria_label=label)
    return tag("div", table, class_="scroll")
