"""An event loop for code that makes itself one where the main thread has none."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["own_loop"]


@contextmanager
def own_loop() -> Iterator[None]:
    """A loop set for this thread, closed at the end; then the one from before is set again.

    pytest-asyncio makes and sets one as well, which nobody closes: it has to stay reachable.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            before = asyncio.get_event_loop_policy().get_event_loop()
        except RuntimeError:
            before = None
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(before)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
