"""Row-level security under every table that holds anything of a matter, and the one search function (rulings 1, 2)."""

from django.conf import settings
from django.db import migrations

from fengqiao.kernel.protect import Open, Protected, program

PROGRAM = program()
SEARCH = f'"{settings.FENGQIAO_SEARCH_ROLE}"'

SETTINGS = """
create function fq_account() returns bigint stable language sql as
    $$ select nullif(current_setting('fq.account', true), '')::bigint $$;
create function fq_post() returns bigint stable language sql as
    $$ select nullif(current_setting('fq.post', true), '')::bigint $$;
create function fq_unit() returns bigint stable language sql as
    $$ select nullif(current_setting('fq.unit', true), '')::bigint $$;
create function fq_kinds() returns text[] stable language sql as
    $$ select coalesce(nullif(current_setting('fq.kinds', true), ''), '{}')::text[] $$;
create function fq_ranges() returns text[] stable language sql as
    $$ select coalesce(nullif(current_setting('fq.ranges', true), ''), '{}')::text[] $$;
create function fq_depth() returns integer stable language sql as
    $$ select coalesce(nullif(current_setting('fq.depth', true), ''), '99')::integer $$;
create function fq_system() returns text stable language sql as
    $$ select coalesce(current_setting('fq.system', true), '') $$;
create function fq_logs() returns boolean stable language sql as
    $$ select coalesce(current_setting('fq.logs', true), '') = '1' $$;
create function fq_now() returns timestamptz stable language sql as
    $$ select coalesce(nullif(current_setting('fq.now', true), '')::timestamptz, now()) $$;
create function fq_hand() returns uuid[] stable language sql as
    $$ select coalesce(nullif(current_setting('fq.hand', true), ''), '{}')::uuid[] $$;
"""

# The rule of access.matters_for, on one row: id in hand, or (system, or place range, or relation) and not excluded.
SEEN = """
    (
        (select fq_system()) <> ''
        or (
            kind = any((select fq_kinds())::text[])
            and reach >= (select fq_depth())
            {level}
            and left(place, (select fq_depth())) = any((select fq_ranges())::text[])
        )
        or exists (
            select 1 from relation r
            where r.matter_id = {id}
              and (r.unit_id = (select fq_unit()) or r.post_id = (select fq_post())
                   or r.account_id = (select fq_account()))
              and r.since <= (select fq_now()) and (r.until is null or r.until > (select fq_now()))
        )
    )
    and not exists (
        select 1 from exclusion x where x.matter_id = {id} and x.account_id = (select fq_account())
    )
"""
MATTER = SEEN.format(id="matter.id", level="and confidentiality <> 'sealed'")

