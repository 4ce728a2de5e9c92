"""What the figures show, read back from what is drawn."""

from __future__ import annotations

import inspect
from itertools import combinations

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

import midi_nb as mn
from midi_nb import coded, frames, masking, plots


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    yield
    plt.close("all")


def results(rows: list[dict], **everywhere) -> pd.DataFrame:
    """Explained results with these cells, in the types that evaluate() and explain() give."""
    table = pd.DataFrame([{**everywhere, **row} for row in rows], dtype="object")
    types = {**frames.RESULTS, **frames.EXPLAINED}
    columns = {name: list(table[name].where(table[name].notna(), None)) for name in table}
    score = [np.nan if value is None else value for value in columns.get("score", [None] * len(rows))]
    return coded.tidy({**columns, "score": score, "private": [False] * len(rows)}, types, len(rows))


def checks(*counts: tuple[str, str, int, int]) -> pd.DataFrame:
    """Results of so many failed and passed checks by (tag, modality, failed, passed)."""
    rows = [
        {"tag": tag, "modality": modality, "verdict": verdict, "patient": f"p{i % 3}", "series": f"s{i % 2}"}
        for tag, modality, failed, passed in counts
        for verdict, n in (("failed", failed), ("passed", passed))
        for i in range(n)
    ]
    explained = [
        {**row, "cause": "leak_full", "axis": "privacy"} if row["verdict"] == "failed" else row for row in rows
    ]
    return results(explained, action="text_removed", submission="ours")


def scores(n: int = 3) -> pd.DataFrame:
    """n categories of 1,000 checks, of which none, one, two … failed."""
    failed = np.arange(n)
    score = 1 - failed / 1000
    return pd.DataFrame({
        "category": [f"c{i}" for i in range(n)], "passed": 1000 - failed, "failed": failed, "blank": 0, "total": 1000,
        "score": score, "low": score - 0.001, "high": np.minimum(1, score + 0.001),
    })  # fmt: skip


def problems(n: int = 3) -> pd.DataFrame:
    return pd.DataFrame({
        "cause": "leak_full", "name": [f"Name {i}" for i in range(n)],
        "axis": [list(plots.PALETTE)[3 + i % 5] for i in range(n)],
        "rows": np.arange(n, 0, -1), "series": 1, "patients": 2,
    })  # fmt: skip


def ranks(n: int = 3) -> pd.DataFrame:
    score = 1 - np.arange(n) / 1000
    return pd.DataFrame({
        "submission": [f"tool {i}" for i in range(n)], "score": score, "low": score - 0.01, "high": score,
        "rank": np.arange(1, n + 1), "rank_low": np.arange(1, n + 1), "rank_high": np.arange(1, n + 1) + 1,
        "p_first": np.r_[0.75, np.full(n - 1, 0.25 / max(1, n - 1))],
    })  # fmt: skip


def comparison(n: int = 3) -> pd.DataFrame:
    """n tags, each with one check regressed, three still passing and two, three, four … fixed."""
    changes = [["fixed"] * (i + 2) + ["regressed"] + ["still passing"] * 3 for i in range(n)]
    tags = [f"t{i:03}" for i in range(n)]
    return pd.DataFrame({"tag": tags, "change": changes}).explode("change", ignore_index=True)


def many(n: int = 3) -> pd.DataFrame:
    """Results in which n tags, causes, submissions and patients fail."""
    return results([
        {"tag": f"(0010,{i:04x})", "cause": f"cause_{i}", "submission": f"tool {i}", "patient": f"p{i}",
         "verdict": "failed", "score": 0.5, "original": "20200101", "actual": f"2020{1 + i % 9:02}02"}
        for i in range(n)
    ], action="date_shifted", modality="CT", axis="privacy", series="s")  # fmt: skip


def partial(values: list[float], action: str = "text_retained") -> pd.DataFrame:
    return results(
        [{"score": value, "verdict": "passed" if value == 1 else "failed"} for value in values], action=action
    )


FAILURE = {
    "tag_path": "(0008,103e)", "tag": "(0008,103e)", "action": "text_retained", "original": "CHEST LOW DOSE 20140321",
    "expected": "CHEST LOW DOSE", "actual": "low chest", "state": "value", "verdict": "failed",
    "cause": "overclean_partial", "axis": "utility",
}  # fmt: skip


def lines(*rows: tuple[str, int, float | None, int]) -> pd.DataFrame:
    """Time lines of dates: (patient, days since the first one, days shifted, the usual shift)."""
    frame = pd.DataFrame(rows, columns=["patient", "was", "days", "usual"])
    shift = np.select([frame["days"].isna(), frame["days"] == 0, frame["days"] == frame["usual"]],
                      ["gone", "kept", "usual"], "other")  # fmt: skip
    return frame.assign(submission="ours", now=frame["was"] + frame["days"], shift=shift, checks=1)


