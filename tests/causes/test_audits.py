"""Each finding on the smallest frame or folder that has it, and none where nothing is wrong."""

import shutil

import numpy as np
import pandas as pd
import pytest
from pydicom import DataElement, Dataset, FileMetaDataset, Sequence, dcmread
from pydicom.data import get_testdata_file
from pydicom.datadict import tag_for_keyword
from pydicom.encaps import encapsulate
from pydicom.pixels import get_encoder
from pydicom.uid import ExplicitVRLittleEndian, RLELossless

from midi_nb.answers.lettering import lettering
from midi_nb.causes import audits
from midi_nb.causes.audits import FINDINGS, audit, conformance, findings_table
from midi_nb.coded import concat, tidy
from midi_nb.engine import recognition
from midi_nb.frames import RESULTS
from midi_nb.masking import mask_values

SC = "1.2.840.10008.5.1.4.1.1.7"


def checks(*rows):
    """A results frame; every row says what is special about it."""
    made = []
    for number, row in enumerate(rows):
        actual = row.get("actual")
        usual = {
            "submission": "a", "patient": "P1", "study": "T1", "series": "S1", "instance": "1.1", "check": str(number),
            "tag_path": "(0008,0020)", "verdict": "passed", "complete": True,
            "state": "absent" if actual is None else "value" if actual else "empty",
            "released": "2.1", "released_patient": "NEW", "private": False, "file": "one.dcm",
        }  # fmt: skip
        made.append(usual | row)
    return tidy({name: [row.get(name) for row in made] for name in RESULTS}, RESULTS, len(made))


def found(frame):
    return frame["finding"].tolist()


DATE = {"action": "date_shifted", "original": "20130829"}
UID = {"action": "uid_changed", "original": "1.2.3"}
SAME = UID | {"action": "uid_consistent"}
UNREAD = {"action": "pixels_hidden", "expected": "Meyer", "actual": "", "error": "not readable in the original"}


@pytest.mark.parametrize(
    ("row", "finding", "detail"),
    [
        ({"action": "text_removed", "expected": "Meyer"}, "vacuous_pass", "attribute absent"),
        ({"action": "patid_consistent", "original": "4711"}, "patid_removed", "value absent"),
        ({"action": "patid_consistent", "original": "4711", "actual": ""}, "patid_removed", "value empty"),
        ({"action": "patid_consistent", "original": None}, "vacuous_pass", "attribute absent"),
        ({"action": "pixels_hidden", "expected": "Meyer"}, "vacuous_pass", "attribute absent"),
        (SAME | {"original": None}, "vacuous_pass", "attribute absent"),
        (DATE | {"state": "missing"}, "vacuous_pass", "file missing"),
        (UID | {"state": "missing"}, "vacuous_pass", "file missing"),
        (DATE | {"original": None}, "vacuous_pass", "attribute absent"),
        (DATE, "date_removed", "value absent"),
        (DATE | {"actual": ""}, "date_removed", "value empty"),
        (DATE | {"actual": "ANON"}, "date_bad_format", "not a date"),
        (DATE | {"actual": "2015.03.04"}, "date_bad_format", "not a date"),
        (DATE | {"actual": "20150230"}, "date_bad_format", "not a date"),
        (DATE | {"original": "20130829101500", "actual": "20130829"}, "date_unshifted", "the day of the original"),
        (
            DATE | {"original": "['20130829', '20130101']", "actual": "['20150304', '20140101']"},
            "date_inconsistent",
            "not the number of days of the patient's other dates",
        ),
        (UNREAD, "unreadable_control", "not readable in the original"),
        (UID, "uid_removed", "value absent"),
        (UID | {"actual": ""}, "uid_removed", "value empty"),
        (UID | {"actual": "ANON"}, "uid_invalid", "not a UID"),
        (UID | {"actual": "1.2.03"}, "uid_invalid", "not a UID"),
        (SAME, "uid_removed", "value absent"),
        (SAME | {"actual": "ANON"}, "uid_invalid", "not a UID"),
    ],
)
def test_each_finding_of_the_frame_alone(row, finding, detail):
    told = audit(checks(row))
    assert told[["finding", "detail"]].values.tolist() == [[finding, detail]]
    usual = {kind.code: kind for kind in FINDINGS}[finding]
    assert told[["axis", "confidence"]].values.tolist() == [[usual.axis, usual.confidence]]
    assert told[["submission", "patient", "series", "instance", "tag_path", "file"]].values.tolist() == [
        ["a", "P1", "S1", "1.1", "(0008,0020)", "one.dcm"]
    ]


@pytest.mark.parametrize(
    "row",
    [
        UNREAD | {"error": None},
        UNREAD | {"verdict": "blank"},
        DATE | {"verdict": "failed"},
        DATE | {"verdict": "blank", "actual": "ANON"},
        DATE | {"actual": "20150305", "expected": "552"},  # the key's number of days is secret
        DATE | {"original": "20130829101500", "actual": "20150304101500.5"},
        DATE | {"original": "101500", "actual": "111500"},  # a time is no date
        DATE | {"original": "['20130829', '20130101']", "actual": "['20130830', '20130102']"},
        UID | {"actual": "2.25.4"},
        {"action": "text_removed", "expected": "Meyer", "actual": "clean"},
        {"action": "text_removed", "expected": "Meyer", "actual": ""},
        {"action": "text_retained", "expected": "CHEST", "state": "absent"},
    ],
)
def test_nothing_is_found_where_nothing_is_wrong(row):
    assert audit(checks(row)).empty


