"""The region of a check as pictures: released, original, and where it is in the whole image."""

from __future__ import annotations

import base64
import hashlib
import io
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..engine import pixels
from ..engine.released import quiet
from .images import Images
from .page import Markup, tag

__all__ = ["Pictures"]

_BOX = ("x0", "y0", "x1", "y1")
_WIDE, _HIGH, _LARGEST = 760, 300, 5.0  # a region is enlarged to so many CSS pixels, but not more than so many times
_SMALL = 200  # CSS pixels of the longer side of the whole image
_KEPT = 4  # files that are held open


class Pictures:
    """The regions of the checks of a results frame, by position."""

    def __init__(self, results: pd.DataFrame, images: Images) -> None:
        self.results, self.images = results, images
        self._opened: OrderedDict[Path, Any] = OrderedDict()

    def frames(self, position: int) -> int:
        """How many frames the image of a check has; 1 where there is none."""
        path = self.images.path(position)
        try:
            return pixels.frames(self._dataset(path)) if path is not None else 1
        except (ValueError, FileNotFoundError):
            return 1

    def digest(self, position: int) -> str | None:
        """A digest of the region of a check in the first frame; None where it cannot be seen."""
        path = self.images.path(position)
        try:
            if path is None:
                return None
            stored = pixels.plane(self._dataset(path), 0).stored
            x0, y0, x1, y1 = self._box(position, stored)
        except (ValueError, FileNotFoundError):
            return None
        return hashlib.sha256(np.ascontiguousarray(stored[y0:y1, x0:x1]).data).hexdigest()[:16]

    def show(self, position: int, frame: int, contrast: bool) -> Markup:
        """The region of a check, or why it cannot be shown."""
        path, note = self.images.path(position), self.images.note(position)
        if note or path is None:
            return tag("p", note or "There is no image.", class_="note")
        try:
            after = pixels.plane(self._dataset(path), frame)
            box = self._box(position, after.stored)
        except (ValueError, FileNotFoundError) as error:
            return tag("p", str(error)[:1].upper() + str(error)[1:], class_="note")
        if not self.images.values:
            after = self._alone(position, after, box)
        figures = [_region(after, box, "released", contrast), self._before(position, frame, after, box, contrast)]
        return tag("div", tag("div", figures, class_="large"), _whole(after, box), class_="pictures")

    def _before(self, position: int, frame: int, after: pixels.Plane, box: pixels.Box, contrast: bool) -> Markup | None:
        path = self.images.original(position)
        if path is None or not self.images.values:
            return None
        try:
            dataset = self._dataset(path)
            before = pixels.plane(dataset, min(frame, pixels.frames(dataset) - 1))
        except (ValueError, FileNotFoundError) as error:
            return tag("p", f"Original: {error}", class_="quiet")
        if before.stored.shape[:2] != after.stored.shape[:2]:
            return tag("p", "The original has another size, so its region is not shown.", class_="quiet")
        return _region(before, box, "original", contrast)

    def _alone(self, position: int, seen: pixels.Plane, box: pixels.Box) -> pixels.Plane:
        """The image with nothing left in the boxes of other checks: only the region that is judged may show a text."""
        boxes = self.images.same(position)[[*_BOX]].dropna()
        stored = pixels.blank(seen.stored, boxes.itertuples(index=False))
        x0, y0, x1, y1 = box
        stored[y0:y1, x0:x1] = seen.stored[y0:y1, x0:x1]
        return seen._replace(stored=stored)

    def _box(self, position: int, stored: np.ndarray) -> pixels.Box:
        edges = [self.results[name].iloc[position] for name in _BOX]
        if any(pd.isna(edge) for edge in edges):
            raise ValueError("the key's region cannot be read.")
        return pixels.clip([int(edge) for edge in edges], stored.shape)

    def _dataset(self, path: Path) -> Any:
        """A file as a data set; the last few are kept."""
        from pydicom import dcmread

        if path not in self._opened:
            try:
                with quiet():
                    self._opened[path] = dcmread(path)
            except FileNotFoundError:
                raise
            except Exception as error:  # pydicom raises many kinds on broken files; their texts can quote values
                raise ValueError(f"the file cannot be read ({type(error).__name__}).") from None
            while len(self._opened) > _KEPT:
                self._opened.popitem(last=False)
        return self._opened[path]


def _region(plane: pixels.Plane, box: pixels.Box, caption: str, contrast: bool) -> Markup:
    """The region with its surroundings, enlarged."""
    x0, y0, x1, y1 = box
    # Grey is stretched over what is in the box alone: bright surroundings would hide what is faint in it.
    aside, above = (0, 0) if contrast else (max(16, (x1 - x0) // 6), max(16, (y1 - y0) // 2))
    left, top, right, bottom = pixels.clip((x0 - aside, y0 - above, x1 + aside, y1 + above), plane.stored.shape)
    part = (slice(top, bottom), slice(left, right))
    image = pixels.stretch(plane.stored[part]) if contrast else pixels.shown(plane)[part]
    scale = min(_LARGEST, _WIDE / (right - left), _HIGH / (bottom - top))
    caption = f"{caption}, stretched contrast" if contrast else caption
    return picture(image, (x0 - left, y0 - top, x1 - left, y1 - top), scale, caption)


def _whole(plane: pixels.Plane, box: pixels.Box) -> Markup:
    """The whole image, small, with the region marked."""
    step = max(1, max(plane.stored.shape[:2]) // (2 * _SMALL))
    small = pixels.shown(plane)[::step, ::step]
    return picture(small, tuple(edge / step for edge in box), _SMALL / max(small.shape[:2]), "whole image")


def picture(image: np.ndarray, box: tuple[float, ...], scale: float, caption: str) -> Markup:
    """A picture with a line around its region, black and white, so that it is seen on anything."""
    from PIL import Image as Pillow

    buffer = io.BytesIO()
    Pillow.fromarray(image).save(buffer, "PNG")
    source = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    rows, columns = image.shape[:2]
    edge = 1.5 / scale
    x0, y0, x1, y1 = box[0] - edge, box[1] - edge, box[2] + edge, box[3] + edge
    outline = f"M{x0:.2f} {y0:.2f}H{x1:.2f}V{y1:.2f}H{x0:.2f}Z"
    lines = [
        tag("path", d=outline, fill="none", stroke=colour, stroke_width=f"{1.6 / scale:.3f}", stroke_dasharray=dash)
        for colour, dash in (("#000", None), ("#fff", f"{6 / scale:.2f} {5 / scale:.2f}"))
    ]
    size = {"width": round(columns * scale), "height": round(rows * scale), "viewBox": f"0 0 {columns} {rows}"}
    drawn = tag("image", href=source, width=columns, height=rows)
    return tag("figure", tag("svg", drawn, lines, role="img", aria_label=caption, **size), tag("figcaption", caption))
