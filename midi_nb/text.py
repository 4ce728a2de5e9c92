"""How two texts are compared: the official rule, the strict one, and a word diff for people.

The official scorer splits an answer into words with ``nltk.word_tokenize`` (English sentence splitter, then the
Treebank-style word tokenizer) and drops NLTK's English stop words and punctuation. The NLTK package holds the word
tokenizer; its stop words and the splitter's abbreviations are downloads there and data files here, so nothing is
fetched at run time. The splitter's other parameters are learned from upper-case letters, which the scorer has removed,
but for four words that start sentences in lower case.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from .frames import MASK


class Outcome(NamedTuple):
    """The verdict on one check, one of ``frames.VERDICTS``, with the score, or the reason where there is none."""

    verdict: str
    score: float
    error: str | None = None


NAN = float("nan")
PASS = Outcome("passed", 1.0)
FAIL = Outcome("failed", 0.0)


def blank(reason: str) -> Outcome:
    """The outcome of a check that could not be decided."""
    return Outcome("blank", NAN, reason)


def lost(reason: str) -> Outcome:
    """The outcome of a check for which the official script writes no row."""
    return Outcome("lost", NAN, reason)


def partial(score: float) -> Outcome:
    """The outcome of a check of words, of which a share of `score` is right."""
    return Outcome("passed" if score == 1.0 else "failed", score)


NO_TEXT = blank("the key has no text for this check")
NO_WORDS = blank("no word is left of the key's text once stop words and punctuation are dropped")
NOT_A_NUMBER = blank("the key's text has digits that are no number")


def compare(released: str, expected: str | None, keep: bool) -> Outcome:
    """The official verdict on whether `released` keeps (or, with ``keep=False``, is free of) the text `expected`.

    >>> compare("CHEST CT", "ct chest", keep=True)
    Outcome(verdict='passed', score=1.0, error=None)
    >>> compare("seen by Dr Meyer", "MEYER^STEPHANIE", keep=False)
    Outcome(verdict='passed', score=1.0, error=None)
    """
    if expected is None:
        return NO_TEXT
    if released == expected and expected.isascii():  # what most checks come to; digits beyond ASCII may be no number
        return PASS if keep else FAIL
    have, want = plain(released), plain(expected)
    if is_number(have) and is_number(want):
        try:
            return PASS if (float(have) == float(want)) is keep else FAIL
        except ValueError:  # "²".isdigit() holds, float("²") does not
            return NOT_A_NUMBER
    if want in have:
        return PASS if keep else FAIL
    wanted = words(want)
    if not wanted:
        return NO_WORDS
    found = sum(word in have for word in wanted)
    score = (found if keep else len(wanted) - found) / len(wanted)
    return partial(score)


def compare_strict(released: str, expected: str | None, keep: bool) -> Outcome:
    """The strict verdict: as `compare`, but a word counts only as a whole word.

    The parts of a name are words of their own, and stop words count where there are no others.

    >>> compare("SPARKLE", "PARK", keep=False).verdict, compare_strict("SPARKLE", "PARK", keep=False).verdict
    ('failed', 'passed')
    >>> compare("Stephanie Meyer", "MEYER^STEPHANIE", keep=False).verdict
    'passed'
    >>> compare_strict("Stephanie Meyer", "MEYER^STEPHANIE", keep=False).verdict
    'failed'
    """
    if expected is None:
        return NO_TEXT
    have, want = plain(released), plain(expected)
    if is_number(have) and is_number(want):
        return compare(released, expected, keep)
    parts = re.findall(rf"{_ESCAPED}*[^\W_]+(?:(?:[-./']|{_ESCAPED}+)[^\W_]+)*", want)
    wanted = [word for word in parts if word not in stop_words()] or parts
    if not wanted:  # nothing but punctuation: the whole text is looked for, and an empty text has no words
        return PASS if not want or (want in have) is keep else FAIL
    found = sum(re.search(rf"{_START}{re.escape(word)}(?![^\W_])", have) is not None for word in wanted)
    score = (found if keep else len(wanted) - found) / len(wanted)
    return partial(score)


_ESCAPED = r"(?:\\x[0-9a-f]{2})"  # a byte that is no letter, as Python prints bytes
_START = rf"(?:(?<![^\W_])|(?<={_ESCAPED}))"  # of a word


def found_words(released: str, expected: str) -> tuple[list[str], list[str]]:
    """(words of `expected` found in `released`, words not found there), as the official rule sees them."""
    have = plain(released)
    wanted = words(plain(expected))
    return [w for w in wanted if w in have], [w for w in wanted if w not in have]


def whole_words(text: str) -> list[str]:
    """The runs of letters and digits of `text` in lower case.

    >>> whole_words("MEYER^Stephanie [F]")
    ['meyer', 'stephanie', 'f']
    """
    return re.findall(r"[^\W_]+", text.lower())


_RUN = re.compile(
    rb"(?:[\x20-\x7e\xa0-\xff]\0){4,}|(?:\0[\x20-\x7e\xa0-\xff]){4,}"  # in UTF-16; then in UTF-8, or else Latin-1
    rb"|(?:[\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xa0-\xff]){4,}"
)
_MOST_BYTES = 2**20


def legible(value: bytes | bytearray) -> list[str]:
    """The texts in bytes: runs of four printable characters or more in their first megabyte.

    >>> legible(b"\\0\\1MEYER^J\\xc3\\x96RG\\0\\0" + "Stephanie".encode("utf-16-le"))
    ['MEYER^JÖRG', 'Stephanie']
    """
    return [_decoded(match[0]) for match in _RUN.finditer(bytes(value[:_MOST_BYTES]))]


def _decoded(run: bytes) -> str:
    run = run.replace(b"\0", b"")
    try:
        return run.decode("utf-8")
    except UnicodeDecodeError:
        return run.decode("latin-1")


def values(text: str) -> list[str]:
    """The values of the text of an element, one or several.

    >>> values("['1.2', '1.3']")
    ['1.2', '1.3']
    """
    return [part.strip(" '\"") for part in text.removeprefix("[").removesuffix("]").split(",")]


def burned_in(text: str) -> str:
    """The planted text of a region without what the official script ignores in it: ``DOB:``, ``[F]``, line ends.

    >>> burned_in("MEYER STEPHANIE [F] 02.25.2012\\nDOB: 07.16.1953")
    'MEYER STEPHANIE  02.25.2012  07.16.1953'
    """
    return re.sub(r"DOB:|\[[A-Za-z]\]", "", text.replace("\n", " "))


@lru_cache(maxsize=65536)
def words(text: str) -> tuple[str, ...]:
    """The words of a lower-case text that the official scorer looks for.

    >>> words("the chest, after dr. meyer's exam.")
    ('chest', 'dr.', 'meyer', "'s", 'exam')
    """
    return tuple(word for word in tokens(text) if word not in stop_words() and word not in _PUNCTUATION)


_PUNCTUATION = frozenset(string.punctuation) | set("“”‘’•") | {"``"}


@cache
def stop_words() -> frozenset[str]:
    """NLTK's 198 English stop words."""
    return frozenset(_data("stop_words.txt"))


