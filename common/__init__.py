"""What every role shares: configuration, media types, serving, HTTP, the database. Imports no other package of ours."""
