"""derive_key(): a key from originals and the standard."""

import json
import re
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from shutil import copytree

import numpy as np
import pandas as pd
import pydicom
import pytest
from pydicom.dataset import Dataset

import midi_nb as mn
from midi_nb import tags

PROFILE = "basic+clean_graphics+clean_structured+clean_descriptors+retain_modified_dates+retain_patient"
KEEP = pd.DataFrame({"creator": ["*"], "element": ["*"], "disposition": ["keep"]})
WHAT = ["source", "action", "subcategory", "expected"]
CT = "1.2.840.10008.5.1.4.1.1.2"


def asked(answers, path):
    rows = answers[answers["tag_path"] == path][WHAT].astype(object)
    return [tuple(row) for row in rows.where(rows.notna(), None).to_numpy()]


@pytest.fixture
def derived(make, tmp_path):
    def of(profile="basic", private=None, **attributes):
        make.file(tmp_path / "in" / "a.dcm", "1.2.3", **attributes)
        return mn.derive_key(tmp_path / "in", profile, private=private, progress=False)

    return of


@pytest.mark.parametrize(
    ("profile", "attributes", "path", "checks"),
    [
        (
            "basic",
            {"PatientName": "DOE^JANE"},
            "(0010,0010)",
            [
                ("iod", "tag_retained", "DICOM-IOD-2", None),
                ("header", "text_removed", "HIPAA-A", "DOE JANE"),
            ],
        ),
        ("basic", {"StudyDate": "20120225"}, "(0008,0020)", [
            ("iod", "tag_retained", "DICOM-IOD-2", None),
            ("standard", "text_removed", "TCIA-P15-BASIC-Z", "20120225"),
        ]),
        ("basic+retain_modified_dates", {"StudyDate": "20120225"}, "(0008,0020)", [
            ("iod", "tag_retained", "DICOM-IOD-2", None),
            ("standard", "date_shifted", "HIPAA-C", None),
        ]),
        ("basic+retain_full_dates", {"StudyDate": "20120225"}, "(0008,0020)", [
            ("iod", "tag_retained", "DICOM-IOD-2", None),
            ("standard", "text_retained", "TCIA-P15-FULL-K", "20120225"),
        ]),
        ("basic", {"StudyDescription": "LIVER 3 DELAYED"}, "(0008,1030)", [
            ("standard", "text_removed", "TCIA-P15-BASIC-X", "DELAYED"),
        ]),
        ("basic+clean_descriptors", {"StudyDescription": "LIVER 3 phases"}, "(0008,1030)", [
            ("standard", "text_retained", "TCIA-P15-DESC-C", "LIVER 3 phases"),
        ]),
        ("basic+clean_descriptors", {"StudyDescription": "for Jane Doe", "PatientName": "DOE^JANE"}, "(0008,1030)", [
            ("header", "text_removed", "HIPAA-A", "Jane Doe"),
        ]),
        ("basic+clean_descriptors", {"StudyDescription": "mail jane@example.org"}, "(0008,1030)", [
            ("pattern", "text_removed", "HIPAA-F", "jane@example.org"),
        ]),
        ("basic+clean_descriptors", {"StudyDescription": "no. 12345678"}, "(0008,1030)", [
            ("pattern", "text_removed", "REVIEW-NUMBER", "12345678"),
        ]),
        ("basic", {"StudyDescription": "FC 10.216.0.17"}, "(0008,1030)", [
            ("standard", "text_removed", "TCIA-P15-BASIC-X", "10.216.0.17"),
        ]),
        ("basic", {"PatientSex": "M"}, "(0010,0040)", [("iod", "tag_retained", "DICOM-IOD-2", None)]),  # says nothing
        ("basic", {"PatientSex": "F"}, "(0010,0040)", [("iod", "tag_retained", "DICOM-IOD-2", None)]),
        ("basic", {"SmokingStatus": "YES"}, "(0010,21a0)", []),  # as of NO: no score depends on which it is
        ("basic", {"PatientID": "7"}, "(0010,0020)", [  # stands in MIDI-0017, too
            ("iod", "tag_retained", "DICOM-IOD-2", None),
            ("standard", "patid_consistent", "DICOM-P15-BASIC-C", None),
        ]),
        ("basic", {"PatientName": "SMITH-JONES^ANNA"}, "(0010,0010)", [
            ("iod", "tag_retained", "DICOM-IOD-2", None),
            ("header", "text_removed", "HIPAA-A", "SMITH JONES ANNA"),
        ]),
        ("basic", {"PatientName": "王^伟", "SpecificCharacterSet": "ISO_IR 192"}, "(0010,0010)", [
            ("iod", "tag_retained", "DICOM-IOD-2", None),
            ("header", "text_removed", "HIPAA-A", "王^伟 王伟"),
        ]),
        ("basic", {"OtherPatientNames": ["LI^NA", "王^伟", "KLEIN^EVA"], "SpecificCharacterSet": "ISO_IR 192"},
         "(0010,1001)", [("header", "text_removed", "HIPAA-A", "LI^NA 王^伟 王伟 KLEIN EVA")]),
        ("basic", {"OtherPatientIDs": ["A77112", "34"]}, "(0010,1000)", [
            ("header", "text_removed", "HIPAA-H", "A77112"),
        ]),
        ("basic", {"PatientComments": "LIVER " * 90 + "TAIL"}, "(0010,4000)", [
            ("standard", "text_removed", "TCIA-P15-BASIC-X", "TAIL"),
        ]),
        ("basic", {"PatientAddress": "12 Long Street, White Plains"}, "(0010,1040)", [
            ("header", "text_removed", "HIPAA-B", "Long Street, White Plains"),
        ]),
        ("basic", {"KVP": "120"}, "(0018,0060)", [("standard", "text_retained", "TCIA-P15-BASIC-K", "120")]),
        ("basic", {"PatientAge": "093Y"}, "(0010,1010)", [("standard", "text_removed", "TCIA-P15-BASIC-X", "093Y")]),
        ("basic+retain_patient", {"PatientAge": "093Y"}, "(0010,1010)", [
            ("pattern", "text_removed", "HIPAA-C", "093Y"),
        ]),
        ("basic+retain_patient", {"PatientAge": "041Y"}, "(0010,1010)", [
            ("standard", "text_retained", "TCIA-P15-PAT-K", "041Y"),
        ]),
        ("basic", {}, "(0020,000d)", [
            ("iod", "tag_retained", "DICOM-IOD-1", None), ("iod", "text_notnull", "DICOM-IOD-1", None),
            ("standard", "uid_changed", "HIPAA-R", None),
            ("standard", "uid_consistent", "DICOM-P15-BASIC-U", None),
        ]),
        ("basic+retain_uids", {}, "(0020,000d)", [
            ("iod", "tag_retained", "DICOM-IOD-1", None), ("iod", "text_notnull", "DICOM-IOD-1", None),
            ("standard", "text_retained", "TCIA-P15-UID-K", "9.10"),
        ]),
        # What is kept as it is, is no address and no number.
        ("basic+retain_institution", {"InstitutionAddress": "55 Fruit Street, 617-726-2000"}, "(0008,0081)", [
            ("standard", "text_retained", "TCIA-P15-INST-K", "55 Fruit Street, 617-726-2000"),
        ]),
        ("basic+retain_device", {"DeviceSerialNumber": "4121885"}, "(0018,1000)", [
            ("standard", "text_retained", "TCIA-P15-DEV-K", "4121885"),
        ]),
        ("basic", {"PatientID": "PAT 4711001"}, "(0010,0020)", [
            ("iod", "tag_retained", "DICOM-IOD-2", None),
            ("header", "text_removed", "HIPAA-H", "PAT 4711001"),
            ("standard", "patid_consistent", "DICOM-P15-BASIC-C", None),
        ]),
        ("basic", {"DeviceSerialNumber": "SN12345"}, "(0018,1000)", [
            ("header", "text_removed", "HIPAA-M", "SN12345"),
        ]),
        ("basic+retain_device", {"DeviceSerialNumber": "SN12345"}, "(0018,1000)", [
            ("standard", "text_retained", "TCIA-P15-DEV-K", "SN12345"),
        ]),
    ],
)  # fmt: skip
def test_what_is_asked_of_an_attribute(derived, profile, attributes, path, checks):
    assert asked(derived(profile, **attributes), path) == checks


