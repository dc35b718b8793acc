"""How rare a pair is follows how much a city writes: counted are the texts of a quarter, within bounds.

Of the newest 20,000 texts a pair that stands in ten of them is rare in a small city; where a quarter brings 300,000 it
stands in 150, and an import looked at a thousand rows for each of its own (docs/decisions/0006-the-same-matter.md).
`bigram.n` stays a count of 20,000 texts, as the search reads it.
"""

from django.conf import settings
from django.db import migrations

from fengqiao.kernel.protect import program

SEARCH = f'"{settings.FENGQIAO_SEARCH_ROLE}"'
COUNT_BIGRAMS = f"""
drop function count_bigrams();
create function count_bigrams(least_texts integer default 20000, most_texts integer default 125000) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $fn$
declare
    kept integer;
    texts integer := greatest(least_texts, least(most_texts,
        (select count(*) from search_row where opened_at > now() - interval '90 days')));
begin
    delete from bigram;
    insert into bigram (token, n)
        select word, greatest(2, round(ndoc::numeric * least_texts / texts)) from ts_stat(format(
            'select tokens from search_row order by opened_at desc, matter_id desc limit %s', texts))
        where ndoc >= 10 and char_length(word) <= 8;
    get diagnostics kept = row_count;
    return kept;
end $fn$;
alter function count_bigrams(integer, integer) owner to {SEARCH};
revoke all on function count_bigrams(integer, integer) from public;
grant execute on function count_bigrams(integer, integer) to {program()};
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0013_dead_letters")]

    operations = [migrations.RunSQL(COUNT_BIGRAMS, migrations.RunSQL.noop)]
