"""The twin for trials: prints what would be sent, with the number masked."""

from __future__ import annotations

import uuid

from fengqiao.adapters import invented
from fengqiao.ground.masking import mask_phone


class Console:
    """`ports.Sms` that prints."""

    def __init__(self, address: str = "") -> None:
        pass

    def send(self, to: str, text: str, id: uuid.UUID) -> None:
        invented.refuse_phone(to)
        print(f"SMS {mask_phone(to)}: {text} [{id}]", flush=True)
