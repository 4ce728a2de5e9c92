"""table(): what a person reads of a frame, in plain text and in a notebook."""

import re

import numpy as np
import pandas as pd
import pytest

import midi_nb as mn


def lines(frame, **options):
    return repr(mn.table(frame, **options)).splitlines()


def html(frame, **options):
    return re.sub(r"<style>.*?</style>", "", mn.table(frame, **options)._repr_html_(), flags=re.DOTALL)


@pytest.mark.parametrize(
    ("name", "values", "shown"),
    [
        ("score", [0.98765, np.nan, 1.0], ["98.77 %", "–", "100 %"]),
        ("untouched", [0.0079, 1.0, 0.0], ["0.79 %", "100 %", "0 %"]),
        ("before", [0.96021, np.nan, 0.9528], ["96.02 %", "–", "95.28 %"]),
        ("share", [7.0, 12.5, 1.0], ["7", "12.5", "1"]),  # no rate, whatever it is called
        ("gain", [0.0151, 0.00001, None], ["+1.51", "< 0.01", "–"]),
        ("rows", [1234567, 0, -3], ["1,234,567", "0", "-3"]),
        ("days", [30.0, None, -12.0], ["30", "–", "-12"]),
        ("any", [np.inf, 0.25, 2.0], ["inf", "0.25", "2"]),
        ("x0", pd.array([8, None, 1200], dtype="Int32"), ["8", "–", "1,200"]),
    ],
)
def test_numbers_stand_right_as_people_read_them(name, values, shown):
    frame = pd.DataFrame({name: values})
    assert [line.strip() for line in lines(frame)][1:] == shown
    assert len(re.findall('<td class="number">', html(frame))) == 3


@pytest.mark.parametrize("kind", ["object", "boolean"])
def test_true_false_and_missing_are_signs(kind):
    assert lines(pd.DataFrame({"private": pd.array([True, False, None], dtype=kind)})) == ["Private", "✓", "✗", "–"]


def test_texts_are_whole_and_never_markup():
    reason = "the file is not DICOM: " + "x" * 200
    assert reason in html(pd.DataFrame({"reason": [reason]}))
    assert "<script>" not in html(pd.DataFrame({"<script>": pd.Series(["<script>", "\udc80"], dtype="object")}))
    assert "… 5,400 more characters" in html(pd.DataFrame({"actual": ["y" * 6000]}))


def test_uids_are_numbers_that_stay_the_same_in_a_selection():
    uids = pd.Categorical(["1.2.9", "1.2.3", "1.2.7", None])
    frame = pd.DataFrame({"series": uids, "modality": ["CT", "MR", None, "CT"], "patient": pd.Categorical([*"abab"])})
    whole, part = lines(frame[["series", "modality", "patient"]]), lines(frame.iloc[[2, 0]])
    assert [line.replace(")", ")  ").split("  ")[0].strip() for line in whole[1:]] == [
        "series 3 (CT, patient 1)", "series 1 (MR, patient 2)", "series 2 (patient 1)", "–"]  # fmt: skip
    assert [line.split(" (")[0] for line in part[1:]] == ["series 2", "series 3"]
    assert '<td title="1.2.9">series 3 (CT, patient 1)</td>' in html(frame)


def test_counts_of_series_are_numbers():
    assert lines(pd.DataFrame({"series": [4, 1], "instance": [1200, 3]})) == [
        "Series Instance", "     4    1,200", "     1        3"]  # fmt: skip


def test_beyond_some_rows_it_says_how_many_more():
    frame = pd.DataFrame({"n": range(497)})
    assert lines(frame)[-1] == "… 477 more"
    assert '<td class="more" colspan="1">… 477 more</td>' in html(frame)
    assert lines(frame.head(20))[-1] == "19"


