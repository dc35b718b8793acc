"""The web application that granian serves."""

import gc
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fengqiao.config.settings")
django.setup(set_prefix=False)

from fengqiao.config.requests import Handler  # noqa: E402 - Django first

application = Handler()
# What is loaded by now stays: the collector need not walk it, and a page makes more objects than its default allows.
gc.freeze()
gc.set_threshold(10_000, 20, 50)
