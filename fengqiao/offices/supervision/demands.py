"""What a unit is never asked for: an agreement, a withdrawal, a satisfied person (domain ruling 10). Pure."""

from __future__ import annotations

import re

# Words that ask for somebody else's will. 不满意 and 不撤回 name a fact, not a demand.
NOT_ITS_OWN_ACT: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("satisfaction", re.compile(r"(?<!不)(?<!是否)满意(?!度)|好评|五星|满意率")),
    ("withdrawal", re.compile(r"(?<!不)(?<!是否)(?:撤回|撤销投诉|撤诉|撤单|销号承诺)|息访|罢访|停访|息诉")),
    (
        "agreement",
        re.compile(r"签(?:订|署|下)?(?:调解|和解|承诺)|达成(?:一致|协议|和解|调解)|必须(?:谈拢|调成)|和解结案"),
    ),
    ("silence", re.compile(r"劝返|稳控|不(?:得|要|准|许)?再(?:打|反映|投诉|来访|信访|上访)|做通(?:思想)?工作|盯住")),
)


def fault(words: str) -> str:
    """Which forbidden demand the words carry: satisfaction, withdrawal, agreement, silence; or nothing."""
    plain = "".join(words.split())
    return next((name for name, pattern in NOT_ITS_OWN_ACT if pattern.search(plain)), "")
