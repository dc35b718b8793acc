"""Addresses of signing in and of one's own account, under /desk/."""

from django.urls import path

from fengqiao.doors.desk import account, passkey, signin

app_name = "accounts"
urlpatterns = [
    path("sign-in/", signin.sign_in, name="sign_in"),
    path("sign-in/code/", signin.second_factor, name="second_factor"),
    path("sign-in/second-factor/", signin.enrol, name="enrol"),
    path("sign-in/second-factor/picture.svg", signin.picture, name="picture"),
    path("sign-in/passkey/", passkey.alone, name="passkey"),
    path("sign-in/code/passkey/", passkey.second, name="second_passkey"),
    path("sign-out/", signin.sign_out, name="sign_out"),
    path("posts/", signin.posts, name="posts"),
    path("account/", account.page, name="account"),
    path("account/passkeys/made/", account.made, name="passkey_made"),
    path("account/codes/", account.codes, name="codes"),
    path("account/passkeys/<int:pk>/<str:what>/", account.change, name="passkey_change"),
]
