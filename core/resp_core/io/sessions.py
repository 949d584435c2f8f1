"""Opened client sessions of the `mcp` package, 1.x or 2.x, and clients of 2.x: for servers over
stdio and the like.

A session belongs to the event loop that opened it. `OpenSession` remembers that loop, so that
threads can hand their requests to it.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, cast

from resp_core.errors import APIConnectionError, APITimeoutError, ArgumentError

if TYPE_CHECKING:
    from resp_core.effects import Ask
    from resp_core.types.json import JsonObject

__all__ = ["OpenSession", "ask_from_thread", "ask_in_loop"]


class OpenSession:
    """A session, and the loop and thread it lives on. Make it where the session was opened."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.loop = _running()
        self.thread = threading.get_ident()
        if self.loop is None:
            raise ArgumentError(
                "An mcp session must be handed over inside the event loop that opened it.",
                param="session",
            )

    def __repr__(self) -> str:
        return f"OpenSession({type(self.session).__name__})"


def ask_from_thread(ask: Ask, waiting: frozenset[int]) -> JsonObject:
    """Ask from synchronous code: the session's loop runs in another thread.

    `waiting` are the threads that wait for the answer. Raises ArgumentError where the loop's own
    thread is one of them.
    """
    opened = ask.session
    if not isinstance(opened, OpenSession):
        raise ArgumentError(
            "Synchronous code needs to know the loop of an mcp session: make the tool with "
            "mcp_tool(session, server_label=...) inside that loop.",
            param="session",
        )
    loop = cast("asyncio.AbstractEventLoop", opened.loop)
    if not loop.is_running():
        raise ArgumentError(
            "The event loop of the mcp session does not run any more.", param="session"
        )
    if opened.thread in waiting:
        raise ArgumentError(
            "This call blocks the event loop that the mcp session lives on, so it would wait "
            "for itself: use the async client here, or call from another thread.",
            param="session",
        )
    future = asyncio.run_coroutine_threadsafe(_request(opened.session, ask), loop)
    try:
        return future.result(ask.seconds)
    except TimeoutError as error:
        future.cancel()
        raise _late(ask) from error
    except Exception as error:
        raise _failed(error) from error


async def ask_in_loop(ask: Ask) -> JsonObject:
    """Ask from a coroutine, on the session's own loop or on another one."""
    opened = ask.session
    session = opened.session if isinstance(opened, OpenSession) else opened
    loop = opened.loop if isinstance(opened, OpenSession) else _running()
    try:
        async with asyncio.timeout(ask.seconds):
            if loop is None or loop is _running():
                return await _request(session, ask)
            if not loop.is_running():
                raise ArgumentError(
                    "The event loop of the mcp session does not run any more.", param="session"
                )
            return await asyncio.wrap_future(
                asyncio.run_coroutine_threadsafe(_request(session, ask), loop)
            )
    except TimeoutError as error:
        raise _late(ask) from error
    except ArgumentError:
        raise
    except Exception as error:
        raise _failed(error) from error


async def _request(session: Any, ask: Ask) -> JsonObject:
    if ask.method == "list_tools":
        (cursor,) = ask.arguments
        listed = getattr(session, "session", session)  # of a Client of mcp 2.x, which keeps lists
        result = await (listed.list_tools() if cursor is None else _page(listed, cursor))
    else:
        name, arguments = ask.arguments
        result = await session.call_tool(name, arguments)
    return result.model_dump(mode="json", by_alias=True, exclude_none=True)


def _page(session: Any, cursor: str) -> Any:
    try:
        from mcp.types import PaginatedRequestParams  # pyright: ignore
    except ImportError:
        return session.list_tools(cursor)
    return session.list_tools(params=PaginatedRequestParams(cursor=cursor))  # pyright: ignore


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _late(ask: Ask) -> APITimeoutError:
    return APITimeoutError(
        f"The mcp session did not answer {ask.method} within {ask.seconds:g} s (mcp_timeout=).",
        kind="total",
        seconds=ask.seconds,
    )


def _failed(error: Exception) -> APIConnectionError:
    return APIConnectionError(f"The mcp session failed: {type(error).__name__}: {error}")
