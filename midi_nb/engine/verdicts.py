"""The verdicts of one file, and of an instance without a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .. import tags
from ..actions import ACTIONS, PIXELS, REGIONS, named
from ..answers import published as keys
from ..checks import Context
from ..coded import encode, tidy
from ..frames import REMOVED, RESULTS, STATES
from ..text import FAIL, PASS, Outcome, blank, lost
from . import released as dicom_files

ReadText = Callable[[Any], str]


class Judge(NamedTuple):
    """All that judging a file needs: the key opened, the mappings as dicts."""

    submission: str
    key: Any
    uids: dict[str, str]
    olds: dict[str, str]
    patients: dict[str, str] | None
    read_text: ReadText | None
    why_unread: str
    originals: dict[str, Path] | None
    found: set[str]  # paths of attributes that were seen in an original
    rules: str


NO_READER = "no text recognition is installed: pip install 'midi_nb[ocr]', or pass read_text"
NOT_WANTED = "no text recognition: read_text is None"


class _Row(NamedTuple):
    """What all checks of one file share."""

    submission: str
    patient: str | None
    study: str | None
    series: str | None
    instance: str
    released_patient: str | None
    released_study: str | None
    released_series: str | None
    released: str | None
    modality: str | None
    sop_class: str | None
    file: str | None


ChecksOf = Callable[[str], list[keys.Check]]


def judged_files(
    judge: Judge, folder: Path, paths: Iterable[Path], checks_of: ChecksOf
) -> tuple[Table, list[str], list[tuple[str, str]]]:
    """(verdicts, instances answered, files skipped or not to be trusted and why) of some files."""
    table = Table()
    answered: list[str] = []
    skipped: list[tuple[str, str]] = []
    for path in paths:
        name = path.relative_to(folder).as_posix()
        try:
            file = dicom_files.read(path)
            table.notes.update((LACKING, tags.name(path) or path) for path in file.lacking)
            old = _old_instance(file, judge)
        except dicom_files.Unreadable as reason:
            skipped.append((name, str(reason)))
            continue
        answered.append(old)
        if file.cut:
            skipped.append((name, JUDGED + dicom_files.CUT))
        row, checks = _row(judge, judge.key.instances[old], file, name), checks_of(old)
        _judge_file(table, row, checks, file, judge)
        table.notes.update(_not_in_original(checks, old, judge))
    return table, answered, skipped


#: How the reason of a file starts that has verdicts, but odd ones.
JUDGED = "judged, but "


def _old_instance(file: dicom_files.Released, judge: Judge) -> str:
    uid = file.identifier("SOPInstanceUID")
    if not uid:
        raise dicom_files.Unreadable("no SOP Instance UID")
    if uid not in judge.olds:
        raise dicom_files.Unreadable("its SOP Instance UID is not among the new UIDs of the mapping")
    if judge.olds[uid] not in judge.key.instances:
        raise dicom_files.Unreadable("the key has no checks for its instance")
    return judge.olds[uid]


def _row(judge: Judge, who: keys.Instance, file: dicom_files.Released, name: str) -> _Row:
    ids = (file.identifier(each) for each in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"))
    kinds = (("Modality", who.modality), ("SOPClassUID", who.sop_class))
    own = (asked if (said := file.identifier(each)) is None else said for each, asked in kinds)
    return _Row._make([judge.submission, *who[:4], *ids, *own, name])


def _judge_file(table: Table, row: _Row, checks: Sequence[keys.Check], file: Any, judge: Judge) -> None:
    context = Context(judge.uids, judge.patients)
    original = None if judge.originals is None else _Original(judge.originals.get(row.instance))
    text_of = {name: _TEXT_OF.get(action.about, _attribute) for name, action in ACTIONS.items()}

    def judged(check: keys.Check) -> tuple[keys.Check, Any, Outcome]:
        """(check, text, outcome) of one check."""
        name = check.spec.action
        if name not in text_of:
            return check, _UNSEEN, lost(check.error or _NO_ACTION)
        try:
            if check.error:
                raise _NoRow(check.error)
            text = text_of[name](file, check, judge)
            outcome = getattr(ACTIONS[name], judge.rules)(text, check, context)
            if original is not None and outcome.verdict == "passed" and name in REGIONS:
                outcome = _controlled(file, check, original, judge)
        except _NoRow as reason:
            text, outcome = _UNSEEN, lost(str(reason))
        except _NotJudged as reason:
            text, outcome = _UNREAD, blank(str(reason))
        except Exception as error:  # whatever a broken file holds, its other checks stand
            text, outcome = _UNSEEN, blank(f"the check failed ({type(error).__name__})")
        if name in _REMOVED and text == REMOVED:
            text = ""
        elif name in _DIGESTS and check.expected is not None:
            check = check._replace(original=check.expected)  # officially the key's digest takes the place of the value
        return check, text, outcome

    for check in checks:
        if check.spec.source == keys.WORKSHOP and (places := _places(check, file)):
            table.add(row, *_decisive([judged(place) for place in places]))
        else:
            table.add(row, *judged(check))


def _places(check: keys.Check, file: dicom_files.Released) -> list[keys.Check]:
    """A check of the workshop's layout, once for each place in sequences that has its attribute, if it is nowhere
    else."""
    path = check.spec.tag_path
    if path is None or check.spec.action not in _ATTRIBUTES or _stands(file, path):
        return []
    return [check._replace(spec=check.spec._replace(tag_path=place)) for place in file.nested(path)]


def _decisive(judged: Sequence[tuple[keys.Check, Any, Outcome]]) -> tuple[keys.Check, Any, Outcome]:
    """The place that decides: a check that a missing file fails must pass at one place, any other check at all
    places."""
    kept = ACTIONS[str(judged[0][0].spec.action)].missing == FAIL
    return next((place for place in judged if place[2].verdict == ("passed" if kept else "failed")), judged[0])


def _stands(file: dicom_files.Released, path: str) -> bool:
    """Whether the attribute is there, broken or not."""
    try:
        return file.text(path) is not None
    except Exception:  # pydicom raises many kinds on broken values
        return True


_NO_ACTION = "the key's action is none of the ten"


class _NotJudged(Exception):
    """A check that this installation cannot judge; its text is the reason."""


class _NoRow(Exception):
    """A check for which the official script writes no row; its text is the reason."""


def _attribute(file: dicom_files.Released, check: keys.Check, judge: Judge) -> str | None:
    return file.text(check.spec.tag_path) if check.spec.tag_path else None


def _digest(file: dicom_files.Released, check: keys.Check, judge: Judge) -> str | None:
    return file.digest


def _recognised(file: dicom_files.Released | _Original, check: keys.Check, judge: Judge) -> str | None:
    """The text recognised in the region of `check`, in any of its frames."""
    from .pixels import NotInstalled
    from .recognition import text_in

    if check.expected is None or check.box is None:
        raise _NoRow("the key has no text or no region")
    if judge.read_text is None:
        raise _NotJudged(judge.why_unread)
    try:
        return text_in(file.dataset, check.box, judge.read_text, stored=judge.rules == "official")
    except NotInstalled as reason:
        raise _NotJudged(str(reason)) from None
    except dicom_files.Unreadable as reason:
        raise _NoRow(str(reason)) from None


#: How to get the text for a check that is not about an attribute.
_TEXT_OF: dict[str, Callable[[dicom_files.Released, keys.Check, Judge], str | None]] = {
    "pixels": _digest,
    "region": _recognised,
}
_ATTRIBUTES = ACTIONS.keys() - set(PIXELS)
_REMOVED, _DIGESTS = named("remove", about=["text"]), named("pixels")


class _Original:
    """The original of a released file, read once and only if it is asked for."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    @cached_property
    def dataset(self) -> Any:
        if self._path is None:
            raise dicom_files.Unreadable("there is no original")
        return dicom_files.read(self._path).dataset


