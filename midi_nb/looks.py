"""How a meaning looks, in plots, report and widgets alike: its colour, and the hatch, marker and sign that say the same
without colour. Imports nothing that draws, so a widget opens without matplotlib.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["LOOKS", "PALETTE", "SIGNS", "Look", "style"]


class Look(NamedTuple):
    """How one meaning is drawn: colour, hatch of a bar, marker of a point (matplotlib's), sign beside a text."""

    colour: str
    hatch: str
    marker: str
    sign: str


#: Meaning → look. The hues are those of Okabe and Ito; grey and brown are for what says nothing about the tool.
LOOKS = {
    "pass": Look("#009E73", "", "o", "✔"),
    "fail": Look("#D55E00", "///", "X", "✖"),
    "blank": Look("#D9D9D9", "oo", "s", "?"),
    "privacy": Look("#CC79A7", "xxx", "v", "▼"),
    "utility": Look("#0072B2", "\\\\\\", "^", "▲"),
    "validity": Look("#E69F00", "|||", "D", "◆"),
    "linkage": Look("#56B4E9", "---", "P", "✚"),
    "key": Look("#555555", "...", "*", "★"),
    "none": Look("#7A5C3E", "++", "p", "⬟"),
}
#: Meaning → colour.
PALETTE = {name: look.colour for name, look in LOOKS.items()}
#: Meaning → sign.
SIGNS = {name: look.sign for name, look in LOOKS.items()}


def style(scope: str, ink: str, of: str) -> str:
    """Rules of a style sheet: below `scope`, each class of a meaning sets the property `of` to its colour.

    A part of the `ink` of the page is mixed in, so that pale colours stand out on light paper and dark ones on dark.

    >>> print(style(".page", "--ink", "--meaning").splitlines()[0])
    .page .pass { --meaning: color-mix(in srgb, #009E73 72%, var(--ink)); }
    """
    return "\n".join(
        f"{scope} .{name} {{ {of}: color-mix(in srgb, {colour} 72%, var({ink})); }}" for name, colour in PALETTE.items()
    )
