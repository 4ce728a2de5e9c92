"""The workshop's flat key, which has no column for the instance, against files made from what its slide shows."""

import csv
import json
import multiprocessing
import sqlite3
import warnings
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing

import numpy as np
import pandas as pd
import pytest
from pydicom.dataset import Dataset

import midi_nb as mn

HEADER = ("Scope", "Tag", "Tag Name", "Action", "Action Text")
SLIDE = [
    ("Study", "(0008,0050)", "Accession Number", "text_removed", ["20130830E626254"]),
    ("Study", "(0008,1030)", "Study Description", "text_removed", ["Stephanie Meyer"]),
    ("Study", "(0008,1030)", "Study Description", "text_retained", ["XR CHEST AP PORTABLE"]),
    ("Study", "(0008,0080)", "Institution Name", "text_removed", ["Dunn-Lindsey Memorial"]),
    ("Study", "(0008,0090)", "Referring Physician's Name", "text_removed", ["MORTON^JANET"]),
    ("Patient", "(0010,0020)", "Patient ID", "text_removed", ["8548156246"]),
    ("Patient", "(0010,0010)", "Patient's Name", "text_removed", ["MEYER^STEPHANIE"]),
    ("Patient", "(0010,0030)", "Patient's Birth Date", "text_removed", ["19530716"]),
    ("Patient", "(0010,2154)", "Patient's Telephone Numbers", "text_removed", ["+1-557-989-3970"]),
    ("Series", "(0010,0010)", "Patient's Name", "tag_retained", None),
    ("Series", "(0010,0020)", "Patient ID", "tag_retained", None),
    ("Series", "(0010,0030)", "Patient's Birth Date", "tag_retained", None),
    ("Series", "(0010,0040)", "Patient's Sex", "tag_retained", None),
    ("Series", "(0020,000d)", "Study Instance UID", "tag_retained", None),
    ("Series", "(0020,000d)", "Study Instance UID", "text_notnull", None),
    ("Series", "(0008,1150)", "Referenced SOP Class UID", "text_retained", ["1.2.840.10008.3.1.2.3.3"]),
    ("Series", "(0008,0016)", "SOP Class UID", "text_retained", ["1.2.840.10008.5.1.4.1.1.1"]),
    ("Series", "(0008,1155)", "Referenced SOP Instance UID", "uid_changed",
     ["2.25.160539642186938793107880005813476638198"]),
    ("Series", "(0020,000e)", "Series Instance UID", "uid_changed", ["2.25.267046995551041197882743054101055651318"]),
    ("Series", "(0008,0018)", "SOP Instance UID", "uid_changed", ["2.25.56598319458405629701989395893226946038"]),
    ("Series", "(0020,000d)", "Study Instance UID", "uid_changed", ["2.25.66491365017322661013109147239553023478"]),
    ("Series", "(0008,0020)", "Study Date", "date_shifted", ["20130829", "(552)"]),
    ("Series", "(0008,0021)", "Series Date", "date_shifted", ["20130829", "(552)"]),
    ("Instance", "", "", "pixels_hidden",
     ["MEYER STEPHANIE [F] 02.25.2012 \\n DOB: 07.16.1953", [0, 0, 450, 150, 48]]),
    ("Instance", "(0008,0030)", "Study Time", "text_retained", ["191128"]),
    ("Instance", "(0008,0031)", "Series Time", "text_retained", ["191130.000000"]),
    ("Instance", "(0008,0032)", "Acquisition Time", "text_retained", ["191131"]),
    ("Instance", "(0008,0033)", "Content Time", "text_retained", ["191131"]),
]  # fmt: skip
INSTANCE, SERIES, STUDY, REFERENCED = (
    "2.25.56598319458405629701989395893226946038",
    "2.25.267046995551041197882743054101055651318",
    "2.25.66491365017322661013109147239553023478",
    "2.25.160539642186938793107880005813476638198",
)
OLD, NEW = np.full((8, 8), 200, np.uint8), np.zeros((8, 8), np.uint8)


def wrapped(row):
    """The cells of a row as the slide shows them, each in ``<…>`` and Action Text as JSON."""
    *cells, text = row
    return [*(cell and f"<{cell}>" for cell in cells), "" if text is None else f"<{json.dumps(text)}>"]


def write_key(path, rows=SLIDE, header=HEADER, encoding="utf-8"):
    with open(path, "w", newline="", encoding=encoding) as file:
        csv.writer(file).writerows([header, *map(wrapped, rows)])
    return path


