"""The database beside the models: SQL files, one a concern, and who may do what with each table."""
