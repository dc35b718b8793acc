"""The twin for trials: prints what would be sent, with the address masked."""

from __future__ import annotations

import uuid

from fengqiao.adapters import invented


class Console:
    """`ports.Mail` that prints."""

    def __init__(self, address: str = "") -> None:
        pass

    def send(self, to: str, subject: str, text: str, id: uuid.UUID) -> None:
        invented.refuse_mail(to)
        print(f"Mail {masked(to)}: {subject} | {' '.join(text.split())} [{id}]", flush=True)


def masked(to: str) -> str:
    """zhou@city.gov.cn → z***@city.gov.cn."""
    name, _at, domain = to.rpartition("@")
    return f"{name[:1]}***@{domain}"