def links(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    """References: (patient, series, series it leads to)."""
    frame = pd.DataFrame(rows, columns=["patient", "series", "to_series"])
    leads = np.where(frame["to_series"].isna(), "dangling", "inside")
    to = frame["to_series"].notna()
    return frame.assign(submission="ours", study="t", modality="CT", name="UID", leads=leads,
                        to_study=np.where(to, "t", None), to_modality=np.where(to, "CT", None))  # fmt: skip


# plot → a frame of n things it can show
PLOTS = {
    "score": scores,
    "causes": many,
    "pareto": problems,
    "heatmap": many,
    "tradeoff": many,
    "ranking": ranks,
    "changes": comparison,
    "partial_scores": lambda n=3: partial(list(np.linspace(0.1, 0.9, n))),
    "date_shifts": many,
    "word_diff": lambda n=1: results([FAILURE]),
    "timelines": lambda n=3: lines(*[(f"p{i}", i, 300 + i % 2, 300) for i in range(n)]),
    "references": lambda n=3: links(*[(f"p{i}", "s1", None if i else "s1") for i in range(n)]),
}
every_plot = pytest.mark.parametrize("name", PLOTS)


def drawn(ax):
    """`ax`, once its figure has been drawn but for the pixels: this is when layout warns."""
    ax.figure.draw_without_rendering()
    return ax


def title(ax) -> str:
    return " ".join(ax.get_title("left").split())


def texts(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


def labels(ax) -> list[str]:
    return [label.get_text() for label in ax.get_yticklabels()]


def said(figure) -> list[str]:
    """Every text of a figure."""
    return [text.get_text() for text in figure.findobj(mpl.text.Text)]


def test_every_plot_is_in_the_table():
    public = {name for name in plots.__all__ if inspect.isfunction(getattr(plots, name))}
    assert public == set(PLOTS), "give PLOTS what each plot draws, here and in tools/make_figures.py (the gallery)"
    assert set(plots.__all__) - public == {"LOOKS", "PALETTE"}


@every_plot
def test_takes_its_frame_first_and_the_rest_by_keyword(name):
    first, *rest = inspect.signature(getattr(plots, name)).parameters.values()
    assert first.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    assert {parameter.kind for parameter in rest} == {inspect.Parameter.KEYWORD_ONLY}
    assert "ax" in {parameter.name for parameter in rest}


@every_plot
def test_draws_on_the_given_axes(name):
    figure, (_, ax) = plt.subplots(1, 2, figsize=(14, 5), layout="constrained")
    assert drawn(getattr(plots, name)(PLOTS[name](), ax=ax)) is ax
    assert plt.get_fignums() == [figure.number]


@every_plot
def test_makes_a_figure_without_one(name):
    ax = drawn(getattr(plots, name)(PLOTS[name]()))
    assert title(ax)
    assert plt.get_fignums() == [ax.figure.number]


@every_plot
def test_fits_beside_the_file_browser_in_letters_that_can_be_read(name):
    ax = getattr(plots, name)(PLOTS[name]())
    assert ax.figure.get_size_inches()[0] <= 8.5
    assert min(text.get_fontsize() for text in ax.figure.findobj(mpl.text.Text) if text.get_text()) >= 9


@pytest.mark.parametrize(("most", "scale"), [(300, "function"), (12, "linear")])
def test_long_bars_leave_no_stubs(most, scale):
    counts = {"a": most, "b": 2, "c": 2}
    frame = pd.DataFrame({"tag": [tag for tag, n in counts.items() for _ in range(n)], "change": "fixed"})
    ax = plots.changes(frame)
    assert ax.get_xscale() == scale
    assert ax.get_xlabel().endswith("(square-root scale)") == (scale == "function")


@every_plot
def test_leaves_the_frame_as_it_was(name):
    frame = PLOTS[name]()
    before = frame.copy(deep=True)
    getattr(plots, name)(frame)
    pd.testing.assert_frame_equal(frame, before)


@every_plot
def test_an_empty_frame_gives_a_picture_that_says_so(name):
    ax = drawn(getattr(plots, name)(PLOTS[name]().iloc[:0]))
    assert not ax.axison
    assert len(texts(ax)) == 1
    assert texts(ax)[0].startswith(("No", "None", "0"))


@every_plot
def test_names_the_columns_it_misses(name):
    with pytest.raises(ValueError, match=rf"^plots\.{name}\(\) needs the columns .+, missing in this frame"):
        getattr(plots, name)(pd.DataFrame({"colour": ["red"]}))


@every_plot
def test_stays_readable_on_a_dark_style(name):
    with plt.style.context("dark_background"):
        ax = getattr(plots, name)(PLOTS[name]())
        on_white = [] if name == "heatmap" else ax.texts  # there the ink goes by the cell
        assert {to_hex(text.get_color()) for text in [*on_white, ax.title]} == {"#ffffff"}


@pytest.mark.parametrize("n", [3, 300])
@every_plot
def test_any_number_of_things_fits_and_keeps_its_labels_apart(name, n):
    ax = drawn(getattr(plots, name)(PLOTS[name](n)))
    assert ax.figure.get_size_inches()[1] < 16
    boxes = [label.get_window_extent() for label in ax.get_yticklabels() if label.get_text()]
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))


@pytest.mark.parametrize(
    ("name", "limit"),
    {"score": 30, "causes": 40, "pareto": 20, "heatmap": 30, "ranking": 30, "changes": 20, "date_shifts": 30}.items(),
)
def test_what_does_not_fit_is_folded_and_counted(name, limit):
    shown = labels(getattr(plots, name)(PLOTS[name](300)))
    assert shown[-1] == f"other ({300 - limit})"
    assert len(shown) == limit + 1
    assert "other (1)" not in labels(getattr(plots, name)(PLOTS[name](limit + 1)))
    assert labels(getattr(plots, name)(PLOTS[name](10), limit=4))[-1] == "other (6)"


@every_plot
def test_texts_of_the_data_are_drawn_as_they_are(name):
    hostile = "$x_1$ and\n$\\frac$ 写真\x00"
    frame = PLOTS[name]()
    known = {"category", "problem", "tag", "cause", "submission", "patient", "original", "expected", "actual"}
    for column in known.intersection(frame.columns) - (set(frames.VALUES) if name == "date_shifts" else set()):
        frame[column] = pd.Categorical([hostile] * len(frame))
    ax = drawn(getattr(plots, name)(frame))  # a formula that does not parse, or a missing glyph, would raise
    shown = " ".join(said(ax.figure))
    assert name == "partial_scores" or "□□" in shown, "are its labels of another column? Add that to `known`"


