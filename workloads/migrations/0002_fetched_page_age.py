"""Old pages are found by their age."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("workloads", "0001_fetched_pages"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="fetchedpage",
            index=models.Index(fields=["fetched_at"], name="fetched_page_age"),
        ),
    ]