POLICIES = f"""
alter table matter enable row level security;
grant select, insert, update on matter to {PROGRAM};
create policy read on matter for select to {PROGRAM} using (id = any((select fq_hand())::uuid[]) or ({MATTER}));
create policy make on matter for insert to {PROGRAM} with check (id = any((select fq_hand())::uuid[]));
create policy change on matter for update to {PROGRAM} using (id = any((select fq_hand())::uuid[]) or ({MATTER}))
    with check (id = any((select fq_hand())::uuid[]));

alter table merge enable row level security;
grant select, insert, update on merge to {PROGRAM};
create policy read on merge for select to {PROGRAM} using (
    exists (select 1 from matter m where m.id = merge.master_id)
    and exists (select 1 from matter m where m.id = merge.member_id));
create policy make on merge for insert to {PROGRAM} with check (master_id = any((select fq_hand())::uuid[]));
create policy change on merge for update to {PROGRAM} using (
    exists (select 1 from matter m where m.id = merge.master_id)) with check (master_id = any((select fq_hand())::uuid[]));

alter table link enable row level security;
grant select, insert on link to {PROGRAM};
create policy read on link for select to {PROGRAM} using (
    exists (select 1 from matter m where m.id = link.matter_id)
    and exists (select 1 from matter m where m.id = link.other_id));
create policy make on link for insert to {PROGRAM} with check (matter_id = any((select fq_hand())::uuid[]));

-- A task's own unit and post suffice to read it: a task always comes with a relation, and its queue must be cheap.
alter table task enable row level security;
grant select, insert, update on task to {PROGRAM};
create policy read on task for select to {PROGRAM} using (
    ((unit_id = (select fq_unit()) or post_id = (select fq_post()))
     and not exists (select 1 from exclusion x where x.matter_id = task.matter_id
                     and x.account_id = (select fq_account())))
    or exists (select 1 from matter m where m.id = task.matter_id));
create policy make on task for insert to {PROGRAM} with check (matter_id = any((select fq_hand())::uuid[]));
create policy change on task for update to {PROGRAM} using (exists (select 1 from matter m where m.id = task.matter_id))
    with check (matter_id = any((select fq_hand())::uuid[]));

-- A message to a post is that post's own; the rest is for the outbox and for those who may see the matter.
alter table message enable row level security;
grant select, insert, update on message to {PROGRAM};
create policy read on message for select to {PROGRAM} using (
    (select fq_system()) <> '' or post_id = (select fq_post())
    or (matter_id is not null and exists (select 1 from matter m where m.id = message.matter_id)));
create policy make on message for insert to {PROGRAM} with check (
    matter_id is null or matter_id = any((select fq_hand())::uuid[]));
create policy change on message for update to {PROGRAM} using (
    (select fq_system()) <> '' or post_id = (select fq_post())
    or (matter_id is not null and exists (select 1 from matter m where m.id = message.matter_id)));

alter table event enable row level security;
grant select, insert on event to {PROGRAM};
create policy read on event for select to {PROGRAM} using (
    (select fq_system()) <> '' or (select fq_logs())
    or (matter_id is not null and exists (select 1 from matter m where m.id = event.matter_id)));
create policy make on event for insert to {PROGRAM} with check (
    matter_id is null or matter_id = any((select fq_hand())::uuid[])
    or exists (select 1 from matter m where m.id = event.matter_id));

-- Search rows: written in hand, read only by search_hits().
alter table search_row enable row level security;
grant insert, update, delete on search_row to {PROGRAM};
grant select (text_id, matter_id) on search_row to {PROGRAM};
create policy write on search_row for all to {PROGRAM} using (matter_id = any((select fq_hand())::uuid[]))
    with check (matter_id = any((select fq_hand())::uuid[]));
create policy search on search_row for select to {SEARCH} using (true);
grant select on search_row, relation, exclusion to {SEARCH};
grant select, insert, delete on bigram to {SEARCH};
"""

# Common words are found among the newest texts, a small post's words among its own matters, the rest by the index.
SEARCH_HITS = """
create index search_row_tokens on search_row using gin (tokens);
create index search_row_newest on search_row (opened_at desc, matter_id desc);

create function search_hits(
    words text[], pattern text, most integer, before timestamptz, before_id uuid,
    of_kind text, in_place text, of_category text, since timestamptz, until timestamptz
) returns table (matter_id uuid, opened_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $fn$
#variable_conflict use_column
declare
    wanted tsquery;
    own uuid[];
    found integer;
begin
    if words <> '{}' then
        select string_agg(quote_literal(w), ' & ')::tsquery into wanted from unnest(words) w;
    end if;

    if (select fq_system()) = '' and (select fq_kinds()) = '{}' then
        select array_agg(id) into own from (
            select distinct r.matter_id as id from relation r
            where r.unit_id = (select fq_unit()) or r.post_id = (select fq_post())
               or r.account_id = (select fq_account())
            limit 501) mine;
        if own is null then return; end if;
        if cardinality(own) <= 500 then
            return query
                select distinct s.matter_id, s.opened_at from search_row s
                where s.matter_id = any(own) and (wanted is null or s.tokens @@ wanted) and s.body like pattern
                  {filters} and {seen}
                order by s.opened_at desc, s.matter_id desc limit most;
            return;
        end if;
    end if;

    select count(*) into found from (
        select distinct s.matter_id from (
            select * from search_row n
            where (before is null or (n.opened_at, n.matter_id) < (before, before_id))
            order by n.opened_at desc, n.matter_id desc limit 2000) s
        where (wanted is null or s.tokens @@ wanted) and s.body like pattern {filters}
          and {seen}
        limit most) newest;
    if found >= most then
        return query
            select distinct s.matter_id, s.opened_at from (
                select * from search_row n
                where (before is null or (n.opened_at, n.matter_id) < (before, before_id))
                order by n.opened_at desc, n.matter_id desc limit 2000) s
            where (wanted is null or s.tokens @@ wanted) and s.body like pattern {filters}
              and {seen}
            order by s.opened_at desc, s.matter_id desc limit most;
        return;
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

# How rare a bigram is, over the newest 20,000 texts: a count that tells of no matter.
BIGRAMS = f"""
create function count_bigrams() returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $fn$
declare kept integer;
begin
    delete from bigram;
    insert into bigram (token, n)
        select word, ndoc from ts_stat(
            'select tokens from search_row order by opened_at desc, matter_id desc limit 20000')
        where ndoc >= 20 and char_length(word) <= 8;
    get diagnostics kept = row_count;
    return kept;
