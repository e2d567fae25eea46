"""The families' own addresses; importing the description is what describes them."""

from django.urls import path

from workloads.api import description, views

__all__ = ["description", "urlpatterns"]

urlpatterns = [
    path("fetch", views.Fetch.as_view()),
    path("search", views.Search.as_view()),
    path("search/batch", views.SearchBatch.as_view()),
]
