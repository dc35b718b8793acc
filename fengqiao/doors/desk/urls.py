"""Addresses of the desk. Signing in has its own list."""

from django.urls import path

from fengqiao.doors.desk import figures, library, matter, register, reviews, worklist

app_name = "desk"
urlpatterns = [
    path("", worklist.page, name="worklist"),
    path("notices/", worklist.notices, name="notices"),
    path("matters/", library.page, name="library"),
    path("matters/new/", register.page, name="register"),
    path("matters/<str:number>/", matter.page, name="matter"),
    path("matters/<str:number>/do/<str:action>/", matter.do, name="do"),
    path("matters/<str:number>/people/<str:person>/", matter.reveal, name="reveal"),
    path("figures/", figures.page, name="figures"),
    path("reviews/", reviews.page, name="reviews"),
    path("reviews/<uuid:pk>/contact/", reviews.contact, name="review_contact"),
    path("reviews/<uuid:pk>/<str:what>/", reviews.do, name="review_do"),
]
