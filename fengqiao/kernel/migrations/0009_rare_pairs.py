"""The same matter is looked for by the rarest recurring pairs of each text alone (engineering rulings 13 and 17).

Asking the index over all pairs cost 22 ms for each row of an import into 100,000 orders, and most of the rarest pairs
of a text stand in no other one. Now each matter is found by the marks of its twelve rarest pairs that recur, ordered by
month: what is asked grows with a quarter of a year, not with the whole past (docs/decisions/0006-the-same-matter.md).
"""

from importlib import import_module

import django.contrib.postgres.fields
from django.conf import settings
from django.db import migrations, models

from fengqiao.kernel.protect import program

SEEN = import_module("fengqiao.kernel.migrations.0003_policies").SEEN
SEARCH = f'"{settings.FENGQIAO_SEARCH_ROLE}"'

# A month's rows lie together, so that the few pages of this month are the ones that are written.
# Written in hand and read by the search alone, like `search_row`, whose `rare` names a matter's rows.
TABLE = f"""
alter table search_row alter column rare set default '{{}}';
grant select (rare, opened_at) on search_row to {program()};
create table rare_pair (
    month integer not null, mark integer not null, opened_at timestamptz not null, matter_id uuid not null,
    primary key (month, mark, opened_at, matter_id)
);
alter table rare_pair enable row level security;
grant select, insert, delete on rare_pair to {program()};
create policy write on rare_pair for all to {program()} using (matter_id = any((select fq_hand())::uuid[]))
    with check (matter_id = any((select fq_hand())::uuid[]));
create policy search on rare_pair for select to {SEARCH} using (true);
grant select on rare_pair to {SEARCH};
"""

# For each of some texts: which matters of its days share at least `fewest` of its marks, and how many there were.
SHARES_RARE = f"""
create function fq_month(day timestamptz) returns integer immutable language sql as
    $$ select (extract(year from day at time zone 'UTC') * 12 + extract(month from day at time zone 'UTC'))::integer $$;

create function shares_rare(
    items integer[], marks integer[], since timestamptz[], until timestamptz[], fewest integer[], most integer
) returns table (item integer, matter_id uuid, shared integer, of_all integer)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off set enable_mergejoin = off set enable_hashjoin = off as $fn$
#variable_conflict use_column
declare
    months integer[];
begin
    -- As one list, so that each mark is looked up in these months alone.
    select array(select generate_series(fq_month(min(d.first)), fq_month(max(d.last)))) into months
    from unnest(since, until) d(first, last);
    return query
        with near as materialized (
            select w.item, p.matter_id, count(*)::integer as shared
            from unnest(items, marks) w(item, mark)
            join rare_pair p on p.month = any(months) and p.mark = w.mark
             and p.opened_at between since[w.item + 1] and until[w.item + 1]
            group by w.item, p.matter_id
            having count(*) >= fewest[w.item + 1])
        select c.item, c.matter_id, c.shared, c.of_all from (
            select n.item, n.matter_id, n.shared,
                   count(*) over (partition by n.item)::integer as of_all,
                   row_number() over (partition by n.item order by n.shared desc, n.matter_id desc) as rank
            from near n join search_row s on s.matter_id = n.matter_id and s.rare <> '{{}}'
            where {SEEN.format(id="s.matter_id", level="").replace("(place,", "(s.place,").replace("kind =", "s.kind =")
                   .replace("reach >=", "s.reach >=")}) c
        where c.rank <= most;
end $fn$;
alter function shares_rare(integer[], integer[], timestamptz[], timestamptz[], integer[], integer) owner to {SEARCH};
revoke all on function shares_rare(integer[], integer[], timestamptz[], timestamptz[], integer[], integer) from public;
grant execute on function
    shares_rare(integer[], integer[], timestamptz[], timestamptz[], integer[], integer) to {program()};
"""  # fmt: skip

# Pairs that ten of 20,000 texts hold recur.
BIGRAMS = """
create or replace function count_bigrams() returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $fn$
declare kept integer;
begin
    delete from bigram;
    insert into bigram (token, n)
        select word, ndoc from ts_stat(
            'select tokens from search_row order by opened_at desc, matter_id desc limit 20000')
        where ndoc >= 10 and char_length(word) <= 8;
    get diagnostics kept = row_count;
    return kept;
end $fn$;
drop function shares_words(text[], timestamptz, integer);
drop function shares_words_many(integer[], text[], timestamptz[], timestamptz[], integer, integer);
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0008_search_by_frequency")]

    operations = [
        migrations.AddField(
            "searchrow",
            "rare",
            django.contrib.postgres.fields.ArrayField(models.IntegerField(), default=list),
        ),
        migrations.RunSQL(TABLE, migrations.RunSQL.noop),
        migrations.RunSQL(SHARES_RARE, migrations.RunSQL.noop),
        migrations.RunSQL(BIGRAMS, migrations.RunSQL.noop),
    ]
