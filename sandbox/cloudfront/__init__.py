"""CloudFront for local use: signed URLs in front of a bucket that nobody else may read."""