def _controlled(file: dicom_files.Released, check: keys.Check, original: _Original, judge: Judge) -> Outcome:
    """The outcome of a region that passed, once its original was looked at too.

    If the original passes as well, text recognition cannot read this text, or the key's box misses it: officially the
    pass stays, with a note; under strict rules the check is blank.
    """
    try:
        if judge.rules == "strict" and (left := _legible(file, check, original)):
            return FAIL._replace(score=1 - left)
        before = _recognised(original, check, judge)
    except Exception:  # whatever is wrong with the original, it proves nothing about the released file
        before = None
    if ACTIONS[str(check.spec.action)].official(before, check, Context({}, None)).verdict == "failed":
        return PASS
    return blank(_UNPROVEN) if judge.rules == "strict" else PASS._replace(error=_UNPROVEN)


#: Why a region that passed proves nothing: of all passes the only one that comes with a reason.
_UNPROVEN = "the text could not be read in the original: that nothing is read here proves nothing"


def _legible(file: dicom_files.Released, check: keys.Check, original: _Original) -> float:
    """How much of the burned-in text is measurably legible in any frame, whatever is read; 0 if next to none."""
    from . import pixels

    assert check.box is not None  # the region of the released file was read
    images = [pixels.in_frames(each.dataset, check.box) for each in (original, file)]
    pairs = [pair for pair in zip(*images, strict=False) if pair[0].shape == pair[1].shape]
    left = max((float(np.nan_to_num(pixels.legible(*pair))) for pair in pairs), default=0.0)
    return left if left > pixels.LEGIBLE else 0.0


