"""Every address of the API, found where it is declared. None ends in a slash; others are handler404's."""

from queueapp.rest.toolkit.endpoints import urlpatterns_of

app_name = "taskrunner"
urlpatterns = urlpatterns_of("queueapp.rest")
