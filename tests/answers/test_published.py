import json

import pandas as pd
import pytest

from midi_nb.answers import read_key, read_mapping
from midi_nb.answers.published import as_mapping, open_key, region_of, unwrap
from midi_nb.frames import ANSWERS


def cells(frame, *columns):
    """Rows as lists, None where missing."""
    part = frame[list(columns)].astype(object)
    return part.where(part.notna(), None).to_numpy().tolist()


@pytest.mark.parametrize(
    ("wrapped", "text"),
    [
        ("<CHEST <AP>>", "CHEST <AP>"),
        ("<>", ""),
        ("<<>>", "<>"),
        ("<", "<"),
        ("", ""),
        ("CHEST", "CHEST"),
        ("<CHEST", "<CHEST"),
    ],
)
def test_one_pair_of_wrappers_is_taken_off(wrapped, text):
    assert unwrap(wrapped) == text


def test_a_key_is_one_row_per_check(bench, make):
    bench.ask(
        "1.1",
        make.check(
            "text_removed", "(0010,0010)", "DOE", "DOE^JANE", "Patient's Name", hipaa_m="HIPAA-A", prev_cat="phi"
        ),
        make.check("uid_changed", "(0008,1140)[0](0008,1155)", None, "1.5", "Referenced SOP Instance UID"),
        make.check("text_retained", '(0029,"QUOKKA",10)', "<AP>", tcia_ptkb="TCIA-PTKB-K"),
    )
    bench.ask("1.2", make.check("pixels_hidden", "(7fe0,0010)", make.region("DOE", 1, 2, 30, 12)), patient="OLD2")

    answers = read_key(bench.key)

    assert list(answers.columns) == list(ANSWERS)
    assert answers["scope"].dtype == ANSWERS["scope"]
    assert cells(answers, "patient", "study", "series", "instance", "check") == [
        ["OLD", "1.10", "1.11", "1.1", "0"],
        ["OLD", "1.10", "1.11", "1.1", "1"],
        ["OLD", "1.10", "1.11", "1.1", "2"],
        ["OLD2", "1.10", "1.11", "1.2", "0"],
    ]
    assert cells(answers, "action", "tag_path", "tag", "name", "private", "scope") == [
        ["text_removed", "(0010,0010)", "(0010,0010)", "Patient's Name", False, "Patient"],
        ["uid_changed", "(0008,1140)[0](0008,1155)", "(0008,1155)", "Referenced SOP Instance UID", False, "Instance"],
        ["text_retained", '(0029,"QUOKKA",10)', '(0029,"QUOKKA",10)', "Name", True, "Instance"],
        ["pixels_hidden", "(7fe0,0010)", "(7fe0,0010)", "Name", False, "Instance"],
    ]
    assert cells(answers, "category", "subcategory", "hipaa_m", "tcia_ptkb", "prev_cat") == [
        ["hipaa", "HIPAA-A", "HIPAA-A", None, "phi"],
        ["hipaa", "HIPAA-R", None, None, None],
        ["tcia", "TCIA-PTKB-K", None, "TCIA-PTKB-K", None],
        ["hipaa", "HIPAA-A", None, None, None],
    ]
    assert cells(answers, "original", "expected", "x0", "y0", "x1", "y1") == [
        ["DOE^JANE", "DOE", None, None, None, None],
        ["1.5", None, None, None, None, None],
        [None, "<AP>", None, None, None, None],
        [None, "DOE", 1, 2, 30, 12],
    ]


def test_rows_of_one_instance_add_up(bench, make):
    bench.ask("1.1", make.check("tag_retained", "(0008,0060)"))
    bench.ask("1.2", make.check("tag_retained", "(0008,0060)"))
    bench.ask("1.1", make.check("text_notnull", "(0008,0060)"), make.check("text_retained", "(0008,0060)", "CT"))

    assert cells(read_key(bench.key), "instance", "check", "action") == [
        ["1.1", "0", "tag_retained"],
        ["1.1", "0", "text_notnull"],
        ["1.1", "1", "text_retained"],
        ["1.2", "0", "tag_retained"],
    ]


def test_of_several_rows_of_an_instance_the_first_tells_who_it_is(bench, make):
    for patient in ("FIRST", "SECOND"):
        bench.ask("1.1", make.check("tag_retained", "(0008,0060)"), patient=patient)

    assert list(read_key(bench.key)["patient"]) == ["FIRST", "FIRST"]


