"""The redaction viewer: an image with the boxes of its checks, before and after.

The kernel decodes, finds the boxes and measures them; the browser windows, zooms, blinks and compares (viewer.js).
Pixels travel as binary messages when the browser asks for them, never as widget state, so that no notebook is saved
with them. What a notebook does keep is a small picture of the first state, for readers without a kernel.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import traitlets

from ..actions import PIXELS, named
from ..amounts import percent
from ..engine import pixels
from ..engine.released import files_below, quiet
from ..frames import MASK, require_columns
from ..vocabulary import words_of
from .board import Live
from .page import kit

__all__ = ["Viewer", "Viewing", "view"]

MODES = ("after", "before", "beside", "blink", "swipe", "difference")
_BOX = ["x0", "y0", "x1", "y1"]
_BURNED = "Burned-in text "  # which a box is about anyway
_UNDECIDED = ("blank", "undecided")
_VERDICTS = {"passed": ("pass", "hidden"), "failed": ("fail", "visible")}  # others are undecided


def view(
    image: Any, results: pd.DataFrame | None = None, original: Any = None, *, values: bool = True, height: int = 560
) -> Viewer:
    """A viewer for an image or a stack of them, with the regions that had to be hidden and what became of them.

    Parameters
    ----------
    image : path, pydicom Dataset, array, or a list of these
        A list is shown as one stack; each frame of a multi-frame image is a slice of it.
    results : DataFrame, optional
        Brings the boxes: what ``evaluate`` or ``read_key`` gives. Its rows are matched by SOP Instance UID.
    original : path, folder, Dataset, array, or a list of these, optional
        The image before de-identification. In a folder or list it is found by the instance that `results` names.
    values : bool
        False shows no value of the data: texts and names are left out, and the boxes are blanked in the image.
    height : int
        Height of the image area in CSS pixels; less in a window that is not high or wide enough for it.

    Returns
    -------
    Viewer
        ``.selection`` is the results' row of the box that was clicked, ``.regions`` a frame of the boxes of this slice
        with their coverage. ``.frame``, ``.mode``, ``.window``, ``.overlay`` and ``.selected`` can be read and set.

    Examples
    --------
    >>> viewer = view(np.zeros((64, 64), np.uint8))
    >>> viewer.count, viewer.mode, len(viewer.regions)
    (1, 'after', 0)
    """
    return Viewer(image, results, original, values=values, height=height)


class _Source(NamedTuple):
    """One image of a stack: where it is, how it is called, which instance it is; or why it cannot be shown."""

    image: Any
    name: str
    uid: str | None
    frames: int
    note: str = ""
    series: str | None = None
    modality: str | None = None


class Viewing(traitlets.HasTraits):
    """The state of a viewer and its answers, whether it is a widget by itself or a part of a board."""

    count = traitlets.Int(0).tag(sync=True)
    unit = traitlets.Unicode("image").tag(sync=True)  # what is counted: images, slices of a series or frames of a file
    frame = traitlets.Int(0).tag(sync=True)
    mode = traitlets.Enum(MODES, "after").tag(sync=True)
    window = traitlets.List(traitlets.Float(), maxlen=2).tag(sync=True)  # empty: one that the file asks for
    overlay = traitlets.Bool(True).tag(sync=True)
    selected = traitlets.Int(-1).tag(sync=True)
    height = traitlets.Int(560).tag(sync=True)
    comparable = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self, image: Any, results: pd.DataFrame | None, original: Any, *, values: bool = True, height: int = 560
    ) -> None:
        if results is not None:
            require_columns(results, ["instance", "action", *_BOX], "view()")
        self.values = values
        self._sources = [_source(one) for one in (image if isinstance(image, list | tuple) else [image])]
        if not self._sources:
            raise ValueError("view() needs at least one image; the list is empty.")
        self._slices = [(place, number) for place, one in enumerate(self._sources) for number in range(one.frames)]
        if results is not None:  # of these images alone: a stack asks for each of them
            uids = [one.uid for one in self._sources]
            results = results[results.filter(["instance", "released"]).isin(uids).any(axis=1)]
        self._checked = cache(lambda place: _checked(self._sources[place], results))
        self._originals = None if original is None else _Originals(original, len(self._sources))
        self._plane = lru_cache(_KEPT)(self._decoded)
        comparable = original is not None
        super().__init__(count=len(self._slices), unit=_unit(self._sources), height=height, comparable=comparable)

    # In a board

    @property
    def state(self) -> dict[str, Any]:
        """What a browser needs to know to show it."""
        return {name: getattr(self, name) for name in Viewing.class_traits(sync=True)}

    def enter(self, changed: Callable[[Any], None], send: Callable[[Any, Any], None]) -> None:
        """From now on reports changes of its state by `changed`, and answers by `send`."""
        self._theirs: dict[str, Any] = {}
        self.send = send

        def report(change: Any) -> None:
            if self._theirs.get(change.name, report) != change.new:  # who says so knows already
                changed({change.name: change.new})

        self.observe(report, list(self.state))

    def take(self, state: dict[str, Any]) -> None:
        """Takes over the state that a browser sends; invalid values are ignored."""
        self._theirs = {name: value for name, value in state.items() if name in self.state}
        for name, value in self._theirs.items():
            with suppress(traitlets.TraitError):
                setattr(self, name, value)
        self._theirs = {}

    @traitlets.validate("frame")
    def _inside(self, proposal: Any) -> int:
        return int(min(max(proposal["value"], 0), max(len(self._slices) - 1, 0)))

    @traitlets.observe("frame")
    def _deselect(self, change: Any) -> None:
        self.selected = -1

    # What can be read back

    @property
    def rows(self) -> pd.DataFrame:
        """The rows of the results that are about this slice's image and have a box."""
        return self._on(self.frame).rows

    @property
    def selection(self) -> pd.DataFrame:
        """The row of the results that the selected box belongs to; no row if none is selected."""
        return self.rows.iloc[self.selected : self.selected + 1] if self.selected >= 0 else self.rows.iloc[:0]

    @property
    def regions(self) -> pd.DataFrame:
        """The boxes of this slice: x0, y0, x1, y1, clipped, verdict, expected, actual, coverage, legible."""
        names = [*_BOX, "clipped", "verdict", "expected", "actual", "coverage", "legible"]
        boxes = self._measured(self.frame)
        frame = pd.DataFrame({name: [box[name] for box in boxes] for name in names})
        words = {short: verdict for verdict, (short, _) in _VERDICTS.items()}
        return frame.replace({"verdict": words}).astype({"coverage": "float64", "legible": "float64"})

    @property
    def notes(self) -> list[str]:
        """What there is to say about this slice: why something cannot be shown, or is not as asked for."""
        return self._notes(self.frame)

    @property
    def over_redacted(self) -> int:
        """How many pixels outside any box differ from the original; 0 without an original."""
        mask = self._mask(self.frame)
        return int(mask.sum()) if mask is not None else 0

    @property
    def unseen(self) -> str | None:
        """Why not one of the images can be shown, in the words for the first; None if one can."""
        reasons = []
        for number in range(self.count):
            try:
                self._plane(number)
                return None
            except (ValueError, FileNotFoundError) as error:
                reasons.append(str(error))
        name = f"{self._sources[0].name}: " if self.values else ""
        which = "the image cannot" if len(reasons) == 1 else f"none of the {len(reasons):,} images can"
        return f"{which} be shown; {name}{reasons[0]}"

    # One slice

    def _shown_in(self, number: int) -> _Source:
        return self._sources[self._slices[number][0]]

    def _on(self, number: int) -> _Checked:
        return self._checked(self._slices[number][0])

    def _decoded(self, number: int, before: bool = False) -> pixels.Plane:
        """A slice, or the original of it; a ValueError says why there is none."""
        source = self._original(number) if before else self._shown_in(number)
        if source.note:
            raise ValueError(source.note)
        return self._read(source, min(self._slices[number][1], source.frames - 1))

    def _read(self, source: _Source, frame: int) -> pixels.Plane:
        try:
            return pixels.plane(source.image, frame)
        except (ValueError, FileNotFoundError) as error:
            if self.values or not isinstance(source.image, str | Path) or Path(source.image).name not in str(error):
                raise
            raise ValueError("the file cannot be read.") from None  # its name can be a patient's

    def _original(self, number: int) -> _Source:
        if self._originals is None:
            return _Source(None, "", None, 1, "no original: pass original= to compare.")
        source = self._shown_in(number)
        return self._originals.of(source, self._slices[number][0], self._on(number).instance)

    def _pair(self, number: int) -> tuple[Any, Any] | None:
        """The values before and after of a slice; None where they cannot be laid over each other."""
        try:
            before, after = self._plane(number, before=True).values, self._plane(number).values
        except (ValueError, FileNotFoundError):
            return None
        return (before, after) if before.shape == after.shape else None

    def _asked_for(self, number: int) -> list[tuple[int, ...]]:
        """The boxes of a slice as the results have them; the original and the released image may differ in size."""
        boxes = self._on(number).rows[_BOX]
        return [tuple(int(edge) for edge in box) for box in boxes.itertuples(index=False)]

    def _boxes(self, number: int) -> list[dict[str, Any]]:
        """The boxes of a slice as drawn, without what has to be measured."""
        rows = self._on(number).rows
        shape = self._shape(number)
        found = []
        for row, box in zip(rows.to_dict("records"), self._asked_for(number), strict=True):
            try:
                inside = pixels.clip(box, shape) if shape else box
            except ValueError:
                inside = None
            verdict, says = _VERDICTS.get(row.get("verdict"), _UNDECIDED)
            if "verdict" not in row:
                says = "not judged"
            elif verdict == "fail" and (cause := str(words_of("cause", row.get("cause")))).startswith(_BURNED):
                says = cause.removeprefix(_BURNED)
            found.append(
                dict(zip(_BOX, inside or box, strict=True))
                | {"clipped": inside != box, "outside": inside is None, "verdict": verdict, "says": says}
                | {name: self._text(row.get(name)) for name in ("expected", "actual")}
                | {"coverage": None, "legible": None}
            )
        return found

    def _text(self, value: Any) -> str | None:
        if value is None or pd.isna(value):
            return None
        return str(value) if self.values else MASK

    def _measured(self, number: int) -> list[dict[str, Any]]:
        """The boxes of a slice with coverage and legibility, where there is an original to measure against."""
        boxes = self._boxes(number)
        pair = self._pair(number) if boxes else None
        for box in boxes:
            if pair is not None and not box["outside"]:
                before, after = (image[box["y0"] : box["y1"], box["x0"] : box["x1"]] for image in pair)
                box["coverage"] = _known(pixels.coverage(before, after))
                box["legible"] = _known(pixels.legible(before, after))
        return boxes

    def _mask(self, number: int) -> Any:
        pair = self._pair(number)
        if pair is None:
            return None
        return pixels.changed(*pair, outside=self._asked_for(number))

    def _shape(self, number: int) -> tuple[int, ...] | None:
        try:
            return self._plane(number).stored.shape
        except (ValueError, FileNotFoundError):
            return None

    def _notes(self, number: int) -> list[str]:
        notes = [*self._on(number).notes]
        if any(box["outside"] for box in self._boxes(number)):
            notes.append("a box lies outside the image.")
        elif any(box["clipped"] for box in self._boxes(number)):
            notes.append("a box reaches over the edge of the image; it is shown clipped.")
        if self._originals is not None:
            notes.extend(self._notes_on_original(number))
            notes.extend(_doubts(self._measured(number)))
        return notes

    def _notes_on_original(self, number: int) -> Iterator[str]:
        original = self._original(number)
        if original.note:
            yield original.note
            return
        if self._slices[number][1] >= original.frames:
            yield f"the original has {original.frames} frames only; its last one is shown."
        instance = self._on(number).instance
        if instance and original.uid and original.uid != instance:
            yield "the original is another instance than the one the results name."
        try:
            before, after = self._plane(number, before=True).stored.shape, self._shape(number)
        except (ValueError, FileNotFoundError) as error:
            yield f"original: {error}"
            return
        if after and before != after:
            sizes = (" × ".join(map(str, shape)) for shape in (before, after))
            yield f"the original is {next(sizes)}, this image {next(sizes)}: they cannot be laid over each other."

    # Messages: the browser asks, the kernel answers

    def hear(self, asked: dict[str, Any]) -> None:
        """Answers what the browser asks."""
        kind, number = str(asked.get("kind")), int(asked.get("slice", -1))
        if kind not in _ANSWERS or not 0 <= number < self.count:
            return
        answer, buffers = self.answer(kind, number)
        self.send({"kind": kind, "slice": number, **answer}, buffers)

    def answer(self, kind: str, number: int) -> tuple[dict[str, Any], list[Any]]:
        """The message and the buffers that answer a question of the browser about a slice."""
        try:
            return _ANSWERS[kind](self, number, kind)
        except Exception as error:  # whatever it is, the browser waits for an answer; its text could quote values
            return {"error": f"this slice cannot be shown ({type(error).__name__})."}, []

    def _pixels(self, number: int, side: str) -> tuple[dict[str, Any], list[Any]]:
        """The message that shows a slice: what to write about it, and its pixels as 8 or 16-bit numbers."""
        said: dict[str, Any] = {"title": self._title(number), "boxes": self._boxes(number)}
        if side == "after":
            said["notes"] = self._on(number).notes
        try:
            seen = self._plane(number, before=side == "before")
        except (ValueError, FileNotFoundError) as error:
            return said | {"error": str(error)}, []
        stored, scale, offset = _compact(seen)
        if not self.values:
            stored = pixels.blank(stored, self._asked_for(number))
        buffers: list[Any] = [np.ascontiguousarray(stored).data.cast("B")]
        windows = []
        for window in [*seen.windows, *(_CT if self._shown_in(number).modality == "CT" else ())]:
            shape = {name: getattr(window, name) for name in ("name", "center", "width", "function")}
            if window.table is not None:
                shape |= {"first": window.first, "table": len(buffers)}
                buffers.append(np.ascontiguousarray(window.table).data.cast("B"))
            windows.append(shape)
        said |= {"rows": stored.shape[0], "columns": stored.shape[1], "color": seen.color, "bits": 8 * stored.itemsize}
        said |= {"scale": scale, "offset": offset, "inverted": seen.inverted, "windows": windows}
        return said, buffers

    def _thumbnail(self, number: int, _: str) -> tuple[dict[str, Any], list[Any]]:
        """The message with a small picture of a slice and the worst verdict of its boxes."""
        place, frame = self._slices[number]
        judged = self._on(number).rows.get("verdict", ())  # none where the rows are not judged
        verdicts = [_VERDICTS.get(verdict, _UNDECIDED)[0] for verdict in judged]
        worst = next((verdict for verdict in ("fail", "blank", "pass") if verdict in verdicts), None)
        try:
            picture = pixels.shown(self._read(self._sources[place], frame))  # not kept: many pass by
        except (ValueError, FileNotFoundError):
            return {"picture": None, "verdict": worst}, []
        if not self.values:
            picture = pixels.blank(picture, self._asked_for(number))
        return {"picture": _png(picture, _THUMBNAIL), "verdict": worst}, []

    def _measures(self, number: int, _: str) -> tuple[dict[str, Any], list[Any]]:
        """The message that follows: coverage of the boxes, the mask of over-redaction, what is odd."""
        mask = self._mask(number)
        said = {"boxes": self._measured(number), "notes": self._notes(number), "comparable": mask is not None}
        if mask is None:
            return said, []
        said |= {"area": int(mask.sum()), "share": float(mask.mean())}
        return said, [np.packbits(mask).data] if mask.any() else []

    def _title(self, number: int) -> str:
        place, frame = self._slices[number]
        source = self._sources[place]
        name = source.name if self.values else f"image {place + 1}"
        return f"{name}, frame {frame + 1} of {source.frames}" if source.frames > 1 else name

    # Without a kernel

    def _as_html(self) -> str:
        """This slice: pictures with their boxes drawn, and a table of them."""
        sides = ("original", "released") if self.comparable else ("released",)
        figures = [(side, *self._figure(side)) for side in sides]
        return str(kit().viewed(self._title(self.frame), figures, self.notes, self._measured(self.frame)))

    def _figure(self, side: str) -> tuple[Any, str]:
        """A picture, or why there is none."""
        try:
            seen = self._plane(self.frame, before=side == "original")
        except (ValueError, FileNotFoundError) as error:
            return None, str(error)
        window = pixels.Window("", self.window[0], self.window[1], "LINEAR_EXACT") if len(self.window) == 2 else None
        picture = pixels.shown(seen, window)
        if not self.values:
            picture = pixels.blank(picture, self._asked_for(self.frame))
        return {"rows": picture.shape[0], "columns": picture.shape[1], "png": _png(picture)}, ""


