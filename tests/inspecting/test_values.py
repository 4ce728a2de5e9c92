"""census(): every value that a folder holds, wherever it stands."""

from __future__ import annotations

import gzip
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from PIL import Image, PngImagePlugin
from pydicom import dcmread
from pydicom.dataset import Dataset

import midi_nb as mn
from midi_nb.engine import released as dicom_files
from midi_nb.frames import VALUES_FOUND


def census(folder, **options):
    return mn.census(folder, progress=False, **options)


def of(values, **where):
    """The values of the rows that have these cells."""
    rows = pd.Series(True, index=values.index)
    for name, cell in where.items():
        rows &= values[name] == cell
    return sorted(values[rows]["actual"])


@pytest.fixture
def released(tmp_path, make):
    """Three files of two patients, one with a private name."""
    folder = tmp_path / "released"
    for number, patient in enumerate(("A", "A", "B")):
        dataset = make.dataset(f"2.{number}", PatientID=patient, StudyDescription="chest", SeriesInstanceUID="9.1")
        dataset.RequestAttributesSequence = [Dataset(), Dataset()]
        for item in dataset.RequestAttributesSequence:
            item.RequestedProcedureDescription = "knee"
        if number == 2:
            dataset.add_new((0x0029, 0x10), "LO", "ACME")
            dataset.add_new((0x0029, 0x1001), "LO", "DOE^JANE")
        make.saved(dataset, folder / patient / f"{number}.dcm")
    return folder


def test_each_value_says_where_and_how_often_it_is(released):
    values = census(released)
    row = values[values["actual"] == "chest"].iloc[0]
    nested = values[values["actual"] == "knee"].iloc[0]

    assert list(values.columns) == list(VALUES_FOUND)
    assert row[["tag", "name", "place", "count", "in_files", "in_patients", "in_series"]].tolist() == [
        "(0008,1030)", "Study Description", "header", 3, 3, 2, 1
    ]  # fmt: skip
    assert nested[["tag_path", "tag", "name", "count", "in_files", "file"]].tolist() == [
        "(0040,0275)(0032,1060)", "(0032,1060)", "Requested Procedure Description", 6, 3, "A/0.dcm"
    ]  # fmt: skip


def test_rare_private_and_free_text_is_first(released):
    values = census(released)
    text = values["free_text"] | values["private"]

    assert text.tolist() == sorted(text, reverse=True)
    assert values[text]["in_patients"].is_monotonic_increasing
    assert values[values["tag"] == '(0029,"ACME",01)'][["actual", "creator", "in_patients"]].to_numpy().tolist() == [
        ["DOE^JANE", "ACME", 1]
    ]


def test_names_of_files_and_folders_and_file_meta_are_values_too(released):
    values = census(released)

    assert of(values, place="folder name") == ["A", "B"]
    assert of(values, place="file name") == ["0.dcm", "1.dcm", "2.dcm"]
    assert of(values, place="file meta information", tag="(0002,0010)") == ["1.2.840.10008.1.2.1"]


def test_what_was_found_is_kept_and_an_interrupted_census_goes_on(released, make, monkeypatch, tmp_path):
    monkeypatch.setattr("midi_nb.engine.batches.BATCH", 1)
    (released / "b\udcff.dcm").write_bytes(b"no DICOM")
    with pytest.warns(UserWarning, match="not looked into"):
        whole, first = census(released), census(released, out=tmp_path / "kept")
    (tmp_path / "kept" / "parts" / "part-000001.parquet").unlink()
    read = []
    monkeypatch.setattr(
        "midi_nb.inspecting.values.dicom_files.read",
        lambda path, read_=dicom_files.read: read.append(path) or read_(path),
    )
    with pytest.warns(UserWarning, match="not looked into"):
        again = census(released, out=tmp_path / "kept")

    assert len(read) == 1
    for found in (first, again):
        make.assert_same(found, whole)
        assert found.attrs["skipped"] == whole.attrs["skipped"]


def test_a_worker_counts_as_this_process_does(released, make, monkeypatch):
    monkeypatch.setattr("midi_nb.engine.batches.BATCH", 1)
    with ThreadPoolExecutor(2) as executor:
        parallel = census(released, executor=executor)

    make.assert_same(parallel, census(released))
    assert set(parallel[parallel["actual"] == "chest"]["in_patients"]) == {2}


def png(path):
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "DOE^JANE")
    text.add_itxt("XML:com.adobe.xmp", "<dc:creator>Dr Ünsal</dc:creator>")
    Image.new("L", (2, 2)).save(path, pnginfo=text)


def jpeg(path):
    exif = Image.Exif()
    exif[0x010E] = "DOE^JANE"
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0Dr Meyer"
    exif.get_ifd(0x8825)[1] = "N"
    Image.new("L", (2, 2)).save(path, exif=exif, comment=b"made by hand")


def icc(path):
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (2, 2)).save(path, icc_profile=profile)


