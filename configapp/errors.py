"""What can go wrong with the configuration, as exceptions with stable codes."""

from queueapp.errors import TaskrunnerError, ValidationFailure


class UnknownKey(TaskrunnerError):
    """The key is neither in the catalogue nor a custom key."""

    code = "unknown_key"

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"There is no configuration key {key!r}.")


class ChangeRefused(ValidationFailure):
    """A change of the configuration was refused. No message repeats a secret value."""

    code = "config_change_refused"


class VersionMismatch(ChangeRefused):
    """Somebody else changed a key meanwhile: it is not at the version that the change expects."""

    code = "version_mismatch"


class SecretUnreadable(TaskrunnerError):
    """A stored secret was encrypted with none of the keys that this process has."""

    code = "secret_unreadable"

    def __init__(self, key: str) -> None:
        super().__init__(f"{key}: none of CONFIG_ENCRYPTION_KEYS decrypts it; add the one that it was encrypted with.")


class ConfigurationUnavailable(TaskrunnerError):
    """This process has not been able to read the configuration yet."""

    code = "configuration_unavailable"

    def __init__(self) -> None:
        super().__init__("The configuration could not be read yet: the database has not answered.")
