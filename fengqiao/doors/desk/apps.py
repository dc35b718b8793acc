from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "fengqiao.doors.desk"
    label = "desk"

    def ready(self) -> None:
        from fengqiao.doors.desk.frame import frame_of
        from fengqiao.doors.face import frame

        frame.provide(frame_of)
