"""The web application that granian serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fengqiao.config.settings")
application = get_wsgi_application()
# What is loaded by now stays: the collector need not walk it, and a page makes more objects than its default allows.
gc.freeze()
gc.set_threshold(10_000, 20, 50)
