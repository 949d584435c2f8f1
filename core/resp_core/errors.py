"""Every error this package raises, one tree.

RespError
├── ArgumentError (ValueError)          your call is wrong; nothing was sent
│   ├── UnsupportedError                this target cannot express what was asked
│   ├── UnknownProviderError            the model string names no provider
│   ├── CredentialError                 a key, token or endpoint is missing or malformed
│   ├── ConfigError                     a configuration file or variable is wrong
│   ├── AmbiguousOriginError            which server holds this id cannot be told
│   └── ApprovalError                   a decision on an MCP call that cannot be believed
│       ├── ApprovalUnknown             no such request is known here, or it is too old
│       ├── ApprovalReplayed            the request was decided before
│       └── ApprovalMismatch            the decision is for another scope, response or call
├── BudgetExceeded                      a budget has no room for the call; nothing was sent
│   └── PriceUnknown                    a budget applies and the price is not known
├── StoreError                          the store of a budget is away; nothing was sent
├── LedgerError                         a strict ledger cannot be written; nothing was sent
└── APIError                            the call was sent, or could have been
    ├── APIConnectionError              no answer: refused, DNS, TLS, reset
    │   ├── APITimeoutError             the deadline, connect or idle limit passed
    │   ├── RedirectError               the server pointed elsewhere; not followed
    │   └── StreamInterrupted           the connection died inside a stream
    ├── APIStatusError                  the server answered with a status of 400 or more
    │   ├── BadRequestError             400
    │   │   ├── ContextWindowExceededError
    │   │   └── ContentFilterError
    │   ├── AuthenticationError         401
    │   ├── PermissionDeniedError       403
    │   ├── NotFoundError               404
    │   ├── ConflictError               409
    │   ├── RequestTooLargeError        413
    │   ├── UnprocessableEntityError    422
    │   ├── RateLimitError              429
    │   │   └── QuotaError              429 that waiting does not cure
    │   └── InternalServerError         5xx
    │       └── OverloadedError         503, 529
    ├── ProtocolError                   the answer is not what the wire format allows
    │   ├── StreamIncomplete            a stream ended without its terminal event
    │   └── LimitError                  an answer larger than the set caps
    ├── ResponseFailedError             `response.failed`, or an `error` event in a stream
    ├── ResponseCancelledError          the response was cancelled on the server
    ├── McpError                        an MCP server could not be used
    │   ├── McpConnectionError          it does not answer
    │   ├── McpTimeout                  it answers too late
    │   └── McpIntegrityError           a call ran that nobody approved, or not as approved
    └── RefusalError                    the model declined, and the caller asked for data

The names are those of the OpenAI SDK where the meaning is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal

    from resp_core.types.json import JsonObject

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIStatusError",
    "APITimeoutError",
    "AmbiguousOriginError",
    "ApprovalError",
    "ApprovalMismatch",
    "ApprovalReplayed",
    "ApprovalUnknown",
    "ArgumentError",
    "AuthenticationError",
    "BadRequestError",
    "BudgetExceeded",
    "ConfigError",
    "ConflictError",
    "ContentFilterError",
    "ContextWindowExceededError",
    "CredentialError",
    "InternalServerError",
    "LedgerError",
    "LimitError",
    "McpConnectionError",
    "McpError",
    "McpIntegrityError",
    "McpTimeout",
    "NotFoundError",
    "OverloadedError",
    "PermissionDeniedError",
    "PriceUnknown",
    "ProtocolError",
    "QuotaError",
    "RateLimitError",
    "RedirectError",
    "RefusalError",
    "RequestTooLargeError",
    "RespError",
    "ResponseCancelledError",
    "ResponseFailedError",
    "StoreError",
    "StreamIncomplete",
    "StreamInterrupted",
    "UnknownProviderError",
    "UnprocessableEntityError",
    "UnsupportedError",
]


class RespError(Exception):
    """Base of every error of this package. `str(error)` is redacted and one paragraph long."""

    message: str
    #: True where the same call may succeed later, or at another deployment.
    is_retryable: bool = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ArgumentError(RespError, ValueError):
    """A bad argument, found before anything was sent. `param` names it."""

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.__dict__)


class UnsupportedError(ArgumentError):
    """The target cannot express `param`; see `on_unsupported` to drop it knowingly."""


class UnknownProviderError(ArgumentError):
    """The model string names no provider. The text lists candidates."""


class CredentialError(ArgumentError):
    """A key, token or endpoint is missing or malformed. The text names the variable to set."""


class ConfigError(ArgumentError):
    """A configuration file or environment variable holds something that cannot be used."""


class AmbiguousOriginError(ArgumentError):
    """An id was given, but not which server holds it: `model=`, `provider=` or `base_url=`."""


class ApprovalError(ArgumentError):
    """A decision that cannot be believed; nothing was sent. `approval_request_id` names it."""

    def __init__(self, message: str, *, approval_request_id: str | None = None) -> None:
        super().__init__(message, param="approval_request_id")
        self.approval_request_id = approval_request_id


class ApprovalUnknown(ApprovalError):
    """No such request is known to this state store, or it is too old."""


class ApprovalReplayed(ApprovalError):
    """The request was decided before."""


class ApprovalMismatch(ApprovalError):
    """The decision is for another scope, response, server, tool or arguments."""


class BudgetExceeded(RespError):
    """A budget has no room for the call. Nothing was sent.

    `limit`, `left` and `needed` are US dollars; `resets_at` is None where it never does.
    """

    def __init__(
        self,
        message: str,
        *,
        budget: str = "",
        limit: Decimal | None = None,
        left: Decimal | None = None,
        needed: Decimal | None = None,
        resets_at: datetime | None = None,
    ) -> None:
        super().__init__(message)
        self.budget = budget
        self.limit = limit
        self.left = left
        self.needed = needed
        self.resets_at = resets_at


class PriceUnknown(BudgetExceeded):
    """A budget applies, and what the call would cost is not known. Nothing was sent."""


class StoreError(RespError):
    """A shared store that a budget needs cannot be reached. Nothing was sent."""

    is_retryable = True


class LedgerError(RespError):
    """A strict ledger cannot be written, so no call is begun. Nothing was sent."""

    is_retryable = True


class APIError(RespError):
    """The call was sent, or was about to be.

    `attempts` counts the requests made (>= 0), `partial` is the response as far as it came
    (a Responses object with `status: "incomplete"`, or a Chat completion), or None.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        provider: str | None = None,
        model: str | None = None,
        request_id: str | None = None,
        body: Any = None,
        partial: JsonObject | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.param = param
        self.provider = provider
        self.model = model
        self.request_id = request_id
        self.body = body
        self.partial = partial
        self.attempts = 0

    @property
    def type(self) -> str | None:
        """The server's word for the kind, such as "invalid_request_error", where it gave one."""
        body = _object(self.body)
        kind = _object(body.get("error", body)).get("type")
        return kind if isinstance(kind, str) else None

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.__dict__)