def test_score_draws_each_score_in_its_interval_the_lowest_on_top():
    ax = plots.score(scores(3))
    assert labels(ax) == ["c2", "c1", "c0"]
    assert ax.lines[0].get_xdata() == pytest.approx([0.998, 0.999, 1.0])
    spans = [segment[:, 0] for segment in ax.collections[0].get_segments()]
    assert spans == [pytest.approx(span) for span in ([0.997, 0.999], [0.998, 1.0], [0.999, 1.0])]
    assert texts(ax) == ["2 of 1,000 checks failed", "1 of 1,000 checks failed", "all 1,000 checks passed"]
    assert title(ax) == "c2 scores lowest: 99.80 % (2 of 1,000 checks failed)"


def test_score_of_what_is_folded_is_that_of_its_checks_together():
    ax = plots.score(scores(10), limit=2)
    assert labels(ax) == ["c9", "c8", "other (8)"]
    assert ax.lines[0].get_xdata()[-1] == pytest.approx(1 - sum(range(8)) / 8000)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (scores(1), "All 1,000 checks passed"),
        (scores(2).iloc[[1]].drop(columns="category"), "The score is 99.90 % (1 of 1,000 checks failed)"),
        (scores(2).iloc[[1]].assign(blank=1), "c1 scores 99.90 % (1 of 1,000 checks failed, 1 blank)"),
    ],
)
def test_score_says_what_it_found(frame, said):
    assert title(plots.score(frame)) == said


def test_score_breaks_down_by_several_columns_and_shows_what_has_no_score():
    frame = scores(2).assign(scope=["Study", None], score=[np.nan, 0.9], total=[0, 1000], passed=[0, 900])
    ax = drawn(plots.score(frame))
    assert labels(ax) == ["c1 · (none)", "c0 · Study"]
    assert texts(ax)[1] == "no checks"


def test_score_of_a_single_patient_stands_without_a_line():
    frame = scores(3).assign(low=[np.nan, 0.998, 0.997], high=[np.nan, 1.0, 0.999], patients=[1, 2, 3])
    ax = drawn(plots.score(frame))
    assert labels(ax) == ["c2", "c1", "c0"]
    assert ax.lines[0].get_xdata() == pytest.approx([0.998, 0.999, 1.0])
    assert ax.get_xlabel() == "score: passed of all checks (line: interval, none for a single patient)"
    alone = drawn(plots.score(frame.iloc[[0]]))
    assert title(alone) == "All 1,000 checks passed"


