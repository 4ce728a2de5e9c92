import csv
import json

import openpyxl
import pandas as pd
import pytest

from midi_nb.files import read_dciodvfy, read_results, write_run
from midi_nb.frames import RESULTS
from midi_nb.scores.scoring import score

CODES = ("hipaa_z", "hipaa_m", "dicom_p15", "dicom_iod", "dicom_safe", "tcia_ptkb", "tcia_p15", "tcia_rev")
DATABASE = (
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
    *CODES,
)
REPORT = (
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
    *CODES,
    "prev_cat",
    "modality",
    "class",
    "patient",
    "study",
    "series",
    "instance",
    "file_name",
    "file_path",
)
PARTICIPANT = tuple(name for name in REPORT if name not in (*CODES, "prev_cat", "file_path"))
PIXELS = (
    "",
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
)

PRESENT = {
    "file_index": 0,
    "check_index": "0",
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
    "class": "<1.2.840>",
    "patient": "<NEW>",
    "study": "<9.10>",
    "series": "<9.11>",
    "instance": "<9.1.1>",
    "hipaa_m": "HIPAA-A",
    "category": "hipaa",
    "subcategory": "HIPAA-A",
}
MISSING = {
    **PRESENT,
    "file_index": None,
    "file_value": "<MISSING FILE>",
    "modality": "CT",
    "class": "1.2.840",
    "patient": "OLD",
    "study": "1.10",
    "series": "1.11",
    "instance": "1.2",
}
BLANK = {"check_passed": None, "check_score": None}
REGION = '<{"text": "DOE\\nJANE", "top_left": [1, 2], "bottom_right": [30, 12]}>'


def write_database(make, path, rows, columns=DATABASE):
    with make.database(path) as database:
        database.execute(f"CREATE TABLE validation_results ({', '.join(json.dumps(name) for name in columns)})")
        database.executemany(
            f"INSERT INTO validation_results VALUES ({', '.join('?' * len(columns))})",
            [tuple(row.get(name, i if name == "index" else None) for name in columns) for i, row in enumerate(rows)],
        )
    return path


def write_report(path, rows, columns=REPORT):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [
                columns,
                *([row.get(name, i if name == "index" else None) for name in columns] for i, row in enumerate(rows)),
            ]
        )
    return path


def write_sheet(path, rows, columns=PIXELS, title="Sheet1"):
    book = openpyxl.Workbook()
    book.active.title = title
    for cells in [columns, *([i if name == "" else row.get(name) for name in columns] for i, row in enumerate(rows))]:
        book.active.append(cells)
    book.save(path)
    return path


def cells(frame, *columns):
    """Rows as lists, None where missing."""
    part = frame[list(columns)].astype(object)
    return part.where(part.notna(), None).to_numpy().tolist()


def first(frame, *columns):
    return cells(frame, *columns)[0]


def test_a_row_of_the_official_database(make, tmp_path):
    results = read_results(write_database(make, tmp_path / "validation_results.db", [PRESENT]), name="run")

    assert list(results.columns) == list(RESULTS)
    assert {name: kind for name, kind in results.dtypes.items() if not isinstance(kind, pd.CategoricalDtype)} == {
        "private": "bool",
        "x0": "Int32",
        "y0": "Int32",
        "x1": "Int32",
        "y1": "Int32",
        "score": "float64",
        "complete": "bool",
    }
    assert first(
        results,
        "submission",
        "patient",
        "study",
        "series",
        "instance",
        "released_patient",
        "released_study",
        "released_series",
        "released",
    ) == ["run", "NEW", "9.10", "9.11", "9.1.1", "NEW", "9.10", "9.11", "9.1.1"]
    assert first(
        results, "check", "action", "tag_path", "tag", "name", "private", "scope", "modality", "sop_class"
    ) == ["0", "text_removed", "(0010,0010)", "(0010,0010)", "Patient's Name", False, "Patient", "CT", "1.2.840"]
    assert first(results, "category", "subcategory", "hipaa_m", "hipaa_z", "prev_cat") == [
        "hipaa",
        "HIPAA-A",
        "HIPAA-A",
        None,
        None,
    ]
    assert first(results, "original", "expected", "actual", "state", "verdict", "score", "error", "file") == [
        "DOE^JANE",
        "DOE",
        "ANON",
        "value",
        "passed",
        1.0,
        None,
        None,
    ]


