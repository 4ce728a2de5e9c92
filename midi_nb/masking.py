"""Results without values of the data, fit for a screen share or a slide."""

from __future__ import annotations

import re

import pandas as pd

from . import tags
from .coded import coded, encode, recode
from .frames import IDENTIFIERS, MASK, MODALITIES, VALUES, require_columns

#: What a file should take from the standard.
_DEFINED = {"modality": MODALITIES, "to_modality": MODALITIES, "sop_class": r"1\.2\.840\.10008\.[\d.]+"}


def only_defined(results: pd.DataFrame) -> pd.DataFrame:
    """`results` without modalities and classes that DICOM does not define: what a file says there can be anything."""
    return results.assign(
        **{name: _defined(results[name], allowed) for name, allowed in _DEFINED.items() if name in results.columns}
    )


def _defined(column: pd.Series, allowed: str) -> pd.Categorical:
    return recode(
        coded(column.to_frame())[column.name].array, lambda text: text if re.fullmatch(allowed, text) else MASK
    )


def is_masked(results: pd.DataFrame) -> bool:
    """Whether `results` are without values, as `mask_values` leaves them."""
    columns = [coded(results[[name]])[name] for name in VALUES if name in results.columns]
    return any((column.cat.categories == MASK).any() for column in columns)  # with `in`, pandas would index all texts


def mask_values(results: pd.DataFrame) -> pd.DataFrame:
    """A copy of `results` whose cells hold no value of the data: fit for a screen share or a slide.

    Tags, actions, verdicts, causes and codes stay, except private creators that no dictionary knows in frames of
    `census` and `inspect`. Values become ``•••``, identifiers and files become numbers; the shifts of dates and the
    folder of the files are removed.
    """
    require_columns(results, [], "mask_values()")
    masked = coded(results).copy()
    # With dates that are shown elsewhere, numbers of days give back the others.
    for name in {"days", "was", "now", "usual"}.intersection(masked.columns):
        masked[name] = masked[name].where(masked[name].isna())
    for name in VALUES:
        if name in masked.columns:
            masked[name] = encode([None if gone else MASK for gone in masked[name].isna()])
    masked = only_defined(masked)
    if "place" in masked.columns:  # of a file that is not DICOM the names are its own: a heading, a key, a column
        own = masked["tag_path"].isna() & masked["name"].notna()
        masked["name"] = encode(
            [MASK if hidden else name for hidden, name in zip(own, masked["name"].astype(object), strict=True)]
        )
    if "creator" in masked.columns:
        masked["creator"] = recode(masked["creator"].array, lambda name: name if tags.is_known_creator(name) else MASK)
        for name in {"tag", "tag_path"}.intersection(masked.columns):
            masked[name] = recode(masked[name].array, lambda path: tags.without_own_creators(path, MASK))
    for name in (*IDENTIFIERS, "file"):
        if name in masked.columns:
            codes = masked[name].cat.codes.to_numpy()
            masked[name] = encode([None if code < 0 else f"{name} {code + 1}" for code in codes])
    masked.attrs["skipped"] = [(MASK, reason) for _, reason in results.attrs.get("skipped", [])]
    masked.attrs.pop("released", None)
    return masked