def reference(uid, sop_class="1.2.840.10008.3.1.2.3.3"):
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
    return [item]


def original(**changed):
    """The attributes of the slide's radiograph."""
    return {
        "instance": INSTANCE,
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1",
        "StudyInstanceUID": STUDY,
        "SeriesInstanceUID": SERIES,
        "PatientID": "8548156246",
        "PatientName": "MEYER^STEPHANIE",
        "PatientBirthDate": "19530716",
        "PatientTelephoneNumbers": "+1-557-989-3970",
        "PatientSex": "F",
        "AccessionNumber": "20130830E626254",
        "StudyDescription": "XR CHEST AP PORTABLE for Stephanie Meyer",
        "InstitutionName": "Dunn-Lindsey Memorial",
        "ReferringPhysicianName": "MORTON^JANET",
        "StudyDate": "20130829",
        "SeriesDate": "20130829",
        "StudyTime": "191128",
        "SeriesTime": "191130.000000",
        "AcquisitionTime": "191131",
        "ContentTime": "191131",
        "ReferencedPerformedProcedureStepSequence": reference(REFERENCED),
        "pixels": OLD,
        **changed,
    }


UIDS = {INSTANCE: "9.1", SERIES: "9.2", STUDY: "9.3", REFERENCED: "9.4"}
PATIENTS = {"8548156246": "ANON1"}


def clean(**changed):
    """The attributes of a perfect release of it."""
    return original(
        **{
            "instance": "9.1",
            "SeriesInstanceUID": "9.2",
            "StudyInstanceUID": "9.3",
            "ReferencedPerformedProcedureStepSequence": reference("9.4"),
            "PatientID": "ANON1",
            "PatientName": "ANON^ONE",
            "PatientBirthDate": "",
            "PatientTelephoneNumbers": None,
            "AccessionNumber": "",
            "StudyDescription": "XR CHEST AP PORTABLE",
            "InstitutionName": None,
            "ReferringPhysicianName": "",
            "StudyDate": "20150304",
            "SeriesDate": "20150304",
            "pixels": NEW,
            **changed,
        }
    )


def read_text(image):
    """What a text recognition would read in the two kinds of picture."""
    return "MEYER STEPHANIE [F] 02.25.2012 DOB: 07.16.1953" if image.any() else ""


class Workshop:
    """Released files, originals and a key of the workshop's layout."""

    def __init__(self, folder, make):
        self.folder, self.make = folder, make
        self.key = write_key(folder / "key.csv")

    def release(self, name, attributes, kind="released"):
        given = {keyword: value for keyword, value in attributes.items() if value is not None}
        self.make.file(self.folder / kind / name, **given)

    def evaluate(self, warned=(), **options):
        given = {"uids": UIDS, "patients": PATIENTS, "read_text": read_text, "progress": False, **options}
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            results = mn.evaluate(self.folder / "released", given.pop("key", self.key), **given)
        assert [str(warning.message) for warning in heard] == list(warned)
        return results


@pytest.fixture
def workshop(tmp_path, make):
    return Workshop(tmp_path, make)


@pytest.fixture
def archive(workshop):
    """A release of five instances: the slide's, one of its series, its study, its patient; and one of a stranger.

    All are perfect but for one name in each of those that the slide does not name.
    """
    others = {
        "series": {"instance": "9.11"},
        "study": {"instance": "9.12", "SeriesInstanceUID": "9.22"},
        "patient": {"instance": "9.13", "SeriesInstanceUID": "9.23", "StudyInstanceUID": "9.33"},
        "stranger": {"instance": "9.14", "SeriesInstanceUID": "9.24", "StudyInstanceUID": "9.34", "PatientID": "ANON2"},
    }
    workshop.release("a.dcm", clean())
    for name, changed in others.items():
        workshop.release(f"{name}.dcm", clean(PatientName="MEYER^STEPHANIE", **changed))
    return workshop


LEFT_OUT = "Left out: {} × the key has no checks for its instance. results.attrs['skipped'] lists them."
ALL_UIDS = {**UIDS, **{f"1.{n}": f"9.{n}" for n in (11, 12, 13, 14, 22, 23, 24, 33, 34)}}
ALL_PATIENTS = {**PATIENTS, "P2": "ANON2"}
GIVEN = {"uids": ALL_UIDS, "patients": ALL_PATIENTS, "warned": [LEFT_OUT.format(1)]}
HELD = {INSTANCE: 28, "1.11": 22, "1.12": 9, "1.13": 4}  # rows of its scopes; that which names the instance is its own


