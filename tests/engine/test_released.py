import hashlib
import logging
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.misc import warn_and_log
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian

from midi_nb.engine import released
from midi_nb.engine.released import Released, Unreadable


def item(**attributes):
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.fixture
def rich(make, tmp_path):
    """A file with every kind of value, read back."""
    dataset = make.dataset(
        PatientName="DOE^JANE ",
        StudyDescription="  CHEST  ",
        PatientComments="a<b>",
        SliceThickness="1.80",
        ImageType=["ORIGINAL", "PRIMARY"],
        PixelSpacing=["1.0", "2.50"],
        AccessionNumber="",
        FrameTime="",
        ReferencedImageSequence=Sequence(
            [
                item(ReferencedSOPInstanceUID="1.5"),
                item(
                    ReferencedSOPInstanceUID="1.6", PurposeOfReferenceCodeSequence=Sequence([item(CodeMeaning="DOE")])
                ),
            ]
        ),
        ReferencedStudySequence=Sequence([]),
        pixels=np.zeros((2, 3), "uint8"),
    )
    dataset.add_new(0x00082144, "IS", None)
    dataset.add_new(0x00280009, "AT", 0x00181063)
    dataset.add_new(0x00189073, "FD", 0.5)
    dataset.add_new(0x00189322, "FD", [0.5, 0.25])
    dataset.add_new(0x60003000, "OW", b"\1\0")
    dataset.private_block(0x0029, "Quokka", create=True).add_new(0x10, "LO", "burrow")
    dataset.private_block(0x0029, "OTHER ONE", create=True).add_new(0x10, "UN", b"\7\0")
    dataset.add_new(0x00330010, "LO", "TWICE")
    dataset.add_new(0x00330011, "LO", "twice")
    dataset.add_new(0x00331005, "LO", "earlier")
    dataset.add_new(0x00331105, "LO", "later")
    dataset.add_new(0x00331006, "LO", "only in the first")
    dataset.add_new(0x00351001, "LO", "without creator")
    return released.read(make.saved(dataset, tmp_path / "rich.dcm"))


TEXTS = {
    "(0010,0010)": "DOE^JANE",
    "(0008,1030)": "CHEST",
    "(0010,4000)": "a<b>",
    "(0018,0050)": "1.80",
    "(0008,0008)": "['ORIGINAL', 'PRIMARY']",
    "(0028,0030)": "[1.0, 2.50]",
    "(0008,0050)": "",
    "(0008,2144)": "",
    "(0018,1063)": "",
    "(0018,9073)": "0.5",
    "(0018,9322)": "[0.5, 0.25]",
    "(0028,0009)": "(0018, 1063)",  # as pydicom 2 writes a tag
    "(0008,1110)": "[]",
    "(0008,1140)[0](0008,1155)": "1.5",
    "(0008,1140)[1](0008,1155)": "1.6",
    "(0008,1140)[1](0040,a170)[0](0008,0104)": "DOE",
    "(7fe0,0010)": "REMOVED",
    "(6000,3000)": "REMOVED",
    '(0029,"QUOKKA",10)': "burrow",
    '(0029,"OTHER ONE",10)': "b'\\x07\\x00'",
    "(0029,0010)": "Quokka",
    "(0029,0011)": "OTHER ONE",
    '(0033,"TWICE",05)': "later",
    '(0033,"TWICE",06)': "only in the first",
    "(0035,1001)": "without creator",
}
ABSENT = {
    "(0010,0030)": "not in the file",
    "(0002,0010)": "file meta is never seen",
    "(0008,103E)": "upper-case hex never matches",
    "(0010,001O)": "no path at all",
    '(0029,"Quokka",10)': "a creator not in capitals never matches",
    '(0029,"QUOKKA",11)': "not in the block",
    '(0031,"QUOKKA",10)': "not in the group",
    "(0029,1010)": "goes by its creator",
    "(0008,1140)[2](0008,1155)": "no such item",
    "(0008,1110)[0](0008,1155)": "an empty sequence",
    "(0010,0010)[0](0008,1155)": "no sequence",
    "(0040,0275)[0](0040,0007)": "no such sequence",
}


@pytest.mark.parametrize(("path", "text"), TEXTS.items())
def test_texts_are_those_of_the_official_script(rich, path, text):
    assert rich.text(path) == text
    assert rich.text(path) == text


@pytest.mark.parametrize("path", ABSENT, ids=ABSENT.values())
def test_what_is_absent_has_no_text(rich, path):
    assert rich.text(path) is None


def test_a_sequence_is_the_print_of_its_items(rich):
    text = rich.text("(0008,1140)")

    assert text.startswith("[")
    assert text.endswith("]")
    assert "(0008, 1155) Referenced SOP Instance UID" in text
    assert "DOE" in text