def nifti(path):
    head = bytearray(352)
    head[:4] = (348).to_bytes(4, "little")
    head[148:156] = b"DOE^JANE"
    head[348] = 1
    content = bytes(head) + (32).to_bytes(4, "little") + b"\6\0\0\0" + b"seen by Dr Meyer".ljust(24, b"\0")
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


CARRIED = {
    "a.csv": (lambda path: path.write_text("id;name\n1;Ünsal\n2;DOE", encoding="latin-1"),
              {"heading": ["id", "name"], "column id": ["1", "2"], "column name": ["DOE", "Ünsal"]}),
    "a.json": (lambda path: path.write_text(json.dumps({"who": [{"name": "DOE"}, {"name": "ROE"}], "n": 1})),
               {"who.name": ["DOE", "ROE"], "n": ["1"]}),
    "a.txt": (lambda path: path.write_text("DOE^JANE\n\nseen", encoding="utf-16"), {"line": ["DOE^JANE", "seen"]}),
    "a.png": (png, {"Comment": ["DOE^JANE"], "XML:com.adobe.xmp": ["<dc:creator>Dr Ünsal</dc:creator>"]}),
    "a.jpg": (jpeg, {"EXIF ImageDescription": ["DOE^JANE"], "EXIF Exif UserComment": ["Dr Meyer"],
                     "EXIF GPSInfo GPSLatitudeRef": ["N"], "comment": ["made by hand"]}),
    "a.tiff": (icc, {"ICC profile description": ["sRGB built-in"]}),
    "a.nii": (nifti, {"NIfTI descrip": ["DOE^JANE"], "NIfTI extension": ["seen by Dr Meyer"]}),
    "b.nii.gz": (nifti, {"NIfTI descrip": ["DOE^JANE"], "NIfTI extension": ["seen by Dr Meyer"]}),
}  # fmt: skip


@pytest.mark.parametrize(("name", "made"), CARRIED.items(), ids=CARRIED)
def test_files_that_are_not_dicom_are_looked_into(tmp_path, name, made):
    write, expected = made
    write(tmp_path / name)
    values = census(tmp_path)

    assert {where: of(values, name=where) for where in expected} == expected
    assert set(values[values["name"].isin(expected)]["file"]) == {name}


def test_what_cannot_be_looked_into_is_named_without_its_values(tmp_path, make):
    make.file(tmp_path / "good.dcm", "2.1")
    (tmp_path / "half.dcm").write_bytes((tmp_path / "good.dcm").read_bytes()[:220])
    (tmp_path / "broken.json").write_text('{"name": "DOE^JANE"')
    (tmp_path / "broken.png").write_bytes(b"DOE^JANE")
    (tmp_path / "model.bin").write_bytes(b"DOE^JANE")
    with pytest.warns(UserWarning, match="^Files that were not looked into: ") as said:
        values = census(tmp_path)

    assert dict(values.attrs["skipped"]) == {
        "broken.json": "broken JSON file (JSONDecodeError)",
        "broken.png": "broken PNG file (UnidentifiedImageError)",
        "half.dcm": "DICOM without any attribute: is the file whole?",
        "model.bin": "neither DICOM nor a kind of file that is looked into",
    }
    assert "DOE" not in str(said[0].message) + str(values.attrs["skipped"])
    assert "good.dcm" in set(values["file"])


def test_values_and_files_can_be_masked(released):
    masked = mn.mask_values(census(released)).to_csv()

    assert "DOE^JANE" not in masked
    assert "2.dcm" not in masked


def test_names_that_a_file_made_up_are_values_too(tmp_path):
    (tmp_path / "a.csv").write_text("id,Doe Jane\n1,2\n", encoding="utf-8")
    (tmp_path / "a.json").write_text('{"Meyer^Anna": {"age": 5}}', encoding="utf-8")
    values = census(tmp_path)

    assert of(values, name="key") == ["Meyer^Anna", "age"]
    assert not re.search("Doe|Meyer", mn.mask_values(values).to_csv())


def test_creators_that_no_dictionary_knows_are_hidden_as_values_are(make, tmp_path):
    path = make.file(tmp_path / "a.dcm", "1.2")
    dataset = dcmread(path)
    for group, creator in ((0x0019, "Dr Doe"), (0x0029, "SIEMENS CSA HEADER")):
        dataset.private_block(group, creator, create=True).add_new(0x08, "LO", "x")
    dataset.save_as(path)
    masked = mn.mask_values(census(tmp_path))

    assert "DOE" not in masked.to_csv().upper()
    assert set(masked["tag"].dropna()) >= {'(0019,"•••",08)', '(0029,"SIEMENS CSA HEADER",08)'}


def test_an_empty_folder_has_no_values(tmp_path):
    message = f"The folder {tmp_path} holds no file to look into."
    with pytest.warns(UserWarning, match=f"^{re.escape(message)}$"):
        assert census(tmp_path).empty


