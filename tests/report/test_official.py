import csv
import json

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from midi_nb import tags
from midi_nb.files import read_results, read_scores
from midi_nb.frames import RESULTS
from midi_nb.report import official
from midi_nb.report.official import write_official
from midi_nb.scores.scoring import score

REPORTS = [
    "discrepancy_report_internal.csv",
    "discrepancy_report_participant.csv",
    "pixel_validation.xlsx",
    "scoring_report_instance.xlsx",
    "scoring_report_series.xlsx",
]
GONE = {
    "state": "missing",
    "actual": None,
    "file": None,
    **dict.fromkeys(("released_patient", "released_study", "released_series", "released")),
}
HIDDEN = {
    "action": "pixels_hidden",
    "tag_path": "(7fe0,0010)",
    "tag": "(7fe0,0010)",
    "name": "Pixel Data",
    "scope": "Instance",
    "expected": "DOE\nJANE",
    "x0": 1,
    "y0": 2,
    "x1": 30,
    "y1": 12,
    "actual": "DOE",
    "original": None,
}


def report(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def sheet(path, title=None):
    book = openpyxl.load_workbook(path)
    return [list(row) for row in (book[title] if title else book.active).iter_rows(values_only=True)]


def test_the_reports_are_those_of_the_official_script(make, tmp_path):
    folder = write_official(make.results([{}]), tmp_path / "new" / "reports")

    assert folder == tmp_path / "new" / "reports"
    assert sorted(path.name for path in folder.iterdir()) == REPORTS
    write_official(make.results([{}]), tmp_path / "db", database=True)
    assert sorted(path.name for path in (tmp_path / "db").iterdir()) == sorted([*REPORTS, "validation_results.db"])


def test_the_database_has_the_official_columns_and_wrappers(make, tmp_path):
    results = make.results(
        [
            {"check": "7"},
            {**GONE, "verdict": "failed", "score": 0.0},
            {**HIDDEN, "verdict": "blank", "score": float("nan")},
            {"action": "pixels_retained", "actual": None, "state": "absent", "original": "d41d8", "expected": "d41d8"},
            {"action": "pixels_retained", "actual": "d41d8", "original": "x", "expected": None, "verdict": "blank"},
            {"verdict": "lost", "error": "stop words"},
        ]
    )
    write_official(results, tmp_path, database=True)
    with make.database(tmp_path / "validation_results.db") as database:
        cursor = database.execute("SELECT * FROM validation_results")
        columns = [name for name, *_ in cursor.description]
        present, missing, hidden, retained, undecided = (
            dict(zip(columns, row, strict=True)) for row in cursor.fetchall()
        )
        indices = database.execute("SELECT name FROM sqlite_master WHERE type = 'index'").fetchall()

    assert columns == [
        "index",
        "file_index",
        "check_index",
        "check_passed",
        "check_score",
        "action",
        "action_text",
        "file_value",
        "answer_value",
        "tag",
        "tag_ds",
        "tag_name",
        "modality",
        "class",
        "patient",
        "study",
        "series",
        "instance",
        "file_name",
        "file_path",
        "prev_cat",
        "hipaa_z",
        "hipaa_m",
        "dicom_p15",
        "dicom_iod",
        "dicom_safe",
        "tcia_ptkb",
        "tcia_p15",
        "tcia_rev",
    ]
    assert indices == [("ix_validation_results_index",)]
    assert present == {
        "index": 0,
        "file_index": 0,
        "check_index": "7",
        "check_passed": 1,
        "check_score": 1.0,
        "action": "<text_removed>",
        "action_text": "<DOE>",
        "file_value": "<ANON>",
        "answer_value": "<DOE^JANE>",
        "tag": "<(0010,0010)>",
        "tag_ds": "<(0010,0010)>",
        "tag_name": "<Patient's Name>",
        "modality": "<CT>",
        "class": "<1.2.840.10008.5.1.4.1.1.7>",
        "patient": "<NEW>",
        "study": "<9.10>",
        "series": "<9.11>",
        "instance": "<NI1>",
        "file_name": "a.dcm",
        "file_path": "a.dcm",
        "hipaa_z": "HIPAA-A",
        "prev_cat": "nan",  # the official word where the key gives none
        **dict.fromkeys(("hipaa_m", "dicom_p15", "dicom_iod", "dicom_safe", "tcia_ptkb", "tcia_p15", "tcia_rev")),
    }
    assert [
        missing[name]
        for name in ("file_index", "file_value", "modality", "patient", "study", "series", "instance", "file_name")
    ] == [None, "<MISSING FILE>", "CT", "P1", "S1", "E1", "I1", None]
    assert [hidden[name] for name in ("check_passed", "check_score", "file_value", "answer_value")] == [
        None,
        None,
        "DOE",
        None,
    ]
    assert json.loads(hidden["action_text"][1:-1]) == {
        "text": "DOE\nJANE",
        "top_left": [1, 2],
        "bottom_right": [30, 12],
    }
    pixels = ("file_value", "answer_value", "action_text")
    assert [retained[name] for name in pixels] == ["None", "d41d8", "<d41d8>"]
    assert [undecided[name] for name in pixels] == ["d41d8", "<x>", None]


IDENTIFIERS = (
    "submission",
    "patient",
    "study",
    "series",
    "instance",
    "released_patient",
    "released_study",
    "released_series",
    "released",
)
#: In no official file: the scope, the reason of a blank; and of a missing file, its identifiers without a key.
TOLD = [name for name in RESULTS if name not in ("scope", "error", "category", "subcategory", *IDENTIFIERS)]

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6).filter(
    lambda text: text != "MISSING FILE"
)
ROW = st.fixed_dictionaries(
    {
        "verdict": st.sampled_from(["passed", "failed", "blank"]),
        "score": st.sampled_from([0.0, 1.0, 1 / 3, 0.1, float("nan")]),
        "original": st.none() | TEXT,
        "expected": st.none() | TEXT,
        "name": TEXT.filter(bool),
        "tag_path": st.sampled_from(
            ["(0010,0010)", "(0008,1140)[0](0008,1155)", '(0029,"QUOKKA",10)', "(0008,103E)", '(0029,"<A>",10)']
        ),
        "check": st.integers(0, 300).map(str),
        "hipaa_z": st.none() | st.just("HIPAA-A"),
        "prev_cat": st.none() | st.just("phi"),
        "modality": TEXT,
    }
)
STATE = st.one_of(
    TEXT.filter(bool).map(lambda text: {"state": "value", "actual": text}),
    st.just({"state": "empty", "actual": ""}),
    st.just({"state": "absent", "actual": None}),
    st.just(GONE),
    st.just({**HIDDEN, "state": "value"}),
    st.just({**HIDDEN, "state": "empty", "actual": ""}),
    st.just({"action": "pixels_retained", "actual": None, "state": "absent"}),
)


