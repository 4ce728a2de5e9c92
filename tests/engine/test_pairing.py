"""A tool that wrote no mapping: its files are found again by what they have kept."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, RLELossless, RTStructureSetStorage

from midi_nb.answers import read_mapping
from midi_nb.engine.pairing import Pairing, pair_folders

ROOT = "1.2.826.0.1.3680043.8.498."
SERIES = [("Ann", 1), ("Ann", 2), ("Ben", 1)]


def uid(*parts: object) -> str:
    return ROOT + ".".join(str(sum(map(ord, part)) if isinstance(part, str) else part) for part in parts)


def new(old: str) -> str:
    """What the imagined tool makes of a UID."""
    return old.replace(ROOT, "1.2.3.4.5.")


def new_patient(old: str) -> str:
    return f"00{ord(old[0])}123456789"  # a text, however much like a number


def ct(patient: str, series: int, number: int) -> Dataset:
    """One slice: pixels of its own, and what belongs around them."""
    slice_ = Dataset()
    slice_.file_meta = FileMetaDataset()
    slice_.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    slice_.SOPClassUID, slice_.Modality = CTImageStorage, "CT"
    slice_.SOPInstanceUID = uid(patient, series, number)
    slice_.StudyInstanceUID, slice_.SeriesInstanceUID = uid(patient), uid(patient, series)
    slice_.FrameOfReferenceUID = uid(patient, 0)
    slice_.PatientID = slice_.PatientName = patient
    slice_.SeriesNumber, slice_.InstanceNumber = series, number
    slice_.AcquisitionTime = f"1200{number:02d}.5"
    slice_.ImagePositionPatient = [0, 0, number * 2.5]
    slice_.PixelSpacing = [0.5, 0.5]
    slice_.Rows = slice_.Columns = 8
    slice_.BitsAllocated = slice_.BitsStored = 16
    slice_.HighBit, slice_.PixelRepresentation, slice_.SamplesPerPixel = 15, 0, 1
    slice_.PhotometricInterpretation = "MONOCHROME2"
    noise = np.random.default_rng([ord(patient[0]), series, number])
    slice_.PixelData = noise.integers(0, 4096, 64, dtype="uint16").tobytes()
    neighbour = Dataset()
    neighbour.ReferencedSOPInstanceUID = uid(patient, series, 1)
    slice_.ReferencedImageSequence = Sequence([neighbour])
    return slice_


def released(original: Dataset) -> Dataset:
    """What a careful tool makes of it: new UIDs and patient ID, pixels and geometry as they were."""
    made = copy.deepcopy(original)
    made.walk(
        lambda data, element: (
            setattr(element, "value", new(element.value))
            if element.VR == "UI" and element.value.startswith(ROOT)
            else None
        )
    )
    made.PatientID = new_patient(original.PatientID)
    made.PatientName = "ANON"
    return made


def blackened(slice_: Dataset, size: int | None = None) -> Dataset:
    slice_.Rows = slice_.Columns = size or slice_.Rows
    slice_.PixelData = bytes(slice_.Rows * slice_.Columns * 2)
    return slice_


@pytest.fixture
def folders(tmp_path):
    """save(originals, made by the tool): the two folders; the files of the first have other names and order."""

    def save(olds: list[Dataset], news: list[Dataset]) -> tuple[Path, Path]:
        for name, files in (("original", olds), ("released", reversed(news))):
            (tmp_path / name).mkdir()
            for number, file in enumerate(files):
                file.save_as(tmp_path / name / f"{number}.dcm", enforce_file_format=True)
        return tmp_path / "released", tmp_path / "original"

    return save


@pytest.fixture
def slices():
    return [ct(*series, number) for series in SERIES for number in (1, 2, 3)]


def expected_uids(files: list[Dataset]) -> dict[str, str]:
    keys = ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")
    return {old: new(old) for file in files for key in keys if (old := file.get(key))}


def test_pixels_tell_the_files_and_the_files_tell_every_identifier(folders, slices):
    found = pair_folders(*folders(slices, [released(one) for one in slices]))
    assert found.uids.to_dict() == expected_uids(slices)
    assert found.patients.to_dict() == {"Ann": new_patient("Ann"), "Ben": new_patient("Ben")}
    assert (found.uids.index.name, found.uids.name) == ("old", "new")
    assert found.unpaired.empty
    assert list(found.unpaired.columns) == ["side", "file", "reason"]


def test_a_file_whose_name_cannot_be_decoded_is_named_all_the_same(folders, slices):
    made, originals = folders(slices, [released(one) for one in slices])
    (made / "caf\udce9.txt").write_bytes(b"no DICOM")
    found = pair_folders(made, originals)
    assert list(found.unpaired["file"]) == ["caf\\udce9.txt"]
    assert "caf" in found.unpaired.to_json()


def test_files_that_kept_their_uid_are_found_whatever_became_of_their_pixels(folders, slices):
    found = pair_folders(*folders(slices, [blackened(copy.deepcopy(one)) for one in slices]))
    assert found.uids.to_dict() == {old: old for old in expected_uids(slices)}


def test_recompressed_pixels_are_compared_decoded(folders, slices):
    made = [released(one) for one in slices]
    for one in made:
        one.compress(RLELossless, generate_instance_uid=False)
        for keyword in ("InstanceNumber", "SeriesNumber", "ImagePositionPatient", "AcquisitionTime"):
            delattr(one, keyword)
    assert pair_folders(*folders(slices, made)).uids.to_dict() == expected_uids(slices)


def test_files_whose_pixels_changed_are_told_by_what_the_tool_left_alone(folders, slices):
    made = [blackened(released(one)) for one in slices]
    for one in made:
        one.AcquisitionTime = "000000"  # of no help, and no hindrance
    # Ann's second series is like no other; it tells her study, and so her first series from Ben's.
    found = pair_folders(*folders(slices, made))
    assert found.uids.to_dict() == expected_uids(slices)


def test_the_number_of_a_slice_decides_only_where_a_pair_shows_that_it_stays(folders, slices):
    """Two slices of one image that differ in their number alone: a tool may have counted them the other way round."""
    one, other = alike = slices[:2]
    other.PixelData = one.PixelData
    other.ImagePositionPatient, other.AcquisitionTime = one.ImagePositionPatient, one.AcquisitionTime
    made = [released(each) for each in alike]
    made[0].InstanceNumber, made[1].InstanceNumber = 2, 1
    found = pair_folders(*folders(alike, made))

    assert found.uids.empty
    assert set(found.unpaired["reason"].str.replace("released|original", "other", regex=True)) == {
        "several other files fit it equally well"
    }


def test_a_number_that_stays_tells_slices_of_one_image(folders, slices):
    one, other, third = slices[:3]
    other.PixelData = one.PixelData
    other.ImagePositionPatient, other.AcquisitionTime = one.ImagePositionPatient, one.AcquisitionTime
    found = pair_folders(*folders([one, other, third], [released(each) for each in (one, other, third)]))

    assert found.uids.to_dict() == expected_uids([one, other, third])


def redacted(slice_: Dataset, rows: int = 2) -> Dataset:
    """A slice whose uppermost rows are black."""
    dots = slice_.pixel_array.copy()
    dots[:rows] = 0
    slice_.PixelData = dots.tobytes()
    return slice_


def test_what_a_tool_left_of_an_image_counts_more_than_numbers(folders, slices):
    two = [one for one in slices if one.SeriesNumber == 1]  # of two patients, alike but for their pixels
    made = [redacted(released(one)) for one in two]
    for one, number in zip(made, [6, 5, 4, 3, 2, 1], strict=True):
        one.InstanceNumber = one.AcquisitionNumber = number
        one.ImagePositionPatient = [0, 0, number]
    for number, one in enumerate(two, 1):
        one.InstanceNumber = one.AcquisitionNumber = number  # to which the numbers of the release point the other way
        one.ImagePositionPatient = [0, 0, number]
    found = pair_folders(*folders(two, made))
    assert found.uids.to_dict() == expected_uids(two)
    assert found.unpaired.empty


def test_numbers_do_not_decide_between_images_that_are_alike(folders):
    twins = [ct("Ann", 1, 1), ct("Ann", 1, 1)]
    twins[1].SOPInstanceUID, twins[1].InstanceNumber = uid("Ann", 1, 77), 2
    stranger = ct("Ann", 2, 3)
    made = [redacted(released(one)) for one in twins]
    made[0].InstanceNumber, made[1].InstanceNumber = 3, 2  # 3 is the stranger's
    stranger.SeriesNumber, stranger.AcquisitionTime = 1, twins[0].AcquisitionTime
    made[0].ImagePositionPatient = stranger.ImagePositionPatient
    found = pair_folders(*folders([*twins, stranger], made))
    assert stranger.SOPInstanceUID not in found.uids


def test_a_pair_that_only_numbers_speak_for_is_warned_of(folders, slices):
    made = [released(one) for one in slices]
    made[0].PixelData = ct("Eve", 1, 1).PixelData
    message = (
        "Doubtful pairs: 1 × paired, but its image has nothing in common with the original one. unpaired names them; "
        "give the tool's own mapping if it wrote one."
    )
    with pytest.warns(UserWarning, match=f"^{re.escape(message)}$") as heard:
        found = pair_folders(*folders(slices, made))
    assert heard[0].filename == __file__
    assert list(reasons(found).values()) == ["paired, but its image has nothing in common with the original one"]


def test_images_with_the_patient_id_of_another_are_warned_of(folders):
    olds = [ct("Ann", 1, 1), ct("Eve", 1, 1)]
    made = [released(one) for one in olds]
    made[0].PatientID, made[1].PatientID = olds[1].PatientID, olds[0].PatientID
    with pytest.warns(
        UserWarning, match="^Doubtful pairs: 2 × paired, but its patient ID is that of another original "
    ):
        found = pair_folders(*folders(olds, made))
    assert len(reasons(found)) == 2


def test_a_lossy_compression_is_no_other_image(folders):
    one = ct("Ann", 1, 1)
    one.Rows = one.Columns = 64
    smooth = np.add.outer(np.arange(64), np.arange(64)) * 20
    one.PixelData = smooth.astype("uint16").tobytes()
    made = released(one)
    made.PixelData = (smooth + np.random.default_rng(0).integers(1, 9, smooth.shape)).astype("uint16").tobytes()
    found = pair_folders(*folders([one], [made]))
    assert found.unpaired.empty
    assert len(found.uids) == 4


def test_what_fits_two_patients_equally_well_stays_unpaired(folders, slices):
    same = [one for one in slices if one.SeriesNumber == 1]
    found = pair_folders(*folders(same, [blackened(released(one)) for one in same]))
    assert found.uids.empty
    assert found.unpaired["reason"].value_counts().to_dict() == {
        "several released files fit it equally well": 6,
        "several original files fit it equally well": 6,
    }


def test_one_sure_pair_of_a_series_settles_its_other_files(folders, slices):
    made = [blackened(released(one)) if one.InstanceNumber > 1 else released(one) for one in slices]
    found = pair_folders(*folders(slices, made))
    assert found.uids.to_dict() == expected_uids(slices)
    assert found.unpaired.empty


def test_a_descriptor_that_the_tool_changes_everywhere_does_not_count(folders, slices):
    made = [blackened(released(one)) if one.InstanceNumber == 3 else released(one) for one in slices]
    for one in made:
        one.SeriesNumber = 99
    assert pair_folders(*folders(slices, made)).uids.to_dict() == expected_uids(slices)


def test_twins_stay_unpaired_and_are_never_guessed(folders, slices):
    twins = [ct("Ann", 1, 1) for _ in range(2)]
    twins[1].SOPInstanceUID = uid("Ann", 1, 77)
    for twin in twins:
        del twin.ReferencedImageSequence
    found = pair_folders(*folders([*twins, *slices[3:]], [released(one) for one in [*twins, *slices[3:]]]))
    assert not {twin.SOPInstanceUID for twin in twins} & set(found.uids.index)
    assert list(found.unpaired["reason"]) == ["several released files fit it equally well"] * 2 + [
        "several original files fit it equally well"] * 2  # fmt: skip


def test_black_images_are_no_evidence_for_each_other(folders, slices):
    blank, other = blackened(ct("Ann", 9, 1)), blackened(ct("Ben", 7, 4))
    found = pair_folders(*folders([*slices, blank], [*(released(one) for one in slices), released(other)]))
    assert blank.SOPInstanceUID not in found.uids
    assert list(found.unpaired["reason"]) == [
        "no released file has enough in common with it",
        "no original file has enough in common with it",
    ]


@pytest.mark.parametrize("size", [8, 512])
def test_compressed_black_images_are_none_either(folders, slices, size):
    blank, other = blackened(ct("Ann", 9, 1), size), blackened(ct("Ben", 7, 4), size)
    made = released(other)
    for one in (blank, made):
        one.compress(RLELossless, generate_instance_uid=False)
    found = pair_folders(*folders([*slices, blank], [*(released(one) for one in slices), made]))
    assert blank.SOPInstanceUID not in found.uids


def test_objects_without_pixels_are_found_by_their_study(folders, slices):
    def contours(patient: str) -> Dataset:
        plan = ct(patient, 5, 1)
        plan.SOPClassUID, plan.Modality = RTStructureSetStorage, "RTSTRUCT"
        for keyword in ("Rows", "Columns", "PixelData", "ImagePositionPatient", "PixelSpacing", "InstanceNumber"):
            delattr(plan, keyword)
        return plan

    files = [*slices, contours("Ann"), contours("Ben")]
    assert pair_folders(*folders(files, [released(one) for one in files])).uids.to_dict() == expected_uids(files)


def test_a_reference_the_tool_forgot_does_not_outvote_the_file_itself(folders, slices):
    made = [released(one) for one in slices]
    for one, old in zip(made, slices, strict=True):
        one.ReferencedImageSequence = old.ReferencedImageSequence
    found = pair_folders(*folders(slices, made))
    assert found.uids.to_dict() == expected_uids(slices)
    assert found.unpaired.empty


def test_an_identifier_that_became_several_is_reported_and_the_most_frequent_taken(folders, slices):
    made = [released(one) for one in slices]
    made[0].StudyInstanceUID, made[0].PatientID = "9.9.9", "odd"
    found = pair_folders(*folders(slices, made))
    assert found.uids[slices[0].StudyInstanceUID] == new(slices[0].StudyInstanceUID)
    assert found.patients["Ann"] == new_patient("Ann")
    assert [tuple(row) for row in found.unpaired.astype(object).to_numpy()] == [
        ("both", "0.dcm", "one original UID became 2 released ones; the most frequent was taken"),
        ("both", "0.dcm", "one original Patient ID became 2 released ones; the most frequent was taken"),
    ]


def test_what_became_several_equally_often_is_left_out(folders, slices):
    made = [released(one) for one in slices[:2]]
    made[0].PatientID = "odd"
    found = pair_folders(*folders(slices[:2], made))
    assert found.patients.empty
    assert list(found.unpaired["reason"]) == [
        "one original Patient ID became 2 released ones, equally often: not mapped"]  # fmt: skip


def test_registered_uids_are_nobodys(folders, slices):
    found = pair_folders(*folders(slices, [released(one) for one in slices]))
    assert str(UID(CTImageStorage)) not in found.uids


def test_copies_and_strangers_are_told(folders, slices):
    made = [released(one) for one in slices]
    two, one = folders(slices, [*made, made[0]])
    (two / "notes.txt").write_text("nothing medical")
    found = pair_folders(two, one)
    assert found.uids.to_dict() == expected_uids(slices)
    assert dict(zip(found.unpaired["file"], found.unpaired["reason"], strict=True)) == {
        "notes.txt": "not DICOM (no preamble and DICM)",
        "9.dcm": "a copy of another file of the same SOP Instance UID",
    }


def nameless(file: Dataset) -> Dataset:
    file.file_meta.MediaStorageSOPClassUID = file.SOPClassUID
    file.file_meta.MediaStorageSOPInstanceUID = file.SOPInstanceUID
    del file.SOPInstanceUID
    return file


def test_a_file_that_was_paired_but_has_no_uid_is_reported(folders, slices):
    made = [released(one) for one in slices]
    made[8] = nameless(made[8])  # which no reference names
    found = pair_folders(*folders(slices, made))
    assert found.uids.to_dict() == {
        old: new for old, new in expected_uids(slices).items() if old != slices[8].SOPInstanceUID
    }
    assert reasons(found) == {("released", "0.dcm"): "paired, but it has no SOP Instance UID: no mapping can name it"}


def test_an_original_without_a_uid_is_reported(folders, slices):
    made = [released(one) for one in slices]
    assert reasons(pair_folders(*folders([nameless(slices[0]), *slices[1:]], made))) == {
        ("original", "0.dcm"): "paired, but it has no SOP Instance UID: no mapping can name it"
    }


@pytest.mark.parametrize("by", ["content", "path"])
def test_files_that_share_a_new_uid_are_reported(tree, slices, by):
    made = [released(one) for one in slices]
    made[0].SOPInstanceUID = made[1].SOPInstanceUID
    assert reasons(pair_folders(*tree(slices, made), by=by)) == {
        ("released", "0.dcm"): "paired, but other files have its SOP Instance UID too",
        ("released", "1.dcm"): "paired, but other files have its SOP Instance UID too",
    }


# By path


@pytest.fixture
def tree(tmp_path):
    """save(originals, made by the tool): the two folders, files of the same place under the same path."""

    def save(olds: list[Dataset], news: list[Dataset]) -> tuple[Path, Path]:
        for name, files in (("original", olds), ("released", news)):
            for number, file in enumerate(files):
                path = tmp_path / name / f"{number}.dcm"
                path.parent.mkdir(parents=True, exist_ok=True)
                file.save_as(path, enforce_file_format=True)
        return tmp_path / "released", tmp_path / "original"

    return save


def reasons(found: Pairing) -> dict[tuple[str, str], str]:
    return {(side, file): reason for side, file, reason in found.unpaired.itertuples(index=False)}


def test_paths_pair_what_content_cannot(tree, slices):
    same = [one for one in slices if one.SeriesNumber == 1]  # Ann's and Ben's are alike once their pixels are gone
    found = pair_folders(*tree(same, [blackened(released(one)) for one in same]), by="path")
    assert found.uids.to_dict() == expected_uids(same)
    assert found.patients.to_dict() == {"Ann": new_patient("Ann"), "Ben": new_patient("Ben")}
    assert found.unpaired.empty


def test_missing_and_extra_files_are_named(tree, slices):
    two, one = tree(slices, [released(one) for one in slices])
    (two / "deep").mkdir()
    (two / "8.dcm").rename(two / "deep" / "8.dcm")
    found = pair_folders(two, one, by="path")
    assert reasons(found) == {
        ("original", "8.dcm"): "no released file has its path",
        ("released", "deep/8.dcm"): "no original file has its path",
    }
    assert slices[8].SOPInstanceUID not in found.uids
    assert len(found.uids) == len(expected_uids(slices)) - 1


@pytest.mark.parametrize("change", [lambda one: one, blackened, lambda one: blackened(one, 16)])
def test_files_that_changed_places_are_no_pairs(tree, slices, change):
    made = [change(released(one)) for one in slices]
    made[3], made[4] = made[4], made[3]  # two slices of a series
    found = pair_folders(*tree(slices, made), by="path")
    other = "the file of the same path in the other folder is another object"
    swapped = {(side, f"{number}.dcm"): other for side in ("original", "released") for number in (3, 4)}
    everything = {(side, f"{number}.dcm"): other for side in ("original", "released") for number in range(9)}
    assert reasons(found) == (everything if made[0].Rows == 16 else swapped)


def test_descriptors_that_the_tool_rewrites_do_not_speak_against_a_pair(tree, slices):
    made = [blackened(released(one)) for one in slices]
    for one in made:
        one.InstanceNumber, one.ImagePositionPatient, one.SeriesNumber = 1, [0, 0, 2.5], 1  # as every first slice has
    assert pair_folders(*tree(slices, made), by="path").uids.to_dict() == expected_uids(slices)


def test_kept_uids_speak_against_a_path(tree, slices):
    made = [copy.deepcopy(one) for one in slices]
    made[0], made[1] = made[1], made[0]
    assert len(pair_folders(*tree(slices, made), by="path").unpaired) == 4


def test_paths_in_another_spelling_of_unicode_are_the_same(tree, slices):
    two, one = tree(slices, [released(one) for one in slices])
    (one / "0.dcm").rename(one / "Mu\u0308ller.dcm")
    (two / "0.dcm").rename(two / "M\u00fcller.dcm")
    assert pair_folders(two, one, by="path").uids.to_dict() == expected_uids(slices)


def test_a_tool_that_kept_no_path_is_told_so(folders, slices, tmp_path):
    two, one = folders(slices[:1], [released(one) for one in slices[:1]])
    (two / "0.dcm").rename(two / "other.dcm")
    with pytest.raises(ValueError) as told:
        pair_folders(two, one, by="path")
    assert str(told.value) == "No released file has the relative path of an original file; pair them by content."
    with pytest.raises(ValueError) as told:
        pair_folders(two, one, by="name")
    assert str(told.value) == "by must be one of content, path, got 'name'."


def test_folders_that_are_none_are_refused(tmp_path, folders, slices):
    _, one = folders(slices, [released(slices[0])])
    empty = tmp_path / "empty"
    empty.mkdir()
    nowhere, file = tmp_path / "nowhere", one / "0.dcm"
    for paths, kind, message in (
        ((one, nowhere), FileNotFoundError, f"The folder of original files {nowhere} does not exist."),
        ((file, one), FileNotFoundError, f"The folder of released files {file} is a file, not a folder."),
        ((empty, one), ValueError, f"The folder of released files {empty} holds no DICOM file."),
    ):
        with pytest.raises(kind) as error:
            pair_folders(*paths)
        assert str(error.value) == message


def test_folders_in_the_wrong_order_are_noticed(folders, slices):
    made = [released(one) for one in slices]
    for one in made:
        one.PatientIdentityRemoved = "YES"
    new, old = folders(slices, made)
    assert pair_folders(new, old).uids.to_dict() == expected_uids(slices)
    warning = (
        "All original files say that they are de-identified, and no released one does; the order is "
        "pair_folders(released, original)."
    )
    with pytest.warns(UserWarning, match=f"^{re.escape(warning)}$") as heard:
        pair_folders(old, new)
    assert heard[0].filename == __file__


def test_mappings_are_written_both_or_neither(tmp_path):
    found = Pairing(pd.Series({"1.2": "9.2"}), pd.Series({"OLD": "NEW"}), pd.DataFrame())
    (tmp_path / "patients.csv").mkdir()  # in the way of the second
    with pytest.raises(OSError, match="could not be written"):
        found.write(tmp_path / "uids.csv", tmp_path / "patients.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["patients.csv"]
    found.write(tmp_path / "uids.csv", tmp_path / "others.csv")
    assert read_mapping(tmp_path / "uids.csv").to_dict() == {"1.2": "9.2"}
    assert read_mapping(tmp_path / "others.csv").to_dict() == {"OLD": "NEW"}


def test_a_mapping_comes_in_the_order_of_the_file(make, tmp_path):
    keywords = ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "ConcatenationUID",
                "DimensionOrganizationUID", "StorageMediaFileSetUID")  # fmt: skip
    for side in ("1", "2"):
        uids = {keyword: f"{side}.{number}" for number, keyword in enumerate(keywords, 1)}
        make.file(tmp_path / side / "a.dcm", uids["SOPInstanceUID"], StudyDescription="CHEST", **uids)
    found = pair_folders(tmp_path / "2", tmp_path / "1", by="path", progress=False).uids
    assert list(found.items()) == [(f"1.{number}", f"2.{number}") for number in (1, 2, 3, 4, 5, 6, 7)]
