"""Where checks come from: answer keys that somebody published and the mappings that belong to them; for data without a
key, what the standard asks and how identifiers are found; invented people, and their identifiers planted into files."""

from .published import AnswerKey, Check, FrameKey, Spec, read_key, read_mapping

__all__ = ["AnswerKey", "Check", "FrameKey", "Spec", "read_key", "read_mapping"]
