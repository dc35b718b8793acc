"""The cells of a month summed up: a figure over two years reads thousands of rows instead of a hundred thousand."""

from django.db import migrations

from fengqiao.kernel.protect import Open

TABLE = """
create table figure_month (
    measure varchar(16) collate "C" not null, month date not null, place varchar(15) collate "C" not null,
    category varchar(40) collate "C" not null,
    numerator bigint not null, denominator bigint not null, imported bigint not null,
    primary key (measure, month, place, category)
)
"""
FILL = """
insert into figure_month (measure, month, place, category, numerator, denominator, imported)
select measure, date_trunc('month', day)::date, place, category, sum(numerator), sum(denominator), sum(imported)
from figure_cell group by 1, 2, 3, 4
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0009_rare_pairs")]

    operations = [
        migrations.RunSQL(TABLE, "drop table figure_month"),
        Open("figure_month"),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
