"""What the browser filters, counts and sorts is what pandas does with the same frame; its numbers are written alike."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pandas as pd
import pytest

import midi_nb as mn
from midi_nb.actions import ACTIONS
from midi_nb.amounts import count, percent, points
from midi_nb.widgets import explore

LOAD = """async (esm) => {
  const url = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  Object.assign(window, await import(url)); // explorer, scores, and how numbers are written
}"""
TAKE = """([message, buffers]) => {
  const unpacked = (text) => new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
  const { data, units } = explorer.unpacked(message, buffers.map(unpacked));
  if (units) return Object.assign(window.data.fixes.units, units); // what they count by comes when they are asked for
  window.data = data;
  window.sift = explorer.sieve(window.data);
}"""
ASK = """(state) => {
  const left = sift.left(state), sort = state.table === "problems" ? "" : state.sort;
  return {
    bars: Object.fromEntries(Object.entries(left.counts).map(([name, bars]) => [name, [...bars]])),
    rows: [...sift.sorted(left.rows, sort)].map((row) => data.rows.position[row]),
    problems: [...left.problems].slice(1),
    listed: sift.listed(left.problems, state.table === "problems" ? state.sort : ""),
    scores: sift.scores(state.filters),
  };
}"""
OF_FAILURES = ("verdict", "axis", "cause")


def seeds(some: int, all_of_them: int) -> Any:
    """Runs a test on random frames: some of them, and the rest in `make stress`."""
    rest = (pytest.param(seed, marks=pytest.mark.long) for seed in range(some, all_of_them))
    return pytest.mark.parametrize("seed", [*range(some), *rest])


@pytest.fixture(scope="module")
def page(chromium: Any) -> Any:
    """A page that holds the module of the widgets."""
    page = chromium.new_page()
    yield page
    page.close()


def frame(make: Any, random: np.random.Generator) -> pd.DataFrame:
    """Some checks of two submissions with few distinct texts, many of them missing."""
    texts = ["DOE^JANE", "Müller", "CHEST", "CHEST ", "İstanbul", None, "a,b", '"'] * 2
    pick = lambda some: some[random.integers(len(some))]  # noqa: E731
    rows = [
        {
            "check": str(number // 3), "submission": pick(["one", "two"]), "patient": pick(["P1", "P2", "p3", None]),
            "instance": pick(["1.1", "1.2", "1.3"]), "action": pick(list(ACTIONS)),
            "modality": pick(["CT", "MR", None]),
            "tag_path": pick(["(0010,0010)", "(0008,1030)", "(0008,1140)[0](0010,0010)", '(0019,"X",01)']),
            "category": pick(["hipaa", "dicom", "tcia"]), "scope": pick(["Patient", "Instance"]),
            "original": pick(texts), "expected": pick(texts), "actual": pick(texts),
            "verdict": pick(["failed", "failed", "blank", "passed", "passed", "lost"]),
            "score": pick([0.0, 1.0, np.nan]),
        } for number in range(random.integers(1, 80))
    ]  # fmt: skip
    return make.results(rows)


def take(page: Any, explorer: Any) -> dict[str, Any]:
    """Hands the page what an explorer sends, now and later, and gives back its data."""
    sent: list[Any] = []
    if not page.evaluate("() => 'explorer' in window"):
        page.evaluate(LOAD, explorer._esm)

    def send(message: Any, buffers: Any = None) -> None:
        if message["kind"] in ("data", "fixes"):
            page.evaluate(TAKE, [message, [base64.b64encode(buffer).decode() for buffer in buffers]])
            sent.append(message)

    explorer.send = send
    explorer.hear({"kind": "ready"})
    return sent[0]["data"]


def some_state(random: np.random.Generator, data: dict[str, Any]) -> dict[str, Any]:
    """A state that a hand could bring about: a table, up to three filters, now and then a search and an order."""
    filters = {}
    for name in random.choice(list(data["facets"]), random.integers(0, 4), replace=False):
        codes = np.arange(1, len(data["facets"][name]["texts"]))
        if len(codes):
            filters[str(name)] = [int(code) for code in random.choice(codes, random.integers(1, 3))]
    table = str(random.choice(["problems", "failures", "checks"]))
    columns = ["rows", "gain", "patients"] if table == "problems" else ["cause", "action", "name", "actual", "patient"]
    sort = str(random.choice(["", *columns, *(f"-{name}" for name in columns)]))
    search = str(random.choice(["", "", "doe", "MÜLLER", "chest ", "(0008", "p", "i̇", "zebra"]))
    return {"table": table, "filters": filters, "search": search, "sort": sort}


def in_order(rows: pd.DataFrame, data: dict[str, Any], sort: str) -> list[int]:
    """The index of rows in the order of a column as pandas sorts it: by its labels in any case, missing ones last."""
    name = sort.removeprefix("-")
    if not name:
        return rows.index.tolist()
    facet = data["facets"].get(name)
    labels = rows[name].astype(object)
    if facet:
        labels = labels.map(dict(zip(facet["texts"][1:], facet["labels"][1:], strict=True)))
    labels = labels.str.lower().sort_index(ascending=True)
    places = {text: place for place, text in enumerate(sorted(labels.dropna().unique()))}
    return labels.map(places).sort_values(ascending=name == sort, kind="stable", na_position="last").index.tolist()


@seeds(3, 6)
def test_whatever_is_asked_the_browser_answers_as_pandas_does(page: Any, make: Any, seed: int) -> None:
    random = np.random.default_rng(seed)
    explorer = explore(frame(make, random))
    data, results = take(page, explorer), explorer.results
    problem = mn.problem_of(results)
    attribute = results["tag_path"].str.replace(r"\[\d+]", "", regex=True)
    for _ in range(12):
        state = some_state(random, data)
        said = page.evaluate(ASK, state)
        filters = {
            name: list(dict.fromkeys(data["facets"][name]["texts"][code] for code in codes))
            for name, codes in state["filters"].items()
        }
        explorer.set(table=state["table"], filters=filters, search=state["search"], sort=state["sort"])
        left = explorer.filtered
        assert sorted(said["rows"]) == left.index.tolist(), state
        if state["table"] != "problems":
            assert said["rows"] == in_order(left, data, state["sort"]), state

        # A bar counts what the filters of the other facets leave.
        for name, facet in data["facets"].items():
            if facet["sets"]:
                for text, counted in zip(facet["texts"][1:], said["bars"][name][1:], strict=True):
                    explorer.filters = filters | {name: [text]}
                    assert counted == len(explorer.filtered), (name, state)
                continue
            explorer.filters = {other: texts for other, texts in filters.items() if other != name}
            rows = explorer.filtered
            column = attribute[rows.index] if name == "attribute" else rows[name]
            counted = column.value_counts().reindex(facet["texts"][1:], fill_value=0)
            assert said["bars"][name][1:] == counted.tolist(), (name, state)

        assert said["problems"] == [
            ((problem[left.index] == name) & (left["submission"] == submission)).sum()
            for name, submission in explorer.problems[["problem", "submission"]].itertuples(index=False)
        ]
        listed = explorer.problems.assign(rows=said["problems"]).loc[said["listed"]]
        if state["table"] == "problems" and state["sort"]:
            column = listed[state["sort"].removeprefix("-")].dropna()
            assert column.is_monotonic_decreasing if state["sort"][0] == "-" else column.is_monotonic_increasing


@seeds(1, 3)
def test_scores_of_the_selection_are_those_of_score(page: Any, make: Any, seed: int) -> None:
    random = np.random.default_rng(seed)
    explorer = explore(frame(make, random))
    data, results = take(page, explorer), explorer.results
    names = data["facets"]["submission"]["texts"]
    for name, by in (("category", None), ("action", None), ("axis", "axis"), ("cause", "cause")):
        for code, text in list(enumerate(data["facets"][name]["texts"]))[1:]:
            if by and not (results[name] == text).any():
                continue
            said = page.evaluate(ASK, {"table": "checks", "filters": {name: [code]}, "search": "", "sort": ""})[
                "scores"
            ]
            rows = results if by else results[results[name] == text]
            scores = mn.score(rows, by=["submission", *([by] if by else [])])
            scores = scores[scores[by] == text] if by else scores
            known = scores[scores["total"] > 0].set_index("submission")
            for submission, (failed, blank, passed) in zip(names[1:], said[1:], strict=True):
                if submission in known.index:
                    counts = known.loc[submission, ["failed", "blank", "passed"]].tolist()
                    assert [failed, blank, passed] == counts, (name, text)
                elif not by:
                    assert failed + blank + passed == 0


@pytest.mark.parametrize("seed", range(3))
def test_what_ticked_problems_bring_is_what_python_says(page: Any, make: Any, seed: int) -> None:
    random = np.random.default_rng(seed)
    explorer = explore(frame(make, random))
    data, results = take(page, explorer), explorer.results
    names, problems = data["facets"]["submission"]["texts"], explorer.problems
    for unit, column in (("instance", "gain"), ("series", "gain_series")):
        some = problems["problem"][random.random(len(problems)) < 0.4].unique().tolist()
        fixed = np.flatnonzero(problems["problem"].isin(some)).tolist()  # of both submissions, as what_if fixes it
        for weights in ({}, {"hipaa": 70.0, "dicom": 20.0, "tcia": 10.0}, {"tcia": 1.0}):
            explorer.set(fixed=fixed, unit=unit, weights=weights)
            rates, gains = page.evaluate(
                "(rules) => { const sums = scores.model(data); return [sums.rates(rules), sums.gains(rules)]; }",
                {"fixed": fixed, "unit": unit, "weights": weights},
            )
            said = {names[one["code"]]: (one["before"], one["after"], one["rankAfter"]) for one in rates}
            known = explorer.scores.set_index("submission")[["before", "after", "rank_after"]].astype("float64")
            for name, own in known.iterrows():
                assert said[name] == pytest.approx(tuple(own), nan_ok=True), (unit, weights)
            if not weights:
                expected = mn.what_if(results, some).set_index(["submission", "unit"])
                for name in known.index:
                    assert said[name][:2] == pytest.approx(tuple(expected.loc[(name, unit), ["before", "after"]]))
                assert gains == pytest.approx(problems[column].tolist())


def test_numbers_are_written_as_python_writes_them(page: Any, make: Any) -> None:
    take(page, explore(make.results([{}])))
    rates = [
        None,
        0.0,
        1.0,
        0.004,
        0.0099,
        0.01,
        0.356,
        0.99,
        0.991,
        0.999,
        0.5,
        0.98765,
        0.999999,
        0.000001,
        0.1 + 0.2,
        0.00005,
    ]
    gains = [0.01511, -0.2, 0.00004, -0.00004, 0.0, 0.5]
    numbers = [0, 1, 2, 1234, 8123456]
    said = page.evaluate(
        """([rates, gains, numbers]) => [rates.map((rate) => percent(rate)), rates.map((rate) => percent(rate, 0)),
          gains.map(points), numbers.flatMap((number) => ["", "check", "box"].map((what) => count(number, what)))]""",
        [rates, gains, numbers],
    )
    assert said == [
        [percent(rate) for rate in rates],
        [percent(rate, 0) for rate in rates],
        [points(gain) for gain in gains],
        [text for number in numbers for text in (count(number), count(number, "check"), count(number, "box"))],
    ]