def test_a_date_shifted_unlike_the_patients_other_dates_is_found_with_its_days():
    usual = [DATE | {"original": f"201308{n}", "actual": f"201308{n + 5}"} for n in (10, 11, 12)]
    odd = DATE | {"actual": "20130831", "series": "S2"}
    another = DATE | {"actual": "20140829", "patient": "P2"}
    told = audit(checks(*usual, odd, another))
    assert told[["finding", "patient", "series", "days"]].values.tolist() == [["date_inconsistent", "P1", "S2", 2]]


@pytest.mark.parametrize(
    ("actual", "expected", "findings"),
    [
        ("20150305", "552", ["date_wrong_shift"]),
        ("20150304", "552", []),
        ("20120224", "552", []),  # keys write the shift with either sign
        ("20150305", "date shifted", []),
        ("20150305", None, []),
    ],
)
def test_the_keys_number_of_days_is_asked_for_on_request(actual, expected, findings):
    results = checks(DATE | {"actual": actual, "expected": expected})
    assert found(audit(results, key_shift=True)) == findings
    assert audit(results).empty


def moved(series, *days):
    """Dates of a series, each shifted by so many days."""
    return [DATE | {"actual": f"201309{day:02d}", "series": series, "instance": f"{series}.{day}"} for day in days]


@pytest.mark.parametrize(
    ("rows", "findings"),
    [
        ([*moved("S1", 1, 1), *moved("S2", 2, 2)],
         [["date_shift_by_series", "S1", 3], ["date_shift_by_series", "S2", 4]]),
        ([*moved("S1", 1), *moved("S2", 2), *moved("S3", 9)],
         [["date_shift_by_series", "S1", 3], ["date_shift_by_series", "S2", 4], ["date_shift_by_series", "S3", 11]]),
        ([*moved("S1", 1, 1), *moved("S2", 2)], [["date_inconsistent", "S2", 4]]),  # one odd date
        ([*moved("S1", 1, 1), *moved("S2", 1, 1)], []),
        ([*moved("S1", 1, 1), *moved("S2", 2, 2), *moved("S3", 1, 1)], [["date_inconsistent", "S2", 4]] * 2),
        ([*moved("S1", 1, 1, 3), *moved("S2", 2, 2)],
         [["date_inconsistent", "S1", 5], *[["date_inconsistent", "S2", 4]] * 2]),
    ],
)  # fmt: skip
def test_a_shift_for_each_series_is_one_finding_a_series(rows, findings):
    told = audit(checks(*rows))
    assert told[["finding", "series", "days"]].values.tolist() == findings
    one = {**rows[0], "patient": "P2"}  # another patient has nothing to do with it
    assert len(audit(checks(*rows, one))) == len(findings)


def test_submissions_do_not_share_a_shift():
    rows = [DATE | {"actual": "20130830", "submission": name} for name in ("a", "b", "b")]
    rows[0]["actual"] = "20130831"
    assert audit(checks(*rows)).empty


def test_an_old_uid_that_became_two_is_found():
    rows = [UID | {"actual": new, "instance": f"of {new}"} for new in ("9.2", "9.1", "9.1")]  # the rarer is found
    told = audit(checks(*rows, UID | {"actual": "9.3", "submission": "b"}))
    assert told[["finding", "detail", "submission", "instance"]].values.tolist() == [
        ["uid_split", "2 new UIDs for one old one", "a", "of 9.2"]
    ]


def test_two_old_uids_that_became_one_are_found():
    rows = [UID | {"original": old, "actual": "9.1"} for old in ("1.1", "1.1", "1.2", None)]
    assert audit(checks(*rows))[["finding", "detail"]].values.tolist() == [["uid_merged", "2 old UIDs on one new one"]]


def test_a_masked_uid_is_not_found_invalid():
    assert found(audit(mask_values(checks(UID | {"actual": "1.2.9"}, UID | {"actual": "ANON"})))) == []


def test_findings_come_in_the_order_of_their_table():
    told = audit(checks(UID, DATE, {"action": "text_removed", "expected": "Meyer"}))
    assert found(told) == ["vacuous_pass", "date_removed", "uid_removed"]
    assert findings_table()["finding"].tolist() == [kind.code for kind in FINDINGS]


def test_audit_names_the_columns_it_misses():
    with pytest.raises(ValueError) as told:
        audit(checks(DATE).drop(columns="state"))
    assert (
        str(told.value)
        == "audit() needs the column state, missing in this frame; evaluate() or read_results() makes it."
    )


# With the released files


@pytest.fixture
def release(tmp_path):
    """Writes an object with all markers into a folder of released files; gives the folder."""

    def write(name="one.dcm", uid="2.1", preamble=b"\0" * 128, **attributes):
        file = Dataset()
        file.file_meta = FileMetaDataset()
        file.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        file.file_meta.MediaStorageSOPClassUID, file.file_meta.MediaStorageSOPInstanceUID = SC, uid
        file.preamble = preamble
        file.update({
            "SOPClassUID": SC, "SOPInstanceUID": uid, "Modality": "CT", "PatientID": "NEW",
            "StudyInstanceUID": "2.10", "SeriesInstanceUID": "2.11", "PatientIdentityRemoved": "YES",
            "DeidentificationMethod": "tool", "LongitudinalTemporalInformationModified": "MODIFIED",
            "BurnedInAnnotation": "NO",
        })  # fmt: skip
        for keyword, value in attributes.items():
            if value is None:
                delattr(file, keyword)
            elif isinstance(value, DataElement):
                (file.file_meta if value.tag.group == 2 else file).add(value)
            else:
                setattr(file, keyword, value)
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        file.save_as(tmp_path / name, enforce_file_format=True)
        return tmp_path

    return write