def cells(frame, *columns):
    """Rows as lists, None where missing."""
    part = frame[list(columns)].astype(object)
    return part.where(part.notna(), None).to_numpy().tolist()


def count(results):
    return {uid: len(part) for uid, part in results.groupby("instance", observed=True, sort=False)}


def failed(results):
    return cells(results[results["verdict"] == "failed"], "instance", "action", "tag_path")


def test_a_perfect_release_passes_all_rows_of_the_slide(workshop):
    workshop.release("a.dcm", clean())

    results = workshop.evaluate()

    assert len(results) == len(SLIDE) == 28
    assert set(results["verdict"]) == {"passed"}
    assert cells(results, "patient", "study", "series", "instance") == [["8548156246", STUDY, SERIES, INSTANCE]] * 28


def test_an_untouched_release_fails_all_that_is_to_go(workshop):
    workshop.release("a.dcm", original())
    same = {"uids": dict.fromkeys(UIDS) | {uid: uid for uid in UIDS}, "patients": {"8548156246": "8548156246"}}

    results, blind = workshop.evaluate(**same), workshop.evaluate(**same, read_text=None)

    assert {action for _, action, _ in failed(results)} == {
        "text_removed",
        "uid_changed",
        "date_shifted",
        "pixels_hidden",
    }
    assert len(failed(results)) == 15
    assert len(failed(blind)) == 14  # and the hidden pixels are blank


def test_the_key_reads_as_rows_about_the_instance_it_names(workshop):
    answers = mn.read_key(workshop.key)

    assert cells(answers, "patient", "study", "series", "instance") == [["8548156246", STUDY, SERIES, INSTANCE]] * 28
    assert set(answers["source"]) == {"workshop"}
    assert cells(answers.iloc[[1, 9, 17, 21, 23]], "scope", "action", "tag_path", "original", "expected", "x1") == [
        ["Study", "text_removed", "(0008,1030)", "Stephanie Meyer", "Stephanie Meyer", None],
        ["Series", "tag_retained", "(0010,0010)", None, None, None],
        ["Series", "uid_changed", "(0008,1155)", REFERENCED, None, None],
        ["Series", "date_shifted", "(0008,0020)", "20130829", "552", None],
        ["Instance", "pixels_hidden", "(7fe0,0010)", None, "MEYER STEPHANIE [F] 02.25.2012 \n DOB: 07.16.1953", 450],
    ]
    assert len(mn.read_key(workshop.key, instances=[INSTANCE])) == 28
    assert len(mn.read_key(workshop.key, instances=["1.1"])) == 0


def as_frame(folder):
    return mn.read_key(write_key(folder / "own.csv"))


def as_frame_of_a_csv_file(folder):
    as_frame(folder).to_csv(folder / "frame.csv", index=False)
    return pd.read_csv(folder / "frame.csv", dtype=str)


def with_byte_order_mark(folder):
    return write_key(folder / "own.csv", encoding="utf-8-sig")


def as_on_the_slide(folder):
    """Tabs between cells and no quotes."""
    lines = ["\t".join(HEADER), *("\t".join(wrapped(row)) for row in SLIDE)]
    (folder / "own.txt").write_text("\n".join(lines), encoding="utf-8")
    return folder / "own.txt"


def as_database(folder):
    with closing(sqlite3.connect(folder / "own.db")) as database, database:
        database.execute(f"CREATE TABLE key ({', '.join(json.dumps(name) for name in HEADER)})")
        database.executemany("INSERT INTO key VALUES (?, ?, ?, ?, ?)", map(wrapped, SLIDE))
    return folder / "own.db"