def private_sequences(make, path, vr="SQ"):
    """A file with a private sequence of either length, each with a private attribute of its own in its item."""
    dataset = make.dataset()
    for block, undefined in (("Defined", False), ("Undefined", True)):
        nested = item(CodeMeaning="DOE")
        nested.private_block(0x0029, "Inner", create=True).add_new(0x08, "LO", "JANE")
        private = dataset.private_block(0x0029, block, create=True)
        private.add_new(0x40, "SQ", Sequence([nested]))
        private[0x40].is_undefined_length = undefined
    make.saved(dataset, path)
    if vr != "SQ":
        path.write_bytes(path.read_bytes().replace(b"SQ\0\0\xff\xff\xff\xff", b"UN\0\0\xff\xff\xff\xff"))
    return released.read(path)


def test_a_private_sequence_of_undefined_length_has_no_creator_in_its_step(make, tmp_path):
    file = private_sequences(make, tmp_path / "a.dcm")

    assert file.text('(0029,"DEFINED",40)[0](0008,0104)') == "DOE"
    assert file.text("(0029,1140)[0](0008,0104)") == "DOE"
    assert file.text('(0029,1140)[0](0029,"INNER",08)') == "JANE"
    assert file.text("(0029,1140)").startswith("[(0008, 0104) Code Meaning")
    assert file.text("(0029,1040)") is file.text('(0029,"UNDEFINED",40)') is None
    assert file.text('(0029,"UNDEFINED",40)[0](0008,0104)') is None
    assert [path for path, _ in file.elements() if "0104" in path] == [
        '(0029,"DEFINED",40)[0](0008,0104)',
        "(0029,1140)[0](0008,0104)",
    ]


def test_so_has_an_unknown_value_of_undefined_length(make, tmp_path):
    file = private_sequences(make, tmp_path / "a.dcm", vr="UN")
    assert file.text("(0029,1140)").startswith("[")
    assert file.text('(0029,"UNDEFINED",40)') is None


def test_an_attribute_is_found_by_either_path(make, tmp_path):
    file = private_sequences(make, tmp_path / "a.dcm")
    there = "(0029,1140)[0](0008,0104)"

    assert file.spelled(there) == file.spelled('(0029,"UNDEFINED",40)[0](0008,0104)') == there
    assert file.spelled("(0029,1040)") == '(0029,"DEFINED",40)'
    assert file.spelled("(0008,0060)") == "(0008,0060)"
    assert file.spelled('(0029,"UNDEFINED",41)') is file.spelled("(0010,0010)") is None


def test_of_two_blocks_of_one_creator_the_later_hides_only_the_paths_it_has(make, tmp_path):
    name = Dataset()
    name.PatientName = "DOE^JANE"
    dataset = make.dataset()
    for block, items in ((0x10, [name]), (0x11, [Dataset()]), (0x12, [])):
        dataset.add_new(0x00290000 | block, "LO", "ACME")
        dataset.add_new(0x00290040 | block << 8, "SQ", items)
    make.saved(dataset, tmp_path / "a.dcm")
    file = released.read(tmp_path / "a.dcm")

    assert file.text('(0029,"ACME",40)') == "[]"
    assert file.text('(0029,"ACME",40)[0](0010,0010)') == "DOE^JANE"
    assert file.text('(0029,"ACME",40)[1](0010,0010)') is None


def test_a_private_group_length_is_the_creator_of_its_creators(make, tmp_path):
    dataset = make.dataset()
    dataset.private_block(0x0029, "Quokka", create=True).add_new(0x10, "LO", "burrow")
    path = make.saved(dataset, tmp_path / "a.dcm")
    creator = b"\x29\0\x10\0LO"
    length = b"\x29\0\0\0UL\4\0\x2c\0\0\0"  # pydicom writes none any more
    path.write_bytes(path.read_bytes().replace(creator, length + creator))
    file = released.read(path)

    assert file.text("(0029,0000)") == "44"
    assert file.text('(0029,"44",10)') == "Quokka"
    assert file.text("(0029,0010)") is None
    assert file.text('(0029,"QUOKKA",10)') == "burrow"


def test_every_element_has_a_path_and_its_text(rich):
    paths = [path for path, _ in rich.elements()]

    assert {path for path in TEXTS if "TWICE" not in path} <= set(paths)
    assert not set(ABSENT) & set(paths)
    assert paths.index("(0008,1140)") + 1 == paths.index("(0008,1140)[0](0008,1155)")
    assert all(rich.text(path) is not None for path in paths)
    assert paths.count('(0033,"TWICE",05)') == 2


