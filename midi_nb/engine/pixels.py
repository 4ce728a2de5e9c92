"""Pixels: what a radiologist would see, the regions of a key, what is still legible in them.

Arrays are rows × columns (× 3 in colour); boxes are ``(x0, y0, x1, y1)``, x to the right, y down, the last row and
column not included: ``image[y0:y1, x0:x1]``. Nothing here knows of checks or verdicts. Errors never quote values.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .released import quiet

__all__ = [
    "LEGIBLE",
    "NotInstalled",
    "Plane",
    "Window",
    "blank",
    "changed",
    "clip",
    "coverage",
    "frames",
    "in_frames",
    "legible",
    "most_legible",
    "overlay",
    "plane",
    "regions",
    "sample",
    "shown",
    "stretch",
]

Image = NDArray[Any]
Box = tuple[int, int, int, int]


# What a radiologist would see


class Window(NamedTuple):
    """How values become grey: a centre and a width, or (``table``) grey levels for the values from ``first`` on."""

    name: str
    center: float
    width: float
    function: str = "LINEAR"
    first: int = 0
    table: Image | None = None


class Plane(NamedTuple):
    """One frame, decoded: grey is ``stored * slope + intercept`` in the units of the modality; colour is 8-bit RGB.

    ``windows`` are those the file asks for, then one fitted to the values; the first is the one to open with.
    """

    stored: Image
    slope: float
    intercept: float
    inverted: bool
    windows: tuple[Window, ...]

    @property
    def color(self) -> bool:
        """True if the frame is RGB."""
        return self.stored.ndim == 3

    @property
    def values(self) -> Image:
        """The frame in the units of the modality (Hounsfield units, say)."""
        if self.color or (self.slope, self.intercept) == (1.0, 0.0):
            return self.stored
        exact = _exact(self.stored)
        return self.stored * exact(self.slope) + exact(self.intercept)


def shown(seen: Plane, window: Window | None = None) -> NDArray[np.uint8]:
    """A decoded frame as a radiologist would see it through a window (its first, if None): 8-bit grey or RGB.

    >>> from pydicom.data import get_testdata_file
    >>> shown(plane(get_testdata_file("CT_small.dcm"))).shape
    (128, 128)
    """
    if seen.color:
        return seen.stored
    return _grey(seen, window or seen.windows[0])


def _grey(seen: Plane, window: Window) -> NDArray[np.uint8]:
    """The grey levels of a plane through a window: DICOM PS3.3 C.11.2.1."""
    values = seen.values
    if window.table is not None:
        grey = window.table[np.clip(np.rint(values).astype(np.int64) - window.first, 0, len(window.table) - 1)]
    elif window.function == "SIGMOID":
        grey = 255 / (1 + np.exp(-4 * (values.astype(np.float32) - window.center) / window.width))
    else:
        center, width = window.center, window.width
        if window.function == "LINEAR":
            center, width = center - 0.5, width - 1
        low = np.float32(center - width / 2)
        grey = (values.astype(np.float32) - low) * np.float32(255 / max(width, 1e-6))
    eight: NDArray[np.uint8] = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    return 255 - eight if seen.inverted else eight


def plane(source: Any, frame: int = 0) -> Plane:
    """One frame with all it takes to show it: values, units, polarity, windows; a ValueError says why there is none."""
    if isinstance(source, np.ndarray):
        return _plane_of_array(source, frame)
    dataset = _dataset(source)
    count = frames(dataset)
    if not 0 <= frame < count:
        raise ValueError(f"the image has no frame {frame}: its frames are 0 to {count - 1}.")
    stored = _decoded(dataset, frame)
    try:
        with quiet():
            stored = _rgb(stored, dataset)
            if stored.ndim == 3:
                return Plane(_eight_bit(stored, dataset), 1.0, 0.0, False, ())
            return _grey_plane(stored, _Attributes(dataset, frame))
    except Exception as error:  # pydicom raises many kinds on broken attributes; their texts can quote values
        raise ValueError(f"the file does not say how to show its pixels ({type(error).__name__}).") from None


def frames(source: Any) -> int:
    """How many frames an image has.

    >>> frames(np.zeros((4, 64, 64))), frames(np.zeros((64, 64, 3)))
    (4, 1)
    """
    if isinstance(source, np.ndarray):
        return len(source) if source.ndim == 4 or (source.ndim == 3 and source.shape[-1] != 3) else 1
    dataset = _dataset(source)
    with quiet():
        return max(1, int(_numbers(dataset.get("NumberOfFrames"), 1)[0]))


def _plane_of_array(array: Image, frame: int) -> Plane:
    if array.ndim not in (2, 3, 4):
        raise ValueError(f"an image has rows and columns, maybe frames and colours; this array has {array.ndim} axes.")
    count = frames(array)
    if not 0 <= frame < count:
        raise ValueError(f"the image has no frame {frame}: its frames are 0 to {count - 1}.")
    stored = array[frame] if array.ndim == 4 or (array.ndim == 3 and array.shape[-1] != 3) else array
    if stored.ndim == 3 and stored.dtype != np.uint8:
        raise ValueError(f"an array of colours holds 8-bit numbers (uint8), this one {stored.dtype}: scale it first.")
    if stored.ndim == 3:
        return Plane(stored, 1.0, 0.0, False, ())
    if stored.dtype == bool:
        stored = stored.astype(np.uint8)
    return Plane(stored, 1.0, 0.0, False, (_fitted(stored),))


def _grey_plane(stored: Image, attributes: _Attributes) -> Plane:
    from pydicom.pixels.processing import apply_modality_lut

    dataset, get = attributes.dataset, attributes.get
    slope, intercept = 1.0, 0.0
    if dataset.get("ModalityLUTSequence"):
        stored = apply_modality_lut(stored, dataset)
    else:
        slope = _numbers(get("RescaleSlope") or dataset.get("DoseGridScaling"), 1)[0] or 1.0
        intercept = _numbers(get("RescaleIntercept"), 0)[0]
    polarity = dataset.get("PhotometricInterpretation"), dataset.get("PresentationLUTShape")
    inverted = polarity[0] == "MONOCHROME1" or polarity[1] == "INVERSE"
    fitted = _fitted(stored, dataset.get("PixelPaddingValue"), slope, intercept)
    return Plane(stored, slope, intercept, inverted, (*_asked_for(attributes), fitted))


class _Attributes:
    """Attributes of one frame: those of its own functional groups, of the shared ones, of the data set."""

    _GROUPS = ("PixelValueTransformationSequence", "FrameVOILUTSequence")

    def __init__(self, dataset: Any, frame: int) -> None:
        own = dataset.get("PerFrameFunctionalGroupsSequence") or ()
        shared = dataset.get("SharedFunctionalGroupsSequence") or ()
        holders = [*own[frame : frame + 1], *shared[:1]]
        self.dataset = dataset
        self._places = [item[group][0] for item in holders for group in self._GROUPS if item.get(group)] + [dataset]

    def get(self, keyword: str) -> Any:
        return next((place.get(keyword) for place in self._places if place.get(keyword) is not None), None)


def _asked_for(attributes: _Attributes) -> Iterator[Window]:
    """The windows a file asks for, in its order; VOI LUTs after them, unless there is nothing else."""
    function = str(attributes.get("VOILUTFunction") or "LINEAR")
    pairs = zip(_numbers(attributes.get("WindowCenter")), _numbers(attributes.get("WindowWidth")), strict=False)
    for number, (center, width) in enumerate(pairs):
        if width >= 1 or (width > 0 and function != "LINEAR"):
            yield Window(f"window {number + 1} of the file", center, width, function)
    for number, item in enumerate(attributes.dataset.get("VOILUTSequence") or ()):
        first, grey = _table(item)
        if len(grey):
            first = first - 65536 if first > 32767 and attributes.dataset.get("PixelRepresentation") else first
            yield Window(
                f"table {number + 1} of the file", first + len(grey) / 2, float(len(grey)), "TABLE", first, grey
            )


def _table(item: Any) -> tuple[int, NDArray[np.uint8]]:
    """(first value, grey levels) of a VOI LUT; no levels if its item is broken: some tools empty it."""
    descriptor, data = _numbers(item.get("LUTDescriptor")), item.get("LUTData")
    if len(descriptor) != 3 or not 0 < descriptor[2] <= 16 or data is None:
        return 0, np.empty(0, np.uint8)
    count, first, bits = (int(number) for number in descriptor)
    count = count or 65536
    if isinstance(data, bytes):
        small = bits <= 8 and len(data) in (count, count + 1)  # one byte an entry, and one to make them even
        data = np.frombuffer(data, "u1") if small else np.frombuffer(data[: len(data) // 2 * 2], "<u2")
    levels = np.array(_numbers(data))[:count]
    return first, (levels * 255 / (2**bits - 1)).clip(0, 255).astype(np.uint8)


def _numbers(value: Any, *default: float) -> list[float]:
    """The numbers of an attribute that holds one, many or none; `default` where it is no number at all."""
    try:
        numbers = np.atleast_1d(np.array([] if value is None or value == "" else value, dtype=float))
        return [float(number) for number in numbers] or [*default]
    except (TypeError, ValueError):
        return [*default]


def _fitted(stored: Image, padding: Any = None, slope: float = 1.0, intercept: float = 0.0) -> Window:
    """A window that holds nearly all values; 8-bit images keep their full range."""
    if stored.dtype == np.uint8 and stored.max(initial=0) > 1 and (slope, intercept) == (1.0, 0.0):
        return Window("full range", 127.5, 255.0, "LINEAR_EXACT")
    values = stored[np.isfinite(stored)] if stored.dtype.kind == "f" else stored.ravel()
    if padding is not None and np.any(values != padding):
        values = values[values != padding]
    if not values.size:
        return Window("fitted", 0.0, 1.0, "LINEAR_EXACT")
    sample = values[:: max(1, values.size // 200_000)]
    low, high = (float(value) * slope + intercept for value in np.percentile(sample, (0.5, 99.5)))
    if low == high:
        low, high = (float(value) * slope + intercept for value in (values.min(), values.max()))
    low, high = min(low, high), max(low, high)
    return Window("fitted", (low + high) / 2, (high - low) or 1.0, "LINEAR_EXACT")


def _dataset(source: Any) -> Any:
    """The pydicom Dataset that `source` is, or the file at the path it names holds."""
    from pydicom import Dataset, dcmread
    from pydicom.errors import InvalidDicomError

    if isinstance(source, Dataset):
        return source
    if not isinstance(source, str | Path):
        raise TypeError(f"an image is a path, a pydicom Dataset or an array, got {type(source).__name__}.")
    try:
        with quiet():
            return dcmread(source)
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {Path(source).name} in {Path(source).parent}.") from None
    except InvalidDicomError:
        raise ValueError(f"{Path(source).name} is not DICOM (no preamble and DICM).") from None
    except Exception as error:  # pydicom raises many kinds on broken files; their texts can quote values
        raise ValueError(f"{Path(source).name} cannot be read ({type(error).__name__}).") from None


_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def _decoded(dataset: Any, frame: int, stored: bool = False) -> Image:
    """A frame as pydicom decodes it: palette indices are still indices, YBR is RGB already, unless as `stored`."""
    from pydicom.pixels.utils import pixel_array

    with _decoding(dataset):
        if stored and str(dataset.get("PhotometricInterpretation")).startswith("YBR"):
            return np.asarray(pixel_array(dataset, index=frame, raw=True))
        # One of many: the others are not decoded. The only one: pydicom keeps it for the next question.
        return np.asarray(pixel_array(dataset, index=frame) if frames(dataset) > 1 else dataset.pixel_array)


def sample(dataset: Any, file: Any) -> list[Image]:
    """The first, the middle and the last frame of a data set, or of one in a sequence of `file`, such as an icon.

    As decoded, in colour where there is a palette.
    """
    if dataset is not file:
        dataset = _on_its_own(dataset, file)
    images = [_decoded(dataset, number) for number in few(frames(dataset))]
    with _decoding(dataset):
        return [_rgb(image, dataset) for image in images]


def few(count: int) -> list[int]:
    """The numbers of the first, the middle and the last of so many frames."""
    return sorted({0, count // 2, count - 1})


def _on_its_own(item: Any, file: Any) -> Any:
    """An item of a sequence of `file` with all attributes that decoding its pixels needs."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    image, syntax = copy(item), file.file_meta.get("TransferSyntaxUID")
    image.file_meta = FileMetaDataset()
    if syntax is not None:
        native = not getattr(item.get(_PIXEL_DATA), "is_undefined_length", False)  # an icon need not be compressed
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian if native and syntax.is_compressed else syntax
    return image


