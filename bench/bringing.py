"""The import: a table of new calls through `fengqiao import`, as an operator runs it."""

from __future__ import annotations

import csv
import json
import random
import resource
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bench.processes import Family
from bench.seed import SEED, SUPERVISOR
from bench.words import Vocabulary
from fengqiao.kernel.now import HERE, now


@dataclass(frozen=True, slots=True)
class Imported:
    """Rows a second while rows come in, the CPU of importer and PostgreSQL for each row, and what became of them."""

    rows: int
    rate: float
    cpu_ms: float
    created: int
    rejected: int


def measure(data: Path, family: Family, rows: int, serial: int) -> Imported:
    """Bring in `rows` new calls of the last year. Raises SystemExit when the import fails."""
    table = data / "run" / f"bench-import-{serial}.csv"
    _write(table, rows, serial)
    before, own = family.cpu(), _children_seconds()
    command = [sys.executable, "-m", "fengqiao.config.command", "import", str(table), "--channel", "12345", "--user",
               SUPERVISOR, "--commit", "--json"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"The import failed: {done.stderr[-800:]}")
    used = family.cpu().since(before).database + _children_seconds() - own
    told = json.loads(done.stdout)
    table.unlink()
    return Imported(rows, rows / told["seconds"], 1000 * used / rows, told["created"], told["rejected"])


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _write(table: Path, rows: int, serial: int) -> None:
    from fengqiao.kernel.models import Place

    chance, vocabulary = random.Random(SEED + 20 + serial), Vocabulary(SEED)
    villages = list(Place.objects.filter(level="village").order_by("code").values_list("code", flat=True))
    began = now().astimezone(HERE).replace(microsecond=0) - timedelta(days=360)
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["编号", "标题", "内容", "时间", "姓名", "电话", "地点"])
        for at in range(rows):
            moment = began + timedelta(seconds=at * 300 * 86400 // rows)
            phone = f"100{chance.randrange(10**8):08d}" if chance.random() < 0.75 else ""
            writer.writerow([f"B{serial}-{at}", "".join(vocabulary.draw(chance, 5)), vocabulary.text(chance, 60),
                             f"{moment:%Y-%m-%d %H:%M:%S}", "来电人", phone, chance.choice(villages)])  # fmt: skip
