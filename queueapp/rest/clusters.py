"""Clusters: reading them, and having one end in good order. For admin keys."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.operators.workers import EndRequest, drain_cluster
from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.pagination import Page, whole_list
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView
from queueapp.tasks import queries
from queueapp.tasks.serializers import ClusterDocument


@resource("clusters", tag="Platform")
class ClusterList(ApiView):
    """The live clusters."""

    @endpoint(
        "List the live clusters",
        right=Right.PLATFORM_READ,
        responses={200: ResponseSpec("All of them.", Page[ClusterDocument])},
    )
    def get(self, request: Request) -> Response:
        with self.principal.scope():
            return Response(whole_list([ClusterDocument.of_cluster(each) for each in queries.live_clusters()]))


@resource("clusters/<uuid:cluster_id>/drain", tag="Platform")
class ClusterDrain(ApiView):
    """The end of a cluster, as at SIGTERM."""

    @endpoint(
        "Have a cluster finish what it runs, and end",
        right=Right.PLATFORM_OPERATE,
        responses={202: ResponseSpec("It was asked to, and hears of it within five seconds.", ClusterDocument)},
        details="What starts it again when it ends, such as a container's restart policy, starts a new one.",
        errors=(404, 409),
        example={"reason": "its machine goes"},
    )
    def post(self, request: Request, cluster_id: UUID, body: EndRequest) -> Response:
        with self.principal.scope():
            drain_cluster(cluster_id, body.reason)
            cluster = next(each for each in queries.live_clusters() if each.id == cluster_id)
            return Response(ClusterDocument.of_cluster(cluster), status=202)
