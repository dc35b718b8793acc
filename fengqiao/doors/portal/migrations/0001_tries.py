from django.db import migrations, models

from fengqiao.kernel.protect import Open


class Migration(migrations.Migration):
    initial = True

    # The program's role and its grants come with the kernel's policies.
    dependencies = [("kernel", "0003_policies")]

    operations = [
        migrations.CreateModel(
            name="Tries",
            fields=[
                ("code_hash", models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ("wrong", models.SmallIntegerField()),
                ("last_at", models.DateTimeField(db_index=True)),
            ],
            options={"db_table": "portal_tries"},
        ),
        Open("portal_tries"),
    ]
