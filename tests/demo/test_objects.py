"""Originals are objects as the standard wants them."""

import importlib.util
import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from midi_nb.answers.places import walk
from midi_nb.demo import required


def test_every_modality_is_there(originals):
    counts = Counter(dataset.Modality for dataset in originals.values())
    assert set(counts) == {"CR", "CT", "DX", "MG", "MR", "PT", "RTDOSE", "RTPLAN", "RTSTRUCT", "SEG", "SM", "SR", "US"}


def test_pixels_come_in_many_kinds(originals):
    images = [dataset for dataset in originals.values() if "PixelData" in dataset]
    assert {image.BitsStored for image in images} >= {1, 8, 12, 14, 16}
    assert {image.PhotometricInterpretation for image in images} == {"MONOCHROME1", "MONOCHROME2", "RGB"}
    assert any(image.PixelRepresentation == 1 and image.RescaleIntercept == -1024 for image in images)
    assert any(image.get("NumberOfFrames", 1) > 1 for image in images)
    syntaxes = {image.file_meta.TransferSyntaxUID.name for image in images}
    assert any("RLE" in name for name in syntaxes)
    assert any("JPEG 2000" in name and "Lossless" in name for name in syntaxes)


def test_all_pixels_can_be_decoded(originals):
    images = [dataset for dataset in originals.values() if "PixelData" in dataset]
    assert len(images) > 50
    for image in images:
        assert image.pixel_array.std() > 0


def test_four_manufacturers_and_more(originals):
    assert len({dataset.Manufacturer for dataset in originals.values()}) >= 8


def test_character_sets_are_those_of_the_names(originals):
    names = {str(dataset.SpecificCharacterSet): str(dataset.PatientName) for dataset in originals.values()}
    assert set(names) == {"ISO_IR 100", "ISO_IR 192", "['', 'ISO 2022 IR 87']"}
    assert len(names["['', 'ISO 2022 IR 87']"].split("=")) == 3


def test_references_lead_to_instances_of_the_demo(originals):
    studies = {dataset.StudyInstanceUID for dataset in originals.values()}
    references = [
        str(element.value)
        for dataset in originals.values()
        for _, element, _ in walk(dataset)
        if element.keyword == "ReferencedSOPInstanceUID"
    ]
    assert len(references) > 20
    assert set(references) <= set(originals) | studies


def test_dciodvfy_finds_no_error(demo):
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (Debian: dicom3tools) is not installed")
    files = sorted(demo.original.rglob("*.dcm")) + sorted(demo.submissions["reference"].folder.rglob("*.dcm"))
    assert len(files) == 128
    found = {}
    for file in files:
        told = subprocess.run(["dciodvfy", "-new", file], capture_output=True, check=False).stderr.decode("latin-1")
        errors = [line for line in told.splitlines() if line.startswith("Error")]
        if errors:
            found[file.name] = errors
    assert found == {}


def test_types_are_those_of_the_standard(originals):
    """Against the tables of PS3.3 that highdicom carries."""
    spec = importlib.util.find_spec("highdicom")
    if spec is None:
        pytest.skip("highdicom is not installed")
    tables = Path(spec.submodule_search_locations[0], "_standard")
    iods, modules, attributes = (
        json.loads((tables / f"{name}.json").read_text())
        for name in ("sop_class_iod_map", "iod_module_map", "module_attribute_map")
    )
    compared, wrong = 0, []
    for dataset in originals.values():
        types = {}
        for module in modules[iods[dataset.SOPClassUID]]:
            for attribute in attributes[module["key"]]:
                if not attribute["path"]:
                    types.setdefault(attribute["keyword"], set()).add(attribute["type"])
        for element in dataset:
            if element.keyword in types:
                compared += 1
                ours = required.type_of(
                    f"<({element.tag.group:04x},{element.tag.element:04x})>", element, dataset.Modality
                )
                standard = min(types[element.keyword])[0] if ours != "3" else min(types[element.keyword])
                if ours != (standard if standard in "12" else "3"):
                    wrong.append((dataset.Modality, element.keyword, ours, min(types[element.keyword])))
    assert compared > 4000
    assert wrong == []
