"""Matters that were here before are found by their rare pairs too."""

from typing import Any
from uuid import UUID

from django.db import migrations

from fengqiao.ground import likeness, tokens

EARLIER = """
    select s.text_id, s.matter_id, s.opened_at, s.body from search_row s join text t on t.id = s.text_id
    where t.kind = 'content' and s.rare = '{}' and s.text_id > %s order by s.text_id limit 2000
"""
KEEP = """
    with kept as (update search_row set rare = %s where text_id = %s)
    insert into rare_pair (month, mark, opened_at, matter_id)
    select fq_month(%s), mark, %s, %s from unnest(%s::integer[]) mark on conflict do nothing
"""


def rank(apps: Any, editor: Any) -> None:
    with editor.connection.cursor() as cursor:
        cursor.execute("select token, n from bigram")
        often = dict(cursor.fetchall())
        last = UUID(int=0)
        while True:
            cursor.execute(EARLIER, [last])
            rows = cursor.fetchall()
            if not rows:
                break
            for text, matter, opened, body in rows:
                pairs = tokens.bigrams_of_normalised(body)
                marks = likeness.sketch(likeness.rarest(pairs, often, likeness.KEPT))
                cursor.execute(KEEP, [marks, text, opened, opened, matter, marks])
            last = rows[-1][0]


class Migration(migrations.Migration):
    dependencies = [("kernel", "0010_figure_month")]

    operations = [migrations.RunPython(rank, migrations.RunPython.noop)]
