"""Widgets of one model each, and the picture that a notebook keeps of them; a board has a place for a viewer too.

What a widget shows travels as messages, never as widget state: board.js lists them.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import anywidget
import traitlets

from ..looks import LOOKS, style

__all__ = ["Board", "Live", "script", "sheet"]

_HERE = Path(__file__).parent
# Modules of widgets with and without a kernel, those that others use first.
_MODULES = ("page.js", "viewer.js", "headers.js", "lines.js", "explorer.js", "scores.js", "tour.js")
_DELAY = 1.0  # seconds without a click after which the picture in the notebook is made anew


def script(last: str) -> str:
    """The modules of all widgets, and a last one."""
    looks = {name: {"colour": look.colour, "sign": look.sign} for name, look in LOOKS.items()}
    texts = ((_HERE / name).read_text("utf-8") for name in (*_MODULES, last))
    return "\n".join([f"const LOOKS = {json.dumps(looks)};", *texts])


def sheet() -> str:
    """The style sheet of all widgets."""
    texts = ((_HERE / name).read_text("utf-8") for name in ("page.css", "viewer.css"))
    return "\n".join([*texts, style(".midi-page", "--midi-ink", "--midi-meaning")])


class Live(anywidget.AnyWidget):
    """A widget that leaves a picture of itself in the notebook, for people who open it without a kernel.

    A notebook gets two outputs: the widget, and a picture of it as HTML that the widget hides as long as it lives. The
    picture follows what is done on the widget.
    """

    # As text: for a path anywidget connects each widget to a signal of the class, which then never lets go of it.
    _esm = script("board.js")
    _css = sheet()
    picture = traitlets.Unicode().tag(sync=True)  # what the picture is called on the page

    _displayed = False
    _pending: asyncio.TimerHandle | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(picture=uuid4().hex, **kwargs)
        self.on_msg(lambda _, message, __: self.hear(message) if isinstance(message, dict) else None)

    def hear(self, message: dict[str, Any]) -> None:
        """Does what a message of the browser asks; one that makes no sense is ignored."""
        raise NotImplementedError

    def _as_html(self) -> str:
        raise NotImplementedError

    def as_html(self) -> str:
        """The widget as it is, as HTML that needs nothing else."""
        above = f'<style>{_STILL}{self._css}</style><p class="midi-says">{_SAYS}</p>'
        return f'<div class="midi-still" data-picture="{self.picture}">{above}{self._as_html()}</div>'

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


class Board(Live):
    """A widget with a place for a viewer, where there is an image to see."""

    name = traitlets.Unicode().tag(sync=True)

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self._mounts = 0
        self.viewer: Any = None

    def mount(self, viewer: Any) -> None:
        """Puts a viewer (a `Viewing`, or None) where the last one was."""
        self.viewer = viewer
        self._mounts += 1
        if viewer is not None:
            number = self._mounts
            viewer.enter(
                lambda state: self.send({"kind": "state", "viewer": number, "state": state}),
                lambda content, buffers: self.send({"kind": "message", "viewer": number, "content": content}, buffers),
            )
        self._mounted()
        self._changed_looks()

    def _mounted(self) -> None:
        state = None if self.viewer is None else self.viewer.state
        self.send({"kind": "mount", "viewer": None if state is None else self._mounts, "state": state})

    def hear(self, message: dict[str, Any]) -> None:
        """Sends a new view in the browser all there is, and passes messages for the viewer on to it."""
        kind = message.get("kind")
        if kind == "ready":
            self._ready()
        elif self.viewer is not None and message.get("viewer") == self._mounts:
            if kind == "state" and isinstance(message.get("state"), dict):
                self.viewer.take(message["state"])
                self._changed_looks()
            elif kind == "message" and isinstance(message.get("content"), dict):
                self.viewer.hear(message["content"])

    def _ready(self) -> None:
        """Sends a new view in the browser all there is."""
        if self.viewer is not None:
            self._mounted()
