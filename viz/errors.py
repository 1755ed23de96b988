"""The exceptions of the pictures; a wrong option is the same error as in `engine`."""

from engine import EngineError, OptionError

__all__ = [
    "ComparisonError",
    "FormatError",
    "OptionError",
    "RendererError",
    "TooLargeError",
    "VizError",
]


class VizError(EngineError):
    """The base of every error that drawing raises on purpose."""


class ComparisonError(VizError, ValueError):
    """Two graphs are not runs of the same expression."""


class FormatError(VizError, OptionError):
    """No such picture format."""


class TooLargeError(VizError, ValueError):
    """The picture would be too large for its format."""


class RendererError(VizError, RuntimeError):
    """No program could turn the graph into a picture."""
