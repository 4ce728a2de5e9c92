"""The smallest front end that can show an anywidget: a page of Chromium, and the widget itself in this process.

What a widget does in a browser is tested here in a second rather than in the ten that a notebook takes; the tests that
open JupyterLab then only need to show that it does the same there. It also proves that the widgets need nothing from a
front end but what anywidget promises: get, set, save_changes, send, on, off.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from anywidget import AnyWidget

HOST = """async ([esm, css, state, lag]) => {
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
  const heard = new Map(), changed = new Set();
  const fire = (event, ...given) => [...(heard.get(event) ?? [])].forEach((act) => act(...given));
  const put = (name, value) => {
    if (JSON.stringify(state[name]) === JSON.stringify(value)) return;
    state[name] = value;
    fire(`change:${name}`);
  };
  // Messages come in their order, each up to `lag` milliseconds after the last.
  const lane = () => {
    let last = Promise.resolve();
    const late = () => new Promise((done) => setTimeout(done, lag * Math.random()));
    return (act) => { if (lag) last = last.then(late).then(act); else act(); };
  };
  const [up, down] = [lane(), lane()];
  const model = {
    get: (name) => state[name],
    set: (name, value) => { changed.add(name); put(name, value); },
    save_changes: () => {
      tell({ state: Object.fromEntries([...changed].map((name) => [name, state[name]])) });
      changed.clear();
    },
    send: (content) => up(() => tell({ content })),
    on: (event, act) => heard.set(event, [...(heard.get(event) ?? []), act]),
    off: (event, act) => heard.set(event, (heard.get(event) ?? []).filter((other) => other !== act)),
  };
  const unpacked = (text) => new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
  const hear = (content, buffers) => {
    fire("msg:custom", content, buffers.map(unpacked));
    front.answered = true;
  };
  window.front = { put, hear: (...message) => down(() => hear(...message)) };
  const url = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  const { default: widget } = await import(url);
  await widget.render({ model, el: document.querySelector("#widget") });
}"""
PLACE = """<!doctype html><html lang="en"><meta name="color-scheme" content="{theme}">
<style>html {{ color-scheme: {theme}; background: Canvas; }} body {{ margin: 0; padding: 12px; }}{colours}</style>
<div id="widget"></div>"""
# What JupyterLab's dark theme says to widgets.
DARK = """:root { --jp-ui-font-color1: #fff; --jp-ui-font-color2: #ffffffb3; --jp-layout-color1: #111;
  --jp-border-color2: #616161; --jp-brand-color1: #2196f3; }"""


@contextmanager
def shown(
    browser: Any, widget: Any, *, width: int, height: int, theme: str, scale: float, lag: int = 0
) -> Iterator[Any]:
    """The page that shows a widget; what goes wrong on it is an AssertionError."""
    page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=scale)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)[:300]))
    page.on("console", lambda said: said.type == "error" and errors.append(said.text[:300]))
    page.on("request", lambda asked: asked.url.startswith(("data:", "blob:")) or errors.append(asked.url))
    page.set_content(PLACE.format(theme=theme, colours=DARK if theme == "dark" else ""))
    theirs: dict[str, Any] = {}  # what the page sets is not said back to it
    page.expose_function("tell", lambda told: _hear(widget, told, theirs))

    def send(content: Any, buffers: Sequence[Any] = ()) -> None:
        packed = [base64.b64encode(bytes(buffer)).decode() for buffer in buffers or ()]
        page.evaluate("([content, buffers]) => front.hear(content, buffers)", [content, packed])

    def put(change: Any) -> None:
        if theirs.get(change.name, put) != change.new:
            page.evaluate("(pair) => front.put(...pair)", [change.name, change.new])

    names = [name for name in widget.traits(sync=True) if name not in AnyWidget.class_traits()]
    widget.send = send
    widget.observe(put, names)
    page.evaluate(HOST, [widget._esm, widget._css, {name: getattr(widget, name) for name in names}, lag])
    page.wait_for_function("() => front.answered")
    yield page
    page.close()
    assert not errors, errors


def _hear(widget: Any, told: dict[str, Any], theirs: dict[str, Any]) -> None:
    if "state" in told:
        theirs.update(told["state"])
        widget.set_state(told["state"])
        theirs.clear()
    else:
        widget._handle_custom_msg(told["content"], [])
