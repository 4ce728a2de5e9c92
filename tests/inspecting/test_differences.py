"""inspect(): what became of every attribute, and what is said of the files that were not compared."""

from __future__ import annotations

import copy
import re
import warnings
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

import midi_nb as mn
from midi_nb.frames import DIFFERENCES


@pytest.fixture
def pair(tmp_path, make):
    """pair(before, after): two folders of one file each, with the attributes given; and their mapping."""
    numbers = count(1)

    def made(before, after):
        number = next(numbers)
        folders = tmp_path / "original", tmp_path / "released"
        for folder, side, attributes in zip(folders, ("1", "2"), (before, after), strict=True):
            make.file(folder / f"{number}.dcm", f"{side}.{number}", **attributes)
        return *folders, {f"1.{n}": f"2.{n}" for n in range(1, number + 1)} | {"1.99": "2.99"}

    return made


def inspect(*given, **options):
    return mn.inspect(*given, progress=False, **options)


def one(differences, path):
    """The row of a path."""
    return differences[differences["tag_path"] == path].iloc[0]


CT = "1.2.840.10008.5.1.4.1.1.2"
ITEM = Dataset()
ITEM.ReferencedSOPInstanceUID = "1.99"
NEW_ITEM = Dataset()
NEW_ITEM.ReferencedSOPInstanceUID = "2.99"

CASES = {
    "kept": ({"PatientSex": "F"}, {"PatientSex": "F"}, "(0010,0040)", "F", "F"),
    "kept: a number in another spelling": ({"KVP": "120"}, {"KVP": "120.0"}, "(0018,0060)", "120", "120.0"),
    "kept: empty before and after": ({"PatientSex": ""}, {"PatientSex": ""}, "(0010,0040)", "", ""),
    "emptied": ({"PatientName": "DOE^JANE"}, {"PatientName": ""}, "(0010,0010)", "DOE^JANE", ""),
    "removed": ({"PatientName": "DOE^JANE"}, {}, "(0010,0010)", "DOE^JANE", None),
    "replaced": ({"PatientName": "DOE^JANE"}, {"PatientName": "X"}, "(0010,0010)", "DOE^JANE", "X"),
    "replaced: a date by none": (
        {"StudyDate": "20130829"},
        {"StudyDate": "20130231"},
        "(0008,0020)",
        "20130829",
        "20130231",
    ),
    "added": ({}, {"PatientIdentityRemoved": "YES"}, "(0012,0062)", None, "YES"),
    "shifted": ({"StudyDate": "20130829"}, {"StudyDate": "20130831"}, "(0008,0020)", "20130829", "20130831"),
    "remapped": (
        {"ReferencedImageSequence": [ITEM]},
        {"ReferencedImageSequence": [NEW_ITEM]},
        "(0008,1140)[0](0008,1155)",
        "1.99",
        "2.99",
    ),
    "replaced: items of a sequence": (
        {"ReferencedImageSequence": [ITEM]},
        {"ReferencedImageSequence": [NEW_ITEM, NEW_ITEM]},
        "(0008,1140)",
        "1 item",
        "2 items",
    ),
}


@pytest.mark.parametrize(("case", "row"), CASES.items(), ids=CASES)
def test_each_change_has_its_name_and_both_values(pair, case, row):
    before, after, path, was, now = row
    found = one(inspect(*pair(before, after)), path)

    assert found["change"] == case.split(":")[0]
    assert [None if pd.isna(found[name]) else found[name] for name in ("original", "actual")] == [was, now]
    assert pd.isna(found["days"]) or (case, found["days"]) == ("shifted", 2)


def test_a_patient_id_is_remapped_as_its_mapping_says(pair):
    folders = pair({"PatientID": "OLD"}, {"PatientID": "NEW"})

    assert one(inspect(*folders, {"OLD": "NEW"}), "(0010,0020)")["change"] == "remapped"
    assert one(inspect(*folders, {"OLD": "OTHER"}), "(0010,0020)")["change"] == "replaced"


