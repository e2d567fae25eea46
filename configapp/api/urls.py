"""The addresses of the configuration. A key has a dot, so none of the literal ones can be taken for a key."""

from queueapp.rest.toolkit.endpoints import urlpatterns_of

urlpatterns = urlpatterns_of("configapp.api")
