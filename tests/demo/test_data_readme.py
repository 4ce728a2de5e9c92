"""The formats that data/README.md shows are formats that the readers accept."""

import re
from pathlib import Path

import pytest

import midi_nb as mn

TEXT = (Path(__file__).parents[2] / "data" / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def example(tmp_path):
    """A function that writes the example below a heading to a file."""

    def write(heading):
        (block,) = re.findall(rf"\*\*{heading}.*?```\n(.*?)```", TEXT, flags=re.DOTALL)
        path = tmp_path / "example.csv"
        path.write_text(block, encoding="utf-8")
        return path

    return write


def test_a_mapping_of_three_lines_is_read(example):
    uids = mn.read_mapping(example("Mapping of UIDs"))
    assert uids["2.25.1605396421"] == "1.2.826.0.1.3680043.8.498.1"
    assert len(uids) == 2


def test_a_flat_key_of_three_lines_is_read(example):
    answers = mn.read_key(example("Answer key, older flat layout"))
    rows = answers[["scope", "tag_path", "action", "original", "expected"]].astype(str).to_numpy().tolist()
    assert rows == [
        ["Study", "(0008,1030)", "text_removed", "Douglas Davidson", "Douglas Davidson"],
        ["Series", "(0008,0021)", "date_shifted", "20130829", "552"],
    ]


@pytest.mark.parametrize("reader", ["read_key", "read_mapping", "read_results", "read_scores", "read_dciodvfy"])
def test_every_reader_is_shown(reader):
    assert f"`{reader}`" in TEXT
    assert reader in mn.__all__


def test_the_numbers_of_the_demo_are_those_of_the_demo(demo):
    answers = mn.read_key(demo.key, columns=["instance", "modality"])
    unsaid = set(answers["modality"]) - {"SM"} - set(re.findall(r"[A-Z]{2,}", TEXT))  # SM: whole-slide images
    assert not unsaid, f"data/README.md: the demo has {unsaid} too"
    assert f"{answers['instance'].nunique()} DICOM files" in TEXT
    assert f"About {round(len(answers), -2):,}" in TEXT.replace("\n", " ")
