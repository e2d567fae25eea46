"""What a command may be answered with, said by who asks: anything else is an UnexpectedReply, which is a RedisError."""

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from queueapp.redis.bounded_parser import UnexpectedReply

T = TypeVar("T")


def expect(shape: TypeAdapter[T], reply: Any) -> T:
    """The reply, if it has this shape. Raises UnexpectedReply."""
    try:
        return shape.validate_python(reply)
    except ValidationError as error:
        raise UnexpectedReply(f"{reply!r:.200} is no answer here: {error.errors()[0]['msg']}") from None
