"""Numbers in files: JSON that is checked before any number of it is used."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from engine.errors import ModelFileError
from engine.util.files import write_file
from engine.util.json import plain
from engine.util.numbers import is_number

VERSION = 1
_SHOWN = 5


def write(path: str | PathLike[str], kind: str, body: Any, about: str) -> None:
    """Write a document of a kind, "model" or "checkpoint", with a checksum."""
    body = plain(body)
    document = {
        "format": f"dotgrad {kind}",
        "version": VERSION,
        "about": about,
        "checksum": _compute_checksum(body),
        kind: body,
    }
    text = json.dumps(document, indent=1, allow_nan=False) + "\n"
    write_file(Path(fspath(path)), text.encode())


def read(
    path: str | PathLike[str], kind: str, fields: tuple[str, ...]
) -> dict[str, Any]:
    """What `write` wrote, which must have these fields.

    Raises:
        OSError: the file cannot be read.
        ModelFileError: it is not such a document, or damaged.
    """
    try:
        document = json.loads(Path(fspath(path)).read_bytes())
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"this is not JSON, or damaged: {error}") from None
    if not isinstance(document, dict) or document.get("format") != f"dotgrad {kind}":
        raise ModelFileError(f"this is not a file that dotgrad wrote for a {kind}")
    if document.get("version") != VERSION:
        raise ModelFileError(
            f"this is version {document.get('version')!r} of the format; "
            f"this dotgrad reads version {VERSION}"
        )
    if kind not in document or document.get("checksum") != _compute_checksum(
        document[kind]
    ):
        raise ModelFileError("the file is damaged: its checksum is wrong")
    body = document[kind]
    if not isinstance(body, dict) or any(field not in body for field in fields):
        raise ModelFileError(f"the file is damaged: it wants {', '.join(fields)}")
    return body


@contextmanager
def name_file(path: str | PathLike[str]) -> Iterator[None]:
    """Put the name of the file into errors about what is in it."""
    try:
        yield
    except ModelFileError as error:
        raise ModelFileError(f"{fspath(path)}: {error}") from None


def match_numbers(
    state: Mapping[str, Any], names: Mapping[str, Any]
) -> dict[str, float]:
    """The numbers of `state`, which must have these names and no others."""
    if not isinstance(state, Mapping):
        raise ModelFileError(f"a state is a dict of numbers by name, not {state!r:.80}")
    missing = [name for name in names if name not in state]
    unknown = [name for name in state if name not in names]
    if missing or unknown:
        complaints = [_list_few("the state lacks {}", missing)] if missing else []
        if unknown:
            complaints.append(_list_few("the model has no {}", unknown))
        raise ModelFileError(
            f"{'; '.join(complaints)}: build the model it was saved of"
        )
    return {name: read_number(name, state[name]) for name in names}


def _list_few(text: str, names: list[str]) -> str:
    more = len(names) - _SHOWN
    listed = ", ".join(map(str, names[:_SHOWN]))
    return text.format(listed + (f" and {more} more" if more > 0 else ""))


def read_number(name: str, x: Any) -> float:
    """The number that stands in a file under this name.

    Raises:
        ModelFileError: it is something else.
    """
    named = isinstance(x, str) and x in ("nan", "inf", "-inf")
    if named or (is_number(x) and not isinstance(x, bool)):
        with suppress(OverflowError):  # an int that no float can hold
            return float(x)
    raise ModelFileError(f"{name} is {x!r:.80}, not a number that a float can be")


def _compute_checksum(body: Any) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()