VALUES = {
    "a value": ({}, "ANON", "value"),
    "empty": ({"file_value": "<>"}, "", "empty"),
    "absent": ({"file_value": None}, None, "absent"),
    "absent, but not in the batch": ({"file_value": ""}, None, "absent"),
    "missing": (MISSING, None, "missing"),
    "wrappers inside": ({"file_value": "<<MISSING FILE>>"}, "<MISSING FILE>", "value"),
    "text recognised": ({"action": "<pixels_hidden>", "action_text": REGION, "file_value": "DOE"}, "DOE", "value"),
    "nothing recognised": ({"action": "<pixels_hidden>", "action_text": REGION, "file_value": ""}, "", "empty"),
    "a digest": ({"action": "<pixels_retained>", "file_value": "d41d8", "answer_value": "d41d8"}, "d41d8", "value"),
    "no pixels": ({"action": "<pixels_retained>", "file_value": "None", "answer_value": "d41d8"}, None, "absent"),
    "the word None": ({"file_value": "<None>"}, "None", "value"),
}


@pytest.mark.parametrize(("row", "actual", "state"), VALUES.values(), ids=VALUES)
def test_what_the_released_file_says(make, tmp_path, row, actual, state):
    results = read_results(write_database(make, tmp_path / "validation_results.db", [{**PRESENT, **row}]))

    assert first(results, "actual", "state") == [actual, state]


def test_a_missing_file_has_no_released_identifiers(make, tmp_path):
    results = read_results(write_database(make, tmp_path / "validation_results.db", [PRESENT, MISSING]))

    assert cells(
        results, "patient", "instance", "released_patient", "released_study", "released_series", "released"
    ) == [["NEW", "9.1.1", "NEW", "9.10", "9.11", "9.1.1"], ["OLD", "1.2", None, None, None, None]]


def test_regions_are_taken_apart(make, tmp_path):
    hidden = {**PRESENT, "action": "<pixels_hidden>", "action_text": REGION, "tag_ds": "<(7fe0,0010)>"}
    retained = {**PRESENT, "action": "<text_retained>", "action_text": REGION}  # the same text, where it is none
    broken = {**hidden, "action_text": "<no json>"}

    results = read_results(write_database(make, tmp_path / "validation_results.db", [hidden, retained, broken]))

    assert cells(results, "expected", "x0", "y0", "x1", "y1") == [
        ["DOE\nJANE", 1, 2, 30, 12],
        [REGION[1:-1], None, None, None, None],
        ["no json", None, None, None, None],
    ]


def test_categories_follow_from_the_codes(make, tmp_path):
    rows = [
        {**PRESENT, "hipaa_m": None, "tcia_rev": "TCIA-REV"},
        {**PRESENT, "hipaa_m": None},
        {**PRESENT, "action": "<date_shifted>"},
    ]

    assert cells(
        read_results(write_database(make, tmp_path / "validation_results.db", rows)), "category", "subcategory"
    ) == [["tcia", "TCIA-REV"], ["unknown", "unknown"], ["hipaa", "HIPAA-C"]]


