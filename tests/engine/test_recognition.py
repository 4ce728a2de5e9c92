"""Text recognition: what the engine reads in a box, whatever stands around it, and what a reader of one's own sees."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from midi_nb.answers.lettering import lettering
from midi_nb.engine import recognition

NAME = "MEYER STEPHANIE"


def written(text: str, size: int = 18, ink: int = 255, paper: int = 0) -> np.ndarray:
    """An 8-bit box with burned-in text and some room around it."""
    return (np.pad(lettering(text, size), 3) * (ink - paper) + paper).astype(np.uint8)


CLEANED = {
    "black": np.zeros((24, 200), np.uint8),
    "white": np.full((24, 200), 255, np.uint8),
    "frame": np.pad(np.zeros((24, 200), np.uint8), 1, constant_values=255),
    "noise": np.random.default_rng(0).integers(0, 255, (24, 200)).astype(np.uint8),
    "smeared": np.asarray(Image.fromarray(written(NAME)).filter(ImageFilter.GaussianBlur(9))),
}
BURNED = {
    "light on dark": written(NAME),
    "dark on light": written(NAME, ink=0, paper=255),
    "faint": written(NAME, ink=120, paper=100),
    "small": written(NAME, size=10),
    "large": written(NAME, size=48),
    "two lines": written(NAME.replace(" ", "\n")),
    "16 bit with a hot pixel": np.where(
        np.arange(written(NAME).size).reshape(written(NAME).shape), written(NAME) * 4.0, 65535
    ).astype("uint16"),
    "signed": written(NAME).astype("int16") * 8 - 1024,
    "red on white": np.stack([np.full_like(written(NAME), 255), *[255 - written(NAME)] * 2], axis=-1),
}


@pytest.fixture(scope="module")
def rapidocr() -> Any:
    if "rapidocr" not in recognition.installed():
        pytest.skip("rapidocr is not installed")
    return recognition.reader("rapidocr")


@pytest.mark.parametrize("kind", BURNED)
def test_burned_in_text_is_read(rapidocr: Any, kind: str) -> None:
    assert rapidocr(BURNED[kind]).replace(" ", "") == "MEYERSTEPHANIE"


@pytest.mark.parametrize("kind", CLEANED)
def test_nothing_is_read_where_nothing_stands(rapidocr: Any, kind: str) -> None:
    assert rapidocr(CLEANED[kind]) == ""


# A box in an image


def page(text: str, size: int = 18, ground: Any = None) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """An image with `text` in its middle, and the box that the ink fills to the last pixel."""
    image = np.pad(lettering(text, size), 40)
    rows, columns = (np.flatnonzero((image > 0.1).any(axis=axis)) for axis in (1, 0))
    box = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    return (image * 255).astype(np.uint8), box


TIGHT = ("DAVIDSON", "MEYER STEPHANIE", "QUIGLEY 4711815", "07.08.1958", "WEXFORD")


@pytest.mark.parametrize("cut", [0, 1, 2])
@pytest.mark.parametrize("text", TIGHT)
def test_text_is_read_in_a_box_that_touches_or_cuts_its_letters(rapidocr: Any, text: str, cut: int) -> None:
    image, (x0, y0, x1, y1) = page(text)
    seen = recognition.text_in(image, (x0 + cut, y0 + cut, x1 - cut, y1 - cut), rapidocr)
    assert seen.replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("gap", [1, 3, 6])
@pytest.mark.parametrize("side", ["above", "below", "left", "right"])
def test_the_text_of_a_neighbour_is_not_read_in_the_box(rapidocr: Any, side: str, gap: int) -> None:
    image, (x0, y0, x1, y1) = page("DAVIDSON")
    width, height = x1 - x0 + gap, y1 - y0 + gap
    down, across = {"above": (-height, 0), "below": (height, 0), "left": (0, -width), "right": (0, width)}[side]
    image = np.pad(image, ((0, 0), (150, 150)))
    image = np.maximum(image, np.roll(image, (down, across), axis=(0, 1)))
    box = x0 + 150, y0, x1 + 150, y1
    region = image[y0:y1, box[0] : box[2]]
    region[:] = np.random.default_rng(0).integers(0, 60, region.shape)
    assert "DAVIDSON" in rapidocr(image)
    assert recognition.text_in(image, box, rapidocr) == ""


def test_bright_surroundings_do_not_hide_what_is_faint_in_the_box(rapidocr: Any) -> None:
    image = np.full((60, 260), 255, np.uint8)
    faint = written(NAME, ink=16, paper=10)
    rows, columns = faint.shape
    image[20 : 20 + rows, 20 : 20 + columns] = faint
    assert recognition.text_in(image, (20, 20, 20 + columns, 20 + rows), rapidocr).replace(" ", "") == "MEYERSTEPHANIE"


# The seam


def test_a_callable_of_ones_own_sees_the_bare_region_once_each() -> None:
    cine = np.random.default_rng(0).integers(0, 9, (4, 40, 60)).astype(np.uint8)
    cine[1:, 10:20, 5:25] = cine[0, 10:20, 5:25]
    seen: list[np.ndarray] = []
    assert recognition.text_in(cine, (5, 10, 25, 20), lambda image: seen.append(image) or "A") == "A"
    assert [image.tolist() for image in seen] == [cine[0, 10:20, 5:25].tolist()]


def test_a_reader_with_within_sees_what_surrounds_the_region_too() -> None:
    class Around:
        def within(self, image: np.ndarray, box: tuple[int, int, int, int]) -> str:
            x0, y0, x1, y1 = box
            return f"{image.shape} {image[y0:y1, x0:x1].tolist()}"

    image = np.arange(400).reshape(20, 20)
    assert recognition.text_in(image, (1, 10, 3, 12), Around()) == "(6, 5) [[201, 202], [221, 222]]"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A reader whose engine always sees the same lines, and what it was shown."""

    def sees(*lines: tuple[str, float, float]) -> Any:
        found = [recognition._Line(*line) for line in lines]
        oracle = recognition._Engine(lambda: True, lambda: lambda grey: found, "")
        monkeypatch.setattr(recognition, "_ENGINES", {"oracle": oracle})
        monkeypatch.setattr(recognition, "_read", {})
        return recognition.reader("oracle")

    return sees


