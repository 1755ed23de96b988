"""The exceptions of the pictures."""

__all__ = [
    "ComparisonError",
    "FormatError",
    "OptionError",
    "RendererError",
    "TooLargeError",
    "VizError",
]


class VizError(Exception):
    """The base of every error that drawing raises on purpose."""


class OptionError(VizError, ValueError):
    """An option has a value that it cannot have."""


class ComparisonError(VizError, ValueError):
    """Two graphs are not runs of the same expression."""


class FormatError(OptionError):
    """No such picture format."""


class TooLargeError(VizError, ValueError):
    """The picture would be too large for its format."""


class RendererError(VizError, RuntimeError):
    """No program could turn the graph into a picture."""