@pytest.mark.parametrize(
    ("written", "verdict"),
    [
        ("1", "passed"),
        ("1.0", "passed"),
        ("TRUE", "passed"),
        ("True", "passed"),
        ("0", "failed"),
        ("0.0", "failed"),
        ("False", "failed"),
        ("", "blank"),
        ("maybe", "blank"),
    ],
)
def test_verdicts_are_read_however_they_are_written(tmp_path, written, verdict):
    results = read_results(
        write_report(
            tmp_path / "discrepancy_report_internal.csv", [{**PRESENT, "check_passed": written, "check_score": "0.25"}]
        )
    )

    assert first(results, "verdict", "score") == [verdict, 0.25]


@pytest.mark.parametrize("columns", [REPORT, PARTICIPANT], ids=["internal", "participant"])
def test_a_discrepancy_report_holds_failures_only(tmp_path, columns):
    failed = {**PRESENT, "check_passed": "0.0", "check_score": "0.5", "file_value": "<DOE>"}
    path = write_report(
        tmp_path / "discrepancy_report_x.csv", [failed, {**failed, **BLANK}, {**failed, "file_value": None}], columns
    )

    results = read_results(path)

    assert cells(results, "verdict", "score", "actual", "state", "category", "subcategory", "complete") == [
        ["failed", 0.5, "DOE", "value", "hipaa", "HIPAA-A", False],
        ["blank", None, "DOE", "value", "hipaa", "HIPAA-A", False],
        ["failed", 0.5, None, "absent", "hipaa", "HIPAA-A", False],
    ]
    with pytest.raises(ValueError, match=r"^score\(\) needs all checks, but 3 of 3 rows come from a file"):
        score(results)


def test_a_renamed_report_is_still_one(tmp_path):
    with pytest.raises(ValueError, match=r"^score\(\) needs all checks, but 1 of 1 rows"):
        score(read_results(write_report(tmp_path / "mine.csv", [{**PRESENT, "check_passed": "0"}])))


def test_a_sheet_of_pixel_checks(make, tmp_path):
    row = {**PRESENT, "action": "<pixels_hidden>", "action_text": REGION, "check_passed": True}
    gone = {**MISSING, "action": "<pixels_hidden>", "action_text": REGION, "check_passed": True}

    results = read_results(write_sheet(tmp_path / "pixel_validation.xlsx", [row, {**row, **BLANK}, gone]))

    assert cells(
        results,
        "action",
        "tag_path",
        "name",
        "expected",
        "x0",
        "y1",
        "verdict",
        "category",
        "subcategory",
        "released",
        "state",
    ) == [
        ["pixels_hidden", "(7fe0,0010)", "Pixel Data", "DOE\nJANE", 1, 12, "passed", "hipaa", "HIPAA-A", "9.1.1", None],
        ["pixels_hidden", "(7fe0,0010)", "Pixel Data", "DOE\nJANE", 1, 12, "blank", "hipaa", "HIPAA-A", "9.1.1", None],
        [
            "pixels_hidden",
            "(7fe0,0010)",
            "Pixel Data",
            "DOE\nJANE",
            1,
            12,
            "passed",
            "hipaa",
            "HIPAA-A",
            None,
            "missing",
        ],
    ]


def test_a_folder_is_read_by_its_best_file(make, tmp_path):
    write_report(tmp_path / "discrepancy_report_participant.csv", [PRESENT], PARTICIPANT)
    assert len(read_results(tmp_path)) == 1

    write_report(tmp_path / "discrepancy_report_internal.csv", [PRESENT] * 2)
    assert len(read_results(tmp_path)) == 2

    write_database(make, tmp_path / "validation_results.db", [PRESENT] * 3)
    results = read_results(tmp_path)
    assert len(results) == 3
    assert list(results["submission"].unique()) == [tmp_path.name]


@pytest.mark.parametrize("again", ["run", "run/results.parquet"])
def test_ours_are_read_back_whole(make, tmp_path, again):
    results = make.results(
        [{}, {"verdict": "blank", "score": float("nan"), "error": "why", "actual": None, "state": "absent"}]
    )
    results["cause"] = pd.Categorical(["leak", None])
    write_run(results, tmp_path / "run")
    results.to_parquet(tmp_path / "run" / "results.parquet")

    pd.testing.assert_frame_equal(read_results(tmp_path / again), results, check_categorical=False)
    assert list(read_results(tmp_path / again, name="other")["submission"]) == ["other", "other"]


