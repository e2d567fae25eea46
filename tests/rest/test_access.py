"""Roles and endpoints: each method asks for its right, and what a key may not do is refused and recorded."""

import pytest

from queueapp.models import SecurityEvent
from queueapp.models.base import new_id
from queueapp.rest.toolkit.permissions import ROLE_RIGHTS
from queueapp.rest.urls import urlpatterns
from queueapp.tenancy import operator_scope
from tests.rest.calling import Api, code_of, key_for
from tests.rest.matrix import PAGE, matrix, written
from tests.rest.routes import METHODS, routes

ROUTES = routes()


def forbidden_events():
    with operator_scope("operator:test"):
        return list(SecurityEvent.objects.filter(event="forbidden"))


def test_the_routes_are_those_of_urls_py():
    assert {"GET /tasks", "POST /queues/{name}/pause", "DELETE /tasks/{task_id}"} <= {str(route) for route in ROUTES}
    assert not any(character in route.path for route in ROUTES for character in "<>()\\^?")


@pytest.mark.parametrize("role", ROLE_RIGHTS)
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_role_may_do_what_its_rights_say(acme, route, role):
    answer = Api(key_for(acme, role)).send(route.method, route.filled(new_id()), {})
    if role in route.roles:
        assert answer.status_code not in (401, 403, 405), answer.content
        assert answer.status_code < 500
        assert forbidden_events() == []
    else:
        assert (answer.status_code, code_of(answer)) == (403, "forbidden")
        (event,) = forbidden_events()
        assert event.tenant_id == acme.id
        assert event.detail["method"] == route.method


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_without_a_key_nothing_is_answered(clean_database, route):
    answer = Api("").send(route.method, route.filled(new_id()), {})
    assert (answer.status_code, code_of(answer)) == (401, "unauthenticated")


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES}))
def test_other_methods_are_refused_as_such(admin, path):
    of_path = {route.method for route in ROUTES if route.path == path}
    address = next(route.filled(new_id()) for route in ROUTES if route.path == path)
    for method in {*METHODS, "OPTIONS", "TRACE", "PROPFIND"} - of_path:
        answer = admin.send(method, address)
        assert (answer.status_code, code_of(answer)) == (405, "method_not_allowed")
        assert set(answer["Allow"].split(", ")) == of_path | ({"HEAD"} if "GET" in of_path else set())


def test_views_hold_no_transaction_of_the_project():
    """A view that waits gives its connection back, which inside ATOMIC_REQUESTS it could not."""
    assert all(pattern.callback._non_atomic_requests == {"default"} for pattern in urlpatterns)


def test_the_page_holds_the_matrix_of_the_code():
    assert written(PAGE.read_text()) == matrix(), "write it anew: python -m tests.rest.matrix"


def test_a_refusal_of_any_address_is_on_record(client):
    """Also of one with a character that PostgreSQL does not know."""
    answer = client.get("/config/a%00b")
    assert (answer.status_code, code_of(answer)) == (403, "forbidden")
    assert [event.detail["path"] for event in forbidden_events()] == ["/api/v1/config/a\\0b"]
