"""derive_key(): an answer key made from nothing but the originals and the standard.

The originals are read twice, in batches, here or by the workers of an executor: first the few attributes that identify
people, then every attribute, for which the standard says what must become of it and whose text is searched for the
words of that patient. No pass has more than a batch in memory.
"""

from __future__ import annotations

import ast
import hashlib
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence, Set
from concurrent.futures import Executor
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from . import tags
from .amounts import count, reasons
from .answers import published as keys
from .answers.identifiers import (
    TEXTS,
    Identifier,
    Known,
    asked_to_go,
    evident,
    identifying,
    of_people,
    patterns_in,
    respelled,
    searched,
)
from .answers.standard import REGISTERED, Profile, disposition, profile_of, read_private, safe_private, type_of
from .coded import tidy
from .engine import released as dicom_files
from .engine.batches import (
    Notes,
    Part,
    Step,
    Task,
    answers_of,
    counted,
    in_batches,
    kept,
    kept_or_made,
    require_executor,
    whole,
)
from .files import runs
from .folders import folder_of
from .frames import ANSWERS, CODES, DERIVED
from .progress import counting

__all__ = ["derive_key", "keep_key"]


def derive_key(
    original: Any,
    profile: str = "basic",
    *,
    edition: str = "2024e",
    keep: Sequence[str] = (),
    private: Any = None,
    read_text: Any = None,
    executor: Executor | None = None,
    out: str | Path | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """The answers that the DICOM standard and the originals themselves give, for data without an answer key.

    Parameters
    ----------
    original
        Folder of the files before de-identification; several patients may be in it.
    profile
        ``"basic"``, PS3.15's Basic Profile, or with options: ``"basic+clean_descriptors+retain_modified_dates"``.
    edition
        Edition of PS3.15, Table E.1-1.
    keep
        Attributes that your policy keeps although the profile has them removed: ``["Station Name", "(0018,700a)"]``,
        by name, keyword or tag. What they say then identifies nobody, as with the options that retain.
    private
        What becomes of private attributes: a path or frame with the columns creator, element (or ``*``) and
        disposition (keep, delete, hash, offset). Without it all are removed, or with the option
        ``retain_safe_private`` all but those that PS3.15 E.3.10 names as safe.
    read_text
        What reads burned-in text, as in `evaluate`: ``"auto"`` for the installed engine. Without it (the default, for
        it takes a second an image) no check is about pixels. Of many frames the first, the middle and the last are
        read; that the others stay is not asked then.
    executor, progress
        As in `evaluate`.
    out
        Folder to keep the answers in, part by part; a second call goes on where an interrupted one stopped.
        ``write_key(out, "key.db")`` then writes a key that is larger than memory.

    Returns
    -------
    DataFrame
        The columns of ``midi_nb.frames.ANSWERS``, one row a check. ``source`` says where it comes from: header (the
        originals say who somebody is), pattern, standard, iod, private, pixels. It may be edited before use.
        To write new texts into it, ``answers.astype(object)`` first: its columns are categories.
        ``answers.attrs["skipped"]`` lists the files that were left out and why.

    Examples
    --------
    >>> answers = mn.derive_key(demo.original, "basic+clean_descriptors", progress=False)
    >>> results = mn.evaluate(demo.submissions["careless"], answers, read_text=None, progress=False)
    """
    given = original, (profile, edition, keep), private, read_text, executor, out, progress
    parts = list(_derived(*given))
    answers = whole(parts, out, ANSWERS)
    answers.attrs["skipped"] = [entry for part in parts for entry in part.skipped]
    return answers


def keep_key(
    original: Any,
    profile: str = "basic",
    *,
    edition: str = "2024e",
    keep: Sequence[str] = (),
    private: Any = None,
    read_text: Any = None,
    executor: Executor | None = None,
    out: str | Path,
    progress: bool = True,
) -> Path:
    """The folder `out` with the answers of `derive_key`, written batch by batch: no more than one is in memory."""
    for _ in _derived(original, (profile, edition, keep), private, read_text, executor, out, progress):
        pass
    return Path(out)


_SAFE = "safe private attributes of"


class _Job(NamedTuple):
    """What every batch needs to know."""

    folder: Path
    asked: tuple[str, str, tuple[str, ...]]  # profile, edition and what is kept
    by: str  # what decides on private attributes: the list of the safe ones, or a table of one's own
    private: Mapping[tuple[str, str], str]
    read_text: Any

    @property
    def profile(self) -> Profile:
        return profile_of(*self.asked)

    def __str__(self) -> str:
        return "; ".join(filter(None, [str(self.profile), self.by]))


class _Whose(NamedTuple):
    """What is known of the files of a batch: their patients, the identifiers of these, and which are copies."""

    patients: Sequence[str]
    people: Mapping[str, frozenset[Identifier]]
    again: Set[Path]


def _derived(
    original: Any,
    asked: tuple[str, str, Sequence[str]],
    private: Any,
    read_text: Any,
    executor: Any,
    out: Any,
    progress: bool,
) -> Iterator[Part]:
    require_executor(executor)
    from .engine.recognition import reader

    chosen = Profile(*asked)
    by, table = "", {}
    if private is not None:
        table = read_private(private)
        by = f"private attributes by a table of {count(len(table), 'row')}"
    elif "retain_safe_private" in chosen.options:
        edition, table = safe_private()
        by = f"{_SAFE} {edition}"
    job = _Job(folder_of(original, "original"), (*asked[:2], chosen.keep), by, table, reader(read_text))
    paths = list(dicom_files.files_below(job.folder))
    batches = in_batches(paths)
    with counting(2 * len(paths), "file", "read", progress) as step:
        surveys = [Task(batch) for batch in batches]
        whos, file_of, again = list[_Who](), dict[str, Path](), set[Path]()
        said_of: dict[_Who, tuple[_Who, set[Identifier]]] = {}
        for said in answers_of(partial(_surveyed, job), surveys, executor, step):
            for who, uid, found in said:
                file = paths[len(whos)]
                if uid and (other := file_of.setdefault(uid, file)) != file:
                    # A copy that was cut off is smaller; of equals the first counts.
                    file_of[uid], left = sorted((other, file), key=lambda each: -each.stat().st_size)
                    again.add(left)
                who, before_ = said_of.setdefault(who, (who, set()))  # each is held once
                whos.append(who)
                before_.update(found)
        patient_of = _patients(list(said_of))
        patients = in_batches([patient_of[who] for who in whos])
        people: dict[str, set[Identifier]] = {}
        for who, (_, found) in said_of.items():
            people.setdefault(patient_of[who], set()).update(found)
        whole = {patient: frozenset(found) for patient, found in people.items()}
        recorder = runs.Recorder(out, _provenance(job, whole, again) if out is not None else {})

        def own(number: int) -> _Whose:
            theirs = patients[number]
            return _Whose(theirs, {each: whole[each] for each in theirs}, again.intersection(batches[number]))

        with recorder:
            recorder.forget(len(batches), 0)
            yield from kept_or_made(recorder, job.folder, batches, partial(_answered, job), executor, step, own)
    _warn(recorder.skipped, len(paths))


def _provenance(job: _Job, people: Mapping[str, frozenset[Identifier]], again: Set[Path]) -> dict[str, Any]:
    """What must be the same for two parts to belong to one key; of people a digest, no values."""
    left = sorted(path.relative_to(job.folder).as_posix() for path in again)
    said = repr(([(patient, sorted(found)) for patient, found in sorted(people.items())], left))
    return {
        "key": str(job),
        "private": hashlib.sha256(repr(sorted(job.private.items())).encode()).hexdigest()[:32],
        "identifiers of the patients": hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()[:32],
        "text_recognition": getattr(job.read_text, "name", job.read_text and type(job.read_text).__name__),
        **runs.versions(),
    }


def _warn(skipped: Sequence[tuple[str, str]], files: int) -> None:
    left = [reason for _, reason in skipped if not reason.startswith("not DICOM")]
    if len(skipped) == files:
        warnings.warn("No file of the originals is readable DICOM: the key has no checks.", stacklevel=4)
    elif left:
        warnings.warn(f"Left out: {reasons(left)}. answers.attrs['skipped'] lists them.", stacklevel=4)


# What the originals say of their people


class _Who(NamedTuple):
    """The identifiers in a file that say whose it is."""

    id: str
    name: str
    study: str


def _patients(whos: Sequence[_Who]) -> dict[_Who, str]:
    """The patient of each file: its ID; without one, the only ID among the files of its study or of its name; else its
    name, or the only name in its study. Files of a study without any are of one patient."""
    files = pd.DataFrame(whos, columns=_Who._fields, dtype=object).replace("", None)

    def only(said: str, by: str) -> pd.Series:
        of = files.groupby(by)[said]
        return of.transform("first").where(of.transform("nunique") == 1)

    known = [only("id", "study"), only("id", "name"), files["name"], only("name", "study"), files["study"]]
    patients = files["id"]
    for other in known:
        patients = patients.fillna(other)
    return dict(zip(whos, patients.fillna(""), strict=True))


def _surveyed(job: _Job, task: Task, step: Step | None = None) -> list[tuple[_Who, str, set[Identifier]]]:
    """(patient, SOP Instance UID, identifiers of people) of each file of a batch that can be read."""
    from pydicom import dcmread

    profile, found = job.profile, []
    with dicom_files.quiet():
        for path in counted(task.paths, step):
            said, kept = set[Identifier](), set[str]()
            try:
                with dicom_files.opened(path) as file:
                    header = dcmread(file, stop_before_pixels=True)
                _collect(header, profile, said, kept)
                said = of_people(
                    (each for each in said if each.text not in kept), str(header.get("Manufacturer") or "")
                )
                who = _Who(*(_said(header, each) for each in _PATIENT))
                uid = _said(header, "SOPInstanceUID")
            except Exception:  # why it cannot be read is said where its checks are made
                who, uid = _Who("", "", ""), ""
            found.append((who, uid, said))
    return found


_PATIENT = ("PatientID", "PatientName", "StudyInstanceUID")


def _said(header: Any, keyword: str) -> str:
    return str(header.get(keyword) or "").strip()


def _collect(dataset: Any, profile: Profile, said: set[Identifier], kept: set[str]) -> None:
    """Add the identifiers of people in a data set to `said`, and to `kept` the texts that may stay wherever they
    occur."""
    for tag in searched().intersection(dataset.keys()):  # their values are decoded one by one: one may be broken
        try:
            element = dataset[tag]
            if element.VR == "SQ":
                for item in element.value or ():
                    _collect(item, profile, said, kept)
                continue
            kind = identifying(element.keyword, element.VR)
            label = f"({tag >> 16:04x},{tag & 0xFFFF:04x})"
            if kind and element.value:
                text = str(element.value).strip()
                if profile.asked(label, "3").action == "K":
                    kept.add(text)
                else:
                    said.add(Identifier(*kind, text))
        except Exception:
            continue


# The checks of a file


def _answered(job: _Job, task: Task, step: Step | None = None) -> Part:
    """The answers of one batch: what an executor runs."""
    derived, skipped = _Derived(job), list[tuple[str, str]]()
    known = {patient: Known(said) for patient, said in task.own.people.items()}
    with dicom_files.quiet():
        for path, patient in zip(counted(task.paths, step), task.own.patients, strict=True):
            try:
                if path in task.own.again:
                    raise dicom_files.Unreadable("another file, larger or earlier, has its SOP Instance UID")
                file = dicom_files.read(path)
                if file.cut:
                    raise dicom_files.Unreadable(dicom_files.CUT)
                derived.add(file, known[patient])
            except dicom_files.Unreadable as reason:
                skipped.append((path.relative_to(job.folder).as_posix(), str(reason)))
    return kept(Part(derived.frame(), (), skipped, Notes()), task, job.folder)


_BYTES = frozenset(["OB", "UN"])
_STREAMS = frozenset(["OW", "OF", "OD", "OL", "OV"])
_REMOVE = frozenset("XZD")
_LONG = 4000  # characters: longer values, such as contours, are not asked to stay
_PIXELS = ("(7fe0,0010)", "(7fe0,0008)", "(7fe0,0009)")
#: What every de-identification may rewrite: character set, markers, trailing padding.
_UNASKED = frozenset(["(0008,0005)", "(0012,0062)", "(0012,0063)", "(0012,0064)", "(0028,0301)", "(0028,0303)",
"(fffc,fffc)"])  # fmt: skip


class _Plan:
    """What is asked of an attribute at one path of objects of one class, whatever its value."""

    def __init__(self, job: _Job, sop_class: str, path: str, tag: int, vr: str) -> None:
        from pydicom.datadict import keyword_for_tag

        profile = job.profile
        labels = [tags.leaf(each) for each in _prefixes(path)]
        self.overlay = labels[-1].startswith("(60")  # goes or stays with its plane
        # Officially nothing is seen of Overlay Data, so a check of its removal could not fail: what its plane cannot
        # be without is asked about.
        self.rows = path.replace(",3000)", ",0010)") if self.overlay and labels[-1].endswith(",3000)") else ""
        self._path, self._prev = self.rows or path, f"{DERIVED}{job}"
        around = [profile.asked(label, "3") for label in labels[:-1]]
        itself = bool(tag >> 16 & 1)
        self.letter = disposition(job.private, path) if tags.in_private(path) else ""
        # What a private sequence that stays has of the standard's attributes is asked what the standard says of them.
        self.private = itself or self.letter == "X"
        self.removed = next((asked for asked in around if asked.action == "X"), None)
        free = not self.private and not any(asked.action in _REMOVE for asked in around)
        self.type = type_of(sop_class, path) if free else "3"
        self.asked = profile.asked(labels[-1], self.type)
        self.keyword = keyword_for_tag(tag)
        self.kind = None if self.private else identifying(self.keyword, vr)
        creator = itself and tag & 0xFFFF <= 0xFF
        self.skipped = creator or tag & 0xFFFF == 0 or labels[-1] in _UNASKED or labels[-1] in _PIXELS
        if self.asked.action == "K":
            self.letter = "K"
        safe = job.by.startswith(_SAFE)
        self.safe = {"tcia_p15": "TCIA-P15-PRIV-C"} if safe else {"tcia_ptkb": "TCIA-PTKB-K"}

    def spec(self, action: str, source: str, **codes: str) -> keys.Spec:
        """The spec of a check here; the same object for the same question, so that rows stay small."""
        texts = (self._prev, *(codes.get(name) for name in CODES))
        return _specs.of(texts, f"<{action}>", tags.to_official(self._path), None, None, source)

    @cached_property
    def iod(self) -> list[keys.Spec]:
        """The checks that the definition of the object asks for."""
        actions = {"1": ("tag_retained", "text_notnull"), "2": ("tag_retained",)}.get(self.type, ())
        return [self.spec(action, "iod", dicom_iod=f"DICOM-IOD-{self.type}") for action in actions]


_specs = keys.Specs()


def _prefixes(path: str) -> list[str]:
    steps = tags.parse(path) or ()
    return [tags.show([*steps[:depth], steps[depth]._replace(item=None)]) for depth in range(len(steps))]


class _Derived:
    """The checks of some files as they are made, and the frame of them."""

    def __init__(self, job: _Job) -> None:
        self._job = job
        self._plan = cache(partial(_Plan, job))
        self._asked = cache(lambda *same: list(_checks(*same)))  # slices of a series mostly say the same
        self._who: list[keys.Instance] = []
        self._checks: list[keys.Check] = []

    def add(self, file: dicom_files.Released, known: Known) -> None:
        """Add the checks of one file."""
        patient, study, series, uid, modality, sop_class = (
            (file.identifier(keyword) or "").strip() or None
            for keyword in (
                "PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "Modality", "SOPClassUID",
            )
        )  # fmt: skip
        if not uid:
            raise dicom_files.Unreadable("no SOP Instance UID")
        who = keys.Instance(patient, study, series, uid, modality, sop_class)
        number = 0
        for path, tag, vr, text in file.texts():
            plan = self._plan(sop_class or "", path, tag, vr)
            if plan.skipped:
                continue
            if plan.rows:
                vr, text = "US", file.text(plan.rows)
            for spec, expected in self._asked(plan, path, vr, text, known):
                self._checks.append(keys.Check(str(number), spec, text, expected, None))
                number += 1
        for spec, expected, box in _pixel_checks(self._job, file, known):
            self._checks.append(keys.Check(str(number), spec, "REMOVED", expected, box))
            number += 1
        self._who += [who] * number

    def frame(self) -> pd.DataFrame:
        columns = {**keys.shared_columns(keys.Instance._fields, self._who), **keys.check_columns(self._checks)}
        return tidy(columns, ANSWERS, len(self._who))


def _checks(plan: _Plan, path: str, vr: str, text: str | None, known: Known) -> Iterator[tuple[keys.Spec, str | None]]:
    """(spec, expected) of each check of an attribute; its text is None for a sequence."""
    for spec in plan.iod:
        if text or spec.action == "tag_retained" or text is None:
            yield spec, None
    if text and plan.private:
        yield from _private_checks(plan, vr, text, known)
        return
    if not text or vr in _STREAMS:
        return
    asked, code = plan.asked.action, plan.asked.code
    gone = asked in _REMOVE or (plan.removed is not None and asked != "U")
    if gone and asked not in _REMOVE:
        code = plan.removed.code  # type: ignore[union-attr]
    if vr == "UI":
        yield from _uid_checks(plan, gone, text)
    elif plan.kind and asked != "K":
        yield from _own_checks(plan, path, vr, text, gone)
    elif vr in ("DA", "DT", "TM") and not gone:
        if asked == "C" and vr != "TM":
            yield plan.spec("date_shifted", "standard", hipaa_z="HIPAA-C", dicom_p15=f"DICOM-P15-{code}"), None
        elif asked == "K":
            yield plan.spec("text_retained", "standard", tcia_p15=f"TCIA-P15-{code}"), text
    elif vr == "AS" and _over_89(text) and not gone:
        yield plan.spec("text_removed", "pattern", hipaa_m="HIPAA-C"), text
    else:
        found = _found_checks(plan, vr, text, known, review=not gone)
        yield from found or ()
        if gone:
            if asked_for := asked_to_go(vr, text):
                yield _removal(plan, "standard", f"TCIA-P15-{code}"), asked_for
        elif found is None and vr not in _BYTES and len(text) <= _LONG and not plan.overlay:
            yield plan.spec("text_retained", "standard", tcia_p15=f"TCIA-P15-{code}"), text


def _over_89(age: str) -> bool:
    return age[:3].isdigit() and age[3:] == "Y" and int(age[:3]) > 89


def _removal(plan: _Plan, source: str, code: str) -> keys.Spec:
    return plan.spec("text_removed", source, tcia_p15=code, dicom_p15=code.replace("TCIA", "DICOM"))


def _uid_checks(plan: _Plan, gone: bool, text: str) -> Iterator[tuple[keys.Spec, str | None]]:
    asked, code = plan.asked
    if all(value.startswith(REGISTERED) for value in re.findall(r"[\d.]+", text)):
        if not gone and asked != "U":
            yield plan.spec("text_retained", "standard", tcia_p15=f"TCIA-P15-{code}"), text
    elif asked == "K" and not gone:
        yield plan.spec("text_retained", "standard", tcia_p15=f"TCIA-P15-{code}"), text
    elif gone or asked == "U":
        yield plan.spec("uid_changed", "standard", hipaa_z="HIPAA-R", dicom_p15=f"DICOM-P15-{code}"), None
        if asked == "U" and plan.removed is None:
            yield plan.spec("uid_consistent", "standard", dicom_p15="DICOM-P15-BASIC-U"), None


def _own_checks(plan: _Plan, path: str, vr: str, text: str, gone: bool) -> Iterator[tuple[keys.Spec, str | None]]:
    """The checks of an attribute that itself identifies somebody."""
    letter, _ = plan.kind  # type: ignore[misc]
    if asked := asked_to_go(vr, text, plan.keyword, plan.asked.action):
        codes = {"hipaa_z": f"HIPAA-{letter}", "tcia_p15": f"TCIA-P15-{plan.asked.code}"} if gone else {}
        yield plan.spec("text_removed", "header", **(codes or {"hipaa_m": f"HIPAA-{letter}"})), asked
    if path == "(0010,0020)":
        yield plan.spec("patid_consistent", "standard", dicom_p15="DICOM-P15-BASIC-C"), None


def _found_checks(plan: _Plan, vr: str, text: str, known: Known, review: bool) -> list[tuple[keys.Spec, str]] | None:
    """The checks of identifiers found in a text, with `review` also of possible ones; None if there are none. They do
    not ask for words that a cleaned text cannot be without."""
    in_bytes = text.startswith(("b'", 'b"')) and vr in (_BYTES | _STREAMS)
    if not in_bytes and vr not in TEXTS and not (plan.private and len(text) <= _LONG):
        return None  # of numbers, dates and UIDs only the makers of private ones know what they are
    said, rest = known.read_bytes(ast.literal_eval(text)) if in_bytes else known.read(text)
    found = [
        (plan.spec("text_removed", "header", hipaa_m=f"HIPAA-{letter}"), words_ if in_bytes else _asked(letter, words_))
        for letter, words_ in said
    ]
    # What the profile keeps as it is identifies nobody, however it is written.
    for pattern, fits in (
        patterns_in(rest) if vr in TEXTS and vr not in ("CS", "AE") and plan.asked.action != "K" else ()
    ):
        rest = pattern.without(rest)
        if pattern.sure:
            found.append(
                (plan.spec("text_removed", "pattern", hipaa_m=f"HIPAA-{pattern.letter}"), _asked(pattern.letter, fits))
            )
        elif review and vr not in ("SH", "UR"):  # codes and the addresses of coding schemes
            found.append((plan.spec("text_removed", "pattern", tcia_rev=f"REVIEW-{pattern.name.upper()}"), fits))
    if not found:
        return None
    if text.isdigit():  # numbers are compared as such
        return [(spec, text) for spec, _ in found]
    return [(spec, asked_for) for spec, words_ in found if (asked_for := evident(words_, rest))]


def _asked(letter: str, found: str) -> str:
    """The words of an identifier to look for; numbers (telephone, record, serial, …) in all their spellings."""
    return respelled(found) if letter in "DGHIMR" else found


def _private_checks(plan: _Plan, vr: str, text: str, known: Known) -> Iterator[tuple[keys.Spec, str | None]]:
    found = _found_checks(plan, vr, text, known, review=plan.letter != "X")
    if vr == "PN" and plan.letter != "X" and plan.asked.action != "K":  # names somebody, whoever it is
        if asked_for := asked_to_go(vr, text):
            yield plan.spec("text_removed", "header", hipaa_m="HIPAA-A"), asked_for
        return
    yield from found or ()
    if plan.letter == "X":
        if asked_for := asked_to_go(vr, text):
            yield _removal(plan, "private", "TCIA-P15-BASIC-X"), asked_for
    elif vr == "AS" and _over_89(text):
        yield plan.spec("text_removed", "pattern", hipaa_m="HIPAA-C"), text
    elif plan.letter == "C" and vr in ("DA", "DT"):
        yield plan.spec("date_shifted", "private", hipaa_z="HIPAA-C", dicom_p15="DICOM-P15-MOD-C"), None
    elif found is None and vr not in (*_BYTES, *_STREAMS, "DA", "DT", "UI") and len(text) <= _LONG:
        yield plan.spec("text_retained", "private", **plan.safe), text


_Box = tuple[int, int, int, int]


def _pixel_checks(job: _Job, file: dicom_files.Released, known: Known) -> Iterator[tuple[keys.Spec, str, _Box | None]]:
    """What the pixels must hide, line by line; where none of their text is an identifier, that they stay."""
    if job.read_text is None or file.digest is None:
        return
    from .engine.recognition import all_read, lines_in

    plan = _Plan(job, "", _PIXELS[0], 0x7FE00010, "OW")
    try:
        lines = lines_in(file.dataset, job.read_text)
    except ValueError:  # no decoder, or no image: nothing can be said of it
        return
    identifying_lines = [
        (text, box)
        for text, box in lines
        if known.read(text).found or any(pattern.sure for pattern, _ in patterns_in(text))
    ]
    for text, box in identifying_lines:
        yield plan.spec("pixels_hidden", "pixels", hipaa_z="HIPAA-A", dicom_p15="DICOM-P15-PIX-C"), text, box
    # Clean Pixel Data has all text go: where there is any, pixels that changed may be right. So may those of an image
    # with frames that were not read.
    cleaned = lines and "clean_pixel_data" in job.profile.options
    if not identifying_lines and not cleaned and all_read(file.dataset):
        spec = plan.spec("pixels_retained", "pixels", tcia_p15="TCIA-P15-PIX-K")
        yield spec, file.digest, None