class Viewer(Viewing, Live):
    """The widget that `view` gives."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.observe(lambda _: self._changed_looks(), list(self.state))


def _doubts(boxes: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What to say about boxes whose verdict by text recognition and whose pixels disagree."""
    for number, box in enumerate(boxes, 1):
        if box["legible"] is None:
            continue
        if box["verdict"] == "pass" and box["legible"] >= 0.5:
            legible = percent(box["legible"], 0)
            yield f"box {number} passed, yet {legible} of the original text is legible. Please check."
        if box["verdict"] == "fail" and box["legible"] < 0.1:
            yield f"box {number} failed, but almost no original text is legible. Please check."


#: What a browser asks of a slice → what answers it.
_ANSWERS: dict[Any, Callable[[Viewing, int, str], tuple[dict[str, Any], list[Any]]]] = {
    "after": Viewing._pixels, "before": Viewing._pixels, "measures": Viewing._measures, "thumbnail": Viewing._thumbnail,
}  # fmt: skip
_THUMBNAIL = 96  # pixels; shown at 64 points
_KEPT = 8  # decoded frames; a 2048 × 2048 one takes 8 MB


class _Checked(NamedTuple):
    """The pixel checks of an image that have a box, what is to be said about them, and its original instance."""

    rows: pd.DataFrame
    notes: list[str]
    instance: str | None