def test_only_what_is_asked_for_is_read(bench, make):
    for uid in ("1.1", "1.2", "1.3"):
        bench.ask(uid, make.check("tag_retained", "(0008,0060)"))

    assert list(read_key(bench.key, instances=["1.3", "1.1", "7.7", "1.1"])["instance"]) == ["1.3", "1.1"]
    assert list(read_key(bench.key, columns=["action", "instance"]).columns) == ["action", "instance"]
    assert len(read_key(bench.key, instances=[])) == 0
    assert len(read_key(bench.key, instances=["7.7"])) == 0


def test_columns_may_stand_anywhere_and_patients_be_numbers(tmp_path, make):
    path = tmp_path / "key.db"
    data = json.dumps({"7": make.check("tag_retained", "(0008,1030)")})
    with make.database(path) as database:
        database.execute(
            "CREATE TABLE answer_data (AnswerData TEXT, scope TEXT, SOPInstanceUID TEXT, extra TEXT, "
            "PatientID INTEGER, "
            "Modality TEXT, SOPClassUID TEXT, SeriesInstanceUID TEXT, StudyInstanceUID TEXT)"
        )
        database.executemany(
            "INSERT INTO answer_data VALUES (?, ?, ?, 'x', 12345, 'CT', 'c', 'e', 's')",
            [(data, "<Series>", "1.1"), (data, "<Patient>", "1.2")],
        )

    assert cells(
        read_key(path), "patient", "study", "series", "instance", "modality", "sop_class", "check", "scope"
    ) == [
        ["12345", "s", "e", "1.1", "CT", "c", "7", "Series"],
        ["12345", "s", "e", "1.2", "CT", "c", "7", "Patient"],
    ]


SCOPED = [("<Patient>", "Patient"), ("study", "Study"), ("<Nonsense>", "Study"), (None, "Study"), (7, "Study")]


@pytest.mark.parametrize(("told", "scope"), SCOPED)
def test_the_scope_is_the_keys_or_that_of_the_model(bench, make, told, scope):
    bench.ask("1.1", {**make.check("tag_retained", "(0008,1030)"), "scope": told})

    assert list(read_key(bench.key)["scope"]) == [scope]


