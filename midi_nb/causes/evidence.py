"""What the original files say about a failure: that there was nothing to keep, or what became of the pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from .. import released
from ..frames import require_columns
from ..released import Released, Unreadable, quiet, read
from .columns import texts_at
from .table import KEPT


def evidence_of(
    results: pd.DataFrame,
    failing: np.ndarray,
    columns: Mapping[str, np.ndarray],
    original: str | Path | Mapping[str, str | Path] | None,
    folder: Path,
) -> np.ndarray:
    """What the original files say of each failure: ``gap``, ``same pixels``, ``boxes`` or nothing."""
    evidence = np.full(len(failing), None, dtype=object)
    if original is None:
        return evidence
    require_columns(results, ["instance", "file"], "explain(original=...)")
    paths = by_instance(original)
    part = results.iloc[failing]
    actions, instances = (
        texts_at(part["action"], np.arange(len(part))),
        texts_at(part["instance"], np.arange(len(part))),
    )
    tellable = (
        (columns["state"] != "missing")
        & (columns["verdict"] == "failed")
        & np.isin(actions.astype(str), list(_WITNESSES))
    )
    for instance in dict.fromkeys(instances[tellable]):
        if instance not in paths:
            continue
        rows = np.flatnonzero(tellable & (instances == instance))
        with quiet():
            before = _opened(paths[instance])
            if before is None:
                continue
            for row in rows:
                evidence[row] = _WITNESSES[actions[row]](before, part.iloc[row], folder)
    return evidence


def require_one_submission(results: pd.DataFrame, verb: str) -> None:
    """Raise a ValueError where `results` are of several submissions and `verb` takes the folder of one."""
    count = results["submission"].nunique() if "submission" in results else 1
    if count > 1:
        raise ValueError(
            f"{verb} takes the results of one submission, got {count}; "
            "select one: results[results['submission'] == name]."
        )


def by_instance(original: str | Path | Mapping[str, str | Path]) -> dict[str, Path]:
    """The original files by their SOP Instance UID."""
    if isinstance(original, Mapping):
        return {uid: Path(path) for uid, path in original.items()}
    if not Path(original).is_dir():
        raise FileNotFoundError(f"The folder of original files {original} does not exist.")
    return released.by_instance(original)


def _opened(path: Path) -> Released | None:
    try:
        return read(path) if path.is_file() else None
    except Unreadable:
        return None


def _gap(before: Released, row: pd.Series, folder: Path) -> str | None:
    return None if before.text(row["tag_path"]) else "gap"


def _in_region(before: Released, row: pd.Series, folder: Path) -> str | None:
    images = _both_images(before, row, folder)
    box = [row.get(name) for name in ("x0", "y0", "x1", "y1")]
    if images is None or any(pd.isna(edge) for edge in box):
        return None
    x0, y0, x1, y1 = (max(int(edge), 0) for edge in box)
    a, b = (image[:, y0:y1, x0:x1] for image in images)
    return "same pixels" if a.size and np.array_equal(a, b) else None


def _in_image(before: Released, row: pd.Series, folder: Path) -> str | None:
    images = _both_images(before, row, folder)
    if images is None:
        return None
    return "same pixels" if np.array_equal(*images) else "boxes" if _boxes(*images) else None


_WITNESSES: dict[str, Callable[[Released, pd.Series, Path], str | None]] = {
    **dict.fromkeys(KEPT, _gap),
    "pixels_hidden": _in_region,
    "pixels_retained": _in_image,
}


def _both_images(before: Released, row: pd.Series, folder: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """The decoded pixels of the original and of the released file, if both can be had and have one shape."""
    after = _opened(folder / row["file"]) if isinstance(row["file"], str) else None
    images = [_image(file) for file in (before, after) if file is not None]
    if len(images) < 2 or images[0] is None or images[1] is None or images[0].shape != images[1].shape:
        return None
    return images[0], images[1]


def _image(file: Released) -> np.ndarray | None:
    """Decoded pixels as frames × rows × columns × samples."""
    try:
        pixels = file.dataset.pixel_array
        return pixels.reshape(-1, file.dataset.Rows, file.dataset.Columns, file.dataset.get("SamplesPerPixel", 1))
    except Exception:  # no pixels, or no decoder: then there is nothing to tell by them
        return None


_SMALL = 1 / 3  # of the image: larger than that a box is no attempt at hiding text


def _boxes(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether what changed is small, rectangular and of one colour."""
    changed = (before != after).any(axis=(0, 3))
    if changed.mean() > _SMALL:
        return False
    boxes = _rectangles(changed)
    return len(boxes) <= 50 and all(
        (np.ptp(after[:, rows, columns], axis=(1, 2)) == 0).all() for rows, columns in boxes
    )


def _rectangles(mask: np.ndarray) -> list[tuple[slice, slice]]:
    """The boxes that a mask falls into where empty rows and columns cut it, cut twice."""
    boxes = [(slice(0, mask.shape[0]), slice(0, mask.shape[1]))]
    for axis in (1, 0, 1, 0):
        boxes = [box for whole in boxes for box in _cut(mask, whole, axis)]
    return boxes


def _cut(mask: np.ndarray, box: tuple[slice, slice], axis: int) -> list[tuple[slice, slice]]:
    filled = np.flatnonzero(np.diff(mask[box].any(axis=axis), prepend=False, append=False))
    start = box[1 - axis].start
    runs = [slice(start + int(a), start + int(b)) for a, b in filled.reshape(-1, 2)]
    return [(run, box[1]) if axis == 1 else (box[0], run) for run in runs]
