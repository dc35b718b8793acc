"""Which matters share rare pairs with the texts of a batch: one call for all of them (engineering rulings 13, 17)."""

from importlib import import_module

from django.conf import settings
from django.db import migrations

from fengqiao.kernel.protect import program

SEEN = import_module("fengqiao.kernel.migrations.0003_policies").SEEN
SEARCH = f'"{settings.FENGQIAO_SEARCH_ROLE}"'

# A batch asks the index thousands of times: entries that still lie unfolded would be read through at each question
# (24 ms instead of 1 ms for the eight pairs of one text, measured). Only the index's owner may fold them in.
FOLD_SEARCH = f"""
create function fold_search() returns bigint language sql volatile security definer
set search_path = pg_catalog, public, pg_temp set maintenance_work_mem = '64MB' as
    $fn$ select gin_clean_pending_list('search_row_tokens'::regclass) $fn$;
revoke all on function fold_search() from public;
grant execute on function fold_search() to {program()};
"""

# One look into the index for each pair: counting pairs row by row would unpack every row's tokens.
SHARES_WORDS_MANY = f"""
create function shares_words_many(
    items integer[], words text[], since timestamptz[], until timestamptz[], fewest integer, most integer
) returns table (item integer, matter_id uuid, shared integer)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set enable_seqscan = off as $fn$
#variable_conflict use_column
begin
    return query
        select c.item, c.matter_id, c.shared from (
            select s.item, s.matter_id, s.shared,
                   row_number() over (partition by s.item order by s.shared desc, s.matter_id desc) as place
            from (
                select w.item, f.matter_id, f.kind, f.place, f.reach, count(*)::integer as shared
                from unnest(items, words) w (item, word)
                cross join lateral (
                    select distinct r.matter_id, r.kind, r.place, r.reach from (
                        select * from search_row n
                        where n.tokens @@ quote_literal(w.word)::tsquery
                          and n.opened_at between since[w.item + 1] and until[w.item + 1]
                        limit 100) r) f
                group by w.item, f.matter_id, f.kind, f.place, f.reach
                having count(*) >= fewest) s
            where {SEEN.format(id="s.matter_id", level="").replace("(place,", "(s.place,")}) c
        where c.place <= most;
end $fn$;
alter function shares_words_many(integer[], text[], timestamptz[], timestamptz[], integer, integer) owner to {SEARCH};
revoke all on function
    shares_words_many(integer[], text[], timestamptz[], timestamptz[], integer, integer) from public;
grant execute on function
    shares_words_many(integer[], text[], timestamptz[], timestamptz[], integer, integer) to {program()};
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0005_uploads")]

    operations = [
        migrations.RunSQL(FOLD_SEARCH, migrations.RunSQL.noop),
        migrations.RunSQL(SHARES_WORDS_MANY, migrations.RunSQL.noop),
    ]
