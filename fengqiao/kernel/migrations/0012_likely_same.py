"""What one new matter may be the same as, from the search rows alone; and less is written for each matter.

The question joined tables whose policies each repeat the rule, and was planned anew for each new matter: now it asks the
rule once, by a plan that is kept. Four indexes that hold almost only nulls, or what another one holds, are gone from what
each insert writes.
"""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from fengqiao.kernel.protect import program

SEEN = import_module("fengqiao.kernel.migrations.0003_policies").SEEN.format(id="s.matter_id", level="")
SEEN = SEEN.replace("(place,", "(s.place,").replace("kind =", "s.kind =").replace("reach >=", "s.reach >=")
_EARLIER = import_module("fengqiao.kernel.migrations.0009_rare_pairs").SHARES_RARE
SHARES_RARE = "create or replace " + _EARLIER[_EARLIER.index("function shares_rare") :].replace(
    "fq_month(max(d.last)))", "fq_month(max(d.last)), 3)"
)
SEARCH = f'"{settings.FENGQIAO_SEARCH_ROLE}"'
TAKES = "(uuid, text, integer[], integer, bytea[], text, timestamptz, timestamptz)"
# Those that share rare pairs, those of the same phone and the newest of the same village: of their search rows those that
# the rule shows to whoever asks, those of the same phone first, then those that share most. Bounded before the rule is
# asked: it is asked once for each.
LIKELY_SAME = f"""
create index search_row_village on search_row (place, opened_at desc) where rare <> '{{}}';
grant select (id, number, title) on matter to {SEARCH};
create policy search on matter for select to {SEARCH} using (true);
grant select (id, matter_id, phone_hash) on person to {SEARCH};
create policy search on person for select to {SEARCH} using (true);

create function likely_same(
    its_id uuid, its_kind text, marks integer[], fewest integer, phones bytea[], village text,
    since timestamptz, until timestamptz
) returns table (
    matter_id uuid, number text, title text, place text, opened date, body text, by_phone boolean, of_all bigint
) language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off set enable_mergejoin = off set enable_hashjoin = off as $fn$
#variable_conflict use_column
declare
    months integer[] := array(select generate_series(fq_month(since), fq_month(until), 3));
begin
    return query
        with chosen as (
            (select p.matter_id, count(*)::integer as shared, false as by_phone from rare_pair p
             where p.month = any(months) and p.mark = any(marks) and p.opened_at between since and until
             group by p.matter_id having count(*) >= fewest order by 2 desc, 1 desc limit 1000)
            union all
            (select p.matter_id, 0, true from person p where p.phone_hash = any(phones) order by p.id desc limit 40)
            union all
            (select n.matter_id, 0, false from search_row n
             where n.place = village and n.opened_at >= since and n.kind = its_kind and n.rare <> '{{}}'
             order by n.opened_at desc limit 40)
        ), each as (
            select c.matter_id, max(c.shared) as shared, bool_or(c.by_phone) as by_phone from chosen c group by 1
        )
        select s.matter_id, m.number::text, m.title::text, s.place::text, (s.opened_at at time zone 'UTC')::date, s.body,
               e.by_phone, count(*) over ()
        from each e join search_row s on s.matter_id = e.matter_id and s.rare <> '{{}}' join matter m on m.id = e.matter_id
        where s.matter_id <> its_id and {SEEN}
        order by e.by_phone desc, e.shared desc, s.opened_at desc limit 200;
end $fn$;
alter function likely_same{TAKES} owner to {SEARCH};
revoke all on function likely_same{TAKES} from public;
grant execute on function likely_same{TAKES} to {program()};
"""

# The marks of a quarter lie together, no longer those of a month: half as many places to look at, for a new matter and for
# each row of an import. `month` is the quarter's first.
BY_QUARTER = f"""
create or replace function fq_month(day timestamptz) returns integer immutable language sql as $$
    select extract(year from day at time zone 'UTC')::integer * 12
         + extract(quarter from day at time zone 'UTC')::integer * 3 - 2
$$;
update rare_pair set month = month - (month - 1) % 3;
{SHARES_RARE}
alter function shares_rare(integer[], integer[], timestamptz[], timestamptz[], integer[], integer)
    set plan_cache_mode = force_generic_plan;
"""

# Django makes it for LIKE on a number's beginning, which nothing asks; numbers are looked up whole.
NO_LIKE = "drop index if exists matter_number_5e3263bb_like"


class Migration(migrations.Migration):
    dependencies = [("kernel", "0011_rare_pairs_of_earlier_texts")]

    operations = [
        migrations.RunSQL(BY_QUARTER, migrations.RunSQL.noop),
        migrations.RunSQL(LIKELY_SAME, migrations.RunSQL.noop),
        migrations.RunSQL(NO_LIKE, migrations.RunSQL.noop),
        migrations.AlterField(
            "clock",
            "source",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="clocks",
                to="kernel.source",
            ),
        ),
        migrations.AlterField(
            "source",
            "reply",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="kernel.text",
            ),
        ),
        migrations.AlterField(
            "text",
            "source",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="texts",
                to="kernel.source",
            ),
        ),
        migrations.AddIndex(
            "clock", models.Index(condition=models.Q(("source__isnull", False)), fields=["source"], name="clock_source")
        ),
        migrations.AddIndex(
            "source", models.Index(condition=models.Q(("reply__isnull", False)), fields=["reply"], name="source_reply")
        ),
        migrations.AddIndex(
            "text", models.Index(condition=models.Q(("source__isnull", False)), fields=["source"], name="text_source")
        ),
    ]
