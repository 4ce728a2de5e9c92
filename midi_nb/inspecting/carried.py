"""The texts in files that are not DICOM: tables, JSON, plain text, metadata of pictures, NIfTI headers."""

from __future__ import annotations

import csv
import gzip
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..engine.released import Unreadable
from ..sniff import encoding_of
from ..text import legible

__all__ = ["texts_of_file"]

Texts = Iterator[tuple[str, str]]
_MOST = 64 << 20  # bytes of a file that is read as text


def texts_of_file(path: Path) -> list[tuple[str, str]]:
    """(where in the file, text) of the texts that a file which is no DICOM carries along.

    Raises
    ------
    Unreadable
        With the reason, where the kind of file is not known, or where it is broken. Never with a value of the file.
    """
    reader = next((read for ending, read in _READERS.items() if path.name.lower().endswith(ending)), None)
    if reader is None:
        raise Unreadable("neither DICOM nor a kind of file that is looked into")
    try:
        return [(where, text.strip()) for where, text in reader(path) if text.strip()]
    except Unreadable:
        raise
    except Exception as error:  # readers of pictures raise many kinds, and their texts can quote values
        raise Unreadable(f"broken {path.suffix.lower().lstrip('.').upper()} file ({type(error).__name__})") from None


def _text(path: Path) -> str:
    if path.stat().st_size > _MOST:
        raise Unreadable("a text of more than 64 MB")
    return path.read_text(encoding_of(path))


def _lines(path: Path) -> Texts:
    yield from (("line", line) for line in _text(path).splitlines())


def _table(path: Path) -> Texts:
    text = _text(path)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:10_000], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    head, *rows = list(csv.reader(text.splitlines(), dialect)) or [[]]
    yield from (("heading", name) for name in head)
    for row in rows:
        for place, cell in enumerate(row):
            yield f"column {head[place]}" if place < len(head) and head[place] else f"column {place + 1}", cell


def _json(path: Path) -> Texts:
    text = _text(path)
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        for line in filter(str.strip, text.splitlines()):
            yield from _of_json(json.loads(line), "")
    else:
        yield from _of_json(json.loads(text), "")


def _of_json(value: Any, where: str) -> Texts:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield "key", str(name)
            yield from _of_json(inner, f"{where}.{name}" if where else str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from _of_json(inner, where)
    elif value is not None:
        yield where, str(value)


def _picture(path: Path) -> Texts:
    from PIL import ExifTags, Image, IptcImagePlugin

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of very large pictures: they are not decoded
        with Image.open(path) as image:
            if path.suffix.lower() == ".png":  # texts after the pixels are read with them
                image.load()
            for name, value in image.info.items():
                if name == "icc_profile":
                    yield from _profile(value)
                elif name != "exif":
                    yield from _of_info(str(name), value)
            exif = image.getexif()
            parts = [("EXIF", dict(exif), ExifTags.TAGS)]
            parts += [(f"EXIF {ifd.name}", dict(exif.get_ifd(ifd)), _names(ifd)) for ifd in ExifTags.IFD]
            for part, entries, names in parts:
                for tag, value in entries.items():
                    yield from _of_info(f"{part} {names.get(tag, f'0x{tag:04x}')}", value)
            for (record, number), value in (IptcImagePlugin.getiptcinfo(image) or {}).items():
                for one in value if isinstance(value, list) else [value]:
                    yield from _of_info(f"IPTC {record}:{number}", one)
    content = path.read_bytes()
    _, end, behind = content.rpartition(_ENDS.get(content[:2], b"\0"))
    yield from (("behind the picture", text) for text in legible(behind) if end)


#: How a picture that starts so ends.
_ENDS = {b"\xff\xd8": b"\xff\xd9", b"\x89P": b"IEND\xaeB`\x82"}


def _names(ifd: Any) -> dict[int, str]:
    from PIL import ExifTags

    return ExifTags.GPSTAGS if ifd.name == "GPSInfo" else ExifTags.TAGS


def _of_info(where: str, value: Any) -> Texts:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, bytes):
        if text := _readable(value):
            yield where, text
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _of_info(f"{where} {name}", inner)
    elif isinstance(value, list | tuple) and value and all(isinstance(one, str) for one in value):
        yield from ((where, one) for one in value)
    elif isinstance(value, tuple) and "GPS" in where:
        yield where, ", ".join(map(str, value))


def _readable(value: bytes) -> str:
    """The text that bytes are, without what marks its encoding; "" where they are none."""
    marked = value.startswith(b"UNICODE\0")
    value = value.removeprefix(b"UNICODE\0").removeprefix(b"ASCII\0\0\0")
    zeros = value[::2].count(0), value[1::2].count(0)
    wide = marked or (len(value) > 1 and 0 in (value[0], value[1]))
    encoding = "utf-8" if not wide else "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    text = value.decode(encoding, "replace").strip("\0 ")
    return text if text and sum(one.isprintable() or one.isspace() for one in text) >= 0.9 * len(text) else ""


def _profile(value: bytes) -> Texts:
    import io

    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(io.BytesIO(value)).profile
    for name in ("profile_description", "copyright", "manufacturer", "model"):
        yield f"ICC {name.replace('_', ' ')}", str(getattr(profile, name, None) or "")


#: Where the texts of a NIfTI header are, by its size: (name, first byte, length).
_NIFTI = {
    348: (("data_type", 4, 10), ("db_name", 14, 18), ("descrip", 148, 80), ("aux_file", 228, 24),
          ("intent_name", 328, 16)),
    540: (("descrip", 240, 80), ("aux_file", 320, 24), ("intent_name", 508, 16)),
}  # fmt: skip


def _nifti(path: Path) -> Texts:
    with gzip.open(path) if path.suffix.lower() == ".gz" else open(path, "rb") as file:
        head = file.read(544)
        order: Any = "little" if int.from_bytes(head[:4], "little") in _NIFTI else "big"
        size = int.from_bytes(head[:4], order)
        if size not in _NIFTI:
            raise Unreadable("no NIfTI header")
        for name, start, length in _NIFTI[size]:
            yield f"NIfTI {name}", _readable(head[start : start + length].split(b"\0")[0])
        file.seek(size)
        more = file.read(4)[:1] == b"\1"
        while more and len(extension := file.read(8)) == 8:
            length = int.from_bytes(extension[:4], order)
            if not 16 <= length <= _MOST or length % 16:
                break
            yield "NIfTI extension", _readable(file.read(length - 8))


_READERS: dict[str, Callable[[Path], Texts]] = {
    **dict.fromkeys((".csv", ".tsv"), _table),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), _json),
    **dict.fromkeys((".txt", ".md", ".log", ".xml", ".html", ".htm", ".yaml", ".yml", ".bval", ".bvec"), _lines),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".gif", ".bmp", ".webp", ".jp2"), _picture),
    **dict.fromkeys((".nii", ".nii.gz", ".hdr"), _nifti),
}
