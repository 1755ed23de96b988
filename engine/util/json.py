"""Strict JSON, which has no numbers for nan and the infinities: they become strings."""

from __future__ import annotations

import json
import math
from dataclasses import fields, is_dataclass
from typing import Any

from engine.text import CONTROLS
from engine.util.nested import flatten_once, unflatten

__all__ = ["json_text", "plain"]


def json_text(data: Any, *, indent: int | None = None, only_ascii: bool = False) -> str:
    """The JSON of nested data, on one line without spaces or indented.

    Control characters are written out, as JSON allows, so that a terminal may show it.

    >>> json_text({"x": [1.5, float("-inf")], "y": (float("nan"), None)})
    '{"x":[1.5,"-inf"],"y":["nan",null]}'
    """
    separators = (",", ":") if indent is None else None
    text = json.dumps(
        plain(data),
        ensure_ascii=only_ascii,
        allow_nan=False,
        indent=indent,
        separators=separators,
    )
    return CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def plain(data: Any) -> Any:
    """The data without what JSON cannot hold; a dataclass becomes a list of its fields.

    >>> plain({"x": float("inf"), "y": [0.5]})
    {'x': 'inf', 'y': [0.5]}
    """
    if isinstance(data, float) and not math.isfinite(data):
        return str(data)
    if is_dataclass(data) and not isinstance(data, type):
        return [plain(getattr(data, field.name)) for field in fields(data)]
    opened = flatten_once(data)
    if opened is None:
        return data
    structure, items = opened
    return unflatten(structure, map(plain, items))
