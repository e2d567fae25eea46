"""A tenant's settings: what its administrator may do to keys, limits and members, and what nobody else may."""

import re
import threading
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction

from queueapp.apikeys import authenticate_key, create_key
from queueapp.console.pages import pages
from queueapp.errors import InvalidValue, ScopeError
from queueapp.limits.tenant_limits import effective_limits, forget
from queueapp.models import ApiKey, Membership, OperatorAction, Tenant
from queueapp.operators import service
from queueapp.operators.members import remove_member
from queueapp.tenancy import administrator_scope, operator_scope, tenant_scope
from tests.console.addresses import address_of
from tests.waiting import sessions_waiting_for_a_lock, threads, wait_until

pytestmark = pytest.mark.rls_only
SETTINGS = "/console/acme/settings/"
ACTS = sorted(name for name, page in pages().items() if page.administers)


@contextmanager
def operating():
    with operator_scope("operator:test"):
        yield


@pytest.fixture
def ada(acme, member):
    """A client of acme's administrator, of that name in the record."""
    client = member(acme, "administrator")
    User.objects.filter(username="administrator-of-acme").update(username="ada")
    return client


def acts():
    with operating():
        return list(OperatorAction.objects.order_by("id").values_list("actor", "action", "target"))


def make(client, **fields):
    return client.post(f"{SETTINGS}keys/new/", {"name": "ci", "role": "client", **fields})


def test_a_key_is_made_shown_once_listed_and_revoked(ada, acme):
    page = make(ada, scopes=["tasks:read"], expires_in_days="30").content.decode()
    (key,) = re.findall(r">(tr_\w+)<", page)
    known = authenticate_key(key)
    assert (known.tenant_id, known.scopes) == (acme.pk, ["tasks:read"])
    listed = ada.get(SETTINGS).content.decode()
    assert known.prefix in listed and key not in listed
    ada.post(f"{SETTINGS}keys/{known.prefix}/revoke/")
    with operating():
        assert ApiKey.objects.get().revoked_at is not None
    assert acts() == [("client:ada", "apikey.create", known.prefix), ("client:ada", "apikey.revoke", known.prefix)]


def test_a_key_that_reaches_all_tenants_is_not_made(ada, acme):
    assert "Select a valid choice" in make(ada, role="admin").content.decode()
    with administrator_scope(acme.pk, actor="client:ada"):
        with pytest.raises(ScopeError):
            create_key(acme, "root", "admin")
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            ApiKey.objects.create(tenant=acme, name="root", role="admin", prefix="p", digest="0" * 64)


def test_what_is_wrong_with_a_key_is_told_beside_its_field(ada):
    answer = make(ada, role="worker", categories="a..b", scopes=["tasks:read"])
    assert set(answer.context["form"].errors) == {"categories", "scopes"}


def test_another_tenants_key_can_not_be_revoked(ada, globex):
    with operating():
        row, _ = create_key(globex, "theirs", "client")
    assert ada.post(f"{SETTINGS}keys/{row.prefix}/revoke/").status_code == 404
    with operating():
        assert ApiKey.objects.get().revoked_at is None


def test_limits_can_be_lowered_and_never_raised(ada, acme):
    with operating():
        service.set_limits("acme", {"max_batch_size": 10})
    refused = ada.post(f"{SETTINGS}limits/", {"max_batch_size": 11, "schedules": 0})
    assert refused.context["form"].errors == {"max_batch_size": ["must be at most 10, which the platform allows"]}
    ada.post(f"{SETTINGS}limits/", {"max_batch_size": 5, "tasks_per_minute": 7})
    assert (effective_limits(acme.pk).max_batch_size, effective_limits(acme.pk).tasks_per_minute) == (5, 7)
    with operating():
        service.set_limits("acme", {"max_batch_size": 3})
    forget()
    assert effective_limits(acme.pk).max_batch_size == 3, "what the platform takes back is not kept by a lower one"
    assert acts()[1] == ("client:ada", "tenant.lower_limits", "acme")


def test_a_tenant_keeps_an_administrator(ada, acme):
    bob = User.objects.create_user("bob")
    assert (
        "no active user" in ada.post(f"{SETTINGS}members/new/", {"username": "eve", "role": "viewer"}).content.decode()
    )
    ada.post(f"{SETTINGS}members/new/", {"username": "bob", "role": "viewer", "sees_payloads": "on"})
    with operating():
        mine, his = Membership.objects.get(user__username="ada"), Membership.objects.get(user=bob)
    assert (his.role, his.sees_payloads) == ("viewer", True)
    for address, fields in ((f"{mine.pk}/", {"role": "viewer"}), (f"{mine.pk}/remove/", {})):
        assert "last administrator" in ada.post(f"{SETTINGS}members/{address}", fields).content.decode()
    ada.post(f"{SETTINGS}members/{his.pk}/", {"role": "administrator"})
    ada.post(f"{SETTINGS}members/{mine.pk}/remove/")
    assert ada.get(SETTINGS).status_code == 404, "from the next page on"
    assert [action for _, action, _ in acts()] == ["member.add", "member.change", "member.remove"]


def test_of_two_administrators_who_go_at_once_one_stays(acme):
    with operating():
        ada, bob = (
            Membership.objects.create(tenant=acme, user=User.objects.create_user(name), role="administrator")
            for name in ("ada", "bob")
        )
    removed, may_commit = threading.Event(), threading.Event()

    def remove(who, then=lambda: True):
        with administrator_scope(acme.pk, actor="client:ada"):
            remove_member(acme, who)
            removed.set()
            assert then()

    with threads(2) as run:
        first = run(remove, ada, lambda: may_commit.wait(60))
        assert removed.wait(60)
        second = run(remove, bob)
        wait_until(sessions_waiting_for_a_lock)
        may_commit.set()
        first.result()
        with pytest.raises(InvalidValue, match="last administrator"):
            second.result()


@pytest.mark.parametrize("name", ACTS)
def test_only_an_administrator_of_the_tenant_acts(name, acme, globex, member):
    for role in ("viewer", "operator"):
        assert member(acme, role).post(address_of(name, "acme")).status_code == 403
    assert member(globex, "administrator").post(address_of(name, "acme")).status_code == 404


def test_the_database_refuses_the_same_to_requests_and_handlers(acme, globex):
    """Whatever a view forgets: without an administrator's scope, or for another tenant, nothing is written."""
    user = User.objects.create_user("eve")

    def attempts(tenant):
        yield lambda: Membership.objects.create(tenant=tenant, user=user, role="administrator")
        yield lambda: ApiKey.objects.create(tenant=tenant, name="k", role="client", prefix="p", digest="0" * 64)

    scopes = ((tenant_scope(acme.pk), acme), (administrator_scope(acme.pk, actor="client:ada"), globex))
    for scope, tenant in scopes:
        with scope:
            for attempt in attempts(tenant):
                with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                    attempt()
            assert Tenant.objects.filter(pk=tenant.pk).update(lowered_limits={"schedules": 0}) == 0
    with administrator_scope(acme.pk, actor="client:ada"), pytest.raises(DatabaseError, match="permission denied"):
        Tenant.objects.filter(pk=acme.pk).update(limits={})


def test_the_scope_of_all_tenants_has_no_settings(root):
    assert root.get("/console/all/settings/").status_code == 404
    assert "settings" not in root.get("/console/all/").content.decode()