@given(st.lists(st.tuples(ROW, STATE), min_size=1, max_size=8))
def test_an_official_database_is_read_back_as_it_was(make, tmp_path_factory, rows):
    rows = [{**row, **state} for row, state in rows]
    for row in rows:
        row.update(tag=tags.leaf(row["tag_path"]), private=tags.is_private(row["tag_path"]))
    results = make.results(rows)
    path = tmp_path_factory.mktemp("official") / "validation_results.db"
    official.write_database(path, results)  # without the workbooks, which take their time

    again = read_results(path)

    pd.testing.assert_frame_equal(again[TOLD], results[TOLD], check_categorical=False)
    assert score(again)[["passed", "failed", "blank"]].equals(score(results)[["passed", "failed", "blank"]])


def test_with_its_key_an_evaluation_is_read_back_whole(bench, make, tmp_path):
    checks = [
        make.check("text_removed", "(0010,0010)", "DOE", "DOE^JANE", "Patient's Name", hipaa_m="HIPAA-A"),
        make.check("text_retained", "(0018,1030)", "CHEST", name="Protocol Name", tcia_p15="P"),
        make.check("uid_changed", "(0008,1140)[0](0008,1155)", None, "1.5", "Referenced SOP Instance UID"),
        make.check("tag_retained", "(0008,0050)", name="Accession Number"),
        make.check("pixels_retained", "(7fe0,0010)", "d41d8", name="Pixel Data"),
        make.check("pixels_hidden", "(7fe0,0010)", make.region("DOE", 0, 0, 2, 2), name="Pixel Data"),
    ]
    for number in range(4):
        bench.ask(f"1.5.{number}", *checks)
    bench.release("a/0.dcm", "1.5.0", PatientName="DOE", ProtocolName="CHEST")
    bench.release("a/1.dcm", "1.5.1", PatientName="", AccessionNumber="")
    bench.release("a/copy.dcm", instance="9.1.5.1", PatientName="", AccessionNumber="")
    with pytest.warns(UserWarning, match="2 × it is not the only file of its instance"):
        results = bench.evaluate(read_text=str)

    folder = write_official(results, tmp_path / "official", database=True)
    again = read_results(folder, key=bench.key, uids=bench.uids, name="run")

    lost = results["error"].notna()
    assert lost.sum() == 3
    found = again.iloc[: (~lost).sum()]
    columns = [name for name in RESULTS if name != "error"]
    pd.testing.assert_frame_equal(
        found[columns], results.loc[~lost, columns].reset_index(drop=True), check_categorical=False
    )
    # Of the checks that left no row one is told for each instance, delivered twice or not.
    assert list(again.iloc[len(found) :]["instance"]) == ["1.5.0", "1.5.1"]
    for unit in ("instance", "series", "series-2024"):
        pd.testing.assert_frame_equal(score(again, unit=unit), score(results, unit=unit))


