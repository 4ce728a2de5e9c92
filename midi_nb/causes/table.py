"""The causes: `CAUSES` is one table, and a rule of it sees the failures of one action as columns (`Failures`).

To add a cause, add a row; the first that holds wins.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..actions import ACTIONS, REGIONS, named
from ..checks import valid_uid
from ..coded import column_of
from ..dates import is_date, shift
from ..frames import MASK
from ..text import Marks, bare, burned_in, marks, same_value, values, words

AXES = ("privacy", "utility", "validity", "linkage", "key", "none")
CONFIDENCES = ("certain", "likely", "review")

PRIVACY, UTILITY, VALIDITY, LINKAGE, KEY, NONE = AXES
CERTAIN, LIKELY, REVIEW = CONFIDENCES


class Failures:
    """The failed and blank checks of one action, column by column, and what can be read off their texts.

    Columns are arrays of one entry a check; a text that is missing is None.
    """

    def __init__(self, action: str, columns: Mapping[str, np.ndarray]) -> None:
        self.action = action
        self.original, self.expected, self.actual = (columns[name] for name in ("original", "expected", "actual"))
        self.state, self.score = columns["state"], columns["score"]
        self.verdict = columns["verdict"]
        self.failed, self.blank, self.lost = (columns["verdict"] == name for name in ("failed", "blank", "lost"))
        self.private, self.nested = columns["private"], columns["nested"]
        self.block_gone, self.unmapped, self.evidence = columns["block_gone"], columns["unmapped"], columns["evidence"]
        self.masked = np.any([column == MASK for column in (self.original, self.expected, self.actual)], axis=0)

    def is_state(self, *states: str) -> np.ndarray:
        """Where the released value is in one of `states`."""
        return np.isin(self.state.astype(str), states)

    def shows(self, evidence: str) -> np.ndarray:
        """Where the original file shows `evidence`."""
        return np.fromiter((item == evidence for item in self.evidence), dtype=bool, count=len(self.evidence))

    def each(self, rule: Callable[..., bool], *columns: np.ndarray, where: np.ndarray | None = None) -> np.ndarray:
        """Where `rule` holds of the texts of `columns`; asked once for equal texts, never where one is missing."""
        rows = np.arange(len(self.state)) if where is None else np.flatnonzero(where)
        texts = list(zip(*(column[rows] for column in columns), strict=True))
        known = {row: None not in row and rule(*row) for row in set(texts)}
        holds = np.zeros(len(self.state), dtype=bool)
        holds[rows] = [known[row] for row in texts]
        return holds

    @cached_property
    def partial(self) -> np.ndarray:
        """Where some words are right and some are not."""
        return (self.score > 0) & (self.score < 1)

    @cached_property
    def wanted(self) -> np.ndarray:
        """The text the check is about; None where there is nothing in it."""
        hidden = self.action in REGIONS
        return column_of([(burned_in(text).strip() if hidden else text) if text else None for text in self.expected])

    @cached_property
    def survived(self) -> np.ndarray:
        """The words of the key's text that stand in the released value though they had to go."""
        return column_of([marks.left for marks in self.marks])

    @cached_property
    def vanished(self) -> np.ndarray:
        """The words of the key's text that the released value has lost."""
        return column_of([marks.lost for marks in self.marks])

    @cached_property
    def marks(self) -> list[Marks]:
        """What became of the words that each check asks about; nothing where it is blank."""
        action = ACTIONS.get(self.action)
        asked = self.expected if action is None or action.column == "expected" else self.original
        triples = list(zip(asked, self.actual, self.verdict, strict=True))
        known = {triple: marks(action, *triple) for triple in set(triples)}
        return [known[triple] for triple in triples]

    @cached_property
    def same_as_original(self) -> np.ndarray:
        """Where the released value is the original one."""
        return self.each(lambda o, a: bool(o) and o.strip() == a.strip(), self.original, self.actual)

    @cached_property
    def holds_original(self) -> np.ndarray:
        """Where the original value stands in the released one."""
        return self.each(lambda o, a: bool(o) and bare(o) in bare(a), self.original, self.actual)


