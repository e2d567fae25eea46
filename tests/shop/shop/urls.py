from django.urls import path

from orders import views

urlpatterns = [
    path("orders/report", views.start_report),
    path("orders/report/<str:id>", views.report),
]