def rewritten(folder, *elements, implicit=False):
    """The folder whose one file has these elements too."""
    (path,) = folder.iterdir()
    dataset = dcmread(path)
    for element in elements:
        dataset[element.tag] = element
    if implicit:
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2"
    dataset.save_as(path, implicit_vr=implicit)
    return folder


@pytest.mark.parametrize("text", ["chest", ""])
@pytest.mark.parametrize("vr", ["UT", "UN"])
def test_a_value_written_as_of_another_vr_is_a_change(pair, text, vr):
    """pydicom's == says so, too; and nothing is said of "Nothing changed"."""
    block = DataElement(0x00190010, "LO", "ACME")
    value = text.encode() if vr == "UN" else text
    before, after, _ = pair({}, {})
    rewritten(before, block, DataElement(0x00191001, "LO", text))
    rewritten(after, block, DataElement(0x00191001, vr, value))
    found = inspect(before, after, {"1.1": "2.1"})
    row, table = one(found, '(0019,"ACME",01)'), mn.before_after(found, by="creator").set_index("creator")

    assert row[["change", "vr", "released_vr"]].tolist() == ["retyped", "LO", vr]
    assert table.loc["ACME", ["kept", "retyped", "untouched"]].tolist() == [0, 1, 1]


def test_a_file_that_says_no_vr_changes_none(pair):
    before, after, uids = pair({}, {"StudyDescription": "chest"})
    rewritten(before, DataElement(0x00081030, "UT", "chest"))
    rewritten(after, implicit=True)

    assert one(inspect(before, after, uids), "(0008,1030)")["change"] == "kept"


def test_a_private_creator_is_spelled_as_in_the_file(pair):
    before, after, uids = pair({}, {})
    rewritten(after, DataElement(0x00190010, "LO", "Acme y"), DataElement(0x00191001, "LO", "x"))

    assert one(inspect(before, after, uids), '(0019,"ACME Y",01)')["creator"] == "Acme y"


def test_a_mapping_of_uids_that_swaps_patients_is_doubtful(tmp_path, make):
    """The mapping of patients says the opposite."""
    for number, patient in enumerate(("ANN", "BEN"), 1):
        make.file(tmp_path / "original" / f"{number}.dcm", f"1.{number}", PatientID=patient)
        make.file(tmp_path / "released" / f"{number}.dcm", f"2.{number}", PatientID=patient[0])
    given = tmp_path / "original", tmp_path / "released"
    with pytest.warns(UserWarning, match=r"^Pairs whose files do not look like one image \(.* or patient\): 2; "):
        found = inspect(*given, {"1.1": "2.2", "1.2": "2.1"}, {"ANN": "A", "BEN": "B"})

    assert found["doubtful"].all()
    assert not inspect(*given, {"1.1": "2.1", "1.2": "2.2"}, {"ANN": "A", "BEN": "B"})["doubtful"].any()


def test_a_row_says_where_it_is_from(pair):
    found = inspect(*pair({"PatientID": "OLD", "Modality": "CT", "Manufacturer": "Ünsal"}, {}))
    row = one(found, "(0008,0060)")

    assert list(found.columns) == list(DIFFERENCES)
    assert row[["patient", "instance", "released", "modality", "manufacturer", "file"]].tolist() == [
        "OLD", "1.1", "2.1", "CT", "Ünsal", "1.dcm"
    ]  # fmt: skip
    assert row[["name", "vr", "scope", "change", "actual"]].tolist() == ["Modality", "CS", "Series", "replaced", "OT"]


ASKED = {
    "basic": {"(0010,0010)": "Z", "(0008,0020)": "Z", "(0018,1000)": "X", '(0029,"ACME",01)': "X", "(0018,0060)": None},
    "basic+retain_device+retain_modified_dates": {"(0018,1000)": "K", "(0008,0020)": "C", "(0010,0010)": "Z"},
}


@pytest.mark.parametrize("profile", ASKED)
def test_each_row_says_what_the_standard_asks_of_it(pair, profile):
    has = {"PatientName": "DOE", "StudyDate": "20130829", "DeviceSerialNumber": "7", "KVP": 120}
    original, released, uids = pair(has | {"SOPClassUID": CT}, {"SOPClassUID": CT})
    dataset = dcmread(original / "1.dcm")
    dataset.private_block(0x0029, "ACME", create=True).add_new(0x01, "LO", "x")
    dataset.save_as(original / "1.dcm")
    found = inspect(original, released, uids, profile=profile).set_index("tag_path")["asked"].astype(object)

    assert found.where(found.notna(), None)[list(ASKED[profile])].to_dict() == ASKED[profile]


