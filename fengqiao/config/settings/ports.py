"""The ways out: which adapter, and where it leads (kernel/ports.py). Without an address the twin prints."""

from fengqiao.config import environment
from fengqiao.config.settings.paths import FENGQIAO_FILES

FENGQIAO_SMS_URL = environment.text("FENGQIAO_SMS_URL")
FENGQIAO_MAIL_URL = environment.text("FENGQIAO_MAIL_URL")
FENGQIAO_PORTS = {
    "sms": ("fengqiao.adapters.sms.gateway.Gateway", FENGQIAO_SMS_URL)
    if FENGQIAO_SMS_URL
    else ("fengqiao.adapters.sms.console.Console", ""),
    "mail": ("fengqiao.adapters.mail.smtp.Smtp", FENGQIAO_MAIL_URL)
    if FENGQIAO_MAIL_URL
    else ("fengqiao.adapters.mail.console.Console", ""),
    "storage": ("fengqiao.adapters.storage.disk.Disk", FENGQIAO_FILES),
}
# Modules whose jobs the worker runs.
PROCRASTINATE_IMPORT_PATHS = ["fengqiao.config.jobs"]
