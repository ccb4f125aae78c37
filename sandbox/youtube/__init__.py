"""YouTube as a caption reader sees it: watch page, innertube player and timed text."""