@pytest.mark.parametrize(
    ("attribute", "value", "released", "verdict"),
    [
        ("PatientTelephoneNumbers", "212-555-0147", "2125550147", "failed"),
        ("PatientTelephoneNumbers", "212-555-0147", "555-0147", "failed"),
        ("PatientTelephoneNumbers", "212-555-0147", "646-555-0199", "passed"),
        ("PatientID", "12-34-56", "123456", "failed"),
        ("PatientID", "PAT4711001", "4711001", "failed"),
        ("PatientID", "PAT4711001", "PAT-0017", "passed"),
        ("AcquisitionDateTime", "20120225101112.000", "20120225", "failed"),
        ("AcquisitionDateTime", "20120225101112.000", "20110101", "passed"),
        ("PatientName", "Anonymous^Bob", "Anonymous", "passed"),
        ("PatientName", "Anonymous^Bob", "Bob", "failed"),
        ("PatientID", "PATIENT 7123", "PATIENT", "passed"),
        ("PatientID", "PATIENT 7123", "7123", "failed"),
    ],
)
def test_identifiers_spelled_otherwise_in_their_own_attribute(
    derived, make, tmp_path, attribute, value, released, verdict
):
    answers = derived(**{attribute: value})
    make.file(tmp_path / "out" / "a.dcm", "1.2.3", **{attribute: released})
    results = mn.evaluate(
        tmp_path / "out", answers[answers["action"] == "text_removed"], uids={"1.2.3": "1.2.3"}, progress=False
    )

    assert results.loc[results["tag_path"] == tags.understood(attribute), "verdict"].tolist() == [verdict]


