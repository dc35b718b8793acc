"""A folder in which a restore has not come to its end may not be used: what must stay forgotten is still in it."""

from __future__ import annotations

from pathlib import Path

MARK = "restoring.json"


def sentence(data: Path) -> str | None:
    """Why the folder may not be used, or None."""
    if not (data / MARK).exists():
        return None
    return (
        f"A restore into {data} has not come to its end, and what must stay forgotten may still be in it. "
        "Run `fengqiao restore` again; it begins anew."
    )
