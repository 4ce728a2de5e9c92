"""Drafts become DICOM files, and every identifier in them is on record."""

import io
import re

import pydicom
import pytest

from midi_nb.answers.careful import printed_value
from midi_nb.answers.places import walk
from midi_nb.demo import dicom, hospital
from midi_nb.demo.drafts import RLE, Draft, facts
from midi_nb.demo.images import raster

PATIENT_NAME = "<(0010,0010)>"

#: The unusual standard attributes and the private ones in which TCIA's curators found identifiers.
UNUSUAL = [
    "<(0008,0041)>",
    "<(0018,1250)>",
    "<(0018,7006)>",
    "<(0010,0021)>",
    "<(0032,1030)>",
    "<(0008,1080)>",
    "<(0018,0010)>",
    "<(0018,1401)>",
    "<(0018,1000)>",
    "<(0008,1010)>",
    "<(0032,1060)>",
    "<(0008,2111)>",
    "<(3006,0006)>",
    "<(0032,4000)>",
    "<(0010,21b0)>",
    "<(0032,1070)>",
    "<(0008,1030)>",
    "<(0010,4000)>",
]
UNUSUAL_DATES = ["<(0032,1000)>", "<(3006,0008)>"]
PRIVATE = [
    '<(0027,"GEMS_IMAG_01",33)>',
    '<(3f01,"INTELERAD MEDICAL SYSTEMS",03)>',
    '<(7005,"TOSHIBA_MEC_CT3",1c)>',
    '<(0009,"GEMS_PETD_01",37)>',
    '<(0045,"GEMS_SENO_02",26)>',
    '<(0009,"FDMS 1.0",92)>',
    '<(0009,"GEMS_IDEN_01",30)>',
    '<(0043,"GEMS_PARM_01",80)>',
    '<(0021,"SIEMENS MR SDS 01",19)>',
    '<(0023,"GEMS_STDY_01",70)>',
]


@pytest.fixture
def chart():
    return hospital.chart(seed=0, index=0)


def filled(chart, **attributes):
    planted = []
    return dicom.fill(chart, attributes, "", planted), planted


def test_facts_are_keywords_and_values_as_text():
    text = r'KVP = 120; ImageType = A\B\; (0009,"FDMS 1.0",04) SH = CHEST; TableTopLateralPosition =;'
    assert facts(text) == {
        "KVP": "120",
        "ImageType": ["A", "B", ""],
        '(0009,"FDMS 1.0",04) SH': "CHEST",
        "TableTopLateralPosition": "",
    }


def test_what_stands_in_double_brackets_is_planted_and_recorded(chart):
    dataset, (row,) = filled(chart, StudyDescription="XR CHEST AP PORTABLE[[ for {patient}]]")
    patient = chart.fields["patient"]
    assert dataset.StudyDescription == f"XR CHEST AP PORTABLE for {patient}"
    assert row == ("<(0008,1030)>", "patient", "HIPAA-A", patient, "XR CHEST AP PORTABLE", None, 0)


def test_nested_and_private_attributes_have_official_paths(chart):
    dataset, rows = filled(
        chart,
        ContentSequence=[{"TextValue": "fine"}, {"TextValue": "{patient}"}],
        **{'(0009,"FDMS 1.0",92) SH': "{ward}"},
    )
    assert [row.path for row in rows] == ['<(0009,"FDMS 1.0",92)>', "<(0040,a730)>[<0001>]<(0040,a160)>"]
    assert [path for path, _, _ in walk(dataset)] == [
        "<(0009,0010)>", '<(0009,"FDMS 1.0",92)>', "<(0040,a730)>", "<(0040,a730)>[<0000>]<(0040,a160)>",
        "<(0040,a730)>[<0001>]<(0040,a160)>",
    ]  # fmt: skip


def test_numbers_may_be_written_as_text(chart):
    dataset, _ = filled(chart, AcquisitionMatrix=["0", "256", "192", "0"], PhysicalDeltaX="0.5")
    assert (list(dataset.AcquisitionMatrix), dataset.PhysicalDeltaX) == ([0, 256, 192, 0], 0.5)