NAME = {"action": "text_removed", "expected": "MEYER^STEPHANIE", "tag_path": "(0010,0010)", "actual": "x"}
PLACE = {"action": "text_removed", "expected": "12 Harbour Lane", "tag_path": "(0010,1040)", "actual": "x"}
MRN = {"action": "patid_consistent", "original": "4711815", "tag_path": "(0010,0020)", "actual": "NEW"}
BORN = {"action": "date_shifted", "original": "19530716", "tag_path": "(0010,0030)", "actual": "19540716"}
SEEN = {"action": "date_shifted", "original": "20130829101500", "tag_path": "(0008,002a)", "actual": "20140829101500"}
PLANTED = checks(NAME, PLACE, MRN, BORN, SEEN, {"action": "uid_changed", "original": "1.2.840.9", "actual": "2.1"})


def item(**attributes):
    inner = Dataset()
    for keyword, value in attributes.items():
        inner.add(value) if isinstance(value, DataElement) else setattr(inner, keyword, value)
    return inner


@pytest.mark.parametrize(
    ("attributes", "path", "words", "confidence"),
    [
        ({"ImageComments": "prev. Stephanie Meyer"}, "(0020,4000)", "MEYER^STEPHANIE", "certain"),
        ({"ImageComments": "seen by Meyer"}, "(0020,4000)", "meyer", "review"),
        ({"ImageComments": "lives at 12, harbour lane"}, "(0020,4000)", "12 Harbour Lane", "certain"),
        ({"ImageComments": "MRN-4711815"}, "(0020,4000)", "4711815", "likely"),
        ({"ImageComments": "DOB 07/16/1953"}, "(0020,4000)", "19530716", "likely"),
        ({"ImageComments": "DOB 16.07.1953"}, "(0020,4000)", "19530716", "likely"),
        ({"AcquisitionDateTime": "19530716101500"}, "(0008,002a)", "19530716", "likely"),
        ({"ImageComments": "seen 2013-08-29"}, "(0020,4000)", "20130829", "likely"),
        ({"FrameOfReferenceUID": "1.2.840.9"}, "(0020,0052)", "1.2.840.9", "certain"),
        ({"RequestAttributesSequence": Sequence([item(ScheduledProcedureStepDescription="for Meyer, Stephanie")])},
         "(0040,0275)[0](0040,0007)", "MEYER^STEPHANIE", "certain"),
        ({"creator": DataElement(0x00290010, "LO", "ACME"),
          "private": DataElement(0x00291001, "UN", b"\0\1" * 50 + b"MEYER^STEPHANIE\0")},
         '(0029,"ACME",01)', "MEYER^STEPHANIE", "certain"),
        ({"title": DataElement(0x00020016, "AE", "4711815")}, "(0002,0016)", "4711815", "likely"),
        ({"preamble": b"4711815".ljust(128, b"\0")}, None, "4711815", "likely"),
        ({"name": "Meyer_Stephanie/one.dcm"}, None, "MEYER^STEPHANIE", "certain"),
    ],
)  # fmt: skip
def test_planted_values_are_found_elsewhere(release, attributes, path, words, confidence):
    told = audit(PLANTED, released=release(**attributes))
    assert told["finding"].tolist() == ["phi_elsewhere"]
    assert told[["words", "confidence", "patient", "instance", "axis"]].values.tolist() == [
        [words, confidence, "P1", "1.1", "privacy"]
    ]
    assert told["tag_path"].isna().all() if path is None else told["tag_path"].tolist() == [path]
    assert not told["detail"].str.contains("meyer|4711|harbour", case=False).any()


@pytest.mark.parametrize("asked", [["text_removed"], ["date_shifted", "text_removed"]])
def test_a_date_is_listed_once_whatever_the_key_asks_of_it(release, asked):
    told = audit(
        checks(*(BORN | {"action": each, "expected": "19530716"} for each in asked)),
        released=release(ImageComments="19530716"),
    )
    assert told[["detail", "words"]].values.tolist() == [["an original date in an attribute", "19530716"]]


@pytest.mark.parametrize(
    ("planted", "confidence"),
    [
        (NAME | {"expected": "MEYER^STEPHANIE^ROSALIND"}, "likely"),
        ({"action": "pixels_hidden", "expected": "MEYER STEPHANIE", "actual": ""}, "certain"),
        (NAME | {"expected": "MEYER^"}, "certain"),
    ],
)
def test_two_parts_or_the_only_one_tell_a_name_once_wherever_it_was_planted(release, planted, confidence):
    told = audit(checks(planted), released=release(ImageComments="Stephanie Meyer"))
    assert told[["finding", "words", "confidence"]].values.tolist() == [
        ["phi_elsewhere", planted["expected"], confidence]
    ]


@pytest.mark.parametrize(
    "attributes",
    [
        {"ImageComments": "SPARKLE MEYERSON, 12 Lane, 14711815, 195307161"},
        {"ImageComments": "Head, 045Y, F"},
        {"ImageComments": "lee side, contrast given, see the study description"},
        {"FrameOfReferenceUID": "1.2.840.9.1"},
        {"FrameOfReferenceUID": "11.2.840.9"},
    ],
)
def test_parts_of_other_words_and_ordinary_ones_are_no_planted_values(release, attributes):
    texts = ("HEAD^F", "045Y", "LEE^ANNABELLE", "Contrast", "Study Description")
    ordinary = checks(*(NAME | {"expected": text} for text in texts))
    assert audit(concat([PLANTED, ordinary]), released=release(**attributes)).empty


