from django.db import migrations, models

from queueapp.db.operations import RolePolicy, SchemaFiles, TableRights


class Migration(migrations.Migration):
    dependencies = [("samples", "0001_initial")]

    operations = [
        migrations.AddField("samplenote", "topic", models.TextField(default="")),
        SchemaFiles("samples", "10_topics.sql"),
        TableRights("samples_topics", client="SELECT", operator="SELECT"),
        RolePolicy("samples_samplenote", "operator", "INSERT", "true"),
    ]
