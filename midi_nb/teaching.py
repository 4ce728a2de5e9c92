"""Exercises that mark themselves: goals for a de-identification, and failures whose cause is to be guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .actions import REGIONS, named
from .causes import CAUSES, explained
from .frames import require_columns, require_complete

__all__ = ["GOALS", "goals", "marks", "quiz"]

_PEOPLE = "Physician|Operator|Institution|Person Name|Observer|Author|Organization|Station"
_THERE = ("value",)  # what must be there to count: a date that is gone is no shifted date
_KEPT, _REMOVED = named("keep"), named("remove", about=["text"])


_READABLE = named(about=["text", "date"])


class Goal(NamedTuple):
    """Something a good de-identification reaches: where it is asked for, and which checks it rests on."""

    goal: str
    source: str
    actions: tuple[str, ...]
    about: str  # all of their checks, or those that are private, public, of people, of others
    present: bool  # whether the attribute must still be there with a value
    hint: str


def _about(checks: pd.DataFrame, what: str) -> Any:
    """Mask of the checks that a goal is about."""
    private = checks["private"].to_numpy(dtype=bool)
    people = checks["name"].astype("str").str.contains(_PEOPLE).to_numpy()
    about = {"private": private, "public": ~private, "people": people & ~private, "others": ~people & ~private}
    return (about | {"all": private | ~private})[what]


_GROUP = "MIDI Task Group, best practice {}"
# fmt: off
#: In the order in which a policy usually reaches them.
GOALS: tuple[Goal, ...] = (
    Goal("The patient's names, numbers and addresses are gone", "45 CFR 164.514(b)(2)(i)", _REMOVED, "others", False,
         "problems() lists the attributes. Clean free text (C); remove or empty what nobody needs (X, Z)."),
    Goal("Other people and institutions are gone", _GROUP.format(5), _REMOVED, "people", False,
         "Names of persons have the value representation PN; institutions and stations have attributes of their own."),
    Goal("All dates are shifted, none kept or deleted", _GROUP.format(12), named(about=["date"]), "all", True,
         "C shifts dates; these have the value representations DA and DT. X passes officially and loses the time."),
    Goal("UIDs are new, and the same in every file", _GROUP.format(3), named(about=["uid"]), "all", True,
         "U gives a new UID and leaves the UIDs of the standard alone; UIDs have the value representation UI."),
    Goal("Each patient has one new identifier", _GROUP.format(3), named(about=["patient"]), "all", True,
         "D gives PatientID a pseudonym that the mapping knows; Z would merge all patients into one."),
    Goal("Every object is still valid", _GROUP.format(3), named("present"), "all", False,
         "An attribute of type 1 needs a value (D), one of type 2 may be empty (Z); only type 3 may go (X)."),
    Goal("Descriptions keep what research needs", _GROUP.format(2), _KEPT, "public", False,
         "K or C instead of X and Z; C takes codes for numbers that identify, so keep those: CodeValue K."),
    Goal("Private attributes that are safe are still there", _GROUP.format(13), _KEPT, "private", False,
         'private X drops them all: name the unsafe ones instead, or keep blocks: (0019,"GEMS_ACQU_01",*) K.'),
    Goal("Private attributes that identify are gone", _GROUP.format(13), _REMOVED, "private", False,
         "problems() lists the private attributes with text of a patient: X or C for each."),
    Goal("No text is left in the pixels", _GROUP.format(10), REGIONS, "all", False,
         "No rule about attributes helps: give boxes={modality: (x0, y0, x1, y1)}."),
    Goal("Pixels without text are as they were", _GROUP.format(2), named("pixels"), "all", False,
         "A box by modality covers every image of it; name the instance instead."),
)
# fmt: on


def goals(results: pd.DataFrame) -> pd.DataFrame:
    """The goals of a good de-identification: which of them a submission reaches, and a hint for those it does not.

    Goals ask for more than the score where the official rules let too much pass: a date that is gone is not shifted.

    Parameters
    ----------
    results
        What ``evaluate`` or ``read_results`` returns.

    Returns
    -------
    DataFrame
        goal, source, checks, failed, reached (missing where no check asks for it), hint (where it is not reached).

    Examples
    --------
    >>> goals(results).query("reached")["goal"].tolist()
    ['Other people and institutions are gone']
    """
    require_complete(results, "goals()")
    require_columns(results, ["action", "name", "private", "state", "verdict", "original"], "goals()")
    return pd.DataFrame([_progress(goal, results) for goal in GOALS]).astype({"reached": "boolean"})


def _progress(goal: Goal, results: pd.DataFrame) -> dict[str, Any]:
    asked = results[results["action"].isin(goal.actions)]
    asked = asked[_about(asked, goal.about)]
    good = asked["verdict"] == "passed"
    if goal.present:
        good &= asked["state"].isin(_THERE) | asked["original"].isna()
    failed = int((~good).sum())
    reached = failed == 0 if len(asked) else pd.NA
    return {
        "goal": goal.goal,
        "source": goal.source,
        "checks": len(asked),
        "failed": failed,
        "reached": reached,
        "hint": goal.hint if failed else "",
    }


def quiz(results: pd.DataFrame, *, n: int = 6, seed: int = 0, actions: Sequence[str] = _READABLE) -> pd.DataFrame:
    """Failures of `n` different causes without their causes, to be guessed; another seed gives other ones.

    Parameters
    ----------
    results
        What ``evaluate``, ``read_results`` or ``explain`` returns.
    n, seed
        How many cards, and which.
    actions
        Which checks the cards are about; those of texts and dates by default, for these can be read.

    Returns
    -------
    DataFrame
        card (1 to `n`), action, name, state, original, expected, actual; labelled as the rows of `results`.

    Examples
    --------
    >>> quiz(results, n=3)["card"].tolist()
    [1, 2, 3]
    """
    columns = ["action", "name", "state", "original", "expected", "actual"]
    require_columns(results, columns, "quiz()")
    failures = explained(results).dropna(subset=["cause"])
    here = failures["state"].isin(["value", "empty", "absent"])
    found = failures[failures["action"].isin(actions) & here]
    drawn = found.sample(frac=1, random_state=seed).drop_duplicates("cause").head(n)
    cards = drawn[columns].copy()
    cards.insert(0, "card", np.arange(1, len(cards) + 1))
    return cards


def marks(results: pd.DataFrame, cards: pd.DataFrame, guesses: Mapping[int, str]) -> pd.DataFrame:
    """Guesses marked, one row a card; the cause of a card that was not guessed stays hidden.

    Parameters
    ----------
    results
        The results that `cards` were drawn from.
    cards
        What ``quiz`` gave.
    guesses
        Card → code of a cause.

    Returns
    -------
    DataFrame
        card, guess, right (missing where there is no guess), cause, explanation, fix.

    Examples
    --------
    >>> cards = quiz(results, n=2)
    >>> marks(results, cards, {1: "missing_file"})["right"].tolist()
    [False, <NA>]
    """
    require_columns(cards, ["card"], "marks()")
    known = {cause.code: cause for cause in CAUSES}
    strange = [guess for guess in guesses.values() if guess not in known]
    if strange:
        raise ValueError(f"{strange[0]!r} is no cause; the causes are {', '.join(known)}.")
    truth = explained(results).loc[cards.index, "cause"].astype("str").tolist()
    rows = []
    for card, cause in zip(cards["card"], truth, strict=True):
        guess = guesses.get(card)
        answer = known[cause] if guess else None
        rows.append(
            {
                "card": card,
                "guess": guess or "",
                "right": guess == cause if guess else pd.NA,
                "cause": answer.code if answer else "?",
                "explanation": answer.sentence if answer else "",
                "fix": answer.hint if answer else "",
            }
        )
    columns = ["card", "guess", "right", "cause", "explanation", "fix"]
    return pd.DataFrame(rows, columns=columns).astype({"right": "boolean"})
