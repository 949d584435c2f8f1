"""Any model provider through OpenAI's Responses or Chat API: fast, honest, complete.

from resp_core import Client

client = Client("offline/demo")
print(client.responses.create(input="Hello").output_text)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

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
from resp_core.client.mcp_tool import mcp_tool
from resp_core.client.obj import Obj, Result
from resp_core.client.stream import AsyncEventStream, EventStream
from resp_core.credentials import load_env
from resp_core.errors import (
    AmbiguousOriginError,
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    ApprovalError,
    ApprovalMismatch,
    ApprovalReplayed,
    ApprovalUnknown,
    ArgumentError,
    AuthenticationError,
    BadRequestError,
    BudgetExceeded,
    ConfigError,
    ConflictError,
    ContentFilterError,
    ContextWindowExceededError,
    CredentialError,
    InternalServerError,
    LedgerError,
    LimitError,
    McpConnectionError,
    McpError,
    McpIntegrityError,
    McpTimeout,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    PriceUnknown,
    ProtocolError,
    QuotaError,
    RateLimitError,
    RedirectError,
    RefusalError,
    RequestTooLargeError,
    RespError,
    ResponseCancelledError,
    ResponseFailedError,
    StoreError,
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

if TYPE_CHECKING:
    from resp_core.client.costs import BatchCost, Cost, cost_of, cost_of_batch, usage_of
    from resp_core.client.estimates import Estimate
    from resp_core.client.tracking import CostTracker, track_costs
    from resp_core.cost.bill import Part, Unpriced
    from resp_core.cost.budget import Budget, Budgets
    from resp_core.cost.custom import Price, clear_prices, register_price
    from resp_core.cost.tokens import TokenCount
    from resp_core.cost.usage import Usage
    from resp_core.mcp.approval import ApprovalRequest, approve, deny, pending_approvals
    from resp_core.mcp.policy import Policy, Rule, Verdict, policy_decisions

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIStatusError",
    "APITimeoutError",
    "AmbiguousOriginError",
    "ApprovalError",
    "ApprovalMismatch",
    "ApprovalReplayed",
    "ApprovalRequest",
    "ApprovalUnknown",
    "ArgumentError",
    "AsyncClient",
    "AsyncEventStream",
    "Attempt",
    "AuthenticationError",
    "BadRequestError",
    "BatchCost",
    "Budget",
    "BudgetExceeded",
    "Budgets",
    "CallRecord",
    "Client",
    "ConfigError",
    "ConflictError",
    "Connection",
    "ContentFilterError",
    "ContextWindowExceededError",
    "Cost",
    "CostTracker",
    "CredentialError",
    "Estimate",
    "EventStream",
    "Hook",
    "InternalServerError",
    "LedgerError",
    "LimitError",
    "McpConnectionError",
    "McpError",
    "McpIntegrityError",
    "McpTimeout",
    "NotFoundError",
    "Obj",
    "OverloadedError",
    "Part",
    "PermissionDeniedError",
    "Policy",
    "Price",
    "PriceUnknown",
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
    "Rule",
    "Secret",
    "StoreError",
    "StreamIncomplete",
    "StreamInterrupted",
    "TokenCount",
    "UnknownProviderError",
    "Unpriced",
    "UnprocessableEntityError",
    "UnsupportedError",
    "Usage",
    "Verdict",
    "acancel_responses",
    "acompletion",
    "adelete_responses",
    "aembedding",
    "aget_responses",
    "approve",
    "aresponses",
    "cancel_responses",
    "clear_prices",
    "completion",
    "configure",
    "cost_of",
    "cost_of_batch",
    "delete_responses",
    "deny",
    "embedding",
    "get_responses",
    "load_env",
    "mcp_tool",
    "pending_approvals",
    "policy_decisions",
    "register_price",
    "responses",
    "track_costs",
    "usage_of",
]

#: What most programs never use is imported when it is first named.
_LATER = {
    "BatchCost": "resp_core.client.costs",
    "Cost": "resp_core.client.costs",
    "cost_of": "resp_core.client.costs",
    "cost_of_batch": "resp_core.client.costs",
    "usage_of": "resp_core.client.costs",
    "Estimate": "resp_core.client.estimates",
    "CostTracker": "resp_core.client.tracking",
    "track_costs": "resp_core.client.tracking",
    "Part": "resp_core.cost.bill",
    "Unpriced": "resp_core.cost.bill",
    "Budget": "resp_core.cost.budget",
    "Budgets": "resp_core.cost.budget",
    "Price": "resp_core.cost.custom",
    "clear_prices": "resp_core.cost.custom",
    "register_price": "resp_core.cost.custom",
    "TokenCount": "resp_core.cost.tokens",
    "Usage": "resp_core.cost.usage",
    "ApprovalRequest": "resp_core.mcp.approval",
    "approve": "resp_core.mcp.approval",
    "deny": "resp_core.mcp.approval",
    "pending_approvals": "resp_core.mcp.approval",
    "Policy": "resp_core.mcp.policy",
    "Rule": "resp_core.mcp.policy",
    "Verdict": "resp_core.mcp.policy",
    "policy_decisions": "resp_core.mcp.policy",
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_LATER[name]), name)
    return found


def __dir__() -> list[str]:
    return __all__