def test_causes_counts_rows_series_and_patients():
    leak, dropped = {"cause": "leak_full", "axis": "privacy"}, {"cause": "tag_dropped", "axis": "utility"}
    rows = [{"series": "1"}, {"series": "1", **dropped}, {"series": "1", **leak}, {"series": "2", **leak}]
    ax = plots.causes(results(rows, patient="p"))
    assert labels(ax) == ["Whole text left", "Attribute dropped"]
    assert [bar.get_width() for bar in ax.patches] == [2, 1]
    drawn_as = [(to_hex(bar.get_facecolor()).upper(), bar.get_hatch()) for bar in ax.patches]
    assert drawn_as == [plots.LOOKS["privacy"][:2], plots.LOOKS["utility"][:2]]
    assert texts(ax) == ["2 (66.67 %), 2 series, 1 patient", "1 (33.33 %), 1 series, 1 patient"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["privacy", "utility"]
    assert title(ax) == "Whole text left is the most frequent of 2 causes: 2 of 3 failed or blank checks (66.67 %)"


def test_causes_of_a_clean_run_says_that_none_failed():
    assert texts(plots.causes(results([{"verdict": "passed"}] * 4))) == ["None of 4 checks failed"]


def test_causes_leaves_out_checks_that_no_score_counts():
    rows = [{"verdict": "failed", "cause": "leak_full", "axis": "privacy"},
            {"verdict": "lost", "cause": "lost_check", "axis": "key"}]  # fmt: skip
    assert labels(plots.causes(results(rows, patient="p", series="1"))) == ["Whole text left"]


def test_pareto_adds_up_to_all_failures():
    ax = plots.pareto(problems(4))
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([0.4, 0.3, 0.2, 0.1])
    assert ax.lines[0].get_xdata() == pytest.approx([0.4, 0.7, 0.9, 1.0])
    assert texts(ax)[0] == "4, 1 series, 2 patients"
    assert title(ax) == "3 of 4 problems make 90.00 % of 10 failed or blank checks"


def test_pareto_keeps_small_problems_in_sight_beside_a_huge_one():
    ax = plots.pareto(problems(4).assign(rows=[900, 4, 3, 1]))
    assert ax.get_xscale() == "function"
    assert "(square-root scale)" in ax.get_xlabel()
    assert plots.pareto(problems(4)).get_xscale() == "linear"


@pytest.mark.parametrize("most", [60, 900, 4000, 80_000, 1_000_000])
@pytest.mark.parametrize("inches", [3, 8.5])
def test_numbers_at_a_bent_axis_do_not_touch(most, inches):
    rows = [{"change": change, "name": f"n{i}"} for i in range(3) for change in ("fixed", "regressed")]
    frame = pd.DataFrame([{"change": "fixed", "name": "many"}, *rows]).astype("category")
    frame = frame.loc[np.repeat(frame.index, [most] + [1] * len(rows))]
    for ax in (
        plots.changes(frame, by="name", ax=plt.subplots(figsize=(inches, 4))[1]),
        plots.pareto(problems(8).assign(rows=[most, *range(7, 0, -1)]), ax=plt.subplots(figsize=(inches, 4))[1]),
    ):
        assert ax.get_xscale() == "function"
        drawn(ax)
        boxes = [label.get_window_extent() for label in ax.get_xticklabels() if label.get_text()]
        assert len(boxes) > 1
        assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_without_ax_a_plot_is_drawn_on_the_current_axes_if_these_are_empty():
    left, right = plt.subplots(1, 2)[1]
    plt.sca(left)
    assert plots.score(scores()) is left
    assert plots.score(scores()) not in (left, right)  # nothing is drawn over a plot
    plt.sca(right)
    assert plots.pareto(problems(2)) is right
    said = plots.pareto(problems(0))
    assert plots.pareto(problems(2)) is not said


def test_pareto_folds_without_losing_rows():
    ax = plots.pareto(problems(300))
    assert ax.lines[0].get_xdata()[-1] == pytest.approx(1)
    assert texts(ax)[-1] == f"{sum(range(1, 281)):,}"


def test_pareto_tells_submissions_apart():
    assert labels(plots.pareto(problems(2).assign(submission=["a", "b"]))) == [
        "a · Whole text left · Name 0",
        "b · Whole text left · Name 1",
    ]
    assert labels(plots.pareto(problems(2).assign(submission="a"))) == [
        "Whole text left · Name 0",
        "Whole text left · Name 1",
    ]


def test_heatmap_shows_failures_by_opportunity():
    ax = plots.heatmap(checks(("(0010,0010)", "CT", 1, 3), ("(0010,0010)", "MR", 0, 2), ("(0008,103e)", "CT", 1, 0)))
    assert labels(ax) == ["Patient's Name (0010,0010)", "Series Description (0008,103e)"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["CT", "MR"]
    assert texts(ax) == ["25 %\n1/4", "0/2", "100 %\n1/1"]
    rate = ax.collections[0].get_array()
    assert np.ma.filled(rate, np.nan).ravel().tolist() == pytest.approx([0.25, 0, 1, np.nan], nan_ok=True)
    assert (
        title(ax)
        == "Most failures: Patient's Name (0010,0010) in CT (1 of 4, 25.00 %); overall 2 of 7 checks (28.57 %)"
    )
    assert "failed of all checks (grey: no checks)" in said(ax.figure)


def test_heatmap_folds_rows_and_columns_without_losing_checks():
    frame = checks(*((f"t{i:02}", f"m{i % 20:02}", 1, i % 4) for i in range(60)))
    ax = drawn(plots.heatmap(frame, ax=plt.subplots(figsize=(24, 14))[1]))
    assert labels(ax)[-1] == "other (30)"
    assert ax.get_xticklabels()[-1].get_text() == "other (8)"
    pairs = np.array([text.split("\n")[-1].split("/") for text in texts(ax)], dtype=int)
    assert pairs.sum(axis=0).tolist() == [60, len(frame)]


def test_heatmap_keeps_an_order_that_the_column_has():
    rows = [
        {"scope": scope, "verdict": "failed" if scope == "Series" else "passed"}
        for scope in ("Instance", "Series", "Patient")
    ]
    frame = results(rows, modality="CT")
    assert labels(plots.heatmap(frame, rows="scope")) == ["Patient", "Series", "Instance"]


def test_heatmap_by_cause_counts_of_all_checks():
    frame = checks(("a", "CT", 1, 3), ("a", "MR", 0, 2))
    assert texts(plots.heatmap(frame, rows="cause")) == ["25 %\n1/4", "0/2"]
    assert texts(plots.heatmap(frame, rows="modality", columns="axis")) == ["25 %\n1/4", "0/2"]
    assert texts(plots.heatmap(frame, rows="cause", columns="axis")) == ["17 %\n1/6"]


def test_heatmap_counts_a_blank_among_the_checks_but_as_no_failure():
    frame = results(
        [{"verdict": "failed"}, {"verdict": "blank", "error": "no word is left"}], scope="Study", modality="CT"
    )
    assert texts(plots.heatmap(frame, rows="scope")) == ["50 %\n1/2"]


def test_heatmap_keeps_checks_of_no_group():
    frame = results([{"scope": scope, "verdict": "failed"} for scope in ("Study", "Series", None)], modality=None)
    ax = plots.heatmap(frame, rows="scope")
    assert labels(ax) == ["Study", "Series", "(none)"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["(none)"]
    assert texts(ax) == ["100 %\n1/1"] * 3
    assert labels(plots.heatmap(frame, rows="subcategory", columns="scope")) == ["(none)"]


@pytest.mark.parametrize(("rows", "columns"), [("category", "name"), ("scope", "submission")])
def test_heatmap_of_few_rows_and_long_names_keeps_room_for_its_cells(rows, columns):
    names = [f"university-hospital-pipeline-release-{i:04}" for i in range(6)]
    frame = results(
        [{columns: name, rows: "tcia" if rows == "category" else "Study", "verdict": "failed"} for name in names]
    )
    ax = drawn(plots.heatmap(frame, rows=rows, columns=columns))
    height = ax.get_window_extent().height / ax.figure.dpi
    assert height > 0.4


def test_heatmap_leaves_out_checks_without_an_official_row():
    frame = results([{"scope": "Study", "modality": "CT", "verdict": "failed"},
                     {"scope": "Study", "modality": "CT", "verdict": "lost", "error": "no pixels"}])  # fmt: skip
    assert texts(plots.heatmap(frame, rows="scope")) == ["100 %\n1/1"]


def two_tools() -> pd.DataFrame:
    """A leaky tool and a greedy one, ten checks of each of three patients."""
    rows = [
        {"submission": tool, "patient": patient, "axis": axis if i < failed else None}
        for tool, axis, fails in (("leaky", "privacy", (2, 3, 4)), ("greedy", "utility", (1, 1, 1)))
        for patient, failed in zip("abc", fails, strict=True)
        for i in range(10)
    ]
    return results(rows)


def points(ax) -> dict[str, tuple[float, float]]:
    lines = [line for line in ax.lines if not line.get_label().startswith("_")]
    return {line.get_label().split(":")[0]: (line.get_xdata()[0], line.get_ydata()[0]) for line in lines}


def test_tradeoff_draws_failures_per_thousand_checks():
    ax = plots.tradeoff(two_tools())
    assert points(ax) == {"greedy": (0, pytest.approx(100)), "leaky": (pytest.approx(300), 0)}
    assert texts(ax) == ["greedy", "leaky"]
    assert title(ax) == "2 of 2 submissions trade privacy for utility; none is best on both"


def whiskers(ax) -> list[list[float]]:
    """From where to where the whiskers reach, of each point one for privacy and one for utility."""
    ends = [part.get_paths()[0].vertices for part in ax.collections if isinstance(part, LineCollection)]
    return [sorted(line[:, number % 2]) for number, line in enumerate(ends)]


def test_tradeoff_whiskers_are_the_intervals_of_the_two_rates():
    frame = two_tools()
    greedy, leaky = whiskers(plots.tradeoff(frame, interval=0.5))[:2], whiskers(plots.tradeoff(frame, interval=0.5))[2:]
    for tool, axis, found in (("leaky", "privacy", leaky[0]), ("greedy", "utility", greedy[1])):
        rows = frame[frame["submission"] == tool]
        verdicts = rows["axis"].eq(axis).fillna(False).map({True: "failed", False: "passed"})
        score = mn.score(rows.assign(verdict=verdicts.astype(frame["verdict"].dtype)), interval=0.5).iloc[0]
        assert found == [pytest.approx(1000 - 1000 * score["high"]), pytest.approx(1000 - 1000 * score["low"])]


def test_tradeoff_counts_checks_without_a_patient():
    frame = two_tools()
    ax = plots.tradeoff(frame.assign(patient=frame["patient"].cat.remove_categories("c")))
    assert points(ax) == points(plots.tradeoff(frame))


def test_tradeoff_of_one_patient_has_no_whiskers():
    frame = two_tools()
    ax = plots.tradeoff(frame[frame["patient"] == "a"])
    assert np.isnan(whiskers(ax)).all()
    assert points(ax)["leaky"] == (pytest.approx(200), 0)


def test_tradeoff_names_the_best_and_dots_the_rest():
    ax = drawn(plots.tradeoff(many(300)))
    assert len(points(ax)) == len(texts(ax)) == 12
    assert ax.get_legend().get_texts()[-1].get_text() == "other (288)"
    assert len(ax.collections[0].get_offsets()) == 288


def test_tradeoff_names_a_submission_that_begins_with_an_underscore():
    frame = two_tools()
    frame["submission"] = frame["submission"].cat.rename_categories({"greedy": "_greedy"})
    assert texts(plots.tradeoff(frame)) == ["_greedy", "leaky"]


def test_tradeoff_names_cover_neither_points_nor_each_other():
    near = [{"submission": name, "patient": patient, "axis": axis} for name in ("one", "two", "three")
            for patient in "ab" for axis in ["privacy", "utility", *[None] * 18]]  # fmt: skip
    ax = drawn(plots.tradeoff(results(near)))
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_tradeoff_refuses_an_impossible_interval():
    with pytest.raises(ValueError, match=r"^interval must lie between 0 and 1, got 95\.$"):
        plots.tradeoff(two_tools(), interval=95)


def test_ranking_draws_intervals_and_the_best_as_reference():
    ax = plots.ranking(ranks(3))
    assert labels(ax) == ["tool 0", "tool 1", "tool 2"]
    assert list(ax.lines[0].get_xdata()) == [1.0, 1.0]
    assert ax.lines[1].get_xdata() == pytest.approx([1.0, 0.999, 0.998])
    assert ax.collections[0].get_segments()[1][:, 0] == pytest.approx([0.989, 0.999])
    assert texts(ax)[1] == "99.90 %, rank 2 (2–3), first in 12.50 %"
    assert title(ax) == "tool 0 ranks first of 3 submissions with 100 %, in 75.00 % of the draws of patients"


def test_ranking_says_when_the_first_two_cannot_be_distinguished_or_were_not_tested():
    unsure = ranks(3).assign(beats_next=pd.array([False, True, pd.NA], dtype="boolean"))
    assert title(plots.ranking(unsure)).endswith("; tool 1 cannot be distinguished from it")
    too_few = unsure.assign(beats_next=pd.array([pd.NA] * 3, dtype="boolean"))
    assert title(plots.ranking(too_few)).endswith("; patients are too few to test whether it beats tool 1")
    for sure in (too_few.iloc[:1], unsure.assign(beats_next=True)):
        assert title(plots.ranking(sure)).endswith("of the draws of patients")


def test_pareto_of_several_submissions_shows_what_sets_problems_apart():
    names = ["Study Date and 20 more dates", "Patient ID and 7 more identifiers"]
    table = problems(4).assign(
        cause="required_tag_dropped", name=names * 2, submission=["deid", "deid", "ours", "ours"]
    )
    shown = labels(plots.pareto(table))
    assert shown[0] == "deid · Required attr… · Study Date and 20 more dates"
    assert max(map(len, shown)) <= 52


def test_changes_diverge_from_zero():
    ax = plots.changes(comparison(2))
    assert labels(ax) == ["t001", "t000"]
    assert [bar.get_width() for bar in ax.patches] == [3, 2, -1, -1]
    assert texts(ax) == ["+3 −1 of 7", "+2 −1 of 6"]
    assert title(ax) == "5 fixed, 2 regressed of 13 checks: 3 failures fewer"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (["fixed", "regressed"], "1 fixed, 1 regressed of 2 checks: as many failures"),
        (["regressed", "regressed"], "0 fixed, 2 regressed of 2 checks: 2 failures more"),
    ],
)
def test_changes_says_what_came_of_it(change, said):
    assert title(drawn(plots.changes(pd.DataFrame({"tag": "t", "change": change})))) == said


def test_changes_of_no_group_are_counted():
    frame = pd.DataFrame({"tag": pd.Categorical(["a", None, None]), "change": ["fixed", "fixed", "still failing"]})
    for tags in (frame["tag"], frame["tag"].astype(object)):
        ax = plots.changes(frame.assign(tag=tags))
        assert dict(zip(labels(ax), texts(ax), strict=True)) == {"a": "+1 −0 of 1", "(none)": "+1 −0 of 2"}
        assert title(ax) == "2 fixed, 0 regressed of 3 checks: 2 failures fewer"


def test_changes_without_one_says_so():
    still = pd.DataFrame({"tag": ["a"], "change": ["still failing"]})
    assert texts(plots.changes(still)) == ["None of 1 check was fixed, none regressed"]


def test_partial_scores_count_in_tenths_whose_upper_end_belongs_to_them():
    frame = coded.concat([partial([0.1, 0.6, 3 / 5, 0.95, 0.0, 1.0]), partial([0.61], "text_removed")])
    ax = plots.partial_scores(frame)
    heights = np.array([bar.get_height() for bar in ax.patches]).reshape(2, 10)
    assert heights[0].tolist() == [1, 0, 0, 0, 0, 2, 0, 0, 0, 1]  # to keep
    assert heights[1].tolist() == [0, 0, 0, 0, 0, 0, 1, 0, 0, 0]  # to remove
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "text to keep: words kept (4)", "text to remove: words removed (1)"]  # fmt: skip
    assert title(ax) == "5 of 6 failed text checks were right in part (median 60.00 %); the others scored 0"


