"""Run by an interpreter that has the official openai SDK: prints what the SDK knows, as JSON.

    python sdk_fields.py responses.create embeddings.create ...

`optional`: fields of the objects it gives that may be absent. `parameters`: those of the methods
named.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import sys
from collections.abc import Iterator
from typing import Any

import openai
from openai import BaseModel, types

#: What is given over HTTP: responses, chat, conversations, embeddings, models.
#: Requests that are models, too: those of a WebSocket.
_REQUESTS = ("ResponseCreate", "ResponsesClientEvent")
_MODULES = ("responses", "chat", "conversations", "shared", "completion", "embedding", "model")


def models() -> Iterator[type[BaseModel]]:
    for module in pkgutil.walk_packages(types.__path__, types.__name__ + "."):
        if not module.name.removeprefix("openai.types.").startswith(_MODULES):
            continue
        for name, cls in vars(importlib.import_module(module.name)).items():
            if not (inspect.isclass(cls) and issubclass(cls, BaseModel)):
                continue
            # What goes over a WebSocket is not ours.
            if cls.__module__ == module.name and "Ws" not in name:
                yield cls


def optional() -> list[str]:
    return sorted(
        {
            field
            for cls in models()
            for field, about in cls.model_fields.items()
            if not about.is_required() and not cls.__name__.startswith(_REQUESTS)
        }
    )


def parameters(methods: list[str]) -> dict[str, list[str]]:
    client = openai.OpenAI(api_key="none")
    found: dict[str, list[str]] = {}
    for method in methods:
        at: Any = client
        for name in method.split("."):
            at = getattr(at, name)
        found[method] = list(inspect.signature(at).parameters)
    return found


if __name__ == "__main__":
    known = {"optional": optional(), "parameters": parameters(sys.argv[1:])}
    sys.stdout.write(json.dumps(known))