@pytest.mark.parametrize("again", ["run", "failures.parquet"])
def test_failures_alone_stay_so_when_kept(tmp_path, again):
    results = read_results(
        write_report(tmp_path / "discrepancy_report_internal.csv", [{**PRESENT, "check_passed": "0"}])
    )
    write_run(results, tmp_path / "run")
    results.to_parquet(tmp_path / "failures.parquet")

    with pytest.raises(ValueError, match=r"^score\(\) needs all checks, but 1 of 1 rows"):
        score(read_results(tmp_path / again))


def test_odd_texts_are_read(make, tmp_path):
    rows = [
        {**PRESENT, "file_value": "<a\x1fb\x1e>"},
        {**PRESENT, "tag_name": "<a\x1fb>", "series": "<\x1e>", "file_value": "<é\n\"'>"},
    ]
    results = read_results(write_database(make, tmp_path / "validation_results.db", rows))
    assert cells(results, "actual", "name", "series") == [
        ["a\x1fb\x1e", "Patient's Name", "9.11"],
        ["é\n\"'", "a\x1fb", "\x1e"],
    ]

    with make.database(tmp_path / "validation_results.db") as database:
        database.execute("UPDATE validation_results SET file_value = CAST(x'3cff3e' AS TEXT) WHERE \"index\" = 1")
    assert list(read_results(tmp_path)["actual"]) == ["a\x1fb\x1e", "\\udcff"]


def test_many_rows_come_in_their_order(make, tmp_path, monkeypatch):
    monkeypatch.setattr("midi_nb.files.columns._PAGE", 3)
    rows = [
        {**PRESENT, "check_index": str(i), "file_value": f"<{i % 4}>", "check_score": 1 / (i + 1)} for i in range(10)
    ]

    results = read_results(write_database(make, tmp_path / "validation_results.db", rows))

    assert cells(results, "check", "actual", "score") == [[str(i), str(i % 4), 1 / (i + 1)] for i in range(10)]


def test_columns_may_be_more_and_in_any_order(make, tmp_path):
    path = write_database(
        make, tmp_path / "validation_results.db", [{**PRESENT, "extra": "x"}], ["extra", *reversed(DATABASE)]
    )

    assert first(read_results(path), "instance", "actual", "hipaa_m") == ["9.1.1", "ANON", "HIPAA-A"]


@pytest.fixture
def keyed(bench, make, tmp_path):
    """A key of two instances, and official results that answer it: but for one check, of which no row was written."""
    name = make.check("text_removed", "(0010,0010)", "DOE", "DOE^JANE", "Patient's Name", hipaa_m="HIPAA-A")
    protocol = make.check("text_retained", "(0018,1030)", "CHEST", name="Protocol Name", tcia_p15="P")
    pixels = make.check("pixels_hidden", "(7fe0,0010)", make.region("DOE", 1, 2, 30, 12), name="Pixel Data")
    for instance in ("1.1", "1.2"):
        bench.ask(instance, name, {**protocol, "scope": "<Study>"}, pixels)
    make.mapping(bench.uids, [("1.1", "9.1.1"), ("1.2", "9.1.2"), ("1.10", "9.10"), ("1.11", "9.11")])
    about_protocol = {
        "check_index": "1",
        "action": "<text_retained>",
        "action_text": "<CHEST>",
        "tag_ds": "<(0018,1030)>",
        "tag": "<(0018,1030)>",
        "tag_name": "<Protocol Name>",
        "file_value": "<>",
        "check_passed": 0,
        "check_score": 0.0,
    }
    gone = {
        **MISSING,
        "check_index": "2",
        "action": "<pixels_hidden>",
        "tag_ds": "<(7fe0,0010)>",
        "action_text": f"<{make.region('DOE', 1, 2, 30, 12)}>",
    }
    rows = [
        PRESENT,
        {**PRESENT, **about_protocol},
        MISSING,
        {**MISSING, **about_protocol, "file_value": "<MISSING FILE>"},
        gone,
    ]
    return bench, rows


