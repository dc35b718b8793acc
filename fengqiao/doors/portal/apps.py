from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "fengqiao.doors.portal"
    label = "portal"
