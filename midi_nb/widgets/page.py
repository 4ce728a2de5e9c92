"""Markup, and numbers as people read them. Every text is escaped, by `tag` or by the macros of kit.html."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from ..amounts import count, percent
from ..causes import CAUSES
from ..coded import utf8
from ..looks import PALETTE, SIGNS
from ..shown import template
from .practice import practice, rule

__all__ = ["MEANINGS", "PAGE", "Markup", "clipped", "count", "join", "kit", "macros", "percent", "tag"]

PAGE = 12  # rows of a table
#: Verdict → how it looks.
MEANINGS = {"failed": "fail", "blank": "blank", "passed": "pass", "lost": "blank"}

_EMPTY = frozenset(("br", "img", "input", "meta"))


def tag(name: str, /, *children: Any, **attributes: Any) -> Markup:
    """One HTML element; children that are not `Markup` are escaped, None is left out, lists are joined.

    >>> tag("td", "<script>", tag("b", 1), class_="value", data_act=None, hidden=True)
    Markup('<td class="value" hidden>&lt;script&gt;<b>1</b></td>')
    """
    pairs = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    written = "".join(
        f" {key}" if value is True else f' {key}="{escape(utf8(str(value)))}"'
        for key, value in pairs
        if value is not None and value is not False
    )
    inner = "" if name in _EMPTY else f"{join(children)}</{name}>"
    return Markup(f"<{name}{written}>{inner}")  # noqa: S704 – the one place


def join(children: Iterable[Any]) -> Markup:
    """Children one after another, as `tag` takes them."""
    return Markup().join(map(_inner, children))


def _inner(child: Any) -> str:
    if child is None or isinstance(child, list | tuple):
        return join(child or ())
    return child if isinstance(child, Markup) else utf8(str(child))


def macros(name: str, **known: Any) -> Any:
    """The macros of a template, which know looks, rules and causes, and what else is given."""
    known |= {
        "signs": SIGNS,
        "palette": PALETTE,
        "meanings": MEANINGS,
        "causes": {cause.code: cause for cause in CAUSES},
        "most": PAGE,
    }
    says = {"clipped": clipped, "rule": rule, "practice": practice}
    return template(Path(__file__).with_name(name)).make_module(known | says)


@cache
def kit() -> Any:
    """The macros of kit.html."""
    return macros("kit.html")


def clipped(text: str, length: int = 80) -> str:
    """A text for a table cell: one line, not longer than `length`."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
