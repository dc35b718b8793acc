"""Addresses of the desk. Signing in has its own list."""

from django.urls import path

from fengqiao.doors.desk import figures, library, matter, register, reviews, supervision, together, views, worklist

app_name = "desk"
urlpatterns = [
    path("", worklist.page, name="worklist"),
    path("views/", views.save, name="save_view"),
    path("views/<int:pk>/remove/", views.remove, name="remove_view"),
    path("together/", together.page, name="together"),
    path("together/actions/", together.actions, name="together_actions"),
    path("notices/", worklist.notices, name="notices"),
    path("matters/", library.page, name="library"),
    path("matters/new/", register.page, name="register"),
    path("matters/<str:number>/", matter.page, name="matter"),
    path("matters/<str:number>/do/<str:action>/", matter.do, name="do"),
    path("matters/<str:number>/people/<str:person>/", matter.reveal, name="reveal"),
    path("figures/", figures.page, name="figures"),
    path("supervision/", supervision.page, name="supervision"),
    path("reviews/", reviews.page, name="reviews"),
    path("reviews/<uuid:pk>/contact/", reviews.contact, name="review_contact"),
    path("reviews/<uuid:pk>/<str:what>/", reviews.do, name="review_do"),
]
