"""What keeps tests and examples quick: the submissions of the demo that examples judge are judged once."""

from __future__ import annotations

import gc
import re
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
    """What examples find there: `mn`, `demo`, and `results` of its careless submission, as `midi_nb` itself has them.

    Submissions are judged once, and no example's figures are left to the next: matplotlib warns at the twenty-first.
    """
    if not isinstance(request.node, pytest.DoctestItem):
        yield
        return
    judged = request.getfixturevalue("judged_once")
    for room in (mn, mn.cases):
        monkeypatch.setattr(room, "evaluate", judged)
    sources = "".join(example.source for example in request.node.dtest.examples)
    names = request.node.dtest.globs
    names.setdefault("mn", mn)
    if re.search(r"\b(demo|results)\b", sources):
        names.setdefault("demo", mn.make_demo())
    if "results" in sources and "results =" not in sources:
        names["results"] = judged(names["demo"].submissions["careless"], names["demo"].key, progress=False)
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")
