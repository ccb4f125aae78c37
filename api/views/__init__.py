"""What requests and answers look like: one module per group of routes, each model with an example."""
