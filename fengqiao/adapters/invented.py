"""Invented people get no message: every adapter asks here first (domain ruling 1d)."""

from __future__ import annotations

import re

from fengqiao.kernel.ports import DemoRefused, NeverSent

# RFC 2606 and RFC 6761: names that nobody can own.
RESERVED_DOMAINS = re.compile(r"(?:^|\.)(?:test|example|invalid|localhost|example\.(?:com|net|org))$", re.IGNORECASE)


def refuse_phone(to: str) -> None:
    """Numbers of invented people begin with 100. Raises DemoRefused."""
    if re.sub(r"^(?:00)?86(?=1)", "", re.sub(r"\D", "", to)).startswith("100"):
        raise DemoRefused


def refuse_mail(to: str) -> None:
    """Domains that nobody can own. Raises DemoRefused, and NeverSent for what is no address."""
    name, _at, domain = to.rpartition("@")
    if not name or not domain or re.search(r"[\s<>,;\x00-\x1f]", to):
        raise NeverSent("bad_address")
    if RESERVED_DOMAINS.search(domain):
        raise DemoRefused
