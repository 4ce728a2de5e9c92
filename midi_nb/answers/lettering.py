"""Text burned into pictures: where it goes, and how it gets there."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.floating]


class Box(NamedTuple):
    """A rectangle of pixels: columns x0 to x1, rows y0 to y1, ends excluded."""

    x0: int
    y0: int
    x1: int
    y1: int


@lru_cache(maxsize=32)
def font(size: int) -> Any:
    """The sans-serif font that matplotlib carries, so that letters look the same on every machine."""
    from matplotlib import get_data_path
    from PIL import ImageFont

    return ImageFont.truetype(str(Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")), size)


def lettering(text: str, size: int) -> Image:
    """How much ink, 0 to 1, each pixel of a text carries; lines are stacked."""
    from PIL import Image as Pillow
    from PIL import ImageDraw

    left, top, right, bottom = ImageDraw.Draw(Pillow.new("L", (1, 1))).multiline_textbbox((0, 0), text, font=font(size))
    canvas = Pillow.new("L", (int(right - left) + 2, int(bottom - top) + 2))
    ImageDraw.Draw(canvas).multiline_text((1 - left, 1 - top), text, fill=255, font=font(size))
    return np.asarray(canvas, dtype=np.float32) / 255


def text_box(shape: tuple[int, int], text: str, size: int, corner: str, margin: int = 4) -> Box:
    """Where a text goes on a picture of `shape` (rows, columns): a corner, `top left` … `bottom right`."""
    ink = lettering(text, size)
    height, width = ink.shape[0] + 2 * margin, ink.shape[1] + 2 * margin
    y0 = 2 if corner.startswith("top") else shape[0] - height - 2
    x0 = 2 if corner.endswith("left") else shape[1] - width - 2
    return Box(x0, y0, x0 + width, y0 + height)


def burn(
    image: NDArray[np.generic], text: str, size: int, box: Box, ink: float, paper: float | None = None, margin: int = 4
) -> None:
    """Writes a text into the picture (rows, columns[, samples]), in place; `paper` fills the box first."""
    part = image[box.y0 : box.y1, box.x0 : box.x1]
    if paper is not None:
        part[...] = paper
    letters = lettering(text, size)
    part = part[margin : margin + letters.shape[0], margin : margin + letters.shape[1]]
    weight = letters.reshape(letters.shape + (1,) * (part.ndim - 2))
    part[...] = part.astype(np.float32) * (1 - weight) + weight * ink
