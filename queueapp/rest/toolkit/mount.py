"""Where the API is: wherever the project's urls.py includes queueapp.rest.urls."""

from functools import cache

from django.http import HttpRequest
from django.urls import NoReverseMatch, get_script_prefix, reverse


def api_root() -> str:
    """What the paths of the API begin with, e.g. `/api/v1`. Raises NoReverseMatch where it is not included."""
    return _root(get_script_prefix())


def is_api(request: HttpRequest) -> bool:
    """Whether the address is below the API's, be there something or not."""
    try:
        return f"{request.path}/".startswith(f"{api_root()}/")
    except NoReverseMatch:
        return False


@cache
def _root(script_prefix: str) -> str:
    """By the prefix that the web server may have put the whole project under, which `reverse` adds."""
    return reverse("taskrunner:tasks").removesuffix("/tasks")