BROKEN = {
    "not JSON": "{",
    "a list": "[1]",
    "nothing": None,
    "a number": "5",
    "too deep": "[" * 100_000,
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_answers_that_cannot_be_decoded_are_told_and_the_others_read(bench, make, data):
    bench.ask("1.1", data=data if data is not None else "null")
    bench.ask("1.2", make.check("tag_retained", "(0008,0060)"))

    with pytest.warns(UserWarning, match=r".") as heard:
        answers = read_key(bench.key)

    assert list(answers["instance"]) == ["1.2"]
    assert [str(warning.message) for warning in heard] == [
        "Rows of the key left out: 1; the first: answer_key.db, table answer_data, row 1: AnswerData is no JSON object."
    ]


ODD = {
    "no checks": ({}, []),
    "an entry that is no object": (
        {"0": 5, "1": {"action": "<tag_retained>", "tag_ds": "<(0008,0060)>"}},
        [[None, None, "0"], ["tag_retained", "(0008,0060)", "1"]],
    ),
    "lists where texts belong": (
        {"0": {"action": ["x"], "tag_ds": ["y"], "action_text": ["z"], "value": 5, "tag_name": {}}},
        [[None, None, "0"]],
    ),
    "tag instead of tag_ds": (
        {"0": {"action": "<tag_retained>", "tag": "<(0008,0060)>"}},
        [["tag_retained", None, "0"]],
    ),
    "a blank behind the path": (
        {"0": {"action": "<tag_retained>", "tag_ds": "<(0008,0060)> "}},
        [["tag_retained", "<(0008,0060)> ", "0"]],
    ),
    "an action without <…>": (
        {"0": {"action": "tag_retained", "tag_ds": "<(0008,0060)>"}},
        [[None, "(0008,0060)", "0"]],
    ),
    "upper-case hex": (
        {"0": {"action": "<tag_retained>", "tag_ds": "<(0008,103E)>"}},
        [["tag_retained", "(0008,103E)", "0"]],
    ),
    "an unknown action": ({"0": {"action": "<shred>", "tag_ds": "<(0008,0060)>"}}, [["shred", "(0008,0060)", "0"]]),
}


@pytest.mark.parametrize(("data", "expected"), ODD.values(), ids=ODD)
def test_odd_entries_are_read_as_far_as_they_go(bench, data, expected):
    bench.ask("1.1", data=json.dumps(data))

    assert cells(read_key(bench.key), "action", "tag_path", "check") == expected


def test_an_identifier_without_its_wrappers_is_in_no_mapping(bench, make):
    wrapped = make.check("uid_consistent", "(0008,1155)", original="1.7")
    bench.ask("1.1", wrapped, {**wrapped, "value": "1.7"}, {**wrapped, "action": "<uid_changed>", "value": "1.7"})

    assert cells(read_key(bench.key), "original") == [["1.7"], [None], ["1.7"]]


CODES = [
    None,
    5,
    "text",
    {},
    {"hipaa": None, "dicom": {}, "tcia": {"rev": ""}},
    {"hipaa": "x"},
    {"hipaa": {"m": ["a"]}},
]


@pytest.mark.parametrize("codes", CODES)
def test_categories_of_any_shape_are_survived(bench, make, codes):
    bench.ask("1.1", {**make.check("text_removed", "(0008,1140)[0](0008,1155)", "x"), "answer_category_v2": codes})

    answers = read_key(bench.key)

    assert list(answers["category"]) == ["unknown"]
    assert list(answers["tag_path"]) == ["(0008,1140)[0](0008,1155)"]


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ('{"text": "DOE", "top_left": [1, 2], "bottom_right": ["30", 12.7]}', ("DOE", (1, 2, 30, 12))),
        ('{"text": "", "top_left": [0, 0, 9], "bottom_right": [1, 1]}', ("", (0, 0, 1, 1))),
        ('{"text": 5, "top_left": [1, 2], "bottom_right": [3, 4]}', None),
        ('{"text": "DOE", "top_left": [1], "bottom_right": [3, 4]}', None),
        ('{"text": "DOE", "top_left": [1, null], "bottom_right": [3, 4]}', None),
        ('{"text": "DOE", "top_left": [1, 1e999], "bottom_right": [3, 4]}', None),
        ('{"text": "DOE", "top_left": [-1, 2], "bottom_right": [9999999999, 4]}', ("DOE", (-1, 2, 2147483647, 4))),
        ('<{"text": "DOE", "top_left": [1, 2], "bottom_right": [3, 4]}>', ("DOE", (1, 2, 3, 4))),
        ('{"text": "DOE"}', None),
        ("[1, 2]", None),
        ("{", None),
        ("", None),
    ],
)
def test_a_region_is_read_from_its_json(text, region):
    assert region_of(text) == region


def test_a_key_is_the_same_as_its_frame(bench, make):
    bench.ask(
        "1.1",
        make.check("text_removed", "(0010,0010)", "DOE", "DOE^JANE", hipaa_m="HIPAA-A"),
        make.check("tag_retained", "(0008,0060)"),
        make.check("pixels_hidden", "(7fe0,0010)", make.region("DOE", 1, 2, 30, 12)),
    )
    bench.ask("1.2", make.check("uid_consistent", "(0008,0018)", None, "1.2"))
    key, frame = open_key(bench.key), open_key(read_key(bench.key))

    assert list(key.instances) == list(frame.instances) == ["1.1", "1.2"]
    assert key.instances == frame.instances
    for uid in key.instances:
        assert key.checks(uid) == frame.checks(uid)


def test_an_answers_frame_may_lack_what_it_does_not_need():
    key = open_key(pd.DataFrame({"instance": ["1.1"], "action": ["tag_retained"], "tag_path": ["(0008,0060)"]}))

    assert key.instances["1.1"].patient is None
    (check,) = key.checks("1.1")
    assert (check.spec.action, check.spec.tag_path, check.expected, check.box) == (
        "tag_retained",
        "(0008,0060)",
        None,
        None,
    )


