"""The compiled core, where it was built; `generate` writes a part of its source."""

from engine.native.core import describe_core

__all__ = ["describe_core"]
