"""What every view of the API shares: rights, the tenant acted for, checked input, and refusals on record."""

from typing import Any, TypeVar, cast

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from pydantic import ValidationError
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from queueapp.errors import FieldError, TaskNotFound
from queueapp.rest.toolkit import problem_details, refusals
from queueapp.rest.toolkit.authentication import ApiKeyAuthentication
from queueapp.rest.toolkit.endpoints import Endpoint
from queueapp.rest.toolkit.errors import Forbidden, InvalidRequest, NotVisible
from queueapp.rest.toolkit.etags import CONDITIONS, check_preconditions
from queueapp.rest.toolkit.permissions import Principal, acting_for
from queueapp.rest.toolkit.request_log import LoggedRequest, logged_request
from queueapp.rest.toolkit.security_events import record_refusal
from queueapp.rest.toolkit.strict_json import AlwaysJson, JsonRenderer, StrictJsonParser
from queueapp.rest.toolkit.whole_body import check_announcement, expect_whole_body
from queueapp.validation import RequestModel, field_errors

SomeRequest = TypeVar("SomeRequest", bound=RequestModel)


class JsonView(APIView):
    """Base of every view: everything that DRF would take from the project's REST_FRAMEWORK setting is fixed here."""

    authentication_classes: tuple[type[BaseAuthentication], ...] = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = (StrictJsonParser,)
    renderer_classes = (JsonRenderer,)
    content_negotiation_class = AlwaysJson
    metadata_class = None
    versioning_class = None
    route = described_path = ""  # set by @resource
    logged: LoggedRequest
    schema = None  # the API describes itself; a host's schema generator leaves it out

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Outside ATOMIC_REQUESTS: views open the transactions that they need, and hold none while they wait."""
        return transaction.non_atomic_requests(super().as_view(**initkwargs))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with logged_request(request.method, self.described_path) as self.logged:
            response = super().dispatch(request, *args, **kwargs)
            self.logged.end(response, problem_details.code_of(response))
        return response

    def perform_authentication(self, request: Request) -> None:
        """Not even for the anonymous user that the project may have set."""
        if self.authentication_classes:
            super().perform_authentication(request)

    def get_exception_handler(self) -> Any:
        return problem_details.handle

    def read_input(self, declared: Endpoint) -> dict[str, Any]:
        """What the endpoint's method takes besides the request and the parts of its address."""
        return {}


class ApiView(JsonView):
    """A view for holders of keys. A method that declares no right is refused to everybody."""

    authentication_classes = (ApiKeyAuthentication,)
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]  # noqa: RUF012 (declared so by Django)

    principal: Principal

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self._act_as(cast(Principal, request.user))
        refusals.check(self.principal)
        check_announcement(request._request)
        expect_whole_body(request._request)
        name = (request.method or "").lower()
        handler = getattr(self, name, None) if name in self.http_method_names else None
        if handler is not None:  # else it will be refused as such
            declared = self._permitted(getattr(handler, "endpoint", None))
            if request.method not in SAFE_METHODS and not set(CONDITIONS) & set(declared.headers):
                check_preconditions(request, None)  # what gives out no ETag has no version that could be meant
            self._act_for(request.query_params.get("tenant"))

    def _act_as(self, principal: Principal) -> None:
        self.principal = self.logged.principal = principal

    def _act_for(self, tenant: Any) -> None:
        self._act_as(acting_for(self.principal, tenant))

    def _permitted(self, declared: Endpoint | None) -> Endpoint:
        right = declared.right if declared else None
        if declared is None or right is None or not self.principal.may(right):
            raise Forbidden(f"This key's role or scopes do not include the right {right!s}.")
        return declared

    def handle_exception(self, exc: Exception) -> Response:
        principal = getattr(self, "principal", None)
        if principal is not None and isinstance(exc, NotVisible | TaskNotFound | Forbidden):
            event = "forbidden" if isinstance(exc, Forbidden) else "not_visible"
            record_refusal(principal, event, self.request.method or "", self.request.path)
        response = super().handle_exception(exc)
        if principal is not None:
            refusals.count(principal, response.status_code)
        return response

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response.headers.setdefault("Cache-Control", "no-store")
        return super().finalize_response(request, response, *args, **kwargs)

    def read_input(self, declared: Endpoint) -> dict[str, Any]:
        """What the endpoint's method takes, checked. A query string that it does not take must be empty."""
        given: dict[str, Any] = {}
        if "query" in declared.passes:
            given["query"] = self.query(declared.query or RequestModel)
        elif self.request.method in ("GET", "HEAD"):
            self.query(RequestModel)
        if "body" in declared.passes:
            given["body"] = self.body(declared.body)
        return given

    def members(self) -> dict[str, Any]:
        """The members of the body. An admin's `tenant` among them is taken out, and becomes the one acted for."""
        body = self.request.data
        if not isinstance(body, dict):
            raise InvalidRequest("The body must be a JSON object.", errors=[_must_be_object("body")])
        members = dict(body)
        if self.principal.is_admin and "tenant" in members:
            self._act_for(members.pop("tenant"))
        return members

    def body(self, model: type[SomeRequest]) -> SomeRequest:
        """The body, checked. Raises InvalidRequest naming each field."""
        return checked(model, self.members(), "body")

    def query(self, model: type[SomeRequest]) -> SomeRequest:
        """The query string, checked. Raises InvalidRequest naming each parameter."""
        given = self.request.query_params
        twice = [name for name, values in given.lists() if len(values) > 1]
        if twice:
            raise InvalidRequest(
                "A parameter is given twice.",
                errors=[FieldError(name, "given_twice", "may be given once") for name in twice],
            )
        return checked(model, {name: value for name, value in given.items() if name != "tenant"}, "query string")


def checked(model: type[SomeRequest], given: dict[str, Any], where: str) -> SomeRequest:
    """A request made of what was given. Raises InvalidRequest naming each field."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        errors = field_errors(error)
        words = "; ".join(f"{each.field}: {each.message}" for each in errors)
        raise InvalidRequest(f"The {where} was refused: {words}", errors=errors) from None


def _must_be_object(field: str) -> FieldError:
    return FieldError(field, "not_an_object", "must be a JSON object")
