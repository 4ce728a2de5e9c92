"""Where the images of checks are, and what they show in the region of a check, before and after."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..actions import PIXELS
from ..engine import pixels
from ..engine.crops import Crop, crop
from ..engine.released import quiet
from ..folders import folder_of
from .evidence import by_instance, folders_of_submissions

__all__ = ["Images", "Region"]

_BOX = ("x0", "y0", "x1", "y1")
_KEPT = 4  # files that are held open


class Region(NamedTuple):
    """The region of a check in one frame of the released image, and in the original one if there is one to compare."""

    box: pixels.Box
    after: pixels.Plane
    before: pixels.Plane | None = None
    note: str = ""  # why the original is not shown, if it should be
    frame: int = 0
    frames: int = 1

    def crops(self, contrast: bool = False) -> Iterator[tuple[str, Crop]]:
        """The region as pictures, each with its name: what is released, then the original."""
        for name, seen in (("released", self.after), ("original", self.before)):
            if seen is not None:
                yield name, crop(seen, self.box, contrast)


class Images:
    """The released and the original files that pixel checks are about.

    `released` is a folder, a Submission, or a dict of these by the name of the submission; `original` a folder, or
    instance UID → path. Both may be None.
    """

    def __init__(self, results: pd.DataFrame, released: Any, original: Any, values: bool = True) -> None:
        self.results = results
        self.values = values
        self._dataset = lru_cache(_KEPT)(_read)
        self.folders = folders_of_submissions(results, released)
        self._several = isinstance(released, Mapping)
        self._original = (
            original if original is None or isinstance(original, Mapping) else folder_of(original, "original")
        )

    @cached_property
    def originals(self) -> Mapping[str, Path]:
        """Original files by instance."""
        return {} if self._original is None else by_instance(self._original)

    def path(self, position: int) -> Path | None:
        """The released file of a check; None where it is not known."""
        file = self.results["file"].iloc[position] if "file" in self.results else None
        folder = self.folders.get(self._submission(position) if self._several else "")
        return folder / str(file) if folder is not None and file is not None and pd.notna(file) else None

    def original(self, position: int) -> Path | None:
        """The original file of a check; None where it is not known."""
        found = self.originals.get(str(self.results["instance"].iloc[position]))
        return found if found is not None and found.is_file() else None

    def key(self, position: int) -> str | None:
        """The key of the image of a check; None if the check is about none, or it is not there."""
        path = self.path(position) if self._about_pixels(position) else None
        return str(path) if path is not None and path.is_file() else None

    def note(self, position: int) -> str | None:
        """Why there is no image to a check of pixels; None if there is, or if it is not about pixels."""
        if not self._about_pixels(position) or self.key(position):
            return None
        file = self.results["file"].iloc[position] if "file" in self.results else None
        if self.results["state"].iloc[position] == "missing":
            return "No released file answers for this instance, so there is no image."
        if not self.folders:
            return "To see the image give the folder of the released files: released=…"
        if file is None or pd.isna(file):
            return "These results do not say which file the check is about; official results never do."
        if self._several and self._submission(position) not in self.folders:
            return "released= has no folder for this submission."
        return "The file is not in the folder of the released files."

    def same(self, position: int) -> pd.DataFrame:
        """The checks of the image of a check."""
        same = self.results["instance"].cat.codes == self.results["instance"].cat.codes.iloc[position]
        if "submission" in self.results:
            same &= self.results["submission"].cat.codes == self.results["submission"].cat.codes.iloc[position]
        return self.results[same.to_numpy()]

    def frames(self, position: int) -> int:
        """How many frames the image of a check has; 1 where there is none."""
        path = self.path(position)
        try:
            return pixels.frames(self._dataset(path)) if path is not None else 1
        except (ValueError, FileNotFoundError):
            return 1

    def digest(self, position: int) -> str | None:
        """A digest of the region of a check in the first frame; None where it cannot be seen."""
        path = self.path(position)
        try:
            if path is None:
                return None
            stored = pixels.plane(self._dataset(path), 0).stored
            x0, y0, x1, y1 = pixels.clip(self._edges(position), stored.shape)
        except (ValueError, FileNotFoundError):
            return None
        return hashlib.sha256(np.ascontiguousarray(stored[y0:y1, x0:x1]).data).hexdigest()[:16]

    def region(self, position: int, frame: int | None = None) -> Region:
        """The region of a check in a frame, or in the one whose text is most legible; an error says why it is not seen.

        Without `values` the regions of other checks are blanked, and there is no original.
        """
        path = self.path(position)
        if path is None:
            raise ValueError("there is no image.")
        dataset = self._dataset(path)
        number = self._most_legible(position, dataset) if frame is None else frame
        after = pixels.plane(dataset, number)
        box = pixels.clip(self._edges(position), after.stored.shape)
        region = Region(box, after, frame=number, frames=pixels.frames(dataset))
        if self.values:
            return self._compared(position, region)
        return region._replace(after=self._alone(position, after, box))

    def _submission(self, position: int) -> str:
        return str(self.results["submission"].iloc[position]) if "submission" in self.results else ""

    def _about_pixels(self, position: int) -> bool:
        return str(self.results["action"].iloc[position]) in PIXELS

    def _compared(self, position: int, region: Region) -> Region:
        """A region with the original one beside it, or why that is not shown."""
        path = self.original(position)
        if path is None:
            return region
        try:
            dataset = self._dataset(path)
            before = pixels.plane(dataset, min(region.frame, pixels.frames(dataset) - 1))
        except (ValueError, FileNotFoundError) as error:
            return region._replace(note=f"Original: {error}")
        if before.stored.shape[:2] != region.after.stored.shape[:2]:
            return region._replace(note="The original has another size, so its region is not shown.")
        return region._replace(before=before)

    def _most_legible(self, position: int, released: Any) -> int:
        """The frame in which most of the original text is legible; the first where none can be compared."""
        path = self.original(position)
        if path is None or pixels.frames(released) == 1:
            return 0
        try:
            both = (pixels.in_frames(file, self._edges(position)) for file in (self._dataset(path), released))
            return pixels.most_legible(zip(*both, strict=False))[0]
        except (ValueError, FileNotFoundError):
            return 0

    def _alone(self, position: int, seen: pixels.Plane, box: pixels.Box) -> pixels.Plane:
        """The image with nothing left in the boxes of other checks: only the region that is judged may show a text."""
        boxes = self.same(position)[[*_BOX]].dropna()
        stored = pixels.blank(seen.stored, boxes.itertuples(index=False))
        x0, y0, x1, y1 = box
        stored[y0:y1, x0:x1] = seen.stored[y0:y1, x0:x1]
        return seen._replace(stored=stored)

    def _edges(self, position: int) -> tuple[int, ...]:
        edges = [self.results[name].iloc[position] for name in _BOX]
        if any(pd.isna(edge) for edge in edges):
            raise ValueError("the key's region cannot be read.")
        return tuple(int(edge) for edge in edges)


def _read(path: Path) -> Any:
    from pydicom import dcmread

    try:
        with quiet():
            return dcmread(path)
    except FileNotFoundError:
        raise
    except Exception as error:  # pydicom raises many kinds on broken files; their texts can quote values
        raise ValueError(f"the file cannot be read ({type(error).__name__}).") from None
