"""A flow inside another one: its effects pass through, and are looked at on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from resp_core.effects import Answer, Effect

__all__ = ["relay"]


def relay(
    flow: Generator[Effect, Answer, None],
    passed: Callable[[Effect], Generator[Effect, Answer, Effect | None]],
) -> Generator[Effect, Answer, None]:
    """Run `flow`; `passed` may have effects of its own, and gives what is performed in place of
    each effect of the flow (None: nothing). What it raises ends the flow.
    """
    try:
        effect = flow.send(None)
        while True:
            instead = yield from passed(effect)
            answer: Answer = None
            if instead is not None:
                try:
                    answer = yield instead
                except Exception as error:
                    effect = flow.throw(error)
                    continue
            effect = flow.send(answer)
    except StopIteration:
        return
    finally:
        flow.close()
