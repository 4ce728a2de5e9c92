"""What a folder of released files holds, without a key: beside its originals, and value by value."""

from .differences import before_after, inspect, inspect_run
from .values import census

__all__ = ["before_after", "census", "inspect", "inspect_run"]
