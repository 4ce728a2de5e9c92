import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from midi_nb import actions, coded, frames, masking
from midi_nb.actions import ACTIONS
from midi_nb.answers import read_key
from midi_nb.files import read_results, write_key, write_run
from midi_nb.frames import ANSWERS, CODES, RESULTS
from midi_nb.report.official import write_official
from midi_nb.report.page import write_html

TEXTS = st.lists(st.one_of(st.none(), st.text(max_size=4)), max_size=12)


def test_results_are_answers_and_the_verdict():
    assert set(ANSWERS) < set(RESULTS)
    assert set(RESULTS) - set(ANSWERS) == {
        "submission",
        "released_patient",
        "released_study",
        "released_series",
        "released",
        "actual",
        "state",
        "verdict",
        "score",
        "error",
        "file",
        "complete",
    }


def test_no_column_is_of_plain_objects(make):
    results = make.results([{}, {"verdict": "blank", "error": "why"}])

    assert list(results.columns) == list(RESULTS)
    assert {name: str(kind) for name, kind in results.dtypes.items() if kind != "category"} == {
        "private": "bool",
        "x0": "Int32",
        "y0": "Int32",
        "x1": "Int32",
        "y1": "Int32",
        "score": "float64",
        "complete": "bool",
    }


@pytest.mark.parametrize("rows", [0, 3])
def test_a_frame_of_nothing_has_every_column_and_type(rows):
    empty = coded.tidy({}, RESULTS, rows)

    assert len(empty) == rows
    assert (
        empty.dtypes.astype(str).to_dict()
        == coded.tidy({"private": [True] * rows}, RESULTS, rows).dtypes.astype(str).to_dict()
    )
    assert not empty["private"].any()
    assert empty["complete"].all()
    assert empty.drop(columns=["private", "complete"]).isna().all(axis=None)


NEEDS = {
    ("action",): None,
    ("verdict",): "score() needs the column verdict, missing in this frame; evaluate() or read_results() makes it.",
    ("verdict", "cause"): "score() needs the columns verdict, cause, missing in this frame; "
    "evaluate() or read_results() and explain() make them.",
    ("shoe",): "score() needs the column shoe, missing in this frame.",
    ("rank", "p_first"): "score() needs the columns rank, p_first, missing in this frame; rank() makes them.",
}


@pytest.mark.parametrize(("columns", "message"), NEEDS.items())
def test_lacking_columns_are_named_with_the_verb_that_makes_them(columns, message):
    frame = pd.DataFrame({"action": []})
    if message is None:
        frames.require_columns(frame, columns, "score()")
        return
    with pytest.raises(ValueError, match=r".") as raised:
        frames.require_columns(frame, columns, "score()")
    assert str(raised.value) == message


def test_what_is_no_frame_is_refused():
    with pytest.raises(TypeError, match=r"^score\(\) needs a DataFrame, got list\.$"):
        frames.require_columns([], ["action"], "score()")


ALL_SET = dict.fromkeys(CODES, "")
CATEGORIES = [
    ("tag_retained", {"dicom_iod": "DICOM-IOD-1"}, "dicom", "DICOM-IOD-1"),
    ("tag_retained", {}, "dicom", None),
    ("text_notnull", {"dicom_iod": "DICOM-IOD-2", "hipaa_m": "HIPAA-A"}, "dicom", "DICOM-IOD-2"),
    ("text_notnull", {}, "dicom", None),
    ("date_shifted", {}, "hipaa", "HIPAA-C"),
    ("uid_changed", {"hipaa_z": "HIPAA-A"}, "hipaa", "HIPAA-R"),
    ("pixels_hidden", {}, "hipaa", "HIPAA-A"),
    ("patid_consistent", {}, "dicom", "DICOM-P15-BASIC-C"),
    ("uid_consistent", {}, "dicom", "DICOM-P15-BASIC-U"),
    ("pixels_retained", {}, "tcia", "TCIA-P15-PIX-K"),
    ("text_removed", {"hipaa_m": "M", "hipaa_z": "Z", "tcia_p15": "P"}, "hipaa", "M"),
    ("text_removed", {"hipaa_z": "Z", "tcia_p15": "P"}, "hipaa", "Z"),
    ("text_removed", {"tcia_rev": "R", "tcia_ptkb": "K", "tcia_p15": "P"}, "tcia", "P"),
    ("text_removed", {"tcia_rev": "R", "tcia_ptkb": "K"}, "tcia", "K"),
    ("text_removed", {"tcia_rev": "R"}, "tcia", "R"),
    ("text_removed", {"dicom_p15": "D"}, "unknown", "unknown"),
    ("text_removed", ALL_SET, "unknown", "unknown"),
    ("text_retained", {"hipaa_m": "M", "hipaa_z": "Z"}, "unknown", "unknown"),
    ("text_retained", {"hipaa_m": "M", "tcia_p15": "P", "tcia_rev": "R"}, "tcia", "P"),
    ("text_retained", {"tcia_ptkb": "K", "tcia_rev": "R"}, "tcia", "K"),
    ("text_retained", {"tcia_rev": "R"}, "tcia", "R"),
    ("no_such_action", {"tcia_rev": "R"}, "unknown", "unknown"),
]


