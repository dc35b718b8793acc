"""The web application that granian serves."""

import gc
import os

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fengqiao.config.settings")
django.setup(set_prefix=False)

from granian.utils.proxies import wrap_wsgi_with_proxy_headers  # noqa: E402 - Django first

from fengqiao.config.requests import Handler  # noqa: E402
from fengqiao.config.watching import requests  # noqa: E402

application = Handler()
if settings.FENGQIAO_PROXIES:
    application = wrap_wsgi_with_proxy_headers(application, trusted_hosts=settings.FENGQIAO_PROXIES)
requests.share(settings.FENGQIAO_COUNTERS)
# What is loaded by now stays: the collector need not walk it, and a page makes more objects than its default allows.
gc.freeze()
gc.set_threshold(10_000, 20, 50)
