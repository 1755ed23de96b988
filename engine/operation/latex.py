"""Formulas in LaTeX, for the packages amsmath and amssymb."""

from __future__ import annotations

import re
from typing import Any

from engine.operation.symbol import ATOM, SIGN, Notation, Row

_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi o pi rho "
    "varsigma sigma tau upsilon phi chi psi omega"
)
_CAPITALS = "Γ Gamma Δ Delta Θ Theta Λ Lambda Ξ Xi Π Pi Σ Sigma Φ Phi Ψ Psi Ω Omega"
_MATH = (
    r"′ ' − - × \times ÷ \div ∂ \partial ∇ \nabla √ \surd ∞ \infty → \to "
    r"← \leftarrow ≤ \le ≥ \ge · \cdot … \ldots ⁻ ^- ● \bullet"
)


def _pair(words: str) -> dict[str, str]:
    """The commands in math mode by sign, from a text of "sign command" pairs."""
    parts = words.split()
    return {c: f"${math}$" for c, math in zip(parts[::2], parts[1::2], strict=True)}


_ESCAPES = {
    **{c: f"\\{c}" for c in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "›": r"$\triangleright$",
    **_pair(_MATH),
    **_pair(re.sub(r"(\w) (\w+)", r"\1 \\\2", _CAPITALS)),
    **{chr(ord("α") + i): rf"$\{name}$" for i, name in enumerate(_GREEK.split())},
    **{c: f"$^{i}$" for i, c in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{c: f"$_{i}$" for i, c in enumerate("₀₁₂₃₄₅₆₇₈₉")},
}
_KNOWN = {"exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "max", "min"}
_SHAPES = {"sqrt": r"\sqrt{%s}", "cbrt": r"\sqrt[3]{%s}", "abs": r"\left|%s\right|"}
_SIGNS = {"≤": r"\le", "≥": r"\ge", "×": r"\times", "−": "-", "//": r"/\!/",
          "mod": r"\bmod"}  # fmt: skip
_VARIABLE = re.compile(r"([a-zA-Z])_?(\w*)")


def latex(x: Any) -> str:
    r"""The formula of a symbol or a number.

    >>> from engine import sqrt
    >>> from engine.operation.symbol import Symbol
    >>> x = Symbol("x")
    >>> print(latex(-1 / sqrt(1 - x**2)))
    \frac{-1}{\sqrt{1 - x^{2}}}
    """
    return Latex().write(x)[0]


def latex_factor(x: Any) -> str:
    """The formula of `x`, in parentheses where a product needs them."""
    return Latex().write_apart(x, SIGN)


def latex_name(label: str) -> str:
    r"""A label inside a formula: x, `x_{1}` or `\text{price}`.

    >>> print(latex_name("w1"), latex_name("price"), latex_name("50 %"))
    w_{1} \text{price} \text{50 \%}
    """
    if match := _VARIABLE.fullmatch(label):
        letter, index = match.groups()
        if not index:
            return letter
        if index.isascii() and index.isdigit():
            return f"{letter}_{{{index}}}"
    return rf"\text{{{latex_text(label)}}}"


def latex_text(text: str) -> str:
    r"""Words in a LaTeX document: its own characters escaped, signs and Greek as math.

    >>> print(latex_text("50 % of θ₁"))
    50 \% of $\theta$$_1$
    """
    return "".join(_ESCAPES.get(c, c) for c in text)


class Latex(Notation):
    """How formulas are written in LaTeX; the heads of symbols are LaTeX already."""

    def write_number(self, x: Any) -> tuple[str, int]:
        """A number, with its exponent as a power of ten."""
        text, binding = super().write_number(x + 0.0)
        text = text.replace("−", "-").replace("∞", r"\infty ").strip()
        if "e" in text:
            digits, exponent = text.split("e")
            return rf"{digits} \times 10^{{{int(exponent)}}}", binding
        return text.replace("nan", r"\text{nan}"), binding

    def write_sign(self, sign: str) -> str:
        """The sign between two operands, or before one."""
        return _SIGNS.get(sign, sign)

    def write_choice(self, condition: Any, x: Any, y: Any) -> tuple[str, int]:
        """One of two, in braces."""
        chosen, otherwise, when = (self.write(part)[0] for part in (x, y, condition))
        cases = rf"{chosen} & \text{{if }} {when} \\ {otherwise} & \text{{otherwise}}"
        return rf"\begin{{cases}} {cases} \end{{cases}}", ATOM

    def write_operation(self, op: Row, args: tuple[Any, ...]) -> tuple[str, int]:
        """A row of the table."""
        if op.name == "truediv":
            above, below = (self.write(arg)[0] for arg in args)
            return rf"\frac{{{above}}}{{{below}}}", ATOM
        return super().write_operation(op, args)

    def write_function(self, name: str, args: list[str]) -> str:
        """A row with a name."""
        if name in _SHAPES:
            return _SHAPES[name] % args[0]
        named = f"\\{name}" if name in _KNOWN else _write_operator(name)
        return rf"{named}\left({', '.join(args)}\right)"

    def write_power(self, base: Any, exponent: Any) -> str:
        """A power."""
        return f"{self.write_inside(base, ATOM)}^{{{self.write(exponent)[0]}}}"

    def parenthesize(self, text: str) -> str:
        """The text in parentheses."""
        return rf"\left({text}\right)"


def _write_operator(name: str) -> str:
    return rf"\operatorname{{{latex_text(name)}}}"
