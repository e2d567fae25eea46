"""TenantPolicies in the migrations of a user's app (tests/samples), whose models know nothing of the platform's."""

import pytest
from django.db import ProgrammingError, connection

from queueapp.tenancy import operator_scope, tenant_scope
from tests.samples.models import SampleNote
from tests.sql_queries import sqlstate

NO_PRIVILEGE = "42501"


@pytest.fixture
def notes(acme, globex):
    """One of each tenant."""
    for tenant in (acme, globex):
        with tenant_scope(tenant.id):
            SampleNote.objects.create(tenant=tenant, text=tenant.slug, topic="names")


@pytest.mark.rls_only
def test_a_client_sees_the_rows_of_its_tenant_an_operator_all(notes, acme):
    with tenant_scope(acme.id), connection.cursor() as cursor:
        assert [note.text for note in SampleNote.objects.all()] == ["acme"]
        cursor.execute("SELECT * FROM samples_topics")
        assert cursor.fetchall() == [("names", 1)]
    with operator_scope("operator:test"):
        assert SampleNote.objects.count() == 2


@pytest.mark.rls_only
def test_a_client_adds_no_row_to_another_tenant(acme, globex):
    with pytest.raises(ProgrammingError, match="row-level security"), tenant_scope(acme.id):
        SampleNote.objects.create(tenant=globex, text="forged")


@pytest.mark.rls_only
def test_without_a_scope_the_database_refuses(notes):
    with pytest.raises(ProgrammingError, match="permission denied for table samples_samplenote"):
        SampleNote.objects.count()


@pytest.mark.parametrize("change", ["UPDATE samples_samplenote SET text = ''", "DELETE FROM samples_samplenote"])
def test_an_append_only_row_is_never_changed(notes, acme, change):
    for scope in (tenant_scope(acme.id), operator_scope("operator:test")):
        with pytest.raises(ProgrammingError) as refused, scope, connection.cursor() as cursor:
            cursor.execute(change)
        assert sqlstate(refused.value) == NO_PRIVILEGE
