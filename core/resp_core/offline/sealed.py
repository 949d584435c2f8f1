"""Encrypted content: a text that only this provider can open, and that shows tampering.

It is sealed, not secret: the key is public, as there is nothing here to protect. What matters is
that a client must carry it unchanged.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from resp_core.offline.problem import Problem

__all__ = ["opened", "seal"]

_KEY = b"resp offline provider"
_PREFIX = "gOFF"


def seal(text: str) -> str:
    """A text as `encrypted_content`."""
    plain = text.encode()
    stamp = hmac.digest(_KEY, plain, hashlib.sha256)[:16]
    return _PREFIX + base64.urlsafe_b64encode(stamp + plain).decode()


def opened(content: str) -> str:
    """The text that was sealed; OpenAI's 400 where it was changed or comes from elsewhere."""
    try:
        if not content.startswith(_PREFIX):
            raise ValueError("not sealed here")
        raw = base64.b64decode(content.removeprefix(_PREFIX), altchars=b"-_", validate=True)
        stamp, plain = raw[:16], raw[16:]
        if not hmac.compare_digest(stamp, hmac.digest(_KEY, plain, hashlib.sha256)[:16]):
            raise ValueError("tampered")
        return plain.decode()
    except (ValueError, binascii.Error) as error:
        raise Problem(
            f"The encrypted content {content[:12]}... could not be verified. Reason: Encrypted "
            "content could not be decrypted or parsed.",
            code="invalid_encrypted_content",
        ) from error