def _same_number(a: str, b: str) -> bool:
    """Whether both texts are numbers as the official scorer knows them, and equal."""
    try:
        return all(text.replace(".", "", 1).isdigit() for text in (a, b)) and float(a) == float(b)
    except ValueError:  # "²".isdigit() holds, float("²") does not
        return False


def _stands(word: str, text: str) -> bool:
    """Whether `word` stands in `text` for itself, not as part of a longer word or number.

    A number of six digits or more is found anywhere, also inside a longer one: a date inside a date and time.
    """
    if re.search(r"\d{6}", word):
        return word in text
    before = r"(?<![^\W\d_])" if word[:1].isalpha() else r"(?<!\d)" if word[:1].isdigit() else ""
    after = r"(?![^\W\d_])" if word[-1:].isalpha() else r"(?!\d)" if word[-1:].isdigit() else ""
    return re.search(before + re.escape(word) + after, text) is not None


def _only_inside_words(actual: str, survived: tuple[str, ...]) -> bool:
    text = actual.lower()
    return not any(_stands(word, text) for word in survived)


_TITLE = re.compile(r"(dr|prof|mr|mrs|ms|md|rn|rt|phd|doctor|nurse|sister)\.?")
_IDENTIFYING = re.compile(
    r"(dr|prof|mr|mrs|ms)\.\w+"  # DR.IYER
    r"|[^\W\d_]{2,}['-]?[^\W\d_]*\^[^\W\d_]?.*"  # MEYER^STEPHANIE
    r"|.*\d{6}.*"  # 20130829, MRN004711
    r"|\d{1,4}(?P<sep>[-./])\d{1,2}(?P=sep)\d{1,4}"  # 2013-08-29
    r"|\d{3}-\d{2,4}-\d{4}"  # telephone, social security
    r"|\S+@\S+"
)


def _identifying(vanished: tuple[str, ...], wanted: str) -> bool:
    """Whether every lost word looks like part of a name, a date or an identifier."""
    line = words(wanted.lower())
    titled = {after for before, after in itertools.pairwise(line) if _TITLE.fullmatch(before)}
    return bool(vanished) and all(w in titled or _TITLE.fullmatch(w) or _IDENTIFYING.fullmatch(w) for w in vanished)


