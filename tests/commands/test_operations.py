"""What operators do to queues and tenants, and the record of it."""

import pytest

from queueapp.errors import InvalidValue, QueueNotFound, ScopeError
from queueapp.models import OperatorAction, Queue, Tenant
from queueapp.operators import service
from queueapp.redis import notifier
from queueapp.redis.connections import redis_client
from queueapp.tenancy import operator_scope, tenant_scope
from tests.commands.calling import actions


@pytest.fixture
def alice(clean_database):
    with operator_scope("operator:alice"):
        yield


def queue(name):
    return Queue.objects.get(name=name)


def test_pausing_keeps_the_first_moment(alice):
    service.pause_queue("default")
    first = queue("default").paused_at
    service.pause_queue("default")
    assert first is not None
    assert queue("default").paused_at == first


def test_resuming_notifies_workers_once_it_is_committed(clean_database):
    with operator_scope("operator:alice"):
        service.pause_queue("default")
        service.resume_queue("default")
        assert redis_client().llen(notifier.notification_list("default")) == 0
    assert redis_client().llen(notifier.notification_list("default")) == 1
    with operator_scope("operator:alice"):
        assert queue("default").paused_at is None


@pytest.mark.rls_only
def test_each_leaves_a_record_of_actor_action_and_target(clean_database):
    with operator_scope("operator:alice"):
        service.add_queue("slow")
        service.set_strategy("slow", "fair")
        service.pause_queue("slow")
        service.resume_queue("slow")
        service.create_tenant("initech", "Initech")
        assert (queue("slow").strategy, Tenant.objects.get(slug="initech").name) == ("fair", "Initech")
        details = list(OperatorAction.objects.order_by("id").values_list("detail", flat=True))
    assert actions() == [
        ("operator:alice", "queue.add", "slow"),
        ("operator:alice", "queue.strategy", "slow"),
        ("operator:alice", "queue.pause", "slow"),
        ("operator:alice", "queue.resume", "slow"),
        ("operator:alice", "tenant.create", "initech"),
    ]
    assert details == [{}, {"strategy": "fair"}, {}, {}, {"name": "Initech"}]


def test_the_record_and_the_change_are_undone_together(clean_database):
    with pytest.raises(ZeroDivisionError), operator_scope("operator:alice"):
        service.pause_queue("default")
        raise ZeroDivisionError
    assert actions() == []
    with operator_scope("operator:alice"):
        assert queue("default").paused_at is None


def test_without_isolation_there_is_no_second_tenant(alice, configure):
    configure(ISOLATION="single")
    with pytest.raises(InvalidValue, match="slug: in the isolation level `single` there is one tenant"):
        service.create_tenant("initech")


@pytest.mark.rls_only
def test_a_tenants_name_defaults_to_its_slug(alice):
    assert service.create_tenant("initech").name == "initech"


@pytest.mark.parametrize(
    ("operation", "arguments", "error", "words"),
    [
        (service.pause_queue, ["nowhere"], QueueNotFound, "no queue 'nowhere'; there are: config, default"),
        (service.resume_queue, ["nowhere"], QueueNotFound, "no queue 'nowhere'"),
        (service.set_strategy, ["nowhere", "fair"], QueueNotFound, "no queue 'nowhere'"),
        (service.set_strategy, ["default", "rude"], InvalidValue, "strategy: must be one of fifo, lifo"),
        (service.add_queue, ["default"], InvalidValue, "name: there is a queue 'default' already"),
        (service.add_queue, ["Not A Name"], InvalidValue, "name: must be 1–64 small letters"),
        (service.add_queue, ["q" * 65], InvalidValue, "name: must be 1–64 small letters"),
        (service.add_queue, ["fast\n"], InvalidValue, "name: must be 1–64 small letters"),
        pytest.param(
            *(service.create_tenant, ["system"], InvalidValue, "slug: there is a tenant 'system' already"),
            marks=pytest.mark.rls_only,
        ),
        (service.create_tenant, ["-x"], InvalidValue, "slug: must be 1–50 small letters"),
        (service.create_tenant, ["x", "n" * 201], InvalidValue, "name: must be at most 200 characters"),
    ],
)
def test_a_refusal_is_in_words_and_leaves_no_record(alice, operation, arguments, error, words):
    with pytest.raises(error, match=words):
        operation(*arguments)
    assert not OperatorAction.objects.exists()


@pytest.mark.parametrize(
    "operation",
    [
        lambda: service.pause_queue("default"),
        lambda: service.set_strategy("default", "fifo"),
        lambda: service.add_queue("slow"),
        lambda: service.create_tenant("initech"),
        lambda: service.record("anything", "at all"),
    ],
)
def test_only_an_operators_scope_will_do(acme, operation):
    with pytest.raises(ScopeError, match="operator_scope"):
        operation()
    with tenant_scope(acme.id), pytest.raises(ScopeError, match="operator_scope"):
        operation()
