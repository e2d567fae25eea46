from celery import shared_task
from celery.utils.log import get_task_logger
from django.db.models import F

from stock.models import Product

logger = get_task_logger(__name__)


@shared_task(name="stock.reorder", ignore_result=True, soft_time_limit=30)
def reorder(below=3, amount=10):
    """Order what runs out from the supplier."""
    short = Product.objects.filter(in_stock__lt=below, reordered=0)
    logger.info("%s products run out", short.count())
    short.update(reordered=F("reordered") + amount)