def test_a_text_does_not_depend_on_another_of_the_same_bytes(make, tmp_path):
    dataset = make.dataset()
    for tag in (0x00280106, 0x00281101):  # of the second, a table's descriptor, pydicom takes the length as unsigned
        dataset.add_new(tag, "US", [65535, 0, 16])
    path = make.saved(dataset, tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes().replace(b"US\6\0", b"SS\6\0"))
    with released.quiet():
        file = released.read(path)
        assert (file.text("(0028,0106)"), file.text("(0028,1101)")) == ("[-1, 0, 16]", "[65535, 0, 16]")


@pytest.mark.parametrize(
    ("charset", "encoding"), [("ISO_IR 100", "latin-1"), ("ISO_IR 192", "utf-8"), ("ISO_IR 144", "iso8859-5")]
)
def test_the_same_bytes_read_otherwise_in_another_character_set(make, tmp_path, charset, encoding):
    dataset = make.dataset(SpecificCharacterSet=charset)
    dataset.add_new(0x00100010, "PN", "é".encode())
    with released.quiet():
        file = released.read(make.saved(dataset, tmp_path / "a.dcm"))
        assert file.text("(0010,0010)") == "é".encode().decode(encoding)


def test_an_unparsable_number_is_text(make, tmp_path):
    path = make.file(tmp_path / "a.dcm", SliceThickness="1.5")
    path.write_bytes(path.read_bytes().replace(b"DS\x04\x001.5 ", b"DS\x04\x00AAAA"))
    with released.quiet():
        assert released.read(path).text("(0018,0050)") == "AAAA"


def test_the_digest_is_that_of_the_stored_bytes(make, tmp_path):
    pixels = np.arange(6, dtype="uint16").reshape(2, 3)

    assert (
        released.read(make.file(tmp_path / "a.dcm", pixels=pixels)).digest == hashlib.md5(pixels.tobytes()).hexdigest()
    )
    assert released.read(make.file(tmp_path / "b.dcm")).digest is None


def test_files_that_are_no_dicom_say_so(make, tmp_path):
    whole = make.file(tmp_path / "whole.dcm", PatientName="SECRET").read_bytes()
    for name, content in (("text", b"hello"), ("bare", whole[132:]), ("cut", whole[:141])):
        (tmp_path / name).write_bytes(content)

    reasons = {}
    for name in ("text", "bare", "cut"):
        with pytest.raises(Unreadable) as raised, released.quiet():
            released.read(tmp_path / name)
        reasons[name] = str(raised.value)

    assert reasons["text"] == reasons["bare"] == "not DICOM (no preamble and DICM)"
    assert reasons["cut"] == "broken DICOM (BytesLengthException)"
    assert not any("SECRET" in reason for reason in reasons.values())


def test_a_file_that_only_names_the_deflated_syntax_is_none(make, tmp_path):
    dataset = make.dataset(PatientName="ANON")
    dataset.add_new(0x00083002, "UI", [DeflatedExplicitVRLittleEndian])  # Available Transfer Syntax UID
    assert released.read(make.saved(dataset, tmp_path / "a.dcm")).text("(0010,0010)") == "ANON"


def test_a_deflated_file_is_read_whatever_its_header_says_of_its_length(make, tmp_path):
    dataset = make.dataset(PatientName="ANON")
    make.saved(dataset, tmp_path / "plain.dcm")
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(tmp_path / "whole.dcm", enforce_file_format=True)
    whole = (tmp_path / "whole.dcm").read_bytes()
    (tmp_path / "without.dcm").write_bytes(whole[:132] + whole[144:])
    (tmp_path / "wrong.dcm").write_bytes(whole[:140] + b"\x07\0\0\0" + whole[144:])
    for name in ("whole", "without", "wrong"):
        assert released.read(tmp_path / f"{name}.dcm").text("(0010,0010)") == "ANON"


def test_long_texts_are_not_kept(make, tmp_path, monkeypatch):
    monkeypatch.setattr(released, "_known", known := {})
    file = released.read(make.file(tmp_path / "a.dcm", PatientComments="x" * 5000, PatientName="ANON"))
    assert (file.text("(0010,4000)"), file.text("(0010,0010)")) == ("x" * 5000, "ANON")
    assert list(known.values()) == ["ANON"]


def test_originals_are_found_by_their_instance(make, tmp_path):
    first, second = make.file(tmp_path / "a" / "x.dcm", "1.1"), make.file(tmp_path / "y", "1.2")
    (tmp_path / "notes.txt").write_text("none")
    assert released.by_instance(tmp_path) == {"1.1": first, "1.2": second}


def test_quiet_silences_what_quotes_values(caplog):
    with warnings.catch_warnings(record=True) as heard, released.quiet():
        warn_and_log("DOE^JANE")
        logging.getLogger("pydicom.pixels.decoders").exception("DOE^JANE")
    assert heard == []
    assert caplog.text == ""


