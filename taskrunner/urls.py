"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from taskrunner import health

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("queueapp.api.urls")),
    path("api/v1/", include("configapp.api.urls")),
    path("api/v1/", include("workloads.api.urls")),
    path("health", health.health),
    path("health/live", health.live),
    path("health/ready", health.ready),
]

handler400 = "queueapp.api.problems.bad_request"
handler404 = "queueapp.api.problems.not_found"
handler500 = "queueapp.api.problems.server_error"
