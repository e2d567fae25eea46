import django.db.models.deletion
from django.db import migrations, models

from queueapp.db.operations import TenantPolicies


class Migration(migrations.Migration):
    initial = True

    dependencies = [("queueapp", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="SampleNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField()),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="queueapp.tenant"
                    ),
                ),
            ],
        ),
        TenantPolicies("samples_samplenote", client="SELECT, INSERT", operator="SELECT", append_only=True),
    ]
