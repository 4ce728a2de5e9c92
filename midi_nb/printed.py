"""Values as text, as pydicom 2 printed them: the official script was built on it.

pydicom 3 prints three things differently: a tag, ``(0062,000B)`` for ``(0062, 000b)``; in the dump of a sequence, a
single decimal as in the file, ``'5'`` for ``'5.0'``; and a value representation that neither the file nor a dictionary
gives, ``LO`` for ``VR.LO``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["printed"]


def printed(element: Any) -> str:
    """The text of the value of a pydicom DataElement; that of a sequence is the dump of its items.

    >>> from pydicom.dataelem import DataElement
    >>> printed(DataElement(0x00209165, "AT", [0x0062000B, 0x00209057]))
    '[(0062, 000b), (0020, 9057)]'
    """
    if element.VR == "SQ":
        return f"[{''.join(map(_dumped, element.value or ()))}]"
    return _text(element.value)


def _dumped(item: Any) -> str:
    return "\n".join(_lines(item, ""))


def _lines(item: Any, indent: str) -> Iterator[str]:
    """The lines of a dump, one an attribute, those of nested items indented below it."""
    for element in item:
        if element.VR != "SQ":
            width = element.descripWidth
            name = f"{element.name[:width]:<{width}}"
            yield f"{indent}{_tag(element.tag)} {name} {_vr(element.VR)}: {_shown(element)}"
            continue
        yield f"{indent}{_tag(element.tag)}  {element.name}  {len(element.value)} item(s) ---- "
        deeper = indent + item.indent_chars
        for nested in element.value:
            yield "\n".join(_lines(nested, deeper))  # an item without attributes is an empty line
            yield f"{deeper}---------"


def _vr(vr: Any) -> str:
    from pydicom.valuerep import VR

    return f"VR.{vr.name}" if isinstance(vr, VR) else str(vr)


def _shown(element: Any) -> str:
    """The value of an element in a dump: quoted, long ones as their length."""
    from pydicom.valuerep import DSfloat

    if isinstance(element.value, DSfloat):
        return f"'{float(element.value)!r}'"
    text: str = element.repval or ""
    return _text(element.value) if _has_tags(element.value) and not text.startswith("Array") else text


def _text(value: Any) -> str:
    """``str(value)``, its tags as pydicom 2 wrote them."""
    if not _has_tags(value):
        return str(value)
    return f"[{', '.join(map(_tag, value))}]" if isinstance(value, Sequence) else _tag(value)


def _has_tags(value: Any) -> bool:
    """Whether a value is a tag, or a list of tags."""
    from pydicom.multival import MultiValue
    from pydicom.tag import BaseTag

    return isinstance(value[0] if isinstance(value, MultiValue) and value else value, BaseTag)


def _tag(tag: Any) -> str:
    return f"({tag >> 16:04x}, {tag & 0xFFFF:04x})"
