"""A domain's states and moves as a picture for its page in docs/domains."""

from __future__ import annotations

from fengqiao.kernel.domain import OPEN, Domain


def picture(domain: Domain) -> str:
    """The states and the moves between them as a Mermaid state diagram; moves that change no state are left out."""
    lines = ["stateDiagram-v2", f"    [*] --> {domain.start}", "    state open {"]
    inner: list[str] = []
    outer: list[str] = []
    for move in domain.moves:
        for target in move.to:
            if move.frm == OPEN:
                outer.append(f"    open --> {target}: {move.key}")
                continue
            for source in move.frm:
                inside = not domain.state(source).final and not domain.state(target).final
                (inner if inside else outer).append(f"    {source} --> {target}: {move.key}")
    lines += [f"    {line}" for line in inner] + ["    }", *outer]
    return "\n".join([*lines, *(f"    {state.key} --> [*]" for state in domain.states if state.final)])