def test_what_an_answers_frame_leaves_out_follows_from_path_and_codes(bench, make):
    bench.ask(
        "1.1",
        make.check("text_removed", '(0019,"GEMS_ACQU_01",23)', "DOE", name="", hipaa_m="HIPAA-A"),
        make.check("tag_retained", "(0008,1140)[0](0008,1155)", name="", dicom_iod="DICOM-IOD-1"),
    )
    answers = read_key(bench.key)
    bare = answers[["instance", "action", "tag_path", "expected", "hipaa_m", "dicom_iod"]]
    whole, made = (open_key(frame).checks("1.1") for frame in (answers, bare))

    assert [check.spec for check in made] == [check.spec for check in whole]
    assert (made[0].spec.private, made[0].spec.category, made[0].spec.subcategory) == (True, "hipaa", "HIPAA-A")
    (told,) = open_key(bare.iloc[:1].assign(name="My name", scope="Study")).checks("1.1")
    assert (told.spec.name, told.spec.scope) == ("My name", "Study")


def test_the_numbers_of_an_answers_frame_are_texts(bench, make):
    bench.ask("13", make.check("text_retained", "(0020,0013)", "5"))
    bench.release("a.dcm", "13", InstanceNumber=5)
    rows = {"instance": [13], "check": [0], "action": "text_retained", "tag_path": "(0020,0013)", "expected": [5]}
    for frame in (pd.DataFrame(rows), pd.DataFrame(rows).astype("category")):
        results = bench.evaluate(key=frame)
        assert cells(results, "instance", "check", "expected", "verdict") == [["13", "0", "5", "passed"]]


@pytest.mark.parametrize(("column", "allowed"), [("category", "hipaa, dicom"), ("scope", "Patient, Study")])
def test_an_answers_frame_has_no_categories_of_its_own(column, allowed):
    frame = pd.DataFrame({"instance": ["1"], "action": ["tag_retained"], "tag_path": ["(0008,0060)"], column: ["DOE"]})
    with pytest.raises(ValueError, match=f"^The key's column {column} holds a text that is none of {allowed}, [^D]+$"):
        open_key(frame)


SPELLINGS = ("(0010,0010)", "0010,0010", "00100010", "(0010, 0010)", "(0010,0010)>", "<(0010,0010)>", "PatientName")
OWN = ("Scope", "Tag", "Action", "Action Text", "SOPInstanceUID")


def own_csv(folder, make, rows, columns=OWN):
    pd.DataFrame(rows, columns=columns).to_csv(folder / "own.csv", index=False)
    return folder / "own.csv"


def own_database(folder, make, rows):
    path = make_table(folder / "own.db", make, *OWN, table="mine")
    with make.database(path) as database:
        database.executemany("INSERT INTO mine VALUES (?, ?, ?, ?, ?)", rows)
    return path


def own_frame(folder, make, rows):
    return pd.DataFrame(rows, columns=["scope", "tag_path", "action", "expected", "instance"]).assign(expected="DOE")


@pytest.mark.parametrize("spelled", SPELLINGS)
@pytest.mark.parametrize("written", [own_csv, own_database, own_frame])
def test_a_key_of_ones_own_may_spell_a_path_in_any_way_that_has_one_meaning(tmp_path, make, bench, spelled, written):
    bench.release("a.dcm", "1.1", PatientName="DOE")
    key = written(tmp_path, make, [("Patient", spelled, "text_removed", '["DOE"]', "1.1")])

    assert cells(bench.evaluate(key=key), "tag_path", "name", "verdict") == [
        ["(0010,0010)", "Patient's Name", "failed"]
    ]


NO_ATTRIBUTE = (
    " Write (0010,0010), 00100010, a keyword such as PatientName, or a path with its items: (0008,1140)[0](0008,1155)."
)


@pytest.mark.parametrize("spelled", ["Patient's Name", "0010-0010", "(0008,1140)(0008,1155)", "(0002,0010)", None, ""])
def test_a_frame_that_names_no_attribute_is_refused_with_the_row(bench, spelled):
    frame = pd.DataFrame({"instance": "1.1", "action": "text_removed", "tag_path": ["PatientID", spelled, "", None]})
    frame.loc[2, "action"] = "pixels_retained"

    with pytest.raises(ValueError, match=r".") as raised:
        bench.evaluate(key=frame)

    assert str(raised.value) == (
        "2 checks of the key name no attribute; the first: the answers frame, row 1 (the first being 0), "
        f"column tag_path.{NO_ATTRIBUTE}"
    )