def judged_missing(judge: Judge, uids: Sequence[str], checks_of: ChecksOf) -> Table:
    """The verdicts of instances that no file answers."""
    table = Table()
    for uid in uids:
        who = judge.key.instances[uid]
        row = _Row._make([judge.submission, *who[:4], None, None, None, None, who.modality, who.sop_class, None])
        checks = checks_of(uid)
        for check in checks:
            action = ACTIONS.get(check.spec.action or "")
            outcome = action.missing if action else lost(check.error or _NO_ACTION)
            table.add(row, check, _MISSING, outcome)
        table.notes.update(_not_in_original(checks, uid, judge))
    return table


#: What a note is about, besides the doubts of `keys`: an attribute of files or of checks.
LACKING, ABSENT, FOUND = "lacking", "in no original", "in an original"


def _passes_absent(check: keys.Check) -> bool:
    """Whether the check passes where its attribute is absent: a typing error in its path would go unseen."""
    action = ACTIONS.get(check.spec.action or "")
    return action is not None and action.official(None, check, Context({}, {})) is PASS


def _not_in_original(checks: Sequence[keys.Check], uid: str, judge: Judge) -> Counter[tuple[str, str]]:
    """How many checks of an instance pass only because its original never had their attribute, by attribute.

    Attributes that an earlier original had do not matter; those this one has are named, for batches elsewhere.
    """
    path = (judge.originals or {}).get(uid)
    if path is None:
        return Counter()
    asked = Counter(
        (check.spec.tag_path or "", check.spec.source == keys.WORKSHOP)
        for check in checks
        if check.doubt in (None, keys.UNOFFICIAL) and check.spec.action not in PIXELS
        if (check.original or check.expected) and _passes_absent(check)
        if check.spec.tag_path not in judge.found
    )
    if not asked:
        return Counter()
    try:
        original = dicom_files.read(path)
    except dicom_files.Unreadable:
        return Counter()
    there = {
        path
        for path, anywhere in asked
        if _stands(original, path) or original.spelled(path) or (anywhere and original.nested(path))
    }
    judge.found.update(there)
    absent = {(ABSENT, path): count for (path, _), count in asked.items() if path not in there}
    return Counter({**absent, **{(FOUND, path): 1 for path in there}})


_MISSING: Any = object()  # instead of a text: there is no file
_UNSEEN: Any = object()  # there is one, but nothing can be said of what it holds
_UNREAD: Any = object()  # there is one, but it cannot be read here


class Table:
    """Verdicts as they are made, and the frame of them."""

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._checks: list[keys.Check] = []
        self._texts: list[Any] = []
        self._outcomes: list[Outcome] = []
        self.notes: Counter[tuple[str, str]] = Counter()  # (what there is to say of checks, path) → checks

    def add(self, row: _Row, check: keys.Check, text: Any, outcome: Outcome) -> None:
        if check.doubt:
            self.notes[check.doubt, check.spec.tag_path or ""] += 1
        self._rows.append(row)
        self._checks.append(check)
        self._texts.append(text)
        self._outcomes.append(outcome)

    def frame(self) -> pd.DataFrame:
        texts = encode([text if isinstance(text, str) else None for text in self._texts])
        columns = {
            **keys.shared_columns(_Row._fields, self._rows),
            **keys.check_columns(self._checks),
            **keys.shared_columns(Outcome._fields, self._outcomes),
            "actual": texts,
            "state": _states(texts, self._texts),
        }
        return tidy(columns, RESULTS, len(texts))


def _states(texts: pd.Categorical, found: Sequence[Any]) -> pd.Categorical:
    kinds = (_MISSING, _UNREAD, _UNSEEN)
    missing, unread, unseen = (np.array([text is kind for text in found], dtype=bool) for kind in kinds)
    empty = np.isin(texts.codes, np.flatnonzero(texts.categories == ""))
    states = np.select(
        [missing, unread, unseen, texts.codes < 0, empty],
        [STATES.index("missing"), STATES.index("unread"), -1, STATES.index("absent"), STATES.index("empty")],
        STATES.index("value"),
    )
    return pd.Categorical.from_codes(states, dtype=RESULTS["state"])
