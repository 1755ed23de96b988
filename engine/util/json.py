"""Strict JSON, which has no numbers for nan and the infinities: they become strings."""

from __future__ import annotations

import json
import math
from dataclasses import fields, is_dataclass
from typing import Any

from engine.util.nested import flatten_once, unflatten

__all__ = ["json_text", "plain"]


def json_text(data: Any, *, indent: int | None = None) -> str:
    """The JSON of nested data, on one line without spaces or indented.

    >>> json_text({"x": [1.5, float("-inf")], "y": (float("nan"), None)})
    '{"x":[1.5,"-inf"],"y":["nan",null]}'
    """
    separators = (",", ":") if indent is None else None
    return json.dumps(
        plain(data),
        ensure_ascii=False,
        allow_nan=False,
        indent=indent,
        separators=separators,
    )


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
