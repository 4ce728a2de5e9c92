"""The region that a check is about, as a picture: cut out with its surroundings, or marked in the whole image."""

from __future__ import annotations

import base64
import io
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import pixels

__all__ = ["Crop", "crop", "whole"]

_SMALL = 400  # pixels of the longer side of a whole image
_LARGE = 1600  # pixels of the longer side of a picture; a region that is larger is made smaller


class Crop(NamedTuple):
    """A picture, 8-bit grey or RGB, and where the region is in it."""

    image: NDArray[np.uint8]
    box: tuple[float, ...]

    @property
    def png(self) -> str:
        """The picture as a PNG data URL."""
        from PIL import Image

        picture, buffer = Image.fromarray(self.image), io.BytesIO()
        picture.reduce(-(-max(picture.size) // _LARGE)).save(buffer, "PNG")
        return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def crop(seen: pixels.Plane, box: pixels.Box, contrast: bool = False) -> Crop:
    """The region with its surroundings, as a radiologist would see it; with `contrast` the region alone, stretched.

    >>> crop(pixels.plane(np.zeros((64, 64), np.uint8)), (30, 30, 40, 40)).box
    (16, 16, 26, 26)
    """
    x0, y0, x1, y1 = box
    # Grey is stretched over what is in the box alone: bright surroundings would hide what is faint in it.
    aside, above = (0, 0) if contrast else (max(16, (x1 - x0) // 6), max(16, (y1 - y0) // 2))
    left, top, right, bottom = pixels.clip((x0 - aside, y0 - above, x1 + aside, y1 + above), seen.stored.shape)
    part = (slice(top, bottom), slice(left, right))
    image = pixels.stretch(seen.stored[part]) if contrast else pixels.shown(seen)[part]
    return Crop(image, (x0 - left, y0 - top, x1 - left, y1 - top))


def whole(seen: pixels.Plane, box: pixels.Box) -> Crop:
    """The whole image, small."""
    step = max(1, max(seen.stored.shape[:2]) // _SMALL)
    return Crop(pixels.shown(seen)[::step, ::step], tuple(edge / step for edge in box))
