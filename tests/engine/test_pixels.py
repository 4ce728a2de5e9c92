"""Pixels: pictures against pydicom's own processing, regions, and what is legible without reading it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import FileMetaDataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.uid import ExplicitVRLittleEndian, HTJ2KLossless

from midi_nb.engine import pixels


def image(values: np.ndarray, **attributes: Any) -> Dataset:
    """A data set whose pixels are `values` (rows × columns, or frames × rows × columns)."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.Rows, data.Columns = values.shape[-2:]
    if values.ndim == 3:
        data.NumberOfFrames = len(values)
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.PixelRepresentation = int(values.dtype.kind == "i")
    data.BitsAllocated = data.BitsStored = 8 * values.itemsize
    data.HighBit = data.BitsStored - 1
    data.PixelData = values.tobytes()
    for keyword, value in attributes.items():
        setattr(data, keyword, value)
    return data


def picture(source: Any, frame: int = 0, window: tuple[float, float] | None = None) -> np.ndarray:
    """A frame as it is shown, through a window of its own or the one given."""
    return pixels.shown(pixels.plane(source, frame), pixels.Window("", *window) if window else None)


def written(text: str, size: int = 20, ink: int = 255, paper: int = 0) -> np.ndarray:
    """An 8-bit box with burned-in text."""
    font = ImageFont.load_default(size)
    left, top, right, bottom = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox((0, 0), text, font=font)
    canvas = Image.new("L", (int(right - left) + 8, int(bottom - top) + 8), paper)
    ImageDraw.Draw(canvas).multiline_text((4 - left, 4 - top), text, font=font, fill=ink)
    return np.asarray(canvas)


RAMP = np.arange(-500, 524, dtype="int16").reshape(32, 32)


# What a radiologist would see


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm"])
def test_a_picture_is_what_pydicom_windows_to(name: str) -> None:
    data = dcmread(get_testdata_file(name))
    data.WindowCenter, data.WindowWidth = 400, 900
    expected = apply_voi_lut(apply_modality_lut(data.pixel_array, data), data)
    seen = picture(data)
    assert seen.dtype == np.uint8
    within = (seen > 0) & (seen < 255)
    assert within.any()
    # Both are linear in the values; pydicom's output range differs, so compare up to that.
    slope, offset = np.polyfit(expected[within].astype(float), seen[within].astype(float), 1)
    assert np.abs(seen[within] - (expected[within] * slope + offset)).max() < 1.5


def test_rescale_and_window_are_applied() -> None:
    data = image(RAMP, RescaleSlope=2, RescaleIntercept=-100, WindowCenter=0, WindowWidth=400)
    values = RAMP * 2.0 - 100
    expected = np.clip(((values + 0.5) / 399 + 0.5) * 255, 0, 255)
    assert np.abs(picture(data) - expected).max() <= 1


def test_a_window_given_wins_over_that_of_the_file() -> None:
    data = image(RAMP, WindowCenter=0, WindowWidth=400)
    assert picture(data, window=(500, 2))[0, 0] == 0
    assert picture(data, window=(-600, 2))[0, 0] == 255


def test_every_window_of_a_file_is_offered_with_one_that_fits() -> None:
    data = image(RAMP, WindowCenter=[40, -600], WindowWidth=[400, 1500])
    assert [window[:3] for window in pixels.plane(data).windows[:2]] == [
        ("window 1 of the file", 40, 400),
        ("window 2 of the file", -600, 1500),
    ]
    assert pixels.plane(data).windows[2].name == "fitted"


def test_monochrome1_is_shown_white_to_black() -> None:
    window = {"WindowCenter": 0, "WindowWidth": 1000}
    straight = picture(image(RAMP, **window))
    assert (picture(image(RAMP, PhotometricInterpretation="MONOCHROME1", **window)) == 255 - straight).all()


