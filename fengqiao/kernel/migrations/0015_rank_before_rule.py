"""Of what shares rare pairs with a row of an import, only what shares most is asked whether it may be seen.

With a million orders ten matters shared pairs with each row; each was looked up with its words to ask the rule, though
five are shown. Now a hundred at most are asked, by their matters, which are smaller; and the counting stays in memory.
"""

from importlib import import_module

from django.conf import settings
from django.db import migrations

from fengqiao.kernel.protect import program

SEEN = import_module("fengqiao.kernel.migrations.0003_policies").SEEN.format(id="m.id", level="")
SEEN = SEEN.replace("(place,", "(m.place,").replace("kind =", "m.kind =").replace("reach >=", "m.reach >=")
SEARCH = f'"{settings.FENGQIAO_SEARCH_ROLE}"'
TAKES = "(integer[], integer[], timestamptz[], timestamptz[], integer[], integer)"
SHARES_RARE = f"""
grant select (kind, place, reach) on matter to {SEARCH};
drop function shares_rare{TAKES};
create function shares_rare(
    items integer[], marks integer[], since timestamptz[], until timestamptz[], fewest integer[], most integer
) returns table (item integer, matter_id uuid, shared integer)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off set enable_mergejoin = off set enable_hashjoin = off
set work_mem = '32MB' set plan_cache_mode = force_generic_plan as $fn$
#variable_conflict use_column
declare
    -- As one list, so that each mark is looked up in these months alone.
    months integer[] := array(
        select generate_series(fq_month(min(d.first)), fq_month(max(d.last)), 3) from unnest(since, until) d(first, last)
    );
begin
    return query
        with near as materialized (
            select n.item, n.matter_id, n.shared from (
                select w.item, p.matter_id, count(*)::integer as shared, row_number() over (
                    partition by w.item order by count(*) desc, p.matter_id desc) as place
                from unnest(items, marks) w(item, mark)
                join rare_pair p on p.month = any(months) and p.mark = w.mark
                 and p.opened_at between since[w.item + 1] and until[w.item + 1]
                group by w.item, p.matter_id
                having count(*) >= fewest[w.item + 1]
            ) n where n.place <= 100)
        select c.item, c.matter_id, c.shared from (
            select n.item, n.matter_id, n.shared,
                   row_number() over (partition by n.item order by n.shared desc, n.matter_id desc) as place
            from near n join matter m on m.id = n.matter_id where {SEEN}) c
        where c.place <= most;
end $fn$;
alter function shares_rare{TAKES} owner to {SEARCH};
revoke all on function shares_rare{TAKES} from public;
grant execute on function shares_rare{TAKES} to {program()};
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0014_words_of_a_quarter")]

    operations = [migrations.RunSQL(SHARES_RARE, migrations.RunSQL.noop)]
