"""The order is read with its matter; its numbers come from a sequence of its own (rulings 12, 15)."""

from django.db import migrations

from fengqiao.kernel.protect import Protected, program


class Migration(migrations.Migration):
    dependencies = [("hotline", "0001_order")]

    operations = [
        Protected("hotline_order"),
        migrations.RunSQL(
            ["create sequence matter_number_hotline", f"grant usage on sequence matter_number_hotline to {program()}"],
            migrations.RunSQL.noop,
        ),
    ]
