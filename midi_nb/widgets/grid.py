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
    spare: str = (
        ""  # "narrow": left out beside the file browser; "phone": left out on one; "anywhere": its words may break
    )

    @property
    def look(self) -> str | None:
        """Its classes."""
        return " ".join(filter(None, ["number" if self.number else "", self.spare])) or None


def grid(label: str, columns: Sequence[Column], lines: Iterable[Markup]) -> Markup:
    """A table."""
    heads = [
        tag("th", tag("span", column.title), style=f"width:{column.width}" if column.width else None,
            class_=column.look, scope="col") for column in columns
    ]  # fmt: skip
    body = tag("tbody", list(lines), data_group=True)
    table = tag("table", tag("thead", tag("tr", heads)), body, class_="grid", aria_label=label)
    return tag("div", table, class_="scroll")


def line(columns: Sequence[Column], cells: Sequence[Any], **attributes: Any) -> Markup:
    """A row of a table."""
    shown = [
        tag("td", cell, class_=column.look, title=plain(join([cell])) or None)
        for column, cell in zip(columns, cells, strict=True)
    ]
    return tag("tr", shown, **attributes)


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
    where = f"{count(start + 1)} to {count(min(start + size, total))} of {count(total)}"
    turns = steps(act, page, (total - 1) // size + 1, what, ends=True)
    return tag("div", turns, tag("span", where, class_="quiet", aria_live="polite"), class_="line pager")
