"""Messages that were given up are few among many: an index, so that watching them reads only them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("kernel", "0012_likely_same")]

    operations = [
        migrations.RunSQL(
            "create index message_dead on message (dead_at) where dead_at is not null",
            "drop index message_dead",
        )
    ]
