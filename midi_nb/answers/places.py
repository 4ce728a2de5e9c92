"""Where something is in a data set: every attribute with its path, as the official program spells it."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom import Dataset
from pydicom.dataelem import DataElement

__all__ = ["label", "official", "walk"]


def walk(dataset: Dataset, path: str = "") -> Iterator[tuple[str, DataElement, Dataset]]:
    """Every element, depth first, with its path as the official program spells it, and the dataset it stands in."""
    for element in dataset:
        spelled = f"{path}<{official(dataset, element)}>"
        yield spelled, element, dataset
        if element.VR == "SQ":
            for number, item in enumerate(element.value):
                yield from walk(item, f"{spelled}[<{number:04d}>]")


def official(dataset: Dataset, element: DataElement) -> str:
    """An attribute as the official program spells it: private sequences of undefined length go by their number."""
    if element.is_private and element.VR == "SQ" and element.is_undefined_length:
        return f"({element.tag.group:04x},{element.tag.element:04x})"
    return label(dataset, element)


def label(dataset: Dataset, element: DataElement) -> str:
    """`(gggg,eeee)`, or `(gggg,"CREATOR",ee)` for a private attribute whose creator is known."""
    tag = element.tag
    if tag.is_private and tag.element >> 8:
        creator = dataset.get((tag.group, tag.element >> 8))
        if creator is not None:
            return f'({tag.group:04x},"{str(creator.value).upper()}",{tag.element & 0xFF:02x})'
    return f"({tag.group:04x},{tag.element:04x})"