def test_a_voi_lut_is_looked_up() -> None:
    item = Dataset()
    item.add_new(0x00283002, "US", [4, 10, 8])
    item.add_new(0x00283006, "US", [0, 50, 200, 255])
    data = image(np.array([[9, 10, 11, 12, 13, 99]], "uint8"), VOILUTSequence=[item])
    assert picture(data).tolist() == [[0, 0, 50, 200, 255, 255]]


def table(data: Any = None, descriptor: Any = (256, 0, 8), vr: str = "OW") -> Dataset:
    """An item of a VOI LUT sequence; without what is None."""
    item = Dataset()
    item.LUTExplanation = "DOE^JANE"
    if descriptor is not None:
        item.add_new(0x00283002, "US", list(descriptor))
    if data is not None:
        item.add_new(0x00283006, vr, data)
    return item


@pytest.mark.parametrize(
    "broken",
    [
        table(),
        table(bytes(512), descriptor=None),
        table(bytes(512), descriptor=(256, 0)),
        table(bytes(512), descriptor=(256, 0, 0)),
        table(b""),
        Dataset(),
    ],
    ids=["no data", "no descriptor", "short descriptor", "no bits", "empty data", "empty"],
)
def test_a_broken_voi_lut_is_passed_over(broken: Dataset) -> None:
    good = table([0, 255], (2, 0, 8), "US")
    windows = pixels.plane(image(RAMP, VOILUTSequence=[broken, good])).windows
    assert [window.name for window in windows] == ["table 2 of the file", "fitted"]


@pytest.mark.parametrize(
    ("data", "descriptor"),
    [
        (bytes(range(255)), (255, 0, 8)),
        (bytes(range(255)) + b"\0", (255, 0, 8)),
        (np.arange(255, dtype="<u2").tobytes(), (255, 0, 8)),
        ((np.arange(255, dtype="<u2") * 257).tobytes(), (255, 0, 16)),
    ],
    ids=["bytes", "bytes made even", "words of 8 bits", "words"],
)
def test_a_voi_lut_has_one_byte_or_two_an_entry(data: bytes, descriptor: Any) -> None:
    values = np.arange(255, dtype="uint8").reshape(15, 17)
    assert (picture(image(values, VOILUTSequence=[table(data, descriptor)])) == values).all()


def test_attributes_that_do_not_say_how_to_show_pixels_are_one_line_without_their_values() -> None:
    data = image(RAMP, ModalityLUTSequence=[table()])
    with pytest.raises(ValueError, match=r"^the file does not say how to show its pixels \(\w+\)\.$"):
        pixels.plane(data)


def test_a_frame_of_many_has_its_own_window() -> None:
    def group(center: float) -> Dataset:
        lut, item = Dataset(), Dataset()
        lut.WindowCenter, lut.WindowWidth = center, 100
        item.FrameVOILUTSequence = [lut]
        return item

    data = image(np.stack([RAMP, RAMP]), PerFrameFunctionalGroupsSequence=[group(10), group(300)])
    assert [pixels.plane(data, frame).windows[0].center for frame in (0, 1)] == [10, 300]


@pytest.mark.parametrize("frame", [-1, 2])
def test_a_frame_that_is_not_there_is_said(frame: int) -> None:
    with pytest.raises(ValueError, match=rf"^the image has no frame {frame}: its frames are 0 to 1\.$"):
        picture(image(np.stack([RAMP, RAMP])), frame)


def test_colours_come_as_rgb() -> None:
    for name in ("examples_palette.dcm", "examples_rgb_color.dcm", "SC_ybr_full_422_uncompressed.dcm"):
        seen = picture(get_testdata_file(name))
        assert (seen.dtype, seen.ndim, seen.shape[-1]) == (np.uint8, 3, 3), name


@pytest.mark.parametrize("kind", ["uint16", "float64", "bool"])
def test_an_array_of_colours_of_another_depth_is_refused_rather_than_wrapped(kind: str) -> None:
    with pytest.raises(
        ValueError, match=rf"^an array of colours holds 8-bit numbers \(uint8\), this one {kind}: scale it first\.$"
    ):
        picture(np.ones((4, 4, 3), kind))


