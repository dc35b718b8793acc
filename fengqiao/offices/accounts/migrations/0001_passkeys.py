import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import fengqiao.kernel.now
from fengqiao.kernel.protect import Open


class Migration(migrations.Migration):
    initial = True

    # The program's role and its grants come with the kernel's policies.
    dependencies = [("kernel", "0004_second_factor")]

    operations = [
        migrations.CreateModel(
            name="Passkey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("credential_id", models.BinaryField(max_length=1023, unique=True)),
                ("credential", models.BinaryField(max_length=4096)),
                ("handle", models.BinaryField(max_length=64)),
                ("counter", models.BigIntegerField()),
                ("made_at", models.DateTimeField(default=fengqiao.kernel.now.now)),
                ("used_at", models.DateTimeField(null=True)),
                ("doubted_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "passkey",
                "constraints": [models.UniqueConstraint(fields=("account", "name"), name="passkey_name_once")],
            },
        ),
        Open("passkey"),
    ]
