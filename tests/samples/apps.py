from django.apps import AppConfig


class SamplesConfig(AppConfig):
    name = "tests.samples"

    def ready(self) -> None:
        from tests.samples import lengthy  # noqa: F401 (registers its handlers; needs the models)