def test_padding_does_not_spoil_the_fitted_window() -> None:
    values = np.full((64, 64), -2000, "int16")
    values[16:48, 16:48] = np.arange(1024).reshape(32, 32)
    low = pixels.plane(image(values, PixelPaddingValue=-2000)).windows[0]
    assert 0 <= low.center - low.width / 2 < 20


def test_values_of_32_bits_keep_their_last_one() -> None:
    dose = np.array([[2**30, 2**30 + 1]], "uint32")
    assert pixels.changed(dose, dose[:, ::-1]).all()
    assert np.diff(pixels.plane(image(dose, DoseGridScaling=1e-3)).values)[0, 0] == pytest.approx(1e-3)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda data: data.pop("PixelData"), "no pixels: this object holds no image."),
        (lambda data: data.file_meta.pop("TransferSyntaxUID"),
         "the pixels cannot be decoded: the file does not say its transfer syntax."),
        (lambda data: setattr(data, "PixelData", b"12"),
         "the pixels cannot be decoded (Explicit VR Little Endian, ValueError)."),
    ],
    ids=["none", "no syntax", "cut"],
)  # fmt: skip
def test_pixels_that_cannot_be_shown_say_why_in_one_line(spoil: Callable[[Dataset], Any], message: str) -> None:
    data = image(RAMP)
    spoil(data)
    with pytest.raises(ValueError) as caught:
        picture(data)
    assert str(caught.value) == message


def test_a_missing_decoder_is_named_with_the_extra_that_brings_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from pydicom.pixels import get_decoder

    data = image(RAMP)
    data.file_meta.TransferSyntaxUID = HTJ2KLossless
    data["PixelData"].is_undefined_length = True
    monkeypatch.setattr(type(get_decoder(HTJ2KLossless)), "is_available", False)
    with pytest.raises(
        ValueError, match=r"^no decoder for High-Throughput .+ is installed; the extra midi_nb\[pixels\] brings one\.$"
    ):
        picture(data)


def test_a_path_that_is_no_image_is_said(tmp_path: Any) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ValueError, match=r"^notes.txt is not DICOM \(no preamble and DICM\)\.$"):
        picture(tmp_path / "notes.txt")
    with pytest.raises(FileNotFoundError, match=r"^there is no file gone.dcm in "):
        picture(tmp_path / "gone.dcm")
    with pytest.raises(TypeError, match=r"^an image is a path, a pydicom Dataset or an array, got int\.$"):
        picture(7)


# Regions


def test_a_region_takes_rows_and_columns_of_every_frame() -> None:
    cine = np.zeros((5, 40, 60), np.uint8)
    cine[3:, 10:20, 5:25] = 7
    found = [crop for crop, _ in pixels.regions(image(cine), (5, 10, 25, 20))]
    assert [crop.shape for crop in found] == [(10, 20), (10, 20)]
    assert [crop.max() for crop in found] == [0, 7]
    # The official slice of the same region takes frames for rows.
    assert cine[10:20, 5:25].size == 0


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        ((0, 0, 60, 40), (0, 0, 60, 40)),
        ((-5, -5, 10, 10), (0, 0, 10, 10)),
        ((50, 30, 600, 400), (50, 30, 60, 40)),
    ],
)
def test_a_region_over_the_edge_is_clipped(box: Any, inside: Any) -> None:
    x0, y0, x1, y1 = inside
    values = np.arange(40 * 60).reshape(40, 60)
    [(crop, _)] = pixels.regions(values, box)
    assert (crop == values[y0:y1, x0:x1]).all()


