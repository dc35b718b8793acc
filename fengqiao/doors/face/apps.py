from django.apps import AppConfig


class FaceConfig(AppConfig):
    name = "fengqiao.doors.face"
    label = "face"
