"""Files that wait to be named, notices of a unit, and issued papers that nobody changes."""

from django.db import migrations, models

import fengqiao.ground.numbers
import fengqiao.kernel.now
from fengqiao.kernel.protect import Open

# The title may go when a matter is forgotten; service is recorded once.
FROZEN = """
create function document_frozen() returns trigger language plpgsql as $$
begin
    if old.issued_at is not null and (
        (old.matter_id, old.kind, old.piece, old.version, old.media_type, old.size, old.sha256, old.stored,
         old.visibility, old.at, old.issued_at)
        is distinct from
        (new.matter_id, new.kind, new.piece, new.version, new.media_type, new.size, new.sha256, new.stored,
         new.visibility, new.at, new.issued_at)
        or (old.served_at is not null and old.served_at is distinct from new.served_at)
    ) then
        raise exception 'An issued paper is frozen.' using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger document_frozen before update on document for each row execute function document_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0004_second_factor")]

    operations = [
        migrations.CreateModel(
            name="Upload",
            fields=[
                (
                    "id",
                    models.UUIDField(default=fengqiao.ground.numbers.new_id, primary_key=True, serialize=False),
                ),
                ("owner", models.CharField(db_collation="C", db_index=True, max_length=60)),
                ("kind", models.CharField(max_length=8)),
                ("size", models.BigIntegerField()),
                ("stored", models.CharField(db_index=True, max_length=64)),
                ("made_at", models.DateTimeField(default=fengqiao.kernel.now.now)),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
            options={"db_table": "upload"},
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("post", None), ("unit__isnull", False), ("way", "desk")),
                fields=["unit", "-made_at"],
                name="message_unit",
            ),
        ),
        Open("upload"),
        migrations.RunSQL(FROZEN, migrations.RunSQL.noop),
    ]
