"""Addresses of signing in, under /desk/."""

from django.urls import path

from fengqiao.doors.desk import signin

app_name = "accounts"
urlpatterns = [
    path("sign-in/", signin.sign_in, name="sign_in"),
    path("sign-in/code/", signin.second_factor, name="second_factor"),
    path("sign-in/second-factor/", signin.enrol, name="enrol"),
    path("sign-in/second-factor/picture.svg", signin.picture, name="picture"),
    path("sign-out/", signin.sign_out, name="sign_out"),
    path("posts/", signin.posts, name="posts"),
]