def test_with_a_mapping_alone_uids_are_the_original_ones(keyed, tmp_path):
    bench, _ = keyed
    failed = {"check_passed": 0, "check_score": 0.0}
    report = write_report(tmp_path / "report.csv", [{**PRESENT, **failed}, {**MISSING, **failed}], PARTICIPANT)
    assert cells(
        read_results(report, uids=bench.uids), "instance", "series", "study", "patient", "released", "check"
    ) == [
        ["1.1", "1.11", "1.10", "NEW", "9.1.1", None],
        ["1.2", "1.11", "1.10", "OLD", None, None],
    ]
    strange = {**PRESENT, **failed, "instance": "<9.9>", "series": "<9.8>"}
    with pytest.warns(UserWarning, match=r".") as warned:
        results = read_results(write_report(tmp_path / "report.csv", [strange], PARTICIPANT), uids=bench.uids)
    assert (
        str(warned[0].message) == "Rows of instances that the mapping does not hold, which keep their identifiers: 1."
    )
    assert cells(results, "instance", "series", "study") == [["9.9", "9.8", "1.10"]]


def test_with_a_key_identifiers_are_one_per_thing(keyed, make, tmp_path):
    bench, rows = keyed
    results = read_results(
        write_database(make, tmp_path / "validation_results.db", rows), key=bench.key, uids=bench.uids
    )

    assert cells(results, "instance", "check", "action", "scope", "state", "patient", "series", "released") == [
        ["1.1", "0", "text_removed", "Patient", "value", "OLD", "1.11", "9.1.1"],
        ["1.1", "1", "text_retained", "Study", "empty", "OLD", "1.11", "9.1.1"],
        ["1.2", "0", "text_removed", "Patient", "missing", "OLD", "1.11", None],
        ["1.2", "1", "text_retained", "Study", "missing", "OLD", "1.11", None],
        ["1.2", "2", "pixels_hidden", "Instance", "missing", "OLD", "1.11", None],
        ["1.1", "2", "pixels_hidden", "Instance", None, "OLD", "1.11", None],
    ]
    assert first(results.iloc[5:], "error", "verdict", "score", "x0", "submission") == [
        "in the key, in no result row",
        "lost",
        None,
        1,
        tmp_path.name,
    ]
    assert score(results)["total"].item() == 5


def test_with_a_key_a_report_gets_the_numbers_of_its_checks(keyed, tmp_path):
    bench, rows = keyed
    failed = [row for row in rows if not row["check_passed"]]
    results = read_results(
        write_report(tmp_path / "discrepancy_report_internal.csv", failed), key=bench.key, uids=bench.uids
    )

    assert cells(results, "instance", "check", "scope") == [["1.1", "1", "Study"], ["1.2", "1", "Study"]]
    with pytest.raises(ValueError, match=r"^score\(\) needs all checks, but 2 of 2 rows"):
        score(results)


def test_equal_checks_are_numbered_in_turn(bench, make, tmp_path):
    bench.ask("1.1", *[make.check("text_removed", "(0010,0010)", "DOE", "DOE^JANE")] * 3)
    make.mapping(bench.uids, [("1.1", "9.1.1")])
    failed = {**PRESENT, "check_passed": "0"}
    path = write_report(tmp_path / "discrepancy_report_internal.csv", [failed] * 3)

    assert list(read_results(path, key=bench.key, uids=bench.uids)["check"]) == ["0", "1", "2"]


