"""Submission, and the folder of whatever was given: a path or a Submission."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Submission", "folder_of"]


class Submission(NamedTuple):
    """What a tool released: the folder of its DICOM files, and where its identifiers went."""

    folder: Path
    uids: Any = None
    patients: Any = None


def folder_of(given: Any, what: str = "released") -> Path:
    """The folder of `what` files that was given, which must be there; of the released ones a `Submission` has it too.

    >>> folder_of("no such folder", "original")
    Traceback (most recent call last):
    ...
    FileNotFoundError: The folder of original files no such folder does not exist.
    """
    taken = "a folder or a Submission (folder, uids, patients)" if what == "released" else "a folder"
    path = given.folder if isinstance(given, Submission) and what == "released" else given
    if not isinstance(path, str | Path):
        raise TypeError(f"{what} must be {taken}, got {type(given).__name__}.")
    folder = Path(path)
    if not folder.is_dir():
        state = "is a file, not a folder" if folder.exists() else "does not exist"
        raise FileNotFoundError(f"The folder of {what} files {folder} {state}.")
    return folder
