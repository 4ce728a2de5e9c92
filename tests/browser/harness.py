"""JupyterLab in headless Chromium, on this machine and nowhere else: a server, a browser, notebooks run in it.

Used by the fixtures of conftest.py and by benchmarks/viewer.py.
"""

from __future__ import annotations

import ast
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
REPOSITORY = Path(__file__).parents[2]

# Clicking Run All loses cells when the kernel connects late; JupyterLab's own objects say when it is ready.
READY = """async () => {
  const nap = (ms) => new Promise((done) => setTimeout(done, ms)), app = window.jupyterapp;
  await app.restored;
  let widget = null;
  for (let i = 0; i < 300 && !((widget = app.shell.currentWidget) && widget.sessionContext); i++) await nap(100);
  await widget.context.ready; await widget.sessionContext.ready;
  const kernel = widget.sessionContext.session.kernel; await kernel.info;
  for (let i = 0; i < 600 && !(kernel.connectionStatus === 'connected' && kernel.status === 'idle'); i++) await nap(50);
  return kernel.connectionStatus + '/' + kernel.status;
}"""
RUN_ALL = """async () => {
  const app = window.jupyterapp, widget = app.shell.currentWidget;
  await app.commands.execute('notebook:run-all-cells');
  await widget.sessionContext.session.kernel.requestKernelInfo();
  const errors = (cell) => cell.model.outputs.toJSON().filter((o) => o.output_type === 'error').map((o) => o.evalue);
  return widget.content.widgets.filter((cell) => cell.model.type === 'code')
    .map((cell) => [cell.model.executionCount, errors(cell)]);
}"""
EVALUATE = """async (expression) => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const asked = { code: '', silent: true, store_history: false, user_expressions: { value: expression } };
  const reply = await kernel.requestExecute(asked).done;
  const value = reply.content.user_expressions.value;
  return value.status === 'ok' ? value.data['text/plain'] : 'ERROR ' + value.ename + ': ' + value.evalue;
}"""
THEME = """async ([theme, files]) => {
  const { shell, commands } = window.jupyterapp;
  if (files) await commands.execute('filebrowser:activate'); else shell.collapseLeft();
  await commands.execute('apputils:change-theme', { theme });
}"""
BROKEN = (
    "() => [...document.images].filter((i) => i.complete && !i.naturalWidth && i.src).map((i) => i.src.slice(0, 80))"
)


def die_with_parent() -> None:
    ctypes.CDLL("libc.so.6").prctl(1, signal.SIGTERM)  # a test run that is killed leaves no server behind


def missing() -> str | None:
    """What keeps notebooks from being run in a browser here, if anything."""
    if CHROMIUM is None:
        return "chromium is not installed"
    return None if find_spec("playwright") else "playwright is not installed"


