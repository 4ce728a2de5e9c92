"""Widgets and notebooks in a real browser.

`show(widget)` gives the page of a widget that lives in this process, `notebook(cells)` that of a notebook opened in
JupyterLab and run.

A page fails its test if the browser asked for anything outside this machine, logged an error, or shows a broken
picture. `page.kernel(expression)` and `page.kernel_has(expression, value)` look into the notebook's kernel.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import front
import harness


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = harness.missing()
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def lab() -> Iterator[tuple[str, Path]]:
    """(address, folder of notebooks) of a JupyterLab server."""
    with harness.lab() as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium that reaches this machine only."""
    with harness.chromium() as browser:
        yield browser


def _notebook(lab: tuple[str, Path], chromium: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    pages: list[Any] = []

    def opened(cells: Sequence[str] | Path, **options: Any) -> Any:
        name = f"{Path(request.node.name).stem.split('[')[0]}_{len(pages)}.ipynb"
        options = {"width": 1280, "height": 900, "theme": "light"} | options
        pages.append(harness.open_notebook(lab, chromium, name, cells, **options))
        return pages[-1]

    yield opened
    for page in pages:
        harness.close(page)


notebook = pytest.fixture(_notebook, name="notebook")
shared_notebook = pytest.fixture(_notebook, name="shared_notebook", scope="module")  # one page for many tests


@pytest.fixture
def show(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Shows a widget of this process on a page of its own: `show(view(…))`."""
    with ExitStack() as open_pages:

        def shown(widget: Any, **options: Any) -> Any:
            options = {"width": 1000, "height": 800, "theme": "light", "scale": 1} | options
            page = front.shown(chromium, widget, **options)
            return open_pages.enter_context(page)

        yield shown


@pytest.fixture
def keep() -> Callable[..., None]:
    """Keeps a screenshot of a page in build/screenshots, to be looked at."""
    folder = harness.REPOSITORY / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)

    def keep(page: Any, name: str, **options: Any) -> None:
        page.wait_for_timeout(300)
        page.screenshot(path=str(folder / f"{name}.png"), **options)

    return keep
