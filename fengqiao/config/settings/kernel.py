"""What the kernel reads: keys, demo, and what is asked of its parts."""

from fengqiao.config import environment, secrets
from fengqiao.config.settings.paths import FENGQIAO_DATA

FENGQIAO_DEMO = environment.flag("FENGQIAO_DEMO")
FENGQIAO_DEMO_PUBLIC = environment.flag("FENGQIAO_DEMO_PUBLIC")
# Called with no arguments by `fengqiao up` when FENGQIAO_DEMO=1 and the database holds no account yet.
FENGQIAO_DEMO_LOADER = environment.text("FENGQIAO_DEMO_LOADER", "fengqiao.config.demo.load")
# Dotted names of functions that bring the reference data up to date, called as the owner after each migration.
FENGQIAO_AFTER_MIGRATE: list[str] = ["fengqiao.offices.register.loading.load_reference"]
# Dotted names of functions that `fengqiao check` asks; each returns sentences about what is wrong.
FENGQIAO_CHECKS = {
    "database role": "fengqiao.config.checks.database_role",
    "migrations": "fengqiao.config.checks.migrations",
    "secrets": "fengqiao.config.checks.secrets",
    "disk": "fengqiao.config.checks.disk",
    "age of the backup": "fengqiao.config.backup.checks.backup_age",
    "write-ahead log kept": "fengqiao.config.backup.checks.archived_wal",
    "failed jobs": "fengqiao.config.jobs.failed",
    "look-ups under the new hash key": "fengqiao.config.rehash.waiting",
    "messages that could not be sent": "fengqiao.offices.letters.outbox.dead_letters",
    "files of papers": "fengqiao.offices.papers.papers.missing",
    "room for next year's journal": "fengqiao.offices.audit.audit.years_ahead",
    "figures recounted": "fengqiao.offices.figures.recount.check",
    "worker": "fengqiao.config.watching.checks.late_worker",
    "outbox": "fengqiao.config.watching.checks.old_outbox",
    "anchors of the journal": "fengqiao.config.watching.checks.unsealed_root",
    "calendar": "fengqiao.config.watching.checks.provisional_calendar",
}

# Empty until the first start makes them (kernel/keys.py says so when one is asked for). The supervisor hands copies to
# a user who cannot read the files themselves.
FENGQIAO_KEYS = secrets.Kept(environment.folder("FENGQIAO_HANDED", None) or FENGQIAO_DATA)
