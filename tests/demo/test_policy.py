"""The teaching tool: what each letter does to each kind of attribute, which rule counts, and what comes out of it."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pydicom
import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

import midi_nb as mn
from midi_nb.demo.policy import Rule, apply_policy, read_policy


@pytest.fixture
def released(make, tmp_path):
    """Applies a policy to one dataset of these attributes and reads what comes out."""

    def apply(rules, boxes=None, **attributes):
        original = make.dataset("1.2.3", **{"PatientID": "OLD7", **attributes})
        for element in attributes.get("extra", []):
            original.add(element)
        make.saved(original, tmp_path / "original" / "a.dcm")
        apply.submission = apply_policy(rules, tmp_path / "original", tmp_path / "out", boxes=boxes)
        (path,) = apply.submission.folder.iterdir()
        return pydicom.dcmread(path)

    return apply


def mapping(path):
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id_old"]: row["id_new"] for row in csv.DictReader(file)}


@pytest.mark.parametrize(
    ("attribute", "value", "action", "expected"),
    [
        ("PatientName", "DOE^JANE", "K", "DOE^JANE"),
        ("PatientName", "DOE^JANE", "Z", ""),
        ("PatientName", "DOE^JANE", "D", "ANONYMOUS"),
        ("PatientName", "DOE^JANE", "C", ""),
        ("StudyDescription", "CHEST DOE", "D", "REMOVED"),
        ("StudyDate", "20200101", "D", "19000101"),
        ("StudyDate", "20200230", "C", ""),
        ("PatientAge", "093Y", "C", "090Y"),
        ("PatientAge", "089Y", "C", "089Y"),
        ("PatientAge", "006M", "C", "006M"),
        ("SeriesNumber", "12", "C", 12),
        ("SeriesNumber", "12", "D", 0),
        ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.7", "U", "1.2.840.10008.5.1.4.1.1.7"),
        ("ProtocolName", ["HEAD OLD7", "NECK"], "C", ["HEAD", "NECK"]),
    ],
)
def test_an_action_does_to_an_attribute(released, attribute, value, action, expected):
    made = released(f"{attribute} {action}", **{attribute: value})
    assert made[attribute].value == expected


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("CHEST for Jane Doe", "CHEST for"),
        ("CHEST, seen by Dr. Roe", "CHEST, seen by"),
        ("MR BRAIN W WO", "MR BRAIN W WO"),
        ("call +1-498-555-2512 or jane@example.org", "call or"),
        ("priors 20130507 and 05.07.2013", "priors and"),
        ("from 10.216.0.17 at https://pacs.example.org/1", "from at"),
        ("chart OLD7", "chart"),
        ("-0500", "-0500"),
        ("JANEWAY ROAD", "JANEWAY ROAD"),
    ],
)
def test_cleaning_takes_out_the_words_that_tell_who_it_is_and_no_others(released, text, left):
    made = released(
        "StudyDescription C", PatientName="DOE^JANE", ReferringPhysicianName="ROE^RICHARD", StudyDescription=text
    )
    assert made.StudyDescription == left


@pytest.mark.parametrize("action", "ZDU")
def test_there_is_no_empty_picture_and_no_dummy_of_one(released, action):
    pixels = np.ones((2, 3), dtype="uint8")
    assert "PixelData" not in released(f"PixelData {action}", pixels=pixels)


@pytest.mark.parametrize("action", "KXZDUC")
def test_one_action_may_be_done_to_everything(demo, tmp_path, action):
    made = apply_policy(f"* {action}", demo.original, tmp_path)
    files = [pydicom.dcmread(path) for path in made.folder.iterdir()]
    assert len(files) == len(list(demo.original.rglob("*.dcm")))
    assert {"PatientName" in file for file in files} == {action != "X"}


def test_an_attribute_without_a_rule_stays_and_one_with_x_is_gone(released):
    made = released("PatientSex X", PatientSex="F", PatientName="DOE^JANE")
    assert "PatientSex" not in made
    assert made.PatientName == "DOE^JANE"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("PN Z\nPatientName D", "ANONYMOUS"),
        ("PatientName D\nPN Z", ""),
        ("* X\n(0010,0010) K", "DOE^JANE"),
        ("(0010,*) Z", ""),
        ("private X", "DOE^JANE"),
        ("LO PN Z", ""),
    ],
)
def test_the_last_rule_that_speaks_of_an_attribute_counts(released, rules, expected):
    assert released(rules, PatientName="DOE^JANE").PatientName == expected


def test_rules_reach_into_sequences(released):
    item = Dataset()
    item.RequestedProcedureDescription = "for DOE"
    item.ReferencedSOPInstanceUID = "1.2.9"
    made = released("LO C\nUI U", PatientName="DOE^JANE", RequestAttributesSequence=[item])
    assert made.RequestAttributesSequence[0].RequestedProcedureDescription == "for"
    assert made.RequestAttributesSequence[0].ReferencedSOPInstanceUID.startswith("2.25.")


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        ("private X", set()),
        ('(0009,"ACME 1",01) X', {(0x0009, 0x0010), (0x0009, 0x1002)}),
        ('(0009,"ACME 1",*) X', set()),
        ('private X\n(0009,"ACME 1",02) K', {(0x0009, 0x0010), (0x0009, 0x1002)}),
    ],
)
def test_private_attributes_go_with_their_creator_when_nothing_is_left_of_the_block(released, rules, left):
    extra = [DataElement((0x0009, 0x0010), "LO", "Acme 1"), DataElement((0x0009, 0x1001), "LO", "one")]
    made = released(rules, extra=[*extra, DataElement((0x0009, 0x1002), "LO", "two")])
    assert {(tag.group, tag.element) for tag in made.keys() if tag.is_private} == left  # noqa: SIM118


def test_uids_are_replaced_by_the_same_new_one_wherever_they_stand_and_the_mapping_says_so(released):
    made = released("UI U\nPatientID D", FrameOfReferenceUID="1.2.3", StudyInstanceUID="1.2.4")
    uids = mapping(released.submission.uids)
    assert made.SOPInstanceUID == made.FrameOfReferenceUID == made.file_meta.MediaStorageSOPInstanceUID == uids["1.2.3"]
    assert uids["1.2.4"] == made.StudyInstanceUID != "1.2.4"
    assert made.SOPClassUID not in uids
    assert mapping(released.submission.patients) == {"OLD7": made.PatientID}
    assert made.PatientID not in ("OLD7", "")


def test_dates_of_a_patient_move_by_the_same_number_of_days(released):
    made = released("DA DT C", StudyDate="20200228", SeriesDate="20200301", AcquisitionDateTime="20200301101500.5")
    days = [pd.Timestamp(text[:8]) for text in (made.StudyDate, made.SeriesDate, made.AcquisitionDateTime)]
    assert (days[1] - days[0]).days == 2
    assert days[0] > pd.Timestamp("20200228")
    assert made.AcquisitionDateTime[8:] == "101500.5"


@pytest.mark.parametrize("name", ["OT", "1.2.3"])
def test_a_box_by_modality_or_by_instance_is_black_and_nothing_else_changes(released, name):
    pixels = np.arange(2 * 20 * 30, dtype="uint16").reshape(2, 20, 30) + 1
    made = released("UI U", boxes={name: (5, 2, 12, 9)}, pixels=pixels)
    expected = pixels.copy()
    expected[:, 2:9, 5:12] = 0
    assert np.array_equal(made.pixel_array, expected)


def test_a_box_is_black_where_the_least_number_is_white(released):
    pixels = np.full((12, 16), 9, dtype="uint8")
    made = released(
        "UI U", boxes={"OT": np.array([2, 2, 6, 6])}, pixels=pixels, PhotometricInterpretation="MONOCHROME1"
    )
    assert np.unique(made.pixel_array[2:6, 2:6]).tolist() == [255]


def test_a_dummy_of_a_sequence_is_an_empty_one(released):
    other = Dataset()
    other.PatientID = "OLD7"
    assert not released("OtherPatientIDsSequence D", OtherPatientIDsSequence=[other]).OtherPatientIDsSequence


def test_a_box_for_something_else_changes_nothing_and_several_boxes_all_count(released):
    pixels = np.full((20, 30), 9, dtype="uint8")
    assert released("UI U", boxes={"US": (0, 0, 9, 9)}, pixels=pixels).pixel_array.min() == 9
    made = released("UI U", boxes={"OT": [(0, 0, 2, 2), (10, 10, 99, 99)]}, pixels=pixels)
    assert (made.pixel_array == 0).sum() == 4 + 10 * 20


def test_a_box_leaves_the_number_of_frames_where_there_is_one(released):
    pixels = np.full((20, 30), 9, dtype="uint8")
    assert released("UI U", boxes={"OT": (0, 0, 2, 2)}, pixels=pixels, NumberOfFrames=1).NumberOfFrames == 1


def test_a_release_says_that_it_is_one_and_its_file_header_tells_nothing_of_where_it_came_from(released):
    made = released("UI U")
    assert made.PatientIdentityRemoved == "YES"
    assert made.DeidentificationMethod
    assert set(made.file_meta.keys()) <= {0x00020000, 0x00020001, 0x00020002, 0x00020003, 0x00020010, 0x00020012}


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (
            "PatientNmae Z",
            "Line 1 of the policy speaks of 'PatientNmae', which is no tag, keyword or value representation; "
            "did you mean PatientName?",
        ),
        ("\nPN Q", "Line 2 of the policy asks for the action 'Q'; the actions are K, X, Z, D, U, C."),
        ("PN", "Line 1 of the policy is 'PN' alone; a rule names attributes and an action: `PatientName Z`."),
        (
            "(0010,00) Z",
            "Line 1 of the policy speaks of '(0010,00)', which is no tag, keyword or value representation.",
        ),
    ],
)
def test_a_line_that_is_no_rule_is_told_with_what_it_may_have_meant(rules, message):
    with pytest.raises(ValueError) as raised:
        read_policy(rules)
    assert str(raised.value) == message


def test_a_policy_may_be_a_frame_and_may_hold_remarks():
    frame = pd.DataFrame({"what": ["PN", "PatientName"], "action": ["Z", "D"]})
    assert read_policy(frame) == read_policy("# names\nPN Z  # all\n\nPatientName D")
    assert read_policy('(0009,"Acme 1",0A) K') == [Rule('(0009,"ACME 1",0a)', "K")]


@pytest.mark.parametrize("rules", [Path("policy.txt"), pd.DataFrame({"what": ["PN"]}), None])
def test_a_policy_is_text_or_a_frame(rules):
    message = r"^A policy is text with one rule a line, or a frame with the columns what and action\.$"
    with pytest.raises(TypeError, match=message):
        read_policy(rules)


def test_of_a_missing_folder_nothing_is_made(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"^The folder of original files nowhere does not exist\.$"):
        apply_policy("PN Z", "nowhere", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_policy_for_the_whole_demo_is_safer_than_none_and_keeps_more_than_emptying_it(demo, tmp_path):
    rules = "LO SH LT ST UT UC C\nDA DT C\nPN Z\nUI U\nPatientName PatientID D\nCodeValue CodeMeaning K"
    attempt = apply_policy(rules, demo.original, tmp_path)
    scores = {
        name: mn.score(mn.evaluate(one, demo.key, read_text=None, progress=False), by="category").set_index("category")
        for name, one in {"attempt": attempt, **demo.submissions}.items()
        if name in ("attempt", "untouched", "emptied")
    }
    assert scores["attempt"].loc["hipaa", "score"] > scores["untouched"].loc["hipaa", "score"]
    assert scores["attempt"].loc["tcia", "score"] > scores["emptied"].loc["tcia", "score"]
    assert len(list(attempt.folder.iterdir())) == len(list(demo.original.rglob("*.dcm")))


def test_what_cannot_be_read_or_written_is_left_out_and_named(make, tmp_path):
    for number in (1, 2):
        make.file(tmp_path / "original" / f"{number}.dcm", f"9.{number}", PatientName="DOE^JANE")
    (tmp_path / "original" / "notes.txt").write_text("no DICOM")
    broken = tmp_path / "original" / "2.dcm"
    broken.write_bytes(broken.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.8\0"))
    message = r"^Not released, as pydicom could not read or write them: .*1 × InvalidDicomError.*2\.dcm, notes\.txt"
    with pytest.warns(UserWarning, match=message):
        attempt = apply_policy("PN Z", tmp_path / "original", tmp_path / "out")
    assert [path.name for path in attempt.folder.iterdir()] == ["00001.dcm"]
    assert "9.1" in mapping(attempt.uids)
