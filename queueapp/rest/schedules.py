"""Schedules: made, changed, paused and fired by the tenant that they are of, or by an admin for it."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from itertools import combinations, islice
from typing import Annotated, Any, get_type_hints
from uuid import UUID

from django.db.models import QuerySet
from pydantic import Field, StringConstraints, create_model
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.models import Schedule, ScheduleSlot, Task
from queueapp.rest.submission import ACCEPTED, HEADERS, accept_task
from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.errors import NotVisible
from queueapp.rest.toolkit.etags import CONDITIONS, check_preconditions
from queueapp.rest.toolkit.idempotency import execution, identity_of
from queueapp.rest.toolkit.mount import api_root
from queueapp.rest.toolkit.pagination import Page, PageQuery, page
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView
from queueapp.schedules import service
from queueapp.schedules.documents import ScheduleDetailDocument, ScheduleDocument, SlotDocument
from queueapp.schedules.requests import TIMINGS, ScheduleRequest, TimingRequest
from queueapp.type_patterns import TASK_TYPE_PATTERN
from queueapp.validation import WHOLE, RequestModel, ResponseModel, not_both

EXAMPLE = {"name": "nightly-report", "type": "echo", "cron": "0 3 * * *", "timezone": "Europe/Berlin"}
SHOWN = ResponseSpec("The schedule.", ScheduleDetailDocument, ("ETag",))

# what may be changed is what may be given, and each member may be left out
HINTS = get_type_hints(ScheduleRequest, include_extras=True)
CHANGES: dict[str, Any] = {
    name: (HINTS[name], Field(default_factory=lambda: None)) for name in ScheduleRequest.model_fields
}


class ScheduleChange(RequestModel):
    """Base of the members to change."""

    model_config = not_both(*combinations(TIMINGS, 2))


ScheduleChangeRequest = create_model(
    "ScheduleChangeRequest",
    __base__=ScheduleChange,
    __doc__="The members to change; another timing takes the place of the one before.",
    **CHANGES,
)


class ScheduleListQuery(PageQuery):
    """Which schedules."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")] | None = None
    type: Annotated[str, StringConstraints(pattern=TASK_TYPE_PATTERN, max_length=200)] | None = None


class PreviewRequest(TimingRequest):
    """A timing, and how many of its next slots to show."""

    count: Annotated[int, Field(ge=1, le=20, strict=True), WHOLE] = 5


class PreviewResponse(ResponseModel):
    """A timing in words, and its next slots from now on."""

    words: str
    next_slots: list[datetime]


class ScheduleView(ApiView):
    """Base of what shows or changes schedules: those of the principal's tenant; for an admin who names none, all."""

    def visible(self) -> "QuerySet[Schedule]":
        tenant_id = self.principal.sees_tenant
        schedules = Schedule.objects.select_related("tenant")
        return schedules if tenant_id is None else schedules.filter(tenant_id=tenant_id)

    def find(self, schedules: "QuerySet[Schedule]", schedule_id: UUID) -> Schedule:
        found = schedules.filter(id=schedule_id).first()
        if found is None:
            raise NotVisible("schedule")
        return found

    def show(self, schedule: Schedule) -> Response:
        return Response(ScheduleDetailDocument.with_slots(schedule), headers={"ETag": _etag_of(schedule)})

    def act(self, schedule_id: UUID, verb: Callable[[Schedule], Schedule]) -> Response:
        """Do something to a schedule at the version that the client names, if it names one."""
        with self.principal.scope():
            schedule = self.find(service.locked(self.visible()), schedule_id)
            check_preconditions(self.request, _etag_of(schedule))
            return self.show(verb(schedule))


@resource("schedules", tag="Schedules", name="schedules")
class ScheduleList(ScheduleView):
    """The schedules that the principal may see."""

    @endpoint(
        "List schedules, the newest first",
        right=Right.SCHEDULES_READ,
        responses={200: ResponseSpec("A page.", Page[ScheduleDocument])},
    )
    def get(self, request: Request, query: ScheduleListQuery) -> Response:
        wanted = {name: value for name in ("name", "type") if (value := getattr(query, name)) is not None}
        with self.principal.scope():
            return Response(page(request, self.visible().filter(**wanted), query, ScheduleDocument.of_schedule))

    @endpoint(
        "Make a schedule",
        right=Right.SCHEDULES_MANAGE,
        responses={
            201: ResponseSpec("It is made.", ScheduleDetailDocument, ("ETag", "Location", "Idempotent-Replayed"))
        },
        details="Its task is checked as at a submission. A tenant may have as many as its limit `schedules` says.",
        headers=("Idempotency-Key",),
        errors=(422,),
        example=EXAMPLE,
    )
    def post(self, request: Request, body: ScheduleRequest) -> Response:
        with execution(self.principal, identity_of(request, request.data)) as done:
            if not done.is_replay:
                with self.principal.own_scope():
                    made = service.create(self.principal.tenant_id, body)
                done.answer = ScheduleDetailDocument.with_slots(made).model_dump(mode="json")
        headers = {
            "Location": f"{api_root(request)}/schedules/{done.answer['id']}",
            "ETag": f'"{done.answer["revision"]}"',
        }
        return Response(done.answer, status=201, headers=headers | done.headers)