def test_an_unknown_profile_is_refused_before_anything_is_read(pair):
    with pytest.raises(ValueError, match=r"^profile must be basic, or basic with options joined by"):
        inspect(*pair({}, {}), profile="strict")
    with pytest.raises(ValueError, match=r"^edition must be one of "):
        inspect(*pair({}, {}), edition="1999a")


def test_a_private_attribute_is_known_by_its_creator_wherever_its_block_is(tmp_path, make):
    for side, block in (("1", 0x10), ("2", 0x11)):
        dataset = make.dataset(f"{side}.1")
        dataset.add_new((0x0029, block), "LO", "ACME")
        dataset.add_new((0x0029, block << 8 | 0x01), "LO", "secret")
        make.saved(dataset, tmp_path / side / "a.dcm")
    row = one(inspect(tmp_path / "1", tmp_path / "2", {"1.1": "2.1"}), '(0029,"ACME",01)')

    assert row[["change", "creator", "private"]].tolist() == ["kept", "ACME", True]


def test_files_without_a_certain_partner_are_named_and_not_compared(tmp_path, make):
    original, released = tmp_path / "original", tmp_path / "released"
    for name, uid in {"a": "1.1", "b": "1.2", "c": "1.3", "d": "1.4", "twin": "1.4"}.items():
        make.file(original / f"{name}.dcm", uid)
    for name, uid in {"a": "2.1", "b": "2.2", "b again": "2.2", "stranger": "2.9"}.items():
        make.file(released / f"{name}.dcm", uid)
    (released / "notes.txt").write_text("DOE^JANE")
    (original / "half.dcm").write_bytes((original / "a.dcm").read_bytes()[:200])
    with pytest.warns(UserWarning, match="^Files that were not compared: ") as said:
        found = inspect(original, released, {f"1.{number}": f"2.{number}" for number in range(1, 5)})

    assert set(found["file"]) == {"a.dcm"}
    assert sorted(found.attrs["skipped"]) == [
        ("b again.dcm", "released: other files have its SOP Instance UID too"),
        ("b.dcm", "original: no released file of it"),
        ("b.dcm", "released: other files have its SOP Instance UID too"),
        ("c.dcm", "original: no released file of it"),
        ("d.dcm", "original: other files have its SOP Instance UID too"),
        ("half.dcm", "original: no readable DICOM with a SOP Instance UID"),
        ("notes.txt", "released: not DICOM (no preamble and DICM)"),
        ("stranger.dcm", "released: not in the mapping"),
        ("twin.dcm", "original: other files have its SOP Instance UID too"),
    ]
    assert len(said) == 1
    assert "DOE" not in str(said[0].message)
    assert str(said[0].message).endswith('attrs["skipped"] names them.')


def test_one_released_file_of_two_originals_is_not_compared(tmp_path, make):
    for name in ("1.1", "1.2"):
        make.file(tmp_path / "original" / name, name)
    make.file(tmp_path / "released" / "a.dcm", "2.1")
    with pytest.warns(UserWarning, match="1 × released: the mapping names several originals"):
        assert inspect(tmp_path / "original", tmp_path / "released", {"1.1": "2.1", "1.2": "2.1"}).empty


def test_a_pair_that_does_not_look_like_one_image_is_doubtful(pair):
    folders = pair({"Rows": 64, "Columns": 64}, {"Rows": 128, "Columns": 64})
    message = (
        "Pairs whose files do not look like one image (another class, size, image or patient): 1; the column doubtful "
        "marks their rows. Is the mapping that of these folders?"
    )
    with pytest.warns(UserWarning, match=f"^{re.escape(message)}$"):
        assert inspect(*folders)["doubtful"].all()