def test_hidden_files_and_those_that_are_cut_off_are_named(tmp_path, make):
    whole = make.file(tmp_path / "a.dcm", "2.1", ImageComments="seen by Dr Meyer").read_bytes()
    (tmp_path / "a.dcm").write_bytes(whole[:-4])
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "b.txt").write_text("DOE")
    with pytest.warns(UserWarning, match="^Files that were not looked into: "):
        values = census(tmp_path)

    assert dict(values.attrs["skipped"]) == {
        ".cache/b.txt": "a hidden file: its name, or that of its folder, starts with a dot",
        "a.dcm": "cut off within an attribute, what followed is lost",
    }
    assert "2.1" in set(values["actual"])  # what is there is counted all the same


@pytest.mark.parametrize("order", ["le", "be"])
def test_texts_of_two_bytes_a_letter_are_whole(tmp_path, order):
    exif = Image.Exif()
    exif[0x9C9D] = "Dr Meyer".encode(f"utf-16-{order}") + b"\0\0"  # XPAuthor
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + "Jane Doe".encode(f"utf-16-{order}")
    Image.new("L", (2, 2)).save(tmp_path / "a.jpg", exif=exif)

    assert of(census(tmp_path), name="EXIF XPAuthor") == ["Dr Meyer"]
    assert of(census(tmp_path), name="EXIF Exif UserComment") == ["Jane Doe"]


def test_captions_and_what_follows_a_picture_are_values_too(tmp_path):
    (tmp_path / "a.jpg").write_bytes(captioned(120, "Jane Döe") + b"\0\0Dr Meyer, 1953")
    Image.new("L", (2, 2)).save(tmp_path / "b.png")
    with (tmp_path / "b.png").open("ab") as file:
        file.write(b"Dr Smith")
    values = census(tmp_path)

    assert of(values, name="IPTC 2:120") == ["Jane Döe"]
    assert of(values, name="behind the picture") == ["Dr Meyer, 1953", "Dr Smith"]


def captioned(number, text):
    """A JPEG file with an IPTC record."""
    record = b"\x1c\2" + bytes([number]) + len(text.encode()).to_bytes(2, "big") + text.encode()
    block = b"Photoshop 3.0\08BIM\4\4\0\0" + len(record).to_bytes(4, "big") + record + b"\0" * (len(record) % 2)
    picture = io.BytesIO()
    Image.new("L", (2, 2)).save(picture, "JPEG")
    content = picture.getvalue()
    return content[:2] + b"\xff\xed" + (len(block) + 2).to_bytes(2, "big") + block + content[2:]


def test_texts_in_long_bytes_are_values_of_their_own(tmp_path, make):
    for number in range(2):
        dataset = make.dataset(f"2.{number}", PatientID=str(number))
        dataset.add_new((0x0029, 0x10), "LO", "ACME")
        dataset.add_new((0x0029, 0x1001), "OB", bytes([number, 1]) * 200 + b"\0DOE^JANE\0abc\0" + b"12 34 56")
        dataset.add_new(
            (0x0029, 0x1002), "OW", bytes(300) + "Dr Möyer".encode() + b"\0\0" + "for Smith".encode("utf-16-le") * 2
        )
        make.saved(dataset, tmp_path / f"{number}.dcm")
    values = census(tmp_path)

    of_bytes = values[values["tag"] == '(0029,"ACME",01)'][["actual", "in_patients"]].to_numpy().tolist()
    assert sorted(of_bytes)[2:] == [["DOE^JANE", 2]]
    assert [text[:15] for text, _ in sorted(of_bytes)[:2]] == ["422 bytes, MD5 "] * 2
    assert of(values, tag='(0029,"ACME",02)')[1:] == ["Dr Möyer", "for Smithfor Smith"]
    assert set(mn.mask_values(values)["actual"]) == {"•••"}


def test_values_of_many_files_are_counted_together(monkeypatch, tmp_path):
    monkeypatch.setattr("midi_nb.engine.batches.BATCH", 5)
    for number in range(80):
        own = [f"value {number} {each}" for each in range(1000)]
        (tmp_path / f"{number:02d}.json").write_text(json.dumps({"all": ["everywhere", *own]}), "utf-8")
    values = census(tmp_path).set_index("actual")
    assert values.loc["everywhere", ["count", "in_files", "file"]].tolist() == [80, 80, "00.json"]
    assert values.loc["value 79 999", ["count", "in_files", "file"]].tolist() == [1, 1, "79.json"]
    assert len(values) == 80_000 + 2 + 80  # the name of the list and those of the files, too


def test_a_kept_census_of_other_columns_is_refused(released, tmp_path):
    census(released, out=tmp_path / "kept")
    about = json.loads((tmp_path / "kept" / "run.json").read_text("utf-8"))
    about["columns"].remove("count")
    (tmp_path / "kept" / "run.json").write_text(json.dumps(about), "utf-8")
    with pytest.raises(ValueError, match="holds a run with another columns; give another folder, or delete it"):
        census(released, out=tmp_path / "kept")
