"""TLS settings, made when first needed and shared: a context costs 20 ms."""

from __future__ import annotations

import ssl
import threading
from typing import TYPE_CHECKING

from resp_core.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["tls_context"]

_lock = threading.Lock()
_contexts: dict[tuple[object, str, str], ssl.SSLContext] = {}


def tls_context(verify: bool | str | ssl.SSLContext, environ: Mapping[str, str]) -> ssl.SSLContext:
    """The context for `verify`: True, a path to certificates, or a context of the caller's own.

    True takes the system's certificates, or those of SSL_CERT_FILE or SSL_CERT_DIR.

    False turns verification off, in code only: no configuration text can say it.
    """
    if isinstance(verify, ssl.SSLContext):
        return verify
    file, folder = environ.get("SSL_CERT_FILE", ""), environ.get("SSL_CERT_DIR", "")
    key = (verify, file, folder)
    with _lock:
        if key not in _contexts:
            _contexts[key] = _make(verify, file, folder)
        return _contexts[key]


def _make(verify: bool | str, file: str, folder: str) -> ssl.SSLContext:
    if verify is True and not (file or folder):
        import truststore  # the system's certificates, as httpx2 uses them

        context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if verify is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    path = verify if isinstance(verify, str) else file
    try:
        if path:
            _load(context, path)
        elif folder:
            context.load_verify_locations(capath=folder)
    except (OSError, ssl.SSLError) as error:
        name = "verify" if isinstance(verify, str) else "SSL_CERT_FILE or SSL_CERT_DIR"
        raise ArgumentError(
            f"{name} names no readable certificates ({type(error).__name__}): {path or folder!r}.",
            param="verify",
        ) from error
    return context


def _load(context: ssl.SSLContext, path: str) -> None:
    import os.path

    if os.path.isdir(path):
        context.load_verify_locations(capath=path)
    else:
        context.load_verify_locations(cafile=path)
