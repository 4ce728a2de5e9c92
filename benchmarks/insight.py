"""How long the questions take on a frame as large as the test set: about 8 million checks.

    python benchmarks/insight.py [--rows 8000000] [--failures 9000]

The frame is made up in memory: 29,660 instances in 428 series of 322 patients, 270 checks each. Failures come as real
ones do: a dropped private block over whole series, partly cleaned descriptions, leaks, missing files, some blanks.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import midi_nb as mn
from midi_nb.actions import ACTIONS
from midi_nb.frames import RESULTS, VERDICTS
from midi_nb.widgets import explore

PATIENTS, STUDIES, SERIES, CHECKS = 322, 364, 428, 270
SHARES = {
    "tag_retained": 40,
    "text_notnull": 25,
    "text_retained": 110,
    "text_removed": 45,
    "date_shifted": 12,
    "uid_changed": 15,
    "pixels_retained": 1,
    "uid_consistent": 20,
    "patid_consistent": 2,
}  # of 270, as in the published keys


def make_results(rows: int, failures: int, seed: int = 0) -> pd.DataFrame:
    """A made-up results frame of about `rows` checks, `failures` of them failed or blank."""
    random = np.random.default_rng(seed)
    instances = max(rows // CHECKS, SERIES)
    series = np.sort(random.integers(0, SERIES, instances))
    series[:SERIES] = np.arange(SERIES)
    series.sort()
    study = np.minimum(np.arange(SERIES) * STUDIES // SERIES, STUDIES - 1)[series]
    patient = (study * PATIENTS // STUDIES).astype("int64")
    actions = np.repeat([tuple(ACTIONS).index(name) for name in SHARES], list(SHARES.values()))
    paths = [f"(0018,{number:04x})" for number in range(len(actions))]
    private = random.choice(np.flatnonzero(actions == tuple(ACTIONS).index("text_retained")), 40, replace=False)
    for place, number in enumerate(private):
        paths[number] = f'(0027,"GEMS_IMAG_01",{place:02x})'
    total = instances * CHECKS
    each = np.tile(np.arange(CHECKS), instances)
    owner = np.repeat(np.arange(instances), CHECKS)
    failed = _failing(random, failures, owner, each, series, private, actions)
    action = actions[each]
    text = (owner * 7919 + each * 104_729) % 200_000
    state = np.zeros(total, dtype="int8")
    actual = text.copy()
    removed = np.isin(action, [tuple(ACTIONS).index(name) for name in ("text_removed", "date_shifted", "uid_changed")])
    actual[removed] += 200_000
    partial = (
        failed
        & (random.random(total) < 0.4)
        & np.isin(action, [tuple(ACTIONS).index("text_retained"), tuple(ACTIONS).index("text_removed")])
    )
    gone = failed & ~partial & ~removed
    actual[failed & removed & ~partial] -= 200_000
    actual[partial] = 400_000 + text[partial]
    actual[gone], state[gone] = -1, 2
    score = (~failed).astype("float64")
    verdict = np.where(failed, VERDICTS.index("failed"), VERDICTS.index("passed"))
    score[partial] = 0.5
    blank = np.flatnonzero(failed & (action == tuple(ACTIONS).index("text_retained")))[::97]
    verdict[blank], score[blank] = VERDICTS.index("blank"), np.nan
    texts = [f"CHEST WITH CONTRAST {n} DR.MEYER" for n in range(200_000)]
    released = [f"anonymous {n}" for n in range(200_000)]
    partly = [f"CHEST CONTRAST {n}" for n in range(200_000)]
    all_texts = pd.Index([*texts, *released, *partly])
    columns: dict[str, Any] = {
        "submission": _coded(np.zeros(total, dtype="int8"), ["made up"]),
        "patient": _coded(patient[owner], [f"P{n:04}" for n in range(PATIENTS)]),
        "study": _coded(study[owner], [f"1.2.3.{n}" for n in range(STUDIES)]),
        "series": _coded(series[owner], [f"1.2.4.{n}" for n in range(SERIES)]),
        "instance": _coded(owner, [f"1.2.5.{n}" for n in range(instances)]),
        "released_patient": _coded(patient[owner], [f"S{n:04}" for n in range(PATIENTS)]),
        "released_study": _coded(study[owner], [f"1.9.3.{n}" for n in range(STUDIES)]),
        "released_series": _coded(series[owner], [f"1.9.4.{n}" for n in range(SERIES)]),
        "released": _coded(owner, [f"1.9.5.{n}" for n in range(instances)]),
        "check": _coded(each, [str(n) for n in range(CHECKS)]),
        "action": _coded(action, list(ACTIONS)),
        "tag_path": _coded(each, paths),
        "tag": _coded(each, paths),
        "name": _coded(each, [f"Attribute {n}" for n in range(CHECKS)]),
        "scope": pd.Categorical.from_codes((each % 4).astype("int8"), dtype=RESULTS["scope"]),
        "modality": _coded(series[owner] % 8, ["CR", "CT", "DX", "MG", "MR", "PT", "SR", "US"]),
        "sop_class": _coded(series[owner] % 8, [f"1.2.840.10008.5.1.4.1.1.{n}" for n in range(8)]),
        "category": pd.Categorical.from_codes((each % 3).astype("int8"), dtype=RESULTS["category"]),
        "subcategory": _coded(each % 12, [f"CODE-{n}" for n in range(12)]),
        "original": pd.Categorical.from_codes(text, categories=all_texts),
        "expected": pd.Categorical.from_codes(text, categories=all_texts),
        "actual": pd.Categorical.from_codes(actual, categories=all_texts),
        "state": pd.Categorical.from_codes(state, dtype=RESULTS["state"]),
        "verdict": pd.Categorical.from_codes(verdict.astype("int8"), dtype=RESULTS["verdict"]),
        "score": score,
        "error": _coded(np.where(np.isnan(score), 0, -1), ["no word is left"]),
        "file": _coded(owner, [f"{n}.dcm" for n in range(instances)]),
        "private": np.isin(each, private),
        "complete": np.ones(total, dtype=bool),
    }
    return pd.DataFrame(columns, copy=False)


def _failing(random: Any, failures: int, owner: Any, each: Any, series: Any, private: Any, actions: Any) -> Any:
    """Which checks fail: a quarter a dropped block, the rest over some attributes of some series."""
    failed = np.zeros(len(owner), dtype=bool)
    of_series = series[owner]
    while failed.sum() < failures // 4:
        failed |= (of_series == random.integers(SERIES)) & np.isin(each, private[:27])
    while failed.sum() < failures:
        failed |= (of_series == random.integers(SERIES)) & (each == random.integers(len(actions)))
    return failed


def _coded(codes: Any, texts: list[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(
        np.asarray(codes).astype(np.min_scalar_type(-len(texts))), categories=pd.Index(texts)
    )


def timed(what: str, question: Callable[[], Any]) -> Any:
    """The answer; prints how long it took."""
    start = time.perf_counter()
    answer = question()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"{what:<38}{time.perf_counter() - start:8.2f} s{peak:8.1f} GB peak")
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=8_000_000)
    parser.add_argument("--failures", type=int, default=9_000)
    asked = parser.parse_args()
    results = timed("(make the frame)", lambda: make_results(asked.rows, asked.failures))
    print(
        f"{len(results):,} checks, {int((results['verdict'] != 'passed').sum()):,} failed or blank, "
        f"{results.memory_usage().sum() / 1024**3:.1f} GB"
    )
    timed("score(by='tag')", lambda: mn.score(results, by="tag"))
    for unit in ("series", "series-2024"):
        timed(f"score(by='category', unit='{unit}')", lambda unit=unit: mn.score(results, by="category", unit=unit))
    explained = timed("explain", lambda: mn.explain(results))
    found = timed("problems", lambda: mn.problems(explained))
    print(f"{'':<38}{len(found):8,} problems")
    timed("what_if", lambda: mn.what_if(explained, [found["problem"].iloc[0]]))
    later = make_results(asked.rows, asked.failures, seed=1)
    later = later.iloc[np.random.default_rng(1).permutation(len(later))].reset_index(drop=True)
    timed("compare with a run in another order", lambda: mn.compare(results, later))
    both = mn.tally(results).assign(submission=pd.Categorical(["a"] * len(mn.tally(results))))
    other = mn.tally(later).assign(submission=pd.Categorical(["b"] * len(mn.tally(later))))
    timed("rank two tallies", lambda: mn.rank(pd.concat([both, other], ignore_index=True)))
    timed("audit", lambda: mn.audit(results))
    with tempfile.TemporaryDirectory() as folder:
        timed("write_html", lambda: mn.write_html(explained, Path(folder) / "report.html"))
    explorer = timed("explore: open", lambda: opened(explained))
    for what, state in EXPLORED.items():
        timed(f"explore: {what}", lambda state=state: explorer.set(**state))


def opened(explained: pd.DataFrame) -> Any:
    """An explorer that has sent its data to a browser. What a hand does on failing checks never comes here."""
    explorer = explore(explained)
    explorer.hear({"kind": "ready"})
    return explorer


#: What a hand does in the explorer that the kernel answers, one after another.
EXPLORED: dict[str, dict[str, Any]] = {
    "all checks": {"table": "checks", "filters": {}, "search": ""},
    "all checks, by modality": {"filters": {"modality": ["CT"]}},
    "all checks, next page": {"page": 1},
    "all checks, sorted by attribute": {"sort": "name", "page": 0},
    "all checks, search": {"search": "Attribute 17"},
}


if __name__ == "__main__":
    main()
