"""Text recognition: what can be read in an image, or in a region of it."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .pixels import Box, Image, NotInstalled, few, frames, regions, sample, stretch
from .released import Unreadable

__all__ = ["ReadText", "Reader", "installed", "reader", "text_in"]

ReadText = Callable[[Image], str]


def reader(name: str | ReadText | None = "auto") -> ReadText | None:
    """The callable that reads the text of an image: ``read_text(image) -> str``, empty if there is none.

    ``"auto"`` is the best one installed, or None if there is none; a callable is handed back as it is. A reader
    takes any array, of any depth, grey or RGB; it is loaded once per process, at its first image; it can be pickled.

    >>> reader(None) is None
    True
    >>> reader("telepathy")
    Traceback (most recent call last):
    ...
    ValueError: there is no text reader 'telepathy'; there are auto, rapidocr, tesseract.
    """
    if name is None or callable(name):
        return name
    if name == "auto":
        found = installed()
        return Reader(found[0]) if found else None
    if name not in _ENGINES:
        raise ValueError(f"there is no text reader {name!r}; there are auto, {', '.join(_ENGINES)}.")
    if name not in installed():
        raise ValueError(f"the text reader {name} is not installed: {_ENGINES[name].remedy}.")
    return Reader(name)


def installed() -> tuple[str, ...]:
    """The names of the text readers that can be used here, best first."""
    return tuple(name for name, engine in _ENGINES.items() if engine.is_here())


def text_in(source: Any, box: Sequence[float], read_text: ReadText, stored: bool = False) -> str:
    """The text read in a region of an image, in any of its frames; Unreadable says why there is no such region.

    Where no decoder is installed for the image, that is NotInstalled. With `stored` the region is the official one,
    see ``pixels.regions``.

    A plain callable is given the region and nothing more, as the official script cuts it out. A reader with a method
    ``within(image, box)``, as ours, is given what surrounds the region too: letters that are cut off or touch the edge
    of what an engine sees are often not read. It gives back what it reads in the box.
    """
    within = getattr(read_text, "within", None)
    try:
        images = regions(source, box, margin=0 if within is None else _AROUND, stored=stored)
    except NotInstalled:
        raise
    except ValueError as reason:
        raise Unreadable(str(reason)) from None
    except Exception as error:  # pydicom raises many kinds on broken images; their texts can quote values
        raise Unreadable(f"the pixels cannot be decoded ({type(error).__name__})") from None
    texts = [read_text(image) if within is None else within(image, inside) for image, inside in images]
    return " ".join(filter(None, texts))


def lines_in(dataset: Any, read_text: ReadText) -> list[tuple[str, Box]]:
    """(text, box) of the lines read in the first, the middle and the last frame of an image, each text once.

    Of more frames than these nothing is known: `all_read` says whether there are.

    A plain callable says no boxes: what it reads is the whole image's. A ValueError says why there is no image.
    """
    found: dict[tuple[str, Box], None] = {}
    for image in sample(dataset, dataset):
        rows, columns = np.shape(image)[:2]
        whole = (0, 0, columns, rows)
        lines = getattr(read_text, "lines", None)
        read = [(read_text(image), whole)] if lines is None else lines(image)
        found.update(dict.fromkeys((text, box) for text, box in read if text))
    return list(found)


def all_read(dataset: Any) -> bool:
    """Whether `lines_in` reads every frame."""
    return frames(dataset) <= len(few(frames(dataset)))


# Measured by benchmarks/text_recognition.py: enough for letters that the box cuts, too little to read a neighbour by.
_AROUND = 2  # pixels


class _Line(NamedTuple):
    """A line of text, or a word of one, the middle of its place in the image, and its box."""

    text: str
    x: float
    y: float
    box: Box = (0, 0, 0, 0)


@dataclass(frozen=True)
class Reader:
    """Reads the text of an image with the named engine, and remembers what it has read."""

    name: str

    def __call__(self, image: Image) -> str:
        """The text of an image."""
        rows, columns = np.shape(image)[:2]
        return self.within(image, (0, 0, columns, rows))

    def within(self, image: Image, box: Box) -> str:
        """The text in a box of an image: the lines whose middle is in it."""
        x0, y0, x1, y1 = box
        region = np.asarray(image)[y0:y1, x0:x1]
        if region.size == 0 or (region == region.flat[0]).all():
            return ""
        return _tidied(
            " ".join(line.text for line in self._lines(image, box) if x0 <= line.x <= x1 and y0 <= line.y <= y1)
        )

    def lines(self, image: Image) -> list[tuple[str, Box]]:
        """(text, box) of the lines of an image."""
        rows, columns = np.shape(image)[:2]
        if np.size(image) == 0 or (np.asarray(image) == np.asarray(image).flat[0]).all():
            return []
        return [(_tidied(line.text), line.box) for line in self._lines(np.asarray(image), (0, 0, columns, rows))]

    def _lines(self, image: Image, box: Box) -> list[_Line]:
        content = np.ascontiguousarray(image)
        digest = hashlib.sha1(content.data, usedforsecurity=False).digest()
        key = (self.name, content.shape, content.dtype.str, digest, box)
        if key not in _read:
            if len(_read) >= _REMEMBERED:
                _read.clear()
            _read[key] = _ENGINES[self.name].load()(stretch(image, box))
        return _read[key]


_REMEMBERED = 20_000
_read: dict[tuple[Any, ...], list[_Line]] = {}


def _tidied(text: str) -> str:
    """`text`, unless it has fewer than two letters or digits: edges and ticks read as 1, l or 一.

    A zero between letters is taken for an O, an O between digits for a zero: the one mistake engines keep making.
    """
    text = re.sub(r"(?<=[^\W\d_])0+(?=[^\W\d_])", lambda zeros: "O" * len(zeros[0]), text)
    text = re.sub(r"(?<=\d)[Oo](?=\d)", "0", text)
    return text if sum(map(str.isalnum, text)) > 1 else ""


Grey = NDArray[np.uint8]


class _Engine(NamedTuple):
    """An engine of text recognition: whether it is installed, how it is loaded, what installs it."""

    is_here: Callable[[], bool]
    load: Callable[[], Callable[[Grey], list[_Line]]]
    remedy: str


@cache
def _rapidocr() -> Callable[[Grey], list[_Line]]:
    """RapidOCR (PP-OCR models, part of the wheel): finds the lines, reads each."""
    from rapidocr import RapidOCR

    # Measured by benchmarks/text_recognition.py: on boxes of a line or two, finding the lines at this size costs 15 ms
    # and misses none; at rapidocr's own size, made for pages, it costs a second.
    common = {
        "Global.log_level": "critical",
        "Global.use_cls": False,
        "Global.use_vertical_padding": False,
        "Global.text_score": 0.6,
        "Det.limit_side_len": 96,
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    }
    engine = RapidOCR(params=common)

    def read(grey: Grey) -> list[_Line]:
        framed = _framed(grey, 10)
        found: Any = engine(np.repeat(framed[..., None], 3, axis=2))
        if not found.txts:
            return []
        return [
            _Line(text, *np.mean(corners, axis=0), _around(corners))  # type: ignore[call-arg]
            for text, corners in zip(found.txts, np.asarray(found.boxes) - 10, strict=True)
        ]

    return read


@cache
def _tesseract() -> Callable[[Grey], list[_Line]]:
    """Tesseract: dark letters on light, upscaled, as one automatic page."""
    import pytesseract
    from PIL import Image as Pillow

    def read(grey: Grey) -> list[_Line]:
        dark_on_light = 255 - grey if np.median(grey) < 128 else grey
        factor = max(1, round(64 / min(grey.shape)))
        size = (grey.shape[1] * factor, grey.shape[0] * factor)
        scaled = np.asarray(Pillow.fromarray(dark_on_light).resize(size, Pillow.Resampling.BICUBIC))
        found = pytesseract.image_to_data(
            Pillow.fromarray(_framed(scaled, 20)), config="--psm 3", output_type=pytesseract.Output.DICT
        )
        places = zip(*(found[name] for name in ("text", "left", "width", "top", "height")), strict=True)
        return [
            _Line(
                text.strip(),
                (left + width / 2 - 20) / factor,
                (top + height / 2 - 20) / factor,
                _around((np.array([[left, top], [left + width, top + height]]) - 20) / factor),
            )
            for text, left, width, top, height in places
            if text.strip()
        ]

    return read


def _around(corners: Any) -> Box:
    """The box around some corners, whole pixels."""
    (x0, y0), (x1, y1) = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    return max(int(x0), 0), max(int(y0), 0), int(x1), int(y1)


def _framed(grey: Grey, size: int) -> Grey:
    """`grey` with a margin of its background: letters at the edge of an image are read only with some room around them.

    Into the ground it goes by a few steps: engines take a sharp edge around tissue for letters.
    """
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ground, steps = int(np.median(edge)), 4
    return np.pad(np.pad(grey, steps, mode="linear_ramp", end_values=ground), size - steps, constant_values=ground)


_ENGINES = {
    "rapidocr": _Engine(
        lambda: find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None,
        _rapidocr,
        "the extra midi_nb[ocr] brings it",
    ),
    "tesseract": _Engine(
        lambda: find_spec("pytesseract") is not None and shutil.which("tesseract") is not None,
        _tesseract,
        "it needs the package pytesseract and the program tesseract",
    ),
}
