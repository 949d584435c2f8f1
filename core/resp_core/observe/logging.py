"""One line per call in the log `resp_core.calls`: numbers and names, no content."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resp_core.observe.record import CallRecord

__all__ = ["CALLS", "line_of", "log_call"]

#: INFO for calls that ended well, WARNING for failed ones.
CALLS = logging.getLogger("resp_core.calls")
# Without any logging set up, a failed call is told by its error alone.
CALLS.addHandler(logging.NullHandler())


def log_call(record: CallRecord) -> None:
    """Write the line of a call, if anybody listens."""
    level = logging.WARNING if record.status == "failed" else logging.INFO
    if CALLS.isEnabledFor(level):
        CALLS.log(level, "%s", line_of(record))


def line_of(record: CallRecord) -> str:
    """The line: `key=value` pairs, values with blanks in quotes."""
    usage = record.usage or {}
    pairs: list[tuple[str, object]] = [
        ("operation", record.operation),
        ("model", f"{record.provider}/{record.model or record.deployment}"),
        ("api", record.api),
        ("status", record.status),
        ("seconds", f"{record.seconds:.3f}"),
        ("first_token", None if record.first_token is None else f"{record.first_token:.3f}"),
        ("attempts", len(record.attempts)),
        ("in", usage.get("input_tokens", usage.get("prompt_tokens"))),
        ("out", usage.get("output_tokens", usage.get("completion_tokens"))),
        ("tier", record.service_tier),
        ("request_id", record.request_id),
        ("user", record.user or record.safety_identifier),
        ("tags", ",".join(record.tags) or None),
        ("error", record.error),
        ("cost", record.cost),
    ]
    return " ".join(f"{name}={_quoted(value)}" for name, value in pairs if value is not None)


def _quoted(value: object) -> str:
    text = str(value)
    return text if text.isprintable() and " " not in text and '"' not in text else repr(text)