@pytest.mark.parametrize(
    ("another", "findings"),
    [
        ({}, []),
        ({"instance": "1.2", "released": "2.2"}, ["phi_elsewhere"]),
        ({"action": "text_retained", "expected": "CHEST"}, ["phi_elsewhere"]),
    ],
)
def test_what_a_failed_check_tells_is_not_told_again(release, another, findings):
    failed = NAME | {"verdict": "failed", "tag_path": "(0020,4000)", "actual": "MEYER"} | another
    told = audit(concat([PLANTED, checks(failed)]), released=release(ImageComments="MEYER STEPHANIE"))
    assert found(told) == findings


def test_one_patients_values_are_no_other_patients(release):
    release("two.dcm", "2.2", PatientID="OTHER", ImageComments="Meyer Stephanie")
    results = concat(
        [
            PLANTED,
            checks(DATE | {"actual": "20130830", "patient": "P2", "released": "2.2", "released_patient": "OTHER"}),
        ]
    )
    assert audit(results, released=release()).empty


def test_a_file_the_results_do_not_know_goes_by_its_patient_id(release):
    release(name="known.dcm")
    told = audit(PLANTED, released=release(uid="2.77", ImageComments="Meyer Stephanie"))
    assert told[["finding", "patient", "file"]].values.tolist() == [["phi_elsewhere", "P1", "one.dcm"]]
    assert told["instance"].isna().all()


# Text in images


def image(values, **attributes):
    """The attributes of an image: rows × columns, maybe of many frames."""
    bits = values.itemsize * 8
    return {
        "Rows": values.shape[-2], "Columns": values.shape[-1], "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2", "BitsAllocated": bits, "BitsStored": bits, "HighBit": bits - 1,
        "PixelRepresentation": 0, "PixelData": values.tobytes(),
    } | ({"NumberOfFrames": len(values)} if values.ndim == 3 else {}) | attributes  # fmt: skip


def overlay(drawn, group=0x6000, **changes):
    """The elements of an overlay plane that draws where `drawn` is not 0."""
    bits = np.packbits(drawn.ravel() != 0, bitorder="little").tobytes()
    values = {
        "rows": (0x0010, "US", drawn.shape[-2]),
        "columns": (0x0011, "US", drawn.shape[-1]),
        "frames": (0x0015, "IS", len(drawn) if drawn.ndim == 3 else 1),
        "type": (0x0040, "CS", "G"),
        "origin": (0x0050, "SS", [1, 1]),
        "bits": (0x0100, "US", 1),
        "position": (0x0102, "US", 0),
        "data": (0x3000, "OW", bits + b"\0" * (len(bits) % 2)),
    }
    values = {name: (*where, changes.get(name, value)) for name, (*where, value) in values.items()}
    return {
        f"{group:04x} {name}": DataElement((group, element), vr, value)
        for name, (element, vr, value) in values.items()
        if value is not None
    }


def marked(*shape):
    """An image of which the last pixel is set."""
    values = np.zeros(shape, "uint8")
    values.flat[-1] = 7
    return values


def stephanie(seen):
    """Reads a known name in every image that is not black."""
    return "STEPHANIE MEYER" if seen.max() else ""


def of_palette(values):
    luts = {f"{color}PaletteColorLookupTableData": bytes(range(256)) for color in ("Red", "Green", "Blue")}
    sizes = {f"{color}PaletteColorLookupTableDescriptor": [256, 0, 8] for color in ("Red", "Green", "Blue")}
    return image(values, PhotometricInterpretation="PALETTE COLOR", **luts, **sizes)


BLACK = np.zeros((8, 16), "uint8")
ICON = "(0088,0200)[0](7fe0,0010)"
PLANES = {
    "pixels": (image(marked(8, 16)), "(7fe0,0010)", "the pixels"),
    "a first frame": (image(marked(3, 4, 4)[::-1]), "(7fe0,0010)", "the pixels"),
    "a last frame": (image(marked(3, 4, 4)), "(7fe0,0010)", "the pixels"),
    "an overlay": (image(BLACK) | overlay(marked(8, 16)), "(6000,3000)", "an overlay"),
    "an overlay of odd size": (image(BLACK) | overlay(marked(3, 5)), "(6000,3000)", "an overlay"),
    "a second overlay": (overlay(BLACK) | overlay(marked(8, 16), 0x6002), "(6002,3000)", "an overlay"),
    "the last frame of an overlay": (overlay(marked(5, 3, 7)), "(6000,3000)", "an overlay"),
    "an icon": (image(BLACK, IconImageSequence=[item(**image(marked(4, 4)))]), ICON, "an image in a sequence"),
    "an icon in colour": (
        image(BLACK, IconImageSequence=[item(**of_palette(marked(4, 4)))]),
        ICON,
        "an image in a sequence",
    ),
    "an overlay in a sequence": (
        {"ReferencedImageSequence": [item(**overlay(marked(8, 8)))]},
        "(0008,1140)[0](6000,3000)",
        "an overlay",
    ),
}


@pytest.mark.parametrize(("attributes", "path", "kind"), PLANES.values(), ids=PLANES)
def test_text_in_images_is_found_where_something_can_read_it(release, attributes, path, kind):
    told = audit(PLANTED, released=release(**attributes), read_text=stephanie)
    assert told[["finding", "tag_path", "detail"]].values.tolist() == [
        ["phi_elsewhere", path, f"a known name in {kind}"]
    ]
    assert told.attrs["skipped"] == []


def test_without_a_reader_no_image_is_searched(release):
    attributes = {name: value for kind in PLANES.values() for name, value in kind[0].items()}
    assert audit(PLANTED, released=release(**attributes)).empty


