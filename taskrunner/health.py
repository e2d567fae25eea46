"""What load balancers and orchestrators ask."""

from django.http import HttpRequest, JsonResponse


def live(request: HttpRequest) -> JsonResponse:
    """The process answers; says nothing of the servers behind it."""
    return JsonResponse({"status": "ok"})
