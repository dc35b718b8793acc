from django.apps import AppConfig


class HotlineConfig(AppConfig):
    name = "fengqiao.domains.hotline"
    label = "hotline"

    def ready(self) -> None:
        from fengqiao.domains.hotline import domain  # noqa: F401 - registers the declaration