_PLACEHOLDER = re.compile(
    r"[\W_]*((an|de)-?\s?(on|ident)\w*|removed?|redact\w*|deleted?|cleaned|masked|hidden|none|null|nil|nan|n/?a|unknown"
    r"|unspecified|dummy|default|empty|blank|test|phi|x{2,}|0+(\.0*)?|(1900|0001)0101|19000101|000000(\.0+)?)[\W_]*",
    re.IGNORECASE,
)
_HASH = re.compile(r"(?=.*\d)[0-9a-f]{16,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _dummy(actual: str) -> bool:
    return bool(_PLACEHOLDER.fullmatch(actual.strip()) or _HASH.fullmatch(actual.strip()))


def is_uid(text: str) -> bool:
    """Whether each value of `text` is a UID as PS3.5 section 9 writes one.

    >>> is_uid("1.2.840.10008.1.2"), is_uid("1.02.3"), is_uid("")
    (True, False, False)
    """
    return all(valid_uid(part) for part in values(text))


class Cause(NamedTuple):
    """One cause: what it is called, what it touches, how sure it is, which checks it can have, and when it applies."""

    code: str
    label: str
    axis: str
    confidence: str
    actions: tuple[str, ...]
    sentence: str
    hint: str
    holds: Callable[[Failures], np.ndarray]
    texts: bool = True  # whether it asks texts: then it cannot be found where these are masked


_ANY = ()  # whatever the action, unknown ones included
KEPT = named("keep", "present")
WORDS = named("keep", "remove")
_KEPT_WORDS = named("keep")
_PRESENT = named("present")
_REMOVED = named("remove", about=["text"])
_GONE = named("remove", "change", about=["text", "date", "uid"])
_DATES = named(about=["date"])
_UIDS = named(about=["uid"])
_MAPPED_UIDS = named("map", about=["uid"])
_PATIENTS = named(about=["patient"])
_PIXELS = named(about=["pixels"])


def _always(f: Failures) -> np.ndarray:
    return np.ones(len(f.state), dtype=bool)


def _original_uid(f: Failures) -> np.ndarray:
    return f.same_as_original if f.action in _MAPPED_UIDS else f.holds_original


# fmt: off
#: Every cause there is; the first that holds wins.
CAUSES: tuple[Cause, ...] = (
    Cause("not_judged", "Not judged here", NONE, CERTAIN, _ANY,
          "Text recognition or a decoder is not available here, so the check was not judged: no fault of tool or key.",
          "Install it (pip install 'midi_nb[ocr]' or 'midi_nb[pixels]') and evaluate again.",
          lambda f: f.blank & f.is_state("unread"), texts=False),
    Cause("lost_check", "Not scored officially", KEY, CERTAIN, _ANY,
          "The official scorer writes no row for this check of the key, so no score counts it.",
          "See the error of the row: an unknown action, a region outside the image, broken pixel data.",
          lambda f: f.lost, texts=False),
    Cause("blank_no_words", "Nothing to look for", KEY, CERTAIN, WORDS,
          "The key's text contains only stop words and punctuation, so there is no word to look for.",
          "Nothing to fix in the tool; report it to the makers of the key.",
          lambda f: f.each(lambda text: bool(text.strip()) and not words(text.lower()), f.wanted, where=f.blank)),
    Cause("blank_error", "Could not be decided", KEY, CERTAIN, _ANY,
          "The check could not be decided; it counts in the total but not as a pass.",
          "See the error of the row: no mapping, a key without a text, a broken file.",
          lambda f: f.blank, texts=False),
    Cause("missing_file", "File missing", UTILITY, CERTAIN, _ANY,
          "There is no released file for this instance.",
          "Find out why the instance was not written, or why its UID is not in the mapping.",
          lambda f: f.is_state("missing"), texts=False),
    Cause("nothing_to_remove", "Nothing to remove", KEY, CERTAIN, _GONE,
          "The text to remove is empty, and an empty text is found in every value.",
          "Nothing to fix in the tool; report it to the makers of the key.",
          lambda f: f.each(lambda t: not t.strip(" <>"), f.expected if f.action in _REMOVED else f.original)),
    Cause("leak_numeric", "Same number, other format", PRIVACY, REVIEW, _REMOVED,
          "The released value is the number that had to be removed, in another format.",
          "Check whether the number identifies somebody or is equal by chance.",
          lambda f: f.each(lambda a, e: a != e and _same_number(a, e), f.actual, f.expected)),
    Cause("leak_untouched", "Not changed", PRIVACY, CERTAIN, _REMOVED,
          "The released value is the original one: no rule changed the attribute.",
          "Add a rule for this attribute.",
          lambda f: f.same_as_original),
    Cause("leak_substring", "Inside other words", KEY, REVIEW, _REMOVED,
          "The words were found only inside longer words, as PARK in SPARKLE.",
          "Check whether it is a leak; it passes the strict rules, which compare whole words.",
          lambda f: f.each(_only_inside_words, f.actual, f.survived)),
    Cause("leak_full", "Whole text left", PRIVACY, CERTAIN, _REMOVED,
          "The value was changed, but still contains the whole text that had to be removed.",
          "The rule for this attribute misses the text; extend what it looks for.",
          lambda f: np.array([not marks.right for marks in f.marks])),
    Cause("leak_partial", "Part of the text left", PRIVACY, LIKELY, _REMOVED,
          "The released value still contains some words of the text that had to be removed.",
          "The rule for this attribute misses these words; extend what it looks for.",
          _always),
    Cause("added_empty", "Added without a value", VALIDITY, CERTAIN, _PRESENT,
          "The original file does not have the attribute; the tool added it without a value.",
          "Do not add attributes without a value, or give them a dummy value.",
          lambda f: f.shows("absent") & f.is_state("empty"), texts=False),
    Cause("source_gap", "Never in the original", KEY, CERTAIN, KEPT,
          "The original file does not have the attribute, or has no value in it, so there was nothing to keep.",
          "Nothing to fix in the tool, unless it should add the attribute; report it to the makers of the key.",
          lambda f: f.shows("absent") | f.shows("empty"), texts=False),
    Cause("private_path", "At another path", KEY, CERTAIN, KEPT,
          "The file has the attribute, but officially at another path: the length of its private sequence is written "
          "in another way than in the original.",
          "Nothing is lost; write the length of private sequences as the original does to satisfy the scorer.",
          lambda f: f.shows("other path"), texts=False),
    Cause("private_block_dropped", "Private block dropped", UTILITY, LIKELY, KEPT,
          "The private attribute was removed with its whole block in this series.",
          "Add the private creator to the tool's list of safe ones.",
          lambda f: f.private & f.is_state("absent") & f.block_gone, texts=False),
    Cause("private_tag_dropped", "Private attribute dropped", UTILITY, CERTAIN, KEPT,
          "The private attribute was removed.",
          "Add the private attribute to the tool's list of safe ones.",
          lambda f: f.private & f.is_state("absent"), texts=False),
    Cause("tag_dropped", "Attribute dropped", UTILITY, CERTAIN, _KEPT_WORDS,
          "The attribute was removed.",
          "Keep the attribute, or clean it instead of removing it.",
          lambda f: f.is_state("absent"), texts=False),
    Cause("value_emptied", "Value emptied", UTILITY, CERTAIN, _KEPT_WORDS,
          "The attribute is present, but its value was removed.",
          "Clean the value instead of emptying it.",
          lambda f: f.is_state("empty"), texts=False),
    Cause("reformatted", "Same value, other format", KEY, LIKELY, _KEPT_WORDS,
          "Same value except for case, spaces or number format.",
          "Nothing is lost; to satisfy the scorer, keep the original format.",
          lambda f: f.each(same_value, f.actual, f.expected)),
    Cause("overclean_disputable", "Removed a possible identifier", UTILITY, REVIEW, _KEPT_WORDS,
          "All removed words look like a name, a date or an identifier: removing them may be right.",
          "Check whether the key is right to keep them.",
          lambda f: f.each(_identifying, f.vanished, f.expected, where=f.partial)),
    Cause("overclean_partial", "Cleaned too much", UTILITY, CERTAIN, _KEPT_WORDS,
          "Words that identify nobody were removed.",
          "The rule for this attribute removes too much; narrow what it looks for.",
          lambda f: f.partial),
    Cause("value_dummy", "Replaced by a placeholder", UTILITY, LIKELY, _KEPT_WORDS,
          "The value was replaced by a placeholder or a hash.",
          "Clean the value instead of replacing it.",
          lambda f: f.each(_dummy, f.actual)),
    Cause("value_replaced", "Replaced", UTILITY, CERTAIN, _KEPT_WORDS,
          "The expected value was replaced by another one.",
          "Clean the value instead of replacing it.",
          lambda f: f.is_state("value")),
    Cause("required_tag_dropped", "Required attribute dropped", VALIDITY, CERTAIN, _PRESENT,
          "An attribute that the object must have was removed.",
          "Empty the attribute or give it a dummy value, as its type allows, instead of removing it.",
          lambda f: f.is_state("absent"), texts=False),
    Cause("required_value_emptied", "Required value emptied", VALIDITY, CERTAIN, _PRESENT,
          "An attribute that must have a value is empty.",
          "Give the attribute a dummy value.",
          lambda f: f.is_state("empty"), texts=False),
    Cause("date_unshifted", "Date not shifted", PRIVACY, CERTAIN, _DATES,
          "The original date is in the released value, or its day is.",
          "Shift the date by the patient's number of days.",
          lambda f: f.holds_original | f.each(lambda o, a: shift(o, a) == 0, f.original, f.actual)),
    Cause("date_removed", "Date removed", UTILITY, CERTAIN, _DATES,
          "The date was removed instead of shifted (strict rules).",
          "Shift the date by the patient's number of days.",
          lambda f: f.is_state("absent", "empty"), texts=False),
    Cause("date_bad_format", "Not a date", VALIDITY, CERTAIN, _DATES,
          "The replacement is not a valid date (strict rules).",
          "Write a valid DICOM date.",
          lambda f: ~f.each(is_date, f.actual)),
    Cause("date_inconsistent", "Not shifted like the patient's other dates", LINKAGE, CERTAIN, _DATES,
          "The date was shifted by another number of days than most dates of the patient (strict rules).",
          "Use one number of days for all dates of a patient.",
          _always),
    Cause("uid_unchanged_nested", "UID in a sequence not changed", PRIVACY, CERTAIN, _UIDS,
          "A sequence still contains the original UID.",
          "Apply UID mapping inside sequences too.",
          lambda f: f.nested & _original_uid(f)),
    Cause("uid_unchanged", "UID not changed", PRIVACY, CERTAIN, _UIDS,
          "The released UID is the original one.",
          "Map the UID.",
          _original_uid),
    Cause("uid_removed", "UID removed", LINKAGE, CERTAIN, _UIDS,
          "The UID was removed instead of mapped (strict rules).",
          "Map the UID instead of removing it.",
          lambda f: f.is_state("absent", *["empty"] * (f.action not in _MAPPED_UIDS)), texts=False),
    Cause("uid_not_in_mapping", "UID not in the mapping", KEY, CERTAIN, _MAPPED_UIDS,
          "The UID mapping has no entry for the original, so no value could pass.",
          "Write every changed UID to the mapping.",
          lambda f: f.unmapped, texts=False),
    Cause("uid_nested_not_remapped", "UID in a sequence does not match the mapping", LINKAGE, CERTAIN,
          _MAPPED_UIDS,
          "A UID in a sequence does not match the mapping, so the reference leads to no object.",
          "Apply UID mapping inside sequences too, with the same mapping.",
          lambda f: f.nested),
    Cause("uid_invalid", "Not a UID", VALIDITY, CERTAIN, _UIDS,
          "The released value is not a valid UID.",
          "Write digits and dots, at most 64 characters, no component with a leading zero.",
          lambda f: ~f.each(is_uid, f.actual)),
    Cause("uid_inconsistent", "UID does not match the mapping", LINKAGE, CERTAIN, _UIDS,
          "The released UID is not the one in the mapping.",
          "Use one mapping for all files of a submission.",
          _always),
    Cause("patient_id_unchanged", "Patient ID not changed", PRIVACY, CERTAIN, _PATIENTS,
          "The released patient ID is the original one.",
          "Map the patient ID.",
          lambda f: f.same_as_original),
    Cause("patient_id_not_in_mapping", "Patient ID not in the mapping", KEY, CERTAIN, _PATIENTS,
          "The patient mapping has no entry for the original, so no value could pass.",
          "Write every patient ID to the mapping.",
          lambda f: f.unmapped, texts=False),
    Cause("patient_id_emptied", "Patient ID emptied", LINKAGE, CERTAIN, _PATIENTS,
          "The patient ID is empty or gone, so the patient's files no longer belong together.",
          "Map the patient ID instead of emptying it.",
          lambda f: f.is_state("absent", "empty"), texts=False),
    Cause("patient_id_inconsistent", "Patient ID does not match the mapping", LINKAGE, CERTAIN, _PATIENTS,
          "The released patient ID is not the one in the mapping.",
          "Use one mapping for all files of a submission.",
          _always),
    Cause("burned_in_untouched", "Burned-in text not covered", PRIVACY, CERTAIN, REGIONS,
          "The pixels of the region are those of the original.",
          "Detect text in images of this kind.",
          lambda f: f.shows("same pixels"), texts=False),
    Cause("burned_in_see_through", "Burned-in text covered but legible", PRIVACY, CERTAIN, REGIONS,
          "The whole region was changed, but its text is still legible: the cover is not opaque.",
          "Overwrite the pixels with one value; do not blend, dim or lower the contrast.",
          lambda f: f.shows("see-through"), texts=False),
    Cause("ocr_noise", "OCR uncertain", KEY, REVIEW, REGIONS,
          "OCR read only words of one or two characters, as it often does in noise.",
          "Look at the region.",
          lambda f: f.is_state("value") & ~f.shows("part covered")
          & f.each(lambda found: bool(found) and all(len(word) <= 2 for word in found), f.survived)),
    Cause("burned_in_partial", "Burned-in text partly legible", PRIVACY, LIKELY, REGIONS,
          "Part of the text in the region is still legible.",
          "Make the box larger.",
          lambda f: f.partial | f.shows("part covered")),
    Cause("burned_in_visible", "Burned-in text legible", PRIVACY, LIKELY, REGIONS,
          "The text in the region is still legible.",
          "Detect text in images of this kind.",
          _always),
    Cause("pixel_data_dropped", "Pixel data dropped", UTILITY, CERTAIN, _PIXELS,
          "The released file has no pixel data.",
          "Keep the pixel data.",
          lambda f: ~f.each(lambda a: a.strip().lower() not in ("", "none"), f.actual)),
    Cause("pixels_reencoded", "Same pixels, stored differently", KEY, CERTAIN, _PIXELS,
          "The decoded pixels are those of the original; only their bytes differ.",
          "Nothing is lost; to satisfy the scorer, keep the transfer syntax.",
          lambda f: f.shows("same pixels"), texts=False),
    Cause("pixels_over_redacted", "Box without text", UTILITY, LIKELY, _PIXELS,
          "A small box of one colour covers part of an image that had no text to hide.",
          "Look at the image: what did the tool take for text?",
          lambda f: f.shows("boxes"), texts=False),
    Cause("pixels_altered", "Pixels altered", UTILITY, CERTAIN, _PIXELS,
          "The stored pixel bytes are not those of the original.",
          "Keep the pixel data; with the original files, explain() can say more.",
          _always),
    Cause("other", "Unknown", KEY, REVIEW, _ANY,
          "The values of the row do not show why: they were masked, or a person set the verdict.",
          "Look at the row.",
          _always, texts=False),
)

# fmt: on
CODES = tuple(cause.code for cause in CAUSES)


def causes_table() -> pd.DataFrame:
    """The table of all causes, in the order in which they are tried.

    Returns
    -------
    DataFrame
        cause, label, axis, confidence, actions, explanation, hint.

    Examples
    --------
    >>> causes_table().set_index("cause").loc["tag_dropped", "explanation"]
    'The attribute was removed.'
    """
    table = pd.DataFrame(CAUSES).drop(columns=["holds", "texts"])
    table["actions"] = [", ".join(cause.actions) or "any" for cause in CAUSES]
    return table.rename(columns={"code": "cause", "sentence": "explanation"})


#: What a cause says of a check, as `explain` adds it and `problems` shows it.
KINDS = {
    "cause": pd.CategoricalDtype(list(CODES)),
    "axis": pd.CategoricalDtype(list(AXES)),
    "confidence": pd.CategoricalDtype(list(CONFIDENCES)),
}


def said_by(places: np.ndarray) -> dict[str, pd.Categorical]:
    """The columns of `KINDS` for causes given by their places in `CAUSES`; -1 is none."""
    said = pd.DataFrame(CAUSES).rename(columns={"code": "cause"})
    return {name: pd.Categorical(said[name], dtype=kind).take(places, allow_fill=True) for name, kind in KINDS.items()}
