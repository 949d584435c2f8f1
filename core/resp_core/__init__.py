"""Any model provider through OpenAI's Responses or Chat API: fast, honest, complete.

from resp_core import Client

client = Client("offline/demo")
print(client.responses.create(input="Hello").output_text)
"""

from __future__ import annotations

from resp_core.auth.source import Secret
from resp_core.client import AsyncClient, Client
from resp_core.client.default import (
    acancel_responses,
    acompletion,
    adelete_responses,
    aembedding,
    aget_responses,
    aresponses,
    cancel_responses,
    completion,
    configure,
    delete_responses,
    embedding,
    get_responses,
    responses,
)
from resp_core.client.obj import Obj, Result
from resp_core.client.stream import AsyncEventStream, EventStream
from resp_core.credentials import load_env
from resp_core.errors import (
    AmbiguousOriginError,
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    ArgumentError,
    AuthenticationError,
    BadRequestError,
    ConfigError,
    ConflictError,
    ContentFilterError,
    ContextWindowExceededError,
    CredentialError,
    InternalServerError,
    LimitError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProtocolError,
    QuotaError,
    RateLimitError,
    RedirectError,
    RefusalError,
    RequestTooLargeError,
    RespError,
    ResponseCancelledError,
    ResponseFailedError,
    StreamIncomplete,
    StreamInterrupted,
    UnknownProviderError,
    UnprocessableEntityError,
    UnsupportedError,
)
from resp_core.observe.hooks import Hook
from resp_core.observe.record import Attempt, CallRecord
from resp_core.route.deployment import Connection
from resp_core.types.request import Request

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIStatusError",
    "APITimeoutError",
    "AmbiguousOriginError",
    "ArgumentError",
    "AsyncClient",
    "AsyncEventStream",
    "Attempt",
    "AuthenticationError",
    "BadRequestError",
    "CallRecord",
    "Client",
    "ConfigError",
    "ConflictError",
    "Connection",
    "ContentFilterError",
    "ContextWindowExceededError",
    "CredentialError",
    "EventStream",
    "Hook",
    "InternalServerError",
    "LimitError",
    "NotFoundError",
    "Obj",
    "OverloadedError",
    "PermissionDeniedError",
    "ProtocolError",
    "QuotaError",
    "RateLimitError",
    "RedirectError",
    "RefusalError",
    "Request",
    "RequestTooLargeError",
    "RespError",
    "ResponseCancelledError",
    "ResponseFailedError",
    "Result",
    "Secret",
    "StreamIncomplete",
    "StreamInterrupted",
    "UnknownProviderError",
    "UnprocessableEntityError",
    "UnsupportedError",
    "acancel_responses",
    "acompletion",
    "adelete_responses",
    "aembedding",
    "aget_responses",
    "aresponses",
    "cancel_responses",
    "completion",
    "configure",
    "delete_responses",
    "embedding",
    "get_responses",
    "load_env",
    "responses",
]
