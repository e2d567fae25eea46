"""TASKRUNNER["CONFIG"]: the keys that encrypt secrets, and values that no change can replace."""

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from configapp.env_overrides import check_overrides
from configapp.keyspec import Value
from queueapp import conf


def _fernet_keys(values: list[SecretStr]) -> list[SecretStr]:
    """Fernet's form: 32 bytes in URL-safe base64. Its padding may be left out."""
    padded = [value.get_secret_value().rstrip("=") + "=" for value in values]
    try:
        if all(len(base64.b64decode(key, altchars="-_", validate=True)) == 32 for key in padded):
            return [SecretStr(key) for key in padded]
    except binascii.Error:
        pass
    raise ValueError("each must be 32 random bytes in URL-safe base64 (openssl rand -base64 32 | tr '+/' '-_')")


class ConfigSettings(conf.Section):
    """The keys of the section. The first encryption key encrypts, all decrypt; overrides are values by key."""

    encryption_keys: Annotated[list[SecretStr], AfterValidator(_fernet_keys)] = Field(
        [], description="Fernet keys of the secrets: the first encrypts, all decrypt. Without one no secret is stored."
    )
    overrides: Annotated[dict[str, Value], AfterValidator(check_overrides)] = Field(
        {}, description='Values by configuration key, which win over the database: `{"app.api_port": 9000}`.'
    )


settings = conf.register_section("CONFIG", ConfigSettings)
