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
FENGQIAO_CHECKS = [
    "fengqiao.config.checks.database_role",
    "fengqiao.config.checks.migrations",
    "fengqiao.config.checks.secrets",
    "fengqiao.config.checks.disk",
    "fengqiao.config.backup.checks.backup_age",
    "fengqiao.config.backup.checks.archived_wal",
    "fengqiao.config.jobs.failed",
    "fengqiao.config.rehash.waiting",
    "fengqiao.offices.letters.outbox.dead_letters",
    "fengqiao.offices.papers.papers.missing",
    "fengqiao.offices.audit.audit.years_ahead",
    "fengqiao.offices.figures.recount.check",
    "fengqiao.config.watching.checks.late_worker",
    "fengqiao.config.watching.checks.old_outbox",
    "fengqiao.config.watching.checks.unsealed_root",
    "fengqiao.config.watching.checks.provisional_calendar",
]

# Empty until the first start makes them (kernel/keys.py says so when one is asked for). The supervisor hands copies to
# a user who cannot read the files themselves.
FENGQIAO_KEYS = secrets.Kept(environment.folder("FENGQIAO_HANDED", None) or FENGQIAO_DATA)
