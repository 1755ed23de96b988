"""One page of HTML that needs nothing else: scripts, styles and data inside.

What a person wrote is data: it is in one block of JSON, which no browser executes, and
the page's policy lets nothing run but its own script, known by its hash.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from functools import lru_cache
from importlib.resources import files
from string import Template
from typing import Any

from engine.util.json import json_text
from viz.style.theme import Theme

SCRIPTS = (
    "page/dom", "graph/numbers", "graph/sentence", "graph/tape", "graph/film",
    "graph/words", "picture/compose", "picture/paint", "picture/figure", "picture/fill",
    "picture/sight", "picture/draw", "picture/light", "picture/camera",
    "panel/details", "panel/leaves", "panel/find", "panel/steps", "panel/player",
    "page/link", "page/export", "page/keys", "page/main",
)  # fmt: skip
"""The modules of the page, each after those that it imports."""


def write_page(
    title: str,
    data: dict[str, Any],
    rows: str,
    themes: dict[str, Theme],
    *,
    headed: bool = True,
) -> str:
    """The page.

    Args:
        data: what it shows, as JSON; numbers may be infinite or nan.
        rows: an expression of JavaScript that computes the graph's operations.
        themes: the colours in the light and in the dark.
        headed: whether the title is seen on the page as well.
    """
    style = _write_colors(themes) + _read("explorer.css")
    script = (
        f'"use strict";\n(() => {{\nconst ROWS = {rows};\n{_join_scripts()}}})();\n'
    )
    return Template(_read("explorer.html")).substitute(
        title=html.escape(title),
        heading="" if headed else ' class="unseen"',
        policy=(
            f"default-src 'none'; script-src '{_hash(script)}'; "
            f"style-src '{_hash(style)}'; img-src blob: data:; "
            "base-uri 'none'; form-action 'none'"
        ),
        style=style,
        data=json_text(data).translate(_ESCAPES),
        script=script,
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}
"""In JSON that is escaped with these no tag can begin or end."""


def _write_colors(themes: dict[str, Theme]) -> str:
    """The themes as custom properties: by the system's wish, or by the switch."""
    light, dark = (_write_properties(themes[name]) for name in ("light", "dark"))
    return (
        f":root {{ color-scheme: light; {light} }}\n"
        "@media (prefers-color-scheme: dark) "
        f"{{ :root:not([data-theme=light]) {{ color-scheme: dark; {dark} }} }}\n"
        f":root[data-theme=dark] {{ color-scheme: dark; {dark} }}\n"
    )


def _write_properties(theme: Theme) -> str:
    made = []
    for name in theme.__slots__[1:]:
        given = getattr(theme, name)
        role = name.replace("_", "-")
        if isinstance(given, str):
            made.append(f"--{role}: {given};")
        else:
            made += [f"--{role}-fill: {given[0]};", f"--{role}-line: {given[1]};"]
    return " ".join(made)


@lru_cache(maxsize=1)
def _join_scripts() -> str:
    """The modules in one: each sees what was there before, so imports are left out."""
    parts = [_read(f"{name}.js") for name in SCRIPTS]
    text = re.sub(r"(?ms)^import .*?;\n", "", "\n".join(parts))
    return re.sub(r"(?m)^export ", "", text)


def _read(name: str) -> str:
    return (files("viz.page") / "web" / name).read_text(encoding="utf-8")
