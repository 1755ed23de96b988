"""Ctrl-C at a good moment: between two steps, and not in the middle of one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["delay_interrupts"]


@contextmanager
def delay_interrupts() -> Iterator[Callable[[], None]]:
    """Let the first Ctrl-C in the block wait for a call of what this gives.

    A step of an optimizer is then whole or has not begun. Who cannot wait presses
    Ctrl-C again. Where somebody else takes care of the signal nothing is changed.

    >>> with delay_interrupts() as pause:
    ...     for _ in range(3):
    ...         pass  # work that is not to be left half done
    ...         pause()
    """
    came = False

    def wait(number: int, frame: Any) -> None:
        nonlocal came
        if came:
            raise KeyboardInterrupt
        came = True

    def pause() -> None:
        if came:
            raise KeyboardInterrupt

    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield pause
        return
    signal.signal(signal.SIGINT, wait)
    try:
        yield pause
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
