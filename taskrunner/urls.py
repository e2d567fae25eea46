"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="console:start")),
    path("console/", include("queueapp.console.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("queueapp.rest.urls")),
    path("api/v1/", include("configapp.api.urls")),
    path("api/v1/", include("workloads.api")),
    path("", include("queueapp.health.urls")),
]

handler400 = "queueapp.rest.toolkit.problem_details.bad_request"
handler403 = "taskrunner.error_pages.forbidden"
handler404 = "queueapp.rest.toolkit.problem_details.not_found"
handler500 = "queueapp.rest.toolkit.problem_details.server_error"