def with_other_columns(folder):
    """Without Tag Name, with two that nobody asked for, scopes in any case, numbers without brackets."""
    rows = [
        ["x", (f"<{scope.upper()} >", scope.lower())[n % 2], tag.strip("()"), action, text and json.dumps(text), ""]
        for n, (scope, tag, _, action, text) in enumerate(SLIDE)
    ]
    header = ("Note", "SCOPE", "tag", "Action", "action text", "SOPInstanceUID")
    with open(folder / "own.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=";").writerows([header, *rows])
    return folder / "own.csv"


@pytest.mark.parametrize(
    "written",
    [as_frame, as_frame_of_a_csv_file, with_byte_order_mark, as_on_the_slide, as_database, with_other_columns],
)
def test_however_the_key_is_given_it_asks_the_same(workshop, tmp_path, written):
    workshop.release("a.dcm", clean(AccessionNumber="20130830E626254"))
    columns = ["instance", "scope", "action", "tag_path", "original", "expected", "verdict", "x1", "source"]

    assert cells(workshop.evaluate(key=written(tmp_path)), *columns) == cells(workshop.evaluate(), *columns)


def test_rows_hold_for_every_released_instance_of_their_level(archive):
    results = archive.evaluate(**GIVEN)

    assert count(results) == HELD
    assert failed(results) == [[uid, "text_removed", "(0010,0010)"] for uid in ("1.13", "1.11", "1.12")]
    assert cells(results.drop_duplicates("instance"), "patient", "study", "series", "instance") == [
        ["8548156246", STUDY, SERIES, INSTANCE],
        ["8548156246", "1.33", "1.23", "1.13"],
        ["8548156246", STUDY, SERIES, "1.11"],
        ["8548156246", STUDY, "1.22", "1.12"],
    ]


def test_without_a_mapping_of_patients_a_patient_is_known_by_the_study(archive):
    results = archive.evaluate(**{**GIVEN, "patients": None, "warned": [LEFT_OUT.format(2)]})

    assert count(results) == {uid: rows for uid, rows in HELD.items() if uid != "1.13"}


def test_a_study_that_no_mapping_knows_is_known_by_its_series(archive):
    uids = {old: new for old, new in ALL_UIDS.items() if old != STUDY}

    results = archive.evaluate(uids=uids, patients=None, warned=[LEFT_OUT.format(3)])

    assert count(results) == {INSTANCE: 28, "1.11": 22}


def test_rows_of_a_frame_that_name_their_instance_hold_for_it_alone_and_add_up(archive):
    mine = pd.DataFrame(
        {"instance": "1.14", "action": "tag_retained", "tag_path": "PatientSex", "scope": "Patient"}, [0, 1]
    )
    key = pd.concat([mn.read_key(archive.key), mine])

    results = archive.evaluate(**{**GIVEN, "warned": ()}, key=key)

    assert count(results) == {**HELD, "1.14": 2}


def test_rows_hold_for_every_original_of_their_level_released_or_not(archive):
    for name, changed in {
        "a": {},
        "series": {"instance": "1.11"},
        "patient": {"instance": "1.13", "SeriesInstanceUID": "1.23", "StudyInstanceUID": "1.33"},
        "lost": {"instance": "1.19"},
        "stranger": {"instance": "1.14", "SeriesInstanceUID": "1.24", "StudyInstanceUID": "1.34", "PatientID": "P2"},
    }.items():
        archive.release(f"{name}.dcm", original(**changed), "original")

    results = archive.evaluate(
        uids=ALL_UIDS, patients=None, original=archive.folder / "original", warned=[LEFT_OUT.format(2)]
    )

    assert count(results) == {INSTANCE: 28, "1.13": 4, "1.11": 22, "1.19": 22}
    assert set(results["instance"][results["state"] == "missing"]) == {"1.19"}


def test_what_the_key_does_not_name_is_known_from_the_file_of_its_instance(archive):
    rows = [row for row in SLIDE if row[1] not in ("(0010,0020)", "(0020,000e)", "(0020,000d)")]
    archive.key = write_key(archive.folder / "key.csv", rows)

    results = archive.evaluate(**GIVEN)

    assert count(results) == {INSTANCE: 22, "1.11": 16, "1.12": 8, "1.13": 3}
    (archive.folder / "released" / "a.dcm").unlink()
    lost = (
        "No file of the submission answers the key: every instance counts as missing (4 × the key has no checks for "
        "its instance)."
    )
    assert count(archive.evaluate(**{**GIVEN, "warned": [lost]})) == {INSTANCE: 22}


def test_workers_and_kept_runs_find_the_same(archive, tmp_path):
    given = {**GIVEN, "read_text": None}
    alone = archive.evaluate(**given)

    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        pd.testing.assert_frame_equal(archive.evaluate(**given, executor=pool), alone)
    for _ in range(2):
        kept = archive.evaluate(**given, out=tmp_path / "run")
        assert cells(kept, "instance", "check", "verdict") == cells(alone, "instance", "check", "verdict")


def sequence(*items):
    return [item for uid, sop_class in items for item in reference(uid, sop_class)]


MPPS, CT = "1.2.840.10008.3.1.2.3.3", "1.2.840.10008.5.1.4.1.1.2"
LEAVES = {
    "in another item": (sequence(("9.8", CT), (REFERENCED, MPPS)), [["uid_changed", 1]], ["text_retained", 1]),
    "changed in all": (sequence(("9.8", CT), ("9.4", MPPS)), [], ["text_retained", 1]),
    "class lost": (sequence(("9.8", CT), ("9.4", CT)), [["text_retained", 0]], ["text_retained", 0]),
}


@pytest.mark.parametrize(("items", "failures", "kept"), LEAVES.values(), ids=LEAVES)
def test_an_attribute_of_sequences_is_looked_for_wherever_it_stands(workshop, items, failures, kept):
    workshop.release("a.dcm", clean(ReferencedPerformedProcedureStepSequence=items))
    path, class_path = ("(0008,1111)[{}](0008,1155)", "(0008,1111)[{}](0008,1150)")

    results = workshop.evaluate()

    assert failed(results) == [
        [INSTANCE, action, (path if action == "uid_changed" else class_path).format(item)] for action, item in failures
    ]
    action, item = kept
    assert class_path.format(item) in results["tag_path"][results["action"] == action].tolist()


def test_an_attribute_of_the_main_data_set_is_looked_for_there(workshop):
    nested = reference("9.4")
    nested[0].PatientName, nested[0].InstitutionName = "MEYER^STEPHANIE", "Dunn-Lindsey Memorial"
    workshop.release("a.dcm", clean(ReferencedPerformedProcedureStepSequence=nested))

    assert failed(workshop.evaluate()) == [[INSTANCE, "text_removed", "(0008,1111)[0](0008,0080)"]]  # only there now


def test_an_attribute_that_stands_nowhere_is_absent(workshop):
    workshop.release("a.dcm", clean(ReferencedPerformedProcedureStepSequence=None))

    results = workshop.evaluate()

    assert failed(results) == [[INSTANCE, "text_retained", "(0008,1150)"]]
    assert cells(results[results["tag_path"] == "(0008,1155)"], "state", "verdict") == [["absent", "passed"]]


STRANGER_FILE = {
    "instance": "9.14",
    "SeriesInstanceUID": "9.24",
    "StudyInstanceUID": "9.34",
    "PatientID": "ANON2",
    "SpecificCharacterSet": "ISO_IR 192",
}
STRANGER = {INSTANCE: "1.14", SERIES: "1.24", STUDY: "1.34", "8548156246": "P2", "MEYER^STEPHANIE": "MÜLLER^ŻANETA"}
SIBLING = {INSTANCE: "1.11"}
INSTANCE_ROWS = [row for row in SLIDE if row[0] == "Instance"]
ITSELF = [row for row in SLIDE if row[1] == "(0008,0018)"]


def renamed(rows, names):
    return [
        (*row[:4], row[4] and [names.get(text, text) if isinstance(text, str) else text for text in row[4]])
        for row in rows
    ]


def test_a_key_may_name_several_instances_of_several_patients(archive):
    archive.key = write_key(archive.folder / "key.csv", [*SLIDE, *renamed(SLIDE, STRANGER)])
    archive.release("stranger.dcm", clean(**{**STRANGER_FILE, "PatientName": "MÜLLER^ŻANETA"}))

    results = archive.evaluate(**{**GIVEN, "warned": ()})

    assert count(results) == {**HELD, "1.14": 28}
    assert ["1.14", "text_removed", "(0010,0010)"] in failed(results)


@pytest.mark.parametrize(
    "more",
    [
        renamed(SLIDE, SIBLING),  # all rows again
        renamed([*ITSELF, *INSTANCE_ROWS], SIBLING),  # those of its own
        renamed([("Instance", *ITSELF[0][1:]), *INSTANCE_ROWS], SIBLING),  # named in a row of scope Instance
    ],
    ids=["whole", "own rows", "named by an instance row"],
)
def test_rows_of_one_series_are_asked_once_of_each_instance(archive, more):
    archive.key = write_key(archive.folder / "key.csv", [*SLIDE, *more])

    results = archive.evaluate(**GIVEN)

    assert count(results) == {**HELD, "1.11": 28}


UNCLEAR = {
    "both named before their rows": [*SLIDE[:23], *renamed(ITSELF, SIBLING), *SLIDE[23:]],
    "rows of no instance at the end": [*SLIDE, *renamed(SLIDE, SIBLING), *SLIDE[:5]],
    "an instance's rows before its name": [
        *INSTANCE_ROWS, ("Instance", *ITSELF[0][1:]), *INSTANCE_ROWS, *renamed([("Instance", *ITSELF[0][1:])], SIBLING)
    ],
}  # fmt: skip
PLACES = {
    "both named before their rows": ("rows 2 to 30", "2"),
    "rows of no instance at the end": ("rows 58 to 62", "no"),
    "an instance's rows before its name": ("rows 2 to 13", "2"),
}


@pytest.mark.parametrize("case", UNCLEAR)
def test_where_it_cannot_be_said_which_instance_rows_are_about_they_are_refused(tmp_path, case):
    key = write_key(tmp_path / "key.csv", UNCLEAR[case])
    rows, instances = PLACES[case]

    with pytest.raises(ValueError, match=r".") as raised:
        mn.read_key(key)

    assert str(raised.value) == (
        f"{key}, {rows}: they name {instances} instances (uid_changed of (0008,0018)). Without a column SOPInstanceUID "
        "the rows of an instance stand together, those of its patient and study first, and one of them names it; add "
        "that column."
    )


def test_a_misspelt_scope_is_refused(tmp_path):
    key = write_key(tmp_path / "key.csv", [*SLIDE[:4], ("Serie", *SLIDE[4][1:]), *SLIDE[5:]])

    with pytest.raises(ValueError, match=r".") as raised:
        mn.read_key(key)

    assert str(raised.value) == f"{key}, row 6, column Scope: write one of Patient, Study, Series, Instance."


def test_a_misspelt_action_is_counted(workshop):
    rows = [("Study", tag, "", "text_remove", ["x"]) for tag in ("(0008,0050)", "(0008,1155)")]
    workshop.key = write_key(workshop.folder / "key.csv", [*rows, *SLIDE])
    workshop.release("a.dcm", clean())

    results = workshop.evaluate(warned=["Odd checks in the key: 2 × its action is none of the ten."])

    assert (
        cells(results.iloc[:2], "action", "verdict", "error")
        == [["text_remove", "lost", "the key's action is none of the ten"]] * 2
    )


def test_a_key_that_names_no_instance_reads_and_says_what_is_missing(workshop):
    workshop.key = write_key(workshop.folder / "key.csv", SLIDE[:19])
    workshop.release("a.dcm", clean())

    assert mn.read_key(workshop.key)["instance"].isna().all()
    with pytest.raises(
        ValueError, match=r"add a column SOPInstanceUID to it, or a row uid_changed of \(0008,0018\) for"
    ):
        workshop.evaluate()


def test_an_empty_key_is_an_empty_frame_and_an_empty_file_no_key(workshop):
    assert len(mn.read_key(write_key(workshop.folder / "key.csv", []))) == 0
    (workshop.folder / "empty.csv").write_text("", encoding="utf-8")
    with pytest.raises(ValueError, match=r"empty\.csv is not an answer key: read_key\(\) needs the columns"):
        mn.read_key(workshop.folder / "empty.csv")


def test_attributes_that_no_original_has_anywhere_are_counted(workshop):
    rows = [*SLIDE[:1], ("Study", "(0008,0051)", "Typing error", "text_removed", ["DOE"]), *SLIDE[1:]]
    workshop.key = write_key(workshop.folder / "key.csv", rows)
    workshop.release("a.dcm", clean())
    workshop.release("a.dcm", original(), "original")

    told = (
        "Checks about an attribute that no original file has: 1 (attributes: 1, the first (0008,0051)). To remove or "
        "change it passes whatever a tool does."
    )
    workshop.evaluate(original=workshop.folder / "original", warned=[told])


def test_on_the_command_line(workshop, capsys):
    from midi_nb.cli import main

    workshop.release("a.dcm", clean())
    uids = workshop.make.mapping(workshop.folder / "uids.csv", UIDS.items())
    run = workshop.folder / "run"

    assert (
        main(["evaluate", str(workshop.folder / "released"), str(workshop.key), "--uids", str(uids), "--out", str(run)])
        == 0
    )
    assert len(mn.read_results(run)) == 28
