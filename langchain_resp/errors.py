"""Our errors as LangChain's: each class is both, so either `except` catches it.

`is_retryable` is ours throughout; fallback and retry middlewares of LangChain read it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from langchain_core import exceptions as lc

from resp_core import errors as core

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    "ErrorResponse",
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
    "ResponseCancelledError",
    "ResponseFailedError",
    "StoreError",
    "StreamIncomplete",
    "StreamInterrupted",
    "UnknownProviderError",
    "UnprocessableEntityError",
    "UnsupportedError",
    "as_langchain",
    "langchain_errors",
    "refusal_error",
]

#: langchain-core 1.8 has ModelRefusalError; before that its nearest relative is the base.
_Refusal: type[lc.ModelError] = getattr(lc, "ModelRefusalError", lc.ModelError)


class ErrorResponse:
    """The HTTP answer behind an error, as langchain-core's tracing reads it."""

    def __init__(self, status_code: int, headers: Mapping[str, str], body: Any) -> None:
        self.status_code = status_code
        self.headers = dict(headers)
        self._body = body

    def json(self) -> Any:
        """The body, parsed; None where there was none."""
        return self._body


class ArgumentError(core.ArgumentError, lc.ModelInvalidRequestError):
    """See `resp_core.errors.ArgumentError`."""


class UnsupportedError(core.UnsupportedError, ArgumentError):
    """See `resp_core.errors.UnsupportedError`."""


class UnknownProviderError(core.UnknownProviderError, ArgumentError):
    """See `resp_core.errors.UnknownProviderError`."""


class CredentialError(core.CredentialError, ArgumentError, lc.ModelAuthenticationError):
    """See `resp_core.errors.CredentialError`."""


class ConfigError(core.ConfigError, ArgumentError):
    """See `resp_core.errors.ConfigError`."""


class AmbiguousOriginError(core.AmbiguousOriginError, ArgumentError):
    """See `resp_core.errors.AmbiguousOriginError`."""


class ApprovalError(core.ApprovalError, ArgumentError):
    """See `resp_core.errors.ApprovalError`."""


class ApprovalUnknown(core.ApprovalUnknown, ApprovalError):
    """See `resp_core.errors.ApprovalUnknown`."""


class ApprovalReplayed(core.ApprovalReplayed, ApprovalError):
    """See `resp_core.errors.ApprovalReplayed`."""


class ApprovalMismatch(core.ApprovalMismatch, ApprovalError):
    """See `resp_core.errors.ApprovalMismatch`."""


class BudgetExceeded(core.BudgetExceeded, lc.ModelError):
    """See `resp_core.errors.BudgetExceeded`."""


class PriceUnknown(core.PriceUnknown, BudgetExceeded):
    """See `resp_core.errors.PriceUnknown`."""


class StoreError(core.StoreError, lc.ModelError):
    """See `resp_core.errors.StoreError`."""


class LedgerError(core.LedgerError, lc.ModelError):
    """See `resp_core.errors.LedgerError`."""


class APIError(core.APIError, lc.ModelError):
    """See `resp_core.errors.APIError`."""


class APIConnectionError(core.APIConnectionError, APIError, lc.ModelConnectionError):
    """See `resp_core.errors.APIConnectionError`."""


class APITimeoutError(core.APITimeoutError, APIConnectionError, lc.ModelTimeoutError):
    """See `resp_core.errors.APITimeoutError`."""


class RedirectError(core.RedirectError, APIConnectionError):
    """See `resp_core.errors.RedirectError`."""


class StreamInterrupted(core.StreamInterrupted, APIConnectionError):
    """See `resp_core.errors.StreamInterrupted`."""


class APIStatusError(core.APIStatusError, APIError):
    """See `resp_core.errors.APIStatusError`."""

    @property
    def response(self) -> ErrorResponse:
        """Status, headers and body of the answer, as langchain-core's tracing reads them."""
        return ErrorResponse(self.status_code, self.headers, self.body)


class BadRequestError(core.BadRequestError, APIStatusError, lc.ModelInvalidRequestError):
    """See `resp_core.errors.BadRequestError`."""


class ContextWindowExceededError(
    core.ContextWindowExceededError, BadRequestError, lc.ContextOverflowError
):
    """See `resp_core.errors.ContextWindowExceededError`."""


class ContentFilterError(core.ContentFilterError, BadRequestError):
    """See `resp_core.errors.ContentFilterError`."""


