"""Django's pages of users and groups, made safer: without the look-ups that guess a column letter by letter."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest

from queueapp.admin.toolkit.closed_list import ClosedList
from queueapp.admin.toolkit.model_admin import ModelAdmin

if TYPE_CHECKING:  # this takes its type argument in the stubs only
    Users = UserAdmin[User]
else:
    Users = UserAdmin

FILTER_ENDINGS = ("__exact", "__id__exact", "__isnull")  # of Django's filters by a column


class FiltersOnly(ModelAdmin):
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ClosedList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what the filters of the page send: not email__startswith, nor groups__user__password__gt."""
        return lookup in {f"{column}{ending}" for column in self.list_filter for ending in FILTER_ENDINGS}


admin.site.unregister([User, Group])


@admin.register(User)
class PeopleAdmin(FiltersOnly, Users):
    pass


@admin.register(Group)
class GroupsAdmin(FiltersOnly, GroupAdmin):
    pass