@pytest.mark.parametrize(
    ("name", "doubtful"), [("X", True), ("DOE^JANE", False)], ids=["nothing in common", "the name stayed"]
)
def test_a_pair_of_other_pixels_and_identifiers_is_doubtful(pair, name, doubtful):
    one, other = np.random.default_rng(0).integers(0, 255, (2, 32, 32), dtype="uint8")
    folders = pair({"PatientName": "DOE^JANE", "pixels": one}, {"PatientName": name, "PatientID": "Z", "pixels": other})
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        assert set(inspect(*folders)["doubtful"]) == {doubtful}
    assert len(heard) == doubtful


@pytest.mark.parametrize("side", ["original", "released"])
def test_files_that_are_cut_off_are_not_compared(pair, side):
    folders = pair({"ImageComments": "seen by Dr Meyer"}, {"ImageComments": "seen by nobody at all"})
    (file,) = folders[side == "released"].iterdir()
    file.write_bytes(file.read_bytes()[:-2])
    with pytest.warns(UserWarning, match="^Files that were not compared: "):
        skipped = inspect(*folders).attrs["skipped"]
    assert (file.name, f"{side}: cut off within an attribute, what followed is lost") in skipped


@pytest.mark.parametrize("same", ["headers", "pixels"])
def test_a_mapping_that_swaps_two_patients_is_doubtful(tmp_path, make, same):
    for side, uid in (("original", "1"), ("released", "2")):
        for number, name in ((1, "DOE"), (2, "ROE")):
            swapped = same == "pixels" and side == "released"
            pixels = np.full((4, 4), 3 - number if swapped else number, "uint8")  # too plain to say which image it is
            make.file(
                tmp_path / side / name, f"{uid}.{number}", PatientName=name, PatientID=f"ID {name}", pixels=pixels
            )
    folders = tmp_path / "original", tmp_path / "released"
    assert not inspect(*folders, {"1.1": "2.1", "1.2": "2.2"})["doubtful"].any()
    with pytest.warns(UserWarning, match=r"^Pairs whose files do not look like one image \(.*\): 2; "):
        assert inspect(*folders, {"1.1": "2.2", "1.2": "2.1"})["doubtful"].all()


def test_originals_that_are_the_release_are_noticed(small_demo):
    message = "^Nothing changed: every released file has exactly the attributes of its original.$"
    with pytest.warns(UserWarning, match=message):
        assert set(inspect(small_demo.original, small_demo.original)["change"]) == {"kept"}


def test_folders_are_paired_where_no_mapping_is_given(small_demo, make):
    reference = small_demo.submissions["reference"]

    make.assert_same(inspect(small_demo.original, reference.folder), inspect(small_demo.original, reference))


def test_parts_add_up_to_the_whole_over_an_executor_and_when_resumed(small_demo, make, tmp_path, monkeypatch):
    monkeypatch.setattr("midi_nb.engine.batches.BATCH", 5)
    reference, out = small_demo.submissions["reference"], tmp_path / "kept"
    whole = inspect(small_demo.original, reference)
    with ThreadPoolExecutor(2) as executor:
        kept = mn.inspect_run(small_demo.original, reference, out, executor=executor, progress=False)
    parts = sorted((out / "parts").glob("*.parquet"))
    untouched = parts[0].stat().st_mtime_ns
    parts[1].unlink()
    again = inspect(small_demo.original, reference, out=out)

    assert parts[0].stat().st_mtime_ns == untouched
    make.assert_same(again, whole)
    pd.testing.assert_frame_equal(mn.before_after(kept), mn.before_after(whole))


def test_a_run_of_another_verb_is_no_inspection(make, tmp_path):
    run = mn.write_run(make.results([{}]), tmp_path / "run")
    message = f"before_after(): {run / 'parts' / 'part-000000.parquet'} needs the column change, missing in this frame"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        mn.before_after(run)


def test_a_part_is_made_anew_where_an_original_changed(pair, tmp_path):
    original, released, uids = pair({"ImageComments": "first"}, {"ImageComments": "first"})
    inspect(original, released, uids, out=tmp_path / "kept")
    [file] = original.glob("*")
    file.write_bytes(file.read_bytes().replace(b"first", b"frist"))
    found = inspect(original, released, uids, out=tmp_path / "kept")
    assert one(found, "(0020,4000)")[["original", "change"]].tolist() == ["frist", "replaced"]


