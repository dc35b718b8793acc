"""Addresses of the portal, at the root. None carries a number, a code or a word of a person."""

from django.urls import path

from fengqiao.doors.portal import pages, progress, receipt, tell

app_name = "portal"
urlpatterns = [
    path("", pages.home, name="home"),
    path("elder/", pages.elder, name="elder"),
    path("rights/", pages.rights, name="rights"),
    path("privacy/", pages.privacy, name="privacy"),
    path("tell/", tell.tell, name="tell"),
    path("tell/2/", tell.where, name="where"),
    path("tell/check/", tell.check, name="check"),
    path("tell/send/", tell.send, name="send"),
    path("tell/villages/", tell.villages, name="villages"),
    path("tell/done/", receipt.done, name="done"),
    path("tell/done/code.svg", receipt.picture, name="picture"),
    path("progress/", progress.progress, name="progress"),
    path("progress/leave/", progress.leave, name="leave"),
    path("progress/add/", progress.add, name="add"),
    path("progress/urge/", progress.urge, name="urge"),
    path("progress/withdraw/", progress.withdraw, name="withdraw"),
    path("progress/again/", progress.again, name="again"),
    path("progress/rate/", progress.rate, name="rate"),
]