_PIXEL_DATA = 0x7FE00010


def overlay(dataset: Any, group: int) -> list[Image]:
    """The first, the middle and the last frame of the overlay plane in a group (0x6000 …): 255 where it draws, else 0.

    None where the plane is empty; a ValueError says why one cannot be seen.

    >>> from pydicom import dcmread
    >>> from pydicom.data import get_testdata_file
    >>> [plane] = overlay(dcmread(get_testdata_file("examples_overlay.dcm")), 0x6000)
    >>> plane.shape, int(plane.max())
    ((300, 484), 255)
    """
    try:
        with quiet():
            data, bits, position = (dataset.get((group, element)) for element in (0x3000, 0x0100, 0x0102))
            if data and data.value and bits.value == 1:
                planes = dataset.overlay_array(group)
                planes = planes.reshape(-1, *planes.shape[-2:])
                return [planes[number] * np.uint8(255) for number in few(len(planes))]
            there = bool((data and data.value) or (position and position.value))
    except Exception as error:  # pydicom raises many kinds on broken values; their texts can quote them
        raise ValueError(f"the overlay cannot be decoded ({type(error).__name__})") from None
    if there:
        raise ValueError("the overlay is not stored as one bit a pixel")
    return []


def _all_decoded(source: Any, stored: bool = False) -> Iterator[Image]:
    """Every frame as decoded, one at a time."""
    from pydicom.pixels.utils import iter_pixels

    if isinstance(source, np.ndarray):
        yield from (_plane_of_array(source, number).stored for number in range(frames(source)))
    elif frames(source) == 1:
        yield _decoded(source, 0, stored)
    else:
        decoded = iter_pixels(source, raw=stored)
        while True:
            with _decoding(source):
                image = next(decoded, None)
            if image is None:
                return
            yield image