@pytest.mark.parametrize("compressed", [False, True])
def test_an_icon_of_a_compressed_file_need_not_be_compressed(release, compressed):
    icon = item(**image(marked(4, 4)))
    folder = release(**image(BLACK, IconImageSequence=[icon]))
    file = dcmread(folder / "one.dcm")
    file.compress(RLELossless, generate_instance_uid=False)
    if compressed:
        file.IconImageSequence[0].PixelData = encapsulate([get_encoder(RLELossless).encode(icon)])
        file.IconImageSequence[0]["PixelData"].is_undefined_length = True
    file.save_as(folder / "one.dcm")
    assert audit(PLANTED, released=folder, read_text=stephanie)["tag_path"].tolist() == [ICON]


SKIPPED = {
    "too little data": (overlay(BLACK, data=b"\0\0"), "(6000,3000)", "the overlay cannot be decoded (ValueError)"),
    "no size": (overlay(BLACK, rows=None), "(6000,3000)", "the overlay cannot be decoded (AttributeError)"),
    "no frame": (overlay(BLACK, frames=0), "(6000,3000)", "the overlay cannot be decoded (ValueError)"),
    "no bits": (overlay(BLACK, bits=None), "(6000,3000)", "the overlay cannot be decoded (AttributeError)"),
    "two bits a pixel": (overlay(BLACK, bits=2), "(6000,3000)", "the overlay is not stored as one bit a pixel"),
    "in the bits of the pixels": (
        image(BLACK) | overlay(BLACK, data=None, bits=16, position=12),
        "(6000,3000)",
        "the overlay is not stored as one bit a pixel",
    ),
    "pixels cut off": (
        image(BLACK, Rows=99),
        "(7fe0,0010)",
        "the pixels cannot be decoded (Explicit VR Little Endian, ValueError)",
    ),
    "an icon without its size": (
        {"IconImageSequence": [item(PixelData=b"12", BitsAllocated=8)]},
        ICON,
        "the pixels cannot be decoded (Explicit VR Little Endian, AttributeError)",
    ),
    "a palette without a table": (
        image(BLACK, PhotometricInterpretation="PALETTE COLOR"),
        "(7fe0,0010)",
        "the pixels cannot be decoded (Explicit VR Little Endian, ValueError)",
    ),
}


@pytest.mark.parametrize(("attributes", "path", "reason"), SKIPPED.values(), ids=SKIPPED)
def test_images_that_cannot_be_seen_are_counted_and_the_rest_is_searched(release, attributes, path, reason):
    folder = release(ImageComments="Stephanie Meyer", **attributes)
    with pytest.warns(UserWarning, match=r".") as said:
        told = audit(PLANTED, released=folder, read_text=stephanie)
    assert told["tag_path"].tolist() == ["(0020,4000)"]
    assert told.attrs["skipped"] == [("one.dcm", path, reason)]
    assert [str(each.message) for each in said] == [f"Images not searched for text: 1 (1 × {reason})."]


def test_a_reader_that_fails_is_counted_without_what_it_says(release):
    def fails(seen):
        raise RuntimeError("STEPHANIE MEYER")

    with pytest.warns(
        UserWarning, match=r"^Images not searched for text: 2 \(2 × the text recognition failed \(Runtime"
    ):
        told = audit(PLANTED, released=release(**image(BLACK), **overlay(BLACK)), read_text=fails)
    assert told.empty
    assert [path for _, path, _ in told.attrs["skipped"]] == ["(6000,3000)", "(7fe0,0010)"]


@pytest.mark.parametrize(
    "attributes", [image(BLACK, PixelData=b""), overlay(BLACK, data=b""), overlay(BLACK, data=None)]
)
def test_an_emptied_image_is_none(release, attributes):
    assert audit(PLANTED, released=release(**attributes), read_text=stephanie).attrs["skipped"] == []


BOX = {"action": "pixels_hidden", "expected": "MEYER STEPHANIE", "tag_path": "(7fe0,0010)"}
BOX |= {"actual": "MEYER STEPHANIE"}


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("failed", ["4711815"]),
        ("blank", ["4711815", "MEYER^STEPHANIE"]),  # that could not be decided reports nothing
        ("passed", ["4711815", "MEYER^STEPHANIE"]),
    ],
)
def test_in_an_image_with_a_failed_box_other_texts_are_found(release, verdict, words):
    results = concat([PLANTED, checks(BOX | {"verdict": verdict})])
    told = audit(
        results, released=release(**image(marked(8, 16))), read_text=lambda seen: "Meyer, S. 4711815 STEPHANIE"
    )
    assert told[told["finding"] == "phi_elsewhere"]["words"].tolist() == words


@pytest.mark.parametrize(("actual", "found"), [("Meyer", ["MEYER^STEPHANIE"]), ("meyer stephanie", []), ("", [])])
def test_a_word_that_is_gone_in_a_failed_box_is_found_elsewhere_in_the_image(release, actual, found):
    results = concat([PLANTED, checks(BOX | {"verdict": "failed", "actual": actual})])  # "": measured, not read
    findings = audit(results, released=release(**image(marked(8, 16))), read_text=stephanie)
    assert findings[findings["finding"] == "phi_elsewhere"]["words"].tolist() == found


def test_the_overlay_and_the_icon_of_a_real_file_are_read(tmp_path):
    shutil.copy(get_testdata_file("examples_overlay.dcm"), tmp_path)
    uid = str(dcmread(tmp_path / "examples_overlay.dcm").SOPInstanceUID)
    shapes = []
    audit(
        checks(NAME | {"released": uid, "released_patient": None}),
        released=tmp_path,
        read_text=lambda seen: shapes.append(seen.shape) or "",
    )
    assert shapes == [(300, 484), (300, 484), (64, 64, 3)]


