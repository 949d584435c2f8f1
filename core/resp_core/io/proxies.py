"""Which proxy a URL goes through: the argument, else HTTP(S)_PROXY, ALL_PROXY and NO_PROXY."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from resp_core.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ProxyTable"]

_SCHEMES = ("http", "https", "socks5", "socks5h")


class ProxyTable:
    """Reads its mapping once. `argument` wins over the environment; "" means no proxy at all.

    Raises `ArgumentError` for what is no proxy URL; the URL itself is never shown.
    """

    def __init__(self, argument: str | None, environ: Mapping[str, str]) -> None:
        self._argument = None if argument is None else _checked(argument, "proxy")
        names = {name.lower(): value for name, value in environ.items() if value}
        self._by_scheme = {
            scheme: _checked(value, f"{scheme.upper()}_PROXY")
            for scheme in ("http", "https", "all")
            if (value := names.get(f"{scheme}_proxy"))
        }
        self._exempt = [rule.strip() for rule in names.get("no_proxy", "").split(",")]

    def proxy_for(self, url: str) -> str | None:
        """The proxy URL for `url`, or None: connect directly."""
        if self._argument is not None:
            return self._argument or None
        if not self._by_scheme:
            return None
        parts = urlsplit(url)
        proxy = self._by_scheme.get(parts.scheme) or self._by_scheme.get("all")
        if proxy is None or self._is_exempt(parts.hostname or "", parts.port):
            return None
        return proxy

    def _is_exempt(self, host: str, port: int | None) -> bool:
        return any(_matches(rule.lower(), host.lower(), port) for rule in self._exempt if rule)


def _checked(value: object, origin: str) -> str:
    if not isinstance(value, str):
        raise ArgumentError(f"{origin} must be a URL, not {type(value).__name__}.", param="proxy")
    if not value:
        return value
    if not _is_proxy(_with_scheme(value)):
        raise ArgumentError(
            f"{origin} is not a proxy URL: write it like http://host:3128 or socks5://host:1080.",
            param="proxy",
        )
    return _with_scheme(value)


def _with_scheme(value: str) -> str:
    return value if "://" in value else f"http://{value}"


def _is_proxy(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    fits = parts.scheme in _SCHEMES and bool(parts.hostname)
    return fits and url.isprintable() and " " not in url


def _matches(rule: str, host: str, port: int | None) -> bool:
    if rule == "*":
        return True
    if "/" in rule:
        try:
            return ip_address(host) in ip_network(rule, strict=False)
        except ValueError:
            return False
    name, colon, rule_port = rule.rpartition(":")
    if colon and rule_port.isdigit() and "]" not in rule_port and name.count(":") == 0:
        return port == int(rule_port) and _matches(name, host, None)
    suffix = rule.lstrip("*").lstrip(".").strip("[]")
    return host == suffix or host.endswith("." + suffix)
