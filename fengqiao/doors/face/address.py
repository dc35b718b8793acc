"""From which address somebody comes: asked here only, so that what a proxy says is believed in one place or nowhere."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The address of the other side, empty where it is not known.

    What a proxy of ours says (FENGQIAO_PROXIES) stands in REMOTE_ADDR already. One on this machine that says nothing
    leaves its own: behind it (FENGQIAO_ORIGIN is set) nobody is known by the loopback.
    """
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", "").partition("%")[0])
    except ValueError:
        return ""
    return "" if address.is_loopback and settings.FENGQIAO_ORIGIN else str(address)


def network_of(address: str) -> str:
    """What one subscriber has: an address of IPv4, the first 64 bits of one of IPv6."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
