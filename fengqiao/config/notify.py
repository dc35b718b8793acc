"""Telling systemd how far `up` has come (sd_notify(3)), where it asks for it; elsewhere nothing happens."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def tell(state: str) -> None:
    """Send `READY=1`, `STOPPING=1` … to NOTIFY_SOCKET."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(state.encode(), f"\0{address[1:]}" if address.startswith("@") else address)
