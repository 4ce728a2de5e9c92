"""The images of checks as widgets show them: in the viewer, and the region of a check as pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup

from .. import causes
from ..causes import Region
from ..engine.crops import Crop, whole
from .page import kit
from .viewer import Viewing

__all__ = ["Images", "picture", "pictured"]

_WIDE, _HIGH, _LARGEST = 760, 300, 5.0  # a region is enlarged to so many CSS pixels, but not more than so many times
_SMALL = 200  # CSS pixels of the longer side of the whole image


class Images(causes.Images):
    """The released and the original files that pixel checks are about, as the widgets show them."""

    def pair(self, position: int) -> tuple[Path, Path] | None:
        """The original and the released file of a check; None where one of them is not there."""
        original, path = self.original(position), self.path(position)
        return (original, path) if original is not None and path is not None and path.is_file() else None

    def viewer(self, position: int, *, verdicts: bool = True) -> Viewing:
        """The viewer of the image of a check, with the boxes of all its pixel checks, and their verdicts if asked."""
        checks = self.same(position)
        if not verdicts:
            checks = checks.drop(columns=["verdict", "actual"])
        return Viewing(self.path(position), checks, self.original(position), values=self.values)


def pictured(images: causes.Images, position: int, frame: int, contrast: bool) -> Markup:
    """The region of a check, or why it cannot be shown."""
    note = images.note(position)
    try:
        region = images.region(position, frame) if not note else None
    except (ValueError, FileNotFoundError) as error:
        note = str(error)[:1].upper() + str(error)[1:]
    if note or region is None:
        return kit().note(note)
    return kit().pictured([*_figures(region, contrast)], region.note, _whole(region))


def _figures(region: Region, contrast: bool) -> Iterator[Markup]:
    """The region as released, then as it was."""
    for name, crop in region.crops(contrast):
        rows, columns = crop.image.shape[:2]
        scale = min(_LARGEST, _WIDE / columns, _HIGH / rows)
        yield picture(crop, scale, f"{name}, stretched contrast" if contrast else name)


def _whole(region: Region) -> Markup:
    """The whole image, small, with the region marked."""
    small = whole(region.after, region.box)
    return picture(small, _SMALL / max(small.image.shape[:2]), "whole image")


def picture(crop: Crop, scale: float, caption: str) -> Markup:
    """A picture with a line around its region."""
    rows, columns = crop.image.shape[:2]
    edge = 1.5 / scale
    x0, y0, x1, y1 = (corner + side * edge for corner, side in zip(crop.box, (-1, -1, 1, 1), strict=True))
    outline = f"M{x0:.2f} {y0:.2f}H{x1:.2f}V{y1:.2f}H{x0:.2f}Z"
    return kit().picture(crop.png, rows, columns, scale, outline, caption)
