"""Users and groups: what the page's filters and search offer is answered, and nothing else is looked up."""

import pytest
from django.contrib.auth.models import Group, User

from tests.admin.pages import shown

USERS = "/admin/auth/user/"
GROUPS = "/admin/auth/group/"


@pytest.fixture
def people(clean_database):
    group = Group.objects.create(name="night shift")
    anna = User.objects.create_user("anna", email="anna@acme.example", password="x", is_staff=True)
    anna.groups.add(group)
    return anna, User.objects.create_user("berta"), group


@pytest.mark.parametrize(
    "query",
    [
        "password__startswith=pbkdf2",
        "password=x",
        "email__startswith=a",
        "username=anna",
        "last_login__gt=2020-01-01",
        "groups__name__startswith=n",
        "groups__user__password__startswith=p",
        "is_staff__exact__in=1",
        "is_staff__gt=0",
        "user_permissions__id__exact=1",
        "logentry__object_repr__startswith=a",
        "pk=1",
        "%00=1",
    ],
)
def test_nothing_else_is_looked_up(root, people, query):
    assert root.get(f"{USERS}?{query}").status_code == 400


@pytest.mark.parametrize("query", ["name__startswith=n", "user__password__startswith=p", "permissions__id__exact=1"])
def test_no_group_is_looked_up(root, people, query):
    assert root.get(f"{GROUPS}?{query}").status_code == 400


def test_the_filters_and_the_search_work(root, people):
    anna, berta, group = people
    assert anna in shown(root.get(f"{USERS}?is_staff__exact=1"))
    assert shown(root.get(f"{USERS}?is_staff__exact=0")) == [berta]
    assert shown(root.get(f"{USERS}?groups__id__exact={group.pk}")) == [anna]
    assert berta in shown(root.get(f"{USERS}?groups__isnull=True"))
    assert shown(root.get(f"{USERS}?q=anna@acme")) == [anna]
    assert shown(root.get(f"{GROUPS}?q=night")) == [group]


def test_a_user_is_still_made_and_chosen(root, people):
    password = "correct horse battery"
    form = {"username": "clara", "usable_password": "true", "password1": password, "password2": password}
    assert root.post(f"{USERS}add/", form).status_code == 302
    assert User.objects.get(username="clara").check_password(password)
    assert root.get(f"{USERS}?_to_field=id&_popup=1").status_code == 200
