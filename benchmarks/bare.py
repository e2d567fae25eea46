"""What the API is held against: DRF views that insert or read one row through the ORM, and nothing else."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.urls import include, path
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class BareRow(models.Model):
    """A table of its own, without tenants, triggers or rules."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    type = models.CharField(max_length=200)
    params = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager["BareRow"]] = models.Manager()

    class Meta:
        app_label = "benchmarks"
        db_table = "benchmark_rows"

    def __str__(self) -> str:
        return str(self.id)

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "type": self.type, "params": self.params, "created_at": self.created_at}


class BareView(APIView):
    """No authentication, no limits, each request its own commit."""

    authentication_classes = ()
    parser_classes = (JSONParser,)
    renderer_classes = (JSONRenderer,)

    def post(self, request: Request) -> Response:
        row = BareRow.objects.create(**dict(request.data))
        return Response(row.as_json(), status=202)

    def get(self, request: Request, row_id: uuid.UUID) -> Response:
        return Response(BareRow.objects.get(id=row_id).as_json())


urlpatterns = [
    path("bare", BareView.as_view()),
    path("bare/<uuid:row_id>", BareView.as_view()),
    path("", include("taskrunner.urls")),
]