def test_the_discrepancy_reports_hold_failures_and_blanks(make, tmp_path):
    results = make.results(
        [
            {},
            {"verdict": "failed", "score": 0.5, "actual": "DOE"},
            {"verdict": "blank", "score": float("nan"), "error": "why"},
            {**GONE, "verdict": "failed", "score": 0.0},
            {"verdict": "failed", "score": 0.0, "name": "LUT Data", "actual": "[1, 2]"},
        ]
    )
    write_official(results, tmp_path)
    internal, participant = (
        report(tmp_path / f"discrepancy_report_{whom}.csv") for whom in ("internal", "participant")
    )

    assert list(internal[0]) == [
        "index",
        "check_passed",
        "check_score",
        "tag_ds",
        "tag_name",
        "file_value",
        "answer_value",
        "action",
        "action_text",
        "category",
        "subcategory",
        "hipaa_z",
        "hipaa_m",
        "dicom_p15",
        "dicom_iod",
        "dicom_safe",
        "tcia_ptkb",
        "tcia_p15",
        "tcia_rev",
        "prev_cat",
        "modality",
        "class",
        "patient",
        "study",
        "series",
        "instance",
        "file_name",
        "file_path",
    ]
    hidden = {
        "hipaa_z",
        "hipaa_m",
        "dicom_p15",
        "dicom_iod",
        "dicom_safe",
        "tcia_ptkb",
        "tcia_p15",
        "tcia_rev",
        "prev_cat",
        "file_path",
    }
    assert participant == [{name: cell for name, cell in row.items() if name not in hidden} for row in internal]
    assert [
        [
            row[name]
            for name in ("index", "check_passed", "check_score", "file_value", "category", "subcategory", "instance")
        ]
        for row in internal
    ] == [
        ["1", "0.0", "0.5", "<DOE>", "hipaa", "HIPAA-A", "<NI1>"],
        ["2", "", "", "<ANON>", "hipaa", "HIPAA-A", "<NI1>"],
        ["3", "0.0", "0.0", "<MISSING FILE>", "hipaa", "HIPAA-A", "I1"],
        ["4", "0.0", "0.0", "<Removed>", "hipaa", "HIPAA-A", "<NI1>"],
    ]
    assert [internal[3][name] for name in ("answer_value", "action_text")] == ["<Removed>", "<Removed>"]


def test_without_blanks_verdicts_are_whole_numbers(make, tmp_path):
    write_official(make.results([{"verdict": "failed", "score": 0.0}]), tmp_path)

    assert [row["check_passed"] for row in report(tmp_path / "discrepancy_report_internal.csv")] == ["0"]


def test_the_scoring_workbooks(make, tmp_path):
    results = make.results(
        [
            {"action": "date_shifted", "subcategory": "HIPAA-C"},
            {"action": "date_shifted", "subcategory": "HIPAA-C", "instance": "I2"},
            {"verdict": "failed", "score": 0.0},
            {"verdict": "blank"},
            {"action": "tag_retained", "category": "dicom", "subcategory": None},
            {"verdict": "lost", "error": "stop words"},
        ]
    )
    write_official(results, tmp_path)

    instance, series = (tmp_path / f"scoring_report_{unit}.xlsx" for unit in ("instance", "series"))
    assert sheet(instance, "Scoring") == [
        ["Category", "Blank", "Fail", "Pass", "Total", "Score"],
        ["All", 1, 1, 3, 5, "60.00%"],
    ]
    assert sheet(instance, "Actions") == [
        [None, "action", "Blank", "Fail", "Pass", "Total"],
        [0, "<date_shifted>", 0, 0, 2, 2],
        [1, "<tag_retained>", 0, 0, 1, 1],
        [2, "<text_removed>", 1, 1, 0, 2],
        ["Total", None, 1, 1, 3, 5],
    ]
    # A subcategory that is null is officially left out.
    assert sheet(instance, "Categories") == [
        [None, "category", "subcategory", "Blank", "Fail", "Pass", "Total"],
        [0, "hipaa", "HIPAA-A", 1, 1, 0, 2],
        [1, "hipaa", "HIPAA-C", 0, 0, 2, 2],
        ["Total", None, None, 1, 1, 2, 4],
    ]
    assert sheet(series, "Scoring") == [["Category", "Fail", "Pass", "Total", "Score"], ["All", 1, 2, 3, "66.67%"]]


