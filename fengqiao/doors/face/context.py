"""What every template may ask of the face."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from fengqiao.doors.face.frame import frame_of

# Screen readers and fonts know these tags; Django's own zh-hans is a script, not a place.
TAGS = {"zh-hans": "zh-CN", "en": "en"}
LANGUAGES = (("zh-hans", "中文"), ("en", "English"))
THEMES = frozenset({"light", "dark"})


def face(request: HttpRequest) -> dict[str, Any]:
    """Flags demo, elder, dense, keys_off; theme (light, dark or empty); language, its tag and all languages; the frame.

    The frame is asked for only when a template draws it, so resident pages cost no query for it.
    """
    language = get_language() or settings.LANGUAGE_CODE
    theme = request.COOKIES.get("theme", "")
    return {
        "demo": bool(getattr(settings, "FENGQIAO_DEMO", False)),
        "elder": request.COOKIES.get("elder") == "1",
        "dense": request.COOKIES.get("dense") == "1",
        "keys_off": request.COOKIES.get("keys") == "off",
        "theme": theme if theme in THEMES else "",
        "language": language,
        "language_tag": TAGS.get(language, language),
        "languages": LANGUAGES,
        "here": request.get_full_path(),
        "frame": SimpleLazyObject(lambda: frame_of(request)),
    }
