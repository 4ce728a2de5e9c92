"""The macros that write the HTML of widgets: they escape every text."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from ..causes import CAUSES
from ..looks import PALETTE, SIGNS
from ..shown import template
from .practice import practice, rule

__all__ = ["MEANINGS", "PAGE", "clipped", "kit", "macros"]

PAGE = 12  # rows of a table
#: Verdict → how it looks.
MEANINGS = {"failed": "fail", "blank": "blank", "passed": "pass", "lost": "blank"}


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