def test_a_verdict_that_never_occurs_has_no_column(make, tmp_path):
    write_official(make.results([{}]), tmp_path)

    assert sheet(tmp_path / "scoring_report_instance.xlsx", "Scoring") == [
        ["Category", "Pass", "Total", "Score"],
        ["All", 1, 1, "100.00%"],
    ]


def test_the_workbooks_tell_what_score_tells(make, tmp_path):
    results = make.results(
        [
            {"verdict": "passed" if i % 3 else "failed", "action": ["text_removed", "date_shifted"][i % 2]}
            for i in range(10)
        ]
    )
    write_official(results, tmp_path)

    told = read_scores(tmp_path / "scoring_report_instance.xlsx")
    ours = score(results, by="action")

    actions = told[told["sheet"] == "Actions"]
    assert sorted(zip(actions["action"], actions["passed"], actions["failed"], strict=True)) == sorted(
        zip(ours["action"].astype(str), ours["passed"], ours["failed"], strict=True)
    )


def test_the_sheet_of_pixel_checks_names_the_files(make, tmp_path):
    write_official(
        make.results(
            [
                {},
                {**HIDDEN, "file": "a/b.dcm", "verdict": "failed", "score": 0.5},
                {**HIDDEN, "verdict": "blank", "score": float("nan")},
            ]
        ),
        tmp_path,
    )
    header, first, second = sheet(tmp_path / "pixel_validation.xlsx")

    assert header == [
        None,
        "check_passed",
        "check_score",
        "action",
        "action_text",
        "file_path",
        "modality",
        "class",
        "patient",
        "study",
        "series",
        "instance",
    ]
    assert first[:4] + first[5:7] == [1, False, 0.5, "<pixels_hidden>", "a/b.dcm", "<CT>"]
    assert second[:3] == [2, None, None]


def test_texts_in_a_sheet_are_no_formulas(make, tmp_path):
    write_official(make.results([{**HIDDEN, "file": "=cmd|x", "modality": "a\x07b"}]), tmp_path)
    cells = openpyxl.load_workbook(tmp_path / "pixel_validation.xlsx").active[2]

    assert [(cells[i].value, cells[i].data_type) for i in (5, 6)] == [("=cmd|x", "s"), ("<a\ufffdb>", "s")]


def test_reports_that_cannot_be_written_whole_are_not_begun(make, tmp_path, monkeypatch):
    monkeypatch.setattr(official, "write_pixels", lambda rows, path: path.write_text(1))
    with pytest.raises(TypeError):
        write_official(make.results([{}]), tmp_path / "reports")
    assert not list((tmp_path / "reports").iterdir())


def test_odd_texts_go_into_the_workbooks(make, tmp_path):
    write_official(make.results([{"subcategory": "=HIPAA\x01"}]), tmp_path)
    assert sheet(tmp_path / "scoring_report_instance.xlsx", "Categories")[1][2] == "=HIPAA\ufffd"


def test_no_results_make_reports_too(make, tmp_path):
    write_official(make.results([]), tmp_path, database=True)

    assert len(read_results(tmp_path)) == 0
    assert sheet(tmp_path / "scoring_report_instance.xlsx", "Scoring") == [
        ["Category", "Total", "Score"],
        ["All", 0, None],
    ]


def test_nothing_is_overwritten(make, tmp_path):
    write_official(make.results([{}]), tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ValueError, match=r".") as raised:
        write_official(make.results([{}, {}]), tmp_path, database=True)

    assert (
        str(raised.value) == f"{tmp_path} already holds {', '.join([*REPORTS[:2], *REPORTS[3:], REPORTS[2]])}; "
        "give another folder, nothing is overwritten."
    )
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_results_must_be_whole(make, tmp_path):
    with pytest.raises(
        ValueError,
        match=r"^write_official\(\) needs the column original, missing in this frame; "
        r"evaluate\(\) or read_results\(\) makes it\.$",
    ):
        write_official(make.results([{}]).drop(columns="original"), tmp_path)
