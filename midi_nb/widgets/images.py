"""The images of checks, with the viewer that shows one."""

from __future__ import annotations

from pathlib import Path

from .. import causes
from .viewer import Viewing

__all__ = ["Images"]


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
