r"""Mathematics in labels, for LaTeX: `$\sigma(z)$`, w_1, x^2.

A label is data. What goes into the document are the letters, digits and signs of a
formula, and commands of one list; anything else is set as the plain text that it is.
"""

from __future__ import annotations

import re

from engine import latex_text

_SYMBOLS = frozenset(
    re.findall(
        r"\w+",
        """alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa
        lambda mu nu xi pi varpi rho varrho sigma varsigma tau upsilon phi varphi chi
        psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega partial
        nabla infty ell hbar Re Im cdot times div pm mp circ odot oplus otimes star ast
        top bot prime dagger leq geq le ge neq ne approx equiv sim propto in notin to
        rightarrow leftarrow mapsto mid parallel sum prod int ldots cdots langle rangle
        exp log ln sin cos tan sinh cosh tanh max min arg det""",
    )
)
_ACCENTS = """hat bar tilde vec dot ddot widehat widetilde overline underline mathbf
mathrm mathit mathcal mathsf boldsymbol sqrt"""
_OPERANDS = dict.fromkeys(re.findall(r"\w+", _ACCENTS), 1) | {"frac": 2}
"""Commands that want so many groups behind them."""

_TOKEN = re.compile(r"\\[A-Za-z]+|\\[,;!]|[A-Za-z0-9+\-=<>*/|()[\].,:;!'_^{}]")
_PIECE = re.compile(
    r"\$(?P<formula>[^$]+)\$"
    r"|(?<![\w$])(?P<name>[A-Za-zα-ωΑ-Ω]+)(?P<mark>[_^])(?P<index>\w+)(?!\w)"
)


def set_math(text: str) -> str:
    r"""Words for LaTeX, with formulas between dollars, and indices, as mathematics.

    >>> print(set_math(r"$\sigma(w_{12})$ and h_t of 50 %"))
    $\sigma(w_{12})$ and $h_{t}$ of 50 \%
    >>> print(set_math(r"$\input{secret}$"))
    \$\textbackslash{}input\{secret\}\$
    """
    parts, end = [], 0
    for piece in _PIECE.finditer(text):
        formula = _write_formula(piece)
        parts += [latex_text(text[end : piece.start()]), formula]
        end = piece.end()
    return "".join([*parts, latex_text(text[end:])])


def _write_formula(piece: re.Match[str]) -> str:
    if formula := piece["formula"]:
        return f"${formula}$" if _is_formula(formula) else latex_text(piece[0])
    name, index = (_write_name(piece[part]) for part in ("name", "index"))
    return f"${name}{piece['mark']}{{{index}}}$"


def _write_name(name: str) -> str:
    if len(name) == 1 or name.isdigit():
        return latex_text(name).strip("$")
    return rf"\mathrm{{{latex_text(name)}}}"


def _is_formula(text: str) -> bool:
    """Whether LaTeX can set it: known commands, groups, and indices of something."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != "".join(text.split()):
        return False
    tokens.reverse()
    try:
        _read_row(tokens)
    except (IndexError, SyntaxError):
        return False
    return not tokens


def _read_row(tokens: list[str]) -> None:
    """Take symbols, each with its indices, up to the end of the group."""
    while tokens and tokens[-1] != "}":
        _read_symbol(tokens, may_have_operands=True)
        while tokens and tokens[-1] == "'":
            tokens.pop()
        seen = set()
        while tokens and tokens[-1] in ("_", "^"):
            mark = tokens.pop()
            if mark in seen:
                raise SyntaxError("a second index")
            seen.add(mark)
            _read_symbol(tokens, may_have_operands=False)


def _read_symbol(tokens: list[str], *, may_have_operands: bool) -> None:
    token = tokens.pop()
    command = token[1:]
    if token == "{":
        _read_row(tokens)
        if tokens.pop() != "}":
            raise SyntaxError("a group without its end")
    elif token in ("_", "^", "'", "}"):
        raise SyntaxError("an index of nothing")
    elif command in _OPERANDS and may_have_operands:
        for _ in range(_OPERANDS[command]):
            _read_symbol(tokens, may_have_operands=False)
    elif len(token) > 1 and command not in _SYMBOLS | {",", ";", "!"}:
        raise SyntaxError("an unknown command")