def test_before_after_counts_each_change(pair):
    pair({"PatientName": "A", "PatientSex": "F"}, {"PatientName": "", "PatientSex": "F"})
    found = inspect(*pair({"PatientName": "B"}, {"PatientSex": "O"}))
    table = mn.before_after(found, by=["tag", "name"]).set_index("tag")

    assert table.loc["(0010,0010)", ["name", "emptied", "removed", "attributes", "untouched"]].tolist() == [
        "Patient's Name", 1, 1, 2, 0.0
    ]  # fmt: skip
    assert table.loc["(0010,0040)", ["kept", "added", "attributes", "untouched"]].tolist() == [1, 1, 2, 1.0]
    assert mn.before_after(found.iloc[:0]).empty
    with pytest.raises(ValueError, match="by must be other columns"):
        mn.before_after(found, by="change")


def test_values_can_be_masked(pair):
    found = mn.mask_values(inspect(*pair({"PatientName": "DOE^JANE", "StudyDate": "20130829"}, {})))

    assert "DOE^JANE" not in found.to_csv()
    assert one(found, "(0010,0010)")["original"] == "•••"


def test_of_long_sequences_that_lost_an_item_the_others_are_the_same(pair):
    items = [Dataset() for _ in range(150)]
    for number, item in enumerate(items):
        item.CodeMeaning = f"no. {number}"
    original, released, uids = pair({"ConceptCodeSequence": items}, {"ConceptCodeSequence": items[:70] + items[71:]})
    nested = inspect(original, released, uids).query("tag_path.str.contains('(0008,0104)', regex=False)")
    assert nested[nested["change"] != "kept"][["tag_path", "change"]].to_numpy().tolist() == [
        ["(0040,a168)[70](0008,0104)", "removed"]
    ]


def test_items_are_compared_with_those_they_are_most_like(pair):
    """The first was deleted and one added at the end; the others stand at the places of those before them."""
    before, after = ([Dataset() for _ in range(count)] for count in (4, 5))
    for number, item in enumerate(before):
        item.ReferencedSOPInstanceUID = f"1.9{number}"
        item.PurposeOfReferenceCodeSequence = [Dataset()]
        item.PurposeOfReferenceCodeSequence[0].CodeMeaning = f"no. {number}"
    for number, item in enumerate(after, 1):
        item.ReferencedSOPInstanceUID = f"2.9{number}"
    for number in (1, 3):
        after[number - 1].PurposeOfReferenceCodeSequence = copy.deepcopy(before[number].PurposeOfReferenceCodeSequence)
    original, released, uids = pair({"ReferencedImageSequence": before}, {"ReferencedImageSequence": after})
    found = inspect(original, released, uids | {f"1.9{number}": f"2.9{number}" for number in range(4)})

    became = {path: change for path, change in zip(found["tag_path"], found["change"], strict=True) if "[" in path}
    gone = {"(0040,a170)": "removed", "(0040,a170)[0](0008,0104)": "removed"}
    kept = {"(0040,a170)": "kept", "(0040,a170)[0](0008,0104)": "kept"}
    assert became == {
        f"(0008,1140)[{number}]{path}": change
        for number, item in enumerate(
            [
                {"(0008,1155)": "removed", **gone},
                {"(0008,1155)": "remapped", **kept},
                {"(0008,1155)": "remapped", **gone},
                {"(0008,1155)": "remapped", **kept},
                {"(0008,1155)": "added"},
                {"(0008,1155)": "added"},
            ]
        )
        for path, change in item.items()
    }


# As pydicom compares

TEXTS = st.sampled_from(["DOE^JANE", "Doe^Jane", "Ünsal", "A\\B", "1.0", "1", "", "chest  CT"])
TAGS = {"PatientName": TEXTS, "StudyDescription": TEXTS, "PatientSex": st.sampled_from(["F", "M", "O"]),
        "StudyDate": st.sampled_from(["20130829", "20140101", ""]), "KVP": st.sampled_from(["120", "80", "80.0"]),
        "PixelSpacing": st.lists(st.sampled_from(["1", "0.5"]), min_size=2, max_size=2),
        "FrameOfReferenceUID": st.sampled_from(["1.5", "1.6"]), "Rows": st.integers(0, 3),
        "PatientComments": TEXTS, "EncapsulatedDocument": st.binary(min_size=2, max_size=2)}  # fmt: skip
