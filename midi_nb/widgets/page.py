"""Markup, and numbers as people read them. Every text is escaped by `tag`; there is no other way to make markup."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape, unescape
from typing import Any

from ..amounts import count, percent, points
from ..coded import utf8
from ..looks import SIGNS

__all__ = [
    "MARKS",
    "Markup",
    "bar",
    "button",
    "clipped",
    "count",
    "join",
    "percent",
    "plain",
    "points",
    "signed",
    "swatch",
    "tag",
]

_EMPTY = frozenset(("br", "img", "input", "meta"))
#: Meaning → the sign that says it where colours cannot.
MARKS = SIGNS


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, /, *children: Any, **attributes: Any) -> Markup:
    """One HTML element; children that are not `Markup` are escaped, None is left out, lists are joined.

    >>> tag("td", "<script>", tag("b", 1), class_="value", data_act=None, hidden=True)
    '<td class="value" hidden>&lt;script&gt;<b>1</b></td>'
    """
    pairs = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    written = "".join(
        f" {key}" if value is True else f' {key}="{_safe(value)}"'
        for key, value in pairs
        if value is not None and value is not False
    )
    return Markup(f"<{name}{written}>" if name in _EMPTY else f"<{name}{written}>{join(children)}</{name}>")


def join(children: Iterable[Any]) -> Markup:
    """Children one after another, as `tag` takes them."""
    return Markup("".join(_inner(child) for child in children))


def _inner(child: Any) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    return join(child) if isinstance(child, list | tuple) else _safe(child)


def _safe(value: Any) -> str:
    return escape(utf8(str(value)), quote=True)


def button(label: Any, act: str, of: Any = None, **attributes: Any) -> Markup:
    """A button that sends the kernel `act`, and what it is about."""
    return tag("button", label, type="button", data_act=act, data_of=of, **attributes)


def clipped(text: str, length: int = 80) -> str:
    """A text for a table cell: one line, not longer than `length`."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def plain(markup: Markup) -> str:
    """The text of markup, without signs.

    >>> plain(tag("td", swatch("fail"), " ", tag("b", "A < B")))
    'A < B'
    """
    bare = re.sub(r'<span[^>]* aria-hidden="true"[^>]*>[^<]*</span>', "", markup)
    return unescape(re.sub(r"<[^>]*>", "", bare)).strip()


def swatch(meaning: str) -> Markup:
    """The colour and the sign of a meaning."""
    return tag("span", MARKS.get(meaning, ""), class_=f"sign {meaning}", aria_hidden="true")


def signed(meaning: str, word: str, text: Any) -> Markup:
    """A text behind the sign of a meaning; a screen reader says the word."""
    return tag("span", swatch(meaning), tag("span", tag("span", word, ": ", class_="unseen"), text), class_="signed")


def bar(share: float, meaning: str = "") -> Markup:
    """A bar of that share of its width."""
    return tag("span", class_=f"bar {meaning}", style=f"width:{100 * min(max(share, 0), 1):.1f}%", aria_hidden="true")