def test_the_paths_of_a_frame_that_were_written_anew_are_no_longer_an_official_keys(bench, make):
    bench.ask("1.1", make.check("text_removed", "(0010,0010)", "DOE"))
    bench.release("a.dcm", "1.1", PatientName="DOE")
    answers = read_key(bench.key)

    results = bench.evaluate(key=answers.assign(tag_path="0010,0010"))
    mixed = pd.concat([answers, answers[["instance", "action", "expected"]].assign(tag_path="PatientName")])

    assert cells(results, "tag_path", "verdict") == [["(0010,0010)", "failed"]]
    assert cells(bench.evaluate(key=mixed), "tag_path", "verdict") == [["(0010,0010)", "failed"]] * 2


PLACES = {
    own_csv: "{path}, row 3, column Tag",  # as a spreadsheet counts, the header being row 1
    own_database: "{path}, table mine, row 2, column Tag",
}


@pytest.mark.parametrize("written", PLACES)
@pytest.mark.parametrize("spelled", ["Patient's Name", "0010-0010", "(0008,1140)(0008,1155)", "(0002,0010)", ""])
def test_a_table_that_names_no_attribute_is_refused_with_the_row(tmp_path, make, written, spelled):
    good, bad = ("Study", "0010,0010", "text_removed", "DOE", "1.1"), ("Study", spelled, "text_removed", "DOE", "1.1")
    path = written(tmp_path, make, [good, bad, ("Instance", "", "pixels_retained", "DOE", "1.1"), bad])

    with pytest.raises(ValueError, match=r".") as raised:
        read_key(path)

    place = PLACES[written].format(path=path)
    assert str(raised.value) == f"2 checks of the key name no attribute; the first: {place}.{NO_ATTRIBUTE}"


def test_of_two_columns_the_path_is_read(tmp_path, make):
    columns = ("Tag Path", *OWN)
    rows = [("ReferencedStudySequence[0].ReferencedSOPInstanceUID", "Study", "(0008,1155)", "tag_retained", "", "1.1")]
    assert list(read_key(own_csv(tmp_path, make, rows, columns))["tag_path"]) == ["(0008,1110)[0](0008,1155)"]

    path = own_csv(tmp_path, make, [("nonsense", *rows[0][1:])], columns)
    with pytest.raises(
        ValueError, match=r"^1 check of the key names no attribute; .*own\.csv, row 2, column Tag Path\."
    ):
        read_key(path)


FLAT = """Scope,Tag,Tag Name,Action,Action Text,SOPInstanceUID,PatientID
<Patient>,"<(0010,0010)>",<Patient's Name>,<text_removed>,"<[""JONES^ANN""]>",<1.1>,<P1>
<Study>,"<(0008,0020)>",<Study Date>,<date_shifted>,"<[""20130829"",""(552)""]>",<1.1>,<P1>
<Instance>,,,<pixels_hidden>,"<[""JONES\\nANN"", [1, 2, 30, 12, 18]]>",<1.1>,<P1>
<Series>,"<(0008,1140)>[<0000>]<(0008,1155)>",<Referenced UID>,<uid_consistent>,"<[""1.5"",""9.5""]>",<1.2>,<P1>
<Study>,"<(0008,1030)>",<Study Description>,<text_retained>,<CHEST>,<1.2>,<P1>
<Instance>,"<(0008,0008)>",<Image Type>,<text_retained>,"<[""ORIGINAL"", ""PRIMARY""]>",<1.2>,<P1>
<Study>,"<(0008,0050)>",<Accession Number>,<tag_retained>,,<1.2>,<P1>
<Instance>,,,<pixels_hidden>,"<[""JONES""]>",<1.2>,<P1>
"""
FLAT_ROWS = [
    ["1.1", "text_removed", "(0010,0010)", "Patient", "JONES^ANN", "JONES^ANN", None, None],
    ["1.1", "date_shifted", "(0008,0020)", "Study", "20130829", "552", None, None],
    ["1.1", "pixels_hidden", "(7fe0,0010)", "Instance", None, "JONES\nANN", 1, 12],
    ["1.2", "uid_consistent", "(0008,1140)[0](0008,1155)", "Series", "1.5", "9.5", None, None],
    ["1.2", "text_retained", "(0008,1030)", "Study", "CHEST", "CHEST", None, None],
    [
        "1.2",
        "text_retained",
        "(0008,0008)",
        "Instance",
        "['ORIGINAL', 'PRIMARY']",
        "['ORIGINAL', 'PRIMARY']",
        None,
        None,
    ],
    ["1.2", "tag_retained", "(0008,0050)", "Study", None, None, None, None],
    ["1.2", "pixels_hidden", "(7fe0,0010)", "Instance", None, "JONES", None, None],
]


