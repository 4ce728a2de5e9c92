"""The harness itself: what goes wrong on a page is not overlooked."""

from __future__ import annotations

import time
from typing import Any

import harness
import pytest

TROUBLE = """from IPython.display import HTML, Javascript, display
answer = {"a": [1, None]}
display(Javascript("console.error('oh')"))
display(HTML('<img src="data:image/png;base64,AAAA">'))
display(HTML('<img src="https://example.org/x.png">'))"""
KINDS = {
    "oh",
    "broken picture: data:image/png;base64,AAAA",
    "asked for something on the network: https://example.org/x.png",
}


def opened(lab: Any, chromium: Any, cell: str) -> Any:
    return harness.open_notebook(lab, chromium, "trouble.ipynb", [cell], width=800, height=600, theme="light")


def test_the_kernel_can_be_asked_and_trouble_on_a_page_fails_its_test(lab: Any, chromium: Any) -> None:
    page = opened(lab, chromium, TROUBLE)
    assert page.kernel("answer") == {"a": [1, None]}
    with pytest.raises(AssertionError):
        harness._wait(lambda: page.kernel("answer['a'][0]"), 2, seconds=0.2)
    end = time.monotonic() + 30
    while not set(harness.trouble(page)) >= KINDS and time.monotonic() < end:
        page.wait_for_timeout(50)
    with pytest.raises(AssertionError) as error:
        harness.close(page)
    assert all(kind in str(error.value) for kind in KINDS)


def test_a_cell_that_raises_fails_its_test(lab: Any, chromium: Any) -> None:
    with pytest.raises(AssertionError, match="division by zero"):
        opened(lab, chromium, "1 / 0")
