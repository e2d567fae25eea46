"""Who may open which page in which scope: walked from the pages as they are declared."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from queueapp.console.pages import pages
from queueapp.errors import InvalidValue
from queueapp.models import SecurityEvent, Tenant
from queueapp.operators import service
from queueapp.tenancy import operator_scope
from tests.console.addresses import address_of
from tests.console.conftest import signed_in

EVERY = sorted(pages())
ACTS = [name for name in EVERY if pages()[name].acts]


def test_who_is_not_signed_in_is_led_to_the_console_s_own_page(clean_database):
    response = Client().get("/console/all/tasks/?state=queued")
    assert response.url == "/console/sign-in/?next=/console/all/tasks/%3Fstate%3Dqueued"


def test_the_site_leads_to_the_console_and_to_the_one_scope_of_a_member(acme, member):
    client = member(acme)
    assert client.get("/", follow=True).redirect_chain[-1][0] == "/console/acme/"


def test_staff_choose_among_all_scopes(root, acme):
    page = root.get("/console/").content.decode()
    assert 'href="/console/all/"' in page and 'href="/console/acme/"' in page


def test_somebody_without_a_scope_is_told_what_to_do(clean_database):
    page = signed_in(User.objects.create_user("nobody")).get("/console/")
    assert "belong to no tenant" in page.content.decode()


@pytest.mark.parametrize("name", EVERY)
def test_nobody_sees_another_tenant_or_a_scope_that_does_not_exist(name, acme, globex, member):
    client = member(acme, "administrator")
    answers = [client.get(address_of(name, scope)) for scope in ("globex", "all", "no-such")]
    assert [answer.status_code for answer in answers] == [404] * 3
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", ACTS)
def test_a_viewer_acts_nowhere(name, method, acme, member, watcher):
    refused = (404,) if pages()[name].platform_only else (403,)
    assert getattr(member(acme, "viewer"), method)(address_of(name, "acme")).status_code in refused
    scope = "acme" if pages()[name].tenant_only else "all"
    assert getattr(watcher, method)(address_of(name, scope)).status_code == 403


def test_a_refusal_leaves_an_event(acme, member):
    member(acme).get("/console/globex/tasks/")
    with operator_scope("operator:test"):
        assert SecurityEvent.objects.get().event == "not_visible"


def test_a_member_of_a_tenant_that_is_switched_off_sees_nothing(acme, member):
    client = member(acme)
    with operator_scope("operator:test"):
        Tenant.objects.filter(pk=acme.pk).update(active=False)
    assert client.get("/console/acme/").status_code == 404


def test_a_tenant_reads_its_own_tasks_only(acme, globex, make_task, member):
    mine, other = make_task(tenant=acme), make_task(tenant=globex)
    page = member(acme).get("/console/acme/tasks/").content.decode()
    assert str(mine.pk) in page and str(other.pk) not in page


@pytest.mark.parametrize("slug", ["all", "api", "admin", "static"])
def test_a_slug_that_an_address_begins_with_is_refused(slug, clean_database):
    with operator_scope("operator:test"), pytest.raises(InvalidValue, match="address of the platform"):
        service.create_tenant(slug)


def test_signing_in_and_out(clean_database, acme):
    User.objects.create_superuser("ada", password="correct horse")
    client = Client()
    response = client.post("/console/sign-in/", {"username": "ada", "password": "correct horse"})
    assert response.url == "/console/"
    assert client.get("/console/sign-out/").url == "/console/"  # nothing was done
    assert client.get("/console/all/").status_code == 200
    client.post("/console/sign-out/")
    assert client.get("/console/all/").status_code == 302
