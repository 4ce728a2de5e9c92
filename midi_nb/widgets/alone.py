"""Widgets as files that need no kernel and no network: the same modules, and all the kernel would send."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from .. import __version__, causes
from ..actions import REGIONS
from ..amounts import count
from ..coded import codes_at, first_rows, joint_codes
from ..files.runs import replacing
from ..frames import require_columns
from ..masking import mask_values
from ..shown import template
from .board import script, sheet
from .detail import Check, CheckTexts
from .headers import Lines
from .images import Images, pictured
from .lines import sent, views
from .page import kit
from .rows import MANY, NEEDED, Rows, without_originals
from .tour import tour
from .viewer import Viewer

__all__ = ["write_header", "write_page", "write_tour", "write_view"]

_OF_WORDS = (
    "action", "tag_path", "name", "original", "expected", "actual", "state", "verdict", "cause", "score",
)  # fmt: skip
_OF_REASONS = ("action", "subcategory", "private", "cause", "error")
_PICTURES = 4_000_000  # bytes of pictures in a page
_BLOCK = 256  # texts that are packed together, as in alone.js
_PIXELS = 256 * 2**20  # bytes of pixels in a page, as many as viewer.js keeps


def write_page(
    results: pd.DataFrame, path: str | Path, released: Any = None, original: Any = None, *, values: bool = True
) -> Path:
    """Write the explorer of `results` as one HTML file and give its path back.

    The file opens in a browser without kernel and network: problems, failures, map, search, filters, each failing check
    with its words and its rule. What is chosen stands in the address: ``explorer.html#axis=privacy&row=170``.

    Parameters
    ----------
    results
        What ``evaluate``, ``read_results`` or ``explain`` returns, with at most 200,000 failed or blank checks.
    path
        The file to write; one that is there is replaced.
    released, original
        As in ``widgets.explore``: with them causes are found as ``explain`` does, and failing boxes are shown before
        and after, up to 4 MB of pictures; the page says how many it holds.
    values
        False writes no value and no identifier of the data, and no picture; submissions are numbered.

    Examples
    --------
    >>> import tempfile
    >>> mn.write_page(results, tempfile.mkdtemp() + "/explorer.html").name
    'explorer.html'
    """
    require_columns(results, NEEDED, "write_page()")
    explained = causes.explained(results.reset_index(drop=True), released, original)
    images = Images(explained, released, original)
    shown = explained if values else _masked(explained)
    rows = Rows(shown, values, without_originals(results, original))
    if len(rows.failing) > MANY:
        raise ValueError(
            f"write_page() takes at most {MANY:,} failed or blank checks, and these results have "
            f"{len(rows.failing):,}; select some of them."
        )
    rows.covers = "failing"
    buffers: list[bytes] = []
    drawn = {"views": views(explained), "lines": {view: sent(view, explained, rows) for view in views(explained)}}
    whole = rows.whole(buffers) | drawn
    check_texts = CheckTexts(shown, values)
    cards = {
        "words": _distinct(shown, rows.failing, _OF_WORDS, "words", check_texts, buffers),
        "reasons": _distinct(shown, rows.failing, _OF_REASONS, "reasons", check_texts, buffers),
    }
    pictures, boxes = _pictures(explained, rows.failing, images) if values else ({}, 0)
    note = f"This page holds {count(len(pictures), 'picture')} of {count(boxes, 'failing box')}." if boxes else ""
    content = {"data": whole, "cards": cards, "pictures": pictures}
    return _write(path, "Explorer", "alone();", content, buffers, note=note)


def write_view(
    image: Any, results: pd.DataFrame | None, path: str | Path, original: Any = None, *, values: bool = True
) -> Path:
    """Write the viewer of an image or a stack as one HTML file and give its path back.

    The file opens in a browser without kernel and network. It holds the pixels: keep it as safe as the images.

    Parameters
    ----------
    image, results, original
        As in ``widgets.view``; up to 256 MB of pixels, of images of which one at least can be shown. Without results,
        None: an image without boxes.
    path
        The file to write; one that is there is replaced.
    values
        False shows no text and no name of the data, and the boxes are blanked in the image. Texts that are not in a box
        stay in the image.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> write_view(np.zeros((64, 64), np.uint8), None, tempfile.mkdtemp() + "/image.html").name
    'image.html'
    """
    viewer = Viewer(image, results, original, values=values)
    if viewer.unseen:
        raise ValueError(f"write_view(): {viewer.unseen}")
    kinds = ["after", "measures", "thumbnail", *(["before"] if viewer.comparable else [])]
    answers: dict[str, Any] = {}
    buffers: list[bytes] = []
    size = 0
    for number in range(viewer.count):
        for kind in kinds:
            message, given = viewer.answer(kind, number)
            size += sum(memoryview(one).nbytes for one in given)
            if size > _PIXELS:
                raise ValueError(
                    f"write_view() takes at most {_PIXELS // 2**20} MB of pixels, reached at {viewer.unit} "
                    f"{number + 1} of {viewer.count}; give fewer images."
                )
            answers[f"{kind} {number}"] = [message, list(range(len(buffers), len(buffers) + len(given)))]
            buffers += [bytes(one) for one in given]
    content = {"state": viewer.state, "answers": answers}
    viewer.close()
    return _write(path, "Viewer", "aloneViewer();", content, buffers)


def write_header(
    original: Any, released: Any, results: pd.DataFrame | None, path: str | Path, *, values: bool = True, **options: Any
) -> Path:
    """Write the header diff of two files as one HTML file and give its path back.

    The file opens in a browser without kernel and network. It holds the values of both headers: keep it as safe as the
    images.

    Parameters
    ----------
    original, released, results
        As in ``widgets.header``. Without results, None: each line is judged by what the standard asks.
    path
        The file to write; one that is there is replaced.
    values
        False writes no value of the data.
    options
        ``uids``, ``profile`` and ``edition``, as in ``widgets.header``.

    Examples
    --------
    >>> import tempfile
    >>> file = sorted(demo.original.rglob("*.dcm"))[0]
    >>> write_header(file, file, None, tempfile.mkdtemp() + "/header.html").name
    'header.html'
    """
    content = {"data": Lines(original, released, results, values=values, **options).sent()}
    return _write(path, "Header", "aloneHeader();", content)


def write_tour(
    results: pd.DataFrame | None,
    path: str | Path,
    released: Any = None,
    original: Any = None,
    *,
    explorer: str = "",
    block: bool = False,
) -> Path:
    """Write the tour as one HTML file and give its path back.

    The file opens in a browser without kernel and network. It holds images as PNG: keep it as safe as these.

    Parameters
    ----------
    results, released, original
        As in ``tour``. Without results, None: the demo.
    path
        The file to write; one that is there is replaced.
    explorer
        The address of a page that ``write_page`` made of the same results: the tour ends there, at the check it was
        about.
    block
        True writes only what a page of your own shows the tour with.

    Examples
    --------
    >>> import tempfile
    >>> mn.write_tour(None, tempfile.mkdtemp() + "/tour.html", explorer="explorer.html").name
    'tour.html'
    """
    widget = tour(results, released, original)
    content = widget.content(explorer)
    widget.close()
    return _write(path, "Tour", "aloneTour();", content, block=block)


def _masked(explained: pd.DataFrame) -> pd.DataFrame:
    masked = mask_values(explained)
    if "submission" not in masked:
        return masked
    numbers = [f"submission {number}" for number, _ in enumerate(masked["submission"].cat.categories, start=1)]
    return masked.assign(submission=masked["submission"].cat.rename_categories(numbers))


def _distinct(
    shown: pd.DataFrame,
    rows: np.ndarray,
    names: tuple[str, ...],
    what: str,
    check_texts: CheckTexts,
    buffers: list[bytes],
) -> Any:
    """What is said of each row, every distinct text once: codes, and blocks of texts, opened one by one."""
    alike = shown.assign(**{name: shown[name].astype("category") for name in ("private", "score")})
    kinds = joint_codes([codes_at(alike, name, rows) for name in names], len(rows))
    known: dict[str, int] = {}
    say = getattr(kit(), what)
    said = (str(say(_Card(check_texts, int(position)))) for position in rows[first_rows(kinds)])
    codes = np.array([known.setdefault(text, len(known)) for text in said], dtype="<u4")
    buffers.append(codes[kinds].tobytes())
    of: dict[str, Any] = {"codes": {"buffer": len(buffers) - 1, "bytes": 4}, "blocks": []}
    texts = [*known]
    for start in range(0, len(texts), _BLOCK):
        of["blocks"].append({"buffer": len(buffers), "bytes": 1})
        buffers.append(gzip.compress(json.dumps(texts[start : start + _BLOCK]).encode(), mtime=0))
    return of


class _Card(Check):
    """A check for a page: comments, which no value can contain, stand for its texts until alone.js fills them in."""

    def shown(self, name: str) -> str | None:
        text = super().shown(name)
        return _own(name) if name == "error" and text else text

    def pieces(self, name: str, text: str, wrong: dict[str, str]) -> tuple[list[tuple[str, str | None]], int]:
        pieces, size = super().pieces(name, text, wrong)
        return [(_own(name) if piece == text else piece, mark) for piece, mark in pieces], size


def _own(name: str) -> Markup:
    """What stands for the row's own text of a column."""
    return Markup(f"<!--{name}-->")  # noqa: S704 (a name of ours)


