from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "fengqiao.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.utils.translation import gettext

        from fengqiao.ground.sentences import spoken_by

        spoken_by(gettext)
