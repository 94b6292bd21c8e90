"""What a section of the settings is, and the secrets that development has instead of its own."""

from pydantic import BaseModel, ConfigDict, SecretStr

DEVELOPMENT_SECRET = "development-only-"  # noqa: S105 - the mark by which production recognises and refuses it


def development_secret(name: str) -> SecretStr:
    return SecretStr(f"{DEVELOPMENT_SECRET}{name}-0123456789abcdef0123456789")


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
