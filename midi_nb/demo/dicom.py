"""From drafts to DICOM files."""

from __future__ import annotations

import io
import re
import warnings
from typing import Any, NamedTuple

from pydicom import Dataset, dcmread
from pydicom.datadict import RepeatersDictionary, dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import FileMetaDataset
from pydicom.uid import RLELossless

from ..answers.people import Chart
from ..answers.places import official
from ..answers.planting import Planted, fill_in
from .drafts import EXPLICIT, IMPLICIT, JPEG_2000, RLE, Attributes, Draft

IMPLEMENTATION = "1.2.826.0.1.3680043.10.1729.1"  # pinned, so that files do not depend on who wrote them
PRIVATE = re.compile(r'\(([0-9a-f]{4}),"(.+)",([0-9a-f]{2})\) ([A-Z]{2})')
#: Keyword of an attribute of overlays → its tag in the first plane.
OVERLAY = {
    entry[4]: int(mask.replace("x", "0"), 16) for mask, entry in RepeatersDictionary.items() if mask.startswith("60xx")
}
NUMBERS = {"FD": float, "FL": float, "SL": int, "SS": int, "UL": int, "US": int}


class Original(NamedTuple):
    """A finished original: the dataset as any reader would read it, its bytes, what was planted into it."""

    name: str
    dataset: Dataset
    content: bytes
    planted: tuple[Planted, ...]


def finish(chart: Chart, draft: Draft) -> Original:
    """The DICOM file a draft describes."""
    planted: list[Planted] = []
    dataset = fill(chart, draft.attributes, "", planted)
    if draft.pixels is not None:
        dataset.PixelData = even(draft.pixels.tobytes())
        dataset["PixelData"].VR = "OW" if dataset.BitsAllocated > 8 else "OB"
    content = write(compress(dataset, draft.syntax), draft.syntax)
    return Original(draft.name, dcmread(io.BytesIO(content)), content, (*planted, *draft.burned))


def fill(chart: Chart, attributes: Attributes, path: str, planted: list[Planted]) -> Dataset:
    """A dataset of the attributes with all templates filled in; what is filled in is added to `planted`."""
    dataset = Dataset()
    for key, value in sorted(attributes.items(), key=lambda item: order(item[0])):
        tag, vr, label = place(dataset, key)
        if vr == "SQ":
            sequence = DataElement(tag, vr, [])
            sequence.is_undefined_length = sequence.is_private  # as most machines write private sequences
            dataset.add(sequence)
            label = official(dataset, sequence)
            sequence.value = [fill(chart, item, f"{path}<{label}>[<{n:04d}>]", planted) for n, item in enumerate(value)]
            continue
        if isinstance(value, str):
            value, records = fill_in(chart, f"{path}<{label}>", value)
            planted += records
        if vr in NUMBERS:
            value = number(NUMBERS[vr], value)
        if vr in ("OB", "UN", "OW") and isinstance(value, str):
            value = even(value.encode("latin-1"))
        dataset.add(DataElement(tag, vr, value))
    return dataset


def even(content: bytes) -> bytes:
    """The bytes with one more where their number is odd, as DICOM stores them."""
    return content + b"\0" * (len(content) % 2)


def number(kind: type[int] | type[float], value: Any) -> Any:
    """A value, or each of several, as a number where it is written as text."""
    if isinstance(value, list):
        return [number(kind, part) for part in value]
    return kind(value) if isinstance(value, str) else value


def order(key: str) -> int:
    """Where an attribute stands in its dataset; private ones by group, creator and element."""
    private = PRIVATE.fullmatch(key)
    if private:
        return int(private[1], 16) << 16 | 0x1000
    return OVERLAY.get(key) or int(tag_for_keyword(key) or 0)


def place(dataset: Dataset, key: str) -> tuple[int, str, str]:
    """Tag, VR and official label of an attribute; a private one's creator is put into the dataset."""
    private = PRIVATE.fullmatch(key)
    if private:
        group, creator, element, vr = int(private[1], 16), private[2], int(private[3], 16), private[4]
        tag = dataset.private_block(group, creator, create=True).get_tag(element)
        return int(tag), vr, f'({private[1]},"{creator.upper()}",{private[3]})'
    tag = order(key)
    vr = "SS" if key == "PixelPaddingValue" else {"US or SS": "US", "OB or OW": "OW"}.get(dictionary_VR(tag))
    return tag, vr or dictionary_VR(tag), f"({tag >> 16:04x},{tag & 0xFFFF:04x})"


def compress(dataset: Dataset, syntax: str) -> Dataset:
    """The dataset with its pixels in this transfer syntax, in place."""
    if syntax == RLE:
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = EXPLICIT
        dataset.compress(RLELossless, generate_instance_uid=False)
    elif syntax == JPEG_2000:
        from PIL import Image
        from pydicom.encaps import encapsulate

        # Pillow (matplotlib brings it) writes 16-bit JPEG 2000 without loss; pydicom itself would need more packages.
        image = Image.frombuffer("I;16", (dataset.Columns, dataset.Rows), dataset.PixelData)
        stream = io.BytesIO()
        image.save(stream, "JPEG2000", irreversible=False, no_jp2=True)
        dataset.PixelData = encapsulate([stream.getvalue()])
        dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    return dataset


def write(dataset: Dataset, syntax: str | None = None) -> bytes:
    """The DICOM file of a dataset, the same bytes whenever and by whomever; by default in the syntax it has."""
    syntax = syntax or str(dataset.file_meta.TransferSyntaxUID)
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\0\1"
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", "")
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "")
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = IMPLEMENTATION
    meta.ImplementationVersionName = "MIDI_NB_DEMO"
    dataset.file_meta = meta
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.save_as(stream, enforce_file_format=True, implicit_vr=syntax == IMPLICIT, little_endian=True)
    return stream.getvalue()
