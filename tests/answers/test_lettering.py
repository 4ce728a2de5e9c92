import numpy as np
import pytest

from midi_nb.answers import lettering

CORNERS = ["top left", "top right", "bottom left", "bottom right"]
TEXT = "MEYER STEPHANIE [F] 02.25.2012\nDOB: 07.16.1953"


@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("size", [8, 12])
def test_text_stays_inside_its_box_and_its_box_inside_the_picture(corner, size):
    picture = np.zeros((200, 300), np.uint16)
    box = lettering.text_box(picture.shape, TEXT, size, corner)
    lettering.burn(picture, TEXT, size, box, 4000)
    rows, columns = np.nonzero(picture)
    assert 0 <= box.x0 <= columns.min()
    assert columns.max() < box.x1 <= 300
    assert 0 <= box.y0 <= rows.min()
    assert rows.max() < box.y1 <= 200


@pytest.mark.parametrize(("ink", "paper"), [(4000, 0), (0, 4000), (255, 0)])
@pytest.mark.parametrize("shape", [(60, 300), (60, 300, 3)])
def test_both_polarities_are_written_without_wrapping_around(ink, paper, shape):
    picture = np.full(shape, 7, np.uint16)
    box = lettering.text_box((60, 300), TEXT, 12, "top left")
    lettering.burn(picture, TEXT, 12, box, ink, paper)
    inside = picture[box.y0 : box.y1, box.x0 : box.x1]
    assert {inside.min(), inside.max()} == {min(ink, paper), max(ink, paper)}
    assert (picture[box.y1 :] == 7).all()


def test_more_letters_need_more_room():
    assert lettering.lettering("AB", 12).shape[1] < lettering.lettering("ABAB", 12).shape[1]
    assert lettering.lettering("A\nB", 12).shape[0] > lettering.lettering("AB", 12).shape[0]