class NotInstalled(ValueError):
    """Pixels that nothing installed here can decode."""


@contextmanager
def _decoding(dataset: Any) -> Iterator[None]:
    """Turns whatever a decoder raises into one line that quotes no data."""
    if not any(keyword in dataset for keyword in _PIXELS):
        raise ValueError("no pixels: this object holds no image.")
    try:
        with quiet():
            yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # the panic of a decoder written in Rust is no Exception
        raise _why_not(dataset, error) from None


def _why_not(dataset: Any, error: BaseException) -> ValueError:
    from pydicom.pixels.decoders.base import get_decoder

    syntax = getattr(getattr(dataset, "file_meta", None), "TransferSyntaxUID", None)
    if syntax is None:
        return ValueError("the pixels cannot be decoded: the file does not say its transfer syntax.")
    try:
        if not get_decoder(syntax).is_available:
            return NotInstalled(f"no decoder for {syntax.name} is installed; the extra midi_nb[pixels] brings one.")
    except NotImplementedError:
        return ValueError(f"the pixels cannot be decoded: {syntax.name} is not supported.")
    return ValueError(f"the pixels cannot be decoded ({syntax.name}, {type(error).__name__}).")


def _rgb(decoded: Image, dataset: Any) -> Image:
    """Palette indices as colours; everything else as it is."""
    if dataset.get("PhotometricInterpretation") != "PALETTE COLOR":
        return decoded
    from pydicom.pixels.processing import apply_color_lut

    with quiet():
        return _eight_bit(apply_color_lut(decoded, dataset)[..., :3], dataset)


