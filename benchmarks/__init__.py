"""What the README's figures come from: ratios and times of one run on one machine, never of a test."""
