"""The search asks first how common its words are (engineering rulings 1 and 17).

Rare words go to the index at once; only common ones are looked for among the newest texts, and those once. Plans stay
with a connection: one made while the tables were small must not read them through when they have grown.
"""

from importlib import import_module

from django.db import migrations

SEEN = import_module("fengqiao.kernel.migrations.0003_policies").SEEN

# Of 20,000 texts `bigram` counts those that hold a pair; among the newest 2,000 a tenth of them is to be expected.
SEARCH_HITS = """
create or replace function search_hits(
    words text[], pattern text, most integer, before timestamptz, before_id uuid,
    of_kind text, in_place text, of_category text, since timestamptz, until timestamptz
) returns table (matter_id uuid, opened_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set enable_seqscan = off as $fn$
#variable_conflict use_column
declare
    wanted tsquery;
    own uuid[];
    ids uuid[];
    days timestamptz[];
begin
    if words <> '{}' then
        select string_agg(quote_literal(w), ' & ')::tsquery into wanted from unnest(words) w;
    end if;

    if (select fq_system()) = '' and (select fq_kinds()) = '{}' then
        select array_agg(id) into own from (
            -- Each by its own index: asked with `or`, all relations of the city would be read through.
            select distinct id from (
                select r.matter_id as id from relation r where r.unit_id = (select fq_unit())
                union all select r.matter_id from relation r where r.post_id = (select fq_post())
                union all select r.matter_id from relation r where r.account_id = (select fq_account())) related
            limit 501) mine;
        if own is null then return; end if;
        if cardinality(own) <= 500 then
            -- Materialised, so that the index over all words is left alone.
            return query
                with mine as materialized (select * from search_row n where n.matter_id = any(own))
                select distinct s.matter_id, s.opened_at from mine s
                where (wanted is null or s.tokens @@ wanted) and s.body like pattern
                  {filters} and {seen}
                order by s.opened_at desc, s.matter_id desc limit most;
            return;
        end if;
    end if;

    if (select coalesce(min(coalesce(b.n, 0)), 20000) from unnest(words) w left join bigram b on b.token = w)
       >= most * 10 then
        select array_agg(h.matter_id), array_agg(h.opened_at) into ids, days from (
            select distinct s.matter_id, s.opened_at from (
                select * from search_row n
                where (before is null or (n.opened_at, n.matter_id) < (before, before_id))
                order by n.opened_at desc, n.matter_id desc limit 2000) s
            where (wanted is null or s.tokens @@ wanted) and s.body like pattern {filters}
              and {seen}
            order by s.opened_at desc, s.matter_id desc limit most) h;
        if cardinality(ids) >= most then
            return query select u.id, u.day from unnest(ids, days) u (id, day);
            return;
        end if;
    end if;

    return query
        select distinct s.matter_id, s.opened_at from search_row s
        where (wanted is null or s.tokens @@ wanted) and s.body like pattern {filters}
          and {seen}
        order by s.opened_at desc, s.matter_id desc limit most;
end $fn$;
""".replace(
    "{filters}",
    """
                  and (before is null or (s.opened_at, s.matter_id) < (before, before_id))
                  and (of_kind is null or s.kind = of_kind)
                  and (in_place is null or (s.place >= in_place and s.place < in_place || '~'))
                  and (of_category is null or s.category = of_category)
                  and (since is null or s.opened_at >= since) and (until is null or s.opened_at < until)""",
).replace("{seen}", SEEN.format(id="s.matter_id", level="").replace("(place,", "(s.place,"))


class Migration(migrations.Migration):
    dependencies = [("kernel", "0007_shares_words_many")]

    operations = [migrations.RunSQL(SEARCH_HITS, migrations.RunSQL.noop)]
