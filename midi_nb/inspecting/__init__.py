"""What a folder of released files holds, without a key: beside its originals, and value by value."""

from .differences import before_after, inspect, inspect_run

__all__ = ["before_after", "inspect", "inspect_run"]