def _checked(source: _Source, results: pd.DataFrame | None) -> _Checked:
    """What a results or answers frame has on an image."""
    if results is None:
        return _Checked(pd.DataFrame(columns=_BOX), [], None)
    old, new = (
        (results[name] == source.uid).to_numpy(dtype=bool) if name in results else np.zeros(len(results), dtype=bool)
        for name in ("instance", "released")
    )
    rows, notes = results[(old | new) & results["action"].isin(PIXELS).to_numpy(dtype=bool)], []
    if source.uid is None and not source.note:
        notes.append("the image does not say which instance it is, so the results' boxes cannot be matched.")
    elif not len(rows) and not source.note:
        notes.append("the results have no pixel check for this image.")
    if "submission" in rows and rows["submission"].nunique() > 1:
        rows, note = _of_one_submission(rows, source)
        notes += note
    kept = rows[rows["action"].isin(named("pixels"))]
    if len(kept) and "verdict" in kept and (verdict := kept["verdict"].iloc[0]) != "passed":
        says = verdict if verdict in _VERDICTS else "not decided"
        notes.append(f"{words_of('action', kept['action'].iloc[0])}: {says}.")
    instance = str(results["instance"][new].iloc[0]) if new.any() else None
    return _Checked(rows[rows[_BOX].notna().all(axis=1)], notes, instance)


