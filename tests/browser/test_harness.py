"""The harness itself: what goes wrong on a page is not overlooked."""

from __future__ import annotations

from typing import Any

import harness
import pytest

DISPLAY = "from IPython.display import HTML, Javascript, display\n"


def opened(lab: Any, chromium: Any, cell: str) -> Any:
    return harness.open_notebook(lab, chromium, "trouble.ipynb", [cell], width=800, height=600, theme="light")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("display(Javascript(\"console.error('oh')\"))", "oh"),
        pytest.param(
            "display(HTML('<img src=\"data:image/png;base64,AAAA\">'))", "broken pictures", marks=pytest.mark.long
        ),
        ("display(HTML('<img src=\"https://example.org/x.png\">'))", "network|ERR_NAME_NOT_RESOLVED"),
    ],
)
def test_trouble_on_a_page_fails_its_test(lab: Any, chromium: Any, cell: str, message: str) -> None:
    page = opened(lab, chromium, DISPLAY + cell)
    page.wait_for_timeout(500)
    with pytest.raises(AssertionError, match=message):
        harness.close(page)


def test_a_cell_that_raises_fails_its_test(lab: Any, chromium: Any) -> None:
    with pytest.raises(AssertionError, match="division by zero"):
        opened(lab, chromium, "1 / 0")


def test_the_kernel_can_be_asked(lab: Any, chromium: Any) -> None:
    page = opened(lab, chromium, "answer = {'a': [1, None]}")
    assert page.kernel("answer") == {"a": [1, None]}
    with pytest.raises(AssertionError):
        harness._wait(lambda: page.kernel("answer['a'][0]"), 2, seconds=0.2)
    harness.close(page)
