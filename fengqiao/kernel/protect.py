"""Row-level security as migration operations (engineering rulings 1, 2, 12).

`Protected("hotline_order")` gives a domain's table its policy and its grants; `Open("place")` gives grants alone, and
the table stands in `open_tables.txt` with its reason (a guard reads both).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import migrations

HAND = "(select fq_hand())::uuid[]"
SEEN = "exists (select 1 from matter m where m.id = {table}.{column})"


def program() -> str:
    """The program's role, quoted."""
    return f'"{settings.FENGQIAO_PROGRAM_ROLE}"'


class Protected(migrations.RunSQL):
    """Rows are read with their matter, and written only while the matter is in hand."""

    def __init__(self, table: str, column: str = "matter_id", *, also: str = "", rights: str = "") -> None:
        seen = SEEN.format(table=table, column=column)
        read = f"({also}) or {seen}" if also else seen
        super().__init__(
            sql=[
                f"alter table {table} enable row level security",
                f"grant select, insert, update{rights} on {table} to {program()}",
                f"create policy read on {table} for select to {program()} using ({read})",
                f"create policy make on {table} for insert to {program()} with check ({column} = any({HAND}))",
                f"create policy change on {table} for update to {program()} using ({read}) "
                f"with check ({column} = any({HAND}))",
                *(
                    [f"create policy forget on {table} for delete to {program()} using ({column} = any({HAND}))"]
                    if "delete" in rights
                    else []
                ),
            ],
            reverse_sql=migrations.RunSQL.noop,
        )

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        return (self.__class__.__name__, (), {})


class Open(migrations.RunSQL):
    """A table without contents of matters: grants, no policy."""

    def __init__(self, table: str, rights: str = "select, insert, update, delete") -> None:
        super().__init__(
            sql=[
                f"grant {rights} on {table} to {program()}",
                f"do $$ declare s text := pg_get_serial_sequence('{table}', "
                f"(select attname from pg_attribute where attrelid = '{table}'::regclass and attidentity <> '' "
                f"limit 1)); begin if s is not null then execute format('grant usage on sequence %s to %s', s, "
                f"'{program()}'); end if; end $$",
            ],
            reverse_sql=migrations.RunSQL.noop,
        )