@pytest.mark.parametrize("box", [(60, 0, 70, 10), (-9, 0, 0, 10), (5, 5, 5, 9), (20, 20, 10, 10)])
def test_a_region_outside_is_refused(box: Any) -> None:
    with pytest.raises(ValueError, match=r"^box outside the image$"):
        pixels.regions(np.zeros((40, 60)), box)


def test_a_region_of_a_palette_image_is_in_colour() -> None:
    [(crop, _)] = pixels.regions(get_testdata_file("examples_palette.dcm"), (0, 0, 100, 20))
    assert crop.shape == (20, 100, 3)


def test_a_region_as_stored_has_the_palettes_indices() -> None:
    [(crop, _)] = pixels.regions(get_testdata_file("examples_palette.dcm"), (0, 0, 100, 20), stored=True)
    assert crop.shape == (20, 100)


def test_a_region_as_stored_is_ybr() -> None:
    ybr = np.tile(np.array([76, 85, 255], np.uint8), 24)  # a red
    red = image(np.zeros((4, 6), np.uint8), SamplesPerPixel=3, PlanarConfiguration=0, PixelData=ybr.tobytes())
    red.PhotometricInterpretation = "YBR_FULL"
    assert [crop[0, 0].tolist() for crop, _ in pixels.regions(red, (0, 0, 2, 2), stored=True)] == [[76, 85, 255]]
    assert [crop[0, 0].tolist() for crop, _ in pixels.regions(red, (0, 0, 2, 2))] == [[254, 0, 0]]


@pytest.mark.parametrize("box", [(-10, -10, -2, -2), (2, 3, -2, -1), (0, 0, 2**31, 2**31), (-(2**31), 0, 5, 5)])
def test_a_region_as_stored_is_the_slice_of_numpy(box: Any) -> None:
    x0, y0, x1, y1 = box
    values = np.arange(40 * 60).reshape(40, 60)
    [(crop, inside)] = pixels.regions(values, box, stored=True)
    assert (crop == values[y0:y1, x0:x1]).all()
    assert inside == (0, 0, *crop.shape[::-1])


@pytest.mark.parametrize("box", [(-5, 2, 20, 10), (2, -3, 20, 10), (20, 20, 10, 10)])
def test_an_empty_slice_is_refused(box: Any) -> None:
    with pytest.raises(ValueError, match=r"^box outside the image$"):
        pixels.regions(np.zeros((40, 60)), box, stored=True)


def test_a_region_does_not_change_with_the_image() -> None:
    values = np.zeros((8, 8), np.uint8)
    [(crop, _)] = pixels.regions(values, (0, 0, 4, 4))
    values[:] = 9
    assert crop.max() == 0


# Without recognition: the released pixels beside the original ones

NAME = "MEYER STEPHANIE"


def test_what_changed_outside_the_boxes_is_over_redaction() -> None:
    before = np.full((40, 60), 100, np.uint8)
    after = before.copy()
    after[5:15, 10:30] = 0
    after[20:24, 40:50] = 0
    assert pixels.changed(before, after).sum() == 240
    beyond = pixels.changed(before, after, outside=[(10, 5, 30, 15)])
    assert beyond.sum() == 40
    assert beyond[20:24, 40:50].all()
    assert pixels.changed(before, after, tolerance=100).sum() == 0


def test_a_change_in_one_colour_is_a_change() -> None:
    before = np.zeros((4, 4, 3), np.uint8)
    after = before.copy()
    after[1, 2, 2] = 1
    assert np.argwhere(pixels.changed(before, after)).tolist() == [[1, 2]]


def test_images_of_different_size_are_not_compared() -> None:
    with pytest.raises(ValueError, match=r"^the images differ in size: 4 × 6 and 6 × 4\.$"):
        pixels.changed(np.zeros((4, 6)), np.zeros((6, 4)))


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("paper", [0, 90])
def test_coverage_is_the_share_of_the_text_painted_over(share: float, paper: int) -> None:
    before = written("MEYERSTEPHANIEMEYERSTEPHANIE", paper=paper)
    after = before.copy()
    after[:, : int(share * before.shape[1])] = 0
    assert pixels.coverage(before, after) == pytest.approx(share, abs=0.05)


