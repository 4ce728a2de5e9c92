"""Where checks come from: published answer keys with their mappings; the standard and the identifiers found in
originals; invented people whose identifiers are planted into files."""

from .published import AnswerKey, Check, FrameKey, Spec, read_key, read_mapping

__all__ = ["AnswerKey", "Check", "FrameKey", "Spec", "read_key", "read_mapping"]