def test_the_installed_engine_reads_an_overlay(release):
    if not recognition.installed():
        pytest.skip("no text recognition is installed")
    drawn = np.pad(lettering("MEYER STEPHANIE", 18), 20) > 0.5
    told = audit(PLANTED, released=release(**overlay(drawn)), read_text="auto")
    assert told[["tag_path", "words"]].values.tolist() == [["(6000,3000)", "MEYER^STEPHANIE"]]


RGB = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}
GREY = {"SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2"}
ROW, COLUMN = np.mgrid[0:64, 0:96]
SCAN = np.dstack([ROW * 4, COLUMN * 2, 255 - ROW * 2]).astype("uint8")
EDGES = ((ROW + COLUMN) % 2 * 40 - 20)[..., None]
CORNERS = {"x0": 4, "y0": 4, "x1": 60, "y1": 14}


def of(pixels, **attributes):
    """The attributes of an image."""
    kind = {2: GREY, 3: RGB, 4: RGB}[pixels.ndim]
    return kind | {
        "Rows": 64, "Columns": 96, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PixelRepresentation": 0,
        "PixelData": np.ascontiguousarray(pixels).tobytes(),
    } | attributes  # fmt: skip


def with_boxes(pixels, *boxes, value=0):
    painted = pixels.copy()
    for x0, y0, x1, y1 in boxes:
        painted[y0:y1, x0:x1] = value
    return painted


@pytest.mark.parametrize(
    ("before", "after", "detail"),
    [
        (of(SCAN), of(SCAN[..., ::-1]), "60 % of the image"),  # blue is red now
        (of(SCAN), of(SCAN // 2), "73 % of the image"),
        (of(SCAN), of(SCAN, PhotometricInterpretation="YBR_FULL"), "73 % of the image"),
        (of(SCAN[..., 0]), of(SCAN[..., 0], PhotometricInterpretation="MONOCHROME1"), "70 % of the image"),
        (of(SCAN[..., 0]), of(255 - SCAN[..., 0], PhotometricInterpretation="MONOCHROME1"), None),
        (of(np.dstack([SCAN[..., 0]] * 3)), of(SCAN[..., 0]), None),  # grey all along
        (of(SCAN), of(SCAN), None),
        (of(SCAN), of(with_boxes(SCAN, (4, 4, 60, 14))), None),
        (of(SCAN), of(with_boxes(SCAN, (0, 0, 70, 20), (70, 40, 96, 64), value=90)), None),  # more boxes than asked for
        (of(SCAN), of(SCAN // 4 * 4 + 2), None),  # as lossy compression may change it
        (of(SCAN), of((SCAN + EDGES).clip(0, 255).astype("uint8")), None),  # and edges more than that
        (of(SCAN), {}, None),  # no pixels
    ],
)
def test_changed_colours_outside_the_boxes_are_found(release, tmp_path_factory, before, after, detail):
    hidden = checks({"action": "pixels_hidden", "expected": "Meyer", "actual": "", "tag_path": "(7fe0,0010)"} | CORNERS)
    original = tmp_path_factory.mktemp("original") / "one.dcm"
    shutil.move(release(uid="1.1", **before) / "one.dcm", original)
    folder = release(**after)
    told = audit(concat([PLANTED, hidden]), released=folder, original={"1.1": original})
    assert told[["finding", "tag_path", "detail"]].values.tolist() == (
        [["colours_changed", "(7fe0,0010)", detail]] if detail else []
    )
    if detail:
        assert audit(PLANTED, released=folder, original={"1.1": original}).empty  # no box, no such question
        assert audit(concat([PLANTED, hidden]), released=folder, original={"1.2": original}).empty


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ({"PatientIdentityRemoved": None}, "(0012,0062)"),
        ({"PatientIdentityRemoved": "NO"}, "(0012,0062)"),
        ({"DeidentificationMethod": None}, "(0012,0063)"),
        ({"DeidentificationMethod": None, "DeidentificationMethodCodeSequence": Sequence([])}, "(0012,0063)"),
        ({"LongitudinalTemporalInformationModified": "UNMODIFIED"}, "(0028,0303)"),
        ({"BurnedInAnnotation": "YES"}, "(0028,0301)"),
        ({"BurnedInAnnotation": None}, "(0028,0301)"),
    ],
)
def test_missing_markers_are_found(release, attributes, path):
    hidden = checks({"action": "pixels_hidden", "expected": "Meyer", "actual": "x", "tag_path": "(7fe0,0010)"})
    told = audit(concat([PLANTED, hidden]), released=release(**attributes))
    assert told[["finding", "tag_path", "confidence"]].values.tolist() == [["marker_missing", path, "certain"]]


CODE = Sequence([item(CodeValue="113100", CodeMeaning="Basic")])


@pytest.mark.parametrize(
    "attributes",
    [
        {"DeidentificationMethod": None, "DeidentificationMethodCodeSequence": CODE},
        {"LongitudinalTemporalInformationModified": "REMOVED"},
        {"BurnedInAnnotation": None},  # no text had to be hidden
    ],
)
def test_what_does_for_a_marker_is_no_finding(release, attributes):
    assert audit(PLANTED, released=release(**attributes)).empty


def reference(uid):
    return Sequence([item(ReferencedSOPClassUID=SC, ReferencedSOPInstanceUID=uid)])


def test_references_that_lead_nowhere_are_found(release):
    release("two.dcm", "2.2", ReferencedImageSequence=reference("2.1"))
    told = audit(PLANTED, released=release(ReferencedImageSequence=reference("2.99")))
    assert told[["finding", "confidence", "tag_path", "words", "file"]].values.tolist() == [
        ["dangling_reference", "review", "(0008,1140)[0](0008,1155)", "2.99", "one.dcm"]
    ]


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ({"ReferencedSeriesSequence": Sequence([item(SeriesInstanceUID="2.99")])}, "(0008,1115)[0](0020,000e)"),
        ({"CurrentRequestedProcedureEvidenceSequence": Sequence([item(StudyInstanceUID="2.99")])},
         "(0040,a375)[0](0020,000d)"),
        ({"StructureSetROISequence": Sequence([item(ReferencedFrameOfReferenceUID="2.99")])},
         "(3006,0020)[0](3006,0024)"),
        ({"ReferencedFrameOfReferenceSequence": Sequence([item(FrameOfReferenceUID="2.99")])},
         "(3006,0010)[0](0020,0052)"),
        ({"ReferencedFrameOfReferenceUID": "2.99"}, "(3006,0024)"),
    ],
)  # fmt: skip
def test_references_lead_to_series_studies_and_frames_too(release, attributes, path):
    told = audit(PLANTED, released=release(**attributes))
    assert told[["finding", "tag_path"]].values.tolist() == [["dangling_reference", path]]


