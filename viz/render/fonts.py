"""Which characters the fonts of the bundled renderer have.

Measured by drawing every character below U+3000 and comparing with the box that
stands for a missing one.
"""

_HAS = """
0020-052F 05BE-05F4 1D00-20BE 2100-214F 2153-2154 215B-215E 2184 2190-2195 219A-219B
21A8 21AE 2202 2206 220F 2211-2212 2215 2219-221A 221E-221F 2229 222B 2248-2249
2260-2262 2264-2265 226E-2271 2302 2310 2320-2321 2500 2502 250C 2510 2514 2518 251C
2524 252C 2534 253C 2550-256C 2580 2584 2588 258C 2590-2593 25A0-25A1 25AA-25AC 25B2
25BA 25BC 25C4 25CA-25CC 25CF 25D8-25D9 25E6 263A-263C 2640 2642 2660 2663 2665-2666
266A-266B 266F 2C60-2C7F 2E00-2E42
"""
_RANGES = [
    (int(low, 16), int(high or low, 16))
    for low, _, high in (part.partition("-") for part in _HAS.split())
]


def find_missing_characters(text: str) -> str:
    """The characters of `text`, each once, that the bundled fonts cannot draw.

    >>> find_missing_characters("∇f = りんご θ₁")
    '∇りんご'
    """
    return "".join(
        c
        for c in dict.fromkeys(text)
        if not c.isspace() and not any(a <= ord(c) <= b for a, b in _RANGES)
    )