@contextmanager
def lab() -> Iterator[tuple[str, Path]]:
    """(address, folder of notebooks) of a JupyterLab server of our own, without token, news or settings."""
    home = Path(tempfile.mkdtemp(prefix="lab"))
    root = home / "root"
    root.mkdir()
    (home / "config" / "labconfig").mkdir(parents=True)
    news = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (home / "config" / "labconfig" / "page_config.json").write_text(json.dumps(news))
    port = free_port()
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    python = os.pathsep.join([str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = (
        os.environ | {name: str(home / place) for name, place in places.items()} | {"PATH": path, "PYTHONPATH": python}
    )
    environment.pop("MPLBACKEND", None)  # notebooks draw inline
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--allow-root",
        "--IdentityProvider.token=", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}",
        "--LabApp.expose_app_in_browser=True", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    log = home / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment, cwd=root,
                                  start_new_session=True, preexec_fn=die_with_parent)  # fmt: skip
    try:
        until(lambda: answers(port), server, log)
        yield f"http://127.0.0.1:{port}", root
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def served(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """The address of a server that `command` starts in a folder when it is given a free {port}."""
    port, log = free_port(), folder / "server.log"
    own = {"PYTHONPATH": str(REPOSITORY)} | dict(environment or {})
    with log.open("w") as output:
        server = subprocess.Popen([part.format(port=port) for part in command], stdout=output, stderr=subprocess.STDOUT,
                                  env=os.environ | own, cwd=folder, start_new_session=True,
                                  preexec_fn=die_with_parent)  # fmt: skip
    try:
        until(lambda: answers(port), server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def until(ready: Callable[[], bool], server: subprocess.Popen[bytes], log: Path) -> None:
    """Waits for a server; a RuntimeError with the end of its log if it stops or takes a minute."""
    end = time.monotonic() + 60
    while not ready():
        if server.poll() is not None or time.monotonic() > end:
            raise RuntimeError(log.read_text()[-2000:])
        time.sleep(0.1)


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


@contextmanager
def chromium() -> Iterator[Any]:
    """A headless Chromium that reaches this machine only."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        browser.close()


def open_notebook(
    server: tuple[str, Path],
    browser: Any,
    name: str,
    cells: Sequence[str] | Path,
    *,
    width: int,
    height: int,
    theme: str,
    files: bool = False,
    scale: float = 1,
) -> Any:
    """The page of a notebook that has been run: `cells` in the folder of the server, under `name`.

    With `files` the file browser is open beside it, as Binder shows it; `scale` is how many points make a pixel.
    `page.kernel(expression)` is the value an expression has in the kernel; `page.kernel_has(expression, value)` waits
    for it, as widgets tell the kernel of a change a moment after it is seen. `page.errors` and `page.outside` collect.
    """
    address, root = server
    (root / name).write_text(cells.read_text() if isinstance(cells, Path) else json.dumps(as_notebook(cells)))
    page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=scale)
    page.outside, page.errors, page.reopened = [], [], False
    page.on(
        "request", lambda asked: asked.url.startswith((address, "data:", "blob:")) or page.outside.append(asked.url)
    )
    page.on("pageerror", lambda error: page.errors.append(str(error)[:300]))
    page.on("console", lambda said: said.type == "error" and page.errors.append(said.text[:300]))
    page.kernel = lambda expression: _value(page.evaluate(EVALUATE, expression))
    page.kernel_has = lambda expression, value: _wait(lambda: page.kernel(expression), value)
    page.goto(f"{address}/lab/tree/{name}?reset", wait_until="domcontentloaded")
    page.wait_for_function("() => window.jupyterapp", timeout=60_000)
    assert page.evaluate(READY) == "connected/idle", "no kernel"
    page.evaluate(THEME, [f"JupyterLab {theme.title()}", files])
    ran = page.evaluate(RUN_ALL)
    assert ran, "the notebook has no code"
    assert all(count and not errors for count, errors in ran), ran
    return page


def reopen(page: Any) -> None:
    """Saves the notebook, ends its kernel, and opens it again without running anything."""
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.reload(wait_until="domcontentloaded")
    page.wait_for_function("() => window.jupyterapp", timeout=60_000)
    assert page.evaluate(READY) == "connected/idle", "no kernel"
    page.reopened = True


def trouble(page: Any) -> list[str]:
    """What went wrong on a page so far."""
    # Of a page opened again, JupyterLab looks for each widget once more.
    errors = [error for error in page.errors if not (page.reopened and "widget model not found" in error)]
    outside = [f"asked for something on the network: {address}" for address in page.outside]
    return [*errors, *outside, *(f"broken picture: {source}" for source in page.evaluate(BROKEN))]


def close(page: Any) -> None:
    """Ends a page and its kernel; what went wrong on it is an AssertionError."""
    found = trouble(page)  # what the end of the kernel does to messages under way is no fault of the page
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.close()
    assert not found, found


def _wait(ask: Callable[[], Any], value: Any, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while (found := ask()) != value and time.monotonic() < end:
        time.sleep(0.05)
    assert found == value, (found, value)


def _value(shown: str) -> Any:
    try:
        return ast.literal_eval(shown)
    except (ValueError, SyntaxError):
        return shown


def as_notebook(cells: Sequence[str]) -> dict[str, Any]:
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": kernel},
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell{number}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for number, source in enumerate(cells)
        ],
    }
