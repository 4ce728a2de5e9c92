"""What keeps tests and examples quick: the submissions of the demo that examples judge are judged once."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest

import midi_nb as mn

gc.disable()  # until all tests are collected: nothing of them is garbage


def pytest_collection_finish() -> None:
    """What is loaded stays, and much is made: looking for garbage again and again costs a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@pytest.fixture(scope="session")
def judged_once() -> Callable[..., pd.DataFrame]:
    """`mn.evaluate`, which gives a copy of what it gave before to the same question."""
    evaluate, known = mn.evaluate, {}

    def judged(submission: Any, key: Any, **options: Any) -> pd.DataFrame:
        asked = (submission, key, *options.items())
        try:
            hash(asked)
        except TypeError:  # answers as a frame: a key of one's own
            return evaluate(submission, key, **options)
        if asked not in known:
            known[asked] = evaluate(submission, key, **options)
        return known[asked].copy()

    return judged


@pytest.fixture(autouse=True)
def _examples(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Submissions judged once, and no example's figures left to the next: matplotlib warns at the twenty-first."""
    if not isinstance(request.node, pytest.DoctestItem):
        yield
        return
    for room in (mn, mn.cases):
        monkeypatch.setattr(room, "evaluate", request.getfixturevalue("judged_once"))
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")
