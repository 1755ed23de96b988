"""How a gradient looks: colour by sign, strength and width by magnitude."""

from __future__ import annotations

import math
from dataclasses import dataclass

from viz.diagram.diagram import Diagram, gradient_of
from viz.style.theme import Style, Theme

DECADES = 3
"""The orders of magnitude between the thickest wire and the thinnest."""

WIDTHS = (1, 2, 4)
"""Points, from the thinnest wire to the thickest. Graphviz before version 3 puts the
middle of a wire on whole points, so that one of 3 would stand beside its edges."""


@dataclass(frozen=True, slots=True)
class Pen:
    """How a wire is drawn."""

    color: str
    width: int
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Painter:
    """The pens and text colours of one picture, relative to its largest gradient."""

    style: Style
    theme: Theme
    largest: float

    @classmethod
    def of(cls, diagram: Diagram, style: Style, theme: Theme) -> Painter:
        """The painter whose full strength is the diagram's largest gradient."""
        gradients = [diagram.change(gradient_of(node)) for node in diagram.nodes]
        gradients += [diagram.change(gradient_of(edge)) for edge in diagram.edges]
        sizes = (abs(x) for x in gradients if x is not None and math.isfinite(x))
        return cls(style, theme, max(sizes, default=0.0) or 1.0)

    def choose_pen(self, gradient: float | None, *, signed: bool = True) -> Pen:
        """The pen of a wire that carries this gradient, or a norm without a sign."""
        if not self.style.weighted:
            return Pen(self.theme.plain_wire, 1)
        if gradient is None:
            return Pen(self.theme.neutral, 2)
        if gradient == 0:
            return Pen(self.theme.zero, 1, dashed=True)
        if not math.isfinite(gradient):
            return Pen(self.theme.nonfinite, 4)
        strength = self._strength(gradient)
        hue = self._hue(gradient)
        color = mix(self.theme.neutral, hue, 0.35 + 0.65 * strength)
        width = WIDTHS[round(2 * strength)]
        return Pen(color if signed else self.theme.plain_wire, width)

    def color_gradient(self, gradient: float) -> str:
        """The colour of the gradient's number."""
        if self.style.gradient:
            return str(getattr(self.theme, self.style.gradient))
        return self._hue(gradient) if gradient else self.theme.small

    def color_on_band(self, gradient: float) -> str:
        """The colour of a number that stands on the colour of its gradient."""
        return self.theme.on_gradient if gradient else self.theme.ink

    def color_value(self, value: float) -> str:
        """The colour of a value's number."""
        role = self.style.value if math.isfinite(value) else "nonfinite"
        return str(getattr(self.theme, role))

    def _hue(self, gradient: float) -> str:
        if not math.isfinite(gradient):
            return self.theme.nonfinite
        return self.theme.positive if gradient > 0 else self.theme.negative

    def _strength(self, gradient: float) -> float:
        below = math.log10(self.largest) - math.log10(abs(gradient))
        return min(1.0, max(0.0, 1 - below / DECADES))


def mix(a: str, b: str, share: float) -> str:
    """`share` of the colour b in the colour a."""
    pairs = zip(bytes.fromhex(a[1:]), bytes.fromhex(b[1:]), strict=True)
    return "#" + bytes(round(x + (y - x) * share) for x, y in pairs).hex()
