"""The address /metrics, and who may read it: a program on this machine, or whoever has the token."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterator

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.registry import Collector

from fengqiao.config.watching import requests, state

FORWARDED = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via")


class Everything(Collector):
    """Requests and state, as one."""

    def collect(self) -> Iterator[Metric]:
        yield from requests.collect()
        yield from state.collect()


class Scrape(CollectorRegistry):
    """Asks once a scrape: the ordinary registry would ask at its start too, to learn the names."""

    def collect(self) -> Iterator[Metric]:
        yield from Everything().collect()


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Everything in Prometheus' text format; to everybody else the address is not there."""
    if not may_scrape(request):
        raise Http404
    return HttpResponse(generate_latest(Scrape()), content_type=CONTENT_TYPE_LATEST)


def may_scrape(request: HttpRequest) -> bool:
    """With the token from anywhere; without it only straight from this machine.

    What a proxy on this machine hands on comes from this machine too: it is known by the headers that it adds, or by
    the name it asks for.
    """
    token = settings.FENGQIAO_METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    if token and hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    if any(name in request.headers for name in FORWARDED):
        return False
    host = request.get_host().rpartition(":")[0] or request.get_host()
    return _is_loopback(request.META.get("REMOTE_ADDR", "")) and (host == "localhost" or _is_loopback(host.strip("[]")))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
