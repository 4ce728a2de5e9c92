"""Tables and pagers as markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from .page import Markup, button, count, join, plain, tag

__all__ = ["Column", "grid", "line", "pager", "steps"]


class Column(NamedTuple):
    """A column of a table: its name, its title, its width in CSS, whether it holds numbers, where it is left out."""

    name: str
    title: str
    width: str = ""
    number: bool = False
    spare: str = ""  # "narrow": left out beside the file browser; "phone": left out on one

    @property
    def look(self) -> str | None:
        """Its classes."""
        return " ".join(filter(None, ["number" if self.number else "", self.spare])) or None


def grid(
    label: str, columns: Sequence[Column], lines: Iterable[Markup], sort: str | None = None, total: int = 0
) -> Markup:
    """A table, a page of `total` rows; its headings sort if `sort` tells by which column they do now."""
    head = tag("thead", tag("tr", [_heading(column, sort) for column in columns]))
    body = tag("tbody", list(lines), data_group=True)
    role = {"role": "grid", "aria_rowcount": total} if total else {}
    return tag("div", tag("table", head, body, class_="grid", aria_label=label, **role), class_="scroll")


def line(columns: Sequence[Column], cells: Sequence[Any], **attributes: Any) -> Markup:
    """A row of a table."""
    shown = [
        tag("td", cell, class_=column.look, title=plain(join([cell])) or None)
        for column, cell in zip(columns, cells, strict=True)
    ]
    return tag("tr", shown, **attributes)


def _heading(column: Column, sort: str | None) -> Markup:
    name, title, width = column[:3]
    order = {name: "ascending", f"-{name}": "descending"}.get(sort or "")
    arrow = {"ascending": " ▴", "descending": " ▾"}.get(order or "")
    face: Markup = tag("span", title)
    if sort is not None:
        shown = join([title, tag("span", arrow, aria_hidden="true") if arrow else None])
        face = button(shown, "sort", name, data_id=f"sort-{name}", title=f"Sort by {title.lower()}")
    style = f"width:{width}" if width else None
    return tag("th", face, style=style, class_=column.look, scope="col", aria_sort=order)


def steps(act: str, place: int, places: int, what: str, ends: bool = False) -> Markup:
    """Buttons that go to the previous and the next of some places, and with `ends` to the first and the last."""
    last = places - 1
    signs = [("‹", f"Previous {what}", place - 1, place == 0), ("›", f"Next {what}", place + 1, place >= last)]
    if ends:
        signs = [("«", f"First {what}", 0, place == 0), *signs, ("»", f"Last {what}", last, place >= last)]
    buttons = [
        button(sign, act, to, disabled=off, aria_label=label, title=label, data_id=label)
        for sign, label, to, off in signs
    ]
    return tag("span", buttons, class_="joined")


def pager(act: str, page: int, size: int, total: int, what: str = "page") -> Markup | None:
    """Buttons that turn pages of `size` rows, and which rows are shown; None if there is one page only."""
    if total <= size:
        return None
    start = page * size
    told = f"{count(start + 1)} to {count(min(start + size, total))} of {count(total)}"
    turns = steps(act, page, (total - 1) // size + 1, what, ends=True)
    return tag("div", turns, tag("span", told, class_="quiet", aria_live="polite"), class_="line pager")