def test_pixels_in_rle_are_those_that_were_put_in(chart):
    draft = next(iter(hospital.records(hospital.chart(0, 5))))
    packed = dicom.finish(chart, draft._replace(syntax=RLE))
    assert packed.dataset.file_meta.TransferSyntaxUID == RLE
    assert (packed.dataset.pixel_array == draft.pixels).all()


def test_pixels_in_jpeg_2000_are_those_that_were_put_in():
    chart = hospital.chart(0, 3)
    drafts = [draft for draft in hospital.records(chart) if draft.name.startswith("t1 post")]
    assert len(drafts) == 6
    packed = dicom.finish(chart, drafts[0])
    assert (packed.dataset.pixel_array == drafts[0].pixels).all()
    assert len(packed.dataset.PixelData) < 0.8 * drafts[0].pixels.nbytes


def test_the_same_draft_gives_the_same_bytes(chart):
    draft = next(iter(hospital.records(chart)))
    assert dicom.finish(chart, draft).content == dicom.finish(chart, draft).content


def test_a_raster_describes_its_array():
    import numpy as np

    colour = raster(np.zeros((4, 5, 6, 3), np.uint8), 8, frames=True)
    assert (colour["NumberOfFrames"], colour["Rows"], colour["Columns"], colour["SamplesPerPixel"]) == (4, 5, 6, 3)
    signed = raster(np.zeros((5, 6), np.int16), 16)
    assert (signed["PixelRepresentation"], signed["BitsAllocated"], "NumberOfFrames" in signed) == (1, 16, False)


def test_every_original_holds_what_is_recorded_of_it(demo, originals, phi):
    """Read back by pydicom alone: the text of each attribute contains each identifier that was planted into it."""
    elements = {uid: {path: element for path, element, _ in walk(ds)} for uid, ds in originals.items()}
    attributes = [row for row in phi if not row["x0"]]
    assert len(attributes) > 2000
    for row in attributes:
        value = printed_value(elements[row["instance"]][row["tag_path"]])
        assert row["text"] in value


@pytest.mark.parametrize("path", UNUSUAL + UNUSUAL_DATES + PRIVATE)
def test_identifiers_stand_where_curators_found_them(path, phi):
    assert path in {row["tag_path"] for row in phi}


def test_eleven_kinds_of_hipaa_identifiers_are_planted(phi):
    assert {row["hipaa"][-1] for row in phi} >= set("ABCDEFGHIJMNOR")


def test_identifiers_lie_three_sequences_deep(phi):
    assert max(row["tag_path"].count("[") for row in phi if row["field"] not in ("date", "uid")) == 3


def test_burned_in_text_varies(phi, originals):
    burned = [row for row in phi if row["x0"] and row["tag_path"] == "<(7fe0,0010)>"]
    assert any(re.fullmatch(r"[A-Z ]+ \[[FM]\] [\d.]{10}\nDOB: [\d.]{10}", row["text"]) for row in burned)
    kinds = {
        (ds.PhotometricInterpretation, "NumberOfFrames" in ds) for ds in (originals[r["instance"]] for r in burned)
    }
    assert kinds >= {("MONOCHROME1", False), ("MONOCHROME2", False), ("RGB", False), ("MONOCHROME2", True)}
    for row in burned:
        dataset = originals[row["instance"]]
        assert 0 <= int(row["x0"]) < int(row["x1"]) <= dataset.Columns
        assert 0 <= int(row["y0"]) < int(row["y1"]) <= dataset.Rows


def test_an_overlay_plane_carries_text(phi, originals):
    (row,) = [row for row in phi if row["tag_path"] == "<(6000,3000)>"]
    overlay = originals[row["instance"]].overlay_array(0x6000)
    outside = overlay.copy()
    outside[int(row["y0"]) : int(row["y1"]), int(row["x0"]) : int(row["x1"])] = 0
    assert overlay.any()
    assert not outside.any()


def test_a_draft_without_pixels_is_no_image(chart):
    draft = Draft("sr", {"SOPClassUID": "1.2", "SOPInstanceUID": "1.3", "Modality": "SR"})
    assert "PixelData" not in pydicom.dcmread(io.BytesIO(dicom.finish(chart, draft).content))