def test_partial_scores_without_one_says_so():
    assert texts(plots.partial_scores(partial([0.0, 1.0]))) == ["1 text check failed, none in part"]


def dates(*rows: tuple[str, str | None, str | None]) -> pd.DataFrame:
    return results([{"patient": p, "original": o, "actual": a} for p, o, a in rows], action="date_shifted")


def test_date_shifts_are_days_from_original_to_released():
    ax = plots.date_shifts(
        dates(("a", "20200101", "20200131"), ("a", "20200201083000.5", "20200302083000"), ("b", "20200101", "20191231"),
              ("b", "20200101", "20200101"), ("c", "20200101", "20200102"), ("c", "20200101", "20200103"))
    )  # fmt: skip
    assert labels(ax) == ["c", "b", "a"]
    offsets = {tuple(point) for dots in ax.collections for point in dots.get_offsets().tolist()}
    assert offsets == {(1, 0), (2, 0), (-1, 1), (0, 1), (30, 2)}
    assert texts(ax) == ["2 dates", "2 dates, 1 not shifted", "2 dates"]
    assert title(ax) == "1 of 3 patients has several shifts; 1 of 6 dates was not shifted"


def test_date_shifts_count_what_cannot_be_drawn():
    ax = plots.date_shifts(dates(("a", "20200101", "20200131"), ("a", "20200101", None), ("a", "20200101", ""),
                                 ("a", "20200101", "ANON"), ("a", "99999999", "20200101")))  # fmt: skip
    assert texts(ax) == ["5 dates, 2 gone, 2 unreadable"]


