"""Keys of where content comes from: AnythingLLM, GitHub, web pages."""

from configapp.catalogue.declaring import MODEL, choice, circuit_breaker, number, secret, text, url

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
    text("scraping.user_agent", "DocaicheBot/1.0", r"[A-Za-z0-9_/. -]{1,200}", "name given to web servers"),
    number("scraping.rate_limit_delay", 1.0, 0, 3600, "seconds between two requests to one server"),
    *circuit_breaker("scraping", 3, 120, 15),
)
