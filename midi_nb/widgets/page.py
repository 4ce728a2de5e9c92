"""A page: HTML that the kernel writes and the browser shows; what is done on it is told back to the kernel.

The widgets write their controls as HTML, so that all of them can be read and tested without a browser, and so that the
same HTML serves as the picture a notebook keeps for readers without a kernel. Pages travel as messages, never as widget
state. Every text is escaped by `tag`; there is no other way to make markup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import pandas as pd
import traitlets

from ..plots import LOOKS

__all__ = ["MARKS", "Board", "Markup", "Page", "bar", "button", "clipped", "count", "join", "percent", "swatch", "tag"]

_HERE = Path(__file__).parent
_EMPTY = frozenset(("br", "img", "input"))
_SIGNS = {"o": "●", "X": "✖", "s": "■", "v": "▼", "^": "▲", "D": "◆", "P": "✚", "*": "★"}

#: Meaning → the sign that tells it where colours cannot.
MARKS = {meaning: _SIGNS[look.marker] for meaning, look in LOOKS.items()} | {"pass": "✔", "blank": "?"}


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, *children: Any, **attributes: Any) -> Markup:
    """One HTML element; children that are not `Markup` are escaped, None is left out, lists are joined.

    >>> tag("td", "<script>", tag("b", 1), class_="value", data_act=None, hidden=True)
    '<td class="value" hidden>&lt;script&gt;<b>1</b></td>'
    """
    pairs = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    told = "".join(
        f" {key}" if value is True else f' {key}="{_safe(value)}"'
        for key, value in pairs
        if value is not None and value is not False
    )
    return Markup(f"<{name}{told}>" if name in _EMPTY else f"<{name}{told}>{join(children)}</{name}>")


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
    return escape(str(value).encode("utf-8", "backslashreplace").decode(), quote=True)


def button(label: Any, act: str, of: Any = None, **attributes: Any) -> Markup:
    """A button that tells the kernel `act`, and what it is about."""
    return tag("button", label, type="button", data_act=act, data_of=of, **attributes)


def count(number: float, what: str = "") -> str:
    """A number with its thousands told apart, and what it counts.

    >>> count(8123456), count(1, "check"), count(0, "check")
    ('8,123,456', '1 check', '0 checks')
    """
    plural = "es" if what.endswith("x") else "s"
    return f"{int(number):,}" + (f" {what}{'' if number == 1 else plural}" if what else "")


def percent(rate: Any, digits: int = 2) -> str:
    """A rate in percent, never rounded up to all nor down to nothing; a dash where it is missing.

    >>> percent(0.98765), percent(0.999999), percent(1.0), percent(float("nan"))
    ('98.77 %', '99.99 %', '100 %', '–')
    """
    if rate is None or pd.isna(rate):
        return "–"
    if rate in (0, 1):
        return f"{rate:.0%}".replace("%", " %")
    step = 10**-digits
    return f"{min(max(100 * rate, step), 100 - step):.{digits}f} %"


def clipped(text: str, length: int = 80) -> str:
    """A text for a table cell: one line, not longer than `length`."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def swatch(meaning: str) -> Markup:
    """The colour and the sign of a meaning."""
    return tag("span", MARKS.get(meaning, ""), class_=f"sign {meaning}", aria_hidden="true")


def bar(share: float, meaning: str = "") -> Markup:
    """A bar of that share of its width."""
    return tag("span", class_=f"bar {meaning}", style=f"width:{100 * min(max(share, 0), 1):.1f}%", aria_hidden="true")


class Page(anywidget.AnyWidget):
    """Shows markup; calls `answer(act, of, value)` with what is done on it.

    Elements say what they do by ``data-act`` and what it is about by ``data-of``; ``value`` is that of an input. Keys
    are bound by ``data-keys`` on a focusable element: pairs of key and act, such as ``h=hidden ArrowRight=next``.
    """

    # As text: for a path anywidget connects each widget to a signal of the class, which then never lets go of it.
    _esm = (_HERE / "page.js").read_text("utf-8")
    _css = (_HERE / "page.css").read_text("utf-8")
    label = traitlets.Unicode().tag(sync=True)

    def __init__(self, answer: Callable[[str, str, Any], None], label: str = "") -> None:
        super().__init__(label=label)
        self.markup = Markup()
        self._answer = answer
        self.on_msg(self._hear)

    def show(self, markup: Markup) -> None:
        """Shows `markup` in place of what is there."""
        if markup != self.markup:
            self.markup = markup
            self.send({"html": markup})

    def refuse(self) -> None:
        """Shows what is there once more, in the field that has the focus too: what was typed there is not taken."""
        self.send({"html": self.markup, "refused": True})

    def act(self, act: str, of: Any = "", value: Any = None) -> None:
        """Does what a click (or an input) on the page would."""
        self._answer(act, "" if of is None else str(of), value)

    def _hear(self, _: Any, told: Any, __: Any) -> None:
        if not isinstance(told, dict) or not isinstance(told.get("act"), str):
            return
        if told["act"] == "ready":
            self.send({"html": self.markup})
        else:
            self.act(told["act"], told.get("of"), told.get("value"))


class Board(ipywidgets.VBox):
    """Pages and other widgets as one: what the widgets of this room have in common.

    A notebook keeps, for readers without a kernel, the pages as they stand.
    """

    def __init__(self, children: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(list(children), **kwargs)
        self.add_class("midi-board")

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        return {**data, "text/html": self.as_html()}, metadata

    def as_html(self) -> str:
        """The widget as it stands, as HTML that needs nothing else."""
        return f"<style>{Page._css}</style>{_static(self)}"

    def close(self) -> None:
        """Closes the board with all it is made of: what stays open lives as long as the kernel."""
        if self.comm is not None:
            for part in _parts(self):
                part.close()
        super().close()


def _parts(widget: Any) -> Iterator[Any]:
    """What a widget is made of: its layout, those in it, theirs."""
    yield widget.layout
    for child in getattr(widget, "children", ()):
        yield from _parts(child)
        yield child


def _static(widget: Any) -> str:
    if isinstance(widget, Page):
        return f'<div class="midi-page midi-still" inert>{widget.markup}</div>'
    if isinstance(widget, ipywidgets.Box):
        kind = "midi-row" if isinstance(widget, ipywidgets.HBox) else "midi-column"
        return f'<div class="{kind}">{"".join(_static(child) for child in widget.children)}</div>'
    as_html = getattr(widget, "_as_html", None)
    return str(as_html()) if as_html else ""