def test_date_shifts_count_the_same_dates_in_rows_and_title():
    ax = drawn(
        plots.date_shifts(dates(("a", "20200101", "20200101"), ("a", "20200101", ""), (None, *["20200101"] * 2)))
    )
    assert texts(ax) == ["2 dates, 1 not shifted, 1 gone"]
    assert title(ax) == "No patient of 1 has several shifts; 1 of 2 dates was not shifted"
    assert ax.get_xlabel().endswith("; 1 date without a patient left out")
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["-1", "0", "1"]


def test_date_shifts_reach_any_year():
    ax = drawn(plots.date_shifts(dates(("a", "99990101", "99990131"), ("b", "00010101", "00010102"))))
    assert [dots.get_offsets().tolist() for dots in ax.collections] == [[[30, 0], [1, 1]]]


def test_date_shifts_mark_what_is_wrong_by_colour_and_marker():
    ax = plots.date_shifts(dates(("a", "20200101", "20200102"), ("b", "20200101", "20200102"),
                                 ("b", "20200101", "20200103"), ("b", "20200101", "20200101")))  # fmt: skip
    seen = {to_hex(dots.get_facecolor()[0]).upper(): dots.get_offsets()[:, 0].tolist() for dots in ax.collections}
    assert seen == {plots.PALETTE["pass"]: [1], plots.PALETTE["fail"]: [1, 2], plots.PALETTE["privacy"]: [0]}
    assert len({dots.get_paths()[0].vertices.shape for dots in ax.collections}) == 3


def test_date_shifts_of_several_submissions_are_strips_of_their_own():
    frame = dates(("a", "20200101", "20200102"), ("a", "20200101", "20200103"))
    frame["submission"] = pd.Categorical(["ours", "theirs"])
    ax = plots.date_shifts(frame)
    assert labels(ax) == ["ours · a", "theirs · a"]
    assert title(ax) == "No patient of 2 has several shifts"