def test_a_line_is_in_the_box_if_its_middle_is(engine: Any) -> None:
    read = engine(("above", 5, 1), ("inside", 5, 4), ("on its edge", 5, 8), ("beside", 11, 5))
    assert read.within(np.eye(12), (2, 3, 10, 8)) == "inside on its edge"
    assert read(np.eye(12)) == "above inside on its edge beside"


@pytest.mark.parametrize(
    ("seen", "given"),
    [
        ("l", ""),
        ("一", ""),
        ("-- .", ""),
        ("D0UGLAS", "DOUGLAS"),
        ("H0LL00AY", "HOLLOOAY"),
        ("1O2o3", "10203"),
        ("A 0 07.08.1958 MR10", "A 0 07.08.1958 MR10"),
    ],
)
def test_lone_marks_are_dropped_and_zeros_among_letters_are_letters(engine: Any, seen: str, given: str) -> None:
    assert engine((seen, 4, 4))(np.eye(8)) == given


def test_an_engine_never_sees_a_box_of_one_colour(engine: Any) -> None:
    read = engine(("something", 1, 1))
    assert read(np.zeros((20, 80), "int16")) == read(np.full((20, 80, 3), 99, "uint8")) == read(np.zeros((0, 5))) == ""
    framed = np.pad(np.zeros((8, 8)), 1, constant_values=1)
    assert read.within(framed, (1, 1, 9, 9)) == ""
    assert read.within(framed, (0, 0, 9, 9)) == "something"


def test_a_reader_remembers_and_can_be_sent_to_another_process(rapidocr: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    box = written("LINDQVIST 4711")
    first = rapidocr(box)
    again = recognition._ENGINES["rapidocr"]._replace(load=lambda: pytest.fail("read again"))
    monkeypatch.setitem(recognition._ENGINES, "rapidocr", again)
    assert pickle.loads(pickle.dumps(rapidocr))(box) == first != ""


def test_auto_is_the_first_reader_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    there, gone = (recognition._Engine(lambda here=here: here, lambda: str, "buy it") for here in (True, False))
    monkeypatch.setattr(recognition, "_ENGINES", {"best": gone, "second": there})
    assert recognition.reader("auto") == recognition.reader("second")
    monkeypatch.setattr(recognition, "_ENGINES", {"best": gone})
    assert recognition.reader("auto") is None
    with pytest.raises(ValueError, match=r"^the text reader best is not installed: buy it\.$"):
        recognition.reader("best")