def _eight_bit(colors: Image, dataset: Any) -> NDArray[np.uint8]:
    if colors.dtype == np.uint8:
        return colors
    bits = 16 if dataset.get("PhotometricInterpretation") == "PALETTE COLOR" else int(dataset.get("BitsStored") or 16)
    eight: NDArray[np.uint8] = np.clip(colors.astype(np.float32) * (255 / (2**bits - 1)), 0, 255).astype(np.uint8)
    return eight


# Regions


def clip(box: Sequence[float], shape: Sequence[int]) -> Box:
    """The part of `box` that lies in an image of `shape` (rows, columns, …).

    >>> clip((-5, 10, 40, 900), (512, 512))
    (0, 10, 40, 512)
    """
    x0, y0, x1, y1 = (int(value) for value in box)
    inside = max(x0, 0), max(y0, 0), min(x1, shape[1]), min(y1, shape[0])
    if inside[0] >= inside[2] or inside[1] >= inside[3]:
        raise ValueError("box outside the image")
    return inside


def _sliced(box: Sequence[float], shape: Sequence[int]) -> Box:
    """The part of an image of `shape` that NumPy takes of `box`: negative edges are counted from the end.

    >>> _sliced((-5, 10, -1, 900), (512, 512))
    (507, 10, 511, 512)
    """
    x0, y0, x1, y1 = (int(value) for value in box)
    (left, right, _), (top, bottom, _) = slice(x0, x1).indices(shape[1]), slice(y0, y1).indices(shape[0])
    return clip((left, top, right, bottom), shape)