def test_date_shifts_can_hide_patients_and_lengths():
    frame = dates(("MIDI-07", "20200101", "20210101"), ("MIDI-08", "20200101", "20220101"))
    ax = drawn(plots.date_shifts(frame, values=False))
    assert labels(ax) == ["patient 1", "patient 2"]
    assert not any("MIDI" in text for text in said(ax.figure))
    assert {label.get_text() for label in ax.get_xticklabels()} <= {"", "0"}


def test_date_shifts_that_hide_still_count_the_folded_patients():
    assert labels(plots.date_shifts(many(40), values=False))[-2:] == ["patient 30", "other (10)"]


def marks(ax) -> dict[str, list[str]]:
    """Meaning of the fill → the texts so marked, the legend's own among them."""
    found: dict[str, list[str]] = {}
    names = {colour: name for name, colour in plots.PALETTE.items()}
    for text in ax.texts:
        if box := text.get_bbox_patch():
            found.setdefault(names[to_hex(box.get_facecolor()).upper()], []).append(text.get_text())
    return found


@pytest.mark.parametrize(
    ("change", "finding", "marked"),
    [
        ({}, "1 of 3 words lost", {
            "pass": ["CHEST", "LOW", "CHEST", "LOW", "low", "chest", "kept"], "utility": ["DOSE", "DOSE", "lost"]}),
        ({"actual": None, "state": "absent"}, "3 of 3 words lost",
         {"utility": ["CHEST", "LOW", "DOSE"] * 2 + ["lost"]}),
        ({"actual": "the chest low dose scan", "verdict": "passed"}, "3 of 3 words kept",
         {"pass": ["CHEST", "LOW", "DOSE"] * 2 + ["chest", "low", "dose", "kept"]}),
        ({"expected": "[1.50, 2.0]", "original": "x", "actual": "1.5,2"}, "2 of 2 words kept",
         {"pass": ["1.50", "2.0", "kept"]}),
        ({"expected": "LL", "original": "LL", "actual": "RL"}, "the value was lost", {"utility": ["LL", "LL", "lost"]}),
        ({"expected": "[-1.0, -1.0, 2.0]", "original": "x", "actual": "[9]"}, "3 of 3 words lost",
         {"utility": ["-1.0", "-1.0", "2.0", "lost"]}),
        ({"action": "text_removed", "expected": "Meyer Ann", "original": "for Meyer Ann", "actual": "for MEYER"},
         "1 of 2 words leaked", {"privacy": ["Meyer", "Meyer", "MEYER", "leaked"], "pass": ["Ann", "Ann", "removed"]}),
        ({"action": "text_removed", "expected": "Meyer^Ann", "original": "Meyer^Ann", "actual": "for MEYER"},
         "1 of 2 words leaked", {"privacy": ["Meyer", "Meyer", "MEYER", "leaked"], "pass": ["Ann", "Ann", "removed"]}),
        ({"action": "text_removed", "expected": "007", "original": "007", "actual": "7.0"},
         "the value was leaked", {"privacy": ["7.0", "leaked"]}),
        ({"action": "text_removed", "expected": "Meyer", "original": "Meyer", "actual": "none"},
         "the value was removed", {"pass": ["Meyer", "Meyer", "removed"]}),
        ({"action": "pixels_hidden", "expected": "ANN [F]\nDOB: 1952", "original": "REMOVED", "actual": "DOB: 1952"},
         "1 of 2 words leaked", {"pass": ["ANN", "removed"], "privacy": ["1952", "1952", "leaked"]}),
        ({"action": "date_shifted", "original": "20140321", "expected": "55", "actual": "20140321120000"},
         "the value was leaked", {"privacy": ["20140321", "20140321", "leaked"]}),
        ({"action": "uid_consistent", "original": "1.2.3", "expected": None, "actual": "1.2.4"},
         "value replaced", {"blank": ["3", "4", "gone", "new"]}),
        ({"action": "tag_retained", "expected": None, "actual": None, "state": "absent"}, "attribute absent",
         {"blank": ["CHEST LOW DOSE 20140321", "gone"]}),
        ({"action": "patid_consistent", "original": "A", "expected": None, "actual": "A"}, "the value was leaked",
         {"privacy": ["A", "A", "leaked"]}),
    ],
)  # fmt: skip
def test_word_diff_marks_what_leaked_was_lost_and_was_kept(change, finding, marked):
    ax = drawn(plots.word_diff(results([{**FAILURE, **change}])))
    assert title(ax) == f"Series Description (0008,103e): {finding}"
    assert marks(ax) == marked


def test_word_diff_marks_by_more_than_colour():
    ax = plots.word_diff(results([FAILURE]))
    weights = {text.get_text(): text.get_weight() for text in ax.texts}
    assert (weights["DOSE"], weights["CHEST"]) == ("bold", "normal")
    assert texts(ax).count("────") == 3  # through DOSE, twice, and through its entry in the legend


def test_word_diff_marks_whole_words_where_the_strict_rule_failed_a_substring():
    texts = {"expected": "PARK LANE", "original": "PARK LANE", "actual": "SPARKLE LANE"}
    assert title(plots.word_diff(results([{**FAILURE, **texts}]))).endswith("1 of 2 words lost")


def test_word_diff_takes_a_row_or_a_frame_of_one():
    frame = results([FAILURE])
    assert texts(plots.word_diff(frame)) == texts(plots.word_diff(frame.iloc[0]))


def test_word_diff_refuses_several_rows():
    with pytest.raises(ValueError, match=r"^plots\.word_diff\(\) shows one check, but this frame has 2 rows; "
                                         r"pass one of them, such as frame\.iloc\[0\]\.$"):  # fmt: skip
        plots.word_diff(results([FAILURE, FAILURE]))


