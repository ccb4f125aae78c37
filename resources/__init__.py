"""One file or folder per outside system: typed clients that speak to it and raise the product's own errors."""
