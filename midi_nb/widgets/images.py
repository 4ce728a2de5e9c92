"""Where the images of checks are, and the viewer that shows one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from .. import causes
from ..actions import PIXELS
from ..folders import folder_of
from .viewer import Viewing

__all__ = ["Images"]


class Images:
    """The released and the original files that pixel checks are about.

    `released` is a folder, a Submission, or a dict of these by the name of the submission; `original` a folder, or
    instance UID → path. Both may be None.
    """

    def __init__(self, results: pd.DataFrame, released: Any, original: Any, values: bool = True) -> None:
        self.results = results
        self.values = values
        several = isinstance(released, Mapping)
        self.folders = {
            name: causes.folder_of_submission(results[results["submission"] == name] if several else results, one)
            for name, one in (released.items() if several else [("", released)])
            if one is not None
        }
        self._several = several
        self._original = (
            original if original is None or isinstance(original, Mapping) else folder_of(original, "original")
        )

    @cached_property
    def originals(self) -> Mapping[str, Path]:
        """Original files by instance."""
        return {} if self._original is None else causes.by_instance(self._original)

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
        """What tells the image of a check from others; None if the check is about none, or it is not there."""
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

    def viewer(self, position: int, *, verdicts: bool = True) -> Viewing:
        """The viewer of the image of a check, with the boxes of all its pixel checks, and their verdicts if asked."""
        checks = self.same(position)
        if not verdicts:
            checks = checks.drop(columns=["verdict", "actual"])
        return Viewing(self.path(position), checks, self.original(position), values=self.values)

    def same(self, position: int) -> pd.DataFrame:
        """The checks of the image of a check."""
        same = self.results["instance"].cat.codes == self.results["instance"].cat.codes.iloc[position]
        if "submission" in self.results:
            same &= self.results["submission"].cat.codes == self.results["submission"].cat.codes.iloc[position]
        return self.results[same.to_numpy()]

    def _submission(self, position: int) -> str:
        return str(self.results["submission"].iloc[position]) if "submission" in self.results else ""

    def _about_pixels(self, position: int) -> bool:
        return str(self.results["action"].iloc[position]) in PIXELS