def blank(image: Image, boxes: Iterable[Sequence[float]]) -> Image:
    """A copy of an image with nothing left in the boxes, as far as they lie in it.

    >>> blank(np.ones((2, 4), int), [(-3, -3, 2, 1), (3, 0, 9, 9)]).tolist()
    [[0, 0, 1, 0], [1, 1, 1, 0]]
    """
    copy = image.copy()
    for box in boxes:
        x0, y0, x1, y1 = (max(0, int(edge)) for edge in box)
        copy[y0:y1, x0:x1] = 0
    return copy


def regions(source: Any, box: Sequence[float], margin: int = 0, stored: bool = False) -> list[tuple[Image, Box]]:
    """The distinct contents of a region, each with `margin` pixels of its surroundings, and its box in that image.

    The official slice, ``pixel_array[y0:y1, x0:x1]``, takes frames and rows of a multi-frame image; this one takes
    rows and columns of every frame, each content once. Otherwise, with `stored`, it is the official one: negative
    corners are counted from the end, and colours are as stored, YBR or indices of a palette. Without, what is outside
    the image is outside, and colours are RGB.

    >>> cine = np.zeros((30, 64, 64), np.uint8)
    >>> [(image, inside)] = regions(cine, (8, 1, 100, 9), margin=3)
    >>> image.shape, inside
    ((12, 59), (3, 1, 59, 9))
    """
    distinct: dict[bytes, tuple[Image, Box]] = {}
    for image, inside in _in_frames(source, box, margin, stored):
        x0, y0, x1, y1 = inside
        content = hashlib.sha1(image[y0:y1, x0:x1].tobytes(), usedforsecurity=False).digest()
        distinct.setdefault(content, (image, inside))
    if not distinct:
        raise ValueError("no pixels: this object holds no frame.")
    return list(distinct.values())


def in_frames(source: Any, box: Sequence[float]) -> Iterator[Image]:
    """The contents of a region frame by frame, rows and columns as decoded.

    >>> [part.shape for part in in_frames(np.zeros((2, 64, 64), np.uint8), (8, 8, 100, 24))]
    [(16, 56), (16, 56)]
    """
    return (image for image, _ in _in_frames(source, box, 0, False))