ITEMS = st.lists(st.fixed_dictionaries({}, optional={name: TAGS[name] for name in ("PatientName", "StudyDate")}),
                 max_size=2)  # fmt: skip
FILES = st.tuples(*[st.fixed_dictionaries({}, optional={**TAGS, "RequestAttributesSequence": ITEMS})] * 2)


def dataset_of(make, uid, attributes):
    items = attributes.get("RequestAttributesSequence")
    plain = {name: value for name, value in attributes.items() if name != "RequestAttributesSequence"}
    dataset = make.dataset(uid, **plain)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    if items is not None:
        dataset.RequestAttributesSequence = [Dataset() for _ in items]
        for nested, values in zip(dataset.RequestAttributesSequence, items, strict=True):
            nested.update(values)
    return dataset


def flat(dataset, parent="", numbers=(0, 1)):
    """Path → element, sequences by how many items they have; written anew, for the code under test is another."""
    found = {}
    for element in dataset:
        path = f"{parent}({element.tag.group:04x},{element.tag.element:04x})"
        found[path] = element
        if element.VR == "SQ":
            found[path] = DataElement(element.tag, "US", len(element.value))
            for number, item in zip(numbers, element.value, strict=False):
                found |= flat(item, f"{path}[{number}]")
    return found


def numbered(before, after):
    """The numbers of the later items, of which there are up to two: of one against two the more equal one counts, of
    those the one that has nothing else."""

    def likeness(old, new):
        return sum(each in new and new[each] == old[each] for each in old.keys()), new == old  # noqa: SIM118

    olds, news = ([*(one.get("RequestAttributesSequence") or ())] for one in (before, after))
    equal = [[likeness(old, new) for new in news] for old in olds]
    if (len(olds), len(news)) == (2, 1):
        return [int(equal[1][0] > equal[0][0])]
    return [1, 0] if (len(olds), len(news)) == (1, 2) and equal[0][1] > equal[0][0] else [0, 1]


def agrees(make, folder, pairs):
    """Holds `inspect` of the pairs of attributes against what pydicom makes of the files that it reads back."""
    from pydicom import dcmread

    uids, truth = {}, {}
    for number, sides in enumerate(pairs):
        read = []
        for side, attributes in zip("12", sides, strict=True):
            path = make.saved(
                dataset_of(make, f"{side}.{number}", copy.deepcopy(attributes)), folder / side / str(number)
            )
            read.append(dcmread(path))
        uids[f"1.{number}"] = f"2.{number}"
        read[1].SOPInstanceUID = read[0].SOPInstanceUID
        before, after = flat(read[0]), flat(read[1], numbers=numbered(*read))
        truth |= {(str(number), path): _change(before.get(path), after.get(path)) for path in {**before, **after}}
        assert (read[0] == read[1]) == all(truth[str(number), path] == "kept" for path in {**before, **after})
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Nothing changed|Pairs whose")
        found = inspect(folder / "1", folder / "2", uids)
    rows = zip(found["file"], found["tag_path"], found["change"], strict=True)
    plain = {"kept": "kept", "removed": "removed", "added": "added"}
    seen = {(file, path): plain.get(change, "changed") for file, path, change in rows if path != "(0008,0018)"}
    assert seen == {place: change for place, change in truth.items() if place[1] != "(0008,0018)"}


def _change(old, new):
    if old is None or new is None:
        return "added" if old is None else "removed"
    return "kept" if old == new else "changed"


@settings(phases=[Phase.explicit, Phase.reuse, Phase.generate])  # the files of a failing example are there to look at
@given(pairs=st.lists(FILES, min_size=5, max_size=5))
def test_what_is_kept_is_what_pydicom_finds_equal(tmp_path_factory, make, pairs):
    agrees(make, tmp_path_factory.mktemp("pairs"), pairs)