class AuthenticationError(core.AuthenticationError, APIStatusError, lc.ModelAuthenticationError):
    """See `resp_core.errors.AuthenticationError`."""


class PermissionDeniedError(
    core.PermissionDeniedError, APIStatusError, lc.ModelPermissionDeniedError
):
    """See `resp_core.errors.PermissionDeniedError`."""


class NotFoundError(core.NotFoundError, APIStatusError, lc.ModelNotFoundError):
    """See `resp_core.errors.NotFoundError`."""


class ConflictError(core.ConflictError, APIStatusError, lc.ModelInvalidRequestError):
    """See `resp_core.errors.ConflictError`."""


class RequestTooLargeError(core.RequestTooLargeError, APIStatusError, lc.ModelInvalidRequestError):
    """See `resp_core.errors.RequestTooLargeError`."""


class UnprocessableEntityError(
    core.UnprocessableEntityError, APIStatusError, lc.ModelInvalidRequestError
):
    """See `resp_core.errors.UnprocessableEntityError`."""


class RateLimitError(core.RateLimitError, APIStatusError, lc.ModelRateLimitError):
    """See `resp_core.errors.RateLimitError`."""


class QuotaError(core.QuotaError, RateLimitError):
    """See `resp_core.errors.QuotaError`."""


class InternalServerError(core.InternalServerError, APIStatusError, lc.ModelAPIError):
    """See `resp_core.errors.InternalServerError`."""


class OverloadedError(core.OverloadedError, InternalServerError):
    """See `resp_core.errors.OverloadedError`."""


class ProtocolError(core.ProtocolError, APIError, lc.ModelAPIError):
    """See `resp_core.errors.ProtocolError`."""


class StreamIncomplete(core.StreamIncomplete, ProtocolError):
    """See `resp_core.errors.StreamIncomplete`."""


class LimitError(core.LimitError, ProtocolError):
    """See `resp_core.errors.LimitError`."""


class ResponseFailedError(core.ResponseFailedError, APIError, lc.ModelAPIError):
    """See `resp_core.errors.ResponseFailedError`."""


class ResponseCancelledError(core.ResponseCancelledError, APIError, lc.ModelAPIError):
    """See `resp_core.errors.ResponseCancelledError`."""


class McpError(core.McpError, APIError, lc.ModelAPIError):
    """See `resp_core.errors.McpError`."""


class McpConnectionError(core.McpConnectionError, McpError):
    """See `resp_core.errors.McpConnectionError`."""


class McpTimeout(core.McpTimeout, McpError):
    """See `resp_core.errors.McpTimeout`."""


class McpIntegrityError(core.McpIntegrityError, McpError):
    """See `resp_core.errors.McpIntegrityError`."""


class RefusalError(core.RefusalError, APIError, _Refusal):  # type: ignore[misc, valid-type]
    """The model declined where data was asked for; LangChain's ModelRefusalError too."""

    #: The message that holds the refusal, or None.
    raw_message: Any = None


def _classes() -> dict[type[core.RespError], type[core.RespError]]:
    """Core class -> the class here that stands for it."""
    found: dict[type[core.RespError], type[core.RespError]] = {}
    for name in __all__:
        made, base = globals().get(name), getattr(core, name, None)
        if isinstance(made, type) and isinstance(base, type) and issubclass(made, base):
            found[base] = cast("type[core.RespError]", made)
    return found


_STANDS_FOR = _classes()


def as_langchain(error: core.RespError) -> core.RespError:
    """The same error under a class that LangChain knows; unchanged if it already is."""
    if isinstance(error, lc.ModelError):
        return error
    for base in type(error).__mro__:
        made = _STANDS_FOR.get(base)
        if made is not None:
            break
    else:
        return error
    twin = made.__new__(made)
    Exception.__init__(twin, *error.args)
    twin.__dict__.update(error.__dict__)
    twin.__cause__ = error.__cause__
    twin.__suppress_context__ = True
    return twin.with_traceback(error.__traceback__)


class langchain_errors:
    """Errors of the core leave this block as LangChain's."""

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if isinstance(error, core.RespError):
            twin = as_langchain(error)
            if twin is not error:
                raise twin from error.__cause__


def refusal_error(text: str, message: Any, partial: JsonObject | None = None) -> RefusalError:
    """The error for an answer that declines."""
    error = RefusalError(f"The model refused: {text}", refusal=text, partial=partial)
    error.raw_message = message
    return error
