"""What the original files say about a failure: that there was nothing to keep, or what became of the pixels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .. import tags
from ..actions import REGIONS, named
from ..coded import coded, first_rows, joint_codes
from ..engine import pixels
from ..engine import released as files
from ..engine.released import Released, Unreadable, quiet, read
from ..folders import folder_of
from ..frames import require_columns
from ..masking import is_masked
from .table import KEPT


def evidence_of(
    results: pd.DataFrame,
    failing: np.ndarray,
    original: str | Path | Mapping[str, str | Path] | None,
    folders: Mapping[str, Path],
) -> np.ndarray:
    """What the original files show about each failure: one of the words of `_WITNESSES`, or nothing.

    `folders` has the released files of each submission by name, those of one by ``""``.
    """
    evidence = np.full(len(failing), None, dtype=object)
    if original is None:
        return evidence
    require_columns(results, ["instance", "file"], "explain(original=...)")
    paths = by_instance(original)
    part = results.iloc[failing].reset_index(drop=True)
    checks = part[_can_say_more(part) & part["instance"].isin(paths)]
    for instance, own in checks.groupby("instance", observed=True):
        with quiet():
            if (before := _opened(paths[str(instance)])) is None:
                continue
            released = cache(_opened)  # a file answers many checks
            for row, check in own.filter(_OF_CHECKS).to_dict("index").items():
                folder = folders.get("") or folders.get(str(check.get("submission")), Path())
                after = partial(released, folder / check["file"]) if isinstance(check["file"], str) else _nothing
                evidence[row] = _WITNESSES[check["action"]](before, check, after)
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
    return files.by_instance(folder_of(original, "original"))


def folders_of_submissions(results: pd.DataFrame, released: Any) -> dict[str, Path]:
    """The folders of released files by submission, from a dict; from one for results of one submission, by ``""``."""
    if isinstance(released, Mapping):
        of = {name: results[results["submission"] == name] for name in released}
        return {name: folder_of_submission(of[name], one) for name, one in released.items() if one is not None}
    count = results["submission"].nunique() if "submission" in results else 1
    if released is not None and count > 1:  # files of the same name would stand for each other
        raise ValueError(
            f"released is the folder of one submission, but these results are of {count}; give a dict of their "
            "folders by name."
        )
    return {} if released is None else {"": folder_of_submission(results, released)}


def folder_of_submission(results: pd.DataFrame, released: Any) -> Path:
    """The folder of released files that `results` are about, from a path or a `Submission`; another one is refused.

    It is the right one if one file has the identifiers of a row: a tool may keep some of them, but hardly all.
    """
    folder = folder_of(released)
    known = [name for name in _RELEASED if name in results]
    if "released" not in known or results["released"].isna().all() or is_masked(results):
        return folder
    rows = coded(results[known])
    distinct = first_rows(joint_codes([rows[name].cat.codes.to_numpy() for name in known], len(rows)))
    ours = defaultdict(list)
    for row in rows.iloc[distinct].dropna(subset="released").itertuples(index=False, name=None):
        ours[row[0].strip()].append(row)
    old = set(results["instance"].dropna().unique()) if "instance" in results else set()
    among = False
    for _, texts in files.identifiers(folder, *(_RELEASED[name] for name in known)):
        if any(_same(row, texts) for row in ours.get(texts[0], ())):
            return folder
        among = among or texts[0] in ours or texts[0] in old
    held = "the original files, not the released ones" if among else "none of the released files"
    raise ValueError(f"{folder} holds {held} that these results are about; the order is results, released, original.")


def _same(row: tuple[Any, ...], texts: Sequence[str]) -> bool:
    """Whether a file has the identifiers of a row; an identifier that either of them does not give is not compared."""
    return all(
        ours.strip() == theirs for ours, theirs in zip(row, texts, strict=True) if isinstance(ours, str) and theirs
    )


#: By what a released file is known again.
_RELEASED = {
    "released": "SOPInstanceUID",
    "released_patient": "PatientID",
    "released_study": "StudyInstanceUID",
    "released_series": "SeriesInstanceUID",
}


def _opened(path: Path) -> Released | None:
    try:
        return read(path) if path.is_file() else None
    except Unreadable:
        return None


_OF_CHECKS = ["submission", "action", "file", "tag_path", "state", "x0", "y0", "x1", "y1"]


def _nothing() -> None:
    """No released file is known."""


_Opened = Callable[[], Released | None]


def _gap(before: Released, row: Mapping[str, Any], released: _Opened) -> str | None:
    path = before.spelled(row["tag_path"])
    if path is None:
        return "absent"
    return _moved(row, released) if before.text(path) else "empty"


def _moved(row: Mapping[str, Any], released: _Opened) -> str | None:
    """Whether an attribute that is absent at its path is at another path of the released file."""
    if row["state"] != "absent" or not tags.in_private(row["tag_path"]):
        return None
    after = released()
    return "other path" if after is not None and after.spelled(row["tag_path"]) else None


def _in_region(before: Released, row: Mapping[str, Any], released: _Opened) -> str | None:
    images = _both_images(before, released)
    box = [row.get(name, np.nan) for name in ("x0", "y0", "x1", "y1")]
    if images is None or any(pd.isna(edge) for edge in box):
        return None
    x0, y0, x1, y1 = (max(int(edge), 0) for edge in box)
    a, b = (image[:, y0:y1, x0:x1] for image in images)
    if not a.size:
        return None
    return "same pixels" if np.array_equal(a, b) else _covered(a, b)


def _covered(before: np.ndarray, after: np.ndarray) -> str | None:
    """How much of a region was covered, in the frame whose text is most legible; None where it is legible in none."""
    if before.shape[-1] == 1:
        before, after = before[..., 0], after[..., 0]
    frame, left = pixels.most_legible(zip(before, after, strict=True))
    if left <= pixels.LEGIBLE:
        return None
    covered = pixels.coverage(before[frame], after[frame])
    return "see-through" if covered > _WHOLE else "part covered" if covered > 1 - _WHOLE else None


_WHOLE = 0.9  # of a box: a larger share counts as all of it, because tools never meet its edges exactly


def _in_image(before: Released, row: Mapping[str, Any], released: _Opened) -> str | None:
    images = _both_images(before, released)
    if images is None:
        return None
    before_all, after_all = images
    if np.array_equal(before_all, after_all):
        return "same pixels"
    return "boxes" if _boxes((before_all != after_all).any(axis=(0, 3)), after_all) else None


_WITNESSES: dict[str, Callable[[Released, Mapping[str, Any], _Opened], str | None]] = {
    **dict.fromkeys(KEPT, _gap),
    **dict.fromkeys(REGIONS, _in_region),
    **dict.fromkeys(named(about=["pixels"]), _in_image),
}


WITNESSED = tuple(_WITNESSES)  # the actions whose failures the original files can say more of


def could_say_more(results: pd.DataFrame) -> bool:
    """Whether there are failures about which the original files could say more."""
    return bool(_can_say_more(results).any())


def _can_say_more(results: pd.DataFrame) -> pd.Series:
    failed = (results["verdict"] == "failed") & (results["state"] != "missing")
    return failed & results["action"].isin(list(WITNESSED))


def _both_images(before: Released, released: _Opened) -> tuple[np.ndarray, np.ndarray] | None:
    """The decoded pixels of the original and of the released file, if both can be had and have one shape."""
    after = released()
    images = [_image(file) for file in (before, after) if file is not None]
    if len(images) < 2 or images[0] is None or images[1] is None or images[0].shape != images[1].shape:
        return None
    return images[0], images[1]


def _image(file: Released) -> np.ndarray | None:
    """Decoded pixels as frames × rows × columns × samples."""
    try:
        pixels = file.dataset.pixel_array
        return pixels.reshape(-1, file.dataset.Rows, file.dataset.Columns, file.dataset.get("SamplesPerPixel", 1))
    except Exception:  # no pixels, or no decoder: then they are no evidence
        return None


def repainted(before: Released, after: Released, boxes: Sequence[Sequence[float]]) -> float:
    """The share of an image that has other colours or grey levels than the original, away from `boxes`.

    What lossy compression changes, and what was covered with boxes of one colour, does not count. Missing where the
    images cannot be compared.
    """
    try:
        count = min(pixels.frames(before.dataset), pixels.frames(after.dataset))
        shares = [
            _repainted(pixels.plane(before.dataset, frame), pixels.plane(after.dataset, frame), boxes)
            for frame in sorted({0, count // 2, count - 1})
        ]
    except ValueError:  # no pixels, no decoder, or another size
        return np.nan
    return max(shares)


def _repainted(before: pixels.Plane, after: pixels.Plane, boxes: Sequence[Sequence[float]]) -> float:
    one, other = before.values, after.values
    if one.ndim != other.ndim:  # colours that became grey, or the reverse
        one, other = (np.dstack([image] * 3) if image.ndim == 2 else image for image in (one, other))
    if before.inverted != after.inverted:
        other = other.max() + other.min() - other
    tolerance = _LOSSY * float(np.ptp(one))
    changed = pixels.changed(one, other, [_with_margin(box) for box in boxes], tolerance)
    changed &= _on_average(one, other, tolerance)
    frame = other.reshape(1, *changed.shape, -1)
    return 0.0 if _boxes(changed, frame, tolerance) else float(changed.mean())


_LOSSY = 0.04  # of the range of an image: lossy compression moves every pixel a little
_CELL = 8  # pixels


def _on_average(one: np.ndarray, other: np.ndarray, tolerance: float) -> np.ndarray:
    """A mask, rows × columns, of the cells whose mean differs: lossy compression changes edges, but keeps means."""
    difference = np.atleast_3d(other.astype("float32") - one)
    height, width = difference.shape[:2]
    whole = np.pad(difference, [(0, -height % _CELL), (0, -width % _CELL), (0, 0)], mode="edge")
    cells = whole.reshape(len(whole) // _CELL, _CELL, whole.shape[1] // _CELL, _CELL, -1)
    mask = (np.abs(cells.mean(axis=(1, 3))) > tolerance).any(axis=-1)
    return mask.repeat(_CELL, axis=0).repeat(_CELL, axis=1)[:height, :width]


def _with_margin(box: Sequence[float]) -> tuple[float, ...]:
    """A box with as much around it as it is high: tools cover more than the text."""
    x0, y0, x1, y1 = box
    margin = max(y1 - y0, 8)
    return x0 - margin, y0 - margin, x1 + margin, y1 + margin


_SMALL = 1 / 3  # of the image: larger than that a box is no attempt at hiding text


def _boxes(changed: np.ndarray, after: np.ndarray, tolerance: float = 0) -> bool:
    """Whether what changed (rows × columns) is small, rectangular and of one colour in each frame of `after`."""
    if changed.mean() > _SMALL:
        return False
    boxes = _rectangles(changed)
    return len(boxes) <= 50 and all(
        (np.ptp(after[:, rows, columns], axis=(1, 2)) <= tolerance).all() for rows, columns in boxes
    )


def _rectangles(mask: np.ndarray) -> list[tuple[slice, slice]]:
    """The boxes of a mask, cut twice at its empty rows and columns."""
    boxes = [(slice(0, mask.shape[0]), slice(0, mask.shape[1]))]
    for axis in (1, 0, 1, 0):
        boxes = [box for whole in boxes for box in _cut(mask, whole, axis)]
    return boxes


def _cut(mask: np.ndarray, box: tuple[slice, slice], axis: int) -> list[tuple[slice, slice]]:
    filled = np.flatnonzero(np.diff(mask[box].any(axis=axis), prepend=False, append=False))
    start = box[1 - axis].start
    runs = [slice(start + int(a), start + int(b)) for a, b in filled.reshape(-1, 2)]
    return [(run, box[1]) if axis == 1 else (box[0], run) for run in runs]
