"""The description of the API, made from its endpoints: as OpenAPI 3.1 and as pages to read."""
