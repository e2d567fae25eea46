from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("jobs/api/", include("queueapp.rest.urls")),
    path("", include("queueapp.health.urls")),
]
