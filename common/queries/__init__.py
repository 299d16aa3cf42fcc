"""SQL, one function a statement, grouped by the table it is about."""