@resource("schedules/preview", tag="Schedules")
class SchedulePreview(ApiView):
    """A timing that is no schedule yet."""

    @endpoint(
        "When a timing's next slots are",
        right=Right.SCHEDULES_READ,
        responses={200: ResponseSpec("In words, and as moments.", PreviewResponse)},
        example={"cron": "0 3 * * MON-FRI", "timezone": "Europe/Berlin"},
    )
    def post(self, request: Request, body: PreviewRequest) -> Response:
        timing = body.timing
        with self.principal.own_scope():
            now = service.database_time()
        return Response(PreviewResponse(words=timing.words, next_slots=list(islice(timing.slots(now), body.count))))


@resource("schedules/<uuid:schedule_id>", tag="Schedules")
class ScheduleDetail(ScheduleView):
    """The schedule itself."""

    @endpoint("Look at a schedule", right=Right.SCHEDULES_READ, responses={200: SHOWN})
    def get(self, request: Request, schedule_id: UUID) -> Response:
        with self.principal.scope():
            return self.show(self.find(self.visible(), schedule_id))

    @endpoint(
        "Change a schedule",
        right=Right.SCHEDULES_MANAGE,
        responses={200: SHOWN},
        details="With another timing or time zone its slots from now on are the new ones.",
        headers=CONDITIONS,
        errors=(409,),
        example={"overlap": "skip"},
    )
    def patch(self, request: Request, schedule_id: UUID, body: ScheduleChangeRequest) -> Response:
        changes = body.model_dump(exclude_unset=True)
        return self.act(schedule_id, lambda schedule: service.change(schedule, changes))

    @endpoint(
        "Delete a schedule",
        right=Right.SCHEDULES_MANAGE,
        responses={204: ResponseSpec("It is deleted, with its slots; its tasks stay.")},
        headers=CONDITIONS,
        errors=(409,),
    )
    def delete(self, request: Request, schedule_id: UUID) -> Response:
        with self.principal.scope():
            schedule = self.find(service.locked(self.visible()), schedule_id)
            check_preconditions(request, _etag_of(schedule))
            service.delete(schedule)
        return Response(status=204)


act_endpoint = partial(endpoint, right=Right.SCHEDULES_MANAGE, responses={200: SHOWN}, headers=CONDITIONS)


@resource("schedules/<uuid:schedule_id>/pause", tag="Schedules")
class SchedulePause(ScheduleView):
    """A pause: no slot fires."""

    @act_endpoint("Fire nothing more of a schedule")
    def post(self, request: Request, schedule_id: UUID) -> Response:
        return self.act(schedule_id, service.pause)


@resource("schedules/<uuid:schedule_id>/resume", tag="Schedules")
class ScheduleResume(ScheduleView):
    """The end of a pause; the slots of the pause are no missed ones."""

    @act_endpoint("Fire again, from now on")
    def post(self, request: Request, schedule_id: UUID) -> Response:
        return self.act(schedule_id, service.resume)


@resource("schedules/<uuid:schedule_id>/fire", tag="Schedules")
class ScheduleFire(ScheduleView):
    """A task beside the slots."""

    @endpoint(
        "Submit a schedule's task now",
        right=Right.SCHEDULES_MANAGE,
        responses={202: ACCEPTED},
        details="Outside its slots, whatever runs, and whether or not it is paused. It counts as a submission.",
        headers=HEADERS,
        errors=(422,),
    )
    def post(self, request: Request, schedule_id: UUID) -> Response:
        def fire(members: dict[str, Any]) -> Task:
            with self.principal.own_scope():
                own = Schedule.objects.filter(tenant_id=self.principal.tenant_id)
                return service.fire_now(self.find(service.locked(own), schedule_id))

        return accept_task(request, self.principal, {}, submit=fire)


@resource("schedules/<uuid:schedule_id>/slots", tag="Schedules")
class ScheduleSlots(ScheduleView):
    """What became of the slots of the last thirty days."""

    @endpoint(
        "What became of a schedule's slots, the latest first",
        right=Right.SCHEDULES_READ,
        responses={200: ResponseSpec("A page.", Page[SlotDocument])},
    )
    def get(self, request: Request, schedule_id: UUID, query: PageQuery) -> Response:
        with self.principal.scope():
            schedule = self.find(self.visible(), schedule_id)
            slots = ScheduleSlot.objects.filter(tenant_id=schedule.tenant_id, schedule_id=schedule_id)
            return Response(page(request, slots, query, SlotDocument.of_slot))


def _etag_of(schedule: Schedule) -> str:
    return f'"{schedule.revision}"'