def _of_one_submission(rows: pd.DataFrame, source: _Source) -> tuple[pd.DataFrame, list[str]]:
    """The rows of the submission that an image is part of, going by its path; else of the first one, with a note."""
    names = list(rows["submission"].astype(str).unique())
    parts = Path(source.image).parts if isinstance(source.image, str | Path) else ()
    named = [name for name in names if name in parts]
    chosen = named[0] if named else names[0]
    note = [] if named else [f"the results hold {len(names)} submissions; the boxes are judged as in {chosen}."]
    return rows[(rows["submission"] == chosen).to_numpy(dtype=bool)], note


class _Originals:
    """The images before de-identification, found by instance."""

    def __init__(self, given: Any, images: int) -> None:
        self.folder = Path(given) if isinstance(given, str | Path) and Path(given).is_dir() else None
        self._files = files_below(self.folder) if self.folder else iter(())
        given = given if isinstance(given, list | tuple) else [given]
        self._list = [] if self.folder else [_source(one) for one in given]
        self._in_order = len(self._list) == images
        self._by_uid = {one.uid: one for one in self._list if one.uid}

    def of(self, source: _Source, position: int, instance: str | None) -> _Source:
        """The original of an image; a source with a note where there is none."""
        for uid in (instance, source.uid):
            if uid and (found := self._with_uid(uid)):
                return found
        if self._in_order:
            return self._list[position]
        where = "in the folder given" if self.folder else "among those given"
        return _Source(None, "", None, 1, f"no original of this image {where}.")

    def _with_uid(self, uid: str) -> _Source | None:
        while uid not in self._by_uid and (path := next(self._files, None)):
            one = _source(path)
            if one.uid:
                self._by_uid.setdefault(one.uid, one)
        return self._by_uid.get(uid)


