"""Whether two files show the same image although a tool changed some of its pixels: the unchanged parts decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Look", "alike", "look"]

_SIDE = 8  # rows and columns of a part, fewer in small images
_MOST = 256  # parts of an image that are remembered: of equal images the same ones
_FEW = 4  # parts; fewer say nothing
_SHARE = 0.05  # of its parts, at the least, that an image has in common with its released form
_SAME = 0.95  # correlation of an image with itself after a lossy compression, at the least


class Look(NamedTuple):
    """What is remembered of the first frame of an image."""

    parts: NDArray[np.uint64]  # a number for each part that has more than one colour, by its place and its pixels
    means: NDArray[np.float64]  # of parts spread over the image


def look(source: Any) -> Look | None:
    """How the first frame of a path or a data set looks; None where it cannot be decoded or is too plain to say."""
    from pydicom.pixels.utils import pixel_array

    try:
        frame = pixel_array(str(source) if isinstance(source, Path) else source, index=0)
    except Exception:  # decoders fail in many ways; such a file is compared by its descriptors only
        return None
    side = max(2, min(_SIDE, *(size // _SIDE for size in frame.shape[:2])))
    high, wide = (size // side for size in frame.shape[:2])
    if high * wide < _FEW:
        return None
    cut = frame[: high * side, : wide * side].reshape(high, side, wide, side, -1)
    dots = cut.transpose(0, 2, 1, 3, 4).reshape(high * wide, side * side, cut.shape[-1])
    several = (dots != dots[:, :1]).any(axis=(1, 2))
    if several.sum() < _FEW:
        return None
    values = dots.reshape(len(dots), -1)
    random = np.random.default_rng(0)  # the same factors for every image
    factors, places = (random.integers(1 << 63, size=size, dtype=np.uint64) for size in (values.shape[1], len(values)))
    numbers = values.astype(np.int64 if frame.dtype.kind in "iu" else np.float64).view(np.uint64) @ factors + places
    return Look(np.unique(numbers[several])[:_MOST], values[:: max(1, len(values) // _MOST)].mean(axis=1))


def alike(one: Look | None, other: Look | None) -> bool | None:
    """Whether two images look like one; None where an image is missing or too plain to say."""
    if one is None or other is None:
        return None
    common = len(np.intersect1d(one.parts, other.parts, assume_unique=True))
    return common >= _SHARE * min(len(one.parts), len(other.parts)) or _correlated(one.means, other.means)


def _correlated(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    if one.shape != other.shape or not one.std() or not other.std():
        return False
    return bool(abs(np.corrcoef(one, other)[0, 1]) >= _SAME)