def _data(name: str) -> list[str]:
    return files("midi_nb").joinpath("data", name).read_text("utf-8").splitlines()


# Letters, digits and signs that no rule of the tokenizer touches: splitting at blanks is all it would do. Most texts
# are such, and importing NLTK takes longer than a thousand of them.
_SIMPLE = re.compile(r"(?:[a-z0-9^_/+=|~\\\s-]|(?<=[a-z0-9])\.(?=[a-z0-9]))*")
_CONTRACTIONS = re.compile(r"cannot|gimme|gonna|gotta|lemme|wanna|--")


def tokens(text: str) -> list[str]:
    """The words and signs of a text, split as the official script splits them."""
    if _SIMPLE.fullmatch(text) and not _CONTRACTIONS.search(text):
        return text.split()
    sentences, tokenize = _nltk()
    return [token for sentence in sentences(text) for token in tokenize(sentence)]


# After a number or an initial NLTK's model lets a sentence end before these and no other lower-case words.
_SENTENCE_STARTERS = ("administrators", "b-week", "r-revised", "z-holiday")


@cache
def _nltk() -> tuple:  # type: ignore[type-arg]
    from nltk.tokenize.destructive import NLTKWordTokenizer
    from nltk.tokenize.punkt import _ORTHO_BEG_LC, PunktParameters, PunktSentenceTokenizer

    parameters = PunktParameters()
    parameters.abbrev_types = set(_data("abbreviations.txt"))
    for word in _SENTENCE_STARTERS:
        parameters.add_ortho_context(word, _ORTHO_BEG_LC)
    return PunktSentenceTokenizer(parameters).tokenize, NLTKWordTokenizer().tokenize


def plain(text: str) -> str:
    """A text as the official script compares it."""
    return text.replace("<", "").replace(">", "").lower()


def is_number(text: str) -> bool:
    """Whether the official script compares a text as a number."""
    return text.replace(".", "", 1).isdigit()


class Marks(NamedTuple):
    """What became of the words that a check asks about, in lower case; a text that counts as a whole is one word."""

    left: tuple[str, ...] = ()  # still there though they had to go
    lost: tuple[str, ...] = ()  # gone though they had to stay
    right: tuple[str, ...] = ()  # as they should be