def smear(radius: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda box: np.asarray(Image.fromarray(box).filter(ImageFilter.GaussianBlur(radius)))


def mosaic(block: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda box: np.kron(box[::block, ::block], np.ones((block, block)))[: box.shape[0], : box.shape[1]]


def cover(share: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda box: np.where(np.arange(box.shape[1]) < share * box.shape[1], 0, box)


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("treatment", "low", "high"),
    [
        (lambda box: box, 1, 1),
        (lambda box: 255 - box, 0.99, 1),
        (lambda box: box // 40, 0.99, 1),  # all but black, until somebody windows it
        (lambda box: box + RNG.normal(0, 12, box.shape), 0.9, 1),
        (smear(0.6), 0.8, 1),
        (cover(0.5), 0.4, 0.6),
        (cover(0.8), 0.1, 0.3),
        (lambda box: box * 0, 0, 0),
        (lambda box: RNG.normal(100, 40, box.shape), 0, 0.05),
        (smear(6), 0, 0.1),
        (mosaic(12), 0, 0.15),
        (lambda box: written("ANONYMIZED"), 0, 0.15),
    ],
    ids=[
        "same",
        "inverted",
        "dimmed",
        "noisy",
        "soft",
        "half",
        "most",
        "black",
        "grain",
        "smeared",
        "mosaic",
        "stamped",
    ],
)
@pytest.mark.parametrize("size", [14, 24, 48])
def test_legible_is_what_can_still_be_read(treatment: Any, low: float, high: float, size: int) -> None:
    before = written(NAME, size)
    after = np.asarray(treatment(before))
    if after.shape != before.shape:
        stamp, after = after, np.zeros_like(before)
        rows, columns = min(len(stamp), len(after)), min(stamp.shape[1], after.shape[1])
        after[:rows, :columns] = stamp[:rows, :columns]
    elif size != 14 and high <= 0.15 and before.shape == after.shape:
        factor = size // 14  # what spoils small letters must be larger to spoil large ones
        after = np.kron(np.asarray(treatment(before[::factor, ::factor])), np.ones((factor, factor)))
        after = after[: before.shape[0], : before.shape[1]]
    assert low <= pixels.legible(before, after) <= high


def test_legible_is_missing_where_nothing_stood() -> None:
    blank = np.zeros((20, 80), np.uint8)
    assert np.isnan(pixels.legible(blank, blank))
    assert np.isnan(pixels.coverage(blank, blank))
    assert pixels.coverage(blank, blank + 9) == 1


@pytest.mark.parametrize("shape", [(100, 3), (400, 20), (1, 1), (1, 200), (200, 1), (1, 1, 3), (3, 2, 3), (90, 1, 3)])
def test_boxes_of_any_shape_are_measured(shape: tuple[int, ...]) -> None:
    before = RNG.integers(0, 255, shape).astype(np.uint8)
    for share in (pixels.legible(before, before), pixels.coverage(before, 255 - before)):
        assert np.isnan(share) or 0 <= share <= 1
    assert pixels.stretch(before).shape == shape[:2]


def test_colour_is_measured_along_its_contrast() -> None:
    ink = written(NAME)
    before = np.stack([np.full_like(ink, 255), 255 - ink, 255 - ink], axis=-1)
    assert pixels.legible(before, before) == 1
    assert pixels.legible(before, np.full_like(before, 255)) == 0
    assert pixels.coverage(before, np.full_like(before, 255)) == 1


def test_nothing_given_is_changed() -> None:
    before, after = written(NAME), written(NAME) // 2
    copies = before.copy(), after.copy()
    for question in (pixels.changed, pixels.coverage, pixels.legible):
        question(before, after)
    assert (before == copies[0]).all()
    assert (after == copies[1]).all()
