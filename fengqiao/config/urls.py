"""Every address of the program begins here."""

from django.urls import include, path

from fengqiao.config import health
from fengqiao.config.watching import scrape

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", scrape.metrics, name="metrics"),
    path("api/v1/", include("fengqiao.doors.api.urls")),
    path("", include("fengqiao.doors.face.urls")),
    path("", include("fengqiao.doors.portal.urls")),
    path("desk/", include("fengqiao.doors.desk.account_urls")),
    path("desk/", include("fengqiao.doors.desk.urls")),
]

handler400 = "fengqiao.doors.face.errors.bad_request"
handler403 = "fengqiao.doors.face.errors.forbidden"
handler404 = "fengqiao.doors.face.errors.not_found"
handler500 = "fengqiao.doors.face.errors.server_error"
