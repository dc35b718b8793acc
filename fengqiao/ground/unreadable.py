"""A text that could not be read, with the sentence for the person who typed it.

Pure modules raise `Unreadable`; the page or the API translates `msgid` and fills in `params`.
"""

from collections.abc import Mapping


def gettext_noop(msgid: str) -> str:
    """Mark `msgid` for the catalogue; it is translated where it is shown."""
    return msgid


class Unreadable(ValueError):
    """`code` is stable for programs, `msgid` an English sentence: what happened, what to do."""

    def __init__(self, code: str, msgid: str, params: Mapping[str, object] | None = None) -> None:
        self.code = code
        self.msgid = msgid
        self.params = dict(params or {})
        super().__init__(msgid % self.params)

    def __reduce__(self) -> tuple[type["Unreadable"], tuple[str, str, dict[str, object]]]:
        return (type(self), (self.code, self.msgid, self.params))
