"""Languages and time: Simplified Chinese first, the law's days counted in Asia/Shanghai."""

from pathlib import Path

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [Path(__file__).resolve().parents[2] / "locale"]
LANGUAGE_COOKIE_NAME = "fengqiao_language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
