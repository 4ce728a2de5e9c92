"""The region of a check in its image: which file, which frame, and what there was before."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

import midi_nb as mn
from midi_nb.causes import Images

LETTERS = np.kron(np.random.default_rng(0).integers(0, 2, (6, 16)), np.ones((2, 2))).astype("uint8") * 200


@pytest.fixture
def check(make):
    """Results of one region that had to be hidden."""
    box = {"x0": 8, "y0": 4, "x1": 40, "y1": 16}
    return make.results(
        [box | {"action": "pixels_hidden", "verdict": "failed", "score": 0.0, "released": "9.1", "instance": "1.5"}]
    )


@pytest.fixture
def folders(make, tmp_path):
    """Three frames whose text is hidden in all but the second; the original has it in each."""
    before = np.zeros((3, 48, 64), "uint8")
    before[:, 4:16, 8:40] = LETTERS
    after = before.copy()
    after[[0, 2], 4:16, 8:40] = 0
    make.file(tmp_path / "original" / "x.dcm", "1.5", pixels=before)
    make.file(tmp_path / "released" / "a.dcm", "9.1", pixels=after, PatientID="NEW")
    return tmp_path / "released", tmp_path / "original"


def test_of_many_frames_the_most_legible_is_shown_with_the_original_beside_it(check, folders):
    region = Images(check, *folders).region(0)
    crops = dict(region.crops())

    assert (region.frame, region.frames, region.note) == (1, 3, "")
    assert list(crops) == ["released", "original"]
    assert [crop.image.max() for crop in crops.values()] == [200, 200]
    assert {crop.box for crop in crops.values()} == {(8, 4, 40, 16)}
    shown = Image.open(io.BytesIO(base64.b64decode(crops["released"].png.partition(",")[2])))
    assert np.array_equal(shown, crops["released"].image)


def test_a_frame_that_is_asked_for_is_shown_whatever_is_in_it(check, folders):
    region = Images(check, *folders).region(0, 2)

    assert (region.frame, np.ptp(dict(region.crops())["released"].image)) == (2, 0)


def test_without_an_original_the_first_frame_is_shown_alone(check, folders):
    region = Images(check, folders[0], None).region(0)

    assert (region.frame, list(dict(region.crops()))) == (0, ["released"])


def test_an_original_of_another_size_is_not_shown_and_says_so(check, folders, make):
    make.file(folders[1] / "x.dcm", "1.5", pixels=np.zeros((3, 48, 48), "uint8"))
    region = Images(check, *folders).region(0)

    assert (region.note, region.before) == ("The original has another size, so its region is not shown.", None)


def test_a_large_region_is_made_a_smaller_picture():
    from midi_nb.engine.crops import Crop

    png = Crop(np.zeros((10, 4000), "uint8"), (0, 0, 1, 1)).png
    assert Image.open(io.BytesIO(base64.b64decode(png.partition(",")[2]))).size == (1334, 4)


def test_one_folder_for_several_submissions_is_refused(check, folders):
    both = mn.concat([check, check.assign(submission="other")])

    with pytest.raises(ValueError) as error:
        Images(both, folders[0], None)
    assert str(error.value) == (
        "released is the folder of one submission, but these results are of 2; give a dict of their folders by name."
    )