def flat_csv(folder, make):
    path = folder / "key.csv"
    path.write_text(FLAT, encoding="utf-8")
    return path


def flat_database(folder, make):
    import csv
    import io

    header, *rows = csv.reader(io.StringIO(FLAT))
    with make.database(folder / "key.db") as database:
        database.execute(f"CREATE TABLE workshop ({', '.join(f'{json.dumps(name)} TEXT' for name in header)})")
        database.executemany(f"INSERT INTO workshop VALUES ({', '.join('?' * len(header))})", rows)
    return folder / "key.db"


@pytest.mark.parametrize("written", [flat_csv, flat_database])
def test_the_older_key_says_the_same_in_a_flat_table(tmp_path, make, written):
    path = written(tmp_path, make)
    answers = read_key(path)

    assert cells(answers, "instance", "action", "tag_path", "scope", "original", "expected", "x0", "y1") == FLAT_ROWS
    assert list(answers["patient"].unique()) == ["P1"]
    assert list(read_key(path, instances=["1.2"])["instance"].unique()) == ["1.2"]


def test_a_region_that_cannot_be_read_says_so(tmp_path, make, bench):
    assert [check.error for check in open_key(flat_csv(tmp_path, make)).checks("1.2")] == [None] * 4 + [
        "the key's region cannot be read"
    ]
    bench.ask("1.1", make.check("pixels_hidden", "(7fe0,0010)", "no json"))
    assert [check.error for check in open_key(bench.key).checks("1.1")] == ["the key's region cannot be read"]


def test_a_flat_database_may_hold_numbers(tmp_path, make):
    names = ("Scope", "Tag", "Tag Name", "Action", "Action Text", "PatientID", "SOPInstanceUID")
    with make.database(tmp_path / "key.db") as database:
        database.execute(f"CREATE TABLE t ({', '.join(map(json.dumps, names))})")
        database.execute(
            "INSERT INTO t VALUES ('<Patient>', '<(0010,0010)>', '<N>', '<text_removed>', '<[\"DOE\"]>', 123, '1.3')"
        )
    assert cells(read_key(tmp_path / "key.db"), "patient", "instance") == [["123", "1.3"]]


def test_a_view_in_place_of_the_table_is_told(bench):
    bench.ask("1.1")
    with bench._database() as database:
        database.execute("ALTER TABLE answer_data RENAME TO answers")
        database.execute("CREATE VIEW answer_data AS SELECT * FROM answers")
    with pytest.raises(ValueError, match=r"answer_key\.db: answer_data is a view; copy it to a table of that name\.$"):
        read_key(bench.key)


def test_a_key_without_instances_reads_and_cannot_be_evaluated_against(tmp_path):
    path = tmp_path / "key.csv"
    path.write_text(
        'Scope,Tag,Tag Name,Action,Action Text\n<Patient>,"<(0010,0010)>",<x>,<text_removed>,"<[""A""]>"\n',
        encoding="utf-8",
    )

    assert cells(read_key(path), "instance", "expected") == [[None, "A"]]
    with pytest.raises(ValueError, match=r".") as raised:
        open_key(path)
    assert str(raised.value) == (
        "evaluate() needs to know which instance each check is about, and this key does not say; "
        "add a column SOPInstanceUID to it, or a row uid_changed of (0008,0018) for each instance."
    )


def make_table(path, make, *columns, table="answer_data"):
    with make.database(path) as database:
        database.execute(f"CREATE TABLE {table} ({', '.join(json.dumps(name) + ' TEXT' for name in columns)})")
    return path


