"""Keys of the application itself, its content, and the enrichment of that content."""

from configapp.catalogue.builders import (
    DAY,
    HOST,
    MAX_CHARACTERS,
    MODEL,
    PATH,
    boolean,
    choice,
    circuit_breaker,
    integer,
    number,
    secret,
    text,
    url,
)

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


SOURCE_KEYS = (
    url("anythingllm.endpoint", "http://anythingllm:3001", "address of AnythingLLM"),
    secret("anythingllm.api_key", "key for AnythingLLM", at_least=8),
    text("anythingllm.embedding_model", None, MODEL, "model of its embeddings; unset: its own choice"),
    choice("anythingllm.embedding_provider", "ollama", ("ollama", "openai"), "who computes its embeddings"),
    *circuit_breaker("anythingllm", 3, 60, 30),
    #
    secret("github.api_token", "token for the API of GitHub"),
    *circuit_breaker("github", 5, 300, 30),
    #
    text("scraping.user_agent", "DocaicheBot/1.0", r"[A-Za-z0-9_/. -]{1,256}", "name given to web servers"),
    number("scraping.rate_limit_delay", 1.0, 0, 3600, "seconds between two requests to one server"),
    *circuit_breaker("scraping", 3, 120, 15),
)


APPLICATION_KEYS = (
    text("app.version", "1.0.0", r"[0-9A-Za-z][0-9A-Za-z.+-]{0,63}", "version shown to users"),
    choice("app.environment", "production", ("development", "production", "testing"), "what this deployment is for"),
    boolean("app.debug", False, "show details of errors"),
    choice("app.log_level", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"), "least severe messages that are logged"),
    text("app.data_dir", "./data", PATH, "directory of local files"),
    text("app.api_host", "0.0.0.0", HOST, "address the API listens on"),  # noqa: S104  a default that operators see
    integer("app.api_port", 8080, 1024, 65_535, "port of the API"),
    integer("app.web_port", 8081, 1024, 65_535, "port of the web interface"),
    integer("app.workers", 4, 1, 16, "web processes"),
    integer("app.api_timeout", 30, 1, 3600, "seconds the interface waits for an answer of the API"),
    text("app.websocket_url", None, r"wss?://[A-Za-z0-9.:_/\[\]-]{1,250}", "address of live updates"),
    integer("app.max_retries", 3, 0, 100, "times the interface repeats a failed request"),
    boolean("app.auto_refresh", True, "reload lists by themselves"),
    integer("app.refresh_interval", 5, 1, DAY, "seconds between two reloads of a list"),
    #
    integer("content.chunk_size_default", 1000, 1, MAX_CHARACTERS, "characters of a chunk"),
    integer("content.chunk_size_max", 4000, 1, MAX_CHARACTERS, "characters of the longest chunk"),
    integer("content.chunk_overlap", 100, 0, MAX_CHARACTERS, "characters that neighbouring chunks share"),
    number("content.quality_threshold", 0.3, 0, 1, "least quality of content that is kept"),
    integer("content.min_content_length", 50, 0, MAX_CHARACTERS, "characters of the shortest content that is kept"),
    integer("content.max_content_length", 1_000_000, 1, MAX_CHARACTERS, "characters of the longest content taken"),
    #
    integer("enrichment.max_concurrent_tasks", 5, 1, 20, "enrichments at a time"),
    integer("enrichment.task_timeout_seconds", 300, 30, DAY, "seconds one enrichment may take"),
    integer("enrichment.retry_delay_seconds", 60, 1, DAY, "seconds until a failed enrichment is tried again"),
    integer("enrichment.queue_poll_interval", 10, 1, DAY, "seconds between two looks for new content"),
    integer("enrichment.batch_size", 10, 1, 100, "documents enriched together"),
    boolean("enrichment.enable_relationship_mapping", True, "find documents that belong together"),
    boolean("enrichment.enable_tag_generation", True, "make tags"),
    boolean("enrichment.enable_quality_assessment", True, "rate the quality"),
    number("enrichment.min_confidence_threshold", 0.7, 0, 1, "least confidence of a finding that is kept"),
)
