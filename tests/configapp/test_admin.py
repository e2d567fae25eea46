"""The admin pages of the configuration: forms by type, changes through the queue, rights, custom keys."""

import re

import pytest
from django.contrib.auth.models import Permission, User

from configapp.changes import submit_change
from configapp.models import ConfigChange, ConfigKey
from queueapp.models import OperatorAction
from queueapp.tenancy import operator_scope
from tests.admin.conftest import signed_in
from tests.admin.pages import said
from tests.configapp.applying import ALICE, BOB, records, stored, versions

LIST = "/admin/configapp/systemconfig/"
PORT, SECRET = "app.api_port", "anythingllm.api_key"
DECLARED = "/admin/configapp/configkey/"
BANNER = {"config_key": "feature.banner", "kind": "string", "description": "a line", "free_text": "on"}


def page_of(key):
    return f"{LIST}{key}/change/"


def staff(*codenames):
    user = User.objects.create_user("olivia", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return signed_in(user)


@pytest.fixture
def root(clean_database):
    return signed_in(User.objects.create_superuser("root"))


def save(client, key, value, version=0, button="_save", pressed="Change"):
    return client.post(page_of(key), {"value": value, "version": version, button: pressed})


def changes():
    with operator_scope("operator:test"):
        return list(ConfigChange.objects.order_by("submission"))


def noted():
    with operator_scope("operator:test"):
        return [(one.actor, one.action, one.target) for one in OperatorAction.objects.order_by("id")]


def custom_keys():
    with operator_scope("operator:test"):
        return [row.as_spec() for row in ConfigKey.objects.all()]


def test_every_key_is_listed_with_what_holds_and_where_it_comes_from(root, config_worker, configure):
    configure(CONFIG={"OVERRIDES": {"app.web_port": 7000}})
    submit_change(PORT, 9000, actor=ALICE)
    config_worker.run_all()
    found = {each.spec.key: (shown, each.source) for each, shown in root.get(LIST).context["settings"]}
    assert len(found) == 98
    assert found[PORT] == ("9000", "database")
    assert found["app.web_port"] == ("7000", "environment")
    assert found["app.workers"] == ("4", "default")
    assert len(root.get(f"{LIST}?q=circuit_breaker").context["settings"]) == 15


def test_every_key_of_the_list_leads_to_its_page(root):
    links = re.findall(f'href="({LIST}[^"]+)"', root.get(LIST).content.decode())
    assert len(links) == 98
    assert {root.get(link).status_code for link in links} == {200}


@pytest.mark.parametrize(
    ("key", "widget"),
    [
        (PORT, '<input type="number" name="value" value="8080" min="1024" max="65535" step="1"'),
        ("content.quality_threshold", 'value="0.3" min="0" max="1" step="any"'),
        ("app.debug", '<option value="false" selected>false</option>'),
        ("app.log_level", '<option value="INFO" selected>INFO</option>'),
        ("anythingllm.endpoint", '<input type="url" name="value" value="http://anythingllm:3001"'),
        (SECRET, '<input type="password" name="value" autocomplete="new-password"'),
        ("redis.host", '<input type="text" name="value" value="redis"'),
    ],
)
def test_the_form_is_drawn_from_the_type(root, key, widget):
    text = root.get(page_of(key)).content.decode()
    assert widget in text
    assert "style=" not in text and "onclick" not in text


def test_a_change_goes_through_the_queue(root, config_worker):
    answer = save(root, PORT, " 9000 ")
    assert answer.status_code == 302
    (change,) = changes()
    assert (change.actor, change.status, stored(PORT)) == ("operator:root", "accepted", None)
    assert said(answer) == [f"Accepted: {PORT} becomes 9000. Task {change.task_id} applies it."]
    assert str(change.task_id) in root.get(page_of(PORT)).content.decode()

    config_worker.run_all()
    assert versions(PORT) == [(1, 9000)]
    assert root.get(page_of(PORT)).context["pending"] == []
    assert [(row.actor, row.status) for row in records()] == [("operator:root", "success")]


@pytest.mark.parametrize("value", ["80", "x", "", "<script>", "DROP TABLE users;", "9000\x00"])
def test_what_is_refused_is_said_beside_the_field_and_recorded(root, value):
    answer = save(root, PORT, value)
    assert answer.status_code == 200
    assert answer.context["form"].errors["value"]
    assert changes() == []
    assert [(row.actor, row.status) for row in records()] == [("operator:root", "refused")]


def test_a_change_that_somebody_else_made_meanwhile_is_not_overwritten(root, config_worker):
    submit_change(PORT, 9000, actor=BOB)
    config_worker.run_all()
    answer = save(root, PORT, "9001", version=0)
    assert "is at version 1, not 0" in answer.context["form"].non_field_errors()[0]
    assert versions(PORT) == [(1, 9000)]


def test_the_versions_show_what_changed_and_can_be_gone_back_to(root, config_worker):
    for value in (9000, 9001):
        submit_change(PORT, value, actor=BOB)
    config_worker.run_all()
    page = root.get(page_of(PORT))
    shown = [(each["row"].version, each["before"], each["after"]) for each in page.context["versions"]]
    assert shown == [(2, "9000", "9001"), (1, "", "9000")]
    assert "<del>9000</del>" in page.content.decode()

    assert save(root, PORT, "9001", 2, "_rollback", "1").status_code == 302
    config_worker.run_all()
    assert save(root, PORT, "9001", 3, "_unset", "x").status_code == 302
    config_worker.run_all()
    assert versions(PORT) == [(1, 9000), (2, 9001), (3, 9000), (4, None)]
    assert save(root, PORT, "", 4, "_rollback", "no number").status_code == 200


def test_a_secret_is_never_on_a_page(root, config_worker):
    secret = "hunter2-0123456789-abcd"
    save(root, SECRET, secret)
    config_worker.run_all()
    refused = save(root, SECRET, secret + "\x1b", version=1)
    pages = [refused, root.get(page_of(SECRET)), root.get(LIST), root.get("/admin/configapp/configaudit/")]
    for page in pages:
        assert page.status_code == 200
        assert secret not in page.content.decode()
    assert "*" * 19 + "abcd" in pages[1].content.decode()


def test_who_may_only_look_cannot_change(clean_database):
    watcher = staff("view_systemconfig")
    page = watcher.get(page_of(PORT))
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert save(watcher, PORT, "9000").status_code == 403
    assert watcher.post(LIST, {"action": "delete_selected"}).status_code == 403
    assert changes() == []


def test_secrets_need_a_permission_of_their_own(clean_database):
    operator = staff("view_systemconfig", "change_systemconfig")
    assert save(operator, PORT, "9000").status_code == 302
    assert save(operator, SECRET, "0123456789abcdef").status_code == 403
    assert 'name="_save"' not in operator.get(page_of(SECRET)).content.decode()


def test_who_may_change_secrets_can(clean_database):
    keeper = staff("view_systemconfig", "change_systemconfig", "change_configsecret")
    assert save(keeper, SECRET, "0123456789abcdef").status_code == 302


def test_without_a_permission_nothing_is_shown(clean_database):
    nobody = staff()
    for address in (LIST, page_of(PORT), DECLARED, "/admin/configapp/configaudit/"):
        assert nobody.get(address).status_code == 403


@pytest.mark.parametrize("key", ["app.unheard_of", "x", "app.debug'--", "%00"])
def test_an_unknown_key_has_no_page(root, key):
    assert root.get(page_of(key)).status_code == 404


def test_a_custom_key_is_added_changed_and_deleted(root, config_worker):
    assert root.post(f"{DECLARED}add/", {**BANNER, "default": "Select a theme, then update it"}).status_code == 302
    (spec,) = custom_keys()
    assert (spec.key, spec.default, spec.free_text) == ("feature.banner", "Select a theme, then update it", True)
    assert save(root, "feature.banner", "O'Brien & Sons <support>").status_code == 302
    config_worker.run_all()
    assert stored("feature.banner").version == 1

    changed = {**BANNER, "default": "Hello", "maximum": "30"}
    assert root.post(f"{DECLARED}feature.banner/change/", changed).status_code == 302
    assert [(spec.default, spec.maximum) for spec in custom_keys()] == [("Hello", 30)]
    assert root.post(f"{DECLARED}feature.banner/delete/", {"post": "yes"}).status_code == 302
    assert custom_keys() == []
    assert root.get(page_of("feature.banner")).status_code == 404
    assert noted() == [
        ("operator:root", "config_key.save", "feature.banner"),
        ("operator:root", "config_key.save", "feature.banner"),
        ("operator:root", "config_key.delete", "feature.banner"),
    ]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"config_key": "a.b"}, "config_key"),
        ({"config_key": "app.debug"}, "config_key"),
        ({"kind": "choice"}, "choices"),
        ({"choices": "one\ntwo"}, "choices"),
        ({"kind": "integer", "minimum": "9", "maximum": "1"}, "minimum"),
        ({"pattern": "("}, "pattern"),
        ({"kind": "integer", "default": "many"}, "default"),
        ({"kind": "boolean", "default": "maybe"}, "default"),
        ({"default": "<script>"}, "default"),
        ({"secret": "on", "default": "0123456789"}, "default"),
        ({"kind": "poem"}, "kind"),
        ({"description": ""}, "description"),
    ],
)
def test_an_invalid_custom_key_is_refused_at_its_field(root, fields, wrong):
    answer = root.post(f"{DECLARED}add/", {**BANNER, **fields})
    assert answer.status_code == 200
    assert wrong in answer.context["adminform"].form.errors
    assert custom_keys() == []


def test_the_default_of_a_custom_key_gets_its_type(root):
    root.post(f"{DECLARED}add/", {**BANNER, "kind": "integer", "default": " 7 ", "minimum": "1"})
    root.post(f"{DECLARED}add/", {**BANNER, "config_key": "feature.on", "kind": "boolean", "default": "TRUE"})
    root.post(
        f"{DECLARED}add/",
        {**BANNER, "config_key": "feature.size", "kind": "choice", "choices": "s\r\nm\r\n", "default": "m"},
    )
    assert [(spec.default, spec.choices) for spec in custom_keys()] == [(7, ()), (True, ()), ("m", ("s", "m"))]
    for key in ("feature.banner", "feature.on", "feature.size"):
        assert root.get(f"{DECLARED}{key}/change/").status_code == 200


def test_the_record_of_changes_is_searched_by_key(root, config_worker):
    save(root, PORT, "9000")
    save(root, "app.debug", "maybe")
    config_worker.run_all()
    address = "/admin/configapp/configaudit/"
    assert len(root.get(address).context["cl"].result_list) == 2
    assert len(root.get(f"{address}?q={PORT}").context["cl"].result_list) == 1
    assert root.get(f"{address}?q=%00").status_code == 200