def test_wrong_keys_are_told_what_they_are(tmp_path, make):
    results = make_table(
        tmp_path / "results.db",
        make,
        "check_index",
        "check_passed",
        "check_score",
        "file_value",
        "tag_ds",
        "hipaa_z",
        table="validation_results",
    )
    other = make_table(tmp_path / "other.db", make, "a", table="things")
    lacking = make_table(
        tmp_path / "lacking.db", make, "AnswerData", "SOPInstanceUID", "PatientID", "StudyInstanceUID", "Modality"
    )
    mapping = make.mapping(tmp_path / "uids.csv", [])
    messages = {
        results: f"{results} holds official results, not an answer key; read it with read_results().",
        other: f"{other} has no table answer_data (found: things); it is no answer key.",
        lacking: f"{lacking}, table answer_data, lacks the column SeriesInstanceUID, SOPClassUID.",
        mapping: f"{mapping} is a mapping, not an answer key; read it with read_mapping().",
        tmp_path: f"{tmp_path} is a folder, not an answer key; give the database in it.",
    }
    for path, message in messages.items():
        with pytest.raises(ValueError, match=r".") as raised:
            read_key(path)
        assert str(raised.value) == message
    with pytest.raises(FileNotFoundError, match=f"^The answer key {tmp_path}/no.db does not exist"):
        read_key(tmp_path / "no.db")


@pytest.mark.parametrize("header", [("id_old", "id_new"), ("evaluation", "de-identified"), (" ID_OLD", "Id_New ")])
def test_a_mapping_is_text_and_its_first_row_counts(tmp_path, make, header):
    path = make.mapping(tmp_path / "a.csv", [("001", "1"), ("2", "NA"), ("001", "other"), ("3", "")], header)

    mapping = read_mapping(path)

    assert mapping.to_dict() == {"001": "1", "2": "NA", "3": ""}
    assert (mapping.name, mapping.index.name) == ("new", "old")


def test_columns_of_a_mapping_may_be_more_and_in_any_order(tmp_path):
    (tmp_path / "a.csv").write_text("note;id_new;id_old\nx;9.1;1.1\nshort\n", encoding="utf-8-sig")

    assert read_mapping(tmp_path / "a.csv").to_dict() == {"1.1": "9.1"}


def test_an_empty_mapping_is_one(tmp_path, make):
    mapping = read_mapping(make.mapping(tmp_path / "a.csv", []))

    assert len(mapping) == 0
    assert mapping.to_dict() == {}


@pytest.mark.parametrize(
    "given",
    [
        {1: 9},
        pd.Series({1: 9}),
        pd.DataFrame({"id_new": [9, 8], "id_old": [1, 1]}),
        pd.DataFrame({"Evaluation": ["1"], "de-identified": ["9"]}),
        pd.Series(["9"], index=["1"]).astype("category"),
    ],
)
def test_a_mapping_may_be_given_as_what_it_is(given):
    assert as_mapping(given).to_dict() == {"1": "9"}


@pytest.mark.parametrize(
    "given",
    [
        {"1.2": None, "1.3": float("nan"), None: "9.9"},
        pd.DataFrame({"id_old": ["1.2", "1.3", None], "id_new": [None, float("nan"), "9.9"]}),
    ],
)
def test_a_new_identifier_that_is_missing_is_empty_and_an_old_one_no_entry(tmp_path, make, given):
    path = make.mapping(tmp_path / "uids.csv", [("1.2", ""), ("1.3", "")])
    assert as_mapping(given).to_dict() == as_mapping(path).to_dict() == {"1.2": "", "1.3": ""}


def test_wrong_mappings_are_told_what_they_are(tmp_path, make):
    make_table(tmp_path / "a.db", make, "id_old", "id_new")
    (tmp_path / "report.csv").write_text("type,tag,message,instance\n", encoding="utf-8")
    messages = {
        tmp_path / "a.db": f"{tmp_path}/a.db is not a CSV file; a mapping is one with the columns id_old,id_new.",
        tmp_path: f"{tmp_path} is not a CSV file; a mapping is one with the columns id_old,id_new.",
        tmp_path
        / "report.csv": f"{tmp_path}/report.csv is a dciodvfy report, not a mapping; read it with read_dciodvfy().",
    }
    for path, message in messages.items():
        with pytest.raises(ValueError, match=r".") as raised:
            read_mapping(path)
        assert str(raised.value) == message
    with pytest.raises(ValueError, match=r"^A mapping frame needs the columns id_old and id_new\.$"):
        as_mapping(pd.DataFrame({"a": [], "b": []}))
    with pytest.raises(TypeError, match=r"^A mapping is a path, a dict, a Series or a frame, not list\.$"):
        as_mapping([])
