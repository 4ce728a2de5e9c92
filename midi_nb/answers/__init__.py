"""Where checks come from: answer keys that somebody published and the mappings that belong to them; for data without a
key, what the standard asks and how identifiers are found. Answers are written as a key here too."""

from .published import AnswerKey, Check, FrameKey, Spec, read_key, read_mapping
from .writing import write_key

__all__ = ["AnswerKey", "Check", "FrameKey", "Spec", "read_key", "read_mapping", "write_key"]