def test_with_a_key_a_sheet_of_pixels_finds_its_instances(keyed, make, tmp_path):
    bench, rows = keyed
    hidden = {**PRESENT, "action": "<pixels_hidden>", "action_text": rows[-1]["action_text"]}
    results = read_results(
        write_sheet(tmp_path / "pixel_validation.xlsx", [hidden, rows[-1]]), key=bench.key, uids=bench.uids
    )

    assert cells(results, "instance", "check") == [["1.1", "2"], ["1.2", "2"]]


def test_instances_the_key_does_not_hold_are_told(keyed, make, tmp_path):
    bench, rows = keyed
    path = write_database(make, tmp_path / "validation_results.db", [{**PRESENT, "instance": "<7.7>"}, *rows])
    with pytest.warns(
        UserWarning, match=r"^Rows of instances that key or mapping do not hold, which keep their identifiers: 1\.$"
    ):
        results = read_results(path, key=bench.key, uids=bench.uids)
    assert first(results, "instance", "patient") == ["7.7", "NEW"]


def test_a_key_alone_is_not_enough(keyed, make, tmp_path):
    bench, rows = keyed
    with pytest.raises(ValueError, match=r".") as raised:
        read_results(write_database(make, tmp_path / "validation_results.db", rows), key=bench.key)
    assert (
        str(raised.value) == "read_results(key=…) needs uids= too: official results name instances by their new UIDs."
    )


def test_empty_cells_of_a_report_are_missing(tmp_path):
    empty = {**PRESENT, "action_text": "", "answer_value": "", "file_value": ""}
    results = read_results(write_report(tmp_path / "report.csv", [empty]))
    assert first(results, "expected", "original", "actual", "hipaa_z", "file", "state") == [*[None] * 5, "absent"]


def test_a_long_report_is_read_to_its_end(tmp_path):
    rows = [{**PRESENT, "instance": f"<{number}>"} for number in range(10_001)]
    results = read_results(write_report(tmp_path / "report.csv", rows))
    assert list(results["instance"])[-2:] == ["9999", "10000"]


def test_wrong_files_are_told_what_they_are(bench, make, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "other.parquet")
    with make.database(tmp_path / "other.db") as database:
        database.execute("CREATE TABLE things (a TEXT)")
    with make.database(tmp_path / "bare.db") as database:
        database.execute("CREATE TABLE validation_results (check_index TEXT, tag_ds TEXT)")
    scores = write_sheet(tmp_path / "scoring.xlsx", [], ("Category", "Pass", "Total", "Score"), "Scoring")
    book = openpyxl.load_workbook(scores)
    book.create_sheet("Actions")
    book.save(scores)
    write_report(tmp_path / "text.csv", [], ("DOE^JANE", "x"))
    no_results = (
        "is not a file of results: read_results() needs the columns check_index, check_passed, check_score, "
        "file_value, hipaa_z, tag_ds or check_passed, check_score, file_value, instance, subcategory, tag_ds or "
        "action_text, check_passed, check_score, instance."
    )
    messages = {
        "empty": "{} holds no results (looked for run.json, validation_results.db, discrepancy_report_internal.csv, "
        "discrepancy_report_participant.csv).",
        "broken.parquet": "{} is no readable Parquet file (ArrowInvalid); was it copied whole?",
        "other.parquet": "read_results(): {} needs the columns action, verdict, tag_path, missing in this frame; "
        "evaluate() or read_results() makes them.",
        "other.db": "{} has no table validation_results (found: things); it holds no results.",
        "answer_key.db": "{} is an answer key, not results; read it with read_key().",
        "scoring.xlsx": "{} is a scoring report, which has counts and no checks; read it with read_scores().",
        "uid_mapping.csv": "{} is a mapping, not a file of results; read it with read_mapping().",
        "bare.db": f"{{}}, table validation_results, {no_results}",
        "text.csv": f"{{}} {no_results}",
    }
    for name, message in messages.items():
        with pytest.raises(ValueError, match=r".") as raised:
            read_results(tmp_path / name)
        assert str(raised.value) == message.format(tmp_path / name)


