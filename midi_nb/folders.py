"""Submission, and the folder of whatever was given: a path or a Submission; two folders that are one."""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Submission", "folder_of", "submission_of", "warn_if_same"]


class Submission(NamedTuple):
    """What a tool released: the folder of its DICOM files, and where its identifiers went."""

    folder: Path
    uids: Any = None
    patients: Any = None


def folder_of(given: Any, what: str = "released") -> Path:
    """The folder of `what` files, which must exist, from a path or (but for originals) a `Submission`.

    >>> folder_of("no such folder", "original")
    Traceback (most recent call last):
    ...
    FileNotFoundError: The folder of original files no such folder does not exist.
    """
    taken = "a folder" if what == "original" else "a folder or a Submission (folder, uids, patients)"
    path = given.folder if isinstance(given, Submission) and what != "original" else given
    if not isinstance(path, str | Path):
        raise TypeError(f"{what or 'folder'} must be {taken}, got {type(given).__name__}.")
    folder = Path(path)
    if not folder.is_dir():
        state = "is a file, not a folder" if folder.exists() else "does not exist"
        raise FileNotFoundError(f"The folder {f'of {what} files ' if what else ''}{folder} {state}.")
    return folder


def submission_of(given: Any, uids: Any = None, patients: Any = None) -> Submission:
    """The given submission, its folder checked; mappings passed as arguments take precedence over its own.

    >>> submission_of(Submission(Path("."), "a.csv", "b.csv"), uids="c.csv")
    Submission(folder=PosixPath('.'), uids='c.csv', patients='b.csv')
    """
    own = given if isinstance(given, Submission) else Submission(given)
    return Submission(
        folder_of(given), own.uids if uids is None else uids, own.patients if patients is None else patients
    )


def warn_if_same(original: Path, released: Path) -> None:
    """Warns if originals and release are the same folder, or copies of each other, so that nothing can differ."""
    if original.samefile(released):
        warnings.warn(
            "The folder of original files is that of the released ones: nothing can have changed.", stacklevel=4
        )
    elif _is_copy(original, released):
        warnings.warn(
            "Nothing changed: the released files are a copy of the original ones, byte for byte.", stacklevel=4
        )


def _is_copy(one: Path, other: Path) -> bool:
    """Whether two folders hold the same files, whatever their names."""
    files = [[path for path in folder.rglob("*") if path.is_file()] for folder in (one, other)]
    return bool(files[0]) and all(
        Counter(map(alike, files[0])) == Counter(map(alike, files[1])) for alike in (_size, _digest)
    )


def _size(path: Path) -> int:
    return path.stat().st_size


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
