from django.db import migrations, models

from fengqiao.kernel.protect import Open


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_tries")]

    operations = [
        migrations.CreateModel(
            name="Flood",
            fields=[
                ("address_hash", models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ("count", models.IntegerField()),
                ("since", models.DateTimeField(db_index=True)),
            ],
            options={"db_table": "portal_flood"},
        ),
        Open("portal_flood"),
    ]