def test_a_reference_of_the_key_that_leads_nowhere_is_certain(release):
    asked = checks(
        {"action": "uid_changed", "original": "1.1", "actual": "2.99", "tag_path": "(0008,1140)[0](0008,1155)"}
    )
    told = audit(
        asked, released=release(ReferencedImageSequence=reference("2.99"), LongitudinalTemporalInformationModified=None)
    )
    assert told[["finding", "confidence"]].values.tolist() == [["dangling_reference", "certain"]]


@pytest.mark.parametrize("kind", ["Study", "PerformedProcedureStep", "Patient"])
def test_references_to_what_is_no_file_are_no_findings(release, kind):
    assert audit(PLANTED, released=release(**{f"Referenced{kind}Sequence": reference("2.99")})).empty


def test_a_reference_that_led_nowhere_in_the_originals_is_no_finding(release, tmp_path_factory):
    originals = tmp_path_factory.mktemp("originals")
    shutil.move(release(uid="1.1", ReferencedImageSequence=reference("1.99")) / "one.dcm", originals / "one.dcm")
    assert audit(PLANTED, released=release(ReferencedImageSequence=reference("2.99")), original=originals).empty
    shutil.move(release(uid="1.99") / "one.dcm", originals / "two.dcm")
    told = audit(PLANTED, released=release(ReferencedImageSequence=reference("2.99")), original=originals)
    assert told[["finding", "confidence"]].values.tolist() == [["dangling_reference", "certain"]]


@pytest.mark.parametrize("keyword", ["SOPClassUID", "Modality", "PatientID", "StudyInstanceUID", "SeriesInstanceUID"])
def test_a_file_on_which_the_official_script_ends_is_found(release, keyword):
    told = audit(PLANTED, released=release(**{keyword: None}))
    tag = tag_for_keyword(keyword)
    assert told[["finding", "tag_path", "file", "detail"]].values.tolist() == [
        ["no_official_result", f"({tag >> 16:04x},{tag & 0xFFFF:04x})", "one.dcm", "the attribute is absent"]
    ]


def private_sequence(undefined, **attributes):
    """A private sequence with its creator, its length written or undefined."""
    element = DataElement(0x00291040, "SQ", Sequence([item(**attributes)]))
    element.is_undefined_length = undefined
    return {"creator": DataElement(0x00290010, "LO", "Quokka"), "sequence": element}


NAMED, NUMBERED = '(0029,"QUOKKA",40)[0](0008,0104)', "(0029,1040)[0](0008,0104)"
UNSEEN = {"action": "text_removed", "expected": "Meyer", "actual": None}


@pytest.mark.parametrize(("asked", "there", "undefined"), [(NAMED, NUMBERED, True), (NUMBERED, NAMED, False)])
def test_a_check_that_looked_at_the_other_path_of_a_private_sequence_is_found(release, asked, there, undefined):
    folder = release(**private_sequence(undefined, CodeMeaning="ANON"))
    told = audit(checks(UNSEEN | {"tag_path": asked}), released=folder)
    assert told[["finding", "tag_path", "detail"]].values.tolist() == [
        ["vacuous_pass", asked, "attribute absent"],
        ["private_path", asked, f"the attribute is at {there}"],
    ]
    assert found(audit(checks(UNSEEN | {"tag_path": there, "actual": "ANON"}), released=folder)) == []
    assert found(audit(checks(UNSEEN | {"tag_path": asked.replace("0104", "0105")}), released=folder)) == [
        "vacuous_pass"
    ]


def test_a_reference_in_a_private_sequence_is_known_by_either_path(release, tmp_path_factory):
    originals = tmp_path_factory.mktemp("originals")
    before = private_sequence(True, ReferencedSOPInstanceUID="1.1")
    shutil.move(release(uid="1.1", **before) / "one.dcm", originals / "one.dcm")
    after = private_sequence(False, ReferencedSOPInstanceUID="2.99")
    told = audit(PLANTED, released=release(**after), original=originals)
    assert told[["finding", "confidence", "tag_path"]].values.tolist() == [
        ["dangling_reference", "certain", '(0029,"QUOKKA",40)[0](0008,1155)']
    ]


