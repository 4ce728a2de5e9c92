"""Where checks come from: answer keys that somebody published, and the mappings that belong to them."""

from .published import AnswerKey, Check, FrameKey, Spec, read_key, read_mapping

__all__ = ["AnswerKey", "Check", "FrameKey", "Spec", "read_key", "read_mapping"]