def test_quiet_leaves_the_log_as_it_was(monkeypatch):
    log = logging.getLogger("pydicom")
    monkeypatch.setattr(log, "level", logging.ERROR)
    with released.quiet():
        assert not log.isEnabledFor(logging.CRITICAL)
    assert log.level == logging.ERROR


def test_threads_are_quiet_until_the_last_is_done_and_the_main_one_is_not_silenced_for_good():
    both, done = threading.Barrier(2), threading.Event()

    def first():
        with released.quiet():
            both.wait(10)
        done.set()

    def second():
        with released.quiet():
            both.wait(10)
            done.wait(10)
            warnings.warn("DOE^JANE", stacklevel=1)
        return "quiet"

    with ThreadPoolExecutor(2) as threads:
        running = [threads.submit(first), threads.submit(second)]
        assert [task.result(20) for task in running] == [None, "quiet"]
    with pytest.warns(UserWarning, match="heard"):
        warnings.warn("heard", stacklevel=1)
    assert logging.getLogger("pydicom").isEnabledFor(logging.WARNING)


def test_a_file_in_a_folder_that_may_be_listed_but_not_entered_is_told(tmp_path, monkeypatch):
    def forbidden(path):
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "a.dcm").write_bytes(b"")
    monkeypatch.setattr(released.Path, "is_file", forbidden)
    assert list(released.files_below(tmp_path)) == [tmp_path / "a.dcm"]


def test_files_below_come_in_order_and_without_hidden_ones(tmp_path):
    for name in ("b/2.dcm", "b/10.dcm", "a.dcm", "b/.hidden", ".git/x.dcm", "c/d/e.dcm"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    assert [path.relative_to(tmp_path).as_posix() for path in released.files_below(tmp_path)] == [
        "a.dcm",
        "b/10.dcm",
        "b/2.dcm",
        "c/d/e.dcm",
    ]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no symbolic links here")
def test_links_that_lead_in_circles_end(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.dcm").touch()
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "gone.dcm").symlink_to(tmp_path / "nowhere")

    assert [path.name for path in released.files_below(tmp_path)] == ["x.dcm"]


def test_a_folder_behind_two_links_is_entered_once(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "x.dcm").touch()
    (tmp_path / "again").symlink_to(tmp_path / "real", target_is_directory=True)

    assert len(list(released.files_below(tmp_path))) == 1


def test_elements_pydicom_cannot_make_sense_of_are_passed_over():
    class Broken(Dataset):
        def __getitem__(self, tag):
            if tag == 0x00100010:
                raise ValueError("DOE^JANE")
            return super().__getitem__(tag)

    dataset = Broken()
    dataset.PatientName, dataset.PatientID = "DOE^JANE", "1"

    assert [path for path, _ in Released(dataset).elements()] == ["(0010,0020)"]


def test_the_files_of_a_folder_say_who_they_are(tmp_path, make):
    make.file(tmp_path / "a.dcm", "1.1", PatientID=" P1 ")
    make.file(tmp_path / "b.dcm", "1.2", PatientID=None)
    make.file(tmp_path / "c.dcm", SOPInstanceUID=None)
    (tmp_path / "d.txt").write_text("no DICOM", encoding="utf-8")

    found = released.identifiers(tmp_path, "SOPInstanceUID", "PatientID", "Modality")

    assert [(path.name, texts) for path, texts in found] == [
        ("a.dcm", ["1.1", "P1", "OT"]),
        ("b.dcm", ["1.2", "", "OT"]),
    ]


def test_an_attribute_is_found_at_all_its_places_in_sequences(make):
    study = item(PatientName="DOE", ReferencedImageSequence=[item(), item(PatientName="DOE")])
    file = Released(make.dataset(PatientName="DOE", ReferencedStudySequence=[study]))

    assert file.nested("(0010,0010)") == ["(0008,1110)[0](0008,1140)[1](0010,0010)", "(0008,1110)[0](0010,0010)"]
    assert file.nested("(0008,1155)") == []


def test_sequences_that_a_writer_did_not_know_are_walked_too(make, tmp_path):
    inner = b"\x08\x00\x00\x01SH\x04\x00ABCD"
    items = b"\xfe\xff\x00\xe0" + len(inner).to_bytes(4, "little") + inner
    path = make.file(tmp_path / "a.dcm", "9.1")
    # Code Value in Phantom Type Code Sequence, stored as of an unknown value representation
    path.write_bytes(path.read_bytes() + b"\x18\x00\x46\x93UN\0\0" + len(items).to_bytes(4, "little") + items)
    file = released.read(path)
    inside = "(0018,9346)[0](0008,0100)"
    assert inside in dict(file.places())
    assert inside in dict(file.elements())
    assert inside in [where for where, *_ in file.texts()]