class APIConnectionError(APIError):
    """No answer came: the text names host and reason."""

    is_retryable = True


class APITimeoutError(APIConnectionError):
    """A time limit passed. `kind` is "total", "connect" or "idle"; `seconds` the limit."""

    def __init__(
        self, message: str, *, kind: str = "total", seconds: float | None = None, **fields: Any
    ) -> None:
        super().__init__(message, **fields)
        self.kind = kind
        self.seconds = seconds


class RedirectError(APIConnectionError):
    """The server answered with a redirect. It was not followed and nothing was sent there."""

    is_retryable = False


class StreamInterrupted(APIConnectionError):
    """The connection died inside a stream; `partial` holds what came before.

    `code` is "closed" where it was closed here, from another thread or task.
    """

    is_retryable = False


class APIStatusError(APIError):
    """A status of 400 or more. `retry_after` is in seconds, as the server asked, or None."""

    def __init__(
        self,
        message: str,
        *,
        status_code: int,
        headers: Mapping[str, str] | None = None,
        retry_after: float | None = None,
        **fields: Any,
    ) -> None:
        super().__init__(message, **fields)
        self.status_code = status_code
        self.headers = dict(headers or {})
        self.retry_after = retry_after


class BadRequestError(APIStatusError):
    """400."""


class ContextWindowExceededError(BadRequestError):
    """The input is longer than the model's context window."""


class ContentFilterError(BadRequestError):
    """Blocked by a content filter. `filters` holds the provider's categories, or None."""

    filters: Any = None


class AuthenticationError(APIStatusError):
    """401."""


class PermissionDeniedError(APIStatusError):
    """403."""


class NotFoundError(APIStatusError):
    """404. On Azure the text names the URL that was tried."""


class ConflictError(APIStatusError):
    """409."""

    is_retryable = True


class RequestTooLargeError(APIStatusError):
    """413."""


class UnprocessableEntityError(APIStatusError):
    """422."""


class RateLimitError(APIStatusError):
    """429."""

    is_retryable = True


class QuotaError(RateLimitError):
    """429 because money or quota ran out: waiting does not help, another deployment may."""

    is_retryable = False


class InternalServerError(APIStatusError):
    """5xx."""

    is_retryable = True


class OverloadedError(InternalServerError):
    """503 or 529: the server is overloaded."""


class ProtocolError(APIError):
    """The server's answer breaks its own format."""

    is_retryable = True


class StreamIncomplete(ProtocolError):
    """A stream ended without its terminal event; `partial` holds what came before."""

    is_retryable = False


class LimitError(ProtocolError):
    """The answer is larger than the caps allow."""

    is_retryable = False


class ResponseFailedError(APIError):
    """The server reported a failure inside a response: `code` and the text are the server's."""

    is_retryable = True


class ResponseCancelledError(APIError):
    """The response was cancelled on the server."""


class McpError(APIError):
    """An MCP server could not be used; `server_label` names it."""

    def __init__(self, message: str, *, server_label: str | None = None, **fields: Any) -> None:
        super().__init__(message, **fields)
        self.server_label = server_label


class McpConnectionError(McpError):
    """The MCP server does not answer, or not in its protocol."""


class McpTimeout(McpError):
    """The MCP server answers too late."""


class McpIntegrityError(McpError):
    """A call ran that nobody approved, or not as approved; `approved` and `ran` tell both."""

    def __init__(
        self,
        message: str,
        *,
        approved: Mapping[str, Any] | None = None,
        ran: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        super().__init__(message, **fields)
        self.approved = approved
        self.ran = ran


class RefusalError(APIError):
    """The model declined. `refusal` is its text."""

    def __init__(self, message: str, *, refusal: str = "", **fields: Any) -> None:
        super().__init__(message, **fields)
        self.refusal = refusal


def _rebuild(cls: type[RespError], fields: dict[str, Any]) -> RespError:
    """Unpickle: constructors take keywords, which `Exception.__reduce__` would lose."""
    error = cls.__new__(cls)
    Exception.__init__(error, fields.get("message", ""))
    error.__dict__.update(fields)
    return error


def _object(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}