def test_findings_of_files_have_their_axis_and_order(release):
    wrong = {"ImageComments": "MEYER STEPHANIE", "PatientIdentityRemoved": "NO"}
    told = audit(PLANTED, released=release(ReferencedImageSequence=reference("2.99"), **wrong))
    assert told[["finding", "axis"]].values.tolist() == [
        ["phi_elsewhere", "privacy"], ["dangling_reference", "linkage"], ["marker_missing", "validity"],
    ]  # fmt: skip


def test_files_that_are_no_dicom_are_left_out(release):
    folder = release()
    (folder / "Meyer Stephanie.txt").write_text("MEYER^STEPHANIE")
    assert audit(PLANTED, released=folder).empty


def test_files_are_searched_without_any_check(release):
    told = audit(PLANTED.iloc[:0], released=release(PatientIdentityRemoved="NO"))
    assert found(told) == ["marker_missing"]
    assert told[["submission", "instance", "patient"]].isna().all(axis=None)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FileNotFoundError) as told:
        audit(PLANTED, released=tmp_path / "none")
    assert str(told.value) == f"The folder of released files {tmp_path / 'none'} does not exist."


def test_a_folder_belongs_to_one_submission(tmp_path):
    with pytest.raises(ValueError) as told:
        audit(concat([PLANTED, checks(DATE | {"submission": "b"})]), released=tmp_path)
    assert str(told.value) == (
        "audit(released=...) takes the results of one submission, got 2; "
        "select one: results[results['submission'] == name]."
    )


# Conformance

FILE = "<CT>,<1.2>,<P>,<2.5>,<2.6>,<2.1>,,"
STEP = "</RequestAttributesSequence(0040,0275)[2]/ScheduledProcedureStepID(0040,0009)>"
REPORT = f"""type,tag,message,modality,class,patient,study,series,instance,file_name,file_path
Error,"{STEP}",Empty attribute (no value),{FILE}
Warning,"</PatientName(0010,0010)[1]>",Value dubious for this VR [PN] = <MEYER> - Retired Person Name form,{FILE}
"""


def test_an_official_report_becomes_tidy(tmp_path):
    (tmp_path / "dciodvfy_report.csv").write_text(REPORT)
    told = conformance(tmp_path / "dciodvfy_report.csv")
    assert told[["type", "tag_path", "name", "message", "released"]].values.tolist() == [
        ["error", "(0040,0275)[1](0040,0009)", "Scheduled Procedure Step ID", "Empty attribute (no value)", "2.1"],
        [
            "warning",
            "(0010,0010)",
            "Patient's Name",
            "Value dubious for this VR [PN] - Retired Person Name form",
            "2.1",
        ],
    ]
    assert told["words"].astype(object).tolist() == [pytest.approx(np.nan, nan_ok=True), "MEYER"]
    joined = PLANTED.merge(told, on=["released", "tag_path"])
    assert joined[["check", "type"]].values.tolist() == [["0", "warning"]]


@pytest.mark.parametrize(
    ("message", "told", "words"),
    [
        ("Value invalid for this VR [SH] = <SECRETNUMBER 12345> - Length invalid for this VR = <23> - expected <= 16",
         "Value invalid for this VR [SH] - Length invalid for this VR = <23> - expected <= 16", "SECRETNUMBER 12345"),
        ("Value invalid for this VR [TM] = <SECRET> - Character invalid for this VR = 'S' (0x53)",
         "Value invalid for this VR [TM] - Character invalid for this VR", "SECRET"),
        ("Value invalid for this VR [DA] - Trailing character invalid for this VR = 'X' (0x58)",
         "Value invalid for this VR [DA] - Trailing character invalid for this VR", None),
        ("Unrecognized enumerated value = <SMITH>", "Unrecognized enumerated value", "SMITH"),
        ("Value invalid for this VR [CS] = <> - Length", "Value invalid for this VR [CS] - Length", None),
    ],
)  # fmt: skip
def test_a_message_quotes_no_value_whose_words_stand_apart(message, told, words, tmp_path):
    path = tmp_path / "dciodvfy_report.csv"
    path.write_text(REPORT.splitlines()[0] + f'\nError,"</PatientAge(0010,1010)>",{message},,,,,,,,\n')
    found = conformance(path).astype(object)
    assert found["message"].tolist() == [told]
    assert found["words"].where(found["words"].notna(), None).tolist() == [words]


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy is not installed")
def test_the_program_is_asked_where_it_is_installed(release):
    folder = release("deep/er/one.dcm")
    (folder / "notes.txt").write_text("no DICOM")
    told = conformance(folder)
    assert {"error"} <= set(told["type"])
    assert set(told["file"]) == {"deep/er/one.dcm"}
    assert set(told["released"]) == {"2.1"}
    assert "(0028,0010)" in set(told.loc[told["type"] == "error", "tag_path"])  # Rows
    pd.testing.assert_frame_equal(
        conformance(folder / "deep" / "er" / "one.dcm").drop(columns="file"), told.drop(columns="file")
    )


def test_without_the_program_the_remedy_is_told(release, monkeypatch):
    monkeypatch.setattr(audits.shutil, "which", lambda name: None)
    with pytest.raises(FileNotFoundError) as told:
        conformance(release())
    assert str(told.value) == (
        "conformance() needs the program dciodvfy for DICOM files: install dicom3tools, or pass a report.csv "
        "that was made elsewhere."
    )


def test_a_path_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FileNotFoundError) as told:
        conformance(tmp_path / "none")
    assert (
        str(told.value)
        == f"{tmp_path / 'none'} does not exist; conformance() takes a dciodvfy report, a DICOM file or a folder."
    )
