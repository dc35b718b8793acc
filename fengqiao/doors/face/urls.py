from django.urls import path

from fengqiao.doors.face.gallery import gallery
from fengqiao.doors.face.preferences import preferences

app_name = "face"
urlpatterns = [
    path("preferences/", preferences, name="preferences"),
    path("desk/components/", gallery, name="gallery"),
]
