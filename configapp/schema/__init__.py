"""The database beside the models: the rules of changes in SQL, and who may do what with each table."""
