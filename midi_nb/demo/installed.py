"""Which de-identification tools are installed; apart from the rest because it is asked before anything is loaded."""

from __future__ import annotations

import contextlib
from importlib import metadata

NAMES = ("deid", "dicognito", "dicom-anonymizer")


def tools() -> dict[str, str]:
    """The installed tools by the name of their distribution, with their versions."""
    found = {}
    for name in NAMES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found
