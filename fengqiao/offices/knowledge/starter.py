"""Items to begin with: `starter.csv`, invented for the demo, with the law cited from the table of limits."""

from __future__ import annotations

import csv
from pathlib import Path

from fengqiao.kernel.models import Post
from fengqiao.offices.knowledge import library
from fengqiao.offices.knowledge.models import Item

DATA = Path(__file__).with_name("starter.csv")


def rows() -> list[dict[str, str]]:
    """The lines of the file: question, answer, law, rules (parted by spaces)."""
    with DATA.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def load(*, writer: Post, checker: Post, publisher: Post) -> list[Item]:
    """Draft, check and publish each line that is not there yet, in the names of three posts; those made now."""
    made = []
    for row in rows():
        if Item.objects.filter(versions__question=row["question"]).exists():
            continue
        item = library.draft(
            writer, question=row["question"], answer=row["answer"], law=row["law"], rules=row["rules"].split()
        )
        library.check_law(checker, item.pk)
        library.publish(publisher, item.pk)
        made.append(item)
    return made
