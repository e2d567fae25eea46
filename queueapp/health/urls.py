"""The addresses of the health checks, for `path("", include("queueapp.health.urls"))` at the root of any project."""

from django.urls import path

from queueapp.health import health

urlpatterns = [
    path("health", health.health),
    path("health/live", health.live),
    path("health/ready", health.ready),
]
