import django.db.models.deletion
from django.db import migrations, models

from fengqiao.kernel.protect import Open


class Migration(migrations.Migration):
    initial = True

    # The program's role and its grants come with the kernel's policies.
    dependencies = [("kernel", "0003_policies")]

    operations = [
        migrations.CreateModel(
            name="View",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "post",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="kernel.post"),
                ),
                ("name", models.CharField(max_length=20)),
                ("query", models.CharField(max_length=200)),
            ],
            options={"db_table": "desk_view", "ordering": ("pk",)},
        ),
        migrations.AddConstraint(
            model_name="view",
            constraint=models.UniqueConstraint(fields=("post", "name"), name="desk_view_once"),
        ),
        Open("desk_view"),
    ]