def test_word_diff_can_hide_every_value():
    texts = {"expected": "Meyer^Ann", "original": "for Meyer^Ann 1952", "actual": "Meyer!"}
    ax = plots.word_diff(results([{**FAILURE, **texts, "action": "text_removed"}]), values=False)
    assert title(ax) == "Series Description (0008,103e): 1 of 2 words leaked"
    everything = " ".join(said(ax.figure)).lower()
    assert not [word for word in ("meyer", "ann", "for ", "1952", "!", "^") if word in everything]
    assert "•••" in everything


def test_word_diff_of_a_masked_row_claims_nothing():
    ax = plots.word_diff(masking.mask_values(results([FAILURE])))
    assert title(ax) == "Series Description (0008,103e): values hidden"
    assert marks(ax) == {}


def test_word_diff_tells_why_a_check_is_blank():
    ax = plots.word_diff(results([{**FAILURE, "verdict": "blank", "error": "no word is left"}]), values=False)
    assert title(ax).endswith(": blank")
    assert "no word is left" in texts(ax)


def test_word_diff_shortens_a_long_text_and_says_by_how_much():
    ax = drawn(plots.word_diff(results([{**FAILURE, "original": "x" * 5000}])))
    shown = sum(len(text) for text in texts(ax) if set(text) == {"x"})
    assert f" … {5000 - shown:,} more" in texts(ax)
    assert ax.figure.get_size_inches()[1] < 6


def test_importing_the_package_loads_no_figure_library():
    import subprocess
    import sys

    code = "import sys, midi_nb; print(sorted({'matplotlib', 'seaborn'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"


def strokes(ax, meaning: str) -> list[list[list[float]]]:
    """The lines in the colour of a meaning, as their points."""
    own = [line for line in ax.lines if line.get_color() == plots.PALETTE[meaning] and line.get_linestyle() != "None"]
    return [line.get_xydata().round(2).tolist() for line in own]


def test_time_lines_are_upright_where_a_date_was_shifted_as_usual():
    frame = lines(("a", 0, 300, 300), ("a", 40, 300, 300), ("a", 40, 310, 300), ("a", 5, 0, 300), ("a", 9, None, 300))
    ax = plots.timelines(frame)
    assert strokes(ax, "pass") == [[[0, -0.3], [0, 0.3]], [[40, -0.3], [40, 0.3]]]
    assert strokes(ax, "fail") == [[[40, -0.3], [50, 0.3]]]
    assert strokes(ax, "privacy") == [[[5, -0.3], [-40, 0.3]]], "at the edge: it is 295 days off"
    assert strokes(ax, "utility") == [[[9, -0.3], [9, 0]]]
    assert texts(ax) == ["1 shifted otherwise\n1 not shifted\n1 gone\n2 shifted as usual"]
    assert title(ax) == "3 of 5 dates are not shifted as usual, in 1 of 1 patient"
    assert (
        ax.get_xlabel() == "days since the first original date (top: original, bottom: released); far ones at the edge"
    )


def test_time_lines_without_values_show_the_order_of_dates_alone():
    frame = lines(("MIDI-7", 0, 300, 300), ("MIDI-7", 40, 300, 300), ("MIDI-7", 7, 343, 300), ("MIDI-7", 5, 0, 300))
    ax = drawn(plots.timelines(frame, values=False))
    assert [points[1][0] for points in strokes(ax, "pass") + strokes(ax, "fail")] == [0, 3, 4]
    assert strokes(ax, "privacy") == [[[1, -0.3], [1, 0]]]
    assert labels(ax) == ["patient 1"]
    assert not any("MIDI" in text for text in said(ax.figure))
    assert not ax.get_xticks().size


def test_time_lines_of_many_patients_are_cut_and_counted():
    frame = lines(*[(f"p{i}", 0, 30, 30) for i in range(20)])
    assert (
        plots.timelines(frame, limit=4)
        .get_xlabel()
        .endswith("(top: original, bottom: released); 16 patients more not drawn")
    )
    assert title(plots.timelines(frame)) == "All 20 dates are shifted as usual for their patient"


def test_references_are_arcs_and_what_leads_nowhere_is_dashed_to_the_right():
    ax = plots.references(links(("p", "a", "b"), ("p", "a", "b"), ("p", "b", None), ("q", "c", "c")))
    assert labels(ax) == ["p · Study 1", "CT series 1", "CT series 2", "q · Study 1", "CT series 1"]
    arcs = [patch.get_path().vertices.round(2).tolist() for patch in ax.patches]
    assert [(corners[0], corners[-1]) for corners in arcs] == [([0, 3.7], [0, 4.3]), ([0, 1], [0, 2])]
    assert strokes(ax, "fail") == [[[0, 2], [0.95, 2]]]
    assert texts(ax) == ["", "", "1 to no released object", "", ""]
    assert title(ax) == "1 of 4 references leads to no released object"


def test_references_that_led_nowhere_before_are_said_as_such():
    frame = links(("p", "a", "b"), ("p", "a", None), ("p", "b", None))
    ax = plots.references(frame.assign(leads=["inside", "dangling perhaps before", "dangling before"]))
    assert title(ax) == "2 of 3 references lead to no released object, 1 as in the original"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "to no released object, perhaps as in the original", "to a released object"
    ]  # fmt: skip


def test_references_of_many_patients_are_cut_and_counted_and_dangling_ones_come_first():
    frame = links(*[(f"p{i}", "a", "b" if i < 19 else None) for i in range(20)])
    ax = plots.references(frame, limit=6, values=False)
    assert labels(ax) == ["patient 1 · Study 1", "CT series 1", "patient 2 · Study 1", "CT series 1", "CT series 2"]
    assert texts(ax)[1] == "1 to no released object"
    assert ax.get_xlabel() == "18 patients more not drawn"
    assert title(plots.references(frame[:3])) == "None of 3 references leads to no released object"
