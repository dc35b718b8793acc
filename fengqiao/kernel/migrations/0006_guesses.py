"""Wrong tries at query codes, so that nobody can guess them (A9)."""

from django.db import migrations, models

from fengqiao.kernel.protect import Open


class Migration(migrations.Migration):
    dependencies = [("kernel", "0005_uploads")]

    operations = [
        migrations.CreateModel(
            name="Guess",
            fields=[
                ("key", models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ("wrong", models.SmallIntegerField(default=1)),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "db_table": "guess",
                "indexes": [models.Index(fields=["last_at"], name="guess_last")],
            },
        ),
        Open("guess"),
    ]
