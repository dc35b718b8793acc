from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "fengqiao.doors.api"
    label = "api"
