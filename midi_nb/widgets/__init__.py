"""Widgets to click through results: each a thin skin over the verbs, with state that can be read back.

>>> from midi_nb import widgets
>>> "view" in dir(widgets)
True
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

# widget → the module it lives in; loaded when first used, as ipywidgets and matplotlib take their time
_WIDGETS = {
    "explore": "explorer",
    "view": "viewer",
    "header": "headers",
    "review": "deck",
    "what_if": "whatif",
}

__all__ = [*_WIDGETS]


def __getattr__(name: str) -> Any:
    if name in _WIDGETS:
        return getattr(import_module(f".{_WIDGETS[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
