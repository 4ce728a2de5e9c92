"""What templates plant, and what is recorded of it."""

import numpy as np
import pytest

from midi_nb.answers.people import someone
from midi_nb.answers.planting import Planted, burn_in, fill_in


@pytest.fixture
def chart():
    return someone(0, 0, "ascii", 59, "F")


def test_what_stands_in_double_brackets_goes_and_the_rest_is_kept(chart):
    text, (row,) = fill_in(chart, "<(0008,1030)>", "XR CHEST AP PORTABLE[[ for {patient}]]")
    patient = chart.fields["patient"]
    assert text == f"XR CHEST AP PORTABLE for {patient}"
    assert row == Planted("<(0008,1030)>", "patient", "HIPAA-A", patient, "XR CHEST AP PORTABLE")


def test_without_brackets_nothing_is_kept_and_each_field_is_a_row(chart):
    text, rows = fill_in(chart, "<(2200,0002)>", "{letters} {mrn}")
    assert text == f"{chart.fields['letters']} {chart.fields['mrn']}"
    assert [(row.field, row.kept) for row in rows] == [("letters", ""), ("mrn", "")]


def test_a_text_without_fields_plants_nothing(chart):
    assert fill_in(chart, "<(0018,0015)>", "CHEST[[ PA]]") == ("CHEST PA", [])


def test_a_text_burned_in_is_in_its_box_with_smaller_letters_where_it_would_not_fit(chart):
    wide, narrow = np.zeros((60, 400)), np.zeros((60, 150))
    rows = [
        burn_in(chart, image, "{letters} {mrn}", size=12, corner="top left", ink=9, path="<(6000,3000)>")
        for image in (wide, narrow)
    ]
    assert [row.path for row in rows] == ["<(6000,3000)>"] * 2
    assert rows[0].text == rows[1].text == f"{chart.fields['letters']} {chart.fields['mrn']}"
    assert 12 == rows[0].size > rows[1].size
    for row, image in zip(rows, (wide, narrow), strict=True):
        assert image[row.box.y0 : row.box.y1, row.box.x0 : row.box.x1].max() > 8
        image[row.box.y0 : row.box.y1, row.box.x0 : row.box.x1] = 0
        assert not image.any()
