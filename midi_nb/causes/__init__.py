"""Why a check failed: every failed or blank check gets one cause, and causes become the few things worth fixing."""

from .evidence import by_instance, could_say_more, folder_of_submission, repainted, require_one_submission
from .explaining import explain, explained
from .fixes import PROBLEMS, in_full, numbered, problem_of, problems, to_fix, what_if
from .gains import UNITS, Fixes, weighted
from .images import Images, Region
from .table import AXES, CAUSES, CONFIDENCES, Cause, Failures, causes_table, is_uid

__all__ = [
    "AXES",
    "CAUSES",
    "CONFIDENCES",
    "PROBLEMS",
    "UNITS",
    "Cause",
    "Failures",
    "Fixes",
    "Images",
    "Region",
    "by_instance",
    "causes_table",
    "could_say_more",
    "explain",
    "explained",
    "folder_of_submission",
    "in_full",
    "is_uid",
    "numbered",
    "problem_of",
    "problems",
    "repainted",
    "require_one_submission",
    "to_fix",
    "weighted",
    "what_if",
]