def test_an_empty_frame_is_a_sentence():
    frame = pd.DataFrame({"cause": [], "rows": []})
    assert repr(mn.table(frame)) == "No rows."
    assert mn.table(frame, empty="Nothing failed: 0 < 1.")._repr_html_() == "<p>Nothing failed: 0 &lt; 1.</p>"


def test_the_index_is_hidden_unless_it_says_something():
    frame = pd.DataFrame({"failed": [1, 2]})
    assert lines(frame.iloc[::-1]) == ["Failed", "     2", "     1"]
    assert lines(frame.set_axis(["before", "after"])) == ["       Failed", "before      1", "after       2"]
    assert lines(frame.rename_axis("unit"))[0] == "Unit Failed"


def test_an_index_is_shown_where_there_is_nothing_else():
    assert [line.strip() for line in lines(pd.DataFrame(index=[3, 7]))] == ["", "3", "7"]
    assert lines(pd.DataFrame(index=pd.Index(["CT"], name="modality"))) == ["Modality", "CT"]


def test_columns_of_two_levels_have_one_head_and_are_written_as_any_other():
    rows = {"tool": ["a", "a"], "axis": ["key", "privacy"], "failed": [1, 20], "score": [0.5, 0.25]}
    pivoted = pd.DataFrame(rows).pivot(index="tool", columns="axis")
    assert lines(pivoted) == [
        "tool Failed, key Failed, privacy Score, key Score, privacy",
        "a              1              20    50.00 %        25.00 %",
    ]  # fmt: skip


def test_a_series_is_shown_with_its_index():
    mapping = pd.Series(["new"], index=pd.Index(["old"], name="id_old"), name="id_new")
    assert lines(mapping) == ["id_old id_new", "old    new"]
    assert lines(pd.Series([2, 3])) == ["value", "    2", "    3"]


def test_codes_and_columns_go_by_their_words_with_the_code_below():
    frame = pd.DataFrame(
        {"cause": pd.Categorical(["leak_partial", None]), "category": ["hipaa", "x"], "gain_series": 0.5}
    )
    assert lines(frame) == [
        "Cause                                Category Gain per series (points)",
        "Part of the text left (leak_partial) HIPAA                      +50.00",
        "–                                    x                          +50.00",
    ]
    assert "<td>Part of the text left<code>leak_partial</code></td><td>HIPAA</td>" in html(frame)
    assert '<th class="number">Gain per series (points)<code>gain_series</code></th>' in html(frame)
    assert "<th>Cause</th>" in html(frame)


def test_a_problem_goes_by_the_words_of_its_cause():
    frame = pd.DataFrame({"problem": ["leak_untouched: Patient Comments (0010,4000)", "missing_file"]})
    assert "<td>Not changed: Patient Comments (0010,4000)<code>leak_untouched</code></td>" in html(frame)
    assert lines(frame)[2] == "File missing (missing_file)"


def test_a_column_of_somebody_else_is_shown_as_it_is():
    frame = pd.DataFrame({"note": ["leak_partial"], "p_mine": [0.5], ("x", 1): [2]})
    assert lines(frame) == ["note         p_mine x, 1", "leak_partial    0.5    2"]
    assert "<code>" not in html(frame)
    assert "<code>" not in html(pd.DataFrame({"action": ["we wrote to them", 3, ["text_removed"]]}))


def test_columns_that_are_codes_go_by_their_words():
    counts = pd.DataFrame({"tool": ["a"], "cause": ["leak_partial"], "rows": [3]}).pivot(index="tool", columns="cause")
    assert '<th class="number">Checks, Part of the text left<code>rows, leak_partial</code></th>' in html(counts)


def test_the_frame_stays_as_it_was():
    frame = pd.DataFrame({"series": pd.Categorical(["1.2"]), "score": [0.5]}, index=["a"])
    before = frame.copy(deep=True)
    html(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_what_is_no_frame_is_refused():
    with pytest.raises(TypeError, match=r"^table\(\) needs a DataFrame, got bool\.$"):
        mn.table(True)