def _in_frames(source: Any, box: Sequence[float], margin: int, stored: bool) -> Iterator[tuple[Image, Box]]:
    """A region with its surroundings frame by frame, and its box in that."""
    dataset = source if isinstance(source, np.ndarray) else _dataset(source)
    for image in _all_decoded(dataset, stored):
        x0, y0, x1, y1 = (_sliced if stored else clip)(box, image.shape)
        left, top, right, bottom = clip((x0 - margin, y0 - margin, x1 + margin, y1 + margin), image.shape)
        part = image[top:bottom, left:right].copy()
        inside = x0 - left, y0 - top, x1 - left, y1 - top
        yield part if stored or isinstance(dataset, np.ndarray) else _rgb(part, dataset), inside


# Contrast


def stretch(image: Image, box: Sequence[int] | None = None, low: float = 1.0, high: float = 99.5) -> NDArray[np.uint8]:
    """An image as 8-bit grey that uses the whole range for what is in `box`, whatever its depth and colours.

    Outliers are cut off, so that one hot pixel hides nothing; colours go along the axis on which they differ most,
    so that red letters on white stay visible.

    >>> stretch(np.array([[1000, 1001], [1002, 1003]], "uint16"), low=0, high=100).tolist()
    [[0, 85], [170, 255]]
    """
    values = np.nan_to_num(np.asarray(image).astype(np.float32))
    x0, y0, x1, y1 = box or (0, 0, values.shape[1], values.shape[0])
    inside = values[y0:y1, x0:x1]
    if values.ndim == 3:
        axis = _axis(inside).astype(np.float32)
        values, inside = values @ axis, inside @ axis
    bottom, top = np.percentile(inside, (low, high))
    if top <= bottom:
        bottom, top = inside.min(), inside.max()
    if top <= bottom:
        return np.zeros(values.shape, np.uint8)
    scaled: NDArray[np.uint8] = (np.clip((values - bottom) / (top - bottom), 0, 1) * 255).astype(np.uint8)
    return scaled


def _axis(colors: Image) -> Image:
    """The direction along which colours differ most, brighter upwards."""
    flat = colors.reshape(-1, colors.shape[-1]).astype(np.float64)
    if len(flat) < 2:
        return np.full(flat.shape[1], flat.shape[1] ** -0.5)
    direction: Image = np.linalg.eigh(np.cov(flat, rowvar=False))[1][:, -1]
    return direction if direction.sum() >= 0 else -direction


# Without recognition: the released pixels beside the original ones


def changed(
    before: Image, after: Image, outside: Iterable[Sequence[float]] = (), tolerance: float = 0
) -> NDArray[np.bool_]:
    """A mask, rows × columns, of the pixels that differ by more than `tolerance`; those in the boxes `outside` do not.

    With the boxes of the key as `outside` the mask is what a tool redacted and should not have.

    >>> before, after = np.full((4, 6), 9), np.full((4, 6), 9)
    >>> after[:, 2:] = 0
    >>> int(changed(before, after).sum()), int(changed(before, after, outside=[(0, 0, 5, 4)]).sum())
    (16, 4)
    """
    one, other = _pair(before, after)
    differs = np.abs(one - other) > tolerance
    mask: NDArray[np.bool_] = differs.any(axis=-1) if differs.ndim == 3 else differs
    return blank(mask, outside)


def coverage(before: Image, after: Image) -> float:
    """The share of the text in a box that was painted over, 0 to 1: 0.5 for a box half covered.

    What stood there is where the original has edges: painting black onto black changes no pixel and hides nothing.
    Missing (NaN) for a box in which nothing stood and nothing changed.
    """
    one, other = _grey_pair(before, after)
    touched = np.abs(one - other) > 0.04 * np.ptp(one)  # lossy compression moves every pixel a little
    near = np.pad(touched, 1)
    near = np.logical_or.reduce([near[y : y + one.shape[0], x : x + one.shape[1]] for y in range(3) for x in range(3)])
    ink = _ink(one)
    if not ink.any():
        return float(touched.mean()) if touched.any() else float("nan")
    return float(ink[near].sum() / ink.sum())