def marks(action: Any, asked: str | None, released: str | None, verdict: str = "failed") -> Marks:
    """What became of the words of `asked`, the text that a check of `action` (a row of ``actions.ACTIONS``) is about.

    Words as the official rule sees them. Where these do not explain the failure, whole words as the strict rules see
    them; a text in another format is not lost.

    >>> from midi_nb.actions import ACTIONS
    >>> marks(ACTIONS["text_removed"], "Jane Meyer", "for MEYER")
    Marks(left=('meyer',), lost=(), right=('jane',))
    """
    released = released or ""
    if action is None or not asked or verdict not in ("passed", "failed") or MASK in (asked, released):
        return Marks()
    if action.kind in ("change", "map"):
        whole = (asked.strip().lower(),)
        if asked.strip() == released.strip() or (action.kind == "change" and bare(asked) in bare(released)):
            return Marks(left=whole)
        return Marks(right=whole) if action.kind == "change" else Marks()  # a mapping is not known here
    if action.kind not in ("keep", "remove"):
        return Marks()
    asked = burned_in(asked).strip() if action.about == "region" else asked
    found, gone = _found_words(asked, released, action.kind == "keep", verdict == "failed")
    return Marks(lost=gone, right=found) if action.kind == "keep" else Marks(left=found, right=gone)


def _found_words(asked: str, released: str, keep: bool, failed: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found, gone = found_words(released, asked)
    if same_value(asked, released) and (keep or not found):
        return (tuple(found + gone), ()) if keep else ((released.strip().lower(),), ())
    if not (gone if keep else found) and (failed or not keep):
        parts, standing = whole_words(asked), set(whole_words(released))
        parts = parts if failed else [word for word in parts if word not in stop_words()]
        split = [[word for word in parts if (word in standing) is stands] for stands in (True, False)]
        found, gone = split if split[keep] else (found, gone)
    text = asked.strip().lower()
    whole = text in released.lower()
    if not keep and whole:
        gone = []  # though the words write a quote otherwise
    if not found and not gone:
        found, gone = ([text], []) if whole else ([], [text])
    return tuple(found), tuple(gone)


def bare(text: str) -> str:
    """`text` as the official script compares dates and UIDs: without brackets and the delimiter of values.

    >>> bare("<1.2\\\\1.3>")
    '1.21.3'
    """
    return text.replace("<", "").replace(">", "").replace("\\", "")


@lru_cache(maxsize=65536)
def _normal(text: str) -> tuple[str, ...]:
    """The values of a text less case, spaces, quotes, list form and the spelling of numbers."""
    text = unicodedata.normalize("NFKC", text).lower().strip()
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    return tuple(_number(re.sub(r"[\s\"'“”‘’]", "", part)) for part in re.split(r"[,\\]", text))


def _number(text: str) -> str:
    return repr(float(text)) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", text, re.ASCII) else text


def same_value(before: str, after: str) -> bool:
    """Whether two texts are the same but for case, spaces, quotes and the format of numbers.

    >>> same_value("[1.0, 2]", "1,2.00"), same_value("CHEST", "CHEST CT")
    (True, False)
    """
    return _normal(before) == _normal(after)


def marked(text: str, marks: Mapping[str, str]) -> list[tuple[str, str | None]]:
    """`text` in pieces, each with the mark of the word it is, in whatever case; None where it is none of them.

    >>> marked("CHEST <Meyer>", {"meyer": "left"})
    [('CHEST <', None), ('Meyer', 'left'), ('>', None)]
    """
    longest = "|".join(map(re.escape, sorted(filter(None, marks), key=len, reverse=True)))
    pieces = re.split(f"({longest})", text, flags=re.IGNORECASE) if longest else [text]
    return [(piece, marks.get(piece.lower())) for piece in pieces if piece]


class Piece(NamedTuple):
    """A piece of text with its part in a diff: ``same``, ``gone`` (only before) or ``new`` (only after)."""

    text: str
    part: str


def diff(before: str, after: str) -> list[Piece]:
    """The word diff from `before` to `after`; joined, its same and new pieces give `after`.

    >>> diff("CHEST for Meyer", "CHEST")
    [Piece(text='CHEST', part='same'), Piece(text=' for Meyer', part='gone')]
    """
    from difflib import SequenceMatcher

    a, b = _pieces(before), _pieces(after)
    pieces: list[Piece] = []
    for tag, i0, i1, j0, j1 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("".join(b[j0:j1]), "same"))
            continue
        pieces += [Piece("".join(side), part) for side, part in ((a[i0:i1], "gone"), (b[j0:j1], "new")) if side]
    return pieces


def _pieces(text: str) -> Sequence[str]:
    return re.findall(r"[^\W_]+|\s+|.", text, flags=re.DOTALL)