end $fn$;
alter function count_bigrams() owner to {SEARCH};
revoke all on function count_bigrams() from public;
grant execute on function count_bigrams() to {PROGRAM};

-- Matters that share the rarest bigrams of a text, by how many they share; only what the reader may see.
create function shares_words(words text[], since timestamptz, most integer)
returns table (matter_id uuid, shared integer, of_all integer)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $fn$
#variable_conflict use_column
declare wanted tsquery;
begin
    select string_agg(quote_literal(w), ' | ')::tsquery into wanted from unnest(words) w;
    if wanted is null then return; end if;
    return query
        select c.matter_id, max(c.shared)::integer, (count(*) over ())::integer from (
            select s.matter_id,
                   (select count(*) from unnest(words) w where s.tokens @@ quote_literal(w)::tsquery) as shared
            from search_row s
            where s.tokens @@ wanted and s.opened_at >= since
              and {SEEN.format(id="s.matter_id", level="").replace("(place,", "(s.place,")}
            limit 1000) c
        group by c.matter_id order by 2 desc, 1 desc limit most;
end $fn$;
alter function shares_words(text[], timestamptz, integer) owner to {SEARCH};
revoke all on function shares_words(text[], timestamptz, integer) from public;
grant execute on function shares_words(text[], timestamptz, integer) to {PROGRAM};
"""

OWNED = f"""
alter function search_hits(text[], text, integer, timestamptz, uuid, text, text, text, timestamptz, timestamptz)
    owner to {SEARCH};
revoke all on function
    search_hits(text[], text, integer, timestamptz, uuid, text, text, text, timestamptz, timestamptz) from public;
grant execute on function
    search_hits(text[], text, integer, timestamptz, uuid, text, text, text, timestamptz, timestamptz) to {PROGRAM};
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0002_journal")]

    operations = [
        migrations.RunSQL(SETTINGS, migrations.RunSQL.noop),
        Open("place", "select, insert, update"),
        Open("unit", "select, insert, update"),
        Open("account", "select, insert, update"),
        Open("post", "select, insert, update"),
        Open("token", "select, insert, update"),
        Open("relation", "select, insert, update"),
        Open("exclusion", "select, insert, delete"),
        Open("excluded_unit", "select, insert, delete"),
        Open("chain", "select, insert, update"),
        Open("idempotency"),
        Open("calendar_year", "select, insert, update"),
        Open("job", "select, insert, update"),
        Open("bigram", "select"),
        Open("bookmark", "select, insert, update"),
        Open("figure_cell"),
        migrations.RunSQL(POLICIES, migrations.RunSQL.noop),
        Protected("source"),
        Protected("text", rights=", delete"),
        Protected("person", rights=", delete"),
        Protected("subject"),
        Protected("clock"),
        Protected("document"),
        Protected("matter_key", rights=", delete"),
        migrations.RunSQL(SEARCH_HITS, migrations.RunSQL.noop),
        migrations.RunSQL(OWNED, migrations.RunSQL.noop),
        migrations.RunSQL(BIGRAMS, migrations.RunSQL.noop),
    ]