def _pictures(explained: pd.DataFrame, rows: np.ndarray, images: Images) -> tuple[dict[str, str], int]:
    """(pictures of failing boxes by row, as many as fit; how many boxes fail)."""
    boxes = rows[explained["action"].isin(list(REGIONS)).to_numpy()[rows]]
    room, pictures = _PICTURES, {}
    for position in boxes:
        if images.key(int(position)) is None:
            continue
        picture = str(pictured(images, int(position), 0, False))
        room -= len(picture)
        if room < 0:
            break
        pictures[str(position)] = picture
    return pictures, len(boxes) if images.folders else 0


def _write(
    path: str | Path,
    title: str,
    start: str,
    content: Any,
    buffers: Sequence[bytes] = (),
    note: str = "",
    block: bool = False,
) -> Path:
    """Writes a page that begins with the call `start` of alone.js, or only the block for a page of one's own."""
    code, css = f"{script('alone.js')}\n{start}", f"{sheet()}\n{'' if block else _CSS}"
    policy = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'"
    for name, text in (("script-src", code), ("style-src", css)):
        policy += f"; {name} 'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
    known = {"title": title, "note": note, "policy": policy, "version": __version__, "data": _packed(content, buffers)}
    page = template(Path(__file__).with_name("alone.html"))
    with replacing(Path(path)) as temporary:
        temporary.write_text(page.render(**known, block=block, css=css, code=code), encoding="utf-8")
    return Path(path)


def _packed(content: Any, buffers: Sequence[bytes]) -> str:
    """The length of a JSON text, the text, and the buffers, compressed, in letters."""
    text = json.dumps({**content, "sizes": [len(one) for one in buffers]}, separators=(",", ":")).encode()
    packed = gzip.compress(len(text).to_bytes(4, "little") + text + b"".join(buffers), mtime=0)
    return base64.b64encode(packed).decode()


_CSS = """
body { margin: 0; padding: 12px 16px; background: Canvas; color: CanvasText; }
footer.midi-page { margin-top: 12px; font: 13px/1.4 system-ui, sans-serif; }
@media (prefers-color-scheme: dark) {
  :root { --jp-ui-font-color1: #fff; --jp-ui-font-color2: #ffffffb3; --jp-layout-color1: #121212;
    --jp-border-color2: #616161; --jp-brand-color1: #2196f3; }
}
"""