@pytest.mark.parametrize("value", ["----", "ANONYMOUS", "anon", "Unknown^", "xxx"])
def test_a_value_that_is_no_ones_is_not_asked_for(derived, value):
    answers = derived(
        "basic+clean_descriptors", PatientID="none", PatientName=value, StudyID=value, ImageComments=value
    )

    assert answers.loc[answers["action"] == "text_removed", "tag_path"].tolist() == []


@pytest.mark.parametrize(
    ("attributes", "comment", "checks"),
    [
        ({"PatientTelephoneNumbers": "212-555-0147"}, "call 212-555-0147 or 646-555-0199", [
            ("header", "text_removed", "HIPAA-D", "212-555-0147 2125550147 555-0147"),
            ("pattern", "text_removed", "HIPAA-D", "646-555-0199 6465550199 555-0199"),
        ]),
        ({"PatientBirthDate": "19530716"}, "born 07/16/1953, surgery 01/05/2010", [
            ("header", "text_removed", "HIPAA-C", "07/16/1953"),
            ("pattern", "text_removed", "REVIEW-DATE", "01/05/2010"),
        ]),
        ({"PatientName": "SMITH-JONES^ANNA"}, "Ms Jones, wife of Mr Smith", [
            ("header", "text_removed", "HIPAA-A", "Jones Smith"),
        ]),
        ({}, "Image of a 95 year old woman", [("pattern", "text_removed", "HIPAA-C", "95")]),
        ({"PatientName": "王^伟"}, "病人 王伟 复查", [("header", "text_removed", "HIPAA-A", "王伟")]),
        # A cleaned text still has words with these letters in them: nothing can be asked of it.
        ({"PatientName": "LI^NA"}, "Li Na in clinical examination, final", []),
    ],
)  # fmt: skip
def test_what_is_asked_of_a_text(derived, attributes, comment, checks):
    answers = derived("basic+clean_descriptors", ImageComments=comment, SpecificCharacterSet="ISO_IR 192", **attributes)

    assert asked(answers, "(0020,4000)") == checks


@pytest.mark.parametrize(
    ("place", "attribute", "value"),
    [
        ("InterpretationApproverSequence", "InterpretationAuthor", "ABERNATHY^ANN"),
        ("RTROIObservationsSequence", "ROIInterpreter", "ABERNATHY^ANN"),
        ("ApprovalSequence", "ReviewerName", "ABERNATHY^ANN"),
        ("ContributingEquipmentSequence", "DeviceSerialNumber", "SN-447712"),
        (None, "InterpretationAuthor", "ABERNATHY^ANN"),
        (None, "ClinicalTrialSubjectID", "TR-447712"),
        (None, "IssuerOfPatientID", "Mercy West"),
        (None, "StationName", "OLYMP CT"),
    ],
)
def test_people_are_looked_for_in_all_attributes_that_name_them(derived, place, attribute, value):
    said = Dataset()
    setattr(said, attribute, value)
    comment = f"of {value.split('^')[0]}"
    answers = derived(
        "basic+clean_descriptors", ImageComments=comment, **{place or attribute: [said] if place else value}
    )

    assert [check[:2] for check in asked(answers, "(0020,4000)")] == [("header", "text_removed")]


def test_an_institution_named_as_the_maker_is_searched_in_its_own_attribute_only(derived):
    names = {"InstitutionName": "ACME", "Manufacturer": "ACME_MEC", "ImageComments": "an ACME coil, Mercy West"}
    answers = derived("basic+clean_descriptors", **names, InstitutionAddress="Mercy West")

    assert asked(answers, "(0008,0080)") == [("header", "text_removed", "HIPAA-B", "ACME")]
    assert [check[1] for check in asked(answers, "(0008,0070)")] == ["text_retained"]
    assert asked(answers, "(0020,4000)") == [("header", "text_removed", "HIPAA-B", "Mercy West")]


def test_what_is_retained_identifies_nobody(derived):
    device = {"DeviceSerialNumber": "SN12345", "ImageComments": "coil of SN12345"}

    assert asked(derived("basic+clean_descriptors", **device), "(0020,4000)")[0][2] == "HIPAA-M"
    [check] = asked(derived("basic+clean_descriptors+retain_device", **device), "(0020,4000)")
    assert check == ("standard", "text_retained", "TCIA-P15-DESC-C", "coil of SN12345")
    places = {"InstitutionName": "Mercy West", "IssuerOfPatientID": "Mercy West"}
    [check] = asked(derived("basic+retain_institution", **places), "(0008,0080)")
    assert check == ("standard", "text_retained", "TCIA-P15-INST-K", "Mercy West")


