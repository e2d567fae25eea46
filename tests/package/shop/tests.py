"""The shop's own tests, run by the shop's own `manage.py test`: what it can rely on once Taskrunner is installed."""

import json
from datetime import timedelta
from io import StringIO
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.core.management import call_command
from django.db import OperationalError, transaction
from django.db.models import Count
from django.test import Client, TestCase, TransactionTestCase, override_settings
from django.urls import reverse

from queueapp import cancel, get_task, submit, submit_many
from queueapp.tenancy import bind_tenant, tenant_scope
from queueapp.tenancy.lookup import forget, tenant_id_of
from queueapp.testing.cases import TaskrunnerMixin
from shop.handlers import pack
from shop.models import Customer, Order

ISOLATION = settings.TASKRUNNER["ISOLATION"]
TENANT = "main" if ISOLATION == "single" else "acme"


class WithTenant:
    def setUp(self) -> None:
        forget()  # the last test's tenant is gone
        if ISOLATION == "rls":
            call_command("createtenant", TENANT)
        self.tenant: UUID = tenant_id_of(TENANT)
        self.customer = Customer.objects.create_superuser("root", password="secret")
        self.order = Order.objects.create(customer=self.customer, tenant_id=7, tasks=3)


class TestTasks(WithTenant, TestCase):
    def test_tasks_are_submitted_and_found(self) -> None:
        task = submit("shop.greet", {"name": "Ada"}, tenant=TENANT)
        self.assertEqual((get_task(task.id, tenant=TENANT).status, task.tenant_id), ("queued", self.tenant))
        self.assertEqual(cancel(task.id, tenant=TENANT).status, "cancelled")
        self.assertEqual(len(submit_many([{"type": "shop.greet", "params": {"name": "A"}}] * 3, tenant=TENANT)), 3)

    def test_only_where_there_is_one_tenant_may_it_be_left_out(self) -> None:
        if ISOLATION == "single":
            self.assertEqual(submit("shop.greet", {"name": "Ada"}).tenant_id, self.tenant)
        else:
            with self.assertRaisesMessage(Exception, "No tenant is bound"):
                submit("shop.greet", {"name": "Ada"})

    @override_settings(TASKRUNNER={**settings.TASKRUNNER, "REDIS_URL": "redis://127.0.0.1:1/0"})
    def test_a_missing_redis_raises_nothing(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            task = submit("shop.greet", {"name": "Ada"}, tenant=TENANT)
        self.assertEqual(get_task(task.id, tenant=TENANT).status, "queued")


class TestOwnModels(WithTenant, TestCase):
    """The shop's SQL is nobody else's business, whatever its words."""

    def query(self) -> None:
        self.assertEqual(Order.objects.annotate(runs=Count("id")).get(tasks=3, tenant_id=7).runs, 1)
        self.assertEqual(Customer.objects.filter(order__tasks=3).annotate(tasks=Count("order")).get().tasks, 1)
        Order.objects.filter(pk=self.order.pk).update(tasks=3)

    def test_outside_a_scope(self) -> None:
        self.query()

    def test_beside_a_submit_in_a_scope(self) -> None:
        with tenant_scope(self.tenant):
            submit("shop.greet", {"name": "Ada"})
            self.query()
            Order.objects.create(customer=self.customer)
        with bind_tenant(self.tenant), transaction.atomic():
            self.query()
            submit("shop.ship", {"order": self.order.pk})

    def test_a_user_is_deleted(self) -> None:
        self.customer.delete()
        self.assertFalse(Customer.objects.exists())


class TestKit(WithTenant, TaskrunnerMixin, TestCase):
    """The test kit, in the transaction of a TestCase."""

    def test_tasks_are_found_run_and_performed(self) -> None:
        self.taskrunner.refute_enqueued()
        task = submit("shop.greet", {"name": "Ada"}, tenant=TENANT)
        self.assertEqual(self.taskrunner.assert_enqueued("shop.greet", {"name": "Ada"}, tenant=TENANT).id, task.id)
        submit("shop.ship", {"order": self.order.pk}, tenant=TENANT, delay_seconds=60)
        self.assertEqual(self.taskrunner.drain().completed, 1)
        self.assertEqual(get_task(task.id, tenant=TENANT).result, "Hello, Ada!")
        self.assertEqual(self.taskrunner.drain(with_scheduled=True).completed, 1)
        performed = self.taskrunner.perform("shop.greet", {"name": "Bob"}, tenant=TENANT)
        self.assertEqual(performed.result, "Hello, Bob!")

    def test_a_task_function_is_performed(self) -> None:
        self.assertEqual(pack.using(tenant=TENANT).perform(order=7), ["parcel of 7"])
        self.assertEqual([line.message for line in self.taskrunner.performed[0].logs], ["packing"])

    def test_inline_with_a_killed_worker(self) -> None:
        with self.taskrunner.inline() as drained, self.taskrunner.kill_at("before_settle"):
            task = pack.using(tenant=TENANT).submit(order=self.order.pk)
        self.assertEqual((drained.completed, get_task(task.id, tenant=TENANT).crash_count), (1, 1))
        self.order.refresh_from_db()
        self.assertEqual(self.order.tasks, 4)

    def test_a_lost_lease_and_a_database_that_is_away(self) -> None:
        with self.assertRaises(OperationalError), self.taskrunner.database_down():
            pack.using(tenant=TENANT).submit(order=self.order.pk)
        pack.using(tenant=TENANT).submit(order=self.order.pk)
        with self.taskrunner.lose_lease():
            drained = self.taskrunner.drain()
        self.assertEqual((drained.completed, drained.tasks[0].attempt), (1, 2))

    def test_a_task_expires(self) -> None:
        task = pack.using(tenant=TENANT).submit(order=self.order.pk)
        with self.taskrunner.travel(timedelta(hours=2)):
            self.assertEqual(self.taskrunner.drain().tasks, [])
        self.assertEqual(get_task(task.id, tenant=TENANT).error_code, "expired")


class FlushTests(WithTenant, TransactionTestCase):
    """Each of the two follows a flush."""

    def test_queues_and_tenants_are_there(self) -> None:
        self.assertEqual(submit("shop.greet", {"name": "Ada"}, tenant=TENANT).queue, "default")

    def test_they_are_there_again(self) -> None:
        self.assertEqual(submit("shop.greet", {"name": "Ada"}, tenant=TENANT).queue, "default")


class TestApi(WithTenant, TransactionTestCase):
    """Mounted at jobs/api/, and unimpressed by the project's REST_FRAMEWORK."""

    def setUp(self) -> None:
        super().setUp()
        self.key = self.make_key()
        self.api = Client(headers={"Authorization": f"Bearer {self.key}"})

    def make_key(self) -> str:
        out = StringIO()
        call_command("createapikey", "shop", "--tenant", TENANT, "--json", stdout=out)
        return str(json.loads(out.getvalue())["key"])

    def post(self, name: str):
        body = {"type": "shop.greet", "params": {"name": name}}
        return self.api.post("/jobs/api/tasks", body, content_type="application/json")

    def test_addresses_begin_where_it_is_mounted(self) -> None:
        accepted = self.post("Ada")
        self.assertEqual(accepted.status_code, 202, accepted.content)
        self.assertEqual(accepted["Location"], f"/jobs/api/tasks/{accepted.json()['id']}")
        self.assertEqual(self.api.get(accepted["Location"]).json()["type"], "shop.greet")
        self.post("Bob")
        page = self.api.get("/jobs/api/tasks?limit=1").json()
        self.assertTrue(page["next"].startswith("http://testserver/jobs/api/tasks?"))
        self.assertEqual(self.api.get("/jobs/api/schema").json()["servers"], [{"url": "/jobs/api"}])
        self.assertContains(self.api.get("/jobs/api/docs"), "<code>/jobs/api</code>")

    def test_nobody_is_limited_to_thirty_a_minute(self) -> None:
        self.assertEqual({self.post(str(number)).status_code for number in range(40)}, {202})

    def test_without_a_key(self) -> None:
        refused = Client().get("/jobs/api/tasks")
        self.assertEqual((refused.status_code, refused["Content-Type"]), (401, "application/problem+json"))

    def test_health(self) -> None:
        self.assertEqual(self.client.get("/health/ready").json()["status"], "ok")


class TestSite(WithTenant, TransactionTestCase):
    """The project's site stays its own; the pages of Taskrunner are added to it."""

    def setUp(self) -> None:
        super().setUp()
        self.client.force_login(self.customer)

    def test_titles_policies_and_errors_are_the_projects(self) -> None:
        self.assertEqual(admin.site.site_header, admin.AdminSite.site_header)
        self.assertEqual(admin.site.site_url, "/")
        index = self.client.get("/admin/")
        self.assertNotIn("Content-Security-Policy", index.headers)
        self.assertNotContains(index, "queueapp/icon.svg")
        self.assertEqual(self.client.get("/nothing")["Content-Type"], "text/html; charset=utf-8")

    def test_our_pages_open_their_own_scope(self) -> None:
        task = submit("shop.greet", {"name": "Ada"}, tenant=TENANT)
        for page in ("task", "queue", "tenant", "worker", "tasklog", "operatoraction"):
            self.assertEqual(self.client.get(reverse(f"admin:queueapp_{page}_changelist")).status_code, 200, page)
        page = reverse("admin:queueapp_task_change", args=[task.id])
        self.assertContains(self.client.get(page), "shop.greet")
        self.client.post(reverse("admin:queueapp_task_cancel", args=[task.id]))
        self.assertEqual(get_task(task.id, tenant=TENANT).status, "cancelled")
        chosen = {"action": "retry", "_selected_action": str(task.id)}
        self.client.post(reverse("admin:queueapp_task_changelist"), chosen)
        self.assertEqual(get_task(task.id, tenant=TENANT).status, "queued")

    def test_a_user_is_deleted(self) -> None:
        other = Customer.objects.create_user("other")
        self.client.post(reverse("admin:shop_customer_delete", args=[other.pk]), {"post": "yes"})
        self.assertFalse(Customer.objects.filter(pk=other.pk).exists())

    def test_django_q2s_pages_are_hidden(self) -> None:
        self.assertNotContains(self.client.get("/admin/"), "django_q")
