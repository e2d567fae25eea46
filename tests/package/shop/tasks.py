"""A task of `django.tasks`, where this Django has it."""

import django

if django.VERSION >= (6, 0):
    from django.tasks import task

    @task
    def add(first: int, second: int) -> int:
        return first + second