@pytest.mark.parametrize(("action", "codes", "category", "subcategory"), CATEGORIES)
def test_categories_follow_the_official_rule(action, codes, category, subcategory):
    assert actions.category_of(action, codes) == (category, subcategory)


def test_every_action_has_a_category_rule():
    unasked = set(ACTIONS) - {action for action, *_ in CATEGORIES}
    assert not unasked, f"say in CATEGORIES which category and subcategory a check of {unasked} has"


@given(TEXTS)
def test_texts_keep_their_cells_as_categoricals(texts):
    column = coded.encode(texts)

    assert [None if pd.isna(cell) else cell for cell in column] == [
        text if text is None else shown(text) for text in texts
    ]
    assert column.categories.dtype == coded.encode(["x"]).categories.dtype


@given(TEXTS)
def test_recode_changes_each_cell(texts):
    column = coded.recode(coded.encode(texts), lambda text: text.upper() if text.isprintable() else None)

    expected = [text.upper() if text is not None and text.isprintable() else None for text in map(shown, texts)]
    assert [None if pd.isna(cell) else cell for cell in column] == expected


def shown(text):
    """A text as a column can hold it: lone surrogates, which no Arrow text takes, spelled out."""
    return text and text.encode("utf-8", "backslashreplace").decode()


def test_lone_surrogates_are_spelled_out_together_with_their_neighbours():
    assert list(coded.encode(["a", "b\udcff", "a"])) == ["a", "b\\udcff", "a"]
    column = coded.Column()
    column.add(["b\udcff", None])
    whole = column.encoded()
    assert (list(whole.categories), list(whole.codes)) == (["b\\udcff"], [0, -1])


@pytest.mark.parametrize("count", [128, 129, 2**15, 2**15 + 1])
def test_codes_are_wide_enough_for_every_text(count):
    texts = [str(number) for number in range(count)]
    column = coded.Column()
    column.add(texts)

    assert list(column.encoded()) == texts
    assert list(coded.recode(coded.encode(texts), str)) == texts


def test_one_value_fills_a_column():
    assert list(coded.constant("CT", "category", 2)) == ["CT", "CT"]
    assert coded.constant(None, "category", 2).isna().all()
    assert coded.constant("Study", RESULTS["scope"], 1).ordered


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["Study", "Series", None])), max_size=4),
        min_size=1,
        max_size=4,
    )
)
def test_concat_keeps_rows_and_unites_categories(parts):
    def frame(rows):
        text, scope = zip(*rows, strict=True) if rows else ((), ())
        return coded.tidy(
            {"name": list(text), "scope": list(scope)}, {"name": "category", "scope": ANSWERS["scope"]}, len(rows)
        )

    whole = coded.concat([frame(rows) for rows in parts])

    assert [(name, None if pd.isna(scope) else scope) for name, scope in whole.itertuples(index=False)] == [
        row for rows in parts for row in rows
    ]
    assert isinstance(whole["name"].dtype, pd.CategoricalDtype)
    assert whole["scope"].dtype == ANSWERS["scope"]


def test_concat_of_parts_with_many_categories_needs_wider_codes():
    parts = [pd.DataFrame({"uid": coded.encode([f"{part}.{i}" for i in range(100)])}) for part in range(3)]

    assert list(coded.concat(parts)["uid"]) == [f"{part}.{i}" for part in range(3) for i in range(100)]