def test_sequences_and_private_attributes(make, tmp_path):
    dataset = make.dataset("1.2.3", PatientName="DOE^JANE")
    item = Dataset()
    item.ReferencedSOPInstanceUID, item.PatientComments = "1.2.77", "Jane Doe, born 1953"
    dataset.ReferencedStudySequence = [item]
    block = dataset.private_block(0x0019, "Acme", create=True)
    block.add_new(0x01, "LO", "Doe, liver")
    block.add_new(0x02, "OB", b"of JANE DOE.")
    block.add_new(0x03, "LO", "fast spin")
    make.saved(dataset, tmp_path / "in" / "a.dcm")
    removed, kept = (
        mn.derive_key(tmp_path / "in", f"basic{option}", private=table, progress=False)
        for option, table in (("", None), ("+retain_safe_private", KEEP))
    )

    assert asked(removed, "(0008,1110)[0](0008,1155)") == [("standard", "uid_changed", "HIPAA-R", None)]
    assert asked(removed, "(0008,1110)[0](0010,4000)")[0] == ("header", "text_removed", "HIPAA-A", "Jane Doe")
    assert [asked(removed, f'(0019,"ACME",0{place})')[-1] for place in (1, 2, 3)] == [
        ("private", "text_removed", "TCIA-P15-BASIC-X", "Doe,"),
        ("private", "text_removed", "TCIA-P15-BASIC-X", "b'of JANE DOE.'"),
        ("private", "text_removed", "TCIA-P15-BASIC-X", "fast spin"),
    ]
    assert [asked(kept, f'(0019,"ACME",0{place})') for place in (1, 2, 3)] == [
        [("header", "text_removed", "HIPAA-A", "Doe")],
        [("header", "text_removed", "HIPAA-A", "JANE DOE")],
        [("private", "text_retained", "TCIA-PTKB-K", "fast spin")],
    ]


def test_standard_attributes_in_private_sequences(make, tmp_path):
    dataset, item = make.dataset("1.2.3"), Dataset()
    item.PatientName, item.InstitutionName, item.StudyInstanceUID, item.SliceThickness = "DOE^J", "Mercy", "9.10", "2"
    dataset.private_block(0x0019, "Acme", create=True).add_new(0x0B, "SQ", [item])
    make.saved(dataset, tmp_path / "in" / "a.dcm")
    removed, kept = (
        mn.derive_key(tmp_path / "in", f"basic{option}", private=table, progress=False)
        for option, table in (("", None), ("+retain_safe_private", KEEP))
    )
    paths = [f'(0019,"ACME",0b)[0]({each})' for each in ("0008,0080", "0010,0010", "0018,0050", "0020,000d")]

    assert [asked(removed, path)[-1] for path in paths] == [
        ("private", "text_removed", "TCIA-P15-BASIC-X", expected) for expected in ("Mercy", "DOE", "2", "9.10")
    ]
    assert [asked(kept, path)[0] for path in paths] == [
        ("header", "text_removed", "HIPAA-B", "Mercy"),
        ("header", "text_removed", "HIPAA-A", "DOE"),
        ("standard", "text_retained", "TCIA-P15-BASIC-K", "2"),
        ("standard", "uid_changed", "HIPAA-R", None),
    ]


def test_words_are_those_of_the_files_own_patient(make, tmp_path):
    for number, (patient, name) in enumerate([("P-4711001", "ABERNATHY^ANN"), ("P-4711002", "QUIGLEY^BOB")]):
        make.file(
            tmp_path / "in" / f"{number}.dcm",
            f"1.2.{number}",
            PatientID=patient,
            PatientName=name,
            ImageComments="Abernathy, Quigley",
        )
    answers = mn.derive_key(tmp_path / "in", "basic+clean_descriptors", progress=False)

    assert [check[3] for check in asked(answers, "(0020,4000)")] == ["Abernathy", "Quigley"]


def test_safe_private_attributes_are_those_of_the_standard(make, tmp_path):
    dataset = make.dataset("1.2.3", PatientName="DOE^JANE")
    block = dataset.private_block(0x01F1, "ELSCINT1", create=True)
    block.add_new(0x01, "CS", "HELICAL")  # Acquisition Type, in the list
    block.add_new(0x02, "LO", "HELICAL")  # not in the list
    block.add_new(0x26, "DS", "1.5")
    make.saved(dataset, tmp_path / "in" / "a.dcm")
    answers = mn.derive_key(tmp_path / "in", "basic+retain_safe_private", progress=False)

    assert [asked(answers, f'(01f1,"ELSCINT1",{place})') for place in ("01", "02", "26")] == [
        [("private", "text_retained", "TCIA-P15-PRIV-C", "HELICAL")],
        [("private", "text_removed", "TCIA-P15-BASIC-X", "HELICAL")],
        [("private", "text_retained", "TCIA-P15-PRIV-C", "1.5")],
    ]
    assert answers["prev_cat"].unique().tolist() == [
        "derived: PS3.15 2024e, basic+retain_safe_private; safe private attributes of 2026d"
    ]


