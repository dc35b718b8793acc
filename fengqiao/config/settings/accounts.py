"""Accounts, passwords, sessions, lock-out."""

from datetime import timedelta

from fengqiao.config import secrets
from fengqiao.config.settings.kernel import FENGQIAO_KEYS

AUTH_USER_MODEL = "kernel.Account"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_RULES = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_RULES}.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ("username",)}},
    {"NAME": f"{_RULES}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": f"{_RULES}.CommonPasswordValidator"},
    {"NAME": f"{_RULES}.NumericPasswordValidator"},
]

# Offices sit behind one address: locking by address would lock the whole hall out.
AXES_LOCKOUT_PARAMETERS = ["username"]
SILENCED_SYSTEM_CHECKS = ["axes.W006"]  # a name alone cannot be evaded by changing the browser's name
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "fengqiao.doors.desk.lockout.answer"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code"]
LOGIN_URL = "/desk/sign-in/"

SESSION_ENGINE = "fengqiao.config.sessions"
SESSION_COOKIE_NAME = "fengqiao_session"
SESSION_COOKIE_AGE = 8 * 3600  # at most this long after the sign-in, however busy
FENGQIAO_IDLE_MINUTES = 30
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True  # scripts take the secret from the page's own form
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"

SECRET_KEY, SECRET_KEY_FALLBACKS = secrets.for_django(FENGQIAO_KEYS)
