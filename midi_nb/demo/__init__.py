"""A mini benchmark made on the spot: invented patients, planted identifiers, an answer key, several submissions."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from ..folders import Submission

__all__ = ["Demo", "Submission", "make_demo"]

_MAPPINGS = ("uid_mapping.csv", "patid_mapping.csv")
VERSION = 7  # of what the demo contains: raise it when that changes, or cached demos stay as they were
PATIENTS = 10  # one of each kind


class Demo(NamedTuple):
    """Where the parts of a demo are."""

    folder: Path
    original: Path  # DICOM files with all their identifiers
    key: Path  # official answer key (SQLite)
    flat_key: Path  # the same in the older flat layout (CSV)
    submissions: dict[str, Submission]
    planted: Path  # every check that fails or stays blank in `careless`, with its cause
    audits: Path  # what is wrong in `careless` though every check passes
    phi: Path  # every identifier in the originals, and where it stands
    missing: tuple[str, ...]  # tools that were not installed, so that their submissions are left out


def make_demo(
    folder: str | Path | None = None,
    patients: int | None = None,
    seed: int = 0,
    *,
    progress: bool = True,
) -> Demo:
    """A small benchmark in a folder, made on the first call and found there on the next.

    Parameters
    ----------
    folder
        Where to make it; by default a folder of its own in the user's cache.
    patients
        How many patients; ten by default, one of each kind. Size and time grow with their number, memory hardly.
    seed
        Another seed gives other people and other pictures; the same seed gives the same bytes.
    progress
        Whether to show a line that says how many patients are made, in a notebook or on a terminal.

    Returns
    -------
    Demo
        Paths: `.original`, `.key`, `.flat_key`, `.submissions` (name → `Submission`), `.planted`, `.audits`, `.phi`;
        and `.missing`, the tools that are not installed and have no submission.

    Examples
    --------
    >>> demo = mn.make_demo()
    >>> {"careless", "emptied", "reference", "untouched"} <= set(demo.submissions)
    True
    """
    parameters = {"version": VERSION, "patients": PATIENTS if patients is None else patients, "seed": seed}
    if not all(isinstance(value, int) for value in parameters.values()) or parameters["patients"] < 1:
        raise ValueError("make_demo() takes whole numbers: at least 1 for patients, any for seed.")
    target = cache(parameters) if folder is None else Path(folder)
    if not is_made(target, parameters):
        make(target, parameters, progress)
    return find(target)


def cache(parameters: dict[str, int]) -> Path:
    """The folder in the user's cache for a demo with these parameters and the tools now installed."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    from .installed import tools

    mark = hashlib.sha256(json.dumps([parameters, tools()], sort_keys=True).encode()).hexdigest()[:10]
    return base / "midi_nb" / f"demo-{mark}"


def is_made(folder: Path, parameters: dict[str, int]) -> bool:
    """Whether the folder holds a finished demo with these parameters."""
    manifest = folder / "demo.json"
    if manifest.is_file():
        if json.loads(manifest.read_text(encoding="utf-8"))["parameters"] == parameters:
            return True
        raise ValueError(f"{folder} holds a demo with other parameters; give another folder, or remove this one.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} is not empty and holds no demo; give a new or an empty folder.")
    return False


def make(folder: Path, parameters: dict[str, int], progress: bool) -> None:
    """Makes a demo beside `folder` and gives it its name when it is whole."""
    from .build import build

    folder.parent.mkdir(parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        missing = build(half, parameters["patients"], parameters["seed"], progress)
        manifest = {"parameters": parameters, "missing": missing}
        (half / "demo.json").write_text(json.dumps(manifest) + "\n", encoding="utf-8")
        half.chmod(0o755)
        if folder.is_dir():
            folder.rmdir()
        half.rename(folder)
    except OSError:
        if not is_made(folder, parameters):  # else another process was faster, with the same bytes
            raise
    finally:
        shutil.rmtree(half, ignore_errors=True)


def find(folder: Path) -> Demo:
    """The demo in a folder."""
    manifest = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
    submissions = {
        path.name: Submission(path, *(folder / "mappings" / path.name / name for name in _MAPPINGS))
        for path in sorted((folder / "submissions").iterdir())
        if path.is_dir() and not path.name.startswith(".")  # what file managers and Jupyter leave there is none
    }
    return Demo(
        folder=folder,
        original=folder / "original",
        key=folder / "answer_key.db",
        flat_key=folder / "answer_key_flat.csv",
        submissions=submissions,
        planted=folder / "planted.csv",
        audits=folder / "audits.csv",
        phi=folder / "phi.csv",
        missing=tuple(manifest["missing"]),
    )