def test_attributes_that_ones_own_policy_keeps(make, tmp_path):
    dataset = make.dataset("1.2.3", StationName="MRC 25", InstitutionName="Mercy West", OperatorsName="DOE^JANE")
    dataset.ImageComments = "Mercy West, by Jane Doe"
    dataset.private_block(0x0019, "Acme", create=True).add_new(0x01, "LO", "fast spin")
    make.saved(dataset, tmp_path / "in" / "a.dcm")
    keep = ["station name", "InstitutionName", '(0019,"ACME",01)']
    answers = mn.derive_key(tmp_path / "in", "basic+clean_descriptors", keep=keep, progress=False)

    assert [asked(answers, path) for path in ("(0008,1010)", "(0008,0080)", '(0019,"ACME",01)')] == [
        [("standard", "text_retained", "TCIA-P15-OWN-K", "MRC 25")],
        [("standard", "text_retained", "TCIA-P15-OWN-K", "Mercy West")],
        [("private", "text_retained", "TCIA-PTKB-K", "fast spin")],
    ]
    assert asked(answers, "(0020,4000)") == [("header", "text_removed", "HIPAA-A", "Jane Doe")]
    assert answers["prev_cat"].unique().tolist() == [
        'derived: PS3.15 2024e, basic+clean_descriptors; kept: Institution Name, Station Name, (0019,"ACME",01)'
    ]


