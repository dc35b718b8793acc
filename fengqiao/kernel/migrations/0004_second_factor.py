"""Recovery codes: the way in when the phone with the second factor is lost."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from fengqiao.kernel.protect import Open


class Migration(migrations.Migration):
    dependencies = [("kernel", "0003_policies")]

    operations = [
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(max_length=16, unique=True)),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recovery_codes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"db_table": "recovery_code"},
        ),
        Open("recovery_code"),
    ]
