"""What pydicom 2.4.4 printed of the same values, written down from its output."""

import io

import pytest
from pydicom import dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from midi_nb.printed import printed

PRINTED = {
    "one tag": (DataElement(0x00280009, "AT", 0x0062000B), "(0062, 000b)"),
    "tags": (DataElement(0x00209165, "AT", [0x0062000B, 0xFFFEE000]), "[(0062, 000b), (fffe, e000)]"),
    "no tag": (DataElement(0x00280009, "AT", None), "None"),
    "tag-like text": (DataElement(0x00104000, "LT", "see (0010,001B) here"), "see (0010,001B) here"),
    "tag-like texts": (DataElement(0x00081090, "LO", ["(0010,001B)", "x"]), "['(0010,001B)', 'x']"),
    "a decimal": (DataElement(0x00180050, "DS", "1.50"), "1.50"),
    "decimals": (DataElement(0x00280030, "DS", ["5", "1e3"]), "[5, 1e3]"),
    "no items": (DataElement(0x00081140, "SQ", []), "[]"),
}


@pytest.mark.parametrize(("element", "text"), PRINTED.values(), ids=PRINTED)
def test_a_value(element, text):
    assert printed(element) == text


def item(*elements):
    dataset = Dataset()
    for element in elements:
        dataset.add_new(*element)
    return dataset


DUMPED = {
    "a tag": ((0x00280009, "AT", 0x0062000B), "(0028, 0009) Frame Increment Pointer             AT: (0062, 000b)"),
    "tags": (
        (0x00280009, "AT", [0x0062000B, 0x00181063]),
        "(0028, 0009) Frame Increment Pointer             AT: [(0062, 000b), (0018, 1063)]",
    ),
    "many tags": (
        (0x00280009, "AT", [0x0062000B] * 17),
        "(0028, 0009) Frame Increment Pointer             AT: Array of 17 elements",
    ),
    "no tag": ((0x00280009, "AT", None), "(0028, 0009) Frame Increment Pointer             AT: None"),
    "a whole decimal": ((0x00180050, "DS", "5"), "(0018, 0050) Slice Thickness                     DS: '5.0'"),
    "a decimal": ((0x00180050, "DS", "1.50"), "(0018, 0050) Slice Thickness                     DS: '1.5'"),
    "an exponent": ((0x00180050, "DS", "1e3"), "(0018, 0050) Slice Thickness                     DS: '1000.0'"),
    "a small one": ((0x00180050, "DS", ".00001"), "(0018, 0050) Slice Thickness                     DS: '1e-05'"),
    "no decimal": ((0x00180050, "DS", ""), "(0018, 0050) Slice Thickness                     DS: ''"),
    "decimals": ((0x00280030, "DS", ["5", "1.50"]), "(0028, 0030) Pixel Spacing                       DS: [5, 1.50]"),
    "an integer": ((0x00200013, "IS", "007"), "(0020, 0013) Instance Number                     IS: '7'"),
    "text": ((0x00104000, "LT", "(0010,001B)"), "(0010, 4000) Patient Comments                    LT: '(0010,001B)'"),
    "a long text": (
        (0x00104000, "UT", "x" * 20),
        "(0010, 4000) Patient Comments                    UT: Array of 20 elements",
    ),
    "a name": ((0x00100010, "PN", "DOE^JANE"), "(0010, 0010) Patient's Name                      PN: 'DOE^JANE'"),
    "a known UID": (
        (0x00081150, "UI", "1.2.840.10008.1.2"),
        "(0008, 1150) Referenced SOP Class UID            UI: Implicit VR Little Endian",
    ),
    "a name that is cut": (
        (0x00400255, "LO", "x"),
        "(0040, 0255) Performed Procedure Type Descriptio LO: 'x'",
    ),
    "a creator": ((0x00290010, "LO", "Quokka"), "(0029, 0010) Private Creator                     LO: 'Quokka'"),
}


@pytest.mark.parametrize(("element", "line"), DUMPED.values(), ids=DUMPED)
def test_a_line_of_a_dump(element, line):
    assert printed(DataElement(0x00081140, "SQ", [item(element)])) == f"[{line}]"


def test_sequences_inside_sequences_are_indented():
    deepest = item((0x0008103E, "LO", "DOE"))
    inner = item((0x00081140, "SQ", Sequence([deepest, Dataset()])), (0x00081155, "UI", "1.5"))
    outer = DataElement(0x0040A170, "SQ", [item((0x0040A170, "SQ", Sequence([inner]))), item((0x00180050, "DS", "5"))])

    assert printed(outer) == (
        "[(0040, a170)  Purpose of Reference Code Sequence  1 item(s) ---- \n"
        "   (0008, 1140)  Referenced Image Sequence  2 item(s) ---- \n"
        "      (0008, 103e) Series Description                  LO: 'DOE'\n"
        "      ---------\n"
        "\n"
        "      ---------\n"
        "   (0008, 1155) Referenced SOP Instance UID         UI: 1.5\n"
        "   ---------"
        "(0018, 0050) Slice Thickness                     DS: '5.0']"
    )


def test_a_representation_that_nothing_names_is_printed_with_its_kind():
    private = item((0x00290010, "LO", "Quokka"), (0x00291010, "UN", b"x\0"))
    whole = Dataset()
    whole.add_new(0x00081140, "SQ", Sequence([private]))
    file = io.BytesIO()
    whole.save_as(file, implicit_vr=True, little_endian=True)
    read = dcmread(io.BytesIO(file.getvalue()), force=True)

    assert printed(read[0x00081140]) == (
        "[(0029, 0010) Private Creator                     VR.LO: 'Quokka'\n"
        "(0029, 1010) Private tag data                    VR.UN: b'x\\x00']"
    )
