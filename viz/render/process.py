"""Running a program that is not believed: bounded in time and output, nothing left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import IO, NamedTuple

_CHUNK = 1 << 16
_ERRORS_KEPT = 1 << 16
_PATIENCE = 1.0
"""Seconds for the streams of a program to end after it was killed."""


class Finished(NamedTuple):
    """How a program ended, and what it wrote."""

    status: int
    output: bytes
    errors: bytes


class TooMuchOutputError(Exception):
    """A program wrote more than it may."""


def run_bounded(
    command: Sequence[str], text: bytes, *, seconds: float, limit: int
) -> Finished:
    """Run a program with `text` as its input.

    Where it is cut off, by the time, by its output or by Ctrl-C, all processes that it
    has started end with it.

    Args:
        seconds: the time that it may take.
        limit: the bytes that it may write; of its errors 64 KiB are kept.

    Raises:
        subprocess.TimeoutExpired: it took longer.
        TooMuchOutputError: it wrote more.
        OSError: it cannot be run.
    """
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
    ) as child:
        streams: list[threading.Thread] = []
        try:
            return _converse(child, text, streams, seconds, limit)
        except BaseException:
            _kill(child)
            for stream in streams:
                stream.join(_PATIENCE)
            raise


class _Writer(threading.Thread):
    """Writes the input, which a program need not read to its end."""

    def __init__(self, stream: IO[bytes], text: bytes) -> None:
        super().__init__(daemon=True)
        self.stream, self.text = stream, text
        self.start()

    def run(self) -> None:
        with contextlib.suppress(OSError), self.stream:
            self.stream.write(self.text)


class _Reader(threading.Thread):
    """Reads a stream and keeps its beginning; with `full` no more of it is read."""

    def __init__(self, stream: IO[bytes], limit: int, *, full: bool = False) -> None:
        super().__init__(daemon=True)
        self.stream, self.limit, self.full = stream, limit, full
        self.kept = bytearray()
        self.overflows = False
        self.start()

    def run(self) -> None:
        with contextlib.suppress(OSError, ValueError), self.stream:
            while part := os.read(self.stream.fileno(), _CHUNK):
                room = self.limit - len(self.kept)
                self.kept += part[:room]
                self.overflows |= len(part) > room
                if self.overflows and self.full:
                    return


def _converse(
    child: subprocess.Popen[bytes], text: bytes, streams: list[threading.Thread],
    seconds: float, limit: int,
) -> Finished:  # fmt: skip
    """Write the input and read both outputs at the same time, to their ends."""
    end = time.monotonic() + seconds
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    output = _Reader(child.stdout, limit, full=True)
    errors = _Reader(child.stderr, _ERRORS_KEPT)
    streams += (output, errors, _Writer(child.stdin, text))
    for stream in streams:
        stream.join(max(0.0, end - time.monotonic()))
        if stream.is_alive():
            raise subprocess.TimeoutExpired(child.args, seconds)
        if output.overflows:
            raise TooMuchOutputError
    status = child.wait(max(0.0, end - time.monotonic()))
    return Finished(status, bytes(output.kept), bytes(errors.kept))


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End it and, where the system knows groups of processes, all that it started."""
    if child.returncode is not None:  # its number may be another's by now
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
