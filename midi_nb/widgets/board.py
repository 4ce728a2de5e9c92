"""Widgets of one model each: a board is pages of HTML and a place for a viewer; a notebook keeps a picture of it.

The kernel writes the pages, so that all of them can be read and tested without a browser, and so that the same HTML is
the picture for readers without a kernel. Pages travel as messages, never as widget state: board.js lists the messages.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import anywidget
import traitlets

from ..looks import style
from .page import Markup, join, tag

__all__ = ["MODULES", "Board", "Live", "Page", "still"]

_HERE = Path(__file__).parent
#: Modules of widgets with and without a kernel, those that others use first.
MODULES = ("viewer.js", "page.js", "headers.js", "lines.js", "explorer.js", "scores.js", "tour.js")
_DELAY = 1.0  # seconds without a click after which the picture in the notebook is made anew


class Live(anywidget.AnyWidget):
    """A widget that leaves a picture of itself in the notebook, for people who open it without a kernel.

    A notebook gets two outputs: the widget, and a picture of it as HTML that the widget hides as long as it lives. The
    picture follows what is done on the widget.
    """

    # As text: for a path anywidget connects each widget to a signal of the class, which then never lets go of it.
    _esm = "\n".join((_HERE / name).read_text("utf-8") for name in (*MODULES, "board.js"))
    _css = "\n".join(
        [
            *((_HERE / name).read_text("utf-8") for name in ("viewer.css", "page.css")),
            style(".midi-page", "--midi-ink", "--midi-meaning"),
        ]
    )
    picture = traitlets.Unicode().tag(sync=True)  # what the picture is called on the page

    _displayed = False
    _pending: asyncio.TimerHandle | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(picture=uuid4().hex, **kwargs)

    def _as_html(self) -> str:
        raise NotImplementedError

    def as_html(self) -> str:
        """The widget as it is, as HTML that needs nothing else."""
        says = tag("p", _SAYS, class_="midi-says")
        sheet = f"<style>{_STILL}{self._css}</style>"
        return f'<div class="midi-still" data-picture="{self.picture}">{sheet}{says}{self._as_html()}</div>'

    def _ipython_display_(self) -> None:
        from IPython import get_ipython
        from IPython.display import display

        data, metadata = super()._repr_mimebundle_() or ({}, {})
        # Where the widget cannot live it is to be nothing; without the empty text nbconvert would warn.
        display({_VIEW: data[_VIEW], "text/html": ""}, metadata=metadata, raw=True)
        display(self._bundle(), raw=True, display_id=self.picture)
        shell = get_ipython()
        if shell and not self._displayed:
            self._displayed = True
            shell.events.register("post_run_cell", self._renew)

    def _bundle(self) -> dict[str, str]:
        return {"text/html": self.as_html(), "text/plain": f"{type(self).__name__}: {_SAYS}"}

    def _changed_looks(self) -> None:
        """Has the picture made anew, once nothing has changed for a while or the cell is done."""
        if not self._displayed:
            return
        if self._pending:
            self._pending.cancel()
        with suppress(RuntimeError):  # no event loop: then there is no front end either
            self._pending = asyncio.get_running_loop().call_later(_DELAY, self._renew)

    def _renew(self, *_: Any) -> None:
        from IPython.display import display

        if self._pending:
            self._pending.cancel()
            self._pending = None
            display(self._bundle(), raw=True, display_id=self.picture, update=True)

    def close(self) -> None:
        """Closes the widget with its layout, which would live as long as the kernel."""
        if self._displayed:
            from IPython import get_ipython

            get_ipython().events.unregister("post_run_cell", self._renew)
            self._displayed = False
        if self.comm is not None:
            self.layout.close()
        super().close()


_VIEW = "application/vnd.jupyter.widget-view+json"
_SAYS = "This is a picture. Run the cell to use it."
# In JupyterLab the output before the picture of a widget that is gone is a line of text: an error about that.
_STILL = """
.jp-OutputArea-child:not(:has(> .jp-OutputArea-output > *)):has(+ .jp-OutputArea-child .midi-still) { display: none; }
"""


class Page:
    """HTML that is shown in a board."""

    def __init__(self, name: str, send: Callable[[Any], None]) -> None:
        self.markup = Markup()
        self._name, self._send = name, send

    def show(self, markup: Markup) -> None:
        """Shows `markup` instead of what is there."""
        if markup != self.markup:
            self.markup = markup
            self.send()

    def refuse(self) -> None:
        """Shows what is there once more, in the field that has the focus too: what was typed there is not taken."""
        self.send(refused=True)

    def send(self, **more: Any) -> None:
        """Sends the browser what is there, as a plain string: marimo takes subclasses of `str` apart."""
        self._send({"kind": "page", "page": self._name, "html": str(self.markup), **more})


class Board(Live):
    """Pages, and a viewer where there is an image to see: what the widgets of this room have in common.

    Elements of a page say what they do by ``data-act`` and what it is about by ``data-of``; ``value`` is that of an
    input. Keys are bound for the whole page by ``data-keys`` of one focusable element: pairs of key and act,
    ``h=hidden``. A board does it in `act`.
    """

    name = traitlets.Unicode().tag(sync=True)
    pages = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)  # (name, label) of each

    def __init__(self, name: str, labels: Mapping[str, str]) -> None:
        super().__init__(name=name, pages=[[page, label] for page, label in labels.items()])
        self._pages = {page: Page(page, self._tell) for page in labels}
        self._mounts = 0
        self.viewer: Any = None
        self.on_msg(self._hear)

    @property
    def markup(self) -> Markup:
        """What all pages say."""
        return join(page.markup for page in self._pages.values())

    def act(self, act: str, of: Any = "", value: Any = None) -> None:
        """Does what a click (or an input) on a page does; unknown acts are ignored."""
        self._act(act, "" if of is None else str(of), value)

    def _act(self, act: str, of: str, value: Any) -> None:
        """What a board does."""

    def show(self, **markup: Markup) -> None:
        """Shows markup on pages by their name."""
        for name, shown in markup.items():
            self._pages[name].show(shown)
        self._changed_looks()

    # The viewer

    def mount(self, viewer: Any) -> None:
        """Puts a viewer (a `Viewing`, or None) where the last one was."""
        self.viewer = viewer
        self._mounts += 1
        if viewer is not None:
            number = self._mounts
            viewer.enter(
                lambda state: self._tell({"kind": "state", "viewer": number, "state": state}),
                lambda content, buffers: self._tell({"kind": "message", "viewer": number, "content": content}, buffers),
            )
        self._mounted()
        self._changed_looks()

    def _mounted(self) -> None:
        state = None if self.viewer is None else self.viewer.state
        self._tell({"kind": "mount", "viewer": None if state is None else self._mounts, "state": state})

    # Messages

    def _tell(self, message: Any, buffers: Any = None) -> None:
        self.send(message, buffers)

    def _hear(self, _: Any, message: Any, __: Any) -> None:
        kind = message.get("kind") if isinstance(message, dict) else None
        if kind == "ready":
            self._ready()
        elif kind == "act" and isinstance(message.get("act"), str):
            self.act(message["act"], message.get("of"), message.get("value"))
        elif self.viewer is not None and message.get("viewer") == self._mounts:
            if kind == "state" and isinstance(message.get("state"), dict):
                self.viewer.take(message["state"])
                self._changed_looks()
            elif kind == "message" and isinstance(message.get("content"), dict):
                self.viewer.hear(message["content"])

    def _ready(self) -> None:
        """A new view of the browser is sent it all."""
        for page in self._pages.values():
            page.send()
        if self.viewer is not None:
            self._mounted()

    # Without a kernel

    def _as_html(self) -> str:
        shown = {name: still(page.markup) for name, page in self._pages.items()}
        pages = "".join(f'<div class="midi-page" data-page="{name}">{still}</div>' for name, still in shown.items())
        viewer = "" if self.viewer is None else self.viewer._as_html()
        place = f'<div class="midi-place-of-viewer">{viewer}</div>'
        return f'<div class="midi-frame"><div class="midi-parts midi-{self.name}">{pages}{place}</div></div>'


#: What looks as if it could be used → what stands there in a picture. `tag` has escaped all "<" and quotes of texts.
_STILLED = [
    (r'<input[^>]* type="checkbox"[^>]* checked[^>]*>', "☑"),
    (r'<input[^>]* type="checkbox"[^>]*>', "☐"),
    (r'<input[^>]* type="number"[^>]* value="([^"]*)"[^>]*>', r"\1"),
    (r"<input[^>]*>", ""),
    (r"<select.*?<option[^>]* selected[^>]*>([^<]*)</option>.*?</select>", r"\1"),
    (r"<(/?)button\b", r"<\1span"),
    (r' (data-[a-z]+|type|tabindex|role)="[^"]*"', ""),
]


def still(markup: str) -> str:
    """Markup without anything to use."""
    for control, instead in _STILLED:
        markup = re.sub(control, instead, markup)
    return markup
