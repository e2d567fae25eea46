"""What the admin calls the tables; the database stays as it is."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("configapp", "0002_rules"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="configaudit",
            options={"ordering": ("-id",), "verbose_name": "audit record", "verbose_name_plural": "audit"},
        ),
        migrations.AlterModelOptions(
            name="configkey", options={"ordering": ("config_key",), "verbose_name": "custom key"}
        ),
        migrations.AlterModelOptions(
            name="systemconfig",
            options={
                "ordering": ("config_key",),
                "verbose_name": "setting",
                "verbose_name_plural": "configuration",
            },
        ),
    ]
