from celery.result import AsyncResult
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from orders.tasks import sales_report


def start_report(request: HttpRequest) -> JsonResponse:
    """A report takes a while: the page asks for it by its id until it is there."""
    year = int(request.POST.get("year", timezone.localdate().year))
    return JsonResponse({"id": sales_report.delay(year).id}, status=202)


def report(request: HttpRequest, id: str) -> JsonResponse:
    result = AsyncResult(id)
    if result.failed():
        return JsonResponse({"error": str(result.result)}, status=500)
    return JsonResponse({"csv": result.get() if result.ready() else None, "status": result.status})