def test_what_only_one_part_has_is_missing_in_the_other(make):
    results = make.results([{}])
    more = results.assign(cause=coded.encode(["leak"]), flag=pd.array([True], dtype="boolean"))

    whole = coded.concat([results, more])

    assert list(whole["cause"].isna()) == [True, False]
    assert list(whole["flag"].isna()) == [True, False]
    assert str(whole["flag"].dtype) == "boolean"


def test_concat_unites_plain_and_categorical_texts():
    whole = coded.concat([pd.DataFrame({"name": ["a", "b"]}), pd.DataFrame({"name": coded.encode(["b", None])})])

    assert list(whole["name"].astype(object).where(whole["name"].notna(), None)) == ["a", "b", "b", None]


def test_concat_of_one_part_numbers_its_rows_anew(make):
    assert list(coded.concat([make.results([{}, {}]).iloc[1:]]).index) == [0]


@pytest.mark.parametrize("place", [0, 1])
def test_failures_alone_stay_so_beside_other_results(make, place):
    parts = [make.results([{}]), make.results([{}])]
    parts[place]["complete"] = False
    assert coded.concat(parts)["complete"].tolist() == [place == 1, place == 0]
    parts[1 - place] = parts[1 - place].drop(columns="complete")  # a row that does not say is of no full run
    assert coded.concat(parts)["complete"].tolist() == [False, False]


def test_concat_needs_a_frame():
    with pytest.raises(ValueError, match=r"^concat\(\) needs at least one frame\.$"):
        coded.concat([])


def test_rows_the_official_scorer_does_not_write_are_not_scored(make):
    results = make.results([{}, {"verdict": "lost", "error": "stop words"}, {"verdict": "blank", "error": "no reader"}])

    assert list(frames.scored(results)) == [True, False, True]
    assert list(frames.scored(results.drop(columns="verdict"))) == [True, True, True]


def test_a_masked_frame_tells_no_value(make):
    hidden = (*frames.VALUES, *frames.IDENTIFIERS, "file", "modality", "sop_class")  # a file may say anything there
    planted = {name: f"SECRET-{name}" for name in hidden if name in RESULTS}
    results = make.results([planted, {**planted, "instance": "SECRET-other", "actual": None, "state": "absent"}])
    results["words"] = coded.encode(["SECRET", None])
    results.attrs["skipped"] = [("SECRET.dcm", "not DICOM")]

    masked = masking.mask_values(results)

    everything = (
        masked.to_csv()
        + repr([list(masked[name].cat.categories) for name in masked.select_dtypes("category")])
        + repr(masked.attrs)
    )
    assert "SECRET" not in everything
    assert list(masked["instance"]) == ["instance 1", "instance 2"]
    assert list(masked["actual"].isna()) == [False, True]
    assert list(masked["action"]) == list(results["action"])
    assert list(masked["verdict"]) == list(results["verdict"])
    assert results["original"].iloc[0] == "SECRET-original"
    assert "SECRET" in results.attrs["skipped"][0][0]


def test_numbers_stay_what_they_are():
    column = coded.as_column([1, None, 3], "Int32", 3)

    assert column.dtype == "Int32"
    assert list(column[[0, 2]]) == [1, 3]
    assert np.isnan(coded.as_column(None, "float64", 2)).all()


@pytest.mark.filterwarnings("ignore:The behavior of DataFrame concatenation:FutureWarning")  # pandas 2.2 on its own
def test_results_joined_by_pandas_are_results_still(make, tmp_path):
    """`pandas.concat` makes plain texts of categoricals that differ."""
    one, other = make.results([{"submission": "a", "error": "x"}]), make.results([{"submission": "b", "actual": None}])
    plain = pd.concat([one, other], ignore_index=True)
    assert not isinstance(plain["submission"].dtype, pd.CategoricalDtype)

    whole = coded.coded(plain)

    pd.testing.assert_frame_equal(whole, coded.concat([one, other]), check_categorical=False)
    assert all(isinstance(whole[name].dtype, pd.CategoricalDtype) for name in one.select_dtypes("category"))
    assert list(frames.scored(plain)) == [True, True]
    assert list(masking.mask_values(plain)["actual"].notna()) == [True, False]
    for write in (write_run, write_official):
        write(plain, tmp_path / write.__name__)
    assert len(read_results(tmp_path / "write_run")) == 2


def test_results_that_are_as_they_should_be_are_not_copied(make):
    results = make.results([{}])
    assert coded.coded(results) is results
    results["actual"] = _with_objects("Anné")
    assert coded.coded(results) is results


