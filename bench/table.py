"""The results as a table: for the terminal, and as Markdown for the README."""

from __future__ import annotations

from typing import Any

IMPORT_BAR, MEMORY_BAR = 500, 300
MEMORY_PEER = "Roundup 83"
HEAD = (
    "work, through HTTP", "as", "CPU ms", "bar [best peer]", "", "web + database", "p50 / p95, 1 client",
    "per s, 1 / 8 clients", "queries",
)  # fmt: skip


def lines(results: dict[str, Any]) -> list[tuple[str, ...]]:
    """One tuple of cells a row, under HEAD."""
    found = [_row(row) for row in results["rows"]]
    if told := results.get("import"):
        reached = mark(told["rate"] >= IMPORT_BAR)
        found.append(
            ("import with journal, duplicates and access", "city", f"{told['cpu_ms']:.1f} a row",
             f"≥ {IMPORT_BAR} rows/s", reached, "", "", f"{told['rate']:,.0f} rows/s", "")
        )  # fmt: skip
    memory = results["memory"]
    ours = memory["web"] + memory["worker"]
    parts = f"web {memory['web']:.0f}, worker {memory['worker']:.0f}; PostgreSQL {memory['database']:.0f}"
    found.append(
        ("memory, 2 web workers + worker, idle (PSS)", "", f"{ours:.0f} MiB",
         f"≤ {MEMORY_BAR} MiB [{MEMORY_PEER}]", mark(ours <= MEMORY_BAR), parts, "", "", "")
    )  # fmt: skip
    return found


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    one, eight, bar = row["1"], row["8"], row["bar"]
    reached = bar["cpu"] is None or one["cpu_ms"] <= bar["cpu"]
    wanted = f"≤ {bar['cpu']:g}" if bar["cpu"] is not None else ""
    if bar["rate"]:
        reached = reached and eight["rate"] >= bar["rate"]
        wanted += f", ≥ {bar['rate']:g}/s"
    return (
        row["label"],
        row["who"],
        f"{one['cpu_ms']:.1f}",
        f"{wanted} [{bar['peer']}]" if bar["peer"] else wanted,
        mark(reached),
        f"{one['web_ms']:.1f} + {one['database_ms']:.1f}",
        f"{one['p50_ms']:.0f} / {one['p95_ms']:.0f} ms",
        f"{one['rate']:.0f} / {eight['rate']:.0f}",
        "" if one["queries"] is None else str(one["queries"]),
    )


def mark(reached: bool) -> str:
    return "ok" if reached else "over"


def footnotes(results: dict[str, Any]) -> list[str]:
    """What a reader must know beside the numbers."""
    machine = results["machine"]
    said = [
        f"{results['orders']:,} orders, {results['events']:,} events; {machine['cores']} cores, load average "
        f"{machine['load_before']} before and {machine['load_after']} after; generator {results['generator']}; "
        f"{results['at']}."
    ]
    rows = {row["key"]: row for row in results["rows"]}
    for key, bare in results.get("ceiling", {}).items():
        if key in rows:
            ours = rows[key]
            said.append(
                f"Ceiling of “{ours['label']}”: the bare SQL by pgbench {bare['cpu_ms']:.2f} ms CPU, "
                f"{bare['rate']:,.0f}/s; "
                f"ours is {ours['1']['cpu_ms'] / max(bare['cpu_ms'], 0.01):.1f} times its CPU, "
                f"{bare['rate'] / max(ours['8']['rate'], 0.01):.1f} times slower with 8 clients."
            )
    wrong = [sentence for sentence, right in results["checks"].items() if not right]
    wrong += [fault for row in results["rows"] for clients in ("1", "8") for fault in row[clients]["wrong"]]
    said.append("Every answer was right." if not wrong else f"WRONG: {'; '.join(wrong)}")
    return said


def plain(results: dict[str, Any]) -> str:
    """For the terminal."""
    cells = [HEAD, *lines(results)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(HEAD))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(["", table[0], "-" * len(table[0]), *table[1:], "", *footnotes(results)])


def markdown(results: dict[str, Any]) -> str:
    """For the README."""
    cells = [HEAD, ("---", "---", "--:", "---", "---", "---", "---", "---", "--:"), *lines(results)]
    return "\n".join([*("| " + " | ".join(row) + " |" for row in cells), "", *footnotes(results)])
