"""tiktoken's tables, where they lie on this machine already: nothing is downloaded."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import logging
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["encoder", "tokenizer"]

logger = logging.getLogger("resp_core")

#: Encoding -> the name that tiktoken gives its file, the file's SHA-256, special tokens.
_FILES = {
    "cl100k_base": (
        "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        {"<|endoftext|>": 100257},
    ),
    "o200k_base": (
        "fb374d419588a4632f3f557e76b4b70aebbca790",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        {"<|endoftext|>": 199999},
    ),
}
_MOST = 50_000  # characters encoded at once: long runs of one character take very long
_CASED = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_PATTERNS = {
    "cl100k_base": r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|"""
    r""" ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s""",
    "o200k_base": "|".join(
        [
            rf"[^\r\n\p{{L}}\p{{N}}]?{_CASED[0]}*{_CASED[1]}+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
            rf"[^\r\n\p{{L}}\p{{N}}]?{_CASED[0]}+{_CASED[1]}*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
            r"\p{N}{1,3}",
            r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
            r"\s*[\r\n]+",
            r"\s+(?!\S)",
            r"\s+",
        ]
    ),
}


def encoder(encoding: str, environ: Mapping[str, str]) -> Callable[[str], int] | None:
    """A function that counts a text's tokens; None where tiktoken or its tables are not here."""
    ids = tokenizer(encoding, environ)
    return None if ids is None else lambda text: len(ids(text))


def tokenizer(encoding: str, environ: Mapping[str, str]) -> Callable[[str], list[int]] | None:
    """A function that gives the ids of a text's tokens; None where tiktoken's are not here."""
    folders = tuple(dict.fromkeys(str(folder) for folder in _folders(environ)))
    return _tokenizer(encoding, folders)


def _folders(environ: Mapping[str, str]) -> Iterator[Path]:
    """Where tiktoken keeps its tables, and packages that carry them."""
    for name in ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"):
        if environ.get(name):
            yield Path(environ[name])
    yield Path(tempfile.gettempdir()) / "data-gym-cache"
    for package, inner in (
        ("llama_index", "core/_static/tiktoken_cache"),
        ("litellm", "litellm_core_utils/tokenizers"),
    ):
        spec = importlib.util.find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            yield Path(place) / inner


@lru_cache(maxsize=8)
def _tokenizer(encoding: str, folders: tuple[str, ...]) -> Callable[[str], list[int]] | None:
    if importlib.util.find_spec("tiktoken") is None:
        return None
    name, digest, special = _FILES[encoding]
    for folder in folders:
        data = _read(Path(folder) / name)
        if data is not None and hashlib.sha256(data).hexdigest() == digest:
            return _in_pieces(_built(encoding, data, special))
    logger.warning("The tables of %s are not on this machine: tokens are approximate.", encoding)
    return None


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _built(encoding: str, data: bytes, special: dict[str, int]) -> Any:
    import tiktoken

    lines = (line.split() for line in data.splitlines() if line)
    ranks = {base64.b64decode(token): int(rank) for token, rank in lines}
    return tiktoken.Encoding(
        f"{encoding}_local",
        pat_str=_PATTERNS[encoding],
        mergeable_ranks=ranks,
        special_tokens=special,
    )


def _in_pieces(encoding: Any) -> Callable[[str], list[int]]:
    def ids(text: str) -> list[int]:
        pieces = (text[start : start + _MOST] for start in range(0, len(text), _MOST))
        return [id for piece in pieces for id in encoding.encode(piece, disallowed_special=())]

    return ids
