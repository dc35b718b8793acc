"""Applications, requests, pages, static files, security headers."""

from fengqiao.config import environment
from fengqiao.config.settings.paths import FENGQIAO_DATA

DEBUG = False
PORT = environment.port("PORT", 8000)
FENGQIAO_HOST = environment.text("FENGQIAO_HOST", "127.0.0.1")
# Behind a proxy that ends HTTPS: the public origin, e.g. https://city.example (docs/operations/https.md).
FENGQIAO_ORIGIN = environment.text("FENGQIAO_ORIGIN").rstrip("/")
# Forms an hour from one address, and three times as many photos; 0 sets no limit (docs/operations/running.md).
FENGQIAO_FORMS_PER_HOUR = environment.number("FENGQIAO_FORMS_PER_HOUR", 120, most=1_000_000)
_secure = FENGQIAO_ORIGIN.startswith("https://")

# Whose X-Forwarded-For is believed: the proxy's address. Without an origin nobody's.
FENGQIAO_PROXIES = environment.networks("FENGQIAO_PROXIES", "127.0.0.1,::1") if FENGQIAO_ORIGIN else []
# Opens /metrics to other machines.
FENGQIAO_METRICS_TOKEN = environment.token("FENGQIAO_METRICS_TOKEN")

ALLOWED_HOSTS = (
    ["*"] if not FENGQIAO_ORIGIN else [FENGQIAO_ORIGIN.split("://")[-1].split(":")[0], "127.0.0.1", "localhost"]
)
CSRF_TRUSTED_ORIGINS = [FENGQIAO_ORIGIN] if FENGQIAO_ORIGIN else []
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _secure else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
SECURE_HSTS_SECONDS = 31_536_000 if _secure else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

INSTALLED_APPS = [
    # auth and contenttypes stand here because axes' and Django's own sign-in back ends import their models.
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "procrastinate.contrib.django",
    "axes",
    "csp",
    "django_htmx",
    "fengqiao.kernel",
    "fengqiao.config.wiring.Wiring",
    "fengqiao.offices.accounts",
    "fengqiao.offices.supervision",
    "fengqiao.offices.reviews",
    "fengqiao.offices.knowledge",
    "fengqiao.domains.hotline",
    "fengqiao.doors.face",
    "fengqiao.doors.api",
    "fengqiao.doors.desk",
    "fengqiao.doors.portal",
]

MIDDLEWARE = [
    "fengqiao.config.watching.requests.Counting",
    "fengqiao.config.secrets.middleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "fengqiao.config.urls"
CSRF_FAILURE_VIEW = "fengqiao.doors.face.errors.csrf_failure"
WSGI_APPLICATION = "fengqiao.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.template.context_processors.i18n",
                "fengqiao.doors.face.context.face",
            ]
        },
    }
]

# Engineering ruling 21; `blob:` shows a photo or recording before it is sent.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "img-src": ["'self'", "blob:"],
        "media-src": ["'self'", "blob:"],
    }
}

# `fengqiao up` collects and fingerprints the files; before that (tests, single commands) they are served as they lie.
STATIC_URL = "/static/"
_static = FENGQIAO_DATA / "static"
_collected = (_static / "staticfiles.json").exists() or environment.flag("FENGQIAO_COLLECTING")
STATIC_ROOT = _static if _collected else None
WHITENOISE_USE_FINDERS = not _collected
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _collected
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"short": {"()": "fengqiao.doors.outages.Short"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["short"]}},
    # The worker tells once that the database is away; its pool would tell it with each try.
    "loggers": {"psycopg.pool": {"level": "ERROR"}},
    "root": {"handlers": ["console"], "level": environment.text("FENGQIAO_LOG", "WARNING")},
}
