"""POST /completions: the API of instruct models, a prompt in and text out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from resp_core.offline.chat_in import COMPLETE, read_chat, stops_of
from resp_core.offline.chat_out import DONE
from resp_core.offline.check import Param, check_params
from resp_core.offline.count import pieces
from resp_core.offline.limits import at_most, stopped, usage_of
from resp_core.offline.logprobs import logprobs_of
from resp_core.offline.problem import missing
from resp_core.offline.visit import Visit, json_reply, public_name, sse_reply
from resp_core.wire.shape import as_object, items_of

if TYPE_CHECKING:
    from resp_core.offline.limits import Usage
    from resp_core.offline.types import OfflineReply
    from resp_core.types.json import JsonObject

__all__ = ["create"]

_SHARED = """frequency_penalty logit_bias max_tokens model n presence_penalty seed stop stream
    stream_options temperature top_p user""".split()
_TEXT: dict[str, Param] = {
    **{name: COMPLETE[name] for name in _SHARED},
    "best_of": Param("integer", low=1, high=20),
    "echo": Param("boolean"),
    "logprobs": Param("integer", low=0, high=5),
    "prompt": Param("string or array"),
    "suffix": Param("string"),
}
#: What the API writes at most where nobody says how much.
_DEFAULT_LIMIT = 16


def create(visit: Visit) -> OfflineReply:
    """A completion for each prompt, or the stream of one."""
    body = visit.body
    check_params(body, _TEXT)
    for name in ("model", "prompt"):
        if body.get(name) is None:
            raise missing(name)
    prompts = items_of(body["prompt"]) or [body["prompt"]]
    head: JsonObject = {
        "id": visit.ids().new("cmpl").replace("_", "-"),
        "object": "text_completion",
        "created": visit.created,
        "model": public_name(str(body["model"])),
    }
    choices: list[JsonObject] = []
    usages: list[Usage] = []
    for prompt in prompts:
        choice, usage = _written(visit, str(prompt))
        for _ in range(int(body.get("n") or 1)):
            choices.append({**choice, "index": len(choices)})
            usages.append(usage)
    told = _usage(usages)
    if not body.get("stream"):
        return json_reply({**head, "choices": choices, "usage": told})
    asked = as_object(body.get("stream_options")).get("include_usage")
    sequence = [{**head, "choices": [part]} for choice in choices for part in _parts(choice)]
    sequence += [{**head, "choices": [], "usage": told}] if asked else []
    return sse_reply([*(b"data: %b\n\n" % orjson.dumps(each) for each in sequence), DONE])


def _written(visit: Visit, prompt: str) -> tuple[JsonObject, Usage]:
    body = visit.body
    transcript = read_chat({"messages": [{"role": "user", "content": prompt}]})
    planned = stopped(visit.planner(transcript), stops_of(body))
    plan = at_most(planned, body.get("max_tokens") or _DEFAULT_LIMIT)
    text = "".join(part.text for part in plan.parts if part.kind in ("text", "refusal"))
    wanted = body.get("logprobs")
    choice: JsonObject = {
        "text": (prompt if body.get("echo") else "") + text,
        "logprobs": None if wanted is None else _logprobs(text, int(wanted)),
        "finish_reason": plan.finish,
    }
    return choice, usage_of(transcript, plan)


def _logprobs(text: str, top: int) -> JsonObject:
    entries = logprobs_of(text, top)
    return {
        "tokens": [entry["token"] for entry in entries],
        "token_logprobs": [entry["logprob"] for entry in entries],
        "top_logprobs": [
            {other["token"]: other["logprob"] for other in entry["top_logprobs"]}
            for entry in entries
        ],
        "text_offset": _offsets(entries),
    }


def _offsets(entries: list[JsonObject]) -> list[int]:
    offsets, at = list[int](), 0
    for entry in entries:
        offsets.append(at)
        at += len(entry["token"])
    return offsets


def _parts(choice: JsonObject) -> list[JsonObject]:
    index: JsonObject = {"index": choice["index"], "logprobs": None}
    texts = [{**index, "text": text, "finish_reason": None} for text in pieces(choice["text"])]
    return [*texts, {**index, "text": "", "finish_reason": choice["finish_reason"]}]


def _usage(usages: list[Usage]) -> JsonObject:
    read, written = sum(u.input for u in usages), sum(u.output for u in usages)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
