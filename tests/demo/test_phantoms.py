import numpy as np
import pytest

from midi_nb.demo import phantoms


def random():
    return np.random.default_rng(5)


PICTURES = {
    "chest": lambda: phantoms.chest_xray(random(), 150, 128),
    "chest from the side": lambda: phantoms.chest_xray(random(), 150, 128, lateral=True),
    "breast": lambda: phantoms.breast(random(), 136, 102, "L", oblique=True),
    "ct": lambda: phantoms.ct_section(random(), 64, 0.3, contrast=False),
    "mr": lambda: phantoms.head_mr(random(), 64, 0.5, "T1"),
    "pet": lambda: phantoms.pet_section(random(), 64, 0.4),
    "dose": lambda: phantoms.dose_plane(40, 0.0),
    "ultrasound": lambda: phantoms.ultrasound(random(), 108, 144),
    "slide": lambda: phantoms.stained_tissue(random(), 64),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_finite_varied_and_the_same_for_the_same_stream(name):
    first, second = PICTURES[name](), PICTURES[name]()
    assert np.isfinite(first).all()
    assert first.std() > 0
    assert np.array_equal(first, second)


def at(image, x, y):
    """The mean of a small patch at coordinates from -1 to 1."""
    rows, columns = image.shape[:2]
    row, column = (y * max(rows, columns) + rows) / 2, (x * max(rows, columns) + columns) / 2
    return image[int(row) - 2 : int(row) + 3, int(column) - 2 : int(column) + 3].mean()


def test_lungs_let_rays_pass_and_the_heart_lies_to_the_patients_left():
    chest = phantoms.chest_xray(random(), 300, 256)
    lung, spine = at(chest, -0.4, 0.0), at(chest, 0.0, 0.5)
    assert lung < 0.6 * spine
    assert at(chest, 0.25, 0.25) > at(chest, -0.25, 0.25)


def test_ct_has_air_lung_water_and_bone_where_they_belong():
    chest = phantoms.ct_section(random(), 128, 0.1, contrast=False)
    assert at(chest, 0.0, -0.9) == pytest.approx(-1000, abs=30)
    assert at(chest, 0.40, 0.10) == pytest.approx(-860, abs=120)
    assert at(chest, 0.0, 0.35) > 150


def test_contrast_lights_up_the_aorta():
    plain, enhanced = (phantoms.ct_section(random(), 128, 0.6, contrast) for contrast in (False, True))
    assert at(enhanced, 0.08, 0.17) - at(plain, 0.08, 0.17) > 120


def test_the_lesion_takes_up_contrast_and_fluid_is_bright_in_t2_alone():
    images = {w: phantoms.head_mr(random(), 128, 0.55, w) for w in ("T1", "T1 post", "T2")}
    ring = {w: image[30:50, 70:95].max() for w, image in images.items()}
    assert ring["T1 post"] > 1.3 * ring["T1"]
    fluid = {w: at(image, -0.10, -0.20) for w, image in images.items()}
    assert fluid["T2"] > 0.8 > 0.3 > fluid["T1"]


def test_a_right_breast_is_the_mirror_of_a_left_one():
    left, right = (phantoms.breast(random(), 136, 102, side, oblique=False) for side in "LR")
    assert np.array_equal(left, right[:, ::-1])


def test_uptake_is_hot_in_brain_and_bladder():
    for level, rest in ((0.1, 0.30), (0.95, 0.30)):
        section = phantoms.pet_section(random(), 96, level)
        assert section.max() > 4
        assert np.median(section) < rest


def test_the_ultrasound_fan_is_black_outside():
    fan = phantoms.ultrasound(random(), 216, 288)
    assert not fan[:, :20].any()
    assert fan[100:140, 120:170].mean() > 0.2


def test_the_slide_is_purple_on_pink_on_white():
    red, green, blue = (channel.astype(int) for channel in np.moveaxis(phantoms.stained_tissue(random(), 128), -1, 0))
    assert red[0, 0] > 230
    assert green[0, 0] > 230
    assert ((blue > red + 20) & (red < 140)).mean() > 0.01
    assert ((red > green + 40) & (red > 190)).mean() > 0.1
