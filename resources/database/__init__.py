"""PostgreSQL: hand-written SQL in one module per table, over connections that carry a role and, for users, claims."""
