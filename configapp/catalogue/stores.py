"""Keys of Redis."""

from configapp.catalogue.declaring import HOST, boolean, choice, integer, secret, text

_EVICTION = [
    "noeviction",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
]

STORE_KEYS = (
    text("redis.host", "redis", HOST, "host of Redis"),
    integer("redis.port", 6379, 1, 65_535, "port of Redis"),
    secret("redis.password", "password of Redis"),
    integer("redis.db", 0, 0, 16_383, "number of the database"),
    integer("redis.max_connections", 20, 1, 10_000, "connections at a time"),
    integer("redis.connection_timeout", 5, 1, 3600, "seconds to wait for a connection"),
    integer("redis.socket_timeout", 5, 1, 3600, "seconds to wait for an answer"),
    text("redis.maxmemory", "512mb", r"[0-9]{1,12}([kKmMgG][bB]?)?", "memory Redis may take, as in 512mb"),
    choice("redis.maxmemory_policy", "allkeys-lru", _EVICTION, "what Redis drops when its memory is full"),
    boolean("redis.appendonly", True, "keep a log from which Redis restarts"),
    boolean("redis.ssl", False, "encrypt the connection"),
    choice("redis.ssl_cert_reqs", None, ("none", "optional", "required"), "whether its certificate must be valid"),
)