def _with_objects(text):
    """A column of a user's own, whose categories are objects: they can be texts that no UTF-8 holds."""
    return pd.Categorical.from_codes([0], dtype=pd.CategoricalDtype(pd.Index([text], dtype=object)))


def test_texts_of_bytes_that_cannot_be_decoded_are_written_everywhere(make, tmp_path):
    results = make.results([{"verdict": "failed", "state": "value"}])
    for name in ("actual", "original", "expected", "file", "submission", "instance"):
        results[name] = _with_objects("caf\udce9")

    write_run(results, tmp_path / "run")
    write_official(results, tmp_path / "official", database=True)
    write_key(results, tmp_path / "key.db")
    write_html(results, tmp_path / "report.html")

    assert list(read_results(tmp_path / "run")["actual"]) == ["caf\\udce9"]
    for report in ("validation_results.db", "discrepancy_report_internal.csv"):
        assert list(read_results(tmp_path / "official" / report)["original"]) == ["caf\\udce9"]
    assert read_key(tmp_path / "key.db")[["instance", "original"]].to_numpy().tolist() == [["caf\\udce9"] * 2]


def test_texts_that_are_spelled_out_alike_are_one(make):
    assert list(coded.encode(["\udcff", "\\udcff", "a"])) == ["\\udcff", "\\udcff", "a"]
    assert list(coded.recode(coded.encode(["a", "b"]), {"a": "\udcff", "b": "\\udcff"}.get)) == ["\\udcff"] * 2


def test_concat_keeps_what_was_left_out_and_a_users_own_categories(make):
    parts = [make.results([{}]).assign(week=pd.Categorical([week])) for week in (1, 2)]
    parts[0].attrs["skipped"], parts[1].attrs["skipped"] = [("a.txt", "not DICOM")], [("b.txt", "not DICOM")]
    whole = coded.concat(parts)
    assert list(whole["week"]) == [1, 2]
    assert whole.attrs["skipped"] == [("a.txt", "not DICOM"), ("b.txt", "not DICOM")]


def test_a_masked_audit_tells_no_shift_and_no_folder(make):
    findings = make.results([{}]).assign(days=pd.array([224], dtype="Int64"))
    findings.attrs["released"] = "/home/doe"
    masked = masking.mask_values(findings)
    assert masked["days"].isna().all()
    assert masked["days"].dtype == "Int64"
    assert "released" not in masked.attrs
    assert findings["days"].item() == 224


def _verbs():
    import midi_nb as mn

    return {
        "score": lambda results: mn.score(results, by=["submission", "category"]),
        "tally": mn.tally,
        "explain": mn.explain,
        "problems": mn.problems,
        "what_if": lambda results: mn.what_if(results, ["leak_full", "missing_file"]),
        "rank": lambda results: mn.rank(results, n=20),
        "audit": lambda results: mn.audit(results[results["submission"] == "b"]),
        "compare": lambda results: mn.compare(
            results[results["submission"] == "a"], results[results["submission"] == "b"]
        ),
        "mask_values": masking.mask_values,
        "heatmap": lambda results: len(mn.plots.heatmap(results, rows="tag", columns="submission").texts),
        "explore": lambda results: mn.widgets.explore(results).problems,
        "widgets.what_if": lambda results: len(mn.widgets.what_if(results).problems),
    }


@pytest.mark.parametrize("verb", list(_verbs()))
def test_every_verb_takes_results_joined_by_pandas(make, verb):
    many = [{"patient": f"P{i % 3}", "instance": f"I{i}", "check": str(i)} for i in range(6)]
    many[0].update(actual="DOE", verdict="failed", score=0.0)
    parts = [
        make.results([{**row, "submission": name} for row in [*many, {"actual": value, "verdict": "failed"}]])
        for name, value in (("a", "DOE"), ("b", "ROE"))
    ]
    plain, whole = pd.concat(parts, ignore_index=True), coded.concat(parts)
    assert not isinstance(plain["submission"].dtype, pd.CategoricalDtype)

    ours, theirs = _verbs()[verb](whole), _verbs()[verb](plain)
    if isinstance(ours, pd.DataFrame):
        ours, theirs = (frame.reset_index(drop=True).astype(object) for frame in (ours, theirs))
        pd.testing.assert_frame_equal(theirs, ours)
    else:
        assert theirs == ours
