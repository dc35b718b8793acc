"""Settings by concern: paths, database, kernel, accounts, language, ports, web.

Each comes from the environment, is checked here at start, and is refused with one sentence when it makes no sense.
"""

from fengqiao.config.settings.accounts import *  # noqa: F403
from fengqiao.config.settings.database import *  # noqa: F403
from fengqiao.config.settings.kernel import *  # noqa: F403
from fengqiao.config.settings.language import *  # noqa: F403
from fengqiao.config.settings.paths import *  # noqa: F403
from fengqiao.config.settings.ports import *  # noqa: F403
from fengqiao.config.settings.web import *  # noqa: F403