def legible(before: Image, after: Image) -> float:
    """How much of the text in a box is still legible, 0 to 1, measured by its edges rather than by OCR.

    In cells about the size of a letter the edges of the original are correlated with those at the same place now:
    blur, coarse mosaic, noise and paint break the correlation, lower contrast, inversion and recompression do not.
    Missing (NaN) for a box in which nothing stood. Not for text moved to another place.

    >>> letters = np.kron(np.random.default_rng(0).integers(0, 2, (8, 40)) * 200, np.ones((3, 3)))
    >>> half = np.where(np.arange(120) < 60, letters, 0)
    >>> legible(letters, letters), round(legible(letters, half), 1), legible(letters, letters * 0)
    (1.0, 0.5, 0.0)
    """
    one, other = _grey_pair(before, after)
    size = min(max(1, round(_height_of_letters(one) / _LETTER)), *one.shape)
    one, other = _smaller(one, size), _smaller(other, size)
    (down, across), (down_now, across_now) = _edges(one), _edges(other)
    strong = _ink(one) > 0
    energy = _by_cell((down**2 + across**2) * strong)
    if not energy.any():
        return float("nan")
    together = np.abs(_by_cell((down * down_now + across * across_now) * strong))
    energy_now = _by_cell(down_now**2 + across_now**2)
    same = together / np.sqrt(np.maximum(energy * energy_now, 1e-9))
    return float((energy * np.clip((same - _LOST) / (_READ - _LOST), 0, 1)).sum() / energy.sum())


def most_legible(pairs: Iterable[tuple[Image, Image]]) -> tuple[int, float]:
    """The number of the pair (before, after) whose text is most legible after, and how legible it is."""
    left = [float(np.nan_to_num(legible(*pair))) for pair in pairs]
    number = int(np.argmax(left))
    return number, left[number]


#: More than so much of the edges of letters, and a text counts as legible: of a name and two dates that is one word.
LEGIBLE = 0.1
_CELL, _LETTER = 8, 14  # pixels; larger letters are made smaller first, as what spoils them is larger too
_LOST, _READ = 0.5, 0.7  # correlations: below the one letters are not read by machine or eye, above the other they are


def _pair(before: Image, after: Image) -> tuple[Image, Image]:
    if before.shape != after.shape:
        sizes = (" × ".join(map(str, image.shape)) for image in (before, after))
        raise ValueError(f"the images differ in size: {' and '.join(sizes)}.")
    exact = max(_exact(before), _exact(after), key=lambda kind: kind().itemsize)
    return before.astype(exact), after.astype(exact)


def _exact(image: Image) -> type[np.float32] | type[np.float64]:
    """The smallest floating type that holds every value of an image exactly."""
    return np.float32 if image.dtype.itemsize <= 2 else np.float64


def _grey_pair(before: Image, after: Image) -> tuple[Image, Image]:
    one, other = _pair(before, after)
    if one.ndim == 2:
        return one, other
    axis = _axis(one).astype(np.float32)
    return one @ axis, other @ axis


def _edges(image: Image) -> tuple[Image, Image]:
    padded = np.pad(image, 1, mode="edge")
    return (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2, (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2


def _ink(image: Image) -> Image:
    """The strength of the edges of an image where they are strong: letters rather than tissue."""
    down, across = _edges(image)
    strength: Image = down**2 + across**2
    return np.where(strength > 0.04 * np.percentile(strength, 99), strength, 0)


def _by_cell(values: Image, size: int = _CELL) -> Image:
    rows, columns = (-length % size for length in values.shape)
    padded = np.pad(values.astype(np.float64), ((0, rows), (0, columns)))
    cells: Image = padded.reshape(padded.shape[0] // size, size, -1, size).sum((1, 3))
    return cells


def _smaller(image: Image, factor: int) -> Image:
    rows, columns = (length // factor * factor for length in image.shape)
    return _by_cell(image[:rows, :columns], factor) / factor**2


def _height_of_letters(image: Image) -> float:
    """The height of a line of text in pixels: the median height of the runs of rows with ink; 0 without ink."""
    inked = np.pad((_ink(image) > 0).any(axis=1), 1)
    edges = np.flatnonzero(inked[1:] != inked[:-1])
    return float(np.median(edges[1::2] - edges[::2])) if len(edges) else 0.0