def _source(image: Any) -> _Source:
    """What a viewer knows of an image before it decodes it."""
    from pydicom import Dataset, dcmread

    if isinstance(image, np.ndarray):
        return _Source(image, "array", None, pixels.frames(image))
    if isinstance(image, Dataset):
        return _of(image, image, "data set")
    if not isinstance(image, str | Path):
        raise TypeError(f"view() shows paths, pydicom Datasets and arrays, got {type(image).__name__}.")
    path = Path(image)
    if path.is_dir():
        raise ValueError(f"{path.name} is a folder; pass a file of it, or a list of files for a stack.")
    try:
        with quiet():
            head = dcmread(path, stop_before_pixels=True, specific_tags=_READ)
            return _of(head, path, "/".join(path.parts[-2:]))
    except FileNotFoundError:
        return _Source(path, path.name, None, 1, "there is no such file.")
    except Exception as error:  # pydicom raises many kinds on broken files; their texts can quote values
        return _Source(path, path.name, None, 1, f"this is no readable DICOM file ({type(error).__name__}).")


_READ = ["SOPInstanceUID", "SeriesInstanceUID", "Modality", "NumberOfFrames"]
# What readers of CT images look through, in Hounsfield units.
_CT = [
    pixels.Window(name, center, width, "LINEAR_EXACT")
    for name, center, width in (("soft tissue", 40, 400), ("lung", -600, 1500), ("bone", 400, 1800), ("brain", 40, 80))
]