def test_ragged_rows_are_left_out_and_told(tmp_path):
    path = write_report(tmp_path / "report.csv", [PRESENT])
    path.write_text(path.read_text(encoding="utf-8") + "only,three,cells\n", encoding="utf-8")
    with pytest.warns(UserWarning, match=r".") as heard:
        assert len(read_results(path)) == 1
    assert [str(warning.message) for warning in heard] == [
        f"{path}: rows with another number of cells than the header, left out: 1."
    ]
    assert heard[0].filename == __file__


def test_empty_rows_are_none(tmp_path, recwarn):
    path = write_report(tmp_path / "report.csv", [PRESENT, {}])
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    book = write_sheet(tmp_path / "pixels.xlsx", [PRESENT])
    opened = openpyxl.load_workbook(book)
    opened.active.cell(row=5, column=3).font = openpyxl.styles.Font(bold=True)
    opened.save(book)
    assert (len(read_results(path)), len(read_results(book))) == (2, 1)
    assert not recwarn.list


def test_a_sheet_may_have_any_ending(tmp_path):
    path = write_sheet(tmp_path / "pixels.xlsx", [PRESENT])
    assert len(read_results(path.rename(tmp_path / "pixels.xlsx.bak"))) == 1


def test_a_table_of_a_missing_file_is_missing_too(tmp_path):
    table = {"tag_ds": "<(0028,3006)>", "tag_name": "<LUT Data>", "file_value": "<Removed>"}
    rows = [{**MISSING, **table}, {**PRESENT, **table}]
    results = read_results(write_report(tmp_path / "report.csv", rows))
    assert cells(results, "state", "released") == [["missing", None], ["value", "9.1.1"]]


def test_no_rows_are_results_too(make, tmp_path):
    assert len(read_results(write_database(make, tmp_path / "validation_results.db", []))) == 0
    assert len(read_results(write_report(tmp_path / "report.csv", []))) == 0


def test_the_findings_of_dciodvfy(tmp_path):
    columns = (
        "type",
        "tag",
        "message",
        "modality",
        "class",
        "patient",
        "study",
        "series",
        "instance",
        "file_name",
        "file_path",
    )
    row = {
        "type": "Error",
        "tag": "<(0008,0060)>",
        "message": "Missing attribute",
        "patient": "<NEW>",
        "instance": "<9.1>",
        "file_path": "a/b.dcm",
    }

    path = write_report(tmp_path / "dciodvfy_report.csv", [row, {**row, "type": "Warning"}], columns)
    path.write_text(path.read_text(encoding="utf-8") + "cut\n", encoding="utf-8")
    with pytest.warns(UserWarning, match="left out: 1"):
        findings = read_dciodvfy(path)

    assert cells(findings, "type", "tag", "message", "modality", "patient", "instance", "file") == [
        ["Error", "(0008,0060)", "Missing attribute", None, "NEW", "9.1", "a/b.dcm"],
        ["Warning", "(0008,0060)", "Missing attribute", None, "NEW", "9.1", "a/b.dcm"],
    ]
    with pytest.raises(ValueError, match=r"is a mapping, not a dciodvfy report; read it with read_mapping\(\)\.$"):
        read_dciodvfy(write_report(tmp_path / "uids.csv", [], ("id_old", "id_new")))


@pytest.mark.parametrize("column", ["tag_ds", "action"])
def test_a_report_that_does_not_say_what_its_checks_are_about_is_refused(tmp_path, column):
    columns = [name for name in REPORT if name != column]
    write_report(tmp_path / "discrepancy_report_internal.csv", [PRESENT], columns)
    with pytest.raises(ValueError, match=f"lacks the column {column}"):
        read_results(tmp_path / "discrepancy_report_internal.csv")
