"""Every address of the API, found where it is declared. None ends in a slash; others are handler404's."""

from queueapp.rest.toolkit.endpoints import urlpatterns_of
from queueapp.rest.toolkit.mount import APP_NAME
from queueapp.rest.toolkit.request_log import name_request_in_every_line

app_name = APP_NAME
urlpatterns = urlpatterns_of("queueapp.rest")
name_request_in_every_line()
