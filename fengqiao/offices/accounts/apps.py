from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "fengqiao.offices.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
