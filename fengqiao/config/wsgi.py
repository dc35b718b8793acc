"""The web application that granian serves."""

import gc
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

from fengqiao.config.watching import requests

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fengqiao.config.settings")
application = get_wsgi_application()
if settings.FENGQIAO_PROXIES:
    application = wrap_wsgi_with_proxy_headers(application, trusted_hosts=settings.FENGQIAO_PROXIES)
requests.share(settings.FENGQIAO_COUNTERS)
# What is loaded by now stays: the collector need not walk it, and a page makes more objects than its default allows.
gc.freeze()
gc.set_threshold(10_000, 20, 50)