def test_attributes_to_keep_that_are_none(tmp_path):
    message = (
        "keep: 'Statin Name', 'RequestAttributesSequence[0].ScheduledProcedureStepID' is no attribute; write a name, a "
        "keyword or a tag: 'Station Name', 'StationName', '(0008,1010)'."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        mn.derive_key(
            tmp_path,
            keep=["Statin Name", "StationName", "RequestAttributesSequence[0].ScheduledProcedureStepID"],
        )


@pytest.fixture
def with_overlay(make, tmp_path):
    dataset = make.dataset("1.2.3")
    for element, vr, value in ((0x0010, "US", 16), (0x0011, "US", 8), (0x0022, "LO", "arrows"), (0x0040, "CS", "G"),
                               (0x3000, "OB", bytes(16)), (0x4000, "LT", "left of it")):  # fmt: skip
        dataset.add_new((0x6002, element), vr, value)
    make.saved(dataset, tmp_path / "in" / "a.dcm")
    return tmp_path / "in"


def test_overlay_planes_go_as_the_standard_has_it(with_overlay, make, tmp_path):
    answers = mn.derive_key(with_overlay, progress=False)
    cleaned = mn.derive_key(with_overlay, "basic+clean_graphics", progress=False)
    overlay = answers[answers["tag_path"].str.startswith("(6002")]

    assert overlay[["name", *WHAT]].to_numpy().tolist() == [
        ["Overlay Rows", "standard", "text_removed", "TCIA-P15-BASIC-X", "16"],
        ["Overlay Comments", "standard", "text_removed", "TCIA-P15-BASIC-X", "left"],
    ]
    assert not cleaned["tag_path"].str.startswith("(6002,0").any()

    uids = {uid: uid for uid in ("1.2.3", "9.10", "9.11")}
    left = mn.evaluate(with_overlay, overlay, uids=uids, progress=False)
    make.file(tmp_path / "out" / "a.dcm", "1.2.3")
    gone = mn.evaluate(tmp_path / "out", overlay, uids=uids, progress=False)
    assert left["verdict"].tolist() == ["failed", "failed"]
    assert gone["verdict"].tolist() == ["passed", "passed"]


@pytest.fixture(scope="module")
def usual(small_demo):
    """The key of the demo by the usual profile."""
    return mn.derive_key(small_demo.original, PROFILE, progress=False)


@pytest.fixture(scope="module")
def keeping(small_demo):
    """The same, private attributes of the demo's table being kept."""
    return mn.derive_key(small_demo.original, f"{PROFILE}+retain_safe_private", private=KEEP, progress=False)


def test_leaks_of_the_demo_are_found_without_its_key(small_demo, keeping):
    known, found, reference = (
        mn.evaluate(small_demo.submissions[name], key, read_text=None, progress=False)
        for name, key in (("untouched", small_demo.key), ("untouched", keeping), ("reference", keeping))
    )
    direct = known[known["subcategory"].isin([f"HIPAA-{letter}" for letter in "ADFGHM"]) & (known["state"] == "value")]
    direct = direct[direct["action"] == "text_removed"][["released", "tag_path"]].astype(str).drop_duplicates()
    places = found[(found["action"] == "text_removed") & (found["verdict"] == "failed")]
    places = places[["released", "tag_path"]].astype(str).drop_duplicates()

    assert len(direct) > 100
    assert len(direct.merge(places)) >= 0.98 * len(direct)
    wrong = reference[(reference["action"] == "text_removed") & (reference["verdict"] != "passed")]
    # What the reference keeps although the Basic Profile has it removed: devices and departments.
    kept = {"Station Name", "Detector ID", "Treatment Machine Name", "Institutional Department Name"}
    assert set(wrong["name"]) <= kept


def test_the_written_key_judges_as_the_frame_does(small_demo, usual, tmp_path, make):
    results, again = (
        mn.evaluate(small_demo.submissions["careless"], key, read_text=None, progress=False)
        for key in (usual, mn.write_key(usual, tmp_path / "key.db"))
    )

    make.assert_same(again, results)


def test_parts_are_the_frame_and_are_gone_on_with(small_demo, tmp_path, make, monkeypatch):
    answers = mn.derive_key(small_demo.original, progress=False)
    monkeypatch.setattr("midi_nb.engine.batches.BATCH", 8)
    with ProcessPoolExecutor(2) as pool:
        kept = mn.derive_key(small_demo.original, progress=False, executor=pool, out=tmp_path / "key")
    first, second, *others = sorted((tmp_path / "key" / "parts").iterdir())
    written = [part.stat().st_mtime_ns for part in (first, *others)]
    second.unlink()  # as if the first call had been interrupted
    again = mn.derive_key(small_demo.original, progress=False, out=tmp_path / "key")

    assert others
    assert [part.stat().st_mtime_ns for part in (first, *others)] == written
    make.assert_same(kept, answers)
    make.assert_same(again, answers)
    make.assert_same(mn.read_key(mn.write_key(tmp_path / "key", tmp_path / "key.db")), answers)
    with pytest.raises(
        ValueError,
        match=r"holds a run with another key, identifiers of the patients; give another folder, or delete it\.$",
    ):
        mn.derive_key(small_demo.original, "basic+retain_device", progress=False, out=tmp_path / "key")


def test_audits_by_a_derived_key_and_two_folders_alone(small_demo, keeping):
    """They find what they find by the key that planted it; vacuous passes depend on what is asked."""
    submission = small_demo.submissions["careless"]
    pairs = mn.pair_folders(submission.folder, small_demo.original, progress=False)
    alone = mn.Submission(submission.folder, pairs.uids, pairs.patients)

    def found(submission, key):
        results = mn.evaluate(submission, key, read_text=None, progress=False)
        findings = mn.audit(results, submission, small_demo.original)
        findings = findings[~findings["finding"].isin(["vacuous_pass", "colours_changed"])]
        return {tuple(row) for row in findings[["finding", "file", "tag_path"]].astype(str).to_numpy()}

    planted = found(submission, small_demo.key)
    kinds = {"dangling_reference", "date_unshifted", "phi_elsewhere", "uid_removed", "uid_split"}
    assert {finding for finding, *_ in planted} == kinds
    assert planted <= found(alone, keeping)


def test_pixels_by_what_is_read_in_them(make, tmp_path):
    pixels = np.arange(64 * 64, dtype="uint8").reshape(64, 64)
    make.file(tmp_path / "in" / "a.dcm", "1.2.3", PatientName="ABERNATHY^ANN", pixels=pixels)

    def read(text, profile="basic"):
        reader = lambda image: text  # noqa: E731
        answers = mn.derive_key(tmp_path / "in", profile, read_text=reader, progress=False)
        return answers[answers["source"] == "pixels"][["action", "expected", "x0", "y0", "x1", "y1"]]

    assert read("ANN ABERNATHY [F]").to_numpy().tolist() == [["pixels_hidden", "ANN ABERNATHY [F]", 0, 0, 64, 64]]
    assert read("LEFT").iloc[0]["action"] == "pixels_retained"
    assert read("DR BROWN", "basic+clean_pixel_data").empty  # all text may go
    assert read("", "basic+clean_pixel_data").iloc[0]["action"] == "pixels_retained"
    assert not (mn.derive_key(tmp_path / "in", progress=False)["source"] == "pixels").any()


def test_of_frames_that_were_not_read_nothing_is_asked(make, tmp_path):
    for name, frames in {"1.2.3": 3, "1.2.9": 9}.items():
        pixels = np.zeros((frames, 16, 16), dtype="uint8")
        make.file(tmp_path / "in" / f"{name}.dcm", name, NumberOfFrames=frames, pixels=pixels)
    answers = mn.derive_key(tmp_path / "in", read_text=lambda image: "", progress=False)
    assert answers[answers["source"] == "pixels"]["instance"].tolist() == ["1.2.3"]


def test_a_document_that_replaces_another_has_none_of_its_words(make, tmp_path):
    """Encapsulated Document must be replaced (D): what two PDF files have in common is not asked for."""
    pdf = b"%PDF-1.4\n1 0 obj <</Type /Catalog>>\nstream\nQ0tOVEVOVFNPRk9ORQ\nendstream\n%%EOF"
    other = b"%PDF-1.4\n1 0 obj <</Type /Catalog>>\nendobj\n%%EOF "
    pdf_class = "1.2.840.10008.5.1.4.1.1.104.1"
    for folder, document in {"in": pdf, "same": pdf, "out": other}.items():
        make.file(tmp_path / folder / "a.dcm", "1.2.3", SOPClassUID=pdf_class, EncapsulatedDocument=document)
    answers = mn.derive_key(tmp_path / "in", progress=False)
    answers = answers[answers["tag_path"] == "(0042,0011)"]
    kept, replaced = (
        mn.evaluate(tmp_path / folder, answers, uids={"1.2.3": "1.2.3"}, progress=False) for folder in ("same", "out")
    )
    assert answers["action"].tolist() == ["tag_retained", "text_notnull", "text_removed"]
    assert kept["verdict"].tolist() == ["passed", "passed", "failed"]
    assert replaced["verdict"].tolist() == ["passed"] * 3


def test_what_cannot_be_read_is_counted_and_named(make, tmp_path):
    make.file(tmp_path / "in" / "a.dcm", "1.2.3")
    whole = (tmp_path / "in" / "a.dcm").read_bytes()
    for name, data in {
        "copy.dcm": whole,
        "empty.dcm": b"",
        "encrypted.dcm": bytes(range(256)) * 8,
        "notes.txt": b"Jane Doe",
        "truncated.dcm": whole[:150],
    }.items():
        (tmp_path / "in" / name).write_bytes(data)
    make.file(tmp_path / "in" / "without.dcm", None, SOPInstanceUID=None)
    make.file(tmp_path / "in" / "z.dcm", "1.2.4")
    message = (
        r"^Left out: 2 × no SOP Instance UID; 1 × another file, larger or earlier, has its SOP Instance UID\. "
        r"answers\.attrs\['skipped'\] lists them\.$"
    )

    with pytest.warns(UserWarning, match=message):
        answers = mn.derive_key(tmp_path / "in", progress=False)
    assert answers["instance"].unique().tolist() == ["1.2.3", "1.2.4"]
    assert not answers.duplicated(["instance", "check"]).any()
    assert answers.attrs["skipped"] == [
        ("copy.dcm", "another file, larger or earlier, has its SOP Instance UID"),
        ("empty.dcm", "not DICOM (no preamble and DICM)"),
        ("encrypted.dcm", "not DICOM (no preamble and DICM)"),
        ("notes.txt", "not DICOM (no preamble and DICM)"),
        ("truncated.dcm", "no SOP Instance UID"),
        ("without.dcm", "no SOP Instance UID"),
    ]


def test_of_files_of_one_instance_the_whole_one_counts(make, tmp_path):
    make.file(tmp_path / "in" / "b.dcm", "1.2.3")
    make.file(tmp_path / "in" / "z.dcm", "1.2.4")
    (tmp_path / "in" / "a.dcm").write_bytes((tmp_path / "in" / "b.dcm").read_bytes()[:-20])
    with pytest.warns(UserWarning, match="^Left out: 1 × another file, larger or earlier, has its SOP Instance UID"):
        answers = mn.derive_key(tmp_path / "in", progress=False)
    assert answers["instance"].unique().tolist() == ["1.2.3", "1.2.4"]
    assert [name for name, _ in answers.attrs["skipped"]] == ["a.dcm"]


def test_uids_that_are_retained_go_with_their_sequence(make, tmp_path):
    dataset, item = make.dataset("1.2.3"), Dataset()
    item.StudyInstanceUID = "1.2.826.5"
    dataset.RequestAttributesSequence = [item]
    make.saved(dataset, tmp_path / "in" / "a.dcm")
    answers = mn.derive_key(tmp_path / "in", "basic+retain_uids", progress=False)
    assert asked(answers, "(0040,0275)[0](0020,000d)") == [("standard", "uid_changed", "HIPAA-R", None)]


def test_files_that_do_not_say_who_their_patient_is(make, tmp_path):
    nobody = {"PatientID": None, "ImageComments": "seen by Abernathy"}
    for number, (study, doctor) in enumerate([("1.1", "ABERNATHY^ANN"), ("1.1", None), ("1.2", None)]):
        said = {"ReferringPhysicianName": doctor} if doctor else {}
        make.file(tmp_path / "in" / f"{number}.dcm", f"1.2.{number}", StudyInstanceUID=study, **nobody, **said)
    answers = mn.derive_key(tmp_path / "in", "basic+clean_descriptors", progress=False)
    comments = answers[answers["tag_path"] == "(0020,4000)"]

    assert comments["action"].tolist() == ["text_removed", "text_removed", "text_retained"]
    assert answers["patient"].isna().all()


def test_a_file_without_id_is_of_the_patient_whom_its_study_names(make, tmp_path):
    who = {"PatientID": "4711001", "PatientName": "ABERNATHY^ANN"}
    for number, said in enumerate([who, {"PatientID": None}, {**who, "PatientID": None}]):
        make.file(tmp_path / "in" / f"{number}.dcm", f"1.2.{number}", ImageComments="Abernathy 4711001", **said)
    answers = mn.derive_key(tmp_path / "in", "basic+clean_descriptors", progress=False)

    assert [check[3] for check in asked(answers, "(0020,4000)")] == ["Abernathy", "4711001"] * 3


def test_identifiers_in_private_attributes_that_stay(make, tmp_path):
    names = {"SpecificCharacterSet": "ISO_IR 192", "PatientName": "MÜLLER^JANE=王^伟"}
    dataset = make.dataset("1.2.3", PatientID="4711001", PatientBirthDate="19530716", **names)
    block = dataset.private_block(0x0019, "Acme", create=True)
    values = [("PN", "ABERNATHY^ANN"), ("IS", "4711001"), ("SL", 4711001), ("DA", "19530716"), ("DT", "19530716101010"),
              ("UI", "1.2.4711001.5"), ("DS", "1.5"),
              ("OB", b"\1\0MULLER\0\0"), ("OW", b"\1\0" * 300 + "Müller ".encode()), ("UN", "王伟, Jane ".encode()),
              ("UN", "Müller".encode("utf-16-le")), ("OB", b"\0\1" + "Jane".encode("utf-16-be")),
              ("OW", "Müller ".encode("latin-1") + b"\0"), ("AS", "095Y")]  # fmt: skip
    for place, (vr, value) in enumerate(values, 1):
        block.add_new(place, vr, value)
    make.saved(dataset, tmp_path / "in" / "a.dcm")
    answers = mn.derive_key(tmp_path / "in", "basic+retain_safe_private", private=KEEP, progress=False)

    assert [check for place in range(1, 15) for check in asked(answers, f'(0019,"ACME",{place:02x})')] == [
        ("header", "text_removed", "HIPAA-A", "ABERNATHY ANN"),
        ("header", "text_removed", "HIPAA-H", "4711001"),
        ("header", "text_removed", "HIPAA-H", "4711001"),
        ("header", "text_removed", "HIPAA-C", "19530716"),
        ("header", "text_removed", "HIPAA-C", "19530716101010"),
        ("header", "text_removed", "HIPAA-H", "4711001"),
        ("private", "text_retained", "TCIA-PTKB-K", "1.5"),
        ("header", "text_removed", "HIPAA-A", "MULLER"),
        ("header", "text_removed", "HIPAA-A", r"M\xc3\xbcller"),
        ("header", "text_removed", "HIPAA-A", r"\xe7\x8e\x8b\xe4\xbc\x9f Jane"),
        ("header", "text_removed", "HIPAA-A", r"M\x00\xfc\x00l\x00l\x00e\x00r"),
        ("header", "text_removed", "HIPAA-A", r"J\x00a\x00n\x00e"),
        ("header", "text_removed", "HIPAA-A", r"M\xfcller"),
        ("pattern", "text_removed", "HIPAA-C", "095Y"),
    ]


def test_a_folder_without_dicom(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")

    with pytest.warns(UserWarning, match=r"^No file of the originals is readable DICOM: the key has no checks\.$"):
        answers = mn.derive_key(tmp_path, progress=False)
    assert len(answers) == 0


def test_files_of_all_kinds(tmp_path):
    for number, path in enumerate(Path(pydicom.__file__).parent.glob("data/test_files/**/*.dcm")):
        (tmp_path / f"{number}.dcm").write_bytes(path.read_bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        answers = mn.derive_key(tmp_path, PROFILE, progress=False)

    assert answers["instance"].nunique() > 20
    assert answers["source"].notna().all()


def test_originals_are_not_touched(small_demo, tmp_path):
    copytree(small_demo.original, tmp_path / "in")
    before = {path: path.read_bytes() for path in (tmp_path / "in").rglob("*.dcm")}
    mn.derive_key(tmp_path / "in", progress=False)

    assert {path: path.read_bytes() for path in (tmp_path / "in").rglob("*.dcm")} == before


@pytest.mark.usefixtures("no_pictures")
def test_a_derived_key_says_so_where_scores_are_shown(small_demo, usual, tmp_path):
    results = mn.evaluate(small_demo.submissions["reference"], usual, read_text=None, progress=False)
    says = "PS3.15 2024e, basic+clean_graphics+clean_structured+clean_descriptors+retain_modified_dates+retain_patient"

    page = mn.write_html(results, tmp_path / "report.html", values=False).read_text("utf-8")
    summary = json.loads(mn.write_summary(results, tmp_path / "summary.json").read_text("utf-8"))
    assert f"The key is derived, nobody published it: {says}." in page
    assert "– de-identification report by a derived key</title>" in page
    assert summary["key_derived_from"] == says


def test_files_that_are_cut_off_are_left_out(make, tmp_path):
    file = make.file(tmp_path / "a.dcm", "1.1", ImageComments="seen by Dr Meyer")
    make.file(tmp_path / "b.dcm", "1.2")
    file.write_bytes(file.read_bytes()[:-4])
    with pytest.warns(UserWarning, match="^Left out: 1"):
        key = mn.derive_key(tmp_path, progress=False)
    assert key.attrs["skipped"] == [("a.dcm", "cut off within an attribute, what followed is lost")]
