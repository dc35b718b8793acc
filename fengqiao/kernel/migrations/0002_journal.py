"""The journal: partitioned by the year in which the matter was opened, append-only for everybody."""

from django.db import migrations

TABLE = """
create table event (
    opened_year smallint not null,
    stream varchar(60) collate "C" not null,
    seq integer not null check (seq > 0),
    matter_id uuid,
    kind varchar(40) collate "C" not null,
    happened_at timestamptz not null,
    recorded_at timestamptz not null,
    actor varchar(60) collate "C" not null,
    post_id bigint,
    account_id bigint,
    unit_id bigint,
    visibility varchar(10) not null,
    law varchar(80) not null,
    data jsonb not null,
    prev bytea not null,
    mac bytea not null check (octet_length(mac) = 32),
    key_id varchar(20) not null,
    xid xid8 not null default pg_current_xact_id(),
    primary key (opened_year, stream, seq)
) partition by range (opened_year);
create index event_xid on event (xid);
create index event_happened on event (happened_at);
create index event_looks on event (matter_id) where kind like 'access.%';

create function fq_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'The journal is append-only: % on % is refused.', tg_op, tg_table_name
        using errcode = 'insufficient_privilege';
end $$;

create function fq_event_partition(year integer) returns void language plpgsql as $$
declare name text := 'event_' || year;
begin
    if to_regclass(name) is not null then return; end if;
    execute format('create table %I partition of event for values from (%s) to (%s)', name, year, year + 1);
    execute format('create trigger keep_rows before update or delete on %I '
                   'for each row execute function fq_refuse_change()', name);
    execute format('create trigger keep_table before truncate on %I '
                   'for each statement execute function fq_refuse_change()', name);
    execute format('alter table %I enable row level security', name);
end $$;

create trigger keep_table before truncate on event for each statement execute function fq_refuse_change();
select fq_event_partition(y) from generate_series(2004, 2040) y;
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_tables")]

    operations = [
        migrations.RunSQL(TABLE, migrations.RunSQL.noop),
    ]