def _of(head: Any, image: Any, name: str) -> _Source:
    uid, series, modality = (str(head.get(keyword) or "") or None for keyword in _READ[:3])
    return _Source(image, name, uid, pixels.frames(head), series=series, modality=modality)


def _unit(sources: Sequence[_Source]) -> str:
    """What the places of a stack are: images of anybody, slices of one series, or frames of a file."""
    if len(sources) == 1 and sources[0].frames > 1:
        return "frame"
    one = len(sources) > 1 and len({source.series for source in sources}) == 1
    return "slice" if one and sources[0].series else "image"


def _compact(seen: pixels.Plane) -> tuple[Any, float, float]:
    """(8 or 16-bit numbers, scale, offset): the values of a plane are numbers × scale + offset."""
    stored = seen.stored
    if seen.color:
        return stored, 1.0, 0.0
    low, high = (float(np.nanmin(stored)), float(np.nanmax(stored))) if stored.size else (0.0, 0.0)
    if stored.dtype.kind in "ui" and high - low < 65536:
        if stored.dtype in (np.uint8, np.uint16):
            return stored, seen.slope, seen.intercept
        return (stored.astype(np.int64) - int(low)).astype(np.uint16), seen.slope, seen.intercept + low * seen.slope
    step = (high - low) / 65535 or 1.0
    return np.nan_to_num((stored - low) / step).astype(np.uint16), step * seen.slope, seen.intercept + low * seen.slope


def _known(share: float) -> float | None:
    return None if np.isnan(share) else share


def _png(picture: Any, limit: int = 512) -> str:
    from PIL import Image

    small = Image.fromarray(picture)
    small.thumbnail((limit, limit))
    buffer = io.BytesIO()
    small.save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()
