"""The addresses of the configuration, below /api/v1. A key has a dot, so none of them can be taken for a key."""

from django.urls import path

from configapp.api import views

urlpatterns = [
    path("config", views.ConfigList.as_view()),
    path("config/bulk", views.ConfigBulk.as_view()),
    path("config/validate", views.ConfigValidate.as_view()),
    path("config/audit", views.ConfigAuditList.as_view()),
    path("config/export", views.ConfigExport.as_view()),
    path("config/<str:key>", views.ConfigDetail.as_view()),
    path("config/<str:key>/history", views.ConfigHistory.as_view()),
    path("config/<str:key>/rollback", views.ConfigRollback.as_view()),
]
